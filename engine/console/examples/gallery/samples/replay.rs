//! A run that was played again, with what differs, with nothing that does, and cut off.

use botswain_console as console;
use botswain_console::Frame;
use botswain_views::ReplayView;
use serde_json::{Value, json};

use super::{Samples, merge};

impl Samples {
    pub(crate) fn replay(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let differs: ReplayView = self.view(replay(json!({ "steps": steps() })));
        let same: ReplayView = self.view(replay(json!({
            "version": "pinned", "number": null, "now": "parked", "is_whole": true,
            "waits": ["enter[1001-1].form: sheet.value (business): line 3 has no amount"],
            "steps": [step("lines", "recorded", json!({ "bot": "sheet.read", "text": "file: orders-1042.csv\n" }))],
        })));
        let cut: ReplayView = self.view(replay(json!({
            "is_whole": false, "steps": [step("lines", "recorded", json!({ "text": "file: orders-1042.csv\n" }))],
        })));
        vec![
            ("replay", console::replay(frame, &differs)),
            ("replay-same", console::replay(frame, &same)),
            ("replay-cut", console::replay(frame, &cut)),
        ]
    }
}

fn replay(rest: Value) -> Value {
    let mut view = json!({
        "run": "1042", "workflow": "order-entry", "version": "current", "number": 7, "then": "parked", "now": "succeeded",
        "waits": [], "is_whole": true, "steps": [],
    });
    merge(&mut view, rest);
    view
}

fn step(place: &str, did: &str, rest: Value) -> Value {
    let id = place.rsplit('.').next().unwrap_or(place);
    let mut step = json!({
        "place": place, "step": id, "bot": "browser.do", "connection": "backoffice", "did": did, "change": "same",
        "is_corrected": false, "text": "", "lines": [],
    });
    merge(&mut step, rest);
    step
}

fn steps() -> Value {
    let line = |kind: &str, old: Value, new: Value, text: &str| json!({ "kind": kind, "old": old, "new": new, "text": text });
    json!([
        step(
            "lines",
            "recorded",
            json!({ "bot": "sheet.read", "connection": null, "text": "file: orders-1042.csv\ncolumns: { order: text, sku: text, amount: decimal }\n" })
        ),
        step(
            "enter[10853-1].stock",
            "recorded",
            json!({ "bot": "http.get", "connection": "shop", "change": "different",
            "text": "path: /stock/9010?site=2\n", "lines": [
                line("removed", json!(1), json!(null), "path: /stock/9010"),
                line("added", json!(null), json!(1), "path: /stock/9010?site=2"),
            ] })
        ),
        step(
            "enter[10853-1].form",
            "shown",
            json!({ "change": "different", "is_corrected": true,
            "text": "url: https://backoffice.example.com/orders/new\nfill: { sku: \"9010\", amount: \"12.50\" }\n", "lines": [
                line("same", json!(1), json!(1), "url: https://backoffice.example.com/orders/new"),
                line("removed", json!(2), json!(null), "fill: { sku: \"0099\", amount: \"12.50\" }"),
                line("added", json!(null), json!(2), "fill: { sku: \"9010\", amount: \"12.50\" }"),
            ] })
        ),
        step(
            "enter[10853-2].form",
            "shown",
            json!({ "text": "url: https://backoffice.example.com/orders/new\n" })
        ),
        step(
            "approve",
            "asked",
            json!({ "bot": null, "connection": null, "text": "Order for 12480.00 EUR from Pavlova, Ltd.?" })
        ),
        step(
            "tell",
            "shown",
            json!({ "bot": "mail.send", "connection": "mail", "change": "new", "text": "To: office@example.com\nSubject: 60 lines entered\n\nAll lines are entered.\n" })
        ),
        step(
            "enter[10853-3].note",
            "nothing",
            json!({ "bot": "file.drop", "connection": null, "change": "gone", "lines": [
            line("removed", json!(1), json!(null), "File: notes/10853.txt"),
        ] })
        ),
    ])
}
