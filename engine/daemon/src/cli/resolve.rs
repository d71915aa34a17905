//! What a person decides about an exception, handed over; then, without a
//! lasting daemon, the run is driven on until it rests again.

use botswain_core::{ExceptionId, RunId, StepId, duration::Duration};
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Global,
    arguments::{Corrections, Decided},
    exceptions,
    follow::{self, Followed, Following},
    many,
    outcome::{Code, Failure, Outcome, Pair},
    output, run, show,
    signals::Signals,
    times, users,
};
use crate::{
    api::{Decision, Resolving},
    client::Client,
    views::{ExceptionDetail, RunDetail},
};

/// What is wanted, before it is known of which exception.
pub(super) enum Wanted<'a> {
    Plain(Decision),
    /// The types of the corrections are those of the data.
    Edit {
        corrections: &'a Corrections,
        remember: Option<&'a str>,
    },
    /// From the one who has taken it on, and from nobody else.
    HandOver {
        from: &'a str,
        to: &'a str,
    },
}

impl Wanted<'_> {
    /// The decision about one exception.
    pub(super) fn of(&self, detail: &ExceptionDetail) -> Result<Decision, Failure> {
        match self {
            Wanted::Plain(decision) => Ok(decision.clone()),
            Wanted::Edit { corrections, .. } => corrected(corrections, detail),
            Wanted::HandOver { from, to } => match detail.exception.assignee.as_deref() {
                Some(name) if name == *from => Ok(Decision::Assign {
                    to: Some((*to).to_owned()),
                }),
                _ => Err(Failure::usage(format!("it is not {from}'s any more"))),
            },
        }
    }

    /// The table in which it is remembered.
    pub(super) fn remember(&self) -> Option<String> {
        match self {
            Wanted::Plain(_) | Wanted::HandOver { .. } => None,
            Wanted::Edit { remember, .. } => remember.map(str::to_owned),
        }
    }
}

pub(super) fn happened(output: Option<&str>) -> Result<Decision, Failure> {
    let output: Value = match output {
        Some(text) => object(text).map_err(|what| {
            Failure::usage(what).hint("write it as `--output '{\"number\": \"4711\"}'`")
        })?,
        None => Value::Null,
    };
    Ok(Decision::Happened(output))
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(other) => Err(format!("the output is a JSON object, and `{other}` is not")),
        Err(err) => Err(format!("the output is no JSON: {err}")),
    }
}

pub(super) async fn plain(
    global: &Global,
    id: u64,
    decision: Decision,
    decided: Decided,
) -> Outcome {
    resolve(global, id, Wanted::Plain(decision), decided).await
}

pub(super) async fn resolve(
    global: &Global,
    id: u64,
    wanted: Wanted<'_>,
    decided: Decided,
) -> Outcome {
    let id = ExceptionId(id);
    if decided.cluster {
        return many::of_cause(global, id, wanted, decided).await;
    }
    let mut signals = Signals::catch()?;
    let work = async |client: &mut Client| {
        let path = format!("/api/v1/exceptions/{id}");
        let detail: ExceptionDetail = client.get(&path).await?;
        let decision = wanted.of(&detail)?;
        let mut following = Following::begin(client).await?;
        let run = detail.exception.run;
        let root = RunId::root(run.number());
        following.know(&exceptions::of_run(client, &root).await?);
        let before = Before::of(client, &run, &root).await?;
        let resolving = Resolving {
            decision,
            by: decided.said.by.clone(),
            note: decided.said.note.clone(),
            remember: wanted.remember(),
        };
        let done: Value = client
            .post(&format!("{path}/resolution"), &resolving)
            .await?;
        let waits = !resolving.decision.lets_go_on();
        if let Decision::Assign { to: Some(to) } = &resolving.decision {
            users::tell_stranger(client, to).await;
        }
        if waits || client.is_lasting() && !decided.wait {
            match global.json {
                true => output::json(&done),
                false => output::data(&said(id, &run, &resolving.decision)),
            }
            return Ok(Code::Done);
        }
        output::note(&format!("exception {id} is decided; run {run} goes on"));
        let followed = following
            .go_on(client, &run, &mut signals, before.of_run)
            .await?;
        if run == root || matches!(followed, Followed::Left) {
            return run::conclude(global, client, &run, followed).await;
        }
        if before.is_stalled && !client.is_lasting() {
            output::note("other items of the run were cut short; `botswain up` goes on with them");
            return run::conclude(global, client, &run, followed).await;
        }
        let followed = following
            .go_on(client, &root, &mut signals, before.of_root)
            .await?;
        run::conclude(global, client, &root, followed).await
    };
    global.with_client(work).await
}

fn said(id: ExceptionId, run: &RunId, decision: &Decision) -> String {
    match decision {
        Decision::Snooze { until } => format!(
            "exception {id} is put off until {}, {}",
            times::local(*until),
            times::age(*until)
        ),
        Decision::Assign { to: Some(to) } => format!("exception {id} is {to}'s now"),
        Decision::Assign { to: None } => format!("exception {id} is nobody's now"),
        Decision::Remark => format!("exception {id} has a remark more"),
        _ => format!("exception {id} is decided; run {run} goes on in the daemon"),
    }
}

/// A decision as it is about to be taken.
pub(super) fn in_words(decision: &Decision) -> String {
    let edited = |edits: &IndexMap<String, Value>| {
        let edits = edits
            .iter()
            .map(|(name, value)| format!("{name}={}", show::short(value)));
        edits.collect::<Vec<_>>().join(", ")
    };
    match decision {
        Decision::Retry => "try again".to_owned(),
        Decision::RetryCurrent => "try again by the current version".to_owned(),
        Decision::Edit(edits) => format!("correct {} and try again", edited(edits)),
        Decision::EditWith(edits) => {
            format!("correct the step ({}) and try again", edited(edits))
        }
        Decision::Happened(Value::Null) => "it has happened".to_owned(),
        Decision::Happened(output) => format!("it has happened: {}", show::short(output)),
        Decision::Skip => "skip the step".to_owned(),
        Decision::Back { to, again } if again.is_empty() => format!("back to {to}"),
        Decision::Back { to, again } => {
            let again: Vec<&str> = again.iter().map(StepId::as_str).collect();
            format!("back to {to}, done once more: {}", again.join(", "))
        }
        Decision::Abandon => "give it up".to_owned(),
        Decision::Approve => "approve".to_owned(),
        Decision::Reject => "reject".to_owned(),
        Decision::Snooze { until } => format!("put off until {}", times::local(*until)),
        Decision::MoreTime { millis } => format!("give it {} more", Duration(*millis)),
        Decision::Assign { to: Some(to) } => format!("give it to {to}"),
        Decision::Assign { to: None } => "give it back".to_owned(),
        Decision::Remark => "say something".to_owned(),
    }
}

/// How it stood before the decision.
struct Before {
    /// How many facts the exception's run had.
    of_run: usize,
    of_root: usize,
    /// Whether the run around it has more to do than what is decided, which only a lasting
    /// daemon takes up.
    is_stalled: bool,
}

impl Before {
    async fn of(client: &Client, run: &RunId, root: &RunId) -> Result<Before, Failure> {
        let item: RunDetail = client.get(&format!("/api/v1/runs/{run}")).await?;
        let whole: RunDetail = client.get(&format!("/api/v1/runs/{root}")).await?;
        Ok(Before {
            of_run: item.facts.len(),
            of_root: whole.facts.len(),
            is_stalled: !follow::rests(&whole),
        })
    }
}

/// The corrections with the types of the values they replace.
fn corrected(corrections: &Corrections, detail: &ExceptionDetail) -> Result<Decision, Failure> {
    let Corrections {
        set,
        set_json,
        with,
    } = corrections;
    if !with.is_empty() {
        let Some(given) = &detail.with else {
            return Err(Failure::usage("the step's parameters are not known yet")
                .hint("correct the data instead, with `--set`"));
        };
        return Ok(Decision::EditWith(typed(with, given)?));
    }
    let data = detail.item.as_ref().unwrap_or(&detail.inputs);
    let mut edits = typed(set, data)?;
    for Pair { name, value } in set_json {
        let value = serde_json::from_str(value)
            .map_err(|err| Failure::usage(format!("the value of `{name}` is no JSON: {err}")))?;
        edits.insert(name.clone(), value);
    }
    Ok(Decision::Edit(edits))
}

fn typed(pairs: &[Pair], data: &Value) -> Result<IndexMap<String, Value>, Failure> {
    let typed = pairs.iter().map(|Pair { name, value }| {
        // A name that is not there is refused by the daemon, which says which are.
        let value = like(value, data.get(name).unwrap_or(&Value::Null))
            .map_err(|what| Failure::usage(format!("`{name}` is {what}, and `{value}` is not")))?;
        Ok((name.clone(), value))
    });
    typed.collect()
}

/// A text as a value of the same type as `old`; text stays text, so `0011` keeps its zeros.
fn like(text: &str, old: &Value) -> Result<Value, &'static str> {
    let parsed = || serde_json::from_str::<Value>(text).ok();
    let (value, what) = match old {
        Value::String(_) | Value::Null => return Ok(Value::String(text.to_owned())),
        Value::Number(_) => (parsed().filter(Value::is_number), "a number"),
        Value::Bool(_) => (parsed().filter(Value::is_boolean), "true or false"),
        Value::Array(_) => (parsed().filter(Value::is_array), "a list (in JSON)"),
        Value::Object(_) => (parsed().filter(Value::is_object), "a map (in JSON)"),
    };
    value.ok_or(what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_correction_takes_the_type_of_what_it_replaces() {
        assert_eq!(like("0011", &json!("11")), Ok(json!("0011")));
        assert_eq!(like("true", &json!("x")), Ok(json!("true")));
        assert_eq!(like("4", &Value::Null), Ok(json!("4")));
        assert_eq!(like("10.10", &json!(3)).unwrap().to_string(), "10.10");
        assert_eq!(like("ten", &json!(3)), Err("a number"));
        assert_eq!(like("false", &json!(true)), Ok(json!(false)));
        assert_eq!(like("[1]", &json!([])), Ok(json!([1])));
        assert_eq!(like("[1]", &json!({})), Err("a map (in JSON)"));
    }
}
