//! The pages about proposals with believable data.

use botswain_console as console;
use botswain_console::{Draft, Editing, Frame, Person, Reviewing};
use botswain_views::{
    FolderRoles, ProposalDetail, ProposalView, Role, TestsView, VersionView, WorkflowDetail,
};
use serde_json::{Value, json};

use super::{
    CAUSE, Samples,
    versions::{changes, version},
};

impl Samples {
    /// The list, one in each state, and where else something is said of them.
    pub(crate) fn proposals(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let own = Frame {
            person: Some(Person {
                name: self.text("jonas"),
                role: Role::Author,
                folders: FolderRoles::new(),
                groups: Vec::new(),
            }),
            ..frame.clone()
        };
        let note = self.text("the new supplier is not known to the office yet");
        let error = self.text("a rejection says why");
        let tests: TestsView = self.view(json!({ "check": { "mistakes": 0, "findings": [] }, "tests": [
            { "name": "a good line", "file": "workflows/order-entry.yaml", "line": 20, "has_passed": true, "problems": [], "warnings": [] },
        ] }));
        let all: Vec<ProposalView> = self.view(json!([
            proposal("order-entry", "waiting"),
            proposal("stock", "outdated"),
            proposal("picking", "orphaned"),
            proposal("purchase", "rejected"),
        ]));
        let page = |frame: &Frame, detail: &ProposalDetail, tests| {
            let reviewing = Reviewing {
                detail,
                tests,
                error: None,
                note: "",
            };
            console::proposal(frame, &reviewing)
        };
        let of = |state: &str| -> ProposalDetail { self.view(detail(state, changes())) };
        let waiting = of("waiting");
        let refused = Reviewing {
            detail: &waiting,
            tests: None,
            error: Some(&error),
            note: &note,
        };
        let same: ProposalDetail = self.view(detail("waiting", json!([])));
        let (name, source) = (self.text("order-entry"), self.text("name: order-entry\n"));
        let editing = Editing {
            workflow: &name,
            source: &source,
            seen: "5a1e0c3f",
            asks_four_eyes: true,
            proposal: Some(&waiting.proposal),
            ..Editing::default()
        };
        let workflow: WorkflowDetail = self.view(crate::workflows::detail());
        let agreed: Vec<VersionView> = self.view(json!([version(3, json!({
            "by": "maria", "proposed_by": "jonas", "note": "SKU 9010 goes to the new supplier", "is_current": true
        }))]));
        vec![
            ("proposals", console::proposals(frame, &all)),
            ("proposals-empty", console::proposals(frame, &[])),
            ("proposal", page(frame, &waiting, Some(&tests))),
            ("proposal-own", page(&own, &waiting, None)),
            ("proposal-refused", console::proposal(frame, &refused)),
            ("proposal-outdated", page(frame, &of("outdated"), None)),
            ("proposal-orphaned", page(frame, &of("orphaned"), None)),
            ("proposal-rejected", page(&own, &of("rejected"), None)),
            ("proposal-same", page(frame, &same, None)),
            ("edit-proposed", console::edit(frame, &editing)),
            ("edit-own", console::edit(&own, &editing)),
            (
                "workflow-proposed",
                console::workflow(
                    frame,
                    (&workflow, Some(&waiting.proposal)),
                    &Draft::default(),
                ),
            ),
            ("versions-agreed", console::versions(frame, &name, &agreed)),
        ]
    }
}

fn proposal(workflow: &str, state: &str) -> Value {
    let rejection = match state {
        "rejected" => {
            json!({ "by": "maria", "at": "2026-11-27T08:02:00Z", "note": "the supplier of 9010 is another one since October" })
        }
        _ => Value::Null,
    };
    json!({
        "workflow": workflow, "by": "jonas", "at": "2026-11-27T07:41:00Z", "note": "SKU 9010 goes to the new supplier",
        "hash": CAUSE, "state": state, "folder": "", "rejection": rejection, "waits_for": ["maria", "ines.keller@hansen.example"],
    })
}

fn detail(state: &str, changes: Value) -> Value {
    json!({
        "proposal": proposal("order-entry", state),
        "source": "name: order-entry\ninputs:\n  file: { type: file }\n", "file": CAUSE, "changes": changes,
        "check": { "mistakes": 0, "findings": [
            { "is_mistake": false, "line": 1, "message": "nothing says what it is for", "hint": null },
        ] },
    })
}
