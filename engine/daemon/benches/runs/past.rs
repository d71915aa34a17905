//! A past that nobody lived through: many runs, made of the facts of one that did run.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::channel},
};

use botswain::{
    daemon::{Daemon, Notice},
    instance::Instance,
};
use botswain_core::{
    RunId,
    index::{Batch, Change},
    plan::Version,
    run::{
        Run,
        fact::{Fact, What},
    },
};
use botswain_store::Store;
use indexmap::IndexMap;
use serde_json::Value;

use crate::{load, place};

/// How many runs are written in one batch.
const TOGETHER: usize = 200;

/// The run that did happen, and the version it followed. It has the number 1.
pub(crate) struct Past {
    facts: Vec<Fact>,
    version: Arc<Version>,
}

impl Past {
    /// Of a run that has ended or is parked.
    pub(crate) fn of(folder: &Path, workflow: &str, inputs: IndexMap<String, Value>) -> Past {
        place::runtime().block_on(async {
            let daemon = place::start(folder).await;
            let run = rested(&daemon, workflow, inputs).await;
            let facts = daemon.handle.parts.store.facts(&run).unwrap();
            let version = daemon.handle.workflow(workflow).unwrap();
            daemon.stop().await.unwrap();
            Past { facts, version }
        })
    }

    pub(crate) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Until its first step was begun.
    pub(crate) fn begun(&self) -> &[Fact] {
        let started = |fact: &Fact| matches!(fact.what, What::Started { .. });
        let at = self.facts.iter().position(started).unwrap();
        &self.facts[..=at]
    }

    /// Writes these runs, each of what is said of it.
    pub(crate) fn write(&self, store: &Store, runs: Range<u64>, of: impl Fn(u64) -> Vec<Fact>) {
        let (reply, answers) = channel();
        let numbers: Vec<u64> = runs.collect();
        for some in numbers.chunks(TOGETHER) {
            let reply = reply.clone();
            let mut batch = Batch::default();
            for number in some {
                self.add(&mut batch, RunId::root(*number), of(*number));
            }
            store.append(batch, move |result| reply.send(result).unwrap());
        }
        drop(reply);
        answers.iter().for_each(|answer| answer.unwrap());
    }

    fn add(&self, batch: &mut Batch, id: RunId, facts: Vec<Fact>) {
        let run = Run::recover(id.clone(), self.version.clone(), &[], &facts).unwrap();
        batch.changes.push(Change::Run {
            before: None,
            after: Arc::new(run.summary()),
        });
        let exceptions = run.exceptions().map(|it| Change::Exception {
            id: it.id,
            after: Some(Box::new(it)),
        });
        batch.changes.extend(exceptions);
        let numbered = (0..).zip(facts).map(|(seq, fact)| (id.clone(), seq, fact));
        batch.facts.extend(numbered);
    }
}

/// Where the store of an instance is.
pub(crate) fn store(folder: &Path) -> PathBuf {
    Instance::at(folder).unwrap().private().store()
}

async fn rested(daemon: &Daemon, workflow: &str, inputs: IndexMap<String, Value>) -> RunId {
    let mut notices = daemon.handle.watch();
    let run = load::started(&daemon.handle, workflow, inputs).await;
    loop {
        if let Notice::Rested { run: other } = notices.recv().await.unwrap()
            && other == run
        {
            return run;
        }
    }
}
