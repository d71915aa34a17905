//! What a person decides about an exception, handed over; then, without a
//! lasting daemon, the run is driven on until it rests again.

use botswain_core::{ExceptionId, RunId};
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Global,
    arguments::{Corrections, Decided},
    exceptions,
    follow::{self, Followed, Following},
    outcome::{Code, Failure, Outcome, Pair},
    output, run,
    signals::Signals,
};
use crate::{
    api::{Decision, Resolving},
    client::Client,
    views::{ExceptionDetail, RunDetail},
};

pub(super) async fn plain(
    global: &Global,
    id: u64,
    decision: Decision,
    decided: Decided,
) -> Outcome {
    resolve(global, id, decided, |_| Ok(decision)).await
}

pub(super) async fn happened(
    global: &Global,
    id: u64,
    output: Option<String>,
    decided: Decided,
) -> Outcome {
    let output: Value = match output {
        Some(text) => object(&text).map_err(|what| {
            Failure::usage(what).hint("write it as `--output '{\"number\": \"4711\"}'`")
        })?,
        None => Value::Null,
    };
    plain(global, id, Decision::Happened(output), decided).await
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(other) => Err(format!("the output is a JSON object, and `{other}` is not")),
        Err(err) => Err(format!("the output is no JSON: {err}")),
    }
}

pub(super) async fn edit(
    global: &Global,
    id: u64,
    corrections: Corrections,
    decided: Decided,
) -> Outcome {
    resolve(global, id, decided, |detail| corrected(corrections, detail)).await
}

async fn resolve(
    global: &Global,
    id: u64,
    decided: Decided,
    decide: impl FnOnce(&ExceptionDetail) -> Result<Decision, Failure>,
) -> Outcome {
    let id = ExceptionId(id);
    let mut signals = Signals::catch()?;
    let work = async |client: &mut Client| {
        let path = format!("/api/v1/exceptions/{id}");
        let detail: ExceptionDetail = client.get(&path).await?;
        let decision = decide(&detail)?;
        let mut following = Following::begin(client).await?;
        let run = detail.exception.run;
        let root = RunId::root(run.number());
        following.know(&exceptions::of_run(client, &root).await?);
        let before = Before::of(client, &run, &root).await?;
        let Decided { note, by, wait } = decided;
        let resolving = Resolving { decision, by, note };
        let done: Value = client
            .post(&format!("{path}/resolution"), &resolving)
            .await?;
        if client.is_lasting() && !wait {
            match global.json {
                true => output::json(&done),
                false => output::data(&format!(
                    "exception {id} is decided; run {run} goes on in the daemon"
                )),
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
fn corrected(corrections: Corrections, detail: &ExceptionDetail) -> Result<Decision, Failure> {
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
        let value = serde_json::from_str(&value)
            .map_err(|err| Failure::usage(format!("the value of `{name}` is no JSON: {err}")))?;
        edits.insert(name, value);
    }
    Ok(Decision::Edit(edits))
}

fn typed(pairs: Vec<Pair>, data: &Value) -> Result<IndexMap<String, Value>, Failure> {
    let typed = pairs.into_iter().map(|Pair { name, value }| {
        // A name that is not there is refused by the daemon, which says which are.
        let value = like(&value, data.get(&name).unwrap_or(&Value::Null))
            .map_err(|what| Failure::usage(format!("`{name}` is {what}, and `{value}` is not")))?;
        Ok((name, value))
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
