//! What waits for people, in each way that it may wait.

use serde_json::{Value, json};

use super::{CAUSE, PICTURE, counts, merge, runs::spans};

fn parked(id: u64, category: &str, message: &str, rest: Value) -> Value {
    let mut view = json!({
        "id": id, "workflow": "order-entry", "run": format!("1042.enter.{id}"), "step": "form",
        "bot": "browser.do", "key": format!("1001-{id}"), "category": category,
        "code": "office.unknown_sku", "message": message, "attempts": 1,
        "opened": "2026-11-27T06:02:11Z", "due": "2026-11-27T10:02:11Z", "assigned": [], "approved": [],
        "about": { "order": format!("1001-{id}"), "customer": "ACME Ltd", "sku": "9001", "amount": "129.90" },
        "fingerprint": CAUSE, "artifacts": [],
    });
    merge(&mut view, rest);
    view
}

fn cause(count: u64, example: Value) -> Value {
    json!({
        "fingerprint": CAUSE, "workflow": example["workflow"], "step": example["step"],
        "category": example["category"], "code": example["code"], "count": count, "snoozed": count / 9,
        "oldest": example["opened"], "newest": "2026-11-27T07:55:00Z", "example": example,
    })
}

pub(super) fn causes() -> Value {
    let timeout = parked(
        301,
        "system",
        "the back office did not answer within 30 s",
        json!({
            "code": "browser.timeout", "attempts": 4, "due": "2026-11-27T07:00:00Z", "assignee": "jonas",
        }),
    );
    let doubt = parked(
        412,
        "in_doubt",
        "the browser ended after `Save` was pressed",
        json!({
            "code": "browser.gone", "assigned": ["office"],
        }),
    );
    let order = parked(
        511,
        "approval",
        "Purchase order PO-2031: 12,480.00 EUR to Nordkabel GmbH is over 10,000.00",
        json!({
            "workflow": "purchase", "step": "guard", "bot": null, "code": "approval.asked", "key": "PO-2031",
            "assigned": ["supervisors"], "approved": ["jonas"], "about": { "supplier": "Nordkabel GmbH", "total": "12480.00" },
        }),
    );
    let late = parked(
        530,
        "overdue",
        "it has been at work for longer than 2 h",
        json!({
            "workflow": "stock-import", "step": "load", "code": "step.overdue", "key": null, "about": {},
            "snoozed": "2026-11-30T08:00:00Z",
        }),
    );
    let sku = parked(
        318,
        "business",
        "there is no article with the SKU 9001",
        json!({}),
    );
    json!({
        "counts": counts(), "next": "318",
        "clusters": [cause(36, timeout), cause(1, sku), cause(1, order), cause(2, doubt), cause(1, late)],
        "exceptions": [],
    })
}

/// As many as there are of one cause, on one page.
pub(super) fn timeout(id: u64) -> Value {
    let rest = json!({ "code": "browser.timeout", "attempts": 4 });
    parked(
        id,
        "system",
        "the back office did not answer within 30 s",
        rest,
    )
}

fn line() -> Value {
    json!({ "order": "1001", "line": 1, "customer": "ACME Ltd", "sku": "9001", "quantity": 12, "amount": "129.90",
        "express": true, "remark": null, "address": { "city": "Hamburg", "zip": "20095" } })
}

pub(super) fn steps(form: Value) -> Value {
    json!([
        { "id": "guard", "name": "Over the ceiling?", "kind": "approve", "depth": 0, "state": "skipped", "attempts": 0 },
        { "id": "lookup", "kind": "bot", "bot": "http.get", "depth": 0, "state": "succeeded", "attempts": 1,
          "with": { "path": "/api/articles", "query": { "sku": "9001" } }, "output": { "status": 200, "body": [] } },
        { "id": "form", "kind": "bot", "bot": "browser.do", "depth": 0, "state": form, "attempts": 1, "spans": spans(),
          "with": { "actions": [{ "open": "/orders/new" }, { "submit": "Save" }], "password": { "$secret": "backoffice" } } },
        { "id": "tell", "kind": "bot", "bot": "mail.send", "depth": 1, "within": "finally", "state": "pending", "attempts": 0 },
    ])
}

pub(super) fn fault(message: &str) -> Value {
    json!({ "category": "business", "code": "office.unknown_sku", "message": message })
}

fn detail(exception: Value, rest: Value) -> Value {
    let form = json!({ "parked": { "exception": exception["id"], "category": exception["category"], "fault": fault("there is no article with the SKU 9001") } });
    let mut detail = json!({
        "exception": exception, "item": line(), "given": line(), "inputs": { "file": "inbox/orders/1042.csv", "ceiling": "10000.00" },
        "with": { "actions": [{ "open": "/orders/new" }, { "submit": "Save" }], "password": { "$secret": "backoffice" } },
        "steps": steps(form), "back": ["lookup", "form"], "others": 36,
        "tries": [
            { "attempt": 1, "started": "2026-11-27T06:01:40Z", "ended": "2026-11-27T06:02:11Z", "code": "office.unknown_sku", "message": "there is no article with the SKU 9001" },
            { "attempt": 2, "started": "2026-11-27T06:03:00Z" },
        ],
        "history": [
            { "at": "2026-11-27T07:20:00Z", "by": "jonas", "resolution": "remark", "note": "ACME renamed its articles last week; asked them for the new number" },
            { "at": "2026-11-27T07:25:00Z", "by": "jonas", "resolution": { "assign": { "to": "maria" } } },
        ],
    });
    merge(&mut detail, rest);
    detail
}

pub(super) fn unknown_sku() -> Value {
    let artifacts = json!([
        { "$artifact": PICTURE, "name": "screenshot.png", "media": "image/png", "size": 148_211 },
        { "$artifact": CAUSE, "name": "page.html", "media": "text/html", "size": 18_940 },
        { "$artifact": CAUSE, "name": "console.log", "media": "text/plain", "size": 812 },
    ]);
    let it = parked(
        318,
        "business",
        "there is no article with the SKU 9001",
        json!({
            "artifacts": artifacts, "hint": "see whether the shop has renamed the article", "assignee": "maria",
        }),
    );
    let mut corrected = line();
    merge(&mut corrected, json!({ "sku": "9002" }));
    detail(
        it,
        json!({ "item": corrected, "newer": CAUSE, "changed": { "from": 2, "to": 3 } }),
    )
}

pub(super) fn approval() -> Value {
    let it = parked(
        511,
        "approval",
        "Purchase order PO-2031: 12,480.00 EUR to Nordkabel GmbH is over 10,000.00",
        json!({
            "workflow": "purchase", "step": "guard", "bot": null, "code": "approval.asked", "key": "PO-2031", "assigned": ["supervisors"],
        }),
    );
    detail(
        it,
        json!({
            "with": null, "tries": [], "others": 0,
            "show": { "supplier": "Nordkabel GmbH", "delivery": "2026-12-04", "total": "12480.00 EUR", "lines": [
                { "sku": "NK-410", "article": "Cable 3 × 1.5 mm², 100 m", "quantity": 120, "price": "64.00", "sum": "7680.00" },
                { "sku": "NK-415", "article": "Cable 5 × 2.5 mm², 50 m", "quantity": 40, "price": "120.00", "sum": "4800.00" },
            ] },
            "approval": { "question": "Purchase order PO-2031", "required": 2, "approved": ["jonas"], "not": "lin", "escalates": "2026-11-27T14:00:00Z" },
        }),
    )
}

pub(super) fn in_doubt() -> Value {
    let it = parked(
        412,
        "in_doubt",
        "the browser ended after `Save` was pressed",
        json!({ "code": "browser.gone" }),
    );
    let form = json!({ "in_doubt": { "exception": 412, "fault": fault("the browser ended"), "denials": 1 } });
    detail(it, json!({ "others": 1, "steps": steps(form) }))
}

pub(super) fn overdue() -> Value {
    let it = parked(
        530,
        "overdue",
        "it has been at work for longer than 2 h",
        json!({
            "due": "2026-11-27T07:00:00Z", "snoozed": "2026-11-30T08:00:00Z", "code": "step.overdue",
        }),
    );
    detail(
        it,
        json!({ "with": null, "tries": [], "history": [], "others": 0 }),
    )
}

/// Of a run that has no data to correct.
pub(super) fn system() -> Value {
    let it = parked(
        301,
        "system",
        "the back office did not answer within 30 s",
        json!({ "code": "browser.timeout", "attempts": 4 }),
    );
    detail(
        it,
        json!({ "item": null, "inputs": {}, "given": {}, "history": [] }),
    )
}

pub(super) fn blocked() -> Value {
    let it = parked(
        302,
        "system",
        "`orders.jsonl` cannot be read: Permission denied",
        json!({ "code": "artifact.store", "attempts": 3 }),
    );
    detail(it, json!({ "blocked": true }))
}
