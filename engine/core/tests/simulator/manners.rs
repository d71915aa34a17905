//! How an attempt acts and what it says, drawn at random.

use botswain_core::{Fault, Payload, engine::event::Call, plan::Kind};
use jiff::SignedDuration;
use serde_json::json;

use crate::{dice::Dice, mutations::Mutation};

pub(crate) type Answer = Result<Payload, Box<Fault>>;

/// When an act shows in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    AtOnce,
    /// Some time after the attempt has ended.
    Late,
    /// The attempt has ended.
    At(SignedDuration),
}

/// How long the world takes at most to show an effect, where it can be asked.
pub(crate) fn settle(call: &Call) -> Option<u64> {
    match &call.version.plan.step(&call.step)?.kind {
        Kind::Bot(bot) => Some(bot.verify.as_ref()?.settle),
        _ => None,
    }
}

/// An attempt ends here; its act shows soon enough.
pub(crate) fn land(
    call: &Call,
    elapsed: SignedDuration,
    mutation: Option<Mutation>,
    dice: &Dice,
) -> Landing {
    let settle = settle(call).unwrap_or(1);
    let longest = match mutation {
        Some(Mutation::ShowLate) => 10 * settle,
        _ => settle,
    };
    Landing::At(elapsed + SignedDuration::from_millis(dice.below(longest) as i64))
}

/// Whether it acts, and what it says.
pub(crate) fn manner(call: &Call, dice: &Dice) -> (bool, Vec<Answer>) {
    match dice.below(16) {
        0 => (
            false,
            vec![Err(Box::new(Fault::business(
                "sim.refused",
                "not like this",
            )))],
        ),
        1 | 2 => (
            false,
            vec![Err(Box::new(Fault::system("sim.away", "nobody there")))],
        ),
        3 => (
            false,
            vec![Err(Box::new(
                Fault::system("sim.busy", "later").retry_after(dice.below(90_000)),
            ))],
        ),
        4 => (false, vec![lost()]),
        5 => (true, vec![lost()]),
        6 => (false, vec![]),
        7 => (true, vec![]),
        8 => (true, vec![success(call), success(call)]),
        9 => (true, vec![success(call), lost()]),
        10 => (true, vec![lost(), success(call)]),
        _ => (true, vec![success(call)]),
    }
}

pub(crate) fn lost() -> Answer {
    Err(Box::new(Fault::system("sim.lost", "no answer").in_doubt()))
}

pub(crate) fn success(call: &Call) -> Answer {
    Ok(json!({ "n": call.attempt, "for": call.idempotency_key }).into())
}
