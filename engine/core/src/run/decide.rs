//! What follows from an attempt that did not succeed.
//!
//! The order of the questions is the product's promise: an effect that may have
//! taken place is never repeated on a guess; a business fault goes to a person;
//! what may pass is tried again while attempts are left; the rest is parked.

use jiff::{SignedDuration, Timestamp};

use crate::{
    fault::{Category, Effect, Fault, Reach},
    ids::{Hash, RunId, StepId},
    plan::Retry,
};

/// A step whose attempts the daemon's end cut short so often in a row is suspected of ending it.
pub const INTERRUPTIONS: u32 = 3;

/// The verdict, before an exception has its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Retry { at: Timestamp },
    Park,
    Doubt,
}

/// The attempt that failed.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub run: &'a RunId,
    pub step: &'a StepId,
    pub effect: Effect,
    pub retry: &'a Retry,
    /// Counts all attempts of the step.
    pub number: u32,
    /// Counts the attempts since a person last decided, this one included.
    pub tries: u32,
    /// When it ended.
    pub now: Timestamp,
}

/// What follows from a fault.
pub fn after_fault(attempt: &Attempt<'_>, fault: &Fault) -> Decision {
    match (fault.effect, attempt.effect, fault.category) {
        (Reach::Unknown, Effect::Once, _) => Decision::Doubt,
        (_, _, Category::Business) => Decision::Park,
        (_, _, Category::System) if attempt.tries < attempt.retry.attempts => Decision::Retry {
            at: retry_at(attempt, fault.retry_after),
        },
        (_, _, Category::System) => Decision::Park,
    }
}

/// What follows when the daemon ended in the middle of an attempt.
pub fn after_interruption(attempt: &Attempt<'_>, earlier: u32) -> Decision {
    match attempt.effect {
        Effect::Once => Decision::Doubt,
        _ if earlier + 1 >= INTERRUPTIONS || attempt.tries >= attempt.retry.attempts => {
            Decision::Park
        }
        Effect::None | Effect::Repeatable => Decision::Retry { at: attempt.now },
    }
}

/// The fault that an interruption amounts to.
pub fn interruption(effect: Effect) -> Fault {
    let fault = Fault::system(
        "run.interrupted",
        "the daemon ended while this step was at work",
    );
    match effect {
        Effect::Once => fault
            .in_doubt()
            .hint("look whether it took place, then say so"),
        Effect::None | Effect::Repeatable => fault,
    }
}

/// Exponential back-off with ±20 % of jitter, never before the other side is ready.
fn retry_at(attempt: &Attempt<'_>, retry_after: Option<u64>) -> Timestamp {
    let Retry {
        delay,
        factor,
        max_delay,
        ..
    } = *attempt.retry;
    let exponent = i32::try_from(attempt.tries.saturating_sub(1)).unwrap_or(i32::MAX);
    let grown = (delay as f64 * factor.powi(exponent)).min(max_delay as f64);
    let millis = (grown * (0.8 + 0.4 * jitter(attempt))) as u64;
    let millis = millis.max(retry_after.unwrap_or(0));
    let wait = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
    attempt.now.saturating_add(wait).unwrap_or(Timestamp::MAX)
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
            number: tries,
            tries,
            now: Timestamp::UNIX_EPOCH,
        };
        after_fault(&attempt, fault)
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
            number: tries,
            tries,
            now: Timestamp::UNIX_EPOCH,
        };
        assert!(matches!(
            after_interruption(&attempt(1), 0),
            Decision::Retry { .. }
        ));
        assert!(matches!(
            after_interruption(&attempt(2), 1),
            Decision::Retry { .. }
        ));
        assert_eq!(after_interruption(&attempt(3), 2), Decision::Park);
    }
}
