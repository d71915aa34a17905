//! The engine from outside: events in, commands out, in a world of memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ahead;
mod blocked;
mod capacity;
mod control;
mod dice;
mod doubt;
mod endings;
mod happenings;
mod interplay;
mod keys;
mod kill;
mod nested;
mod people;
mod plans;
mod quarantine;
mod resolutions;
mod runs;
mod timeouts;
mod triggers;
mod turns;
mod world;
