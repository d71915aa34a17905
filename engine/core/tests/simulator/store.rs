//! A disk of memory with three stages: queued, written (and so read), durable.
//!
//! Batches go through the stages in order, each as a whole. Only what is
//! durable is acknowledged; a crash keeps some prefix of the rest, or nothing.

use std::collections::{BTreeMap, VecDeque};

use botswain_core::{
    ExceptionId, Payload, RunId, StepId,
    engine::{
        Counters,
        event::{Holder, Ticket},
    },
    index::{Batch, Change, Claim, ClaimKey, Exception, Fired, Pending, State, Summary, Tally},
    run::fact::{Fact, Resolution, What},
};
use jiff::Timestamp;

/// What can be read.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) facts: BTreeMap<RunId, Vec<Fact>>,
    pub(crate) summaries: BTreeMap<RunId, Summary>,
    pub(crate) exceptions: BTreeMap<ExceptionId, Exception>,
    pub(crate) claims: BTreeMap<ClaimKey, Claim>,
    pub(crate) tallies: BTreeMap<(RunId, StepId), Tally>,
    pub(crate) fired: Fired,
    pub(crate) pending: Vec<Pending>,
    counters: Counters,
}

/// So many numbers are left out after a restored backup, as the store does.
const GAP: u64 = 1000;

#[derive(Default)]
pub(crate) struct Store {
    pub(crate) disk: Disk,
    queued: VecDeque<(Ticket, Batch)>,
    /// Everything written, in order.
    log: Vec<(Ticket, Batch)>,
    /// How much of the log is durable.
    durable: usize,
    /// How many facts of each run are durable.
    lengths: BTreeMap<RunId, u64>,
    /// The numbering goes on from here at least.
    floor: Counters,
}

impl Store {
    pub(crate) fn append(&mut self, ticket: Ticket, batch: Batch) {
        self.queued.push_back((ticket, batch));
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queued.is_empty() && self.durable == self.log.len()
    }

    pub(crate) fn queued(&self) -> usize {
        self.queued.len()
    }

    /// Writes the first few of what is queued.
    pub(crate) fn write(&mut self, count: usize) {
        for _ in 0..count.min(self.queued.len()) {
            let (ticket, batch) = self.queued.pop_front().unwrap();
            self.disk.apply(&batch);
            self.log.push((ticket, batch));
        }
    }

    /// Makes durable what is written, and says what that was.
    pub(crate) fn flush(&mut self) -> Vec<Ticket> {
        let fresh = &self.log[self.durable..];
        for (run, number, _) in fresh.iter().flat_map(|(_, batch)| &batch.facts) {
            self.lengths.insert(run.clone(), number + 1);
        }
        self.durable = self.log.len();
        fresh.iter().map(|(ticket, _)| *ticket).collect()
    }

    /// Loses what is not durable, but for the first few batches of it that made it by luck.
    pub(crate) fn crash(&mut self, luck: usize) {
        self.write(luck);
        self.queued.clear();
        let kept = self.log.len().min(self.durable + luck);
        if kept < self.log.len() {
            self.log.truncate(kept);
            self.read_again();
        }
        self.flush();
    }

    /// What would be lost without luck.
    pub(crate) fn at_risk(&self) -> usize {
        self.queued.len() + self.log.len() - self.durable
    }

    /// The facts of a run of which no crash takes anything away.
    pub(crate) fn durable(&self, run: &RunId) -> &[Fact] {
        let length = self.lengths.get(run).copied().unwrap_or(0);
        let facts = self.disk.facts.get(run).map_or(&[][..], Vec::as_slice);
        &facts[..length as usize]
    }

    /// Damages the disk: a batch that was durable is gone.
    pub(crate) fn lose_last(&mut self) {
        self.log.pop();
        self.forget();
    }

    /// Takes a backup's place, in which so many of the newest batches are missing; gives the time
    /// of the first of them.
    pub(crate) fn restore(&mut self, lost: usize) -> Option<Timestamp> {
        self.queued.clear();
        let lost = self.log.split_off(self.log.len() - lost);
        self.forget();
        let Counters { run, exception } = self.disk.counters;
        self.floor = Counters {
            run: run + GAP,
            exception: exception + GAP,
        };
        self.read_again();
        let facts = lost.iter().flat_map(|(_, batch)| &batch.facts);
        facts.map(|(_, _, fact)| fact.at).min()
    }

    /// How many numbers of runs a backup leaves out.
    pub(crate) fn gap(&self) -> u64 {
        GAP
    }

    /// How many batches there are.
    pub(crate) fn length(&self) -> usize {
        self.log.len()
    }

    /// Nothing is left but the log, and all of that is durable.
    fn forget(&mut self) {
        self.durable = self.log.len();
        self.lengths.clear();
        for (run, number, _) in self.log.iter().flat_map(|(_, batch)| &batch.facts) {
            self.lengths.insert(run.clone(), number + 1);
        }
        self.read_again();
    }

    fn read_again(&mut self) {
        self.disk = Disk {
            counters: self.floor,
            ..Disk::default()
        };
        for (_, batch) in &self.log {
            self.disk.apply(batch);
        }
    }
}

impl Disk {
    fn apply(&mut self, batch: &Batch) {
        for (run, number, fact) in &batch.facts {
            let journal = self.facts.entry(run.clone()).or_default();
            let length = journal.len() as u64;
            assert_eq!(length, *number, "facts of {run} are numbered without a gap");
            journal.push(fact.clone());
            self.counters.run = self.counters.run.max(run.number());
        }
        for change in &batch.changes {
            self.change(change);
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Run { before, after } => self.summarise(*before, after),
            Change::Exception { id, after: None } => drop(self.exceptions.remove(id)),
            Change::Exception { id, after } => {
                self.counters.exception = self.counters.exception.max(id.0);
                self.exceptions
                    .extend(after.as_deref().cloned().map(|it| (*id, it)));
            }
            Change::Claim { claim, after: None } => drop(self.claims.remove(claim)),
            Change::Claim {
                claim,
                after: Some(by),
            } => {
                let old = self.claims.insert(claim.clone(), by.clone());
                let free = old.as_ref().is_none_or(|old| old.run == by.run);
                assert!(free, "{claim:?} of {old:?} is claimed again, by {by:?}");
            }
            Change::Pending { pending, open } => match open {
                true => self.pending.push((**pending).clone()),
                false => self.pending.retain(|it| *it != **pending),
            },
            // Nobody remembers a correction here, and nothing is numbered.
            Change::Mapping { .. } | Change::Reached(_) => (),
            Change::Fired {
                workflow,
                schedule,
                at,
            } => {
                let place = (workflow.clone(), schedule.clone());
                self.fired.insert(place, *at);
            }
        }
    }

    fn summarise(&mut self, before: Option<State>, after: &Summary) {
        let old = self.summaries.insert(after.id.clone(), after.clone());
        let old = old.map(|it| it.state);
        assert_eq!(before, old, "a change starts from what is written");
        if let Some((parent, step, _)) = &after.parent {
            let tally = self.tallies.entry((parent.clone(), step.clone()));
            tally.or_default().shift(old, after.state);
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }

    /// Who holds a key, and what came of it.
    pub(crate) fn holder(&self, claim: &ClaimKey) -> Option<Holder> {
        let by = self.claims.get(claim)?.clone();
        let is_item = claim
            .step
            .as_ref()
            .zip(by.run.parent())
            .is_some_and(|(step, (_, of))| *step == of);
        let step = claim.step.as_ref().filter(|_| !is_item);
        let facts = self.facts[&by.run].iter().rev();
        let output = facts.filter_map(|fact| output(&fact.what, step)).next();
        Some(Holder {
            claim: by,
            output: output.unwrap_or(Payload::NULL),
        })
    }
}

/// What a fact says to have come of a step, or of the run.
fn output(what: &What, of: Option<&StepId>) -> Option<Payload> {
    match what {
        What::Ended { output, .. } if of.is_none() => Some(output.clone()),
        What::Succeeded { step, output, .. } if of == Some(step) => Some(output.clone()),
        What::Resolved {
            step,
            resolution: Resolution::Happened { output },
            ..
        } if of == Some(step) => Some(output.clone()),
        _ => None,
    }
}
