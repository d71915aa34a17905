//! Who tries passwords waits longer and longer, by name and by address.

use std::{collections::HashMap, net::IpAddr};

use jiff::{SignedDuration, Timestamp};

use super::Refusal;

/// So many failures cost nothing: people mistype, and many may come from one address.
const FREE: u32 = 5;
const FREE_OF_ADDRESS: u32 = 30;

/// Nobody guesses a token; a program that goes on with one that was revoked is not to cost much.
const FREE_OF_TOKENS: u32 = 300;

/// What the first one beyond costs; each further one doubles it.
const FIRST: SignedDuration = SignedDuration::from_secs(10);
const MOST: SignedDuration = SignedDuration::from_mins(15);

/// Failures are forgotten after so long without another.
const MEMORY: SignedDuration = SignedDuration::from_hours(1);

/// Beyond it the oldest are forgotten: names and addresses can be made up.
const KNOWN: usize = 10_000;

#[derive(Default)]
pub(super) struct Throttle {
    by_name: HashMap<String, Failures>,
    by_address: HashMap<IpAddr, Failures>,
    /// Of wrong tokens alone, so that a program keeps no person at the same address out.
    by_bearer: HashMap<IpAddr, Failures>,
    /// Of sign-ins by the identity provider alone: when it is in trouble, passwords still work.
    by_provider: HashMap<IpAddr, Failures>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Throttle {
    pub(super) fn admits(&self, name: &str, from: IpAddr, now: Timestamp) -> Result<(), Refusal> {
        let both = [
            self.by_name.get(name).map(|it| it.until(FREE)),
            self.by_address
                .get(&from)
                .map(|it| it.until(FREE_OF_ADDRESS)),
        ];
        wait(both.into_iter().flatten().max(), now)
    }

    pub(super) fn admits_bearer(&self, from: IpAddr, now: Timestamp) -> Result<(), Refusal> {
        let known = self.by_bearer.get(&from);
        wait(known.map(|it| it.until(FREE_OF_TOKENS)), now)
    }

    pub(super) fn admits_arrival(&self, from: IpAddr, now: Timestamp) -> Result<(), Refusal> {
        let known = self.by_provider.get(&from);
        wait(known.map(|it| it.until(FREE_OF_ADDRESS)), now)
    }

    pub(super) fn failed_arrival(&mut self, from: IpAddr, now: Timestamp) {
        note(&mut self.by_provider, from, now);
    }

    pub(super) fn arrived(&mut self, from: IpAddr) {
        self.by_provider.remove(&from);
    }

    pub(super) fn failed_bearer(&mut self, from: IpAddr, now: Timestamp) {
        note(&mut self.by_bearer, from, now);
    }

    pub(super) fn failed(&mut self, name: &str, from: IpAddr, now: Timestamp) {
        note(&mut self.by_name, name.to_owned(), now);
        note(&mut self.by_address, from, now);
    }

    pub(super) fn succeeded(&mut self, name: &str, from: IpAddr) {
        self.by_name.remove(name);
        self.by_address.remove(&from);
    }
}

impl Failures {
    fn until(&self, free: u32) -> Timestamp {
        let Some(doublings) = self.count.checked_sub(free + 1) else {
            return self.last;
        };
        let wait = FIRST * 2_i32.pow(doublings.min(10));
        self.last + wait.min(MOST)
    }
}

fn wait(until: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    match until {
        Some(until) if until > now => {
            let seconds = until.duration_since(now).as_secs().unsigned_abs() + 1;
            Err(Refusal::Throttled(seconds))
        }
        _ => Ok(()),
    }
}

fn note<K: std::hash::Hash + Eq + Clone>(known: &mut HashMap<K, Failures>, key: K, now: Timestamp) {
    if known.len() >= KNOWN {
        known.retain(|_, it| now.duration_since(it.last) < MEMORY);
        let oldest = known.iter().min_by_key(|(_, it)| it.last);
        if let Some((oldest, _)) = oldest.filter(|_| known.len() >= KNOWN) {
            let oldest = oldest.clone();
            known.remove(&oldest);
        }
    }
    let failures = known.entry(key).or_insert(Failures {
        count: 0,
        last: now,
    });
    if now.duration_since(failures.last) >= MEMORY {
        failures.count = 0;
    }
    *failures = Failures {
        count: failures.count + 1,
        last: now,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_guesses_waits_longer_and_longer() {
        let (mut throttle, mut now) = (Throttle::default(), Timestamp::UNIX_EPOCH);
        let from: IpAddr = [127, 0, 0, 1].into();
        let mut waits = Vec::new();
        for _ in 0..10 {
            throttle.failed("ann", from, now);
            let wait = match throttle.admits("ann", [10, 0, 0, 1].into(), now) {
                Err(Refusal::Throttled(seconds)) => seconds,
                _ => 0,
            };
            waits.push(wait);
            now += SignedDuration::from_secs(wait.cast_signed());
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 11, 21, 41, 81, 161]);
        assert!(throttle.admits("ben", from, now).is_ok());
        for name in 0..FREE_OF_ADDRESS {
            throttle.failed(&name.to_string(), from, now);
        }
        assert!(throttle.admits("ben", from, now).is_err());
        throttle.succeeded("ann", from);
        assert!(throttle.admits("ann", from, now).is_ok());
    }

    #[test]
    fn made_up_names_take_no_room() {
        let (mut throttle, now) = (Throttle::default(), Timestamp::UNIX_EPOCH);
        for number in 0..KNOWN + 10 {
            note(&mut throttle.by_name, number.to_string(), now);
        }
        assert_eq!(throttle.by_name.len(), KNOWN);
    }
}
