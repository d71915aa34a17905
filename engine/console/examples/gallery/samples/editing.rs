//! The page on which a workflow is written, with believable data.

use botswain_console as console;
use botswain_console::{Editing, Frame};
use botswain_views::{CheckView, TestsView, TextChange, VersionDetail};
use serde_json::json;

use super::{
    Samples,
    versions::{changes, version},
};

const SOURCE: &str = "name: order-entry\ndescription: Enters the orders of the night into the back office.\ntriggers:\n  - cron: \"0 7 * * 1-6\"\ninputs:\n  file: { type: file }\nsteps:\n  - id: lines\n    bot: sheet.read\n    with: { file: \"{{inputs.fil}}\", columns: { order: text, sku: text } }\n";

impl Samples {
    /// As it is opened, with what the check and the tests say, and changed by somebody else.
    pub(crate) fn editing(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let check: CheckView = self.view(json!({ "mistakes": 1, "findings": [
            { "is_mistake": true, "line": 10, "message": "there is no input `fil`", "hint": "did you mean `file`?" },
            { "is_mistake": false, "line": 1, "message": "nothing says what it is for", "hint": null },
        ] }));
        let tests: TestsView = self.view(json!({ "check": { "mistakes": 0, "findings": [] }, "tests": [
            { "name": "a good line", "file": "workflows/order-entry.yaml", "line": 20, "has_passed": true, "problems": [], "warnings": [] },
            { "name": "an unknown SKU", "file": "workflows/order-entry.yaml", "line": 31, "has_passed": false,
              "problems": ["state: is not as expected\n- parked\n+ succeeded"], "warnings": ["mocks: form: nothing asked for it"] },
        ] }));
        let changed: Vec<TextChange> = self.view(json!([changes()[0]]));
        let mended: VersionDetail = self.view(json!({
            "workflow": "order-entry", "version": version(3, json!({ "by": "maria", "is_current": true })),
            "against": { "version": 2 }, "changes": changes(), "source": SOURCE, "before": 2, "after": null,
            "mended": [31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42],
        }));
        let (name, source) = (self.text("order-entry"), self.text(SOURCE));
        let (note, error) = (
            self.text("SKU 9010"),
            self.text("`order-entry` has a mistake: line 10: there is no input `fil`"),
        );
        let editing = Editing {
            workflow: &name,
            source: &source,
            seen: "5a1e0c3f",
            note: &note,
            ..Editing::default()
        };
        vec![
            (
                "edit",
                console::edit(
                    frame,
                    &Editing {
                        check: Some(&check),
                        ..editing.clone()
                    },
                ),
            ),
            (
                "edit-refused",
                console::edit(
                    frame,
                    &Editing {
                        check: Some(&check),
                        error: Some(&error),
                        ..editing.clone()
                    },
                ),
            ),
            (
                "edit-tested",
                console::edit(
                    frame,
                    &Editing {
                        check: Some(&tests.check),
                        tests: Some(&tests),
                        ..editing.clone()
                    },
                ),
            ),
            (
                "edit-changed",
                console::edit(
                    frame,
                    &Editing {
                        changed: Some(&changed),
                        ..editing.clone()
                    },
                ),
            ),
            (
                "edit-new",
                console::edit(
                    frame,
                    &Editing {
                        seen: "",
                        ..editing
                    },
                ),
            ),
            (
                "new-workflow",
                console::new_workflow(frame, (&name, &name), Some(&error)),
            ),
            ("version-mended", console::version(frame, &mended)),
        ]
    }
}
