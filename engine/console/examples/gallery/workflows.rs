//! The pages about workflows with believable data.

use botswain_console as console;
use botswain_console::{Draft, Frame};
use botswain_views::{CalendarRow, WorkflowDetail, WorkflowView};
use serde_json::{Value, json};

use super::samples::{PICTURE, Samples};

const SOURCE: &str = "name: order-entry\ninputs:\n  file: { type: file }\nsteps:\n  - id: lines\n    bot: sheet.read\n    with: { file: \"{{inputs.fil}}\" }\n";

impl Samples {
    /// The list, one of them as it is started and as it has mistakes, and the week.
    pub(crate) fn workflows(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let views: Vec<WorkflowView> = self.view(json!([
            view("order-entry", json!({})),
            view(
                "purchase",
                json!({ "folder": "purchasing", "mistakes": 2, "paused": { "by": "jonas", "at": "2026-11-27T07:00:00Z", "note": "the shop is down" }, "next": null, "triggers": ["files inbox/*.csv"], "exceptions": 0 })
            ),
            view(
                "cleanup",
                json!({ "description": null, "last": null, "next": null, "triggers": [], "exceptions": 0 })
            ),
        ]));
        let detail: WorkflowDetail = self.view(detail());
        let broken: WorkflowDetail = self.view(json!({
            "workflow": view("order-entry", json!({ "mistakes": 1, "version": null, "triggers": [], "next": null })),
            "plan": null, "source": SOURCE, "schedules": [], "findings": [
                { "is_mistake": true, "line": 7, "message": "there is no input `fil`", "hint": "did you mean `file`?" },
                { "is_mistake": false, "line": 1, "message": "nothing starts it", "hint": null },
            ],
        }));
        let draft = Draft {
            error: self.text("`ceiling` is \"ten\", which is no decimal"),
            fields: vec![
                ("input.ceiling".to_owned(), self.text("ten")),
                ("kept.file".to_owned(), self.file()),
            ],
        };
        let rows: Vec<CalendarRow> = self.view(calendar());
        let first = "2026-11-27".parse().expect("it is a day");
        let plain = Draft::default();
        vec![
            ("workflows", console::workflows(frame, &views, true)),
            ("workflows-empty", console::workflows(frame, &[], false)),
            (
                "workflow",
                console::workflow(frame, (&detail, None), &plain),
            ),
            ("workflow-paused", {
                let paused = json!({ "paused": { "by": "jonas", "at": "2026-11-27T07:00:00Z", "note": "the shop is down" }, "next": null });
                let mut value = self::detail();
                value["workflow"] = view("order-entry", paused);
                console::workflow(frame, (&self.view(value), None), &plain)
            }),
            (
                "workflow-draft",
                console::workflow(frame, (&detail, None), &draft),
            ),
            (
                "workflow-broken",
                console::workflow(frame, (&broken, None), &plain),
            ),
            ("calendar", console::calendar(frame, first, &rows)),
            ("calendar-empty", console::calendar(frame, first, &[])),
        ]
    }
}

impl Samples {
    /// A file that was sent before, as the form has it.
    fn file(&self) -> String {
        let name = self.text("orders-1042.csv");
        json!({ "$artifact": PICTURE, "name": name, "media": "text/csv", "size": 18_432 })
            .to_string()
    }
}

fn view(name: &str, rest: Value) -> Value {
    let mut view = json!({
        "name": name, "description": "Enters the orders of the night into the back office.",
        "version": "5a1e0c3f9b7d2846a0c1e3f5978b6d4c2a0e1f3d5b79684c2e0a1f3d5b79684c", "mistakes": 0,
        "last": { "id": "1042", "workflow": name, "version": "5a1e0c3f9b7d2846a0c1e3f5978b6d4c2a0e1f3d5b79684c2e0a1f3d5b79684c",
            "state": "parked", "created": "2026-11-27T06:00:00Z", "scheduled_for": "2026-11-27T06:00:00Z", "attempt": 0, "parked": 37 },
        "next": "2026-11-28T06:00:00Z", "triggers": ["0 7 * * 1-6"], "exceptions": 37,
    });
    if let (Value::Object(map), Value::Object(rest)) = (&mut view, rest) {
        map.extend(rest);
    }
    view
}

fn step(id: &str, kind: Value, rest: Value) -> Value {
    let mut step = json!({ "id": id, "retry": { "attempts": 3, "delay": 1, "factor": 1.0, "max_delay": 1 }, "kind": kind, "reads": [] });
    if let (Value::Object(map), Value::Object(rest)) = (&mut step, rest) {
        map.extend(rest);
    }
    step
}

fn bot(name: &str) -> Value {
    json!({ "bot": { "bot": name, "with": {} } })
}

pub(crate) fn detail() -> Value {
    let enter = json!({ "for_each": { "list": "{{steps.lines.rows}}", "item": "line", "at_once": 2, "collect": {},
    "key_reads": [], "collect_reads": [], "steps": [
        step("known", bot("http.get"), json!({ "name": "Is the article known?" })),
        step("stock", json!({ "switch": { "on": "{{steps.known.body.kind}}", "cases": {
            "DE": [step("form", bot("browser.do"), json!({}))], "AT": [step("mail", bot("mail.send"), json!({}))] } } }),
            json!({ "when": "{{line.amount}}" })),
    ] } });
    let both = json!({ "parallel": { "report": [step("render", bot("document.render"), json!({})), step("drop", bot("file.drop"), json!({}))],
        "ledger": [step("book", bot("http.request"), json!({}))] } });
    json!({
        "workflow": view("order-entry", json!({})), "source": SOURCE, "findings": [],
        "promise": { "succeeded": 1, "next": "2026-11-27T08:00:00Z", "so_far": 0, "broken": 1 },
        "succeeded": { "id": "1041", "workflow": "order-entry", "version": "5a1e0c3f9b7d2846a0c1e3f5978b6d4c2a0e1f3d5b79684c2e0a1f3d5b79684c",
            "state": "succeeded", "created": "2026-11-26T06:00:00Z", "ended": "2026-11-26T06:12:00Z", "scheduled_for": "2026-11-26T06:00:00Z", "attempt": 0, "parked": 0 },
        "versions": [
            { "number": 3, "hash": "5a1e0c3f9b7d2846a0c1e3f5978b6d4c2a0e1f3d5b79684c2e0a1f3d5b79684c", "at": "2026-11-23T09:14:00Z", "by": "maria", "note": null, "is_current": true },
            { "number": 2, "hash": "5a1e0c3f9b7d2846a0c1e3f5978b6d4c2a0e1f3d5b79684c2e0a1f3d5b79684c", "at": "2026-11-22T09:14:00Z", "by": null, "note": null, "is_current": false },
        ],
        "schedules": [
            { "workflow": "order-entry", "trigger": "0 7 * * 1-6", "timezone": "Europe/Berlin", "next": ["2026-11-28T06:00:00Z", "2026-11-30T06:00:00Z"],
                "left_out": [{ "at": "2026-11-29T06:00:00Z", "moved": null, "calendar": "holidays.ics" }] },
            { "workflow": "order-entry", "trigger": "files inbox/*.csv", "timezone": null, "next": [] },
        ],
        "plan": { "semantics": 1, "name": "order-entry", "triggers": [], "overlap": "queue",
            "inputs": {
                "file": { "kind": "file", "description": "The table of the night" },
                "ceiling": { "kind": "decimal", "default": "10000.00" },
                "day": { "kind": "date" }, "express": { "kind": "boolean", "default": false },
                "lines": { "kind": "list", "default": [] },
            },
            "steps": [
                step("lines", bot("sheet.read"), json!({})), step("enter", enter, json!({ "name": "Enter each line" })),
                step("both", both, json!({})),
            ],
            "finally": [step("tell", bot("mail.send"), json!({}))] },
    })
}

fn calendar() -> Value {
    let day = |date: &str, first: Value, count: u64| json!({ "date": date, "first": first, "count": count });
    let days = |first: &dyn Fn(&str) -> Value, count: u64| -> Vec<Value> {
        (27..=30)
            .map(|it| format!("2026-11-{it}"))
            .chain((1..=3).map(|it| format!("2026-12-0{it}")))
            .map(|date| day(&date, first(&date), count))
            .collect()
    };
    json!([
        { "workflow": "order-entry", "trigger": "0 7 * * 1-6", "days": days(&|date| json!([format!("{date}T06:00:00Z")]), 1) },
        { "workflow": "stock-import", "trigger": "every 5 min", "is_paused": true, "days": days(&|date| json!([format!("{date}T00:00:00Z"), format!("{date}T00:05:00Z"), format!("{date}T00:10:00Z")]), 288) },
    ])
}
