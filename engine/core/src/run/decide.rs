//! What follows from an attempt that did not succeed.
//!
//! The order of the questions is the product's promise: an effect that may have
//! taken place is never repeated on a guess; a business fault goes to a person;
//! what may pass is tried again while attempts are left; the rest is parked.

use jiff::{SignedDuration, Timestamp};

use crate::{
    fault::{Category, Effect, Fault, Reach},
    ids::{Hash, RunId, StepId},
    plan::{OnFault, Retry, Then},
};

/// A step whose attempts the daemon's end cut short so often in a row is suspected of ending it.
pub const INTERRUPTIONS: u32 = 3;

/// So often is the world asked at most when it cannot say whether an effect took place.
pub const QUESTIONS: u32 = 5;

/// The verdict, before an exception has its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Retry {
        at: Timestamp,
    },
    /// Again when the connection answers; this attempt does not count.
    Wait {
        connection: String,
    },
    Park,
    Doubt,
    Verify {
        at: Timestamp,
    },
    Continue,
    Fail,
    Handle {
        entry: u32,
    },
    Cancel,
}

/// The attempt that failed, and what its step says about that.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub run: &'a RunId,
    pub step: &'a StepId,
    pub effect: Effect,
    pub retry: &'a Retry,
    pub on_fault: &'a [OnFault],
    /// How long the world takes to show an effect, in milliseconds; absent when it cannot be asked.
    pub settle: Option<u64>,
    /// The run is being brought to its end.
    pub halted: bool,
    /// Counts all attempts of the step.
    pub number: u32,
    /// Counts the attempts since a person last decided, this one included; 0 when it came to none.
    pub tries: u32,
    /// When it ended.
    pub now: Timestamp,
}

impl Attempt<'_> {
    fn in_doubt(&self) -> Decision {
        match self.settle {
            Some(_) => Decision::Verify { at: self.now },
            None => Decision::Doubt,
        }
    }

    fn again_or_park(&self, retry_after: Option<u64>) -> Decision {
        match (1..self.retry.attempts).contains(&self.tries) {
            true => Decision::Retry {
                at: retry_at(self, self.tries, retry_after),
            },
            false => Decision::Park,
        }
    }
}

/// What follows from a fault: in doubt; what the author says; business; attempts left; park.
/// `awaits` is the connection whose breaker is open for it.
pub fn after_fault(attempt: &Attempt<'_>, fault: &Fault, awaits: Option<&str>) -> Decision {
    if fault.effect == Reach::Unknown && attempt.effect == Effect::Once {
        return attempt.in_doubt();
    }
    if attempt.halted {
        return Decision::Cancel;
    }
    let entries = (0..).zip(attempt.on_fault);
    let entry = entries.into_iter().find(|(_, entry)| entry.fits(fault));
    match (
        entry.map(|(place, entry)| (place, &entry.then)),
        fault.category,
    ) {
        (Some((_, Then::Park)), _) => Decision::Park,
        (Some((_, Then::Continue)), _) => Decision::Continue,
        (Some((_, Then::Fail)), _) => Decision::Fail,
        (Some((entry, Then::Steps(_))), _) => Decision::Handle { entry },
        (None, Category::Business) => Decision::Park,
        (None, Category::System) if let Some(connection) = awaits => Decision::Wait {
            connection: connection.to_owned(),
        },
        (Some((_, Then::Retry)), _) | (None, Category::System) => {
            attempt.again_or_park(fault.retry_after)
        }
    }
}

/// What follows when a person rejected what was asked: a rejection that nobody catches fails the
/// run.
pub fn after_rejection(attempt: &Attempt<'_>, fault: &Fault) -> Decision {
    let caught = attempt.on_fault.iter().any(|entry| entry.fits(fault));
    match (attempt.halted, caught) {
        (true, _) => Decision::Cancel,
        (false, true) => after_fault(attempt, fault, None),
        (false, false) => Decision::Fail,
    }
}

/// What follows when the daemon ended in the middle of an attempt; `may_have_acted` when it may
/// have changed the world for good by then.
pub fn after_interruption(attempt: &Attempt<'_>, may_have_acted: bool, earlier: u32) -> Decision {
    match may_have_acted {
        true => attempt.in_doubt(),
        false if attempt.halted => Decision::Cancel,
        false if earlier + 1 >= INTERRUPTIONS || attempt.tries >= attempt.retry.attempts => {
            Decision::Park
        }
        false => Decision::Retry { at: attempt.now },
    }
}

/// Whether the world had had the time to show what an attempt did that ended then, when it was
/// asked.
pub fn is_settled(attempt: &Attempt<'_>, since: Timestamp, asked: Timestamp) -> bool {
    asked >= later(since, attempt.settle)
}

/// What follows when the world was asked too soon and says that an effect did not take place.
pub fn too_soon(attempt: &Attempt<'_>, since: Timestamp) -> Decision {
    Decision::Verify {
        at: later(since, attempt.settle),
    }
}

/// What follows when the world says that an effect in doubt did not take place. It is believed
/// when it says so twice: asked no sooner than `settle` after the attempt ended, and again
/// `settle` later.
pub fn after_denial(attempt: &Attempt<'_>, earlier: u32) -> Decision {
    match earlier {
        0 => Decision::Verify {
            at: later(attempt.now, attempt.settle),
        },
        _ if attempt.halted => Decision::Cancel,
        // In doubt before it was ever begun.
        _ if attempt.tries == 0 => Decision::Retry { at: attempt.now },
        _ => attempt.again_or_park(None),
    }
}

fn later(at: Timestamp, millis: Option<u64>) -> Timestamp {
    let settle = span(millis.unwrap_or_default());
    at.saturating_add(settle).unwrap_or(Timestamp::MAX)
}

/// What follows when the world cannot say: it is asked again, and then a person is.
pub fn after_no_answer(attempt: &Attempt<'_>, fault: &Fault, earlier: u32) -> Decision {
    match attempt.settle.is_some() && earlier + 1 < QUESTIONS {
        true => Decision::Verify {
            at: retry_at(attempt, earlier + 1, fault.retry_after),
        },
        false => Decision::Doubt,
    }
}

/// The fault that an interruption amounts to.
pub fn interruption(may_have_acted: bool) -> Fault {
    let fault = Fault::system(
        "run.interrupted",
        "the daemon ended while this step was at work",
    );
    match may_have_acted {
        true => fault
            .in_doubt()
            .hint("look whether it took place, then say so"),
        false => fault,
    }
}

/// Exponential back-off with ±20 % of jitter, never before the other side is ready.
fn retry_at(attempt: &Attempt<'_>, tries: u32, retry_after: Option<u64>) -> Timestamp {
    let Retry {
        delay,
        factor,
        max_delay,
        ..
    } = *attempt.retry;
    let exponent = i32::try_from(tries.saturating_sub(1)).unwrap_or(i32::MAX);
    let grown = (delay as f64 * factor.powi(exponent)).min(max_delay as f64);
    let millis = (grown * (0.8 + 0.4 * jitter(attempt))) as u64;
    let millis = millis.max(retry_after.unwrap_or(0));
    let at = attempt.now.saturating_add(span(millis));
    at.unwrap_or(Timestamp::MAX)
}

fn span(millis: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// From 0 to 1, the same for the same attempt: a replay and another engine compute it again.
fn jitter(attempt: &Attempt<'_>) -> f64 {
    let text = format!("{}\0{}\0{}", attempt.run, attempt.step, attempt.number);
    let hash = Hash::of(text.as_bytes());
    let part = u32::from_str_radix(&hash.as_str()[..8], 16).expect("a hash is hexadecimal");
    f64::from(part) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(effect: Effect, tries: u32, fault: &Fault) -> Decision {
        let (run, step) = (RunId::root(1), StepId::new("form"));
        let retry = Retry {
            attempts: 3,
            delay: 1000,
            factor: 2.0,
            max_delay: 1500,
        };
        let attempt = Attempt {
            run: &run,
            step: &step,
            effect,
            retry: &retry,
            on_fault: &[],
            settle: None,
            halted: false,
            number: tries,
            tries,
            now: Timestamp::UNIX_EPOCH,
        };
        after_fault(&attempt, fault, None)
    }

    fn delay(decision: Decision) -> i64 {
        match decision {
            Decision::Retry { at } => at.as_millisecond(),
            other => panic!("{other:?} is no retry"),
        }
    }

    #[test]
    fn a_once_effect_in_doubt_is_never_retried() {
        let fault = Fault::system("http.timeout", "no answer").in_doubt();
        assert_eq!(decide(Effect::Once, 1, &fault), Decision::Doubt);
        assert_eq!(decide(Effect::Once, 3, &fault), Decision::Doubt);
        assert!(
            delay(decide(Effect::Repeatable, 1, &fault)) > 0,
            "doing it again changes nothing more"
        );
    }

    #[test]
    fn a_business_fault_goes_to_a_person_at_once() {
        assert_eq!(
            decide(Effect::None, 1, &Fault::business("a.b", "c")),
            Decision::Park
        );
    }

    #[test]
    fn delays_grow_to_their_limit_within_the_jitter() {
        let fault = Fault::system("http.refused", "nobody there");
        assert!((800..=1200).contains(&delay(decide(Effect::Once, 1, &fault))));
        assert!((1200..=1800).contains(&delay(decide(Effect::Once, 2, &fault))));
        assert_eq!(decide(Effect::Once, 3, &fault), Decision::Park);
    }

    #[test]
    fn the_other_side_says_when() {
        let fault = Fault::system("http.busy", "come later").retry_after(90_000);
        assert_eq!(delay(decide(Effect::Once, 1, &fault)), 90_000);
    }

    #[test]
    fn a_step_that_keeps_ending_the_daemon_is_parked() {
        let (run, step, retry) = (
            RunId::root(1),
            StepId::new("read"),
            Retry {
                attempts: 9,
                ..Retry::default()
            },
        );
        let attempt = |tries| Attempt {
            run: &run,
            step: &step,
            effect: Effect::None,
            retry: &retry,
            on_fault: &[],
            settle: None,
            halted: false,
            number: tries,
            tries,
            now: Timestamp::UNIX_EPOCH,
        };
        assert!(matches!(
            after_interruption(&attempt(1), false, 0),
            Decision::Retry { .. }
        ));
        assert!(matches!(
            after_interruption(&attempt(2), false, 1),
            Decision::Retry { .. }
        ));
        assert_eq!(after_interruption(&attempt(3), false, 2), Decision::Park);
    }
}
