//! Every page of the console with believable data, for the gallery and for the tests.

use botswain_console as console;
use botswain_console::{
    Draft, Evidence, EvidenceFile, Frame, Language, Person, Preview, RunsFilter, Theme, Told,
};
use botswain_core::{ExceptionId, RunId, StepId, index::State, run::fact::Resolution};
use botswain_views::{
    BulkView, Counts, Decision, ExceptionDetail, ExceptionView, FolderRoles, Inbox, InboxQuery,
    PersonView, Role, RunDetail, RunView,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

// Read by the gallery and by the tests, from where they are.
#[path = "samples/account.rs"]
mod account;
#[path = "samples/audit.rs"]
mod audit;
#[path = "samples/connections.rs"]
mod connections;
#[path = "samples/editing.rs"]
mod editing;
#[path = "samples/exceptions.rs"]
mod exceptions;
#[path = "samples/insights.rs"]
mod insights;
#[path = "samples/proposals.rs"]
mod proposals;
#[path = "samples/replay.rs"]
mod replay;
#[path = "samples/runs.rs"]
mod runs;
#[path = "samples/tokens.rs"]
mod tokens;
#[path = "samples/versions.rs"]
mod versions;

use self::{
    exceptions::{approval, blocked, causes, in_doubt, overdue, system, timeout, unknown_sku},
    runs::{item, new_run, run, runs},
};

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
        pages.extend(self.replay(frame));
        pages.extend(self.workflows(frame));
        pages.extend(self.connections(frame));
        pages.extend(self.audit(frame));
        pages.extend(self.tokens(frame));
        pages.extend(self.versions(frame));
        pages.extend(self.editing(frame));
        pages.extend(self.proposals(frame));
        pages.extend(self.insights(frame));
        pages.extend(self.account(frame));
        pages
    }

    fn frame(&self) -> Frame {
        Frame {
            instance: self.text("Hansen Trading"),
            person: Some(Person {
                name: self.text("maria"),
                role: Role::Admin,
                folders: [(self.text("purchasing"), Role::Handler)].into(),
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
            places: [
                ("order-entry".to_owned(), String::new()),
                ("purchase".to_owned(), self.text("purchasing")),
            ]
            .into(),
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
            outdated: true,
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
                "inbox-mine",
                console::inbox(frame, &self.view(json!({ "show": "mine" })), &of_one, None),
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
                folders: FolderRoles::new(),
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
            left_out: 2,
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
        let mut people: Vec<PersonView> = self.view(people());
        people[2].folders = [
            (self.text("purchasing"), Role::Author),
            (self.text("sales/export"), Role::Handler),
        ]
        .into();
        let provider = self.text("Office 365");
        let provider = Some((&*provider, "https://botswain.example.com/login/provider"));
        vec![
            (
                "login",
                console::login(&out, (&self.text("/inbox"), None), None),
            ),
            (
                "login-provider",
                console::login(&out, (&self.text("/inbox"), provider), Some(&error)),
            ),
            (
                "login-failed",
                console::login(&out, (&self.text("/inbox"), None), Some(&error)),
            ),
            (
                "setup",
                console::setup(&out, &self.text("token"), Some(&error)),
            ),
            ("people", console::people(frame, &people, Some(&error))),
            (
                "problem",
                console::problem(
                    frame,
                    403,
                    Told {
                        code: "none.known",
                        title: &title,
                        detail: Some(&error),
                    },
                ),
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
        proposals: 1,
    }
}

fn merge(value: &mut Value, rest: Value) {
    if let (Value::Object(map), Value::Object(rest)) = (value, rest) {
        map.extend(rest);
    }
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
        { "name": "jonas", "role": "handler", "groups": ["supervisors"], "created": "2026-02-02T08:00:00Z", "last_seen": "2026-11-26T16:40:00Z", "second_factor": true },
        { "name": "lin", "role": "viewer", "groups": [], "created": "2026-11-20T08:00:00Z" },
        { "name": "ines.keller@hansen.example", "full_name": "Ines Keller", "provider": "Office 365", "role": "author", "groups": ["office"], "created": "2026-11-20T08:00:00Z", "last_seen": "2026-11-27T07:55:00Z" },
        { "name": "tom.olsen@hansen.example", "full_name": "Tom Olsen", "provider": "Office 365", "role": "handler", "groups": [], "created": "2026-10-20T08:00:00Z", "last_seen": "2026-11-01T07:55:00Z", "locked": true },
    ])
}
