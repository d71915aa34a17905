//! A run that is shown and not done: reads take place, effects are put into words.
//!
//! In go a workflow, its inputs and, for a replay, what an earlier run has left;
//! out come the steps in the order in which they came, each with what it read
//! or would have done. Where an output is needed that only the world could give,
//! something recognisable stands for it ([`super::placeholder`]).

use std::{path::PathBuf, sync::Arc, time::Instant};

use botswain_bot::Preview;
use botswain_core::{
    Effect, Fault, Payload, RunId, StepId,
    engine::event::{Call, Start},
    evaluate::{Values, complete_inputs},
    index::{Change, Exception, ExceptionCategory, State},
    plan::Version,
    run::fact::Resolution,
};
use botswain_store::Artifacts;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{
    cast::{Cast, Coming, Decision},
    compare::{Outcome, Seen, described},
    driver::{Driver, write},
    placeholder::{self, Style},
    played,
    replay::{self, Past, Sent, place},
    stage::{Stage, masked},
    suite::Error,
};
use crate::{
    daemon::memory::{self, Ground},
    instance::{Config, Instance},
};

/// Who approves where nobody is asked.
const NOBODY: &str = "nobody (dry run)";

/// How long a play may go on, and how much may come of it.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub until: Instant,
    /// Of the engine: a run of one step takes some ten of them.
    pub events: usize,
    pub scenes: usize,
    /// Of the texts of the scenes.
    pub bytes: usize,
}

/// What is to be shown.
pub struct Script {
    pub workflow: String,
    pub inputs: IndexMap<String, Value>,
    /// The corrections that people have remembered.
    pub mappings: Vec<Change>,
    /// The run from which reads are taken.
    pub past: Option<Past>,
    /// The logical time of the run.
    pub now: Timestamp,
    /// None where somebody waits for it who can end it.
    pub bounds: Option<Bounds>,
}

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// It has read.
    Read,
    /// What the earlier run was given was taken.
    Recorded,
    /// It would act, and has not.
    Shown,
    /// A person would be asked.
    Asked,
}

/// One step, as it came.
#[derive(Clone, Debug, Serialize)]
pub struct Scene {
    pub run: RunId,
    pub step: StepId,
    /// The key of the item, or its place.
    pub item: Option<String>,
    /// The bot; nothing where a person is asked.
    pub bot: Option<String>,
    pub connection: Option<String>,
    pub did: Did,
    /// The rendered parameters, without secrets; of a question its words.
    pub with: Value,
    pub preview: Option<Preview>,
    /// Where it is, the same in another run of the workflow.
    #[serde(skip)]
    pub place: String,
    #[serde(skip)]
    pub(super) effect: Effect,
}

/// How it came out.
#[derive(Clone, Debug, Serialize)]
pub struct Showing {
    pub workflow: String,
    pub state: State,
    pub steps: Vec<Scene>,
    /// What would wait for a person.
    pub waits: Vec<String>,
    /// What would have been sent then and now, against the earlier run.
    pub changes: Option<Vec<Sent>>,
    /// What would be asked otherwise than then, where the answer of then was taken.
    #[serde(skip)]
    pub asked: Vec<Sent>,
    /// It was played to its end, and not cut off at its bounds.
    #[serde(skip)]
    pub is_whole: bool,
}

/// Shows a run. Its reads are done by the instance's own connections, which are closed again.
pub fn show(
    instance: &Instance,
    config: Config,
    versions: &[Arc<Version>],
    script: &Script,
) -> Result<Showing, Error> {
    let folder = tempfile::tempdir()?;
    let ground = Ground {
        instance: instance.clone(),
        config,
        artifacts: Artifacts::open_folder(&folder.path().join("artifacts"))?,
        scratch: scratch(folder.path())?,
    };
    let parts = memory::parts(&ground).map_err(|error| Error::Play(error.to_string()))?;
    // What a server echoes is read too, and a replay opens no connection that would tell of them.
    if let Ok(secrets) = instance.secrets().reveal_all() {
        let values = secrets.iter().map(|secret| secret.value());
        parts.redactor.learn(values);
    }
    let stage = Stage {
        parts,
        runtime: tokio::runtime::Handle::current(),
    };
    let shown = play(&stage, versions, script);
    stage.runtime.block_on(stage.parts.connections.shutdown());
    shown.map_err(Error::Play)
}

fn scratch(folder: &std::path::Path) -> std::io::Result<PathBuf> {
    let scratch = folder.join("scratch");
    std::fs::create_dir(&scratch)?;
    Ok(scratch)
}

fn play(stage: &Stage, versions: &[Arc<Version>], script: &Script) -> Result<Showing, String> {
    let words = |fault: Fault| fault.message;
    let missing = || format!("there is no workflow `{}`", script.workflow);
    let versions = &played::of(&script.workflow, versions).ok_or_else(missing)?[..];
    let version = versions.iter().find(|it| it.plan.name == script.workflow);
    let version = version.ok_or_else(missing)?;
    let inputs = complete_inputs(&version.plan, script.inputs.clone()).map_err(words)?;
    write(stage, script.mappings.clone())?;
    let past = script.past.as_ref();
    for file in past.into_iter().flat_map(|past| &past.files) {
        let kept = stage
            .parts
            .kept
            .0
            .put("recorded", "application/octet-stream", file);
        kept.map_err(|error| error.to_string())?;
    }
    let start = Start {
        request: 0,
        workflow: script.workflow.clone(),
        inputs: stage.parts.kept.keep(inputs).map_err(words)?,
        key: None,
        holder: None,
        by: NOBODY.to_owned(),
    };
    let mut dry = Dry {
        past,
        scenes: IndexMap::new(),
        bounds: script.bounds,
        spent: Spent::default(),
    };
    // The same number gives the same texts, where a text names its run.
    let before = past.map_or(0, |past| past.number.saturating_sub(1));
    let driver = Driver::numbered(stage, &mut dry, versions, (script.now, before))?;
    let runs = driver.play(start)?;
    let root = runs.first().ok_or("the run did not begin")?.clone();
    let is_whole = !dry.has_enough();
    let steps: Vec<Scene> = dry.scenes.into_values().collect();
    let changes = past.map(|past| replay::compare(stage, past, &steps));
    let asked = past.map(|past| replay::asked(stage, past, &steps));
    let exceptions = stage.parts.store.exceptions(None, 10_000);
    let outcome = Outcome {
        stage,
        root,
        runs: runs
            .iter()
            .filter_map(|run| stage.summary(run))
            .map(Seen::new)
            .collect(),
        exceptions: exceptions.map_err(|error| error.to_string())?,
        previews: Default::default(),
    };
    Ok(Showing {
        workflow: script.workflow.clone(),
        state: outcome.state()?,
        waits: outcome.exceptions.iter().map(described).collect(),
        steps,
        changes,
        asked: asked.unwrap_or_default(),
        is_whole,
    })
}

/// Reads for real, and shows the rest.
struct Dry<'p> {
    past: Option<&'p Past>,
    /// By run, step and whether the world is asked: of several attempts the last one.
    scenes: IndexMap<(RunId, StepId, bool), Scene>,
    bounds: Option<Bounds>,
    spent: Spent,
}

/// What has come of it so far.
#[derive(Default)]
struct Spent {
    events: usize,
    bytes: usize,
}

impl Dry<'_> {
    /// What the earlier run was given here.
    fn recorded(&self, call: &Call, stage: &Stage) -> Option<Value> {
        let past = self.past.filter(|_| !call.verifies)?;
        past.steps
            .get(&place(&call.run, &call.step, stage))?
            .output
            .clone()
    }

    fn scene(&mut self, call: &Call, did: Did, preview: Option<Preview>, stage: &Stage) {
        let redactor = &stage.parts.redactor;
        let with = stage.with(call).map(masked).unwrap_or_default();
        let with = redactor.mask_value(&with);
        let preview = preview.map(|it| Preview {
            text: redactor.mask(&it.text).into_owned(),
            ..it
        });
        let key = (call.run.clone(), call.step.clone(), call.verifies);
        if self.bounds.is_some() {
            let shown = preview.as_ref().map_or(0, |it| it.text.len());
            self.spent.bytes += shown + with.to_string().len();
        }
        self.scenes.insert(
            key,
            Scene {
                item: item(&call.run, stage),
                place: place(&call.run, &call.step, stage),
                run: call.run.clone(),
                step: call.step.clone(),
                bot: Some(call.bot.clone()),
                connection: call.connection.clone(),
                did,
                with,
                preview,
                effect: call.effect,
            },
        );
    }

    fn acts(&mut self, call: &Call, stage: &Stage) -> Result<Payload, Fault> {
        let preview = stage.preview(call);
        let shown = preview.as_ref().ok().cloned().flatten();
        self.scene(call, Did::Shown, shown, stage);
        // What the bot refuses by itself it would refuse then too.
        preview?;
        let output = match self.recorded(call, stage) {
            Some(output) => output,
            None => unknown(call, stage)?,
        };
        stage.parts.kept.keep(output)
    }
}

/// What stands for the output of a step that was not done.
fn unknown(call: &Call, stage: &Stage) -> Result<Value, Fault> {
    let Some(bot) = stage.parts.instance.bot(&call.bot) else {
        return Ok(Value::Null);
    };
    let file = |name: &str| {
        let text = format!("‹{name}›");
        let kept = stage
            .parts
            .kept
            .0
            .put(&format!("{name}.txt"), "text/plain", text.as_bytes());
        let kept = kept.map_err(|error| Fault::system("artifact.store", error.to_string()))?;
        Ok(kept.to_value())
    };
    let style = Style {
        text: &|name| format!("‹{name}›"),
        file: &file,
    };
    let schema = (bot.output)(&super::mocks::written(call).unwrap_or_default());
    placeholder::of(&schema, call.step.as_str(), &style)
}

/// The item that a run is, as people name it.
fn item(run: &RunId, stage: &Stage) -> Option<String> {
    let summary = stage.summary(run)?;
    let place = summary.parent.map(|(_, _, place)| place.to_string());
    summary.key.or(place)
}

impl Cast for Dry<'_> {
    fn attempt(
        &mut self,
        call: &Call,
        stage: &Stage,
    ) -> Option<Coming<Result<Payload, Box<Fault>>>> {
        let now = |what: Result<Payload, Fault>| {
            let what = what.map_err(Box::new);
            Some(Coming { delay: 0, what })
        };
        if call.effect != Effect::None {
            return now(self.acts(call, stage));
        }
        if let Some(output) = self.recorded(call, stage) {
            self.scene(call, Did::Recorded, None, stage);
            return now(stage.parts.kept.keep(output));
        }
        let with = stage.with(call).unwrap_or_default();
        let bot = stage.parts.instance.bot(&call.bot);
        let is_local = bot.is_some_and(|bot| bot.is_local(&with));
        // A replay asks nobody outside.
        if self.past.is_some() && !is_local {
            return now(self.acts(call, stage));
        }
        self.scene(call, Did::Read, None, stage);
        let until = self.bounds?.until;
        let what = stage.perform_until(call, until);
        Some(Coming { delay: 0, what })
    }

    fn called(
        &mut self,
        _version: &Version,
        _place: (&RunId, &StepId),
        _stage: &Stage,
    ) -> Option<Coming<Result<Value, Box<Fault>>>> {
        None
    }

    fn decision(&mut self, exception: &Exception, stage: &Stage) -> Option<Coming<Decision>> {
        if exception.category != ExceptionCategory::Approval {
            return None;
        }
        let place = place(&exception.run, &exception.step, stage);
        let was = self.past.map(|past| past.steps.get(&place));
        let key = (exception.run.clone(), exception.step.clone(), false);
        self.scenes.insert(
            key,
            Scene {
                run: exception.run.clone(),
                step: exception.step.clone(),
                item: item(&exception.run, stage),
                bot: None,
                connection: None,
                did: Did::Asked,
                with: exception.fault.message.clone().into(),
                preview: None,
                place,
                effect: Effect::None,
            },
        );
        // What nobody has approved then waits now too.
        if was.is_some_and(|was| was.is_none_or(|step| step.output.is_none())) {
            return None;
        }
        let what = Decision {
            resolution: Resolution::Approve,
            by: NOBODY.to_owned(),
            note: None,
        };
        Some(Coming { delay: 0, what })
    }

    fn has_enough(&mut self) -> bool {
        let Some(bounds) = self.bounds else {
            return false;
        };
        self.spent.events += 1;
        self.spent.events > bounds.events
            || self.scenes.len() > bounds.scenes
            || self.spent.bytes > bounds.bytes
            || Instant::now() >= bounds.until
    }
}
