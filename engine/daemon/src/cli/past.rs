//! What an earlier run has left, read from the daemon: every step of it, of its items and of the
//! runs that it called, with the files that they name.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use botswain_core::{
    Hash, RunId, StepId,
    plan::Version,
    run::fact::{Fact, What},
};
use serde_json::Value;

use super::outcome::Failure;
use crate::{
    client::Client,
    rehearsal::replay::{Past, PastStep, within},
    views::{RunDetail, RunView, StepState, StepView},
};

/// How many items are asked for at a time.
const PAGE: usize = 1000;

/// Files larger than this are not taken along, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

pub(super) async fn read(client: &Client, detail: &RunDetail) -> Result<Past, Failure> {
    let mut reading = Reading {
        client,
        past: Past {
            number: detail.run.id.number(),
            ..Past::default()
        },
        versions: BTreeMap::new(),
        named: BTreeSet::new(),
    };
    let mut open = vec![(detail.clone(), String::new())];
    while let Some((detail, around)) = open.pop() {
        for (run, around) in reading.take(&detail, &around).await? {
            let path = format!("/api/v1/runs/{}", run.id);
            open.push((client.get(&path).await?, around));
        }
    }
    reading.files().await?;
    Ok(reading.past)
}

struct Reading<'c> {
    client: &'c Client,
    past: Past,
    versions: BTreeMap<Hash, Arc<Version>>,
    /// The files and tables that outputs name.
    named: BTreeSet<String>,
}

impl Reading<'_> {
    /// Takes the steps of a run; gives the runs that it made, with the way to them.
    async fn take(
        &mut self,
        detail: &RunDetail,
        around: &str,
    ) -> Result<Vec<(RunView, String)>, Failure> {
        let version = self.version(&detail.run.version).await?;
        let mut below = Vec::new();
        for step in &detail.steps {
            if step.items.is_some() || step.child.is_some() {
                for run in self.made(&detail.run.id, &step.id).await? {
                    let way = within(&step.id, run.key.as_deref(), run.id.index());
                    below.push((run, format!("{around}{way}.")));
                }
            }
            let output = given(step);
            output.iter().for_each(|it| self.name(it));
            step.with.iter().for_each(|it| self.name(it));
            let left = PastStep {
                run: detail.run.id.clone(),
                step: step.id.clone(),
                version: version.clone(),
                scheduled_for: detail.run.scheduled_for,
                with: step.with.clone(),
                effect: entered(&detail.facts, &step.id),
                output,
            };
            let place = format!("{around}{}", step.id);
            self.past.steps.insert(place, left);
        }
        Ok(below)
    }

    async fn made(&self, run: &RunId, step: &StepId) -> Result<Vec<RunView>, Failure> {
        let mut all: Vec<RunView> = Vec::new();
        loop {
            let from = all.len();
            let path = format!("/api/v1/runs/{run}/items/{step}?from={from}&limit={PAGE}");
            let page: Vec<RunView> = self.client.get(&path).await?;
            let last = page.len() < PAGE;
            all.extend(page);
            if last {
                return Ok(all);
            }
        }
    }

    async fn version(&mut self, hash: &Hash) -> Result<Arc<Version>, Failure> {
        if let Some(version) = self.versions.get(hash) {
            return Ok(version.clone());
        }
        let path = format!("/api/v1/versions/{}", hash.as_str());
        let version: Version = self.client.get(&path).await?;
        let version = Arc::new(version);
        self.versions.insert(hash.clone(), version.clone());
        Ok(version)
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

    async fn files(&mut self) -> Result<(), Failure> {
        for hash in &self.named {
            let path = format!("/api/v1/artifacts/{hash}");
            let response = self.client.download(&path).await?;
            let bytes = response.bytes().await.map_err(Failure::of)?;
            if bytes.len() <= LARGEST {
                self.past.files.push(bytes.to_vec());
            }
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
fn entered(facts: &[Fact], id: &StepId) -> Option<botswain_core::Effect> {
    facts.iter().rev().find_map(|fact| match &fact.what {
        What::Entered { step, effect, .. } if step == id => Some(*effect),
        _ => None,
    })
}
