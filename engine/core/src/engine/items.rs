//! The items of a `for_each`: begun in order, a few at a time, each a run of its own.

use super::{
    Command, Engine,
    claims::Right,
    event::{Answer, Holder, Subject, claim_key},
};
use crate::{
    fault::Fault,
    ids::{RunId, StepId},
    index::{State, Tally},
    plan::{Kind, WaitFor},
    run::{
        Status,
        fact::{Created, Fact, Key, Origin, Outcome, What},
    },
    value::Payload,
};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// How far an open `for_each` is.
#[derive(Clone, Debug, Default)]
pub(super) struct Loop {
    /// Items that have been begun, durable or on their way.
    begun: u64,
    /// What is durable of them.
    pub(super) tally: Tally,
    /// Those at work of which only people can let anything go on.
    resting: u64,
    gathering: bool,
    /// The disk was in the way: not before this time again.
    not_before: Option<Timestamp>,
    /// How often in a row it was.
    failures: u32,
}

/// How long the disk is left alone when it could not give what a loop needs.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// So often in a row it is asked before a person is.
const TRIES: u32 = 3;

impl Loop {
    pub(super) fn recovered(tally: Tally) -> Loop {
        Loop {
            begun: tally.created(),
            tally,
            ..Loop::default()
        }
    }

    /// Whether every item has begun and those that have not ended wait for people.
    pub(super) fn rests(&self, count: u64) -> bool {
        self.begun == count
            && self.tally.created() == count
            && self.tally.active == self.resting
            && self.tally.parked + self.resting > 0
    }

    /// Whether none of those that have begun is at work.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_durable() && self.tally.active == self.resting
    }

    pub(super) fn count_resting(&mut self, rests: bool) {
        match rests {
            true => self.resting += 1,
            false => self.resting -= 1,
        }
    }

    pub(super) fn shift(&mut self, before: Option<State>, after: State) {
        self.tally.shift(before, after);
    }

    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    pub(super) fn begin(&mut self) {
        self.begun += 1;
        self.failures = 0;
    }

    /// Whether so many runs were made and all have ended.
    pub(super) fn is_over(&self, count: u64) -> bool {
        self.begun == count && self.tally.ended() == count
    }

    /// Whether all that was begun is written down.
    pub(super) fn is_durable(&self) -> bool {
        self.begun == self.tally.created()
    }

    /// Takes the right to ask what came of it, unless that is under way.
    pub(super) fn gathers(&mut self) -> bool {
        !std::mem::replace(&mut self.gathering, true)
    }

    pub(super) fn gathered(&mut self) {
        self.gathering = false;
    }

    /// The disk was in the way once more; whether it is to be asked again in a while.
    fn pauses(&mut self, now: Timestamp) -> bool {
        self.failures += 1;
        let again = self.failures < TRIES;
        self.not_before = now.checked_add(PAUSE).ok().filter(|_| again);
        self.failures *= u32::from(again);
        again
    }

    /// Until when the disk is still left alone.
    pub(super) fn pauses_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.not_before.filter(|until| now < *until)
    }

    /// Items under way: those that ended or wait for a person leave their place to others.
    fn active(&self) -> u64 {
        self.begun - self.tally.ended() - self.tally.parked - self.resting
    }
}

impl Engine {
    /// Begins the next item if there is room, or closes the loop when all have ended.
    pub(super) fn items(&mut self, id: &RunId, step: &StepId, now: Timestamp) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        let Some(Status::Opened { list, count }) =
            live.run.record(step).map(|it| it.status.clone())
        else {
            return;
        };
        let Some(Kind::ForEach(each)) = live.run.step(step).map(|step| &step.kind) else {
            return;
        };
        let (at_once, wait_for) = (u64::from(each.at_once), each.wait_for);
        let this = live.loops.entry(step.clone()).or_default();
        if let Some(until) = this.pauses_until(now) {
            return self.sleep(id, until);
        }
        let enough = match wait_for {
            WaitFor::Ended => this.is_over(count),
            WaitFor::Unparked => this.is_over(count) || this.rests(count),
        };
        if enough && this.gathers() {
            let tally = this.tally.clone();
            self.commands.push(Command::Gather {
                run: id.clone(),
                step: step.clone(),
                tally,
            });
        } else if this.begun < count && this.active() < at_once {
            let index = this.begun;
            self.evaluate(
                id,
                Subject::Item {
                    step: step.clone(),
                    index,
                    list,
                },
            );
        }
    }

    /// Makes the run of an item whose data and key are known.
    pub(super) fn begin_item(
        &mut self,
        parent: &RunId,
        place: (&StepId, u64),
        answer: Answer,
        holder: Option<Holder>,
        now: Timestamp,
    ) {
        let (step, index) = place;
        let Some(live) = self.runs.get_mut(parent) else {
            return;
        };
        let this = live.loops.entry(step.clone()).or_default();
        if this.begun != index || live.run.halt().is_some() {
            return;
        }
        let (item, key) = match answer {
            Answer::Item { item, key } => (item, key),
            // An item without its data must not begin.
            Answer::Fault(fault) => return self.is_hindered(parent, step, fault, now),
            other => unreachable!("an item is answered by an item, not by {other:?}"),
        };
        this.begin();
        let (version, created, hash) = (
            live.run.version.clone(),
            live.run.created.clone(),
            live.run.version_hash.clone(),
        );
        let child = parent.item(step, index);
        let workflow = version.plan.name.clone();
        let origin = Origin::Item {
            parent: parent.clone(),
            step: step.clone(),
            index,
            item,
        };
        let first = What::Created(Box::new(Created {
            workflow,
            version: hash,
            origin,
            scheduled_for: created.scheduled_for,
            inputs: Arc::new(Payload::NULL),
            key: None,
        }));
        let rest = match key {
            None => vec![],
            Some(Ok(key)) => self.identify(&child, step, key, holder, &version.plan.name),
            Some(Err(fault)) => vec![self.park(step.clone(), *fault)],
        };
        self.create(
            child,
            version,
            Fact {
                at: now,
                what: first,
            },
            rest,
            None,
        );
        // There may be room for one more.
        self.advance(parent, now);
    }

    /// The facts that settle whose key it is.
    pub(super) fn identify(
        &mut self,
        run: &RunId,
        frame: &StepId,
        key: Key,
        holder: Option<Holder>,
        workflow: &str,
    ) -> Vec<What> {
        let step = Some(frame).filter(|_| run.as_str().contains('.'));
        let claim = claim_key(workflow, step, &key.text);
        match self.claims.right(run, &claim, &key, holder) {
            Right::Ours => vec![What::Claimed { key }],
            Right::Duplicate(holder) => vec![
                What::Duplicate {
                    key,
                    of: holder.claim.run,
                },
                What::Ended {
                    outcome: Outcome::Skipped,
                    output: holder.output,
                },
            ],
            Right::Conflict(fault) => vec![self.park(frame.clone(), fault)],
        }
    }

    /// Ends a `for_each` whose output was put together.
    pub(super) fn close(
        &mut self,
        id: &RunId,
        step: &StepId,
        output: Result<Payload, Box<Fault>>,
        now: Timestamp,
    ) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        let status = live.run.record(step).map(|record| &record.status);
        let is_open = matches!(status, Some(Status::Opened { .. }));
        let this = live.loops.entry(step.clone()).or_default();
        this.gathered();
        match output {
            // Its time was over, or the run was brought to its end, meanwhile.
            _ if !is_open => (),
            Ok(output) => self.propose(
                id,
                vec![What::Closed {
                    step: step.clone(),
                    output,
                }],
                now,
            ),
            // The items are done; only the disk stands in the way.
            Err(fault) => self.is_hindered(id, step, fault, now),
        }
    }

    /// What a loop or a call needs cannot be read. It is asked for again in a while, and when that
    /// has not helped a person is.
    pub(super) fn is_hindered(
        &mut self,
        id: &RunId,
        step: &StepId,
        fault: Box<Fault>,
        now: Timestamp,
    ) {
        let is_full = self.low;
        let Some(live) = self.runs.get_mut(id).filter(|it| it.run.halt().is_none()) else {
            return;
        };
        let this = live.loops.entry(step.clone()).or_default();
        // That the disk is full is known, and it goes on by itself when there is room.
        if is_full {
            this.failures = 0;
        }
        if this.pauses(now) {
            return;
        }
        let exception = self.new_exception();
        let step = step.clone();
        let blocked = What::Blocked {
            step,
            exception,
            fault,
        };
        self.propose(id, vec![blocked], now);
    }
}
