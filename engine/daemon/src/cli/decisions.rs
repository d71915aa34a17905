//! What people decided about a run, as `runs show` tells it: when, who, what, and why.
//!
//! In go the facts of a run, out come rows of a table; nothing is told that is
//! not in the facts.

use botswain_core::{
    RunId, StepId,
    duration::Duration,
    run::fact::{Edit, Fact, Resolution, What},
    value::Payload,
};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;

use super::{output::tame, show, table, times};
use crate::views::DecisionView;

/// One decision: when, then when, what about, by whom, what and why in words.
pub(super) type Row = (Timestamp, [String; 5]);

/// The decisions about one run; each says the item it is about, if it is one.
pub(super) fn of(run: &RunId, facts: &[Fact]) -> Vec<Row> {
    let rows = facts.iter().filter_map(|fact| match &fact.what {
        What::Resolved {
            step,
            exception,
            resolution,
            by,
            note,
        } => Some((
            fact.at,
            [
                times::local(fact.at),
                match run.parent() {
                    Some(_) => format!("exception {exception}: {run}, {step}"),
                    None => format!("exception {exception}: {step}"),
                },
                by.clone(),
                decided(resolution),
                note.clone().unwrap_or_default(),
            ],
        )),
        What::Cancelled { by, note } => Some((
            fact.at,
            [
                times::local(fact.at),
                format!("run {run}"),
                by.clone(),
                "cancel".to_owned(),
                note.clone().unwrap_or_default(),
            ],
        )),
        _ => None,
    });
    rows.collect()
}

/// What people have said and decided about one exception.
pub(super) fn history(history: &[DecisionView]) -> String {
    let rows = history.iter().map(|it| {
        [
            times::local(it.at),
            it.by.clone(),
            decided(&it.resolution),
            it.note.as_deref().map(tame).unwrap_or_default(),
        ]
    });
    match history.is_empty() {
        true => String::new(),
        false => table::of(["when", "by", "decided", "note"], rows),
    }
}

/// The earliest first.
pub(super) fn listed(mut rows: Vec<Row>) -> String {
    rows.sort();
    let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    match rows.is_empty() {
        true => String::new(),
        false => table::of(["when", "about", "by", "decided", "note"], rows),
    }
}

fn decided(resolution: &Resolution) -> String {
    match resolution {
        Resolution::Retry => "try again".to_owned(),
        Resolution::Edit(Edit::Item(edits)) => format!("correct the item: {}", edited(edits)),
        Resolution::Edit(Edit::Inputs(edits)) => format!("correct the inputs: {}", edited(edits)),
        Resolution::Edit(Edit::With(edits)) => format!("correct the step: {}", edited(edits)),
        Resolution::Happened { output } => match output {
            Payload::Inline(Value::Null) => "it has happened".to_owned(),
            Payload::Inline(output) => format!("it has happened: {}", show::short(output)),
            Payload::Stored(_) => "it has happened, with a large output".to_owned(),
        },
        Resolution::Skip => "skip the step".to_owned(),
        Resolution::Abandon => "give it up".to_owned(),
        Resolution::Upgrade { version } => format!("try again by version {}", version.short()),
        Resolution::Back { to, again } if again.is_empty() => format!("back to {to}"),
        Resolution::Back { to, again } => {
            let again: Vec<&str> = again.iter().map(StepId::as_str).collect();
            format!("back to {to}; done once more: {}", again.join(", "))
        }
        Resolution::Approve => "approve".to_owned(),
        Resolution::Reject => "reject".to_owned(),
        Resolution::Snooze { until } => format!("put off until {}", times::local(*until)),
        Resolution::MoreTime { millis } => format!("give it {} more", Duration(*millis)),
        Resolution::Assign { to: Some(to) } => format!("give it to {to}"),
        Resolution::Assign { to: None } => "give it back".to_owned(),
        Resolution::Remark => "a remark".to_owned(),
    }
}

/// `sku=0099, amount=3`
fn edited(edits: &IndexMap<String, Value>) -> String {
    let edits = edits
        .iter()
        .map(|(name, value)| format!("{name}={}", show::short(value)));
    edits.collect::<Vec<_>>().join(", ")
}
