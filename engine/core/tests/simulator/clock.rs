//! The time, which passes only when the simulation says so, and not always forwards.

use jiff::{SignedDuration, Timestamp};

use crate::dice::Dice;

pub(crate) struct Clock {
    now: Timestamp,
    elapsed: SignedDuration,
}

impl Clock {
    pub(crate) fn new() -> Clock {
        Clock {
            now: "2026-11-23T03:00:00Z".parse().unwrap(),
            elapsed: SignedDuration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// How much time has passed for the world, which nobody sets back.
    pub(crate) fn elapsed(&self) -> SignedDuration {
        self.elapsed
    }

    /// Time passes until something is due.
    pub(crate) fn pass_to(&mut self, deadline: Timestamp) {
        if deadline > self.now {
            self.pass(deadline.duration_since(self.now));
        }
    }

    fn pass(&mut self, time: SignedDuration) {
        self.now += time;
        self.elapsed += time;
    }

    /// Mostly a little time, or all until the deadline; sometimes much, or the clock is set back.
    pub(crate) fn jump(&mut self, deadline: Option<Timestamp>, dice: &Dice) {
        match (dice.below(12), deadline) {
            (0, _) => self.now -= SignedDuration::from_secs(dice.below(3600) as i64),
            (1, _) => self.pass(SignedDuration::from_secs(dice.below(10_000) as i64)),
            (2..=6, Some(at)) => self.pass_to(at),
            _ => self.pass(SignedDuration::from_millis(dice.below(5000) as i64)),
        }
    }
}
