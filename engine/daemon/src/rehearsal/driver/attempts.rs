//! Attempts: who answers them, when the answer comes, and what cuts them short.

use botswain_core::{
    Effect, Fault, Payload, RunId, StepId,
    engine::{Event, event::Call},
};

use super::{
    super::cast::{Cast, Coming},
    Driver, Due,
};
use crate::daemon::attempt;

impl<C: Cast> Driver<'_, C> {
    pub(super) fn spawn(&mut self, call: &Call) {
        let coming = self.cast.attempt(call, self.stage);
        let coming = coming.unwrap_or_else(|| Coming {
            delay: 0,
            what: self.stage.perform(call),
        });
        let Coming { delay, what } = within_time(call, coming);
        let (run, step, attempt) = (call.run.clone(), call.step.clone(), call.attempt);
        let place = (run.clone(), step.clone(), attempt);
        if call.announces && may_have_acted(&what) {
            let (run, step) = (run.clone(), step.clone());
            self.events.push_back(Event::Acting { run, step, attempt });
        }
        let result = what.map_err(|fault| Box::new(attempt::at_most(*fault, call.effect)));
        let event = match call.verifies {
            true => Event::Verified { run, step, result },
            false => Event::Outcome {
                run,
                step,
                attempt,
                result,
            },
        };
        self.later(delay, event, Some((place, call.effect)));
    }

    pub(super) fn later(
        &mut self,
        delay: u64,
        event: Event,
        attempt: Option<((RunId, StepId, u32), Effect)>,
    ) {
        if delay == 0 {
            return self.events.push_back(event);
        }
        self.begun += 1;
        let at = self.now + std::time::Duration::from_millis(delay);
        self.due.insert((at, self.begun), Due { event, attempt });
    }

    /// Ends an attempt before its answer has come.
    pub(super) fn cancel(&mut self, place: &(RunId, StepId, u32)) {
        let is_meant = |due: &Due| due.attempt.as_ref().is_some_and(|(it, _)| it == place);
        let found = self.due.iter().find(|(_, due)| is_meant(due));
        let Some(at) = found.map(|(at, _)| *at) else {
            return;
        };
        let due = self.due.remove(&at).expect("it was found");
        let (run, step, attempt) = place.clone();
        let fault = Fault::system("step.cancelled", "the attempt was stopped");
        let once = due.attempt.is_some_and(|(_, it)| it == Effect::Once);
        let fault = if once { fault.in_doubt() } else { fault };
        self.events.push_back(Event::Outcome {
            run,
            step,
            attempt,
            result: Err(Box::new(fault)),
        });
    }
}

/// An answer that takes longer than the attempt may is cut short.
fn within_time(
    call: &Call,
    coming: Coming<Result<Payload, Box<Fault>>>,
) -> Coming<Result<Payload, Box<Fault>>> {
    let most = call
        .timeout
        .unwrap_or(attempt::TIMEOUT.as_secs().saturating_mul(1000));
    if coming.delay <= most {
        return coming;
    }
    let message = format!("`{}` was not done within {} s", call.bot, most / 1000);
    let fault = Fault::system("step.timeout", message);
    Coming {
        delay: most,
        what: Err(Box::new(fault.in_doubt())),
    }
}

fn may_have_acted(what: &Result<Payload, Box<Fault>>) -> bool {
    what.as_ref()
        .err()
        .is_none_or(|fault| fault.effect == botswain_core::Reach::Unknown)
}
