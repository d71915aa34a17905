//! The console as people use it, and the API as programs do: the real binary, a real Chromium.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test"
)]

mod authoring;
mod browser;
mod conformance;
mod connections;
mod doubt;
mod eyes;
mod factor;
mod files;
mod folders;
mod forged;
mod house;
mod insights;
mod live;
mod morning;
mod pages;
mod people;
mod plain;
mod provider;
mod repeated;
mod replay;
mod runs;
mod session;
mod stale;
mod tls;
mod tokens;
mod workflows;
