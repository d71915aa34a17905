//! A second factor: the codes of an app (TOTP, RFC 6238), asked for behind the password.
//!
//! The secret is sealed under the instance's key file, as secrets are, and leaves
//! it only to be compared. Six digits, 30 seconds, SHA-1: what every app knows. A
//! code of the step before and of the one after is taken too (RFC 6238, 5.2), each
//! once alone; whoever guesses waits as with passwords. Ten codes for the day on
//! which the phone is gone are kept as hashes, and each works once.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

use botswain_core::Hash;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Secret, TOTP};

use super::{Accounts, Refusal, Stored, hash, lock, password, token};
use crate::instance::key::{Key, Sealed};

/// As long as a hash of the algorithm (RFC 4226, 4).
const SECRET: usize = 20;
const DIGITS: usize = 6;
const STEP: u64 = 30;

/// How many codes there are for the day on which the phone is gone.
const CODES: usize = 10;

/// How long an offer waits for its first code, and somebody with the right password for theirs.
const OFFERED: SignedDuration = SignedDuration::from_mins(15);
const HALF: SignedDuration = SignedDuration::from_mins(5);

/// What is kept of one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Factor {
    sealed: Sealed,
    since: Timestamp,
    /// The step of the code that was taken last: none is taken twice.
    last: u64,
    /// Those that were not used yet.
    codes: BTreeSet<Hash>,
}

/// What somebody may know of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct FactorView {
    pub since: Timestamp,
    /// How many of the codes for another day are left.
    pub codes: usize,
}

/// What is begun, and lost with the daemon.
#[derive(Default)]
pub(super) struct Begun {
    /// Secrets that wait for their first code, by person.
    offers: HashMap<String, (Vec<u8>, Timestamp)>,
    /// Who has given the right password, by the hash of what they were given for it.
    halves: HashMap<Hash, (String, Timestamp)>,
}

impl Begun {
    /// Nothing of somebody who has to begin anew.
    pub(super) fn forget(&mut self, name: &str) {
        self.offers.remove(name);
        self.halves.retain(|_, (of, _)| of != name);
    }
}

impl Accounts {
    /// Makes a secret for somebody who has shown their password again: a session that was left
    /// open is not to lock its person out.
    pub async fn offer_factor(
        &self,
        name: &str,
        password: String,
        from: IpAddr,
    ) -> Result<(), Refusal> {
        lock(&self.throttle).admits(name, from, Timestamp::now())?;
        if self.factor(name).is_some() {
            return Err(Refusal::FactorThere);
        }
        let known = lock(&self.stored)
            .people
            .get(name)
            .and_then(|it| it.password.clone());
        let now = Timestamp::now();
        if !password::verify(password, known).await {
            lock(&self.throttle).failed(name, from, now);
            tracing::warn!(name, %from, "a second factor was asked for with a wrong password");
            return Err(Refusal::Wrong);
        }
        let mut secret = vec![0; SECRET];
        getrandom::fill(&mut secret).expect("the operating system gives random bytes");
        let offer = (secret, now + OFFERED);
        lock(&self.begun).offers.insert(name.to_owned(), offer);
        Ok(())
    }

    /// The secret that waits for its first code, as an app takes it.
    pub fn offered(&self, name: &str) -> Option<String> {
        let begun = lock(&self.begun);
        let (secret, until) = begun.offers.get(name)?;
        let is_open = *until > Timestamp::now();
        is_open.then(|| Secret::Raw(secret.clone()).to_encoded().to_string())
    }

    /// Asks for codes from now on, when the first one fits; gives those for another day, which are
    /// shown once.
    pub fn set_factor(&self, name: &str, code: &str, from: IpAddr) -> Result<Vec<String>, Refusal> {
        let now = Timestamp::now();
        lock(&self.throttle).admits(name, from, now)?;
        let offer = lock(&self.begun).offers.get(name).cloned();
        let (secret, _) = offer
            .filter(|(_, until)| *until > now)
            .ok_or(Refusal::NoFactor)?;
        let Some(last) = step_of(&secret, code, now) else {
            lock(&self.throttle).failed(name, from, now);
            return Err(Refusal::WrongCode);
        };
        let key = self.secrets.key()?;
        let secret = Secret::Raw(secret).to_encoded().to_string();
        let codes: Vec<String> = (0..CODES).map(|_| spare()).collect();
        let factor = Factor {
            sealed: key.seal(&label(name), &secret),
            since: now,
            last,
            codes: codes.iter().map(|it| hash(&plain(it))).collect(),
        };
        self.change(|stored| {
            let person = stored.person(name)?;
            if person.factor.is_some() {
                return Err(Refusal::FactorThere);
            }
            person.factor = Some(factor);
            Ok(())
        })?;
        lock(&self.begun).forget(name);
        tracing::info!(name, "set up a second factor");
        Ok(codes)
    }

    /// Asks somebody for codes no more who can show one.
    pub fn drop_factor(&self, name: &str, code: &str, from: IpAddr) -> Result<(), Refusal> {
        self.with_code((name, code), from, |stored| {
            stored.person(name)?.factor = None;
            Ok(())
        })
    }

    /// Asks somebody for codes no more whose phone is gone; they have to sign in again.
    pub fn take_factor(&self, name: &str) -> Result<(), Refusal> {
        self.change(|stored| {
            let gone = stored.person(name)?.factor.take();
            gone.ok_or(Refusal::NoFactor)?;
            stored.sessions.retain(|_, session| session.name != name);
            Ok(())
        })?;
        lock(&self.begun).forget(name);
        Ok(())
    }

    pub fn factor(&self, name: &str) -> Option<FactorView> {
        let stored = lock(&self.stored);
        let factor = stored.people.get(name)?.factor.as_ref()?;
        Some(FactorView {
            since: factor.since,
            codes: factor.codes.len(),
        })
    }

    /// For somebody whose password was right: what shows that when their code comes.
    pub(super) fn half(&self, name: &str) -> String {
        let (text, now) = (token(), Timestamp::now());
        let mut begun = lock(&self.begun);
        begun.halves.retain(|_, (_, until)| *until > now);
        begun
            .halves
            .insert(hash(&text), (name.to_owned(), now + HALF));
        text
    }

    /// Lets somebody in whose password was right, by their code.
    pub fn sign_in_with(
        &self,
        (half, name): (&str, &str),
        code: &str,
        from: IpAddr,
    ) -> Result<String, Refusal> {
        let now = Timestamp::now();
        let known = lock(&self.begun).halves.get(&hash(half)).cloned();
        let is_theirs = known.is_some_and(|(of, until)| of == name && until > now);
        if !is_theirs {
            return Err(Refusal::Late);
        }
        let session = self.with_code((name, code), from, |stored| stored.begin(name, now))?;
        lock(&self.begun).halves.remove(&hash(half));
        tracing::info!(name, %from, "signed in with a second factor");
        Ok(session)
    }

    /// Does something for somebody who shows a code, and takes that code.
    fn with_code<T>(
        &self,
        (name, code): (&str, &str),
        from: IpAddr,
        act: impl FnOnce(&mut Stored) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let now = Timestamp::now();
        lock(&self.throttle).admits(name, from, now)?;
        let key = self.secrets.key()?;
        let mut done = None;
        let changed = self.change(|stored| {
            let factor = stored.person(name)?.factor.as_mut();
            take(factor.ok_or(Refusal::NoFactor)?, (name, code), &key, now)?;
            done = Some(act(stored)?);
            Ok(())
        });
        match changed {
            Err(Refusal::WrongCode) => {
                lock(&self.throttle).failed(name, from, now);
                tracing::warn!(name, %from, "somebody has shown a wrong code");
            }
            Ok(()) => lock(&self.throttle).succeeded(name, from),
            Err(_) => (),
        }
        changed?;
        done.ok_or(Refusal::WrongCode)
    }
}

/// Takes a code, so that it is taken no more.
fn take(
    factor: &mut Factor,
    (name, code): (&str, &str),
    key: &Key,
    now: Timestamp,
) -> Result<(), Refusal> {
    let opened = key.open(&label(name), &factor.sealed);
    let secret = opened.map_err(|_| Refusal::Sealed)?;
    let secret = Secret::Encoded(secret).to_bytes();
    let secret = secret.map_err(|_| Refusal::Sealed)?;
    match step_of(&secret, code, now) {
        Some(step) if step > factor.last => {
            factor.last = step;
            Ok(())
        }
        _ if factor.codes.remove(&hash(&plain(code))) => Ok(()),
        _ => Err(Refusal::WrongCode),
    }
}

/// The step whose code this is; all that are taken are looked at, whichever fits.
fn step_of(secret: &[u8], code: &str, now: Timestamp) -> Option<u64> {
    let totp = TOTP::new(Algorithm::SHA1, DIGITS, 0, STEP, secret.to_vec()).ok()?;
    let step = u64::try_from(now.as_second()).ok()? / STEP;
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let mut found = None;
    for near in [step.saturating_sub(1), step, step + 1] {
        // It compares in constant time.
        if totp.check(&code, near * STEP) {
            found = Some(near);
        }
    }
    found
}

/// 80 bits that nobody guesses, in groups that a person can copy.
fn spare() -> String {
    let mut bytes = vec![0; 10];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    let text = Secret::Raw(bytes).to_encoded().to_string().to_lowercase();
    let groups: Vec<&str> = [0, 4, 8, 12].map(|at| &text[at..at + 4]).to_vec();
    groups.join("-")
}

/// As it is hashed, however it was typed.
fn plain(code: &str) -> String {
    let kept = code.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

/// What the seal authenticates beside the secret.
fn label(name: &str) -> String {
    format!("second factor 1 {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6238's own examples, in Appendix B.
    const KEY: &[u8] = b"12345678901234567890";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard_a_step_early_and_late_too() {
        // The last six of its eight digits.
        for (second, code) in [
            (59_i64, "287082"),
            (1_111_111_109, "081804"),
            (2_000_000_000, "279037"),
        ] {
            let step = second.cast_unsigned() / STEP;
            for off in [-30, 0, 30] {
                assert_eq!(
                    step_of(KEY, code, at(second + off)),
                    Some(step),
                    "{code} {off}"
                );
            }
            assert_eq!(step_of(KEY, code, at(second + 60)), None, "{code}");
        }
        assert_eq!(step_of(KEY, "287 082", at(59)), Some(1));
        for wrong in ["", "28708", "2870820", "287083"] {
            assert_eq!(step_of(KEY, wrong, at(59)), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_for_another_day_is_read_however_it_is_typed() {
        let code = spare();
        assert_eq!(code.len(), 19);
        assert_ne!(code, spare());
        assert_eq!(plain(&code.to_uppercase()), plain(&code.replace('-', " ")));
    }
}
