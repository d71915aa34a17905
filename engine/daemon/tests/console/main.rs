//! The console as people use it: the real binary, a real Chromium.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test"
)]

mod browser;
mod doubt;
mod house;
mod morning;
mod pages;
mod people;
mod runs;
mod tls;
mod workflows;
