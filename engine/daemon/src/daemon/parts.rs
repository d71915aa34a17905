//! What the daemon is made of, shared by its loop, its tasks and its API.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
};

use botswain_bot::{Redactor, Roots};
use botswain_core::{
    Effect, Fault, Hash, Payload, RunId, StepId,
    engine::event::{Loaded, Return},
    evaluate::Evaluator,
    plan::Version,
    run::fact::{Fact, What},
    template::Renderer,
};
use botswain_store::{ReadError, Store};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{lines::Lines, values::Kept};
use crate::instance::{Config, ConnectionHost, Instance};

/// The version with which a run began, and later ones by hash.
pub(crate) type Versions = (Arc<Version>, Vec<(Hash, Arc<Version>)>);

pub struct Parts {
    pub instance: Instance,
    pub store: Arc<Store>,
    pub kept: Kept,
    pub renderer: Arc<Renderer>,
    pub connections: Arc<ConnectionHost>,
    pub redactor: Arc<Redactor>,
    pub lines: Arc<Lines>,
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

    /// A text as it may be written down and shown.
    pub fn masked_text(&self, text: &str) -> String {
        self.redactor.mask(text).into_owned()
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
            effect: &|bot, with| self.effect(bot, with),
            announces: &|bot| self.announces(bot),
            versions: &|hash| self.version(hash),
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
        let (version, newer) = self.versions_of(run, &facts)?;
        let mut tallies = BTreeMap::new();
        for fact in &facts {
            if let What::Opened { step, .. } | What::Called { step, .. } = &fact.what {
                let tally = self.store.tally(run, step);
                tallies.insert(step.clone(), tally.map_err(|error| error.to_string())?);
            }
        }
        Ok(Loaded {
            run: run.clone(),
            version,
            newer,
            facts,
            tallies,
        })
    }

    /// The version with which a run began, and those to which people have moved it since.
    fn versions_of(&self, run: &RunId, facts: &[Fact]) -> Result<Versions, String> {
        let Some(What::Created(created)) = facts.first().map(|fact| &fact.what) else {
            return Err(format!("there is no run {run}"));
        };
        let upgrades = facts.iter().filter_map(|fact| fact.what.upgrade());
        let version = |hash: &Hash| self.version(hash).map_err(|fault| fault.message);
        let newer = upgrades.map(|hash| Ok((hash.clone(), version(hash)?)));
        Ok((
            version(&created.version)?,
            newer.collect::<Result<_, String>>()?,
        ))
    }

    fn version(&self, hash: &Hash) -> Result<Arc<Version>, Fault> {
        let failed = |message: String| Fault::system("store.unreadable", message);
        let version = self
            .store
            .version(hash)
            .map_err(|err| failed(err.to_string()))?;
        let missing = || failed(format!("the version {} is missing", hash.short()));
        version.map(Arc::new).ok_or_else(missing)
    }

    /// How the run of a `call` ended.
    pub fn returned(&self, child: &RunId) -> Result<Return, Fault> {
        let failed = |error: ReadError| Fault::system("store.unreadable", error.to_string());
        let summary = self.store.summary(child).map_err(failed)?;
        let missing = || Fault::system("store.unreadable", format!("there is no run {child}"));
        let summary = summary.ok_or_else(missing)?;
        Ok(Return {
            child: summary.id,
            state: summary.state,
            output: summary.collected.unwrap_or(Payload::NULL),
        })
    }

    /// The runs of a step that have not ended.
    pub fn children(&self, run: &RunId, step: &StepId) -> Result<Vec<RunId>, ReadError> {
        const PAGE: usize = 500;
        let (mut open, mut from) = (Vec::new(), 0);
        loop {
            let page = self.store.items(run, step, from, PAGE)?;
            let last = page.len() < PAGE;
            from += page.len() as u64;
            let going = page.into_iter().filter(|it| !it.state.has_ended());
            open.extend(going.map(|it| it.id));
            if last {
                return Ok(open);
            }
        }
    }

    /// Whether a bot says when it is about to act.
    fn announces(&self, bot: &str) -> bool {
        self.instance.bot(bot).is_some_and(|spec| spec.announces)
    }

    /// What a bot's rendered parameters do to the world.
    fn effect(&self, bot: &str, with: &Value) -> Result<Effect, Fault> {
        match self.instance.bot(bot) {
            Some(spec) => (spec.effect)(with.clone()),
            None => Err(Fault::business(
                "bot.unknown",
                format!("this Botswain has no bot `{bot}`"),
            )),
        }
    }
}
