//! The office in which the bots act, and how much they can be believed.
//!
//! An attempt acts or does not, and answers: at once, late, twice, wrongly
//! ("nobody knows"), or never. Whoever says that the effect of his attempt did not
//! take place says the truth. Where the world can be asked, it shows an effect
//! within `settle` after the attempt has ended, and denies it wrongly at most once
//! from then on.

use std::collections::VecDeque;

use botswain_core::{
    Fault, RunId, StepId,
    engine::{Event, event::Call},
    index::ClaimKey,
    run::Run,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    dice::Dice,
    ledger::Ledger,
    manners::{Answer, Landing, land, lost, manner, settle, success},
    mutations::Mutation,
    store::Disk,
    tally::Tally,
};

/// What the world has seen.
#[derive(Debug, Default)]
pub(crate) struct Office {
    ledger: Ledger,
    attempts: Vec<Attempt>,
    pub(crate) calm: bool,
    mutation: Option<Mutation>,
    pub(crate) tally: Tally,
    /// How much time has passed.
    elapsed: SignedDuration,
}

/// An attempt of which the end is not known yet.
#[derive(Debug)]
pub(crate) struct Attempt {
    call: Call,
    /// The keys under which it acts, each with the run that claims to hold it.
    keys: Vec<(ClaimKey, RunId)>,
    /// Still to come: the act, then the answers.
    acts: bool,
    answers: VecDeque<Answer>,
    /// It never answers.
    is_silent: bool,
    /// What it has said of acting, when it has to wait for leave.
    leave: Leave,
    /// How often it lets others go first.
    patience: u64,
    landing: Landing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    /// It needs none, or has it.
    Given,
    ToAsk,
    Asked,
}

impl Office {
    pub(crate) fn new(mutation: Option<Mutation>) -> Office {
        Office {
            mutation,
            ..Office::default()
        }
    }

    /// A bot is called.
    pub(crate) fn begin(&mut self, call: Call, keys: Vec<(ClaimKey, RunId)>, dice: &Dice) {
        if call.verifies {
            return self.ask(call, dice);
        }
        let leave = if call.announces {
            Leave::ToAsk
        } else {
            Leave::Given
        };
        let (acts, answers) = match self.calm {
            true => (true, vec![success(&call)]),
            false => manner(&call, dice),
        };
        let is_late = acts && settle(&call).is_some() && !self.calm && dice.once_in(3);
        let (landing, answers) = match is_late {
            true => (Landing::Late, vec![lost()]),
            false => (Landing::AtOnce, answers),
        };
        let patience = if dice.once_in(3) { dice.below(30) } else { 0 };
        let is_silent = answers.is_empty();
        self.attempts.push(Attempt {
            call,
            keys,
            acts,
            answers: answers.into(),
            is_silent,
            leave,
            patience,
            landing,
        });
    }

    /// Lets one attempt go on; what it says, if it says something.
    pub(crate) fn proceed(&mut self, dice: &Dice) -> Option<Event> {
        let able = |place: &usize| match self.attempts[*place].leave {
            Leave::Asked => false,
            _ if self.attempts[*place].is_on_its_way() => false,
            _ => self.attempts[*place].acts || !self.attempts[*place].answers.is_empty(),
        };
        let able: Vec<usize> = (0..self.attempts.len()).filter(able).collect();
        let place = (!able.is_empty()).then(|| *dice.pick(&able))?;
        let attempt = &mut self.attempts[place];
        if attempt.patience > 0 && !self.calm {
            attempt.patience -= 1;
            return None;
        }
        if attempt.acts && attempt.leave == Leave::ToAsk {
            attempt.leave = Leave::Asked;
            let Call {
                run, step, attempt, ..
            } = attempt.call.clone();
            return Some(Event::Acting { run, step, attempt });
        }
        if attempt.call.verifies {
            return Some(self.tell(place, dice));
        }
        if attempt.landing == Landing::Late {
            attempt.landing = land(&attempt.call, self.elapsed, self.mutation, dice);
        } else if std::mem::take(&mut attempt.acts) {
            self.ledger.record(&attempt.call, &attempt.keys);
            return None;
        }
        let result = attempt.answers.pop_front()?;
        let Call {
            run, step, attempt, ..
        } = attempt.call.clone();
        self.attempts
            .retain(|it| it.acts || !it.answers.is_empty() || it.is_silent);
        Some(Event::Outcome {
            run,
            step,
            attempt,
            result,
        })
    }

    /// Somebody asks what the office has seen.
    fn ask(&mut self, call: Call, dice: &Dice) {
        let patience = dice.below(5);
        let answers = VecDeque::from([success(&call)]);
        let (keys, leave) = (vec![], Leave::Given);
        self.attempts.push(Attempt {
            call,
            keys,
            acts: false,
            answers,
            is_silent: false,
            leave,
            patience,
            landing: Landing::AtOnce,
        });
    }

    /// What it has seen, or that it cannot say.
    fn tell(&mut self, question: usize, dice: &Dice) -> Event {
        let call = self.attempts.swap_remove(question).call;
        let Call { run, step, .. } = call;
        let happened = self.ledger.has(&run, &step, &call.idempotency_key);
        let lies = happened && !self.calm && dice.once_in(4) && self.ledger.deny(&run, &step);
        let found = happened && !lies && self.mutation != Some(Mutation::DenyAlways);
        self.tally
            .add(if lies { "denied wrongly" } else { "asked" });
        let result = match !self.calm && dice.once_in(4) {
            true => Err(Box::new(Fault::system("sim.away", "nobody there"))),
            false => Ok(json!({ "found": found, "n": 1 }).into()),
        };
        Event::Verified { run, step, result }
    }

    /// What it announced is durable: it may act.
    pub(crate) fn let_act(&mut self, attempt: (&RunId, &StepId, u32)) {
        if let Some(attempt) = self.find(attempt) {
            attempt.leave = Leave::Given;
        }
    }

    /// An attempt is to end. It ends before it acts, or says that nobody knows, or is done first.
    pub(crate) fn cancel(&mut self, attempt: (&RunId, &StepId, u32), dice: &Dice) {
        let Some(attempt) = self.find(attempt) else {
            return;
        };
        let acts = attempt.acts && attempt.leave == Leave::Given && dice.once_in(2);
        let stopped = Fault::system("step.cancelled", "the attempt was stopped");
        let unacted = std::mem::replace(&mut attempt.acts, acts) && !acts;
        if unacted {
            attempt.landing = Landing::AtOnce;
        }
        if unacted || std::mem::take(&mut attempt.is_silent) {
            let known = unacted && dice.once_in(2);
            let fault = if known { stopped } else { stopped.in_doubt() };
            attempt.answers = VecDeque::from([Err(Box::new(fault))]);
        }
        (attempt.leave, attempt.is_silent) = (Leave::Given, false);
    }

    fn find(&mut self, (run, step, number): (&RunId, &StepId, u32)) -> Option<&mut Attempt> {
        let is = |it: &&mut Attempt| {
            it.call.run == *run && it.call.step == *step && it.call.attempt == number
        };
        self.attempts
            .iter_mut()
            .filter(|it| !it.call.verifies && !it.is_on_its_way())
            .find(is)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.attempts.iter().all(Attempt::is_on_its_way)
    }

    /// Time has passed: what was on its way shows in the world.
    pub(crate) fn pass_to(&mut self, elapsed: SignedDuration) {
        self.elapsed = elapsed;
        let (due, rest): (Vec<Attempt>, Vec<Attempt>) = std::mem::take(&mut self.attempts)
            .into_iter()
            .partition(|it| matches!(it.landing, Landing::At(at) if at <= elapsed));
        self.attempts = rest;
        for attempt in due {
            self.tally.add("landed late");
            self.ledger.record(&attempt.call, &attempt.keys);
        }
    }

    /// Their process is killed: what was on its way arrives or does not, and some answers are
    /// still heard by the next process.
    pub(crate) fn crash(&mut self, dice: &Dice) {
        let (elapsed, mutation) = (self.elapsed, self.mutation);
        for attempt in self.attempts.iter_mut().filter(|it| !it.is_on_its_way()) {
            let may_arrive = attempt.leave == Leave::Given;
            let pending = std::mem::take(&mut attempt.acts);
            let arrives = may_arrive && dice.once_in(2);
            let is_late = attempt.landing == Landing::Late;
            if pending && arrives && is_late {
                attempt.acts = true;
                attempt.landing = land(&attempt.call, elapsed, mutation, dice);
            } else if pending && arrives {
                self.ledger.record(&attempt.call, &attempt.keys);
            }
            if pending && !arrives || attempt.call.verifies || dice.once_in(2) {
                attempt.answers.clear();
            }
            if is_late && !attempt.is_on_its_way() {
                attempt.landing = Landing::AtOnce;
            }
        }
        self.attempts
            .retain(|it| !it.answers.is_empty() || it.is_on_its_way());
        self.attempts
            .iter_mut()
            .for_each(|it| it.leave = Leave::Given);
    }

    /// The facts are those of a backup now, and nobody hears the answers to what they do not know.
    pub(crate) fn restore(&mut self, disk: &Disk) {
        for attempt in std::mem::take(&mut self.attempts) {
            if attempt.is_on_its_way() {
                self.ledger.record(&attempt.call, &attempt.keys);
            }
        }
        self.ledger.lose(disk);
    }

    /// Nobody lies any more, and who was never to answer runs into its time-out.
    pub(crate) fn calm_down(&mut self) {
        self.calm = true;
        for attempt in &mut self.attempts {
            if std::mem::take(&mut attempt.is_silent) {
                attempt.answers.push_back(lost());
            }
        }
    }

    /// Whether a step did something, or is about to although its attempt has ended.
    pub(crate) fn has_acted(&self, run: &Run, step: &StepId) -> bool {
        let generation = run.record(step).map_or(0, |record| record.generation);
        let key = run.idempotency_key(step, generation);
        let coming = |it: &Attempt| it.is_on_its_way() && it.call.idempotency_key == key;
        self.ledger.has(&run.id, step, &key) || self.attempts.iter().any(coming)
    }
}

impl Attempt {
    /// Nobody hears of it any more, but it acts.
    fn is_on_its_way(&self) -> bool {
        matches!(self.landing, Landing::At(_))
    }
}
