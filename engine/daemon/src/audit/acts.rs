//! What each route that changes something is called in the audit, and what is told of it.
//!
//! A route that is not listed is recorded all the same, as what it is, and with
//! nothing of what was sent: so none can be forgotten, and none can tell too much.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, header},
};
use botswain_core::Hash;
use botswain_views::Act;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::api::{
    access::BODY,
    form::{self, Files, Sent},
};

/// The longest text that is told of a field.
const LONGEST: usize = 200;

/// One route.
#[derive(Debug)]
pub(crate) struct Form {
    /// None where nothing is changed, though it is no GET.
    pub(crate) act: Option<Act>,
    /// What it is about: a text with names of the path and of the fields in it.
    on: &'static str,
    /// Which fields are told; those with a `*` only by that they were given, those with a `#` by
    /// their hash.
    told: &'static [&'static str],
}

const OTHER: Form = Form {
    act: Some(Act::Other),
    on: "",
    told: &[],
};

const DECISION: &[&str] = &["decision", "note", "assignee", "until", "remember"];
const MANY: &[&str] = &[
    "decision",
    "note",
    "fingerprint",
    "exceptions",
    "exception",
    "of",
    "assignee",
    "until",
];
const WRITTEN: &[&str] = &["#source", "note", "folder"];
const DECIDED: &[&str] = &["hash", "note"];
const PERSON: &[&str] = &[
    "role",
    "folders",
    "folder",
    "folder_role",
    "groups",
    "*password",
    "locked",
];

/// Each route that changes something.
pub(crate) const ACTS: &[(&str, &str, Form)] = &[
    // Who has signed in by it is told apart: what was typed may be a password.
    ("POST", "/login", said(Act::SignIn, "", &[])),
    ("POST", "/login/code", said(Act::SignIn, "", &[])),
    // Nothing is changed until the first code is shown.
    ("POST", "/account/factor", NOTHING),
    (
        "POST",
        "/account/factor/confirm",
        said(Act::AddFactor, "", &[]),
    ),
    (
        "POST",
        "/account/factor/remove",
        said(Act::RemoveFactor, "", &[]),
    ),
    (
        "POST",
        "/people/{name}/factor/remove",
        said(Act::RemoveFactor, "person {name}", &[]),
    ),
    (
        "DELETE",
        "/api/v1/people/{name}/factor",
        said(Act::RemoveFactor, "person {name}", &[]),
    ),
    ("POST", "/setup", said(Act::SetUp, "person {name}", &[])),
    // They are how somebody sees pages, and what would happen.
    ("POST", "/look", NOTHING),
    ("POST", "/clusters/{cause}/preview", NOTHING),
    ("POST", "/selection/preview", NOTHING),
    ("POST", "/logout", said(Act::SignOut, "", &[])),
    (
        "POST",
        "/exceptions/{id}/decision",
        said(Act::Decide, "exception {id}", DECISION),
    ),
    ("POST", "/bulk", said(Act::DecideMany, "exceptions", MANY)),
    (
        "POST",
        "/bulk/{id}/withdraw",
        said(Act::WithdrawMany, "decision about many {id}", &[]),
    ),
    (
        "POST",
        "/runs/{run}/cancel",
        said(Act::Cancel, "run {run}", &["note"]),
    ),
    (
        "POST",
        "/workflows/{name}/start",
        said(Act::Start, "workflow {name}", &["key"]),
    ),
    (
        "POST",
        "/workflows/{name}/pause",
        said(Act::Pause, "workflow {name}", &["note"]),
    ),
    (
        "POST",
        "/workflows/{name}/resume",
        said(Act::GoOn, "workflow {name}", &["note"]),
    ),
    (
        "POST",
        "/workflows/{name}/activate",
        said(Act::Activate, "workflow {name}", WRITTEN),
    ),
    (
        "POST",
        "/workflows/{name}/proposal/approve",
        said(Act::ApproveProposal, "workflow {name}", DECIDED),
    ),
    (
        "POST",
        "/workflows/{name}/proposal/reject",
        said(Act::RejectProposal, "workflow {name}", DECIDED),
    ),
    (
        "POST",
        "/workflows/{name}/proposal/withdraw",
        said(Act::WithdrawProposal, "workflow {name}", &[]),
    ),
    (
        "POST",
        "/api/v1/workflows/{name}/proposal/approval",
        said(Act::ApproveProposal, "workflow {name}", DECIDED),
    ),
    (
        "POST",
        "/api/v1/workflows/{name}/proposal/rejection",
        said(Act::RejectProposal, "workflow {name}", DECIDED),
    ),
    (
        "POST",
        "/api/v1/workflows/{name}/proposal/withdrawal",
        said(Act::WithdrawProposal, "workflow {name}", &[]),
    ),
    // Nothing is saved by them.
    ("POST", "/workflows/{name}/proposal/test", NOTHING),
    ("POST", "/runs/{run}/replay", NOTHING),
    ("POST", "/api/v1/runs/{run}/replay", NOTHING),
    ("POST", "/workflows/{name}/check", NOTHING),
    ("POST", "/workflows/{name}/test", NOTHING),
    ("POST", "/api/v1/workflows/{name}/check", NOTHING),
    ("POST", "/api/v1/workflows/{name}/completion", NOTHING),
    ("POST", "/api/v1/workflows/{name}/test", NOTHING),
    (
        "PUT",
        "/api/v1/workflows/{name}/file",
        said(Act::Activate, "workflow {name}", WRITTEN),
    ),
    (
        "POST",
        "/connections/{name}/test",
        said(Act::TestConnection, "connection {name}", &[]),
    ),
    (
        "POST",
        "/people",
        said(Act::AddPerson, "person {name}", PERSON),
    ),
    (
        "POST",
        "/people/{name}",
        said(Act::ChangePerson, "person {name}", PERSON),
    ),
    (
        "POST",
        "/people/{name}/remove",
        said(Act::RemovePerson, "person {name}", &[]),
    ),
    (
        "POST",
        "/tokens",
        said(Act::AddToken, "token {name}", &["role", "folders", "days"]),
    ),
    (
        "POST",
        "/tokens/{person}/{name}/revoke",
        said(Act::RevokeToken, "token {name} of {person}", &[]),
    ),
    (
        "POST",
        "/api/v1/tokens",
        said(
            Act::AddToken,
            "token {name}",
            &["role", "folders", "expires", "person"],
        ),
    ),
    (
        "DELETE",
        "/api/v1/tokens/{person}/{name}",
        said(Act::RevokeToken, "token {name} of {person}", &[]),
    ),
    (
        "POST",
        "/api/v1/runs",
        said(Act::Start, "workflow {workflow}", &["key"]),
    ),
    (
        "POST",
        "/api/v1/files/{name}",
        said(Act::AddFile, "file {name}", &[]),
    ),
    (
        "POST",
        "/api/v1/runs/{run}/cancellation",
        said(Act::Cancel, "run {run}", &["note"]),
    ),
    (
        "POST",
        "/api/v1/workflows/{name}/pause",
        said(Act::Pause, "workflow {name}", &["note"]),
    ),
    (
        "POST",
        "/api/v1/workflows/{name}/resumption",
        said(Act::GoOn, "workflow {name}", &["note"]),
    ),
    (
        "POST",
        "/api/v1/exceptions/{id}/resolution",
        said(Act::Decide, "exception {id}", DECISION),
    ),
    (
        "POST",
        "/api/v1/bulk",
        said(Act::DecideMany, "exceptions", MANY),
    ),
    (
        "POST",
        "/api/v1/bulk/{id}/withdrawal",
        said(Act::WithdrawMany, "decision about many {id}", &[]),
    ),
    (
        "PUT",
        "/api/v1/mappings/{table}/{from}",
        said(Act::Correct, "mapping {table}: {from}", &["to", "note"]),
    ),
    (
        "DELETE",
        "/api/v1/mappings/{table}/{from}",
        said(Act::Revoke, "mapping {table}: {from}", &[]),
    ),
    (
        "POST",
        "/api/v1/connections/{name}/test",
        said(Act::TestConnection, "connection {name}", &[]),
    ),
    (
        "POST",
        "/api/v1/people",
        said(Act::AddPerson, "person {name}", PERSON),
    ),
    (
        "PATCH",
        "/api/v1/people/{name}",
        said(Act::ChangePerson, "person {name}", PERSON),
    ),
    (
        "DELETE",
        "/api/v1/people/{name}",
        said(Act::RemovePerson, "person {name}", &[]),
    ),
    ("POST", "/api/v1/verify", said(Act::Verify, "store", &[])),
    ("POST", "/api/v1/backup", said(Act::Backup, "{to}", &[])),
    (
        "POST",
        "/api/v1/resume",
        said(Act::EndQuarantine, "instance", &["lost_since"]),
    ),
    ("POST", "/api/v1/prune", said(Act::Prune, "store", &[])),
];

const NOTHING: Form = Form {
    act: None,
    on: "",
    told: &[],
};

const fn said(act: Act, on: &'static str, told: &'static [&'static str]) -> Form {
    Form {
        act: Some(act),
        on,
        told,
    }
}

/// What a route is called; none when it only reads.
pub(crate) fn of_route(method: &Method, path: &str) -> Option<&'static Form> {
    if method.is_safe() {
        return None;
    }
    let mut listed = ACTS
        .iter()
        .filter(|(verb, it, _)| *verb == method.as_str() && *it == path);
    Some(listed.next().map_or(&OTHER, |(_, _, form)| form))
}

/// The fields of a body by their names, as texts.
pub(crate) type Said = BTreeMap<String, String>;

/// What a form or a JSON object says.
pub(crate) async fn fields(headers: &HeaderMap, body: &Bytes) -> Said {
    let media = headers.get(header::CONTENT_TYPE);
    let media = media.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let mut said = Said::new();
    let pairs: Vec<(String, String)> = match media.starts_with("application/json") {
        // What is longer is a file, whatever it calls itself.
        true if body.len() > BODY => Vec::new(),
        true => {
            let object = serde_json::from_slice::<serde_json::Map<String, Value>>(body);
            let fields = object.unwrap_or_default().into_iter();
            fields.map(of_field).collect()
        }
        // A file is no form.
        false if !form::is_form(headers) => Vec::new(),
        false => {
            let sent = form::read(headers, body, Files::LeftOut).await;
            let Sent { fields, files } = sent.unwrap_or_default();
            let files = files.into_iter().map(|(field, file)| (field, file.name));
            // A form has both characters at the end of a line.
            let plain = |(name, value): (String, String)| (name, value.replace("\r\n", "\n"));
            fields.into_iter().chain(files).map(plain).collect()
        }
    };
    for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        let before = said.entry(name).or_default();
        if !before.is_empty() {
            before.push_str(", ");
        }
        before.push_str(&value);
    }
    said
}

/// A field of an object. Which role somebody has in which folder is told whole.
fn of_field((name, value): (String, Value)) -> (String, String) {
    let text = match &value {
        Value::Object(roles) if name == "folders" => {
            let each = roles.iter();
            let each = each.map(|(folder, role)| format!("{folder}: {}", told(role)));
            each.collect::<Vec<_>>().join(", ")
        }
        _ => told(&value),
    };
    (name, text)
}

/// A value in a few words: of a decision that holds something, which one it is and whom it names.
fn told(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(told).collect::<Vec<_>>().join(", "),
        Value::Object(object) => match object.iter().next() {
            Some((name, Value::Object(within))) => match within.get("to") {
                Some(Value::String(to)) => format!("{name} {to}"),
                _ => name.clone(),
            },
            Some((name, _)) => name.clone(),
            None => String::new(),
        },
        other => other.to_string(),
    }
}

impl Form {
    /// What it is about, by the names in the path and the fields.
    pub(crate) fn about(&self, (template, path): (&str, &str), said: &Said) -> String {
        let in_path = |name: &str| {
            let mut pairs = template.split('/').zip(path.split('/'));
            let found = pairs.find(|(part, _)| part.strip_prefix('{') == Some(name));
            found.map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
        };
        let mut on = String::new();
        let mut rest = self.on;
        while let Some((before, after)) = rest.split_once('{') {
            on.push_str(before);
            let end = after.find('}').map_or(after.len(), |end| end + 1);
            let name = &after[..end];
            let field = || said.get(name.trim_end_matches('}')).cloned();
            on.push_str(&in_path(name).or_else(field).unwrap_or_default());
            rest = &after[end..];
        }
        on.push_str(rest);
        on
    }

    /// What else was said.
    pub(crate) fn with(&self, said: &Said) -> BTreeMap<String, String> {
        let told = self.told.iter().filter_map(|name| {
            let hash = |text: &String| Hash::of(text.as_bytes()).as_str().to_owned();
            let (name, value) = match (name.strip_prefix('*'), name.strip_prefix('#')) {
                (Some(name), _) => (name, said.get(name).map(|_| "given".to_owned())),
                (_, Some(name)) => (name, said.get(name).map(hash)),
                _ => (*name, said.get(*name).cloned()),
            };
            Some((name.to_owned(), value?))
        });
        told.collect()
    }
}

/// On one line, and not too long. Secrets are masked before: a half of one would not be known.
pub(crate) fn short(text: &str) -> String {
    let tame = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().map(tame).take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}
