//! Mail: `mail.send` and the connection kind `smtp`.
//!
//! A mail is an effect that happens once. Its bytes are the same at every
//! attempt, they are kept before they are sent, and every way in which a
//! delivery can end is told apart: not sent, sent, or nobody knows.

mod address;
mod delivery;
mod line;
mod message;
mod plain;
mod send;
mod smtp;

pub use address::{Addresses, check_address};
pub use send::{Output, Send};
pub use smtp::{Settings, Smtp, Tls};
