//! Chance that can be had again: one seed, which is printed; `BOTSWAIN_SEED` repeats it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use botswain_core::Hash;

#[derive(Clone, Debug)]
pub(crate) struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// From the seed in the environment, or from the clock; says which.
    pub(crate) fn new() -> Dice {
        let given = std::env::var("BOTSWAIN_SEED").ok();
        let given = given.and_then(|seed| seed.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = given.unwrap_or_else(|| u64::from(now.subsec_nanos()));
        tell(&format!("BOTSWAIN_SEED={seed}"));
        Dice::of(seed)
    }

    fn of(seed: u64) -> Dice {
        Dice {
            seed,
            state: hashed(&seed.to_string()),
        }
    }

    /// Dice for one matter, which fall the same however often the others were thrown.
    pub(crate) fn about(&self, matter: &str) -> Dice {
        Dice::of(hashed(&format!("{} {matter}", self.seed)))
    }

    /// From 0 up to, not including, `sides`. xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % sides
    }

    /// Less than so many milliseconds.
    pub(crate) fn millis(&mut self, below: u64) -> Duration {
        Duration::from_micros(self.below(below * 1000))
    }
}

/// Never zero, from which xorshift would not get away.
fn hashed(text: &str) -> u64 {
    let hash = Hash::of(text.as_bytes());
    u64::from_str_radix(&hash.as_str()[..16], 16).unwrap() | 1
}

#[expect(
    clippy::print_stdout,
    reason = "the runner shows it when the test fails"
)]
pub(crate) fn tell(words: &str) {
    println!("{words}");
}
