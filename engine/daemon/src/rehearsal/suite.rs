//! All tests of an instance, played one after the other on every processor.
//!
//! In go the tests that the check has found; out comes what is wrong with each.
//! Nothing is left behind but the snapshots that were asked to be written.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use botswain_bot::PreviewKind;
use botswain_core::{
    Fault,
    engine::event::Start,
    evaluate::{Values, complete_inputs},
    index::{Change, Mapping},
    plan::{InputKind, Version},
    testing::{Mock, Place, Test},
};
use botswain_store::Artifacts;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde::Serialize;
use serde_json::Value;

pub use super::compare::Problem;
use super::{
    compare::{Outcome, Seen, described},
    driver::Driver,
    mocks::Mocks,
    played,
    snapshots::{self, Compared},
    stage::Stage,
};
use crate::{
    daemon::memory::{self, Ground},
    instance::{Config, Instance},
};

/// A Monday morning that never changes, for tests that say nothing.
const NOW: civil::DateTime = civil::datetime(2026, 1, 5, 9, 0, 0, 0);

/// What the tests are played with.
pub struct Suite {
    ground: Ground,
    /// The versions that are tested, each with those that it calls.
    versions: BTreeMap<String, Vec<Arc<Version>>>,
    runtime: tokio::runtime::Handle,
    /// Snapshots are written instead of compared.
    update: bool,
    /// Holds what steps leave, until all is over.
    _folder: tempfile::TempDir,
}

/// What is wrong with a test: nothing when it passed.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    pub name: String,
    pub workflow: String,
    pub file: String,
    pub line: usize,
    pub problems: Vec<Problem>,
    /// What is odd, and keeps no test from passing.
    pub warnings: Vec<Problem>,
    /// The exceptions that waited in the end, for whoever wonders why.
    pub waited: Vec<String>,
    /// The snapshots that were written.
    pub updated: Vec<PathBuf>,
    #[serde(skip)]
    pub took: Duration,
}

/// Why nothing can be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Artifacts(#[from] botswain_store::artifacts::Error),
    #[error("there is no folder for what steps leave: {0}")]
    Folder(#[from] std::io::Error),
    #[error("{0}")]
    Play(String),
}

impl Verdict {
    pub fn has_passed(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Suite {
    pub fn new(
        instance: &Instance,
        config: Config,
        versions: &[Arc<Version>],
        update: bool,
    ) -> Result<Suite, Error> {
        let folder = tempfile::tempdir()?;
        let ground = Ground {
            instance: instance.clone(),
            config,
            artifacts: Artifacts::open_folder(&folder.path().join("artifacts"))?,
            scratch: folder.path().join("scratch"),
        };
        let names = versions.iter().map(|version| &version.plan.name);
        let versions = names.filter_map(|name| Some((name.clone(), played::of(name, versions)?)));
        Ok(Suite {
            ground,
            versions: versions.collect(),
            runtime: tokio::runtime::Handle::current(),
            update,
            _folder: folder,
        })
    }

    /// Plays all of them; the verdicts are in the order of the tests.
    pub fn play(&self, tests: &[Test]) -> Vec<Verdict> {
        let next = AtomicUsize::new(0);
        let verdicts = Mutex::new(vec![None; tests.len()]);
        let work = || {
            while let Some((place, test)) = {
                let place = next.fetch_add(1, Ordering::Relaxed);
                tests.get(place).map(|test| (place, test))
            } {
                let verdict = self.play_one(test);
                let mut all = verdicts.lock().unwrap_or_else(PoisonError::into_inner);
                all[place] = Some(verdict);
            }
        };
        let hands = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..hands {
                scope.spawn(work);
            }
        });
        let all = verdicts
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        all.into_iter().flatten().collect()
    }

    fn play_one(&self, test: &Test) -> Verdict {
        let begun = Instant::now();
        let mut verdict = Verdict {
            name: test.name.clone(),
            workflow: test.workflow.clone(),
            file: test.file.clone(),
            line: test.line,
            problems: Vec::new(),
            warnings: Vec::new(),
            waited: Vec::new(),
            updated: Vec::new(),
            took: Duration::ZERO,
        };
        if let Err(reason) = self.judge(test, &mut verdict) {
            verdict.problems.push(Problem::new("the test", reason));
        }
        verdict.took = begun.elapsed();
        verdict
    }

    fn judge(&self, test: &Test, verdict: &mut Verdict) -> Result<(), String> {
        let parts = memory::parts(&self.ground).map_err(|error| error.to_string())?;
        let stage = Stage {
            parts,
            runtime: self.runtime.clone(),
        };
        let mut mocks = Mocks::of(test);
        let now = moment(test.now.as_deref(), &stage.parts.timezone())?;
        remember(&stage, test, now)?;
        let versions = self.versions.get(&test.workflow);
        let versions = versions.ok_or("the workflow has mistakes")?;
        let start = self.start(test, versions, &stage)?;
        let driver = Driver::new(&stage, &mut mocks, versions, now)?;
        let runs = driver.play(start)?;
        let summaries = runs.iter().filter_map(|run| stage.summary(run));
        let summaries: Vec<_> = summaries.collect();
        let root = runs.first().ok_or("the run did not begin")?.clone();
        let exceptions = stage.parts.store.exceptions(None, 10_000);
        for missing in &mocks.missing {
            let what = format!("mocks: {}", missing.step);
            let message = format!("nothing answers for `{}` ({})", missing.step, missing.who);
            let problem = Problem::new(what, message);
            let hint = format!("add under `mocks:`\n  {}", missing.mock);
            verdict.problems.push(problem.hint(hint));
        }
        // What follows from an answer that nobody gave means nothing.
        let is_complete = mocks.missing.is_empty() && mocks.unread.is_empty();
        for (step, why) in &mocks.unread {
            let problem = Problem::new(format!("mocks: {step}"), why.as_str());
            let hint = "it is looked for beside the test's file, then in the instance";
            verdict.problems.push(problem.hint(hint));
        }
        if is_complete {
            let unused = mocks.unused(&summaries);
            verdict
                .warnings
                .extend(unused.into_iter().map(|it| idle(test, it)));
        }
        for (step, item) in mocks.unknown_items(&summaries) {
            let message = format!("there was no item `{item}`");
            let what = format!("mocks: {step}");
            verdict.problems.push(Problem::new(what, message));
        }
        let outcome = Outcome {
            stage: &stage,
            root,
            runs: summaries.into_iter().map(Seen::new).collect(),
            exceptions: exceptions.map_err(|error| error.to_string())?,
            previews: mocks.previews,
        };
        if is_complete {
            verdict.waited = outcome.exceptions.iter().map(described).collect();
            verdict.problems.extend(outcome.problems(test)?);
            self.snapshots(test, &outcome, verdict)?;
        }
        Ok(())
    }

    fn start(
        &self,
        test: &Test,
        versions: &[Arc<Version>],
        stage: &Stage,
    ) -> Result<Start, String> {
        let version = versions.iter().find(|it| it.plan.name == test.workflow);
        let version = version.ok_or("the workflow has mistakes")?;
        let mut given = test.inputs.clone();
        for (name, value) in &mut given {
            let is_file = version.plan.inputs.get(name);
            if is_file.is_some_and(|input| input.kind == InputKind::File) {
                self.beside(test, value);
            }
        }
        let inputs = complete_inputs(&version.plan, given).map_err(words)?;
        Ok(Start {
            request: 0,
            workflow: test.workflow.clone(),
            inputs: stage.parts.kept.keep(inputs).map_err(words)?,
            key: None,
            holder: None,
            by: "botswain test".to_owned(),
        })
    }

    /// A file beside the workflow comes before one in the instance.
    fn beside(&self, test: &Test, value: &mut Value) {
        let folder = Path::new(&test.file)
            .parent()
            .unwrap_or_else(|| Path::new(""));
        let Some(path) = value.as_str().map(|path| folder.join(path)) else {
            return;
        };
        if self.ground.instance.folder().join(&path).exists() {
            *value = path.to_string_lossy().into();
        }
    }

    fn snapshots(
        &self,
        test: &Test,
        outcome: &Outcome<'_>,
        verdict: &mut Verdict,
    ) -> Result<(), String> {
        let mails = test.expect.mails.iter();
        let mails = mails.map(|place| ("mails", place, PreviewKind::Mail));
        let documents = test.expect.documents.iter();
        let documents = documents.map(|place| ("documents", place, PreviewKind::File));
        for (what, place, kind) in mails.chain(documents) {
            let what = format!("{what}: {place}");
            let made = outcome.made(test, place, kind)?;
            match self.compared(test, (place, kind), &made)? {
                Compared::Same => (),
                Compared::Updated => verdict.updated.push(snapshots::path(test, place)),
                Compared::Differs(file, difference) if file.as_os_str().is_empty() => {
                    verdict.problems.push(Problem::new(what, difference));
                }
                Compared::Differs(file, difference) => {
                    verdict.problems.push(told(what, &file, difference));
                }
            }
        }
        Ok(())
    }

    fn compared(
        &self,
        test: &Test,
        (place, kind): (&Place, PreviewKind),
        made: &[String],
    ) -> Result<Compared, String> {
        if made.is_empty() {
            let thing = match kind {
                PreviewKind::Mail => "mail",
                PreviewKind::File | PreviewKind::Request => "document",
            };
            let message = format!("`{place}` has made no {thing}");
            return Ok(Compared::Differs(PathBuf::new(), message));
        }
        let text = made.join("\n----\n");
        let folder = self.ground.instance.folder();
        let file = snapshots::path(test, place);
        let compared = snapshots::compare(folder, file.clone(), &text, self.update);
        compared.map_err(|error| format!("`{}`: {error}", file.display()))
    }
}

/// A mock that nobody asked.
fn idle(test: &Test, mock: &Mock) -> Problem {
    let verify = if mock.verifies { ".verify" } else { "" };
    let item = mock.item.as_ref().map(|item| format!("@{item}"));
    let what = format!("mocks: {}{verify}{}", mock.step, item.unwrap_or_default());
    let message = format!("nothing asked for it ({}:{})", test.file, mock.line);
    Problem::new(what, message).hint("take it out, or see why the run did not come to the step")
}

/// A snapshot that is not as what came, or not there.
fn told(what: String, file: &Path, difference: String) -> Problem {
    let hint = "`botswain test --update` writes it; look at it before you keep it";
    let file = file.display();
    match difference.is_empty() {
        true => Problem::new(what, format!("there is no `{file}` yet")).hint(hint),
        false => Problem {
            difference: Some(difference),
            ..Problem::new(what, format!("is not as in `{file}`")).hint(hint)
        },
    }
}

fn words(fault: Fault) -> String {
    fault.message
}

/// The time of a run.
fn moment(now: Option<&str>, zone: &TimeZone) -> Result<Timestamp, String> {
    let Some(text) = now else {
        return local(NOW, zone);
    };
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let read = text.parse::<civil::DateTime>();
    local(read.map_err(|error| error.to_string())?, zone)
}

fn local(time: civil::DateTime, zone: &TimeZone) -> Result<Timestamp, String> {
    let zoned = time.to_zoned(zone.clone());
    Ok(zoned.map_err(|error| error.to_string())?.timestamp())
}

/// Puts the tables of corrections into the store.
fn remember(stage: &Stage, test: &Test, at: Timestamp) -> Result<(), String> {
    let tables = test.mappings.iter();
    let changes = tables.flat_map(|(table, pairs)| {
        pairs.iter().map(move |(from, to)| Change::Mapping {
            table: table.clone(),
            from: from.clone(),
            after: Some(Mapping {
                to: to.clone(),
                by: "botswain test".to_owned(),
                at,
                note: None,
                exception: None,
            }),
        })
    });
    let changes: Vec<Change> = changes.collect();
    match changes.is_empty() {
        true => Ok(()),
        false => super::driver::write(stage, changes),
    }
}
