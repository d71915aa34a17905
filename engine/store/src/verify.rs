//! Whether everything here is what it must be: facts, index, artifacts.
//!
//! The index is computed again from the facts of each run and compared with what
//! is written; every record of it must name its reason. All this reads while
//! others write, so what looks wrong is looked at once more in the writer's
//! thread, when nothing moves. Out comes a [`Report`]: each finding says which
//! record it is about and what it should be.

use std::collections::{BTreeMap, BTreeSet};

use botswain_core::{ExceptionId, Hash, RunId};
use serde::{Deserialize, Serialize};

use crate::{
    Artifacts, Store,
    artifacts::names::{Named, names_in},
    backend::Backend,
    draft::Highest,
    error::ReadError,
    key::{self, Key},
    prune,
    rebuilt::Rebuilder,
    record,
    store::Entries,
};

mod judge;
mod numbers;

use self::{judge::judge, numbers::Numbers};

/// No more findings than this are told; the rest is counted.
const MOST: usize = 1000;
/// How many subjects are looked at again while the writer waits.
const AGAIN: usize = 64;

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Report {
    pub runs: u64,
    pub facts: u64,
    pub records: u64,
    /// How many files and tables, and how many bytes they have.
    pub artifacts: u64,
    pub artifact_bytes: u64,
    /// Files that no fact names, which is no fault: a step was cut short after it had made them.
    pub orphans: Vec<Hash>,
    pub findings: Vec<Finding>,
    /// Findings beyond those that are told.
    pub more: u64,
}

/// Something that is not what it must be.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Finding {
    /// The record or the file.
    pub about: String,
    /// The run that it belongs to.
    pub run: Option<RunId>,
    /// What is wrong, and what it should be.
    pub problem: String,
}

impl Report {
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    fn tell(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            match self.findings.len() < MOST {
                true => self.findings.push(finding),
                false => self.more += 1,
            }
        }
    }
}

impl Finding {
    pub(crate) fn of_run(run: &RunId, problem: impl Into<String>) -> Finding {
        Finding {
            about: format!("run {run}"),
            run: Some(run.clone()),
            problem: problem.into(),
        }
    }

    pub(crate) fn of_record(
        key: &[u8],
        run: Option<&RunId>,
        problem: impl Into<String>,
    ) -> Finding {
        Finding {
            about: format!("record `{}`", key::readable(key)),
            run: run.cloned(),
            problem: problem.into(),
        }
    }

    fn of_artifact(hash: &Hash, problem: impl Into<String>) -> Finding {
        Finding {
            about: format!("artifact {hash}"),
            run: None,
            problem: problem.into(),
        }
    }
}

/// What is judged as one: a run with all that its facts give, or one record.
#[derive(Clone, Debug)]
enum Subject {
    Run(RunId),
    Record(Key),
}

/// What the walk over all records leaves.
#[derive(Default)]
struct Walk {
    report: Report,
    doubtful: Vec<Subject>,
    numbers: Numbers,
    highest: Highest,
    named: BTreeMap<Hash, Named>,
}

impl Store {
    /// Verifies everything, while others may go on. Pruning and backups wait meanwhile.
    ///
    /// Appends wait while the checksums over all records are added up (some 400,000 records a
    /// second), and while what looks wrong is looked at again.
    pub fn verify(&self, artifacts: &Artifacts) -> Result<Report, prune::Error> {
        let _alone = self.alone();
        self.finish_pruning(&mut BTreeMap::new())?;
        Ok(self.verify_all(artifacts)?)
    }

    /// Verifies everything; nobody prunes meanwhile.
    pub(crate) fn verify_all(&self, artifacts: &Artifacts) -> Result<Report, ReadError> {
        let kept = artifacts.list();
        let mut walk = Walk::default();
        let pruned = self.pruned()?;
        let (total, sum) = self.inspect(|backend, ledger| {
            let sum = crate::ledger::audit_whole(backend, ledger);
            (ledger.next, sum)
        })?;
        if let Err(error) = sum {
            let about = "the ledger".to_owned();
            let problem = error.to_string();
            walk.report.tell([Finding {
                about,
                run: None,
                problem,
            }]);
        }
        walk.over(&*self.backend)?;
        let missing = walk.numbers.missing(total, pruned.facts());
        walk.report.tell(missing);
        let mut again = std::mem::take(&mut walk.doubtful);
        while !again.is_empty() {
            let rest = again.split_off(again.len().min(AGAIN));
            let subjects = std::mem::replace(&mut again, rest);
            let findings = self.inspect(move |backend, _| {
                let mut runs = Rebuilder::new(backend);
                let judged = subjects.iter().map(|it| judge(&mut runs, it));
                judged.collect::<Result<Vec<_>, _>>()
            })??;
            walk.report.tell(findings.into_iter().flatten());
        }
        let highest = walk.highest;
        let counters = self.inspect(move |backend, _| judge::counters(backend, highest))??;
        walk.report.tell(counters);
        walk.files(artifacts, kept);
        walk.report.findings.sort();
        walk.report.findings.dedup();
        Ok(walk.report)
    }
}

impl Walk {
    /// Reads every record once; what seems wrong is noted.
    fn over(&mut self, backend: &dyn Backend) -> Result<(), ReadError> {
        let mut runs = Rebuilder::new(backend);
        let mut last: Option<RunId> = None;
        for entry in Entries::new(backend, key::ALL.start.to_vec()..key::ALL.end.to_vec()) {
            let (key, bytes) = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    // What cannot be read at all ends the walk; it is a finding, not a failure.
                    let about = "the records".to_owned();
                    let problem = error.to_string();
                    self.report.tell([Finding {
                        about,
                        run: None,
                        problem,
                    }]);
                    return Ok(());
                }
            };
            self.report.records += 1;
            if record::verify(&key, &bytes).is_err() {
                self.doubtful.push(Subject::Record(key));
                continue;
            }
            if key::is_fact(&key) {
                self.fact(&key, &bytes);
                let run = key::run_of(&key);
                if run != last && run.is_some() {
                    last = run;
                    self.run(&mut runs, last.as_ref());
                }
                continue;
            }
            self.record(&mut runs, key, &bytes);
        }
        Ok(())
    }

    fn fact(&mut self, key: &[u8], bytes: &[u8]) {
        self.report.facts += 1;
        self.numbers.see(record::number(bytes), key);
        for named in names_in(record::body(bytes)) {
            self.named.insert(named.hash.clone(), named);
        }
    }

    fn run(&mut self, runs: &mut Rebuilder<'_>, run: Option<&RunId>) {
        let Some(run) = run else { return };
        self.report.runs += 1;
        self.highest.run = self.highest.run.max(run.number());
        if let Ok(Ok(rebuilt)) = runs.of(run) {
            let highest = rebuilt.highest_exception.unwrap_or(ExceptionId(0)).0;
            self.highest.exception = self.highest.exception.max(highest);
        }
        let subject = Subject::Run(run.clone());
        if judge(runs, &subject).map_or(true, |found| !found.is_empty()) {
            self.doubtful.push(subject);
        }
    }

    fn record(&mut self, runs: &mut Rebuilder<'_>, key: Key, bytes: &[u8]) {
        if key.first() == Some(&b'c') {
            for named in names_in(record::body(bytes)) {
                self.named.insert(named.hash.clone(), named);
            }
        }
        let subject = Subject::Record(key);
        if judge(runs, &subject).map_or(true, |found| !found.is_empty()) {
            self.doubtful.push(subject);
        }
    }

    /// Reads every file and compares with what the facts name.
    fn files(&mut self, artifacts: &Artifacts, kept: Result<Vec<Hash>, crate::artifacts::Error>) {
        let kept: BTreeSet<Hash> = match kept {
            Ok(kept) => kept.into_iter().collect(),
            Err(error) => {
                let about = "the artifacts".to_owned();
                let problem = error.to_string();
                return self.report.tell([Finding {
                    about,
                    run: None,
                    problem,
                }]);
            }
        };
        self.named = artifacts.closure(std::mem::take(&mut self.named));
        for named in self.named.values() {
            let found = artifacts.look_at(named);
            if let Err(error) = &found {
                let finding = Finding::of_artifact(&named.hash, error.to_string());
                self.report.tell([finding]);
            }
            self.report.artifacts += 1;
            self.report.artifact_bytes += found.unwrap_or(0);
        }
        for hash in kept.iter().filter(|hash| !self.named.contains_key(*hash)) {
            match artifacts.verify(hash) {
                Ok(()) => self.report.orphans.push(hash.clone()),
                Err(error) => {
                    let finding = Finding::of_artifact(hash, error.to_string());
                    self.report.tell([finding]);
                }
            }
        }
    }
}
