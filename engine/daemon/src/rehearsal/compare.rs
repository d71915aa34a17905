//! How a play came out, against what its test expects.

use std::{cell::OnceCell, collections::BTreeMap, io::Read};

use botswain_bot::{Preview, PreviewKind};
use botswain_core::{
    ArtifactRef, RunId, StepId,
    index::{Exception, State, Summary},
    run::fact::What,
    testing::{Exceptions, Expect, Item, Place, Standing, Test, Waiting},
    value::secret_name,
};
use serde::Serialize;
use serde_json::Value;

use super::{flow::flow, mocks::is_item, stage::Stage};
use crate::{
    difference,
    views::{RunDetail, StepState, StepView},
};

/// Something that did not come out as expected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// What was compared, as in `state` or `steps: form@1001-1`.
    pub what: String,
    pub message: String,
    /// Lines with `-` and `+`, where two texts differ.
    pub difference: Option<String>,
    pub hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem {
            what: what.into(),
            message: message.into(),
            difference: None,
            hint: None,
        }
    }

    fn not(what: impl Into<String>, expected: &str, came: &str) -> Problem {
        Problem {
            difference: Some(difference::lines(expected, came)),
            ..Problem::new(what, "is not as expected")
        }
    }

    /// What is wrong, in several lines.
    pub fn words(&self) -> String {
        let first = format!("{}: {}", self.what, self.message);
        match &self.difference {
            Some(difference) => format!("{first}\n{difference}"),
            None => first,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }
}

/// A run of the play, read when somebody asks.
pub(crate) struct Seen {
    pub(crate) summary: Summary,
    detail: OnceCell<Result<RunDetail, String>>,
}

/// All that came of a play.
pub(crate) struct Outcome<'s> {
    pub(crate) stage: &'s Stage,
    pub(crate) root: RunId,
    pub(crate) runs: Vec<Seen>,
    pub(crate) exceptions: Vec<Exception>,
    pub(crate) previews: BTreeMap<(RunId, StepId), Preview>,
}

impl Seen {
    pub(crate) fn new(summary: Summary) -> Seen {
        let detail = OnceCell::new();
        Seen { summary, detail }
    }

    pub(crate) fn detail(&self, stage: &Stage) -> Result<&RunDetail, String> {
        let read = || {
            let detail = stage.parts.run_detail(&self.summary.id)?;
            detail.ok_or_else(|| format!("there is no run {}", self.summary.id))
        };
        self.detail.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

impl Outcome<'_> {
    /// Everything but the snapshots.
    pub(crate) fn problems(&self, test: &Test) -> Result<Vec<Problem>, String> {
        let Expect {
            state,
            exceptions,
            steps,
            with,
            outputs,
            ..
        } = &test.expect;
        let mut problems = Vec::new();
        if let Some(expected) = state {
            let came = self.state()?;
            if came != *expected {
                problems.push(Problem::not("state", expected.name(), came.name()));
            }
        }
        if let Some(expected) = exceptions {
            problems.extend(self.waits(expected));
        }
        for (place, expected) in steps {
            problems.extend(self.stands(test, place, *expected)?);
        }
        for (place, expected) in with {
            problems.extend(self.was_given(test, place, expected)?);
        }
        if let Some(expected) = outputs {
            let expected = Value::Object(expected.clone().into_iter().collect());
            let came = self.left()?;
            problems.extend(differs("outputs", &expected, &came));
        }
        Ok(problems)
    }

    pub(crate) fn state(&self) -> Result<State, String> {
        let root = self.runs.iter().find(|run| run.summary.id == self.root);
        let root = root.ok_or("the run did not begin")?;
        Ok(root.detail(self.stage)?.run.state)
    }

    fn left(&self) -> Result<Value, String> {
        let facts = self.stage.parts.store.facts(&self.root);
        let facts = facts.map_err(|error| error.to_string())?;
        let output = facts.into_iter().rev().find_map(|fact| match fact.what {
            What::Ended { output, .. } => Some(output),
            _ => None,
        });
        let value = output.map(|output| self.stage.value(&output));
        value
            .unwrap_or(Ok(Value::Null))
            .map_err(|it| it.to_string())
    }

    fn waits(&self, expected: &Exceptions) -> Option<Problem> {
        let came = self.exceptions.len() as u64;
        let these: Vec<String> = self.exceptions.iter().map(described).collect();
        let these = these.join("\n");
        match expected {
            Exceptions::Count(count) if *count == came => None,
            Exceptions::Count(count) => {
                let message = format!("{came} wait in the end, expected {count}");
                let problem = Problem::new("exceptions", message);
                let came = Some(difference::lines("", &these)).filter(|it| !it.is_empty());
                Some(Problem {
                    difference: came,
                    ..problem
                })
            }
            Exceptions::These(expected) => {
                let mut left: Vec<&Exception> = self.exceptions.iter().collect();
                let mut lacking = Vec::new();
                for waiting in expected {
                    match left.iter().position(|it| self.is(it, waiting)) {
                        Some(place) => drop(left.remove(place)),
                        None => lacking.push(wanted(waiting)),
                    }
                }
                let more: Vec<String> = left.into_iter().map(described).collect();
                (!lacking.is_empty() || !more.is_empty())
                    .then(|| Problem::not("exceptions", &lacking.join("\n"), &more.join("\n")))
            }
        }
    }

    fn is(&self, exception: &Exception, waiting: &Waiting) -> bool {
        let run = self.runs.iter().find(|it| it.summary.id == exception.run);
        let item = |item: &Item| run.is_some_and(|run| is_item(item, &run.summary));
        waiting.step.as_ref().is_none_or(|it| *it == exception.step)
            && waiting.item.as_ref().is_none_or(item)
            && waiting
                .code
                .as_ref()
                .is_none_or(|it| *it == exception.fault.code)
            && waiting.category.is_none_or(|it| it == exception.category)
    }

    /// The step in every run of the workflow that is meant.
    fn steps<'o>(
        &'o self,
        test: &Test,
        place: &Place,
    ) -> Result<Vec<(&'o Seen, &'o StepView)>, String> {
        let mut found = Vec::new();
        for run in &self.runs {
            let of = |item: &Item| is_item(item, &run.summary);
            if run.summary.workflow != test.workflow || !place.item.as_ref().is_none_or(of) {
                continue;
            }
            let steps = &run.detail(self.stage)?.steps;
            found.extend(
                steps
                    .iter()
                    .find(|it| it.id == place.step)
                    .map(|it| (run, it)),
            );
        }
        Ok(found)
    }

    fn stands(
        &self,
        test: &Test,
        place: &Place,
        expected: Standing,
    ) -> Result<Option<Problem>, String> {
        let what = format!("steps: {place}");
        let found = self.steps(test, place)?;
        let came: Vec<Standing> = found.iter().map(|(_, it)| standing(&it.state)).collect();
        if came.is_empty() && place.item.is_none() && expected == Standing::Pending {
            return Ok(None);
        }
        Ok(match came.iter().find(|it| **it != expected) {
            Some(came) => Some(Problem::not(what, expected.word(), came.word())),
            None if came.is_empty() => Some(self.no_such(what, place)),
            None => None,
        })
    }

    fn was_given(
        &self,
        test: &Test,
        place: &Place,
        expected: &Value,
    ) -> Result<Option<Problem>, String> {
        let what = format!("with: {place}");
        let found = self.steps(test, place)?;
        if found.is_empty() {
            return Ok(Some(self.no_such(what, place)));
        }
        for (run, step) in found {
            let given = match (&step.with, &step.child) {
                (None, Some(_)) => Some(self.called_with(run, step)?),
                (with, _) => with.clone(),
            };
            let problem = match given {
                Some(given) => differs(&what, expected, &given),
                None => Some(Problem::new(
                    &what,
                    "the step was given nothing, it did not begin",
                )),
            };
            if problem.is_some() {
                return Ok(problem);
            }
        }
        Ok(None)
    }

    /// The inputs of the run that a `call` made.
    fn called_with(&self, run: &Seen, step: &StepView) -> Result<Value, String> {
        let facts = &run.detail(self.stage)?.facts;
        let inputs = facts.iter().rev().find_map(|fact| match &fact.what {
            What::Called { step: it, inputs } if *it == step.id => Some(inputs),
            _ => None,
        });
        let value = inputs.map(|inputs| self.stage.value(inputs));
        value
            .unwrap_or(Ok(Value::Null))
            .map_err(|it| it.to_string())
    }

    fn no_such(&self, what: String, place: &Place) -> Problem {
        let problem = Problem::new(what, format!("there was no `{place}`"));
        let keys = self.runs.iter().filter_map(|run| run.summary.key.clone());
        let keys: Vec<String> = keys.take(10).map(|key| format!("`{key}`")).collect();
        match keys.is_empty() {
            true => problem,
            false => problem.hint(format!("the items were {}", keys.join(", "))),
        }
    }

    /// The text of a mail, a file or a document that a step made, or would have.
    pub(crate) fn made(
        &self,
        test: &Test,
        place: &Place,
        kind: PreviewKind,
    ) -> Result<Vec<String>, String> {
        let mut texts = Vec::new();
        for (run, step) in self.steps(test, place)? {
            let preview = self
                .previews
                .get(&(run.summary.id.clone(), step.id.clone()));
            if let Some(preview) = preview.filter(|it| it.kind == kind) {
                texts.push(preview.text.clone());
            } else if let (PreviewKind::File, Some(output)) = (kind, &step.output) {
                let files = artifacts(output);
                texts.extend(
                    files
                        .iter()
                        .map(|it| self.text(it))
                        .collect::<Result<Vec<_>, _>>()?,
                );
            }
        }
        Ok(texts)
    }

    fn text(&self, artifact: &ArtifactRef) -> Result<String, String> {
        let mut text = String::new();
        let file = self.stage.parts.kept.0.open(artifact);
        let mut file = file.map_err(|error| error.to_string())?;
        match file.read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(_) => Ok(format!(
                "{} ({}, {})",
                artifact.name, artifact.media, artifact.hash
            )),
        }
    }
}

/// The files in an output.
fn artifacts(value: &Value) -> Vec<ArtifactRef> {
    match (ArtifactRef::from_value(value), value) {
        (Some(artifact), _) => vec![artifact],
        (None, Value::Object(map)) => map.values().flat_map(artifacts).collect(),
        (None, Value::Array(items)) => items.iter().flat_map(artifacts).collect(),
        _ => Vec::new(),
    }
}

/// `form@1001-1: office.unknown_customer (business): there is no customer 7`
pub(crate) fn described(exception: &Exception) -> String {
    let Exception {
        step,
        key,
        fault,
        category: kind,
        ..
    } = exception;
    let item = key.as_ref().map(|key| format!("@{key}"));
    let (item, kind) = (item.unwrap_or_default(), kind.name());
    format!("{step}{item}: {} ({kind}): {}", fault.code, fault.message)
}

fn wanted(waiting: &Waiting) -> String {
    let step = waiting.step.as_ref().map_or("any step", StepId::as_str);
    let item = waiting.item.as_ref().map(|item| format!("@{item}"));
    let category = waiting.category.map(|it| it.name().to_owned());
    let more = [waiting.code.clone(), category].into_iter().flatten();
    let more: Vec<String> = more.collect();
    format!("{step}{}: {}", item.unwrap_or_default(), more.join(" "))
}

fn standing(state: &StepState) -> Standing {
    match state {
        StepState::Pending => Standing::Pending,
        StepState::LeftOut => Standing::LeftOut,
        StepState::Waiting { .. } | StepState::Asleep { .. } => Standing::Waiting,
        StepState::Running { .. } | StepState::Open { .. } | StepState::Under => Standing::Running,
        StepState::Parked { .. } => Standing::Parked,
        StepState::InDoubt { .. } => Standing::InDoubt,
        StepState::Succeeded => Standing::Succeeded,
        StepState::Skipped => Standing::Skipped,
        StepState::Failed => Standing::Failed,
        StepState::Cancelled => Standing::Cancelled,
    }
}

/// What of the expected value is not in the other; maps may hold more than is expected.
fn differs(what: &str, expected: &Value, came: &Value) -> Option<Problem> {
    let (path, expected, came) = misfit(expected, came)?;
    let what = [vec![what.to_owned()], path].concat().join(".");
    let came = came.map_or_else(|| "nothing".to_owned(), |it| flow(&it));
    Some(Problem::not(what, &flow(&expected), &came))
}

type Misfit = (Vec<String>, Value, Option<Value>);

fn misfit(expected: &Value, came: &Value) -> Option<Misfit> {
    match (expected, came) {
        (Value::Object(expected), Value::Object(own)) if secret_name(came).is_none() => expected
            .iter()
            .find_map(|(key, expected)| match own.get(key) {
                Some(came) => below(key, misfit(expected, came)),
                None if expected.is_null() => None,
                None => Some((vec![key.clone()], expected.clone(), None)),
            }),
        (Value::Array(expected), Value::Array(own)) if expected.len() == own.len() => {
            let pairs = expected.iter().zip(own).enumerate();
            let mut found =
                pairs.map(|(at, (one, other))| below(&at.to_string(), misfit(one, other)));
            found.find_map(|it| it)
        }
        (Value::Number(one), Value::Number(other))
            if equal(&one.to_string(), &other.to_string()) =>
        {
            None
        }
        (Value::String(text), Value::Object(_)) => {
            let name = secret_name(came).map(|name| format!("{{{{secrets.{name}}}}}"));
            let fits = name.as_ref() == Some(text);
            (!fits).then(|| (Vec::new(), expected.clone(), Some(came.clone())))
        }
        _ => (expected != came).then(|| (Vec::new(), expected.clone(), Some(came.clone()))),
    }
}

fn below(key: &str, misfit: Option<Misfit>) -> Option<Misfit> {
    misfit.map(|(mut path, expected, came)| {
        path.insert(0, key.to_owned());
        (path, expected, came)
    })
}

/// Whether two decimals are the same number: `10.0` is `10`.
fn equal(one: &str, other: &str) -> bool {
    let plain = |text: &str| match text.contains('.') && !text.contains(['e', 'E']) {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_expected_is_a_part_of_what_came() {
        let came = json!({ "to": "a@b", "amount": 10.0, "rows": [{ "sku": "7", "n": 1 }], "password": { "$secret": "shop" } });
        let path = |expected: Value| misfit(&expected, &came).map(|(path, ..)| path.join("."));
        assert_eq!(
            path(json!({ "to": "a@b", "amount": 10, "rows": [{ "sku": "7" }] })),
            None
        );
        assert_eq!(path(json!({ "password": "{{secrets.shop}}" })), None);
        assert_eq!(
            path(json!({ "password": "{{secrets.other}}" })).as_deref(),
            Some("password")
        );
        assert_eq!(
            path(json!({ "rows": [{ "sku": 7 }] })).as_deref(),
            Some("rows.0.sku")
        );
        assert_eq!(path(json!({ "rows": [] })).as_deref(), Some("rows"));
        assert_eq!(path(json!({ "cc": "x" })).as_deref(), Some("cc"));
    }
}
