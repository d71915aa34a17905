//! What an earlier run has left: every step of it, of its items and of the runs that it called,
//! with the files that they name.
//!
//! In goes a run and where runs are read; the command line reads through the API, the daemon
//! what it is made of. A source that has had enough refuses the next step.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use botswain_core::{
    ArtifactRef, Effect, Hash, RunId, StepId,
    plan::Version,
    run::fact::{Fact, Resolution, What},
};
use serde_json::Value;

use super::replay::{Past, PastStep, within};
use crate::views::{RunDetail, RunView, StepState, StepView};

/// How many items are asked for at a time.
pub(crate) const PAGE: usize = 1000;

/// Where runs are read.
pub(crate) trait Source {
    type Error;

    async fn run(&self, run: &RunId) -> Result<RunDetail, Self::Error>;

    /// The runs that a step made, from this place on, at most [`PAGE`] of them.
    async fn items(&self, place: (&RunId, &StepId), from: u64)
    -> Result<Vec<RunView>, Self::Error>;

    async fn version(&self, hash: &Hash) -> Result<Version, Self::Error>;

    /// A file that a value names; none when it is too large to be taken along, or gone.
    async fn file(&self, hash: &str) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Whether there is room for one more step, which holds so much.
    fn takes(&self, _step: &PastStep) -> Result<(), Self::Error> {
        Ok(())
    }
}

pub(crate) async fn read<S: Source>(source: &S, detail: &RunDetail) -> Result<Past, S::Error> {
    let mut reading = Reading {
        source,
        past: Past {
            number: detail.run.id.number(),
            ..Past::default()
        },
        versions: BTreeMap::new(),
        named: BTreeSet::new(),
    };
    reading.past.inputs = reading.whole(detail.inputs.clone()).await?;
    let inputs = reading.past.inputs.clone();
    reading.name(&inputs);
    let mut open = reading.take(detail, "").await?;
    // One at a time: there may be many, and each holds all its facts.
    while let Some((run, around)) = open.pop() {
        let detail = source.run(&run.id).await?;
        open.extend(reading.take(&detail, &around).await?);
    }
    reading.files().await?;
    Ok(reading.past)
}

/// The version that a run follows, and those that it calls.
pub(crate) async fn pinned<S: Source>(
    source: &S,
    hash: &Hash,
) -> Result<Vec<Arc<Version>>, S::Error> {
    let (mut open, mut seen) = (vec![hash.clone()], BTreeSet::new());
    let mut versions = Vec::new();
    while let Some(hash) = open.pop() {
        if seen.insert(hash.clone()) {
            let version = source.version(&hash).await?;
            open.extend(version.calls.values().cloned());
            versions.push(Arc::new(version));
        }
    }
    Ok(versions)
}

struct Reading<'s, S> {
    source: &'s S,
    past: Past,
    versions: BTreeMap<Hash, Arc<Version>>,
    /// The files and tables that outputs name.
    named: BTreeSet<String>,
}

impl<S: Source> Reading<'_, S> {
    /// Takes the steps of a run; gives the runs that it made, with the way to them.
    async fn take(
        &mut self,
        detail: &RunDetail,
        around: &str,
    ) -> Result<Vec<(RunView, String)>, S::Error> {
        let version = self.version(&detail.run.version).await?;
        let is_corrected = is_corrected(&detail.facts);
        let mut below = Vec::new();
        for step in &detail.steps {
            if step.items.is_some() || step.child.is_some() {
                for run in self.made(&detail.run.id, &step.id).await? {
                    let way = within(&step.id, run.key.as_deref(), run.id.index());
                    below.push((run, format!("{around}{way}.")));
                }
            }
            let output = match given(step) {
                Some(output) => Some(self.whole(output).await?),
                None => None,
            };
            let with = match step.with.clone() {
                Some(with) => Some(self.whole(with).await?),
                None => None,
            };
            output.iter().for_each(|it| self.name(it));
            with.iter().for_each(|it| self.name(it));
            let left = PastStep {
                run: detail.run.id.clone(),
                step: step.id.clone(),
                version: version.clone(),
                scheduled_for: detail.run.scheduled_for,
                with,
                effect: entered(&detail.facts, &step.id),
                output,
                is_corrected,
            };
            self.source.takes(&left)?;
            let place = format!("{around}{}", step.id);
            self.past.steps.insert(place, left);
        }
        Ok(below)
    }

    async fn made(&self, run: &RunId, step: &StepId) -> Result<Vec<RunView>, S::Error> {
        let mut all: Vec<RunView> = Vec::new();
        loop {
            let page = self.source.items((run, step), all.len() as u64).await?;
            let last = page.len() < PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    async fn version(&mut self, hash: &Hash) -> Result<Arc<Version>, S::Error> {
        if let Some(version) = self.versions.get(hash) {
            return Ok(version.clone());
        }
        let version = Arc::new(self.source.version(hash).await?);
        self.versions.insert(hash.clone(), version.clone());
        Ok(version)
    }

    /// What is too long to be shown, from the file that holds it.
    async fn whole(&self, value: Value) -> Result<Value, S::Error> {
        let holds = |it: &ArtifactRef| it.name == "value.json" && it.media == "application/json";
        let Some(kept) = ArtifactRef::from_value(&value).filter(holds) else {
            return Ok(value);
        };
        let text = self.source.file(kept.hash.as_str()).await?;
        let read = text.and_then(|it| serde_json::from_slice(&it).ok());
        Ok(read.unwrap_or(value))
    }

    fn name(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let hash = map.get("$artifact").or_else(|| map.get("$table"));
                self.named
                    .extend(hash.and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| self.name(value));
            }
            Value::Array(items) => items.iter().for_each(|value| self.name(value)),
            _ => (),
        }
    }

    async fn files(&mut self) -> Result<(), S::Error> {
        for hash in &self.named {
            self.past.files.extend(self.source.file(hash).await?);
        }
        Ok(())
    }
}

/// What a step gave, if it has given anything.
fn given(step: &StepView) -> Option<Value> {
    match step.state {
        StepState::Succeeded => Some(step.output.clone().unwrap_or_default()),
        _ => None,
    }
}

/// What the step was to do to the world, when it was entered last.
fn entered(facts: &[Fact], id: &StepId) -> Option<Effect> {
    facts.iter().rev().find_map(|fact| match &fact.what {
        What::Entered { step, effect, .. } if step == id => Some(*effect),
        _ => None,
    })
}

/// Whether a person has put other data in the place of some.
fn is_corrected(facts: &[Fact]) -> bool {
    let edits = |fact: &Fact| {
        let What::Resolved { resolution, .. } = &fact.what else {
            return false;
        };
        matches!(resolution, Resolution::Edit(_))
    };
    facts.iter().any(edits)
}
