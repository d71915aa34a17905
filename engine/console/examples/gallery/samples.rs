//! Every page of the console with believable data, for the gallery and for the tests.

use botswain_console as console;
use botswain_console::{
    Draft, Evidence, EvidenceFile, Frame, Language, Person, Preview, RunsFilter, Theme,
};
use botswain_core::{ExceptionId, RunId, StepId, index::State, run::fact::Resolution};
use botswain_views::{
    BulkView, Counts, Decision, ExceptionDetail, ExceptionView, Inbox, InboxQuery, PersonView,
    Role, RunDetail, RunView,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A cause, a version, and the file in which a picture lies.
const CAUSE: &str = "5a1e0c3f9b7d2846a0c1e3f5978b6d4c2a0e1f3d5b79684c2e0a1f3d5b79684c";
pub(crate) const PICTURE: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

/// Draws the pages for one reader; `text` takes the place of every text that comes from outside.
pub(crate) struct Samples {
    pub(crate) language: Language,
    pub(crate) theme: Theme,
    pub(crate) text: Option<String>,
}

impl Samples {
    /// Every page under the name that its file has.
    pub(crate) fn pages(&self) -> Vec<(&'static str, String)> {
        let frame = &self.frame();
        let mut pages = self.lists(frame);
        pages.extend(self.exceptions(frame));
        pages.extend(self.many(frame));
        pages.extend(self.others(frame));
        pages.extend(self.workflows(frame));
        pages
    }

    fn frame(&self) -> Frame {
        Frame {
            instance: self.text("Hansen Trading"),
            person: Some(Person {
                name: self.text("maria"),
                role: Role::Admin,
                groups: vec![self.text("supervisors")],
            }),
            csrf: self.text("3f0e"),
            language: self.language,
            theme: self.theme,
            zone: TimeZone::get("Europe/Berlin").expect("the zone is bundled"),
            now: at("2026-11-27T08:12:00Z"),
            counts: counts(),
            path: self.text("/inbox"),
            notice: None,
        }
    }

    fn lists(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let plain = InboxQuery::default();
        let of_cause: InboxQuery = self.view(json!({ "show": "oldest", "fingerprint": CAUSE, "q": "time", "workflow": "order-entry" }));
        let alone = Frame {
            counts: Counts::default(),
            ..frame.clone()
        };
        let search: InboxQuery = self.view(json!({ "q": "ACME" }));
        let of_one = Inbox {
            counts: counts(),
            exceptions: self.timeouts(),
            next: Some(self.text("324")),
            ..Inbox::default()
        };
        let name = self.text("sku");
        let value = self.text("9010");
        vec![
            (
                "inbox",
                console::inbox(frame, &plain, &self.view(causes()), None),
            ),
            (
                "inbox-cause",
                console::inbox(frame, &of_cause, &of_one, Some((&name, &value))),
            ),
            (
                "inbox-empty",
                console::inbox(&alone, &plain, &Inbox::default(), None),
            ),
            (
                "inbox-nothing-fits",
                console::inbox(frame, &search, &Inbox::default(), None),
            ),
            ("runs", {
                let runs: Vec<RunView> = self.view(runs());
                let workflow = self.text("order-entry");
                let filter = RunsFilter {
                    workflow: Some(workflow.clone()),
                    state: Some(State::Parked),
                    key: Some(self.text("orders-1042.csv")),
                    from: "2026-11-20".parse().ok(),
                    to: None,
                    before: Some(1_050),
                };
                console::runs(frame, (&filter, &[workflow]), (&runs, Some(1_012)))
            }),
            (
                "runs-empty",
                console::runs(frame, (&RunsFilter::default(), &[]), (&[], None)),
            ),
            ("runs-nothing-fits", {
                let filter = RunsFilter {
                    key: Some(self.text("PO-1")),
                    ..RunsFilter::default()
                };
                console::runs(frame, (&filter, &[]), (&[], Some(412)))
            }),
            (
                "run",
                console::run(frame, &self.view::<RunDetail>(run()), 0),
            ),
            (
                "run-new",
                console::run(frame, &self.view::<RunDetail>(new_run()), 0),
            ),
            ("items", {
                let items: Vec<RunView> = (0..4).map(|it| self.view(item(it))).collect();
                let (run, step) = (RunId::root(1042), StepId::new("enter"));
                console::items(frame, (&run, &step), (&items, Some(4)))
            }),
            ("items-empty", {
                let (run, step) = (RunId::root(1042), StepId::new("enter"));
                console::items(frame, (&run, &step), (&[], None))
            }),
            ("evidence", self.evidence(frame)),
        ]
    }

    fn evidence(&self, frame: &Frame) -> String {
        let file = |path: &str, size| EvidenceFile {
            path: self.text(path),
            size,
            hash: CAUSE.to_owned(),
        };
        let evidence = Evidence {
            detail: &self.view(run()),
            runs: 61,
            files: &[
                file("facts.jsonl", 48_211),
                file("files/c0ffee00c0ff-screenshot.png", 148_211),
            ],
            lost: &[self.text("page.html")],
            made: frame.now,
        };
        console::evidence(frame, &evidence)
    }

    fn exceptions(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let draw =
            |value: Value| console::exception(frame, &self.view::<ExceptionDetail>(value), None);
        let draft = Draft {
            error: self.text("`quantity` is a number: `twelve` is none"),
            fields: vec![("field.quantity".to_owned(), self.text("twelve"))],
        };
        let viewer = Frame {
            person: Some(Person {
                name: self.text("lin"),
                role: Role::Viewer,
                groups: Vec::new(),
            }),
            notice: Some(self.text("Your remark is kept")),
            ..frame.clone()
        };
        vec![
            ("exception", draw(unknown_sku())),
            (
                "exception-draft",
                console::exception(frame, &self.view(unknown_sku()), Some(&draft)),
            ),
            (
                "exception-viewer",
                console::exception(&viewer, &self.view(unknown_sku()), None),
            ),
            ("approval", draw(approval())),
            ("in-doubt", draw(in_doubt())),
            ("overdue", draw(overdue())),
            ("system", draw(system())),
            ("blocked", draw(blocked())),
            ("closed", {
                let run = "1042.enter.8".parse().expect("it is a run");
                let by = self.text("jonas");
                let decided = Resolution::Snooze {
                    until: at("2026-11-30T08:00:00Z"),
                };
                console::closed(
                    frame,
                    (ExceptionId(318), &run),
                    (&by, at("2026-11-27T08:10:00Z"), &decided),
                )
            }),
        ]
    }

    fn many(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let exceptions: Vec<ExceptionView> = self.timeouts();
        let decision: Decision = self.view(json!({ "edit": { "sku": "9010" } }));
        let note = self.text("the shop's server is back since 07:50");
        let fields = [("decision".to_owned(), self.text("edit"))];
        let preview = Preview {
            decision: &decision,
            note: Some(&note),
            exceptions: &exceptions,
            fields: &fields,
        };
        let bulk = |state| console::bulk(frame, &self.view::<BulkView>(bulk(state)));
        vec![
            ("preview", console::preview(frame, &preview)),
            ("bulk-waiting", bulk("waiting")),
            ("bulk-running", bulk("running")),
            ("bulk-done", bulk("done")),
            ("bulk-withdrawn", bulk("withdrawn")),
        ]
    }

    fn others(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let out = Frame {
            person: None,
            ..frame.clone()
        };
        let error = self.text("That name and password do not belong together");
        let title = self.text("You may not see this");
        let people: Vec<PersonView> = self.view(people());
        vec![
            ("login", console::login(&out, &self.text("/inbox"), None)),
            (
                "login-failed",
                console::login(&out, &self.text("/inbox"), Some(&error)),
            ),
            (
                "setup",
                console::setup(&out, &self.text("token"), Some(&error)),
            ),
            ("people", console::people(frame, &people, Some(&error))),
            (
                "problem",
                console::problem(frame, 403, &title, Some(&error)),
            ),
        ]
    }

    fn timeouts(&self) -> Vec<ExceptionView> {
        (301..325).map(|id| self.view(timeout(id))).collect()
    }

    pub(crate) fn text(&self, text: &str) -> String {
        self.text.clone().unwrap_or_else(|| text.to_owned())
    }

    /// Reads a view; wherever another text may stand in it, one does.
    pub(crate) fn view<T: DeserializeOwned>(&self, mut value: Value) -> T {
        if let Some(text) = &self.text {
            let mut places = Vec::new();
            places_in(&value, String::new(), &mut places);
            for place in places {
                let mut other = value.clone();
                put(&mut other, &place, text);
                if serde_json::from_value::<T>(other.clone()).is_ok() {
                    value = other;
                }
                let mut other = value.clone();
                rename(&mut other, &place, text);
                if serde_json::from_value::<T>(other.clone()).is_ok() {
                    value = other;
                }
            }
        }
        serde_json::from_value(value).expect("the sample is a view")
    }
}

/// Where values stand, the deepest first.
fn places_in(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places_in(item, format!("{place}/{index}"), places);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                places_in(value, format!("{place}/{name}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}

/// A text takes the place of another; what kind of file one is decides how it is drawn, and stays.
fn put(value: &mut Value, place: &str, text: &str) {
    if let Some(it) = value.pointer_mut(place)
        && it.is_string()
        && !place.ends_with("/media")
    {
        *it = Value::String(text.to_owned());
    }
}

/// The same for the name of the place, where names are free as well.
fn rename(value: &mut Value, place: &str, text: &str) {
    const FREE: [&str; 8] = [
        "about", "item", "inputs", "given", "with", "show", "edit", "output",
    ];
    let (above, name) = place.rsplit_once('/').unwrap_or_default();
    let is_free = above.split('/').any(|it| FREE.contains(&it)) && !name.starts_with('$');
    if let Some(Value::Object(map)) = value.pointer_mut(above).filter(|_| is_free)
        && let Some(it) = map.shift_remove(name)
    {
        map.insert(format!("{text} {}", map.len()), it);
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("it is a time")
}

fn counts() -> Counts {
    Counts {
        open: 12_480,
        approvals: 3,
        overdue: 1_000,
        mine: 2,
        snoozed: 4,
    }
}

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

fn merge(value: &mut Value, rest: Value) {
    if let (Value::Object(map), Value::Object(rest)) = (value, rest) {
        map.extend(rest);
    }
}

fn cause(count: u64, example: Value) -> Value {
    json!({
        "fingerprint": CAUSE, "workflow": example["workflow"], "step": example["step"],
        "category": example["category"], "code": example["code"], "count": count, "snoozed": 0,
        "oldest": example["opened"], "newest": "2026-11-27T07:55:00Z", "example": example,
    })
}

fn causes() -> Value {
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
fn timeout(id: u64) -> Value {
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

fn steps(form: Value) -> Value {
    json!([
        { "id": "guard", "name": "Over the ceiling?", "kind": "approve", "depth": 0, "state": "skipped", "attempts": 0 },
        { "id": "lookup", "kind": "bot", "bot": "http.get", "depth": 0, "state": "succeeded", "attempts": 1,
          "with": { "path": "/api/articles", "query": { "sku": "9001" } }, "output": { "status": 200, "body": [] } },
        { "id": "form", "kind": "bot", "bot": "browser.do", "depth": 0, "state": form, "attempts": 1, "spans": spans(),
          "with": { "actions": [{ "open": "/orders/new" }, { "submit": "Save" }], "password": { "$secret": "backoffice" } } },
        { "id": "tell", "kind": "bot", "bot": "mail.send", "depth": 1, "within": "finally", "state": "pending", "attempts": 0 },
    ])
}

fn fault(message: &str) -> Value {
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

fn unknown_sku() -> Value {
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
    detail(it, json!({ "item": corrected, "newer": CAUSE }))
}

fn approval() -> Value {
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

fn in_doubt() -> Value {
    let it = parked(
        412,
        "in_doubt",
        "the browser ended after `Save` was pressed",
        json!({ "code": "browser.gone" }),
    );
    let form = json!({ "in_doubt": { "exception": 412, "fault": fault("the browser ended"), "denials": 1 } });
    detail(it, json!({ "others": 1, "steps": steps(form) }))
}

fn overdue() -> Value {
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
fn system() -> Value {
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

fn blocked() -> Value {
    let it = parked(
        302,
        "system",
        "`orders.jsonl` cannot be read: Permission denied",
        json!({ "code": "artifact.store", "attempts": 3 }),
    );
    detail(it, json!({ "blocked": true }))
}

fn bulk(state: &str) -> Value {
    json!({
        "id": 7, "decision": "retry", "by": "maria", "note": "the server is back since 07:50",
        "asked": "2026-11-27T08:11:57Z", "begins": "2026-11-27T08:12:07Z", "state": state, "total": 36,
        "done": if state == "done" { 34 } else { 0 },
        "refused": if state == "done" { json!([[303, "it was decided by jonas"], [307, "its run was cancelled"]]) } else { json!([]) },
    })
}

fn people() -> Value {
    json!([
        { "name": "maria", "role": "admin", "groups": ["supervisors", "office"], "created": "2026-01-02T08:00:00Z", "last_seen": "2026-11-27T08:11:00Z" },
        { "name": "jonas", "role": "handler", "groups": ["supervisors"], "created": "2026-02-02T08:00:00Z", "last_seen": "2026-11-26T16:40:00Z" },
        { "name": "lin", "role": "viewer", "groups": [], "created": "2026-11-20T08:00:00Z" },
    ])
}

fn one_run(id: &str, state: &str, rest: Value) -> Value {
    let mut run = json!({
        "id": id, "workflow": "order-entry", "version": CAUSE, "state": state, "key": "orders-1042.csv",
        "created": "2026-11-27T06:00:00Z", "scheduled_for": "2026-11-27T06:00:00Z", "attempt": 0, "parked": 0,
    });
    merge(&mut run, rest);
    run
}

fn runs() -> Value {
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

fn run() -> Value {
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
fn new_run() -> Value {
    json!({
        "run": one_run("1045", "queued", json!({ "key": null })), "origin": { "trigger": { "index": 0 } },
        "inputs": {}, "steps": steps(json!("pending")), "facts": [],
    })
}

fn item(index: u64) -> Value {
    let state = ["succeeded", "parked", "running", "skipped"][(index % 4) as usize];
    let id = format!("1042.enter.{index}");
    one_run(
        &id,
        state,
        json!({ "key": format!("1042-{index}"), "why": (state == "parked").then_some("`form` waits for a person") }),
    )
}

/// A step that was tried twice, and at last waits for a person.
fn spans() -> Value {
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
