//! The engine from outside: events in, commands out, in a world of memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod keys;
mod kill;
mod nested;
mod plans;
mod resolutions;
mod runs;
mod triggers;
mod turmoil;
mod turns;
mod world;
