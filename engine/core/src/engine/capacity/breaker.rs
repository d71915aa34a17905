//! When a connection is left alone, and how it is found out that it answers again.
//!
//! It opens after so many equal system faults in a row. While it is open
//! attempts wait; its test, or one attempt where it has no test, is made after
//! a while, and then at growing intervals. What failed as it opened, or while it
//! was open, is tried again when it has closed and has used up no attempt. But
//! when it opens again before a single attempt was answered, its test tells less
//! than the attempts do: then faults count as ever, so that a person is asked in
//! the end.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Place;
use crate::fault::{Category, Fault};

/// No interval between two tests grows longer, unless the first one is.
const LONGEST: u64 = 10 * 60 * 1000;

/// When a breaker opens, and when the connection is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Equal system faults in a row.
    pub after: u32,
    /// Milliseconds until the first test.
    pub probe: u64,
    /// Whether the connection has a test; otherwise one attempt is made.
    pub has_test: bool,
}

/// How it stands with a breaker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerView {
    Closed {
        /// Equal system faults in a row, so far.
        faults: u32,
    },
    Open {
        since: Timestamp,
        /// How many equal faults opened it.
        faults: u32,
        /// The last of them.
        fault: Box<Fault>,
        /// Absent while it is being tried. Nothing is tried unless somebody waits.
        next_probe: Option<Timestamp>,
        /// What the last test said.
        probe: Option<Box<Fault>>,
    },
}

pub(super) struct Breaker {
    rule: Rule,
    state: State,
    /// Whether an attempt was answered since it was open last.
    proven: bool,
    /// How often it was tried in vain, or opened again, since an attempt was answered.
    failures: u32,
}

enum State {
    Closed { last: Option<String>, faults: u32 },
    Open(Box<Open>),
}

struct Open {
    since: Timestamp,
    faults: u32,
    fault: Fault,
    /// Whether what fails on it uses up no attempt.
    forgives: bool,
    next: Timestamp,
    trying: Option<Trying>,
    probe: Option<Fault>,
}

#[derive(PartialEq)]
enum Trying {
    Test,
    Attempt(Place),
}

/// What the end of an attempt means.
#[derive(Default)]
pub(super) struct Noted {
    /// The attempt is made again when the breaker has closed, and has not counted.
    pub(super) awaits: bool,
    /// It has opened or closed.
    pub(super) turned: bool,
}

const CLOSED: State = State::Closed {
    last: None,
    faults: 0,
};

impl Breaker {
    pub(super) fn new(rule: Rule) -> Breaker {
        Breaker {
            rule,
            state: CLOSED,
            proven: true,
            failures: 0,
        }
    }

    /// Follows another rule from now on; what is open is tried at once.
    pub(super) fn replace(&mut self, rule: Rule, now: Timestamp) {
        self.rule = rule;
        if let State::Open(open) = &mut self.state {
            open.next = open.next.min(now);
        }
    }

    /// Whether an attempt may start now.
    pub(super) fn lets_through(&self, now: Timestamp) -> bool {
        match &self.state {
            State::Closed { .. } => true,
            State::Open(open) => !self.rule.has_test && open.trying.is_none() && open.next <= now,
        }
    }

    /// An attempt was let through; behind an open breaker it is the one that tries.
    pub(super) fn begin_attempt(&mut self, place: &Place) {
        if let State::Open(open) = &mut self.state {
            open.trying = Some(Trying::Attempt(place.clone()));
        }
    }

    /// Whether its test is due; from now on it is under way.
    pub(super) fn begin_probe(&mut self, now: Timestamp) -> bool {
        match &mut self.state {
            State::Open(open)
                if self.rule.has_test && open.trying.is_none() && open.next <= now =>
            {
                open.trying = Some(Trying::Test);
                true
            }
            _ => false,
        }
    }

    /// When it is to be tried, unless it is closed or being tried.
    pub(super) fn due(&self) -> Option<Timestamp> {
        match &self.state {
            State::Open(open) if open.trying.is_none() => Some(open.next),
            _ => None,
        }
    }

    pub(super) fn open_for(&self) -> Option<&Fault> {
        match &self.state {
            State::Open(open) => Some(&open.fault),
            State::Closed { .. } => None,
        }
    }

    /// An attempt has ended.
    pub(super) fn note(&mut self, place: &Place, fault: Option<&Fault>, now: Timestamp) -> Noted {
        let tries = match &self.state {
            State::Open(open) => open.trying.as_ref() == Some(&Trying::Attempt(place.clone())),
            State::Closed { .. } => false,
        };
        match (&self.state, fault) {
            (_, Some(fault)) if is_ours(fault) => {
                if tries {
                    self.postpone(None, now);
                }
                Noted::default()
            }
            (State::Closed { .. }, Some(fault)) if is_system(fault) => self.failed(fault, now),
            (State::Closed { .. }, _) => {
                self.answered();
                Noted::default()
            }
            (State::Open(_), Some(fault)) if is_system(fault) => {
                self.failed_open(tries, fault, now)
            }
            (State::Open(_), _) if tries => {
                self.answered();
                Noted {
                    turned: true,
                    ..Noted::default()
                }
            }
            // It began before; whether the connection answers now is for the test to say.
            (State::Open(_), _) => Noted::default(),
        }
    }

    /// A test has ended, the breaker's own or a person's; whether it has closed by it. A business
    /// fault is an answer.
    pub(super) fn probed(&mut self, result: Result<(), &Fault>, now: Timestamp) -> bool {
        let State::Open(open) = &self.state else {
            return false;
        };
        match result {
            Err(fault) if is_system(fault) => {
                if open.trying == Some(Trying::Test) {
                    self.postpone(Some(fault), now);
                }
                false
            }
            _ => {
                self.state = CLOSED;
                true
            }
        }
    }

    pub(super) fn view(&self) -> BreakerView {
        match &self.state {
            State::Closed { faults, .. } => BreakerView::Closed { faults: *faults },
            State::Open(open) => BreakerView::Open {
                since: open.since,
                faults: open.faults,
                fault: Box::new(open.fault.clone()),
                next_probe: self.due(),
                probe: open.probe.clone().map(Box::new),
            },
        }
    }

    fn answered(&mut self) {
        self.state = CLOSED;
        self.proven = true;
        self.failures = 0;
    }

    /// A system fault while it is closed.
    fn failed(&mut self, fault: &Fault, now: Timestamp) -> Noted {
        let State::Closed { last, faults } = &mut self.state else {
            return Noted::default();
        };
        match last.as_ref() == Some(&fault.code) {
            true => *faults += 1,
            false => (*last, *faults) = (Some(fault.code.clone()), 1),
        }
        let faults = *faults;
        if faults < self.rule.after {
            return Noted::default();
        }
        let forgives = std::mem::take(&mut self.proven);
        if !forgives {
            self.failures = self.failures.saturating_add(1);
        }
        self.state = State::Open(Box::new(Open {
            since: now,
            faults,
            fault: fault.clone(),
            forgives,
            next: self.next(fault.retry_after, now),
            trying: None,
            probe: None,
        }));
        Noted {
            awaits: forgives,
            turned: true,
        }
    }

    /// A system fault while it is open.
    fn failed_open(&mut self, tries: bool, fault: &Fault, now: Timestamp) -> Noted {
        let State::Open(open) = &self.state else {
            return Noted::default();
        };
        // Who tries and meets other trouble than the connection's may be in trouble itself.
        let awaits = match tries {
            true => fault.code == open.fault.code,
            false => open.forgives,
        };
        if tries {
            self.postpone(Some(fault), now);
        }
        Noted {
            awaits,
            turned: false,
        }
    }

    /// It was tried in vain: again later, and later each time.
    fn postpone(&mut self, fault: Option<&Fault>, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        let next = self.next(fault.and_then(|fault| fault.retry_after), now);
        if let State::Open(open) = &mut self.state {
            (open.next, open.trying) = (next, None);
            open.probe = fault.cloned().or_else(|| open.probe.take());
        }
    }

    fn next(&self, retry_after: Option<u64>, now: Timestamp) -> Timestamp {
        let Rule { probe, .. } = self.rule;
        let grown = 1u64
            .checked_shl(self.failures)
            .map_or(u64::MAX, |by| probe.saturating_mul(by));
        let millis = grown.min(LONGEST.max(probe)).max(retry_after.unwrap_or(0));
        let wait = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        now.saturating_add(wait).unwrap_or(Timestamp::MAX)
    }
}

fn is_system(fault: &Fault) -> bool {
    fault.category == Category::System
}

/// Whether a fault says nothing of the outside system: our own disk, our own stop.
fn is_ours(fault: &Fault) -> bool {
    let noun = fault.code.split('.').next().unwrap_or_default();
    is_system(fault)
        && (matches!(noun, "artifact" | "connection" | "run" | "store")
            || fault.code == "step.cancelled")
}
