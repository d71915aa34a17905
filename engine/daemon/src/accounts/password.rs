//! Passwords: what is accepted, and what is kept of them.

use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use tokio::sync::Semaphore;

use super::Refusal;

/// In characters and in bytes: NIST SP 800-63B asks for 8 at least, OWASP for a bound.
const SHORTEST: usize = 10;
const LONGEST: usize = 256;

/// How many are computed at once; each takes 19 MiB.
static PLACES: Semaphore = Semaphore::const_new(2);

/// What an account that is not there is compared with.
static NOBODY: LazyLock<String> = LazyLock::new(|| made("nobody has this password"));

pub(super) fn is_strong(password: &str, name: &str) -> Result<(), Refusal> {
    match password {
        _ if password.chars().count() < SHORTEST => {
            Err(Refusal::Weak("has fewer than 10 characters"))
        }
        _ if password.len() > LONGEST => Err(Refusal::Weak("has more than 256 bytes")),
        _ if password.to_lowercase().contains(name) => Err(Refusal::Weak("contains the name")),
        _ if password.chars().all(|c| password.starts_with(c)) => {
            Err(Refusal::Weak("is one character many times"))
        }
        _ => Ok(()),
    }
}

/// As it is kept, with the parameters that it was made with.
pub(super) async fn hash(password: String) -> String {
    computed(move || made(&password)).await
}

/// Whether it is the one; nobody's takes as long as somebody's.
pub(super) async fn verify(password: String, kept: Option<String>) -> bool {
    computed(move || {
        let is_known = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODY.clone());
        let parsed = PasswordHash::new(&kept);
        let fits = |kept: PasswordHash<'_>| {
            let longest = &password.as_bytes()[..password.len().min(LONGEST + 1)];
            Argon2::default().verify_password(longest, &kept).is_ok()
        };
        parsed.is_ok_and(fits) && is_known
    })
    .await
}

async fn computed<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> T {
    let place = PLACES.acquire().await.expect("it is never closed");
    let computed = tokio::task::spawn_blocking(compute).await;
    drop(place);
    computed.expect("hashing does not panic")
}

/// Argon2id with 19 MiB, two passes: the default of the crate, which is OWASP's minimum.
fn made(password: &str) -> String {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).expect("the operating system gives random bytes");
    let salt = SaltString::encode_b64(&salt).expect("16 bytes are a salt");
    let hashed = Argon2::default().hash_password(password.as_bytes(), &salt);
    hashed
        .expect("the default parameters are valid")
        .to_string()
}
