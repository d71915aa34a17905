//! Asking the world whether an effect in doubt took place.
//!
//! The question is a bot that only reads, so nothing of it is written down but
//! the answer: after a crash it is asked again.

use jiff::Timestamp;

use super::{
    Command, Engine,
    capacity::{QUESTION, Resource},
    event::{Answer, Call, Subject},
    outcome::attempt,
};
use crate::{
    fault::{Effect, Fault},
    ids::{RunId, StepId},
    plan::{Kind, Verify},
    run::{
        Run, Status,
        decide::{self, Decision},
        fact::{Verification, What},
    },
    value::Payload,
};

impl Engine {
    /// Asks when a session is free; otherwise when one is.
    pub(super) fn verify(&mut self, id: &RunId, step: &StepId, now: Timestamp) {
        let Some(live) = self.runs.get(id) else {
            return;
        };
        let Some(verify) = question(&live.run, step) else {
            // The version to which a person has moved the run asks no more.
            let fault = Fault::business("verify.none", "the step says nothing of `verify:`");
            return self.no_answer(id, step.clone(), Box::new(fault.in_doubt()), now);
        };
        if live.verifying.contains_key(step) {
            return;
        }
        match verify.connection.clone() {
            Some(connection) => {
                let place = (id.clone(), step.clone(), QUESTION);
                self.pools.wait(Resource::Connection(connection), place);
                self.offer(now);
            }
            None => self.begin_question(id, step, now),
        }
    }

    pub(super) fn begin_question(&mut self, id: &RunId, step: &StepId, now: Timestamp) {
        if let Some(live) = self.runs.get_mut(id) {
            live.verifying.insert(step.clone(), now);
        }
        self.evaluate(id, Subject::Verify(step.clone()));
    }

    /// Its parameters are rendered: the bot is asked.
    pub(super) fn ask(&mut self, id: &RunId, step: &StepId, answer: Answer, now: Timestamp) {
        match answer {
            Answer::Verify { with } => {
                let run = self.runs.get(id).map(|live| &live.run);
                let call = run.and_then(|run| call(run, step, with));
                self.commands
                    .extend(call.map(|call| Command::Spawn(Box::new(call))));
            }
            Answer::Fault(fault) => {
                // Our own fault says nothing of the connection.
                self.attempt_ended(&(id.clone(), step.clone(), QUESTION), None, now);
                self.no_answer(id, step.clone(), fault, now);
                self.offer(now);
            }
            other => unreachable!("a question cannot be answered by {other:?}"),
        }
    }

    /// The bot has spoken; what it said has to be understood.
    pub(super) fn verified(
        &mut self,
        id: &RunId,
        step: &StepId,
        result: Result<Payload, Box<Fault>>,
        now: Timestamp,
    ) {
        // The next daemon asks again.
        if self.stopping {
            if let Some(live) = self.runs.get_mut(id) {
                live.verifying.remove(step);
            }
            return;
        }
        match result {
            Ok(said) => self.evaluate(
                id,
                Subject::Verdict {
                    step: step.clone(),
                    said,
                },
            ),
            // It was cut short; the next daemon asks again.
            Err(_) if self.stopping => (),
            Err(fault) => self.no_answer(id, step.clone(), fault, now),
        }
    }

    pub(super) fn answered(&mut self, id: &RunId, step: StepId, answer: Answer, now: Timestamp) {
        match answer {
            Answer::Happened {
                happened: true,
                output,
            } => self.settled(id, step, Verification::Happened { output }, now),
            Answer::Happened {
                happened: false, ..
            } => self.denied(id, step, now),
            Answer::Fault(fault) => self.no_answer(id, step, fault, now),
            other => unreachable!("a verdict cannot be {other:?}"),
        }
    }

    /// The answer may have been long on its way: it is as old as the question.
    fn denied(&mut self, id: &RunId, step: StepId, now: Timestamp) {
        let asked = self.runs.get(id).and_then(|live| live.verifying.get(&step));
        let asked = asked.copied().unwrap_or(now);
        let settled = self.doubt(id, &step, |run, since, _, _| {
            let attempt = attempt(run, &step, run.record(&step)?, now);
            Some(decide::is_settled(&attempt, since, asked))
        });
        let settled = settled.unwrap_or_default();
        self.settled(id, step, Verification::DidNotHappen { settled }, now);
    }

    fn no_answer(&mut self, id: &RunId, step: StepId, fault: Box<Fault>, now: Timestamp) {
        self.settled(id, step, Verification::Unclear { fault }, now);
    }

    /// Writes the answer down with what follows from it.
    fn settled(&mut self, id: &RunId, step: StepId, answer: Verification, now: Timestamp) {
        if let Some(live) = self.runs.get_mut(id) {
            live.verifying.remove(&step);
        }
        let decision = self.doubt(id, &step, |run, since, denials, unclear| {
            let attempt = attempt(run, &step, run.record(&step)?, now);
            match &answer {
                Verification::Happened { .. } => None,
                Verification::DidNotHappen { settled: false } => {
                    Some(decide::too_soon(&attempt, since))
                }
                Verification::DidNotHappen { settled: true } => {
                    Some(decide::after_denial(&attempt, denials))
                }
                Verification::Unclear { fault } => {
                    Some(decide::after_no_answer(&attempt, fault, unclear))
                }
            }
        });
        if let (Verification::DidNotHappen { .. }, Some(Decision::Retry { .. })) =
            (&answer, &decision)
        {
            self.note_denial(id, &step);
        }
        let then = decision.map(|decision| self.verdict(decision));
        self.propose(id, vec![What::Verified { step, answer, then }], now);
    }

    /// What is known of a doubt: since when, how often denied, how often unclear.
    fn doubt<T>(
        &self,
        id: &RunId,
        step: &StepId,
        ask: impl Fn(&Run, Timestamp, u32, u32) -> Option<T>,
    ) -> Option<T> {
        let run = &self.runs.get(id)?.run;
        match &run.record(step)?.status {
            Status::InDoubt(doubt) => ask(run, doubt.since, doubt.denials, doubt.unclear),
            _ => None,
        }
    }
}

fn question<'a>(run: &'a Run, step: &StepId) -> Option<&'a Verify> {
    match &run.step(step)?.kind {
        Kind::Bot(call) => call.verify.as_ref(),
        _ => None,
    }
}

fn call(run: &Run, step: &StepId, with: Payload) -> Option<Call> {
    let (verify, record) = (question(run, step)?, run.record(step)?);
    Some(Call {
        run: run.id.clone(),
        step: step.clone(),
        attempt: record.attempts,
        version: run.version.clone(),
        bot: verify.bot.clone(),
        connection: verify.connection.clone(),
        with: with.into(),
        effect: Effect::None,
        idempotency_key: run.idempotency_key(step, record.generation),
        scheduled_for: run.created.scheduled_for,
        entered: record.entered?,
        timeout: None,
        announces: false,
        verifies: true,
    })
}
