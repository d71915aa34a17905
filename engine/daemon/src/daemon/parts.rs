//! What the daemon is made of, shared by its loop, its tasks and its API.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
};

use botswain_bot::Roots;
use botswain_core::{
    Effect, Fault, Payload, RunId, StepId,
    engine::event::Loaded,
    evaluate::{Evaluator, Values},
    index::{Summary, Tally},
    plan::Version,
    run::{Run, Status, fact::What},
    template::Renderer,
};
use botswain_store::Store;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::values::Kept;
use crate::instance::{Config, ConnectionHost, Instance, Redactor};

pub struct Parts {
    pub instance: Instance,
    pub store: Store,
    pub kept: Kept,
    pub renderer: Arc<Renderer>,
    pub connections: Arc<ConnectionHost>,
    pub redactor: Arc<Redactor>,
    /// What a changed `botswain.yaml` replaces.
    pub(super) settings: RwLock<Settings>,
}

pub(super) struct Settings {
    pub(super) config: Arc<Config>,
    pub(super) roots: Arc<Roots>,
    pub(super) timezone: TimeZone,
}

impl Parts {
    pub fn config(&self) -> Arc<Config> {
        self.read(|settings| settings.config.clone())
    }

    pub fn roots(&self) -> Arc<Roots> {
        self.read(|settings| settings.roots.clone())
    }

    pub fn timezone(&self) -> TimeZone {
        self.read(|settings| settings.timezone.clone())
    }

    fn read<T>(&self, take: impl FnOnce(&Settings) -> T) -> T {
        take(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The value of a secret, known from now on to whatever masks texts.
    pub fn secret(&self, name: &str) -> Result<String, Fault> {
        let revealed = self.instance.secrets().reveal(name);
        let revealed =
            revealed.map_err(|error| Fault::business("secret.missing", error.to_string()))?;
        self.redactor.learn([revealed.value()]);
        Ok(revealed.value().to_owned())
    }

    /// A fault as it may be written down and shown.
    pub fn masked(&self, mut fault: Fault) -> Fault {
        fault.message = self.redactor.mask(&fault.message).into_owned();
        fault.hint = fault
            .hint
            .map(|hint| self.redactor.mask(&hint).into_owned());
        fault
    }

    /// Renders something; a panic on the way is a fault, so that whoever waits gets an answer.
    pub fn evaluator<T>(&self, ask: impl FnOnce(&Evaluator<'_>) -> T) -> Result<T, Fault> {
        let timezone = self.timezone();
        let evaluator = Evaluator {
            renderer: &self.renderer,
            values: &self.kept,
            effect: &effect,
            timezone: &timezone,
        };
        let asked = std::panic::catch_unwind(AssertUnwindSafe(|| ask(&evaluator)));
        asked.map_err(|_panic| {
            Fault::business(
                "template.defect",
                "the rendering met a defect of Botswain's own",
            )
        })
    }

    /// A run as it was written down, with how its items do.
    pub fn load(&self, run: &RunId) -> Result<Loaded, String> {
        let facts = self.store.facts(run).map_err(|error| error.to_string())?;
        let version = self.version_of(run, &facts)?;
        let recovered = Run::recover(run.clone(), version.clone(), &facts)
            .map_err(|error| error.to_string())?;
        let mut tallies = BTreeMap::new();
        for (step, status) in recovered.statuses() {
            if matches!(status, Status::Opened { .. }) {
                let tally = self
                    .store
                    .tally(run, step)
                    .map_err(|error| error.to_string())?;
                tallies.insert(step.clone(), tally);
            }
        }
        Ok(Loaded {
            run: run.clone(),
            version,
            facts,
            tallies,
        })
    }

    fn version_of(
        &self,
        run: &RunId,
        facts: &[botswain_core::run::fact::Fact],
    ) -> Result<Arc<Version>, String> {
        let Some(What::Created(created)) = facts.first().map(|fact| &fact.what) else {
            return Err(format!("there is no run {run}"));
        };
        let version = self
            .store
            .version(&created.version)
            .map_err(|error| error.to_string())?;
        let version = version.ok_or_else(|| {
            format!(
                "the version {} of run {run} is missing",
                created.version.short()
            )
        })?;
        Ok(Arc::new(version))
    }

    /// The output of a `for_each`: the counts, and what `collect` gathered of each item.
    pub fn gather(&self, run: &RunId, step: &StepId, tally: &Tally) -> Result<Payload, Fault> {
        const PAGE: usize = 500;
        let failed =
            |error: botswain_store::ReadError| Fault::system("store.unreadable", error.to_string());
        let mut items = Vec::new();
        loop {
            let page = self
                .store
                .items(run, step, items.len() as u64, PAGE)
                .map_err(failed)?;
            let last = page.len() < PAGE;
            for summary in page {
                items.push(self.gathered(summary)?);
            }
            if last {
                break;
            }
        }
        let items = match self.kept.keep(Value::Array(items))? {
            Payload::Inline(items) => items,
            Payload::Stored(artifact) => {
                let Value::Array(items) = self.kept.load(&artifact)? else {
                    return Ok(Payload::NULL);
                };
                self.kept.table(&items)?.to_value()
            }
        };
        self.kept.keep(json!({
            "total": tally.created(),
            "succeeded": tally.succeeded,
            "skipped": tally.skipped,
            "failed": tally.failed,
            "cancelled": tally.cancelled,
            "open": tally.active + tally.parked,
            "items": items,
        }))
    }

    fn gathered(&self, summary: Summary) -> Result<Value, Fault> {
        let mut item = Map::new();
        let index = summary.parent.map(|(_, _, index)| index);
        item.insert("index".to_owned(), json!(index));
        item.insert("key".to_owned(), json!(summary.key));
        item.insert("state".to_owned(), json!(summary.state));
        let collected = match summary.collected {
            Some(Payload::Inline(value)) => value,
            Some(Payload::Stored(artifact)) => self.kept.load(&artifact)?,
            None => Value::Null,
        };
        if let Value::Object(collected) = collected {
            item.extend(collected);
        }
        Ok(Value::Object(item))
    }
}

/// What a bot's rendered parameters do to the world.
fn effect(bot: &str, with: &Value) -> Result<Effect, Fault> {
    match botswain_bots::find(bot) {
        Some(spec) => (spec.effect)(with.clone()),
        None => Err(Fault::business(
            "bot.unknown",
            format!("this Botswain has no bot `{bot}`"),
        )),
    }
}
