//! What goes on beside the loop: attempts, renderings, probes. Each ends with an event.

use std::{collections::HashMap, sync::Arc, time::Duration};

use botswain_core::{
    Effect, Fault, RunId, StepId,
    engine::{Command, Event, event::Call},
};
use tokio::sync::mpsc;

use super::{
    answer,
    attempt::{self, Ended, Work},
    message::{Announced, Message},
    parts::Parts,
    rendering::{self, Rendering},
};

/// How long the test of a connection may take.
const PROBING: Duration = Duration::from_secs(60);

/// A step of a run: at most one attempt of it, or one question about it, is under way.
type Place = (RunId, StepId);

pub(super) struct Tasks {
    parts: Arc<Parts>,
    sender: mpsc::UnboundedSender<Message>,
    works: HashMap<Place, Work>,
    stopping: bool,
}

impl Tasks {
    pub(super) fn new(parts: Arc<Parts>, sender: mpsc::UnboundedSender<Message>) -> Tasks {
        let works = HashMap::new();
        Tasks {
            parts,
            sender,
            works,
            stopping: false,
        }
    }

    pub(super) fn spawn(&mut self, call: Call) {
        let (run, step, attempt) = (call.run.clone(), call.step.clone(), call.attempt);
        let verifies = call.verifies;
        tracing::info!(%run, %step, attempt, bot = call.bot, "starts");
        let (work, outcome) = attempt::prepare(&self.parts, call, &self.sender);
        // Its start became durable when the daemon had been told to stop.
        if self.stopping && work.effect != Effect::Once {
            work.cancel.cancel();
        }
        self.works.insert((run.clone(), step.clone()), work);
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let Ended { result, warnings } = outcome.await;
            if let Err(fault) = &result {
                tracing::warn!(%run, %step, attempt, code = fault.code, "{}", fault.message);
            }
            if !warnings.is_empty() {
                drop(sender.send(Message::Event(Event::Warned {
                    run: run.clone(),
                    step: step.clone(),
                    attempt,
                    warnings,
                })));
            }
            drop(sender.send(Message::Event(match verifies {
                true => Event::Verified { run, step, result },
                false => Event::Outcome {
                    run,
                    step,
                    attempt,
                    result,
                },
            })));
        });
    }

    pub(super) fn ended(&mut self, place: &Place) {
        self.works.remove(place);
    }

    pub(super) fn are_done(&self) -> bool {
        self.works.is_empty()
    }

    /// What the bot has announced is durable.
    pub(super) fn proceed(&mut self, place: Place, attempt: u32) {
        let work = self.works.get_mut(&place);
        if let Some(work) = work.filter(|work| work.attempt == attempt) {
            work.proceed();
        }
    }

    pub(super) fn cancel(&self, place: Place, attempt: u32) {
        let work = self.works.get(&place);
        if let Some(work) = work.filter(|work| work.attempt == attempt) {
            work.cancel.cancel();
        }
    }

    /// Whatever may be done again is stopped at once, a `once` effect gets its time.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
        let works = self.works.values();
        for work in works.filter(|work| work.effect != Effect::Once) {
            work.cancel.cancel();
        }
    }

    /// A bot is about to act, and waits until that is durable.
    pub(super) fn announced(&mut self, announced: Announced) -> Option<Event> {
        let Announced {
            run,
            step,
            attempt,
            proceed,
        } = announced;
        let work = self.works.get_mut(&(run.clone(), step.clone()))?;
        if work.attempt != attempt {
            return None;
        }
        work.waits(proceed);
        Some(Event::Acting { run, step, attempt })
    }

    /// Gives the answer at once if that takes no more than a moment.
    pub(super) fn render(&self, rendering: Rendering) -> Option<Event> {
        let place = rendering.place();
        if place == rendering::Place::Loop {
            return Some(rendering.answer(&self.parts));
        }
        let (parts, sender) = (self.parts.clone(), self.sender.clone());
        let work = move || drop(sender.send(Message::Event(rendering.answer(&parts))));
        match place {
            rendering::Place::Thread => drop(tokio::task::spawn_blocking(work)),
            _ => drop(tokio::spawn(async move { work() })),
        }
        None
    }

    pub(super) fn probe(&self, connection: String) {
        let (parts, sender) = (self.parts.clone(), self.sender.clone());
        tokio::spawn(async move {
            let result = test(&parts, &connection).await.map(drop);
            let result = result.map_err(Box::new);
            drop(sender.send(Message::Event(Event::Probed { connection, result })));
        });
    }

    /// What blocks or computes, off the loop.
    pub(super) fn aside(&self, command: Command) {
        let (parts, sender) = (self.parts.clone(), self.sender.clone());
        tokio::task::spawn_blocking(move || {
            let message = match answer::to(&parts, command) {
                Ok(event) => Message::Event(event),
                Err(error) => Message::Failed(error),
            };
            drop(sender.send(message));
        });
    }
}

/// Tries a connection and says what answered.
pub(super) async fn test(parts: &Parts, connection: &str) -> Result<String, Fault> {
    let test = tokio::time::timeout(PROBING, parts.connections.test(connection)).await;
    test.unwrap_or_else(|_| {
        let message = format!("its test gave no answer within {} s", PROBING.as_secs());
        Err(Fault::system("test.timeout", message))
    })
}

/// Says that a breaker has opened for a fault, or has closed.
pub(super) fn tell(connection: &str, open: Option<&Fault>) {
    match open {
        Some(fault) => tracing::warn!(
            connection,
            code = fault.code,
            "its breaker has opened, steps wait until it answers: {}",
            fault.message
        ),
        None => tracing::info!(connection, "it answers again, its breaker has closed"),
    }
}
