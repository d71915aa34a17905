//! Starts the real servers that tests talk to, and stands between a process and its disk.
//!
//! Each has a private configuration in a temporary folder, a port of its own on
//! the loopback, and is gone with everything it wrote when it is dropped. A
//! server that is not installed or does not start fails the test.

pub mod certificates;
pub mod chromium;
pub mod disk;
pub mod dovecot;
pub mod postfix;
pub mod provider;
mod server;
