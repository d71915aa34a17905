//! The store as its users see it: what it promises, on every backend and disk.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod artifacts;
mod common;
mod damage;
mod disk;
mod formats;
mod inbox;
mod journal;
mod keeping;
mod suite;
mod writer;
