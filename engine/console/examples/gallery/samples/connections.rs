//! The page about connections with believable data.

use botswain_console as console;
use botswain_console::{Frame, Person};
use botswain_views::{ConnectionView, FolderRoles, Role};
use serde_json::{Value, json};

use super::Samples;

impl Samples {
    /// In each state that a connection may be in, for who may test and for who may only look.
    pub(crate) fn connections(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let all: Vec<ConnectionView> = all().into_iter().map(|it| self.view(it)).collect();
        let viewer = Frame {
            person: Some(Person {
                name: self.text("lin"),
                role: Role::Viewer,
                folders: FolderRoles::new(),
                groups: Vec::new(),
            }),
            ..frame.clone()
        };
        vec![
            ("connections", console::connections(frame, &all)),
            ("connections-viewer", console::connections(&viewer, &all)),
            ("connections-empty", console::connections(frame, &[])),
        ]
    }
}

fn all() -> Vec<Value> {
    let down = json!({ "code": "http.busy", "message": "the shop is down for maintenance", "category": "system",
        "effect": "none", "hint": "it says when it will be back" });
    let gone = json!({ "code": "http.connect", "message": "`shop.example.com` refuses the connection", "category": "system", "effect": "none" });
    let answered = json!({ "by": "maria", "at": "2026-11-27T08:02:00Z", "outcome": { "answered": { "answer": "it answers with 200" } } });
    let failed = json!({ "by": "jonas", "at": "2026-11-27T07:50:00Z", "outcome": { "failed": { "fault": down } } });
    let open = |next: Option<&str>, probe: Option<&Value>| json!({ "open": { "since": "2026-11-27T07:40:00Z", "faults": 3, "fault": down, "next_probe": next, "probe": probe } });
    vec![
        one(
            "backoffice",
            "web",
            json!({ "breaker": { "closed": { "faults": 0 } }, "used": 2, "sessions": 4, "tested": answered }),
        ),
        one(
            "shop",
            "web",
            json!({ "breaker": open(Some("2026-11-27T08:14:00Z"), Some(&gone)), "waiting": 37, "per_minute": 60, "tested": failed }),
        ),
        one(
            "archive",
            "sftp",
            json!({ "breaker": open(Some("2026-11-27T08:14:00Z"), None) }),
        ),
        one("warehouse", "web", json!({ "breaker": open(None, None) })),
        one(
            "office-mail",
            "imap",
            json!({ "breaker": { "closed": { "faults": 2 } }, "sessions": 1, "used": 1, "waiting": 1 }),
        ),
        one("post", "smtp", json!({ "per_minute": 20, "started": 4 })),
        one(
            "forms",
            "limit",
            json!({ "sessions": 2, "used": 2, "waiting": 5 }),
        ),
    ]
}

fn one(name: &str, kind: &str, rest: Value) -> Value {
    let mut view = json!({
        "name": name, "kind": kind, "sessions": 1, "used": 0, "waiting": 0, "per_minute": null, "started": 0,
        "breaker": null, "tested": null,
    });
    super::merge(&mut view, rest);
    view
}
