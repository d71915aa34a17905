//! A run played again against its recording: nothing outside is asked, nothing is kept.
//!
//! In goes a run that has ended or waits for people, and by which version it is played;
//! out comes what each step would do now and what differs from then. One is played at a
//! time, within bounds of time and memory: a recording that is larger is refused, a play
//! that goes on is cut off and says so. The command line plays without bounds.

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Json, extract::State, http::StatusCode};
use botswain_core::{
    Hash, RunId, StepId,
    index::{Change, State as RunState},
    plan::Version,
};
use botswain_views::{
    LineView, ReplayChange, ReplayDid, ReplayRequest, ReplayStep, ReplayVersion, ReplayView,
};
use indexmap::IndexMap;
use serde_json::Value;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::{
    Problem,
    extract::{JsonBody, Path},
    routes::{self, Answer},
};
use crate::{
    daemon::{Handle, Parts},
    desk::{self, Refusal},
    rehearsal::{
        dry::{self, Bounds, Did, Scene, Script, Showing},
        past::{self, PAGE, Source},
        replay::{self, Past, PastStep, SentChange},
    },
    views::{RunDetail, RunView},
    workflows,
};

/// One at a time: it takes a processor and much memory.
static PLACE: Semaphore = Semaphore::const_new(1);

/// How long one waits for another.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long it takes, reading the recording among it: the answer is due within a minute.
const LONGEST: Duration = Duration::from_secs(20);

/// How many steps a recording may have, and what they and their files may hold, in bytes.
const STEPS: usize = 10_000;
const HELD: usize = 32 * 1024 * 1024;
const FILES: usize = 64 * 1024 * 1024;

/// How far it is played.
const EVENTS: usize = 100_000;
const SCENES: usize = 5_000;

/// How much of one text is told, in characters, and how many lines of what differs.
const TEXT: usize = 16 * 1024;
const LINES: usize = 500;

pub(crate) async fn replay(
    State(handle): State<Handle>,
    Path(run): Path<RunId>,
    JsonBody(request): JsonBody<ReplayRequest>,
) -> Answer<ReplayView> {
    if run.parent().is_some() {
        let title = format!("run {run} is a part of a run");
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "replay.part", title);
        return Err(problem.detail(format!("replay the one that was started: {}", run.number())));
    }
    let Json(detail) = routes::run(State(handle.clone()), Path(run)).await?;
    if !is_at_rest(detail.run.state) {
        let title = format!("run {} is at work", detail.run.id);
        let problem = Problem::new(StatusCode::CONFLICT, "replay.running", title);
        return Err(problem.detail("it is replayed when it has ended or waits for a person"));
    }
    let place = place().await?;
    let parts = handle.parts.clone();
    let played = tokio::task::spawn_blocking(move || {
        // Whoever asked may go away: the next one waits for the end of this all the same.
        let _place = place;
        play(&parts, &detail, request.version)
    });
    let (mut view, hash) = played.await.map_err(Problem::internal)??;
    let taken = handle.history.of(&view.workflow);
    view.number = taken.iter().rfind(|it| it.hash == hash).map(|it| it.number);
    Ok(Json(view))
}

/// What is written down of it is all that there is for now.
fn is_at_rest(state: RunState) -> bool {
    state.has_ended() || state == RunState::Parked
}

async fn place() -> Result<SemaphorePermit<'static>, Problem> {
    let busy = |_| {
        let title = "another run is replayed at this moment";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "replay.busy", title).detail("ask again soon")
    };
    let got = timeout(PATIENCE, PLACE.acquire()).await.map_err(busy)?;
    got.map_err(Problem::internal)
}

/// Off the runtime's own threads: a play waits for its bots.
fn play(
    parts: &Parts,
    detail: &RunDetail,
    version: ReplayVersion,
) -> Result<(ReplayView, Hash), Problem> {
    let recording = Recording {
        parts,
        run: &detail.run.id,
        until: Instant::now() + LONGEST,
        steps: Cell::new(0),
        held: Cell::new(0),
        files: Cell::new(0),
    };
    let runtime = tokio::runtime::Handle::current();
    let past = runtime.block_on(past::read(&recording, detail))?;
    let workflow = &detail.run.workflow;
    let versions = match version {
        ReplayVersion::Current => current(parts, workflow)?,
        ReplayVersion::Pinned => runtime.block_on(past::pinned(&recording, &detail.run.version))?,
    };
    let hash = versions.iter().find(|it| it.plan.name == *workflow);
    let hash = hash.map(|it| it.hash()).ok_or_else(|| gone(workflow))?;
    let script = Script {
        workflow: workflow.clone(),
        inputs: inputs(&past.inputs),
        mappings: mappings(parts)?,
        past: Some(past),
        now: detail.run.scheduled_for,
        bounds: Some(Bounds {
            until: recording.until,
            events: EVENTS,
            scenes: SCENES,
            bytes: HELD,
        }),
    };
    let config = parts.config().as_ref().clone();
    let showing = dry::show(&parts.instance, config, &versions, &script);
    let showing = showing.map_err(|error| unplayed(&error.to_string()))?;
    let past = script.past.unwrap_or_default();
    Ok((view(detail, version, (&past, showing)), hash))
}

fn inputs(inputs: &Value) -> IndexMap<String, Value> {
    let given = inputs.as_object().into_iter().flatten();
    given.map(|(name, it)| (name.clone(), it.clone())).collect()
}

/// What people have had remembered until today.
fn mappings(parts: &Parts) -> Result<Vec<Change>, Problem> {
    let found = parts.store.mappings(None)?.into_iter();
    let changes = found.map(|it| Change::Mapping {
        table: it.table,
        from: it.from,
        after: Some(it.mapping),
    });
    Ok(changes.collect())
}

/// The file as it is now, with what it calls.
fn current(parts: &Parts, workflow: &str) -> Result<Vec<Arc<Version>>, Problem> {
    let unread = |error: workflows::Error| Problem::from(Refusal::Files(error));
    let file = parts.instance.workflow_file(workflow);
    let file = file.map_err(Problem::internal)?;
    let file = file.ok_or_else(|| gone(workflow))?;
    let checked = workflows::check_files(&parts.instance, &[file]).map_err(unread)?;
    let mut found = checked.diagnostics.iter().map(desk::finding);
    match found.find(|it| it.is_mistake) {
        None => Ok(checked.versions),
        Some(first) => {
            let title = format!("`{workflow}` is not played as long as its files have mistakes");
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let problem = Problem::new(status, "workflow.mistakes", title);
            Err(problem.detail(format!("line {}: {}", first.line, first.message)))
        }
    }
}

fn gone(workflow: &str) -> Problem {
    Problem::not_found(format!("there is no workflow `{workflow}` any more"))
        .detail("it can be replayed by the version that the run follows")
}

fn unplayed(why: &str) -> Problem {
    let title = format!("it cannot be played: {why}");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "replay.unplayed", title)
        .detail("an input may be another than then; see the inputs of the workflow")
}

/// What the daemon remembers of a run, as far as it is to be held in memory.
struct Recording<'p> {
    parts: &'p Parts,
    /// The one that is replayed.
    run: &'p RunId,
    until: Instant,
    steps: Cell<usize>,
    held: Cell<usize>,
    files: Cell<usize>,
}

impl Recording<'_> {
    /// Counts so much more; refuses what is too much.
    fn holds(&self, count: &Cell<usize>, more: usize, most: usize) -> Result<(), Problem> {
        count.set(count.get() + more);
        match count.get() <= most && Instant::now() < self.until {
            true => Ok(()),
            false => Err(self.large()),
        }
    }

    fn large(&self) -> Problem {
        let title = format!("run {} has done too much to be replayed here", self.run);
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "replay.large", title)
            .detail(format!("`botswain run --replay {}` has no limit", self.run))
    }
}

impl Source for Recording<'_> {
    type Error = Problem;

    async fn run(&self, run: &RunId) -> Result<RunDetail, Problem> {
        self.holds(&self.steps, 0, STEPS)?;
        let detail = self.parts.run_detail(run)?;
        detail.ok_or_else(|| Problem::not_found(format!("there is no run {run}")))
    }

    async fn items(
        &self,
        (run, step): (&RunId, &StepId),
        from: u64,
    ) -> Result<Vec<RunView>, Problem> {
        if from as usize > STEPS {
            return Err(self.large());
        }
        Ok(self.parts.items(run, step, from, PAGE)?)
    }

    async fn version(&self, hash: &Hash) -> Result<Version, Problem> {
        let missing = || Problem::not_found(format!("there is no version {}", hash.short()));
        self.parts.store.version(hash)?.ok_or_else(missing)
    }

    async fn file(&self, hash: &str) -> Result<Option<Vec<u8>>, Problem> {
        let Ok(hash) = Hash::try_from(hash.to_owned()) else {
            return Ok(None);
        };
        // Without a file that is gone, the step that reads it says so.
        let Ok(mut file) = self.parts.kept.0.open_hash(&hash) else {
            return Ok(None);
        };
        let size = file.metadata().map_err(Problem::internal)?.len();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.holds(&self.files, size.min(FILES + 1), FILES)?;
        let mut bytes = Vec::with_capacity(size);
        let read = std::io::Read::read_to_end(&mut file, &mut bytes);
        read.map_err(Problem::internal)?;
        Ok(Some(bytes))
    }

    fn takes(&self, step: &PastStep) -> Result<(), Problem> {
        let size = |value: &Option<Value>| value.as_ref().map_or(0, |it| it.to_string().len());
        self.holds(&self.steps, 1, STEPS)?;
        self.holds(&self.held, size(&step.with) + size(&step.output), HELD)
    }
}

fn view(
    detail: &RunDetail,
    version: ReplayVersion,
    (past, showing): (&Past, Showing),
) -> ReplayView {
    let sent = showing.changes.into_iter().flatten();
    let mut changes: BTreeMap<String, (SentChange, Vec<LineView>)> = sent
        .chain(showing.asked)
        .map(|it| (it.place, (it.change, it.lines)))
        .collect();
    let mut steps: Vec<ReplayStep> = Vec::new();
    for scene in &showing.steps {
        let change = changes.remove(&scene.place);
        steps.push(step(scene, past, change));
    }
    // Where it was cut off, what does not come might have come yet.
    let left = changes.into_iter().filter(|_| showing.is_whole);
    steps.extend(left.filter_map(|(place, (_, lines))| gone_step(place, past, lines)));
    ReplayView {
        run: detail.run.id.clone(),
        workflow: showing.workflow,
        version,
        number: None,
        then: detail.run.state,
        now: showing.state,
        steps,
        waits: showing.waits,
        is_whole: showing.is_whole,
    }
}

fn step(scene: &Scene, past: &Past, change: Option<(SentChange, Vec<LineView>)>) -> ReplayStep {
    let then = past.steps.get(&scene.place);
    let (change, lines) = match change {
        Some((SentChange::Different, lines)) => (ReplayChange::Different, lines),
        // All of it is new: the text says it.
        Some((SentChange::New, _)) => (ReplayChange::New, Vec::new()),
        Some((SentChange::Gone, lines)) => (ReplayChange::Gone, lines),
        None => (ReplayChange::Same, Vec::new()),
    };
    ReplayStep {
        place: scene.place.clone(),
        step: scene.step.clone(),
        bot: scene.bot.clone(),
        connection: scene.connection.clone(),
        did: match scene.did {
            Did::Read => ReplayDid::Read,
            Did::Recorded => ReplayDid::Recorded,
            Did::Shown => ReplayDid::Shown,
            Did::Asked => ReplayDid::Asked,
        },
        change,
        is_corrected: then.is_some_and(|it| it.is_corrected),
        text: short(match &scene.with {
            Value::String(question) => question.clone(),
            with => replay::text(scene.preview.as_ref(), with),
        }),
        lines: few(lines),
    }
}

/// One that the run had sent, and that does not come any more.
fn gone_step(place: String, past: &Past, lines: Vec<LineView>) -> Option<ReplayStep> {
    let then = past.steps.get(&place)?;
    let call = match &then.version.plan.step(&then.step)?.kind {
        botswain_core::plan::Kind::Bot(call) => Some(call),
        _ => None,
    };
    Some(ReplayStep {
        step: then.step.clone(),
        bot: call.map(|it| it.bot.clone()),
        connection: call.and_then(|it| it.connection.clone()),
        did: ReplayDid::Nothing,
        change: ReplayChange::Gone,
        is_corrected: then.is_corrected,
        text: String::new(),
        lines: few(lines),
        place,
    })
}

fn few(mut lines: Vec<LineView>) -> Vec<LineView> {
    lines.truncate(LINES);
    for line in &mut lines {
        line.text = short(std::mem::take(&mut line.text));
    }
    lines
}

fn short(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}
