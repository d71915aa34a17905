//! Bringing a run to its end: what may be stopped is stopped, a `once` effect gets its time.

use jiff::{SignedDuration, Timestamp};

use super::{Command, Engine, STOPPING, event, inbox::Input};
use crate::{
    fault::Effect,
    ids::{RunId, StepId},
    run::{Run, Status, fact::What},
};

/// How long a `once` effect is waited for before it is in doubt.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// An attempt, or what a step has made, that is to end.
pub(super) struct Stop {
    /// Not before this time is it ended by force.
    at: Timestamp,
    /// It was asked for.
    asked: bool,
}

impl Engine {
    pub(super) fn cancel(&mut self, cancel: event::Cancel, now: Timestamp) {
        match self.stopping {
            true => self.refuse(cancel.request, STOPPING.to_owned()),
            false => {
                let run = cancel.run.clone();
                self.receive_or_load(&run, Input::Cancel(Box::new(cancel)), now);
            }
        }
    }

    pub(super) fn cancel_run(&mut self, id: &RunId, cancel: event::Cancel, now: Timestamp) {
        let event::Cancel {
            request, by, note, ..
        } = cancel;
        match self.try_propose(id, vec![What::Cancelled { by, note }], now) {
            Ok(()) => self.answer(id, request),
            Err(_) => {
                let live = self.runs.get(id);
                let reason = match live.is_some_and(|live| live.run.end().is_some()) {
                    true => format!("run {id} has ended"),
                    false => format!("run {id} is being brought to its end already"),
                };
                self.refuse(request, reason);
            }
        }
    }

    /// The run around it, or another of the same workflow, leaves it no more time.
    pub(super) fn end_with_parent(&mut self, id: &RunId, now: Timestamp) {
        let (by, note) = ("botswain".to_owned(), None);
        // One that has ended meanwhile, or is being ended, needs no more.
        drop(self.try_propose(id, vec![What::Cancelled { by, note }], now));
    }

    /// An attempt, the items of a loop or the run of a call are to come to their end.
    pub(super) fn stop_step(&mut self, id: &RunId, step: &StepId, now: Timestamp) {
        let Some(live) = self.runs.get(id) else {
            return;
        };
        match attempt(&live.run, step) {
            Some((number, effect)) => self.stop_attempt(id, step, (number, effect), now),
            None => self.stop_runs(id, step, now),
        }
    }

    fn stop_attempt(
        &mut self,
        id: &RunId,
        step: &StepId,
        (attempt, effect): (u32, Effect),
        now: Timestamp,
    ) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        let patience = match effect {
            Effect::Once => PATIENCE,
            Effect::None | Effect::Repeatable => SignedDuration::ZERO,
        };
        let stop = live.stops.entry(step.clone()).or_insert_with(|| Stop {
            at: now.saturating_add(patience).unwrap_or(Timestamp::MAX),
            asked: false,
        });
        let at = stop.at;
        if now < at {
            self.sleep(id, at);
        } else if !std::mem::replace(&mut stop.asked, true) {
            self.commands.push(Command::Cancel {
                run: id.clone(),
                step: step.clone(),
                attempt,
            });
        }
    }

    /// The attempt has ended.
    pub(super) fn stopped(&mut self, id: &RunId, step: &StepId) {
        if let Some(live) = self.runs.get_mut(id) {
            live.stops.remove(step);
        }
    }

    fn stop_runs(&mut self, id: &RunId, step: &StepId, now: Timestamp) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        let this = live.loops.entry(step.clone()).or_default();
        if this.is_over(this.begun()) {
            live.stops.remove(step);
            if live.proposal.is_none() {
                self.propose(id, vec![What::Stopped { step: step.clone() }], now);
            }
            return;
        }
        let stop = live.stops.entry(step.clone()).or_insert(Stop {
            at: now,
            asked: false,
        });
        // What is being begun is asked for when it is there.
        if this.is_durable() && !std::mem::replace(&mut stop.asked, true) {
            self.commands.push(Command::Children {
                run: id.clone(),
                step: step.clone(),
            });
        }
    }

    pub(super) fn stop_children(
        &mut self,
        id: &RunId,
        step: &StepId,
        children: Vec<RunId>,
        now: Timestamp,
    ) {
        let halted = self
            .runs
            .get(id)
            .is_some_and(|live| live.run.halt().is_some() && live.stops.contains_key(step));
        for child in children {
            if halted {
                self.receive_or_load(&child, Input::End, now);
            }
        }
    }
}

/// The attempt of a step that is under way.
fn attempt(run: &Run, step: &StepId) -> Option<(u32, Effect)> {
    let record = run.record(step)?;
    match record.status {
        Status::Running { attempt, .. } => Some((attempt, record.effect)),
        _ => None,
    }
}
