//! The transitions of one step: its status and a fact give the next status.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Branch, Doubt, Illegal, Record, Run, Status, Why, decide,
    fact::{Approval, Fact, Outcome, Skip, Verdict, Verification, What},
};
use crate::{
    fault::{Effect, Fault, Reach},
    ids::{ExceptionId, StepId},
    value::Payload,
};

impl Run {
    pub(super) fn step_fact(&mut self, step: &StepId, fact: &Fact) -> Result<(), Illegal> {
        if !self.has_step(step) {
            return Err(self.illegal(&fact.what));
        }
        let opened = self.opened_at(fact.at);
        let record = Arc::make_mut(self.steps.entry(step.clone()).or_default());
        let Some(next) = record.after(fact) else {
            return Err(self.illegal(&fact.what));
        };
        if matches!(
            next,
            Status::Open(_) | Status::Opened { .. } | Status::Called { .. }
        ) && record.opened.is_none()
        {
            record.opened = Some(opened);
        }
        record.status = next;
        if verdict(&fact.what) == Some(&Verdict::Fail) {
            self.halt_with(Outcome::Failed, Some(step));
        }
        Ok(())
    }

    /// Something before a bot could be called, or the run itself, went wrong.
    pub(super) fn failed_before(&mut self, step: &StepId, fact: &Fact) -> Result<(), Illegal> {
        let What::Failed { fault, then, .. } = &fact.what else {
            return Err(self.illegal(&fact.what));
        };
        let whole = step == self.frame_id();
        let record = self.record_mut(step, &fact.what)?;
        let may_fail = match &record.status {
            Status::Pending => true,
            Status::Ready { .. } | Status::Called { .. } => !whole,
            _ => false,
        };
        if !may_fail || whole && then.exception().is_none() {
            return Err(self.illegal(&fact.what));
        }
        record.fault = Some(fault.clone());
        // In doubt before it starts here: it may have been done elsewhere.
        record.may_have_acted |= matches!(then, Verdict::Doubt { .. });
        record.status = after_verdict(then, fault, fact.at);
        if *then == Verdict::Fail {
            self.halt_with(Outcome::Failed, Some(step));
        }
        Ok(())
    }
}

fn verdict(what: &What) -> Option<&Verdict> {
    match what {
        What::Failed { then, .. } | What::Interrupted { then, .. } => Some(then),
        What::Verified { then, .. } => then.as_ref(),
        _ => None,
    }
}

impl Record {
    /// The status after a fact, or nothing when it cannot have happened.
    fn after(&mut self, fact: &Fact) -> Option<Status> {
        match (&self.status, &fact.what) {
            (Status::Pending, _) => self.begins(fact),
            (Status::Ready { .. }, What::Started { attempt, .. }) => self.starts(*attempt, fact.at),
            (Status::Running { attempt: now, .. }, _) => {
                let now = *now;
                self.works(now, fact)
            }
            (Status::Opened { .. } | Status::Open(_), What::Closed { output, .. }) => {
                Some(self.closes(output))
            }
            (
                Status::Called { .. },
                What::Succeeded {
                    attempt: 0, output, ..
                },
            ) => Some(self.succeeds(output)),
            (
                Status::Waiting { .. },
                What::Succeeded {
                    attempt: 0, output, ..
                },
            ) => Some(self.succeeds(output)),
            (
                Status::Opened { .. } | Status::Called { .. },
                What::Blocked {
                    exception, fault, ..
                },
            ) => Some(self.blocks(*exception, fault, fact.at)),
            (status, What::Stopped { .. }) if may_be_stopped(status) => Some(Status::Cancelled),
            (
                Status::Parked {
                    why: Why::Approval { .. },
                    ..
                },
                What::Escalated { .. },
            ) => self.escalates(),
            (status, _) if status.is_in_doubt() => self.clears_up(fact),
            _ => None,
        }
    }

    fn begins(&mut self, fact: &Fact) -> Option<Status> {
        Some(match &fact.what {
            What::Entered { .. } => self.enters(fact)?,
            What::Skipped { why, .. } => {
                let output = match why {
                    Skip::Duplicate { output, .. } => output.clone(),
                    Skip::Condition | Skip::Resolution => Payload::NULL,
                };
                self.output = Some(Arc::new(output));
                Status::Skipped
            }
            What::Opened { list, count, .. } => {
                self.made_runs |= *count > 0;
                Status::Opened {
                    list: Arc::new(list.clone()),
                    count: *count,
                }
            }
            What::Forked { .. } => Status::Open(Branch::All),
            What::Chose { case, .. } => Status::Open(Branch::Case(case.clone())),
            What::Called { inputs, .. } => {
                self.attempts += 1;
                self.made_runs = true;
                Status::Called {
                    inputs: Arc::new(inputs.clone()),
                }
            }
            What::Asked {
                exception,
                approval,
                ..
            } => asked(*exception, approval, fact.at),
            What::Waits { until, .. } => Status::Waiting { until: *until },
            What::Succeeded {
                attempt: 0, output, ..
            } => self.succeeds(output),
            _ => return None,
        })
    }

    fn enters(&mut self, fact: &Fact) -> Option<Status> {
        let What::Entered {
            with,
            effect,
            key,
            generation,
            announces,
            ..
        } = &fact.what
        else {
            return None;
        };
        self.with = Some(Arc::new(with.clone()));
        if self.generation != *generation {
            self.entered = Some(fact.at);
        }
        (self.effect, self.generation) = (*effect, *generation);
        (self.announces, self.renewed) = (*announces, false);
        self.key = key.clone();
        Some(Status::Ready { not_before: None })
    }

    fn starts(&mut self, attempt: u32, at: Timestamp) -> Option<Status> {
        if attempt != self.attempts + 1 {
            return None;
        }
        self.attempts += 1;
        self.tries += 1;
        self.acting = false;
        self.may_have_acted |= self.effect == Effect::Once && !self.announces;
        Some(Status::Running { attempt, since: at })
    }

    /// What may follow while an attempt is under way.
    fn works(&mut self, now: u32, fact: &Fact) -> Option<Status> {
        match &fact.what {
            What::Acting { attempt, .. } if *attempt == now && !self.acting => {
                self.acting = true;
                self.may_have_acted |= self.effect == Effect::Once;
                Some(self.status.clone())
            }
            What::Succeeded {
                attempt, output, ..
            } if *attempt == now => {
                self.may_have_acted |= self.effect == Effect::Once;
                Some(self.succeeds(output))
            }
            What::Failed {
                attempt,
                fault,
                then,
                ..
            } if *attempt == now => {
                self.interruptions = 0;
                if let Verdict::Wait { .. } = then {
                    self.tries -= 1;
                }
                self.may_have_acted &= fault.effect == Reach::Unknown;
                self.fault = Some(fault.clone());
                Some(after_verdict(then, fault, fact.at))
            }
            What::Interrupted { attempt, then, .. } if *attempt == now => {
                self.interruptions += 1;
                let fault = decide::interruption(self.may_have_acted);
                Some(after_verdict(then, &fault, fact.at))
            }
            What::Withdrawn { attempt, .. } if *attempt == now && !self.may_have_acted => {
                self.tries -= 1;
                Some(Status::Ready { not_before: None })
            }
            _ => None,
        }
    }

    /// What may follow while it is open whether the effect took place. An attempt that was given
    /// up and answers after all settles it, and so does the world when it is asked.
    fn clears_up(&mut self, fact: &Fact) -> Option<Status> {
        match &fact.what {
            What::Succeeded {
                attempt, output, ..
            } if *attempt == self.attempts => Some(self.succeeds(output)),
            What::Failed {
                attempt,
                fault,
                then,
                ..
            } if *attempt == self.attempts && fault.effect == Reach::None => {
                self.may_have_acted = false;
                self.fault = Some(fault.clone());
                Some(after_verdict(then, fault, fact.at))
            }
            What::Verified { answer, then, .. } => self.verified(answer, then.as_ref(), fact.at),
            _ => None,
        }
    }

    fn verified(
        &mut self,
        answer: &Verification,
        then: Option<&Verdict>,
        at: Timestamp,
    ) -> Option<Status> {
        let Status::InDoubt(doubt) = &self.status else {
            return None;
        };
        let mut doubt = doubt.clone();
        match (answer, then) {
            (Verification::Happened { output }, None) => Some(self.succeeds(output)),
            (Verification::DidNotHappen { settled }, Some(Verdict::Verify { at })) => {
                doubt.ask_at = *at;
                doubt.denials += u32::from(*settled);
                Some(Status::InDoubt(doubt))
            }
            (Verification::Unclear { .. }, Some(Verdict::Verify { at })) => {
                doubt.ask_at = *at;
                doubt.unclear += 1;
                Some(Status::InDoubt(doubt))
            }
            (Verification::DidNotHappen { settled: true }, Some(then)) => {
                self.may_have_acted = false;
                doubt.fault.effect = Reach::None;
                Some(after_verdict(then, &doubt.fault, at))
            }
            (Verification::Unclear { fault }, Some(then @ Verdict::Doubt { .. })) => {
                Some(after_verdict(then, fault, at))
            }
            _ => None,
        }
    }

    fn blocks(&mut self, exception: ExceptionId, fault: &Fault, at: Timestamp) -> Status {
        Status::Parked {
            exception,
            why: Why::Blocked(Box::new(self.status.clone())),
            fault: Box::new(fault.clone()),
            since: at,
        }
    }

    fn closes(&mut self, output: &Payload) -> Status {
        let handled = matches!(self.status, Status::Open(Branch::Handler(_)));
        self.output = Some(Arc::new(output.clone()));
        match handled {
            true => Status::Failed,
            false => Status::Succeeded,
        }
    }

    fn succeeds(&mut self, output: &Payload) -> Status {
        self.output = Some(Arc::new(output.clone()));
        Status::Succeeded
    }

    fn escalates(&mut self) -> Option<Status> {
        let mut status = self.status.clone();
        if let Status::Parked {
            why: Why::Approval { escalated, .. },
            ..
        } = &mut status
        {
            if *escalated {
                return None;
            }
            *escalated = true;
        }
        Some(status)
    }
}

fn may_be_stopped(status: &Status) -> bool {
    match status {
        Status::Opened { .. } | Status::Called { .. } => true,
        Status::Parked {
            why: Why::Overdue(before) | Why::Blocked(before),
            ..
        } => may_be_stopped(before),
        _ => false,
    }
}

fn asked(exception: ExceptionId, approval: &Approval, at: Timestamp) -> Status {
    Status::Parked {
        exception,
        why: Why::Approval {
            approval: Box::new(approval.clone()),
            escalated: false,
            approved: Vec::new(),
        },
        fault: Box::new(Fault::business("approval.asked", &approval.question)),
        since: at,
    }
}

pub(super) fn after_verdict(verdict: &Verdict, fault: &Fault, at: Timestamp) -> Status {
    let fault = Box::new(fault.clone());
    let parked = |exception: ExceptionId, why: Why, fault| Status::Parked {
        exception,
        why,
        fault,
        since: at,
    };
    match verdict {
        Verdict::Retry { at } => Status::Ready {
            not_before: Some(*at),
        },
        Verdict::Wait { .. } => Status::Ready { not_before: None },
        Verdict::Park { exception } => parked(*exception, Why::Fault, fault),
        Verdict::Doubt { exception } => parked(*exception, Why::Doubt, fault),
        Verdict::Verify { at: ask_at } => Status::InDoubt(Doubt {
            fault,
            since: at,
            ask_at: *ask_at,
            denials: 0,
            unclear: 0,
        }),
        Verdict::Continue | Verdict::Fail => Status::Failed,
        Verdict::Handle { entry } => Status::Open(Branch::Handler(*entry)),
        Verdict::Cancel => Status::Cancelled,
    }
}
