//! How long a run and its steps are at work: the time that `timeout` bounds.
//!
//! The time during which only people can let anything go on does not count. It
//! is known from facts alone: the engine writes down when a run with a running
//! time-out pauses and when it goes on.

use jiff::{SignedDuration, Timestamp};

use super::{
    Illegal, Run, Status, Why,
    fact::{Fact, What},
};
use crate::{
    fault::Fault,
    ids::{ExceptionId, StepId},
    plan::{Kind, Step},
};

#[derive(Clone, Debug)]
pub(super) struct Clock {
    begun: Timestamp,
    /// All pauses that are over.
    paused: SignedDuration,
    /// Since when only people can let anything go on.
    since: Option<Timestamp>,
}

impl Clock {
    pub(super) fn new(at: Timestamp) -> Clock {
        Clock {
            begun: at,
            paused: SignedDuration::ZERO,
            since: None,
        }
    }

    pub(super) fn begin(&mut self, at: Timestamp) {
        self.begun = at;
    }
}

impl Run {
    pub fn is_paused(&self) -> bool {
        self.clock.since.is_some()
    }

    /// Whether a time-out counts in it, so that its pauses have to be known.
    pub fn has_clock(&self) -> bool {
        let own = self.version.plan.timeout.is_some() && self.item_of().is_none();
        own || self.frontier_timed().next().is_some()
    }

    pub(super) fn tick_or_not(&mut self, fact: &Fact) -> Result<(), Illegal> {
        match (&fact.what, self.clock.since) {
            (What::Paused, None) => self.clock.since = Some(fact.at),
            (What::Resumed, Some(since)) => {
                let pause = fact.at.duration_since(since).max(SignedDuration::ZERO);
                self.clock.paused = self.clock.paused.saturating_add(pause);
                self.clock.since = None;
            }
            _ => return Err(self.illegal(&fact.what)),
        }
        Ok(())
    }

    /// The time-out of a step begins to count.
    pub(super) fn opened_at(&self, at: Timestamp) -> (Timestamp, SignedDuration) {
        (at, self.paused_until(at))
    }

    /// All pauses until now, the one that is not over included.
    pub(super) fn paused_until(&self, at: Timestamp) -> SignedDuration {
        let current = self.clock.since.map(|since| at.duration_since(since));
        let current = current.map_or(SignedDuration::ZERO, |it| it.max(SignedDuration::ZERO));
        self.clock.paused.saturating_add(current)
    }

    /// When the time of the run, or of steps at which it stands, is up.
    pub(super) fn timeouts(&self) -> Vec<(StepId, Timestamp)> {
        if self.is_paused() || self.halt.is_some() {
            return Vec::new();
        }
        let mut due: Vec<_> = self.frontier_timed().collect();
        let own = self
            .version
            .plan
            .timeout
            .filter(|_| self.item_of().is_none());
        if let (Some(timeout), true) = (own, self.admitted) {
            let since = (self.clock.begun, SignedDuration::ZERO);
            let since = self.frame.opened.unwrap_or(since);
            let at = self.up(since, self.frame.more.unwrap_or(timeout));
            due.push((self.frame_id().clone(), at));
        }
        due
    }

    /// Steps with a time-out of their own that have begun and not ended.
    fn frontier_timed(&self) -> impl Iterator<Item = (StepId, Timestamp)> {
        self.steps.iter().filter_map(|(id, record)| {
            let opened = record.opened?;
            let open = matches!(
                record.status,
                Status::Open(_) | Status::Opened { .. } | Status::Called { .. }
            );
            let timeout = timeout_of(self.step(id)?).filter(|_| open)?;
            Some((id.clone(), self.up(opened, record.more.unwrap_or(timeout))))
        })
    }

    fn up(&self, (since, before): (Timestamp, SignedDuration), timeout: u64) -> Timestamp {
        let timeout = SignedDuration::from_millis(i64::try_from(timeout).unwrap_or(i64::MAX));
        let pauses = self.clock.paused.saturating_sub(before);
        let wait = timeout.saturating_add(pauses);
        since.saturating_add(wait).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn overdue(
        &mut self,
        step: &StepId,
        exception: ExceptionId,
        fact: &Fact,
    ) -> Result<(), Illegal> {
        let whole = step == self.frame_id();
        let record = self.record_mut(step, &fact.what)?;
        let timed = match &record.status {
            Status::Open(_) | Status::Opened { .. } | Status::Called { .. } => true,
            Status::Pending => whole,
            _ => false,
        };
        if !timed {
            return Err(self.illegal(&fact.what));
        }
        let before = std::mem::take(&mut record.status);
        record.status = Status::Parked {
            exception,
            why: Why::Overdue(Box::new(before)),
            fault: Box::new(overdue_fault(whole)),
            since: fact.at,
        };
        Ok(())
    }
}

/// The time-out of a step as a whole: that of a bot bounds one attempt, and is the attempt's.
fn timeout_of(step: &Step) -> Option<u64> {
    step.timeout.filter(|_| !matches!(step.kind, Kind::Bot(_)))
}

fn overdue_fault(whole: bool) -> Fault {
    let (code, what) = match whole {
        true => ("run.overdue", "the run has"),
        false => ("step.overdue", "the step has"),
    };
    Fault::system(
        code,
        format!("{what} been at work for longer than its `timeout`"),
    )
    .hint("see what takes so long; give it more time, or abandon the run")
}
