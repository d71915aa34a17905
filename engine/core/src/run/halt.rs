//! How a run is brought to its end before its steps are done.
//!
//! It fails or is cancelled: what may be stopped is stopped, what is in doubt
//! is cleared up first, then `on_failure` and `finally` are done, once.

use std::sync::Arc;

use super::{
    Illegal, Run, Status, Why,
    fact::{Fact, Outcome},
};
use crate::{
    ids::StepId,
    plan::{self, Step},
};

/// What a run comes to that does not go through all its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    pub outcome: Outcome,
    /// The step whose fault it was.
    pub by: Option<StepId>,
    /// `on_failure` and `finally` themselves were given up.
    pub gives_up_cleanup: bool,
}

impl Run {
    /// Brings it to its end. What must be waited for stays as it is.
    pub(super) fn halt_with(&mut self, outcome: Outcome, by: Option<&StepId>) {
        let gives_up_cleanup = by.is_some_and(|step| self.cleanup_step(step).is_some());
        let before = self.halt.take();
        let before = before.unwrap_or_else(|| Halt {
            outcome,
            by: by.cloned(),
            gives_up_cleanup: false,
        });
        self.halt = Some(Halt {
            gives_up_cleanup: gives_up_cleanup || before.gives_up_cleanup,
            ..before
        });
        let left = self.steps.iter().filter(|(step, record)| {
            is_asked(&record.status) || self.gives_up(step) && ends_with_the_run(&record.status)
        });
        let left: Vec<StepId> = left.map(|(step, _)| step.clone()).collect();
        for step in left {
            Arc::make_mut(self.steps.entry(step).or_default()).status = Status::Cancelled;
        }
        if matches!(self.frame.status, Status::Parked { .. }) {
            self.frame.status = Status::Cancelled;
        }
    }

    pub(super) fn cancel(&mut self, fact: &Fact) -> Result<(), Illegal> {
        match self.halt {
            Some(_) => Err(self.illegal(&fact.what)),
            None => {
                self.halt_with(Outcome::Cancelled, None);
                Ok(())
            }
        }
    }

    /// Whether nothing more is tried of a step, for the run is being brought to its end.
    pub(crate) fn gives_up(&self, step: &StepId) -> bool {
        let given_up = |halt: &Halt| halt.gives_up_cleanup || self.cleanup_step(step).is_none();
        self.halt.as_ref().is_some_and(given_up)
    }

    /// What has to come to its end before anything is cleaned up.
    pub(super) fn active(&self) -> Vec<&Step> {
        let active = self.steps.iter().filter(|(_, record)| {
            matches!(
                record.status,
                Status::Running { .. }
                    | Status::InDoubt(_)
                    | Status::Parked { .. }
                    | Status::Opened { .. }
                    | Status::Called { .. }
            )
        });
        active
            .filter(|(step, _)| self.gives_up(step))
            .filter_map(|(step, _)| self.step(step))
            .collect()
    }

    /// What is done at the end, in the run that the file describes.
    pub(super) fn cleanup(&self) -> impl Iterator<Item = &[Step]> {
        let plan = &self.version.plan;
        let (failure, finally) = match (self.is_whole(), &self.halt) {
            (false, _) => (false, false),
            (true, None) => (false, true),
            (true, Some(halt)) => {
                let cleans = !halt.gives_up_cleanup;
                (cleans && halt.outcome == Outcome::Failed, cleans)
            }
        };
        let failure = failure.then_some(plan.on_failure.as_slice());
        let finally = finally.then_some(plan.finally.as_slice());
        failure.into_iter().chain(finally)
    }

    /// A step of `on_failure` or `finally`.
    pub(super) fn cleanup_step(&self, id: &StepId) -> Option<&Step> {
        let plan = &self.version.plan;
        let lists = [&plan.on_failure, &plan.finally];
        let mut lists = lists.into_iter().filter(|_| self.is_whole());
        lists.find_map(|steps| plan::find_in_run(steps, id))
    }

    /// Whether it is a run of the whole file, not one of its items.
    fn is_whole(&self) -> bool {
        self.item_of().is_none()
    }
}

/// Whether only a person's word is missing, which is not waited for any more.
fn is_asked(status: &Status) -> bool {
    matches!(
        status,
        Status::Parked {
            why: Why::Fault | Why::Approval { .. },
            ..
        }
    )
}

/// Whether a step in this state is left as soon as nothing more is tried of it.
fn ends_with_the_run(status: &Status) -> bool {
    match status {
        Status::Ready { .. } | Status::Waiting { .. } | Status::Open(_) => true,
        // What an overdue step had begun still has to be stopped; what is in doubt cleared up.
        Status::Parked {
            why: Why::Overdue(before) | Why::Blocked(before),
            ..
        } => ends_with_the_run(before),
        _ => false,
    }
}
