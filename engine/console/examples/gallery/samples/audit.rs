//! The page about what people have done, with believable data.

use botswain_console as console;
use botswain_console::{AuditFilter, Frame};
use botswain_views::{Act, AuditPage, AuditReport};
use serde_json::{Value, json};

use super::{CAUSE, Samples};

impl Samples {
    /// When its chain holds, when it does not, and when nothing is there.
    pub(crate) fn audit(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let page: AuditPage = self.view(page());
        let empty = AuditPage::default();
        let plain = AuditFilter::default();
        let filter = AuditFilter {
            by: Some(self.text("maria")),
            act: Some(Act::Decide),
            on: Some(self.text("exception 325")),
            from: "2026-11-20".parse().ok(),
            to: None,
            before: Some(self.text("2026-11.18231")),
        };
        let good: AuditReport = self.view(report(json!([])));
        let bad: AuditReport = self.view(report(json!([
            { "place": "2026-11.log line 312", "fault": { "changed": { "record": 1312 } } },
            { "place": "2026-11.log line 320", "fault": { "changed": { "record": null } } },
            { "place": "2026-11.log line 330", "fault": { "missing": { "from": 1330, "to": 1341 } } },
            { "place": "2026-11.log line 341", "fault": { "replaced": { "record": 1352 } } },
            { "place": "2026-11.log line 350", "fault": { "out_of_order": { "record": 12 } } },
            { "place": "head", "fault": "no_head" },
        ])));
        vec![
            ("audit", console::audit(frame, &plain, (&page, Some(&good)))),
            (
                "audit-broken",
                console::audit(frame, &filter, (&page, Some(&bad))),
            ),
            (
                "audit-nothing-fits",
                console::audit(frame, &filter, (&empty, None)),
            ),
            (
                "audit-empty",
                console::audit(frame, &plain, (&empty, Some(&good))),
            ),
        ]
    }
}

fn report(findings: Value) -> Value {
    let more = u64::from(findings != json!([])) * 17;
    json!({ "checked": "2026-11-27T08:11:30Z", "records": 2418, "last": 2418, "hash": CAUSE,
        "findings": findings, "more": more })
}

fn page() -> Value {
    let entry = |number: u64,
                 (by, act, on): (&str, &str, &str),
                 (outcome, status): (&str, Option<u16>)| {
        json!({ "number": number, "at": "2026-11-27T08:02:11Z", "by": by, "from": "10.0.4.17", "act": act,
            "way": "POST /exceptions/{id}/decision", "on": on, "with": {}, "outcome": outcome, "status": status,
            "problem": null, "again": false })
    };
    let with = |mut entry: Value, with: Value| {
        entry["with"] = with;
        entry
    };
    let mut refused = entry(
        2409,
        ("lin", "start", "workflow order-entry"),
        ("refused", Some(403)),
    );
    refused["problem"] = json!("access.role");
    let mut again = entry(
        2407,
        ("clerk", "start", "workflow order-entry"),
        ("done", Some(201)),
    );
    again["again"] = json!(true);
    again["from"] = json!("socket");
    json!({ "next": "2026-11.17000", "entries": [
        with(entry(2417, ("maria", "decide", "exception 325"), ("done", Some(303))),
            json!({ "decision": "edit", "note": "the supplier has renamed it", "remember": "products" })),
        with(entry(2415, ("maria", "decide_many", "exceptions"), ("done", Some(303))),
            json!({ "decision": "retry", "exceptions": "326, 327, 328, 329" })),
        entry(2413, ("maria", "sign_in", ""), ("done", Some(303))),
        entry(2411, ("", "sign_in", ""), ("refused", Some(422))),
        refused,
        again,
        with(entry(2405, ("jonas", "change_person", "person lin"), ("done", Some(303))),
            json!({ "role": "viewer", "password": "given" })),
        entry(2404, ("clerk", "backup", "/srv/backup/2026-11-27"), ("unknown", None)),
        entry(2402, ("jonas", "test_connection", "connection backoffice"), ("failed", Some(503))),
    ] })
}
