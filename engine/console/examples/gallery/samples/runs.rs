//! Runs, one of them whole, and what happened in it.

use serde_json::{Value, json};

use super::{
    CAUSE, PICTURE,
    exceptions::{fault, steps},
    merge,
};

fn one_run(id: &str, state: &str, rest: Value) -> Value {
    let mut run = json!({
        "id": id, "workflow": "order-entry", "version": CAUSE, "state": state, "key": "orders-1042.csv",
        "created": "2026-11-27T06:00:00Z", "scheduled_for": "2026-11-27T06:00:00Z", "attempt": 0, "parked": 0,
    });
    merge(&mut run, rest);
    run
}

pub(super) fn runs() -> Value {
    json!([
        one_run(
            "1044",
            "running",
            json!({ "why": "enter: 18 of 60 items have ended", "parked": 2 })
        ),
        one_run(
            "1043",
            "waiting",
            json!({ "why": "`lines` is tried again", "until": "2026-11-27T08:20:00Z" })
        ),
        one_run(
            "1042",
            "parked",
            json!({ "why": "37 things wait for people", "parked": 37 })
        ),
        one_run(
            "1041",
            "succeeded",
            json!({ "ended": "2026-11-27T06:04:11Z" })
        ),
        one_run(
            "1040",
            "failed",
            json!({ "ended": "2026-11-27T06:00:02Z", "workflow": "purchase", "key": null })
        ),
    ])
}

pub(super) fn run() -> Value {
    let doubt = json!({ "in_doubt": { "exception": 412, "fault": fault("the browser ended"), "denials": 1 } });
    let mut all = steps(doubt);
    if let Some(steps) = all.as_array_mut() {
        steps.insert(0, json!({
            "id": "enter", "name": "Enter each line", "kind": "for_each", "depth": 0, "state": { "open": { "count": 60 } }, "attempts": 0,
            "spans": [{ "kind": "working", "attempt": 0, "from": "2026-11-27T06:00:30Z" }],
            "items": { "succeeded": 18, "skipped": 2, "failed": 0, "cancelled": 1, "parked": 37, "active": 2 }, "child": "1050",
        }));
        steps.push(json!({ "id": "load", "kind": "bot", "bot": "http.get", "depth": 1, "within": "branch stock", "attempts": 2,
            "state": { "parked": { "exception": 318, "category": "business", "fault": fault("there is no article with the SKU 9001") } },
            "output": { "rows": [{ "sku": "9001", "stock": 4 }, { "sku": "9002", "stock": 12 }] } }));
    }
    json!({
        "run": one_run("1042", "parked", json!({ "why": "37 things wait for people", "parked": 37 })),
        "origin": { "person": { "by": "maria" } }, "inputs": { "file": "inbox/orders/1042.csv", "ceiling": "10000.00" },
        "steps": all, "facts": facts(),
        "log": [
            { "at": "2026-11-27T06:00:01Z", "level": "info", "step": "lines", "message": "starts · attempt 1 · bot sheet.read" },
            { "at": "2026-11-27T06:00:02Z", "level": "info", "step": "lines", "message": "row 4000 of 10000" },
            { "at": "2026-11-27T06:00:09Z", "level": "warning", "step": "form", "message": "the page answers slowly: <img src=x onerror=alert(1)> · attempt 1" },
        ],
        "warnings": [
            { "step": "form", "message": "the page has changed: `css=#save-2025` was not found, `role=button Save` was", "run": "1042.enter.3", "runs": 18 },
            { "step": "load", "message": "the page has changed: `Stock` was not found, `css=#stock` was", "run": "1042", "runs": 1 },
        ],
        "artifacts": [
            { "$artifact": PICTURE, "name": "screenshot.png", "media": "image/png", "size": 148_211 },
        ],
    })
}

/// Of which nothing has begun.
pub(super) fn new_run() -> Value {
    json!({
        "run": one_run("1045", "queued", json!({ "key": null })), "origin": { "trigger": { "index": 0 } },
        "inputs": {}, "steps": steps(json!("pending")), "facts": [],
    })
}

pub(super) fn item(index: u64) -> Value {
    let state = ["succeeded", "parked", "running", "skipped"][(index % 4) as usize];
    let id = format!("1042.enter.{index}");
    one_run(
        &id,
        state,
        json!({ "key": format!("1042-{index}"), "why": (state == "parked").then_some("`form` waits for a person") }),
    )
}

/// A step that was tried twice, and at last waits for a person.
pub(super) fn spans() -> Value {
    let span = |kind: &str, attempt: u32, times: (&str, Option<&str>), code: Option<&str>| {
        let at = |time: &str| format!("2026-11-27T{time}Z");
        json!({ "kind": kind, "attempt": attempt, "from": at(times.0), "until": times.1.map(at), "code": code })
    };
    json!([
        span("waiting", 0, ("06:01:00", Some("06:04:00")), None),
        span(
            "working",
            1,
            ("06:04:00", Some("06:09:30")),
            Some("browser.timeout")
        ),
        span("waiting", 0, ("06:09:30", Some("06:30:00")), None),
        span(
            "working",
            2,
            ("06:30:00", Some("06:36:00")),
            Some("office.unknown_sku")
        ),
        span("person", 0, ("06:36:00", None), None),
    ])
}

fn facts() -> Value {
    let fact =
        |time: &str, what: Value| json!({ "at": format!("2026-11-27T{time}Z"), "what": what });
    let failed = json!({ "failed": { "step": "form", "attempt": 1, "then": { "park": { "exception": 318 } },
        "fault": fault("there is no article with the SKU 9001") } });
    json!([
        fact("06:00:00", json!("admitted")),
        fact(
            "06:01:00",
            json!({ "entered": { "step": "form", "effect": "once", "key": null, "generation": 1, "announces": true,
            "with": { "inline": { "sku": "9001", "password": { "$secret": "backoffice" } } } } })
        ),
        fact(
            "06:04:00",
            json!({ "started": { "step": "form", "attempt": 1 } })
        ),
        fact("06:36:00", failed),
        fact(
            "07:20:00",
            json!({ "resolved": { "step": "form", "exception": 318, "resolution": "retry", "by": "jonas", "note": "they have added it" } })
        ),
    ])
}
