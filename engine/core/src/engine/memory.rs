//! Which runs are in memory: those that have something to do, and those around them.

use jiff::Timestamp;

use super::{
    Engine,
    event::{Command, Loaded},
    inbox::Input,
    items::Loop,
    live::Live,
};
use crate::{
    ids::{RunId, StepId},
    run::Run,
};

impl Engine {
    pub(super) fn loaded(&mut self, loaded: Loaded, now: Timestamp) {
        let waiting = self.loading.remove(&loaded.run);
        if self.runs.contains_key(&loaded.run) {
            return;
        }
        let (version, newer) = (loaded.version, &loaded.newer);
        let run = Run::recover(loaded.run.clone(), version, newer, &loaded.facts)
            .expect("what was written down was legal when it was written");
        let mut live = Live::new(run);
        live.is_read = true;
        for (step, tally) in loaded.tallies {
            live.loops.insert(step, Loop::recovered(tally));
        }
        live.inbox.extend(self.interruptions(&live.run));
        live.awaits_runs = waiting.is_none() && live.is_out();
        live.inbox.extend(waiting.unwrap_or_default());
        self.runs.insert(loaded.run.clone(), live);
        if let Some(around) = loaded
            .run
            .parent()
            .and_then(|(run, _)| self.runs.get_mut(&run))
        {
            around.awaits_runs = false;
        }
        self.advance(&loaded.run, now);
    }

    /// A run that is loaded while a step of it runs was cut short: nobody is working on it.
    pub(super) fn interruptions(&self, run: &Run) -> Vec<Input> {
        let cut = |(step, attempt): (&StepId, u32)| Input::Interrupted {
            step: step.clone(),
            attempt,
        };
        run.running().map(cut).collect()
    }

    /// For a run that may have been let go of. The runs around it are there before it is, for
    /// its templates see theirs.
    pub(super) fn receive_or_load(&mut self, run: &RunId, input: Input, now: Timestamp) {
        if self.runs.contains_key(run) {
            return self.receive(run, input, now);
        }
        let around = std::iter::successors(run.parent(), |(parent, _)| parent.parent());
        let mut lineage: Vec<RunId> = around.map(|(parent, _)| parent).collect();
        lineage.insert(0, run.clone());
        for run in lineage.into_iter().rev() {
            if !self.runs.contains_key(&run) && !self.loading.contains_key(&run) {
                self.loading.insert(run.clone(), Vec::new());
                self.commands.push(Command::Load { run });
            }
        }
        self.loading.entry(run.clone()).or_default().push(input);
    }

    /// Lets go of a run that has nothing to do, and lets the next one have its turn.
    pub(super) fn rest(&mut self, id: &RunId, now: Timestamp) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        if live.proposal.is_some() || !live.inbox.is_empty() {
            return;
        }
        let rests = live.rests();
        let newly = rests && !live.rested;
        live.rested = rests;
        let (is_root, is_queued) = (live.run.parent().is_none(), live.is_queued());
        let workflow = live.run.version.plan.name.clone();
        let is_out = live.is_out();
        let by_state = live.rests_by_state();
        if is_queued {
            self.queued.insert(id.clone());
        }
        self.count_resting(id, rests && !by_state, now);
        if is_out && !self.has_runs(id) {
            self.leave(id, now);
        }
        if newly && is_root {
            self.commands.push(Command::Rested { run: id.clone() });
        }
        if is_root && (newly || is_queued) {
            self.admit(&workflow, now);
        }
    }

    /// Whether runs that it made are in memory, or about to be: their templates see its data.
    pub(super) fn has_runs(&self, id: &RunId) -> bool {
        let mut below = self.runs.range(RunId::below(id));
        let mut loading = self.loading.range(RunId::below(id));
        let awaited = self.runs.get(id).is_some_and(|live| live.awaits_runs);
        awaited || below.next().is_some() || loading.next().is_some()
    }

    /// Lets go of a run. What it waits for by itself is kept as a time to load it again.
    pub(super) fn leave(&mut self, id: &RunId, now: Timestamp) {
        self.write_kept_of(id);
        let Some(live) = self.runs.remove(id) else {
            return;
        };
        self.pools.leave(id);
        if let Some(timer) = live.timer {
            self.timers.remove(&(timer, id.clone()));
        }
        if let Some(until) = live.run.until() {
            self.timers.insert((until, id.clone()));
        }
        if let Some((parent, _)) = id.parent()
            && self.runs.get(&parent).is_some_and(Live::is_out)
        {
            self.rest(&parent, now);
        }
    }

    /// Tells the run around an item that all the item's own items wait for people, or no longer.
    /// An item that has ended or is parked itself is counted by its state.
    pub(super) fn count_resting(&mut self, id: &RunId, rests: bool, now: Timestamp) {
        let counted = self.runs.get(id).is_some_and(|live| live.counted);
        let Some((parent, step)) = id.parent().filter(|_| counted != rests) else {
            return;
        };
        let around = self.runs.get_mut(&parent);
        let Some(this) = around.and_then(|live| live.loops.get_mut(&step)) else {
            return;
        };
        this.count_resting(rests);
        if let Some(live) = self.runs.get_mut(id) {
            live.counted = rests;
        }
        self.advance(&parent, now);
    }
}
