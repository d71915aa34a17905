//! A run in memory: what is known of it beside its facts, and whether it rests.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::{
    ahead::{Ahead, Kept},
    cancel,
    commit::Proposal,
    event::Subject,
    inbox::Input,
    items::Loop,
};
use crate::{
    ids::StepId,
    index::State,
    plan::Step,
    run::{Run, Status, Why},
};

/// A run in memory.
pub(super) struct Live {
    /// As it is written down; of a new run, as it will be.
    pub(super) run: Run,
    /// The append in flight.
    pub(super) proposal: Option<Proposal>,
    /// Earlier appends that are believed already, in their order.
    pub(super) ahead: VecDeque<Ahead>,
    /// What is believed and was not given to the store yet.
    pub(super) kept: Option<Kept>,
    /// It was read from the disk: it may have been at work when the daemon died.
    pub(super) is_read: bool,
    /// What came while an append was in flight.
    pub(super) inbox: VecDeque<Input>,
    /// What is being rendered for it.
    pub(super) evaluating: Vec<Subject>,
    /// Steps in doubt about which the world is being asked, and since when.
    pub(super) verifying: BTreeMap<StepId, Timestamp>,
    /// Its open `for_each` and `call`, with how their runs do.
    pub(super) loops: BTreeMap<StepId, Loop>,
    /// Attempts that are to end, and from when on they are not waited for.
    pub(super) stops: BTreeMap<StepId, cancel::Stop>,
    pub(super) timer: Option<Timestamp>,
    /// Whether it has been reported to rest.
    pub(super) rested: bool,
    /// Whether the run around it counts it among the items that rest.
    pub(super) counted: bool,
    /// It was found at the start with nothing to do itself: its runs are about to come, and their
    /// templates see its data.
    pub(super) awaits_runs: bool,
}

impl Live {
    pub(super) fn new(run: Run) -> Live {
        Live {
            run,
            proposal: None,
            ahead: VecDeque::new(),
            kept: None,
            is_read: false,
            inbox: VecDeque::new(),
            evaluating: Vec::new(),
            verifying: BTreeMap::new(),
            loops: BTreeMap::new(),
            stops: BTreeMap::new(),
            timer: None,
            rested: false,
            counted: false,
            awaits_runs: false,
        }
    }

    /// Whether nothing in it, items included, is running or due.
    pub(super) fn rests(&self) -> bool {
        if self.run.end().is_some() {
            return true;
        }
        // Below what is parked for its time is over, attempts may be under way.
        if self.run.running().next().is_some() || !self.verifying.is_empty() {
            return false;
        }
        if self.run.is_parked_itself() {
            return true;
        }
        let at = self.run.frontier();
        let rests = |step: &&Step| match self.run.status(step) {
            Status::Parked {
                why: Why::Blocked(_),
                ..
            } => self.loops.get(&step.id).is_none_or(Loop::is_quiet),
            Status::Parked { .. } => true,
            Status::Opened { count, .. } => self.rests_in(&step.id, *count),
            Status::Called { .. } => self.rests_in(&step.id, self.calls(&step.id)),
            _ => false,
        };
        self.run.is_admitted() && !at.is_empty() && at.iter().all(rests)
    }

    pub(super) fn rests_in(&self, step: &StepId, count: u64) -> bool {
        let halted = self.run.halt().is_some();
        let this = self.loops.get(step);
        this.is_some_and(|it| it.rests(if halted { it.begun() } else { count }))
    }

    /// How many runs a `call` has made so far, retries counted.
    pub(super) fn calls(&self, step: &StepId) -> u64 {
        self.run
            .record(step)
            .map_or(0, |record| u64::from(record.attempts))
    }

    /// Whether it needs nobody's memory: what it waits for is on the disk.
    pub(super) fn is_out(&self) -> bool {
        let has_runs = |step: &&Step| {
            matches!(
                self.run.status(step),
                Status::Opened { .. } | Status::Called { .. }
            )
        };
        self.run.end().is_some() || self.rests() && !self.run.frontier().iter().any(has_runs)
    }

    /// Whether it has ended or waits for a person itself, so that its state says that it rests.
    pub(super) fn rests_by_state(&self) -> bool {
        self.run.end().is_some() || self.run.state() == State::Parked
    }

    /// Whether only its turn under `overlap` is missing.
    pub(super) fn is_queued(&self) -> bool {
        !self.run.is_admitted() && self.run.end().is_none() && !self.run.is_parked_itself()
    }
}
