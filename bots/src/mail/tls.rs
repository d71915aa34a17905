//! How the way to a mail server is encrypted, the same for sending and for reading.
//!
//! Encryption that was asked for is never given up, and nothing is said in the clear to another
//! machine.

use std::net::IpAddr;

use botswain_bot::Fault;
use schemars::JsonSchema;
use serde::Deserialize;

/// How the way to the server is encrypted.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// By STARTTLS, which the server must offer; the usual way on port 587.
    #[default]
    Starttls,
    /// From the first byte on; the usual way on port 465.
    Implicit,
    /// Not at all; only for a server on this machine.
    None,
}

impl Tls {
    /// What a session to this host needs, made by `make`; nothing where nothing is encrypted.
    pub(super) fn toward<T>(
        self,
        host: &str,
        connection: &str,
        make: impl FnOnce() -> Result<T, String>,
    ) -> Result<Option<(Tls, T)>, Fault> {
        match self {
            Tls::None if is_here(host) => Ok(None),
            Tls::None => {
                let message = format!("`tls: none` is not for `{host}`");
                let hint = "only a server on this machine may be spoken to in the clear";
                Err(wrong(connection, &message).hint(hint))
            }
            tls => match make() {
                Ok(made) => Ok(Some((tls, made))),
                Err(message) => Err(wrong(connection, &message)),
            },
        }
    }

    /// The way of a session, in words.
    pub(super) fn words(way: Option<Tls>) -> &'static str {
        match way {
            Some(Tls::Starttls) => "encrypted by STARTTLS",
            Some(Tls::Implicit) => "encrypted",
            Some(Tls::None) | None => "not encrypted",
        }
    }
}

/// Settings of a connection that cannot be used.
pub(super) fn wrong(connection: &str, message: &str) -> Fault {
    let message = format!("connection `{connection}`: {message}");
    Fault::business("connection.settings", message)
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
