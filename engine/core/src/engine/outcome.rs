//! How an attempt ended, and what follows from it.

use std::sync::LazyLock;

use jiff::Timestamp;

use super::{Command, Engine};
use crate::{
    fault::Fault,
    ids::{RunId, StepId},
    plan::{Kind, Retry},
    run::{
        Record, Run, Status,
        decide::{self, Attempt, Decision},
        fact::What,
    },
    value::Payload,
};

impl Engine {
    pub(super) fn outcome(
        &mut self,
        id: &RunId,
        (step, attempt): (StepId, u32),
        result: Result<Payload, Box<Fault>>,
        awaits: Option<String>,
        now: Timestamp,
    ) {
        self.stopped(id, &step);
        let fact = match result {
            Ok(output) => What::Succeeded {
                step,
                attempt,
                output,
            },
            Err(_) if self.may_withdraw(id, &step, attempt) => What::Withdrawn { step, attempt },
            Err(fault) => {
                let judge = |it: &Attempt<'_>, _: &Record| {
                    decide::after_fault(it, &fault, awaits.as_deref())
                };
                let Some(decision) = self.judge(id, (&step, attempt), judge, now) else {
                    return;
                };
                let then = self.verdict(decision);
                What::Failed {
                    step,
                    attempt,
                    fault,
                    then,
                }
            }
        };
        self.propose(id, vec![fact], now);
    }

    /// A step went wrong before its bot was called, or what a `call` made did.
    pub(super) fn fails_before(
        &mut self,
        id: &RunId,
        step: StepId,
        fault: Fault,
        now: Timestamp,
    ) -> What {
        let run = self.runs.get(id).map(|live| &live.run);
        let decision = run.map_or(Decision::Park, |run| {
            let attempt = Attempt {
                tries: 0,
                ..attempt(run, &step, &Record::default(), now)
            };
            decide::after_fault(&attempt, &fault, None)
        });
        let then = self.verdict(decision);
        What::Failed {
            step,
            attempt: 0,
            fault: Box::new(fault),
            then,
        }
    }

    pub(super) fn interrupted(&mut self, id: &RunId, step: StepId, number: u32, now: Timestamp) {
        let judge = |it: &Attempt<'_>, record: &Record| {
            decide::after_interruption(it, record.may_have_acted, record.interruptions)
        };
        let Some(decision) = self.judge(id, (&step, number), judge, now) else {
            return;
        };
        let then = self.verdict(decision);
        let attempt = number;
        let fact = What::Interrupted {
            step,
            attempt,
            then,
        };
        self.propose(id, vec![fact], now);
    }

    /// The bot is about to act. It may when that is written down and the run is to go on.
    pub(super) fn acting(&mut self, id: &RunId, step: StepId, attempt: u32, now: Timestamp) {
        let Some(live) = self.runs.get(id) else {
            return;
        };
        let wanted = !live.run.gives_up(&step) && !self.stopping;
        let fact = What::Acting {
            step: step.clone(),
            attempt,
        };
        if !wanted || self.try_propose(id, vec![fact], now).is_err() {
            self.commands.push(Command::Cancel {
                run: id.clone(),
                step,
                attempt,
            });
        }
    }

    /// Whether an attempt that ended because the daemon stops counts for nothing.
    fn may_withdraw(&self, id: &RunId, step: &StepId, number: u32) -> bool {
        let record = self.runs.get(id).and_then(|live| live.run.record(step));
        let at_work = |record: &Record| matches!(record.status, Status::Running { attempt, .. } if attempt == number);
        self.stopping && record.is_some_and(|record| at_work(record) && !record.may_have_acted)
    }

    /// Decides about an attempt that is under way or in doubt; any other is stale.
    fn judge(
        &self,
        id: &RunId,
        (step, number): (&StepId, u32),
        judge: impl Fn(&Attempt<'_>, &Record) -> Decision,
        now: Timestamp,
    ) -> Option<Decision> {
        let run = &self.runs.get(id)?.run;
        let record = run.record(step)?;
        match &record.status {
            Status::Running { attempt, .. } if *attempt == number => (),
            status if status.is_in_doubt() && record.attempts == number => (),
            _ => return None,
        }
        Some(judge(&attempt(run, step, record, now), record))
    }
}

/// What is to be decided about, with what its step says.
pub(super) fn attempt<'a>(
    run: &'a Run,
    id: &'a StepId,
    record: &Record,
    now: Timestamp,
) -> Attempt<'a> {
    static DEFAULT: LazyLock<Retry> = LazyLock::new(Retry::default);
    let step = run.step(id);
    let verify = step.and_then(|step| match &step.kind {
        Kind::Bot(call) => call.verify.as_ref(),
        _ => None,
    });
    Attempt {
        run: &run.id,
        step: id,
        effect: record.effect,
        retry: step.map_or(&*DEFAULT, |step| &step.retry),
        on_fault: step.map_or(&[], |step| &step.on_fault),
        settle: verify.map(|verify| verify.settle),
        halted: run.gives_up(id),
        number: record.attempts,
        tries: record.tries,
        now,
    }
}
