//! What can arrive for a run, and the facts that it becomes.

use jiff::{SignedDuration, Timestamp};

use super::{
    Engine,
    attempts::resource_of,
    claims::Right,
    event::{Answer, Cancel, Holder, Resolve, Return, Subject, claim_key},
};
use crate::{
    fault::{Effect, Fault},
    ids::{RunId, StepId},
    plan::Kind,
    run::{
        Next, Record, Run,
        fact::{Approval, Escalation, Key, Origin, Outcome, Skip, What},
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
        /// The connection for which it waits rather than using up an attempt.
        awaits: Option<String>,
    },
    /// A [`What::Warned`].
    Warned(What),
    Interrupted {
        step: StepId,
        attempt: u32,
    },
    Acting {
        step: StepId,
        attempt: u32,
    },
    Verified {
        step: StepId,
        result: Result<Payload, Box<Fault>>,
    },
    Returned {
        step: StepId,
        result: Result<Return, Box<Fault>>,
    },
    Gathered {
        step: StepId,
        output: Result<Payload, Box<Fault>>,
    },
    Resolve(Box<Resolve>),
    Cancel(Box<Cancel>),
    /// The run around it is being brought to its end.
    End,
    /// A time for which it was let go of has come.
    Wake,
}

/// A bot's step whose templates were rendered.
struct Entry {
    step: StepId,
    with: Payload,
    effect: Effect,
    announces: bool,
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
                awaits,
            } => self.outcome(id, (step, attempt), result, awaits, now),
            Input::Warned(fact) => self.propose(id, vec![fact], now),
            Input::Interrupted { step, attempt } => self.interrupted(id, step, attempt, now),
            Input::Acting { step, attempt } => self.acting(id, step, attempt, now),
            Input::Verified { step, result } => self.verified(id, &step, result, now),
            Input::Returned { step, result } => self.returned(id, &step, result, now),
            Input::Gathered { step, output } => self.close(id, &step, output, now),
            Input::Resolve(resolve) => self.decide(id, *resolve, now),
            Input::Cancel(cancel) => self.cancel_run(id, *cancel, now),
            Input::End => self.end_with_parent(id, now),
            Input::Wake => (),
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
        let asked = live.evaluating.iter().position(|asked| *asked == subject);
        let Some(asked) = asked else {
            return;
        };
        live.evaluating.swap_remove(asked);
        // It is rendered again when the daemon is back, or the disk has room.
        let waits = self.stopping || self.low && !asks_the_world(&subject);
        if waits || !is_wanted(&live.run, &subject, now) {
            return;
        }
        let frame = live.run.frame_id().clone();
        let workflow = live.run.version.plan.name.clone();
        match (subject, answer) {
            (Subject::Item { step, index, .. }, answer) => {
                self.begin_item(id, (&step, index), answer, holder, now);
            }
            (Subject::Step(step), answer) => self.stepped(id, step, answer, (holder, now)),
            (Subject::Verify(step), answer) => self.ask(id, &step, answer, now),
            (Subject::Verdict { step, .. }, answer) => self.answered(id, step, answer, now),
            (Subject::Callee(step), answer) => self.begin_call(id, &step, answer, now),
            (Subject::Identity, Answer::Identity { key }) => {
                let facts = self.identify(id, &frame, key, holder, &workflow);
                self.propose(id, facts, now);
            }
            (Subject::Collect, Answer::Collected { output }) => {
                self.end(id, Outcome::Succeeded, output, now);
            }
            (Subject::Identity | Subject::Collect, Answer::Fault(fault)) => {
                let parked = self.park(frame, *fault);
                self.propose(id, vec![parked], now);
            }
            (subject, answer) => unreachable!("{subject:?} cannot be answered by {answer:?}"),
        }
    }

    /// The templates of a step are rendered: what it does begins.
    fn stepped(
        &mut self,
        id: &RunId,
        step: StepId,
        answer: Answer,
        (holder, now): (Option<Holder>, Timestamp),
    ) {
        let what = match answer {
            Answer::Bot {
                with,
                effect,
                announces,
                key,
            } => {
                let entry = Entry {
                    step,
                    with,
                    effect,
                    announces,
                    key,
                };
                return self.enter(id, entry, holder, now);
            }
            Answer::Fault(fault) => self.fails_before(id, step, *fault, now),
            Answer::Skip => What::Skipped {
                step,
                why: Skip::Condition,
            },
            Answer::List { list, count } => What::Opened { step, list, count },
            Answer::Fork => What::Forked { step },
            Answer::Case(case) => What::Chose { step, case },
            Answer::Call { inputs } => What::Called { step, inputs },
            Answer::Approval { question, show } => self.question(id, step, (question, show), now),
            Answer::Wait(millis) => What::Waits {
                step,
                until: later(now, millis),
            },
            Answer::Until(until) => What::Waits { step, until },
            Answer::Value { output } => What::Succeeded {
                step,
                attempt: 0,
                output,
            },
            other => unreachable!("a step cannot be answered by {other:?}"),
        };
        self.propose(id, vec![what], now);
    }

    /// What a person is asked, and when others are.
    fn question(
        &mut self,
        id: &RunId,
        step: StepId,
        (question, show): (String, Payload),
        now: Timestamp,
    ) -> What {
        let exception = self.new_exception();
        let run = self.runs.get(id).map(|live| &live.run);
        let kind = run.and_then(|run| run.step(&step)).map(|step| &step.kind);
        let approve = match kind {
            Some(Kind::Approve(approve)) => Some(approve),
            _ => None,
        };
        let escalate = approve.and_then(|approve| approve.escalate.as_ref());
        let approval = Box::new(Approval {
            question,
            show,
            ask: approve.map(|it| it.ask.clone()).unwrap_or_default(),
            escalate: escalate.map(|it| Escalation {
                at: later(now, it.after),
                to: it.to.clone(),
            }),
            required: approve.map_or(1, |it| it.required),
            not: approve
                .filter(|it| !it.self_approval)
                .and_then(|_| self.starter(id)),
        });
        What::Asked {
            step,
            exception,
            approval,
        }
    }

    /// The person who started the run that this one is, or is a part of.
    fn starter(&self, id: &RunId) -> Option<String> {
        let mut id = id.clone();
        loop {
            match &self.runs.get(&id)?.run.created.origin {
                Origin::Person { by } => return Some(by.clone()),
                Origin::Item { parent, .. } | Origin::Call { parent, .. } => id = parent.clone(),
                Origin::Trigger { .. } | Origin::Promise => return None,
            }
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
            announces,
            key,
        } = entry;
        let workflow = live.run.version.plan.name.clone();
        let record = live.run.record(&step).cloned().unwrap_or_default();
        let resource = resource_of(&live.run, &step);
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
                    let failed = self.fails_before(id, step, fault, now);
                    return self.propose(id, vec![failed], now);
                }
            }
        }
        let generation = generation(&record, &with);
        let attempt = record.attempts + 1;
        let place = (id.clone(), step.clone(), attempt);
        let doubted = self.doubt_restored(id, &step, effect, now);
        let holds = self.is_held(effect) || doubted.is_some();
        let free = !holds && self.pools.take(resource.as_ref(), place, now);
        let started = free.then(|| What::Started {
            step: step.clone(),
            attempt,
        });
        let mut facts = vec![What::Entered {
            step,
            with,
            effect,
            key,
            generation,
            announces,
        }];
        facts.extend(started.or(doubted));
        self.propose(id, facts, now);
    }
}

/// Whether what was to be rendered still is: the run may have been brought to its end, or have
/// run out of time, while it was.
fn is_wanted(run: &Run, subject: &Subject, now: Timestamp) -> bool {
    let asks = |next: &Next| match (next, subject) {
        (Next::Evaluate { step }, Subject::Step(of))
        | (Next::Items { step }, Subject::Item { step: of, .. })
        | (Next::Call { step }, Subject::Callee(of)) => step == of,
        (Next::Identify, Subject::Identity) | (Next::Collect, Subject::Collect) => true,
        _ => false,
    };
    asks_the_world(subject) || run.next(now).iter().any(asks)
}

/// Whoever asks the world holds a session for it, and has to hear what came of it.
fn asks_the_world(subject: &Subject) -> bool {
    matches!(subject, Subject::Verify(_) | Subject::Verdict { .. })
}

/// Equal data are the same generation of an effect, other data begin a new one.
fn generation(record: &Record, with: &Payload) -> u32 {
    match &record.with {
        Some(before) if before.as_ref() == with && !record.renewed => record.generation,
        _ => record.generation + 1,
    }
}

fn later(now: Timestamp, millis: u64) -> Timestamp {
    let wait = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}
