//! What can arrive for a run, and the facts that it becomes.

use jiff::Timestamp;

use super::{
    Engine,
    claims::Right,
    connection_of,
    event::{Answer, Command, Holder, Reply, Resolve, Subject, claim_key},
};
use crate::{
    fault::{Effect, Fault},
    ids::{RunId, StepId},
    plan::Retry,
    run::{
        Record, Status,
        decide::{self, Attempt},
        fact::{Key, Outcome, Skip, What},
    },
    value::Payload,
};

/// Something that has arrived for one run.
pub(super) enum Input {
    Evaluated {
        subject: Subject,
        answer: Box<Answer>,
        holder: Option<Holder>,
    },
    Outcome {
        step: StepId,
        attempt: u32,
        result: Result<Payload, Box<Fault>>,
    },
    Interrupted {
        step: StepId,
        attempt: u32,
    },
    Gathered {
        step: StepId,
        output: Result<Payload, Box<Fault>>,
    },
    Resolve(Box<Resolve>),
}

/// A bot's step whose templates were rendered.
struct Entry {
    step: StepId,
    with: Payload,
    effect: Effect,
    key: Option<Key>,
}

impl Engine {
    pub(super) fn take(&mut self, id: &RunId, input: Input, now: Timestamp) {
        match input {
            Input::Evaluated {
                subject,
                answer,
                holder,
            } => self.evaluated(id, subject, *answer, holder, now),
            Input::Outcome {
                step,
                attempt,
                result,
            } => self.outcome(id, step, attempt, result, now),
            Input::Interrupted { step, attempt } => self.interrupted(id, step, attempt, now),
            Input::Gathered { step, output } => self.close(id, &step, output, now),
            Input::Resolve(resolve) => self.decide(id, *resolve, now),
        }
    }

    fn evaluated(
        &mut self,
        id: &RunId,
        subject: Subject,
        answer: Answer,
        holder: Option<Holder>,
        now: Timestamp,
    ) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        if live.evaluating.as_ref() != Some(&subject) {
            return;
        }
        live.evaluating = None;
        // It is rendered again when the daemon is back.
        if self.stopping {
            return;
        }
        let frame = live.run.frame_id().clone();
        let workflow = live.run.version.plan.name.clone();
        match (subject, answer) {
            (Subject::Item { step, index, .. }, answer) => {
                self.begin_item(id, (&step, index), answer, holder, now);
            }
            (Subject::Step(step), Answer::Skip) => {
                self.propose(
                    id,
                    vec![What::Skipped {
                        step,
                        why: Skip::Condition,
                    }],
                    now,
                );
            }
            (Subject::Step(step), Answer::List { list, count }) => {
                self.propose(id, vec![What::Opened { step, list, count }], now);
            }
            (Subject::Step(step), Answer::Bot { with, effect, key }) => {
                self.enter(
                    id,
                    Entry {
                        step,
                        with,
                        effect,
                        key,
                    },
                    holder,
                    now,
                );
            }
            (Subject::Step(step), Answer::Fault(fault)) => {
                let parked = self.park(step, *fault);
                self.propose(id, vec![parked], now);
            }
            (Subject::Identity, Answer::Identity { key }) => {
                let facts = self.identify(id, &frame, key, holder, &workflow);
                self.propose(id, facts, now);
            }
            (Subject::Collect, Answer::Collected { output }) => {
                self.end(id, Outcome::Succeeded, output, now)
            }
            (Subject::Identity | Subject::Collect, Answer::Fault(fault)) => {
                let parked = self.park(frame, *fault);
                self.propose(id, vec![parked], now);
            }
            (subject, answer) => unreachable!("{subject:?} cannot be answered by {answer:?}"),
        }
    }

    /// Writes down what a bot is to do, and its start in the same batch when it may start at once.
    fn enter(&mut self, id: &RunId, entry: Entry, holder: Option<Holder>, now: Timestamp) {
        let Some(live) = self.runs.get(id) else {
            return;
        };
        let Entry {
            step,
            with,
            effect,
            key,
        } = entry;
        let workflow = live.run.version.plan.name.clone();
        let record = live.run.record(&step).cloned().unwrap_or_default();
        let connection = connection_of(&live.run, &step);
        if let Some(key) = &key {
            let claim = claim_key(&workflow, Some(&step), &key.text);
            match self.claims.right(id, &claim, key, holder) {
                Right::Ours => (),
                Right::Duplicate(Holder { claim, output }) => {
                    let why = Skip::Duplicate {
                        of: claim.run,
                        output,
                    };
                    return self.propose(id, vec![What::Skipped { step, why }], now);
                }
                Right::Conflict(fault) => {
                    let parked = self.park(step, fault);
                    return self.propose(id, vec![parked], now);
                }
            }
        }
        let generation = generation(&record, &with);
        let started = self
            .sessions
            .take(connection.as_deref(), id, &step)
            .then(|| What::Started {
                step: step.clone(),
                attempt: record.attempts + 1,
            });
        let mut facts = vec![What::Entered {
            step,
            with,
            effect,
            key,
            generation,
        }];
        facts.extend(started);
        self.propose(id, facts, now);
    }

    fn outcome(
        &mut self,
        id: &RunId,
        step: StepId,
        attempt: u32,
        result: Result<Payload, Box<Fault>>,
        now: Timestamp,
    ) {
        let fact = match result {
            Ok(output) => What::Succeeded {
                step,
                attempt,
                output,
            },
            Err(fault) => {
                let Some(decision) = self.judge(
                    id,
                    &step,
                    attempt,
                    |it, _| decide::after_fault(it, &fault),
                    now,
                ) else {
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

    fn interrupted(&mut self, id: &RunId, step: StepId, attempt: u32, now: Timestamp) {
        let judge = |it: &Attempt<'_>, record: &Record| {
            decide::after_interruption(it, record.interruptions)
        };
        let Some(decision) = self.judge(id, &step, attempt, judge, now) else {
            return;
        };
        let then = self.verdict(decision);
        self.propose(
            id,
            vec![What::Interrupted {
                step,
                attempt,
                then,
            }],
            now,
        );
    }

    /// Decides about an attempt that is under way; any other is stale.
    fn judge(
        &self,
        id: &RunId,
        step: &StepId,
        attempt: u32,
        judge: impl Fn(&Attempt<'_>, &Record) -> decide::Decision,
        now: Timestamp,
    ) -> Option<decide::Decision> {
        let run = &self.runs.get(id)?.run;
        let record = run.record(step)?;
        match record.status {
            Status::Running {
                attempt: current, ..
            } if current == attempt => (),
            _ => return None,
        }
        let default = Retry::default();
        let retry = run.step(step).map_or(&default, |step| &step.retry);
        let (effect, number, tries) = (record.effect, record.attempts, record.tries);
        Some(judge(
            &Attempt {
                run: id,
                step,
                effect,
                retry,
                number,
                tries,
                now,
            },
            record,
        ))
    }

    fn decide(&mut self, id: &RunId, resolve: Resolve, now: Timestamp) {
        let Resolve {
            request,
            exception,
            step,
            resolution,
            by,
            note,
            ..
        } = resolve;
        let facts = vec![What::Resolved {
            step,
            exception,
            resolution,
            by,
            note,
        }];
        match self.try_propose(id, facts, now) {
            Ok(()) => self.answer(id, request),
            Err(_) => {
                let reason =
                    format!("exception {exception} does not wait for this decision (any more)");
                self.commands.push(Command::Reply {
                    request,
                    reply: Reply::Refused { reason },
                });
            }
        }
    }
}

/// Equal data are the same generation of an effect, other data begin a new one.
fn generation(record: &Record, with: &Payload) -> u32 {
    match &record.with {
        Some(before) if before.as_ref() == with => record.generation,
        _ => record.generation + 1,
    }
}
