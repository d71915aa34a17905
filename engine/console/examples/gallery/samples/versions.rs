//! The pages about versions of a workflow with believable data.

use botswain_console as console;
use botswain_console::Frame;
use botswain_views::{VersionDetail, VersionView};
use serde_json::{Value, json};

use super::{CAUSE, Samples};

impl Samples {
    /// The list, a version with what is different, and the first, which has none before it.
    pub(crate) fn versions(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let all: Vec<VersionView> = self.view(json!([
            version(3, json!({ "by": "maria", "note": "SKU 9010 goes to the new supplier", "is_current": true })),
            version(2, json!({})), version(1, json!({})),
        ]));
        let detail: VersionDetail = self.view(json!({
            "workflow": "order-entry", "version": all[0], "against": { "version": 2 }, "changes": changes(),
            "source": "name: order-entry\ninputs:\n  file: { type: file }\n", "before": 2, "after": null,
        }));
        let first: VersionDetail = self.view(json!({
            "workflow": "order-entry", "version": all[2], "against": null, "changes": [],
            "source": "name: order-entry\n", "before": null, "after": 2,
        }));
        vec![
            (
                "versions",
                console::versions(frame, &self.text("order-entry"), &all),
            ),
            (
                "versions-empty",
                console::versions(frame, &self.text("order-entry"), &[]),
            ),
            ("version", console::version(frame, &detail)),
            ("version-first", console::version(frame, &first)),
        ]
    }
}

pub(crate) fn version(number: u64, rest: Value) -> Value {
    let at = format!("2026-11-2{number}T09:14:00Z");
    let mut view = json!({ "number": number, "hash": CAUSE, "at": at, "by": null, "note": null, "is_current": false });
    if let (Value::Object(map), Value::Object(rest)) = (&mut view, rest) {
        map.extend(rest);
    }
    view
}

pub(crate) fn changes() -> Value {
    let line = |kind: &str, old: Value, new: Value, text: &str| json!({ "kind": kind, "old": old, "new": new, "text": text });
    json!([
        { "file": "workflows/order-entry.yaml", "is_called": false, "lines": [
            line("gap", json!(null), json!(null), ""),
            line("same", json!(41), json!(41), "      - id: form"),
            line("removed", json!(42), json!(null), "        with: { to: \"outbox/{{line.order}}.txt\", content: \"{{line.sku}} {{line.amount}}\" }"),
            line("added", json!(null), json!(42), "        when: \"{{not (eq line.sku \\\"9010\\\")}}\""),
            line("added", json!(null), json!(43), "        with: { to: \"outbox/{{line.order}}.txt\", content: \"{{line.sku}} {{line.amount}} {{line.customer}}\" }"),
            line("same", json!(43), json!(44), "      - id: tell"),
            line("gap", json!(null), json!(null), ""),
        ] },
        { "file": "templates/orders-entered.html.hbs", "is_called": false, "lines": [] },
        { "file": "workflows/stock-import.yaml", "is_called": true, "lines": [] },
    ])
}
