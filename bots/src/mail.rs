//! Mail: `mail.send` and the connection kind `smtp`; the connection kind `imap` and the mailbox
//! that a trigger listens to.
//!
//! A mail is an effect that happens once. Its bytes are the same at every
//! attempt, they are kept before they are sent, and every way in which a
//! delivery can end is told apart: not sent, sent, or nobody knows.

mod address;
mod delivery;
mod imap;
mod letter;
mod line;
mod mailbox;
mod message;
mod plain;
mod send;
mod smtp;
mod tls;

pub use address::{Addresses, check_address};
pub use imap::{Imap, Settings as ImapSettings};
pub use mailbox::Mailbox;
pub use send::{Output, Send};
pub use smtp::{Settings, Smtp};
pub use tls::Tls;
