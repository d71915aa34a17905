//! The main job from outside: the real binary, a real Chromium, real SMTP, and
//! an office that counts what it was sent.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod announce;
mod challenge;
mod demo;
mod handler;
mod kill;
mod named;
mod place;
mod recorded;
