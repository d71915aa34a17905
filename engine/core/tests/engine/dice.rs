//! Chance that can be repeated.

use std::{cell::Cell, rc::Rc};

/// xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
#[derive(Clone)]
pub(crate) struct Dice(Rc<Cell<u64>>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(Rc::new(Cell::new(
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        )))
    }

    pub(crate) fn below(&self, limit: u64) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x % limit
    }
}

/// So many seeds, thirty times as many with `BOTSWAIN_NIGHTLY`; the one of `BOTSWAIN_SEED` alone.
pub(crate) fn seeds(count: u64) -> Vec<u64> {
    if let Ok(seed) = std::env::var("BOTSWAIN_SEED") {
        return vec![seed.parse().expect("BOTSWAIN_SEED is a number")];
    }
    let nightly = std::env::var_os("BOTSWAIN_NIGHTLY").is_some();
    (1..=if nightly { count * 30 } else { count }).collect()
}
