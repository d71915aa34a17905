//! Random choices from a seed that is printed; `BOTSWAIN_SEED` repeats them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Whether there is time for everything.
pub(crate) fn is_night() -> bool {
    std::env::var_os("BOTSWAIN_NIGHTLY").is_some()
}

/// xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new() -> Chance {
        let given = std::env::var("BOTSWAIN_SEED").ok();
        let given = given.and_then(|seed| seed.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = given.unwrap_or_else(|| u64::from(now.subsec_nanos()) | 1);
        tell(&format!("BOTSWAIN_SEED={seed}"));
        Chance(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// At most `count` of these, in their order.
    pub(crate) fn some<T>(&mut self, mut all: Vec<T>, count: usize) -> Vec<T> {
        while all.len() > count {
            all.remove(self.below(all.len()));
        }
        all
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the runner shows it when the test fails"
)]
pub(crate) fn tell(words: &str) {
    println!("{words}");
}
