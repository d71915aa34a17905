//! An attempt to sign in, as the browser keeps it until it comes back.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use botswain_core::Hash;
use jiff::{SignedDuration, Timestamp};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use serde::{Deserialize, Serialize};

use super::Brought;
use crate::instance::key::{Key, Sealed};

/// How long somebody may take at the provider.
pub(crate) const LASTS: SignedDuration = SignedDuration::from_mins(10);

/// A browser keeps no longer cookie than 4 KiB; whoever wants to go further goes to the inbox.
const NEXT: usize = 1_000;

const LABEL: &str = "sign-in";

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attempt {
    /// What has to come back, what the token has to hold, and what shows that the code is ours.
    state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) next: String,
    pub(super) until: Timestamp,
}

impl Attempt {
    pub(super) fn new(
        (state, nonce, verifier): (&CsrfToken, &Nonce, &PkceCodeVerifier),
        next: &str,
        now: Timestamp,
    ) -> Attempt {
        let next = if next.len() <= NEXT { next } else { "" };
        Attempt {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            next: next.to_owned(),
            until: now + LASTS,
        }
    }

    /// As a cookie holds it.
    pub(super) fn seal(&self, key: &Key) -> String {
        let text = serde_json::to_string(self).expect("texts and a time are JSON");
        let sealed = serde_json::to_vec(&key.seal(LABEL, &text)).expect("texts are JSON");
        URL_SAFE_NO_PAD.encode(sealed)
    }

    pub(super) fn open(cookie: &str, key: &Key) -> Option<Attempt> {
        let sealed = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        let sealed: Sealed = serde_json::from_slice(&sealed).ok()?;
        serde_json::from_str(&key.open(LABEL, &sealed).ok()?).ok()
    }

    /// Whether it is this one that comes back, in time.
    pub(super) fn is_of(&self, brought: &Brought, now: Timestamp) -> bool {
        let state = brought.state.as_deref().unwrap_or_default();
        // By their hashes, so that how long it takes tells nothing.
        Hash::of(state.as_bytes()) == self.id() && self.until > now
    }

    pub(super) fn id(&self) -> Hash {
        Hash::of(self.state.as_bytes())
    }
}

/// Shows nothing by which somebody could get in.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(next: &str, now: Timestamp) -> Attempt {
        let (state, nonce) = (CsrfToken::new("state".into()), Nonce::new("nonce".into()));
        let verifier = PkceCodeVerifier::new("verifier".to_owned());
        Attempt::new((&state, &nonce, &verifier), next, now)
    }

    fn brought(state: &str) -> Brought {
        Brought {
            state: Some(state.to_owned()),
            ..Brought::default()
        }
    }

    #[test]
    fn an_attempt_comes_back_whole_in_time_and_to_whom_began_it() {
        let (key, now) = (Key::passing(), Timestamp::UNIX_EPOCH);
        let cookie = attempt("/runs?q=ü", now).seal(&key);
        assert!(!cookie.contains("nonce") && cookie.len() < 1_000);
        let opened = Attempt::open(&cookie, &key).unwrap();
        assert_eq!(
            (opened.next.as_str(), opened.nonce.as_str()),
            ("/runs?q=ü", "nonce")
        );
        assert!(opened.is_of(&brought("state"), now));
        assert!(!opened.is_of(&brought("other"), now));
        assert!(!opened.is_of(&Brought::default(), now));
        assert!(!opened.is_of(&brought("state"), now + LASTS));
        assert!(Attempt::open(&cookie, &Key::passing()).is_none());
        assert!(Attempt::open(&cookie[1..], &key).is_none());
        assert!(Attempt::open("", &key).is_none());
    }

    #[test]
    fn the_cookie_stays_short_enough_for_browsers() {
        let key = Key::passing();
        let long = attempt(&"/a".repeat(500), Timestamp::UNIX_EPOCH);
        assert!(long.seal(&key).len() < 3_500);
        let longer = attempt(&"/".repeat(1_001), Timestamp::UNIX_EPOCH);
        assert_eq!(longer.next, "");
    }
}
