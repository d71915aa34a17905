//! The real core in a world drawn from a seed: a disk that forgets what it has not flushed, a
//! clock that jumps, bots that lie, people who decide, files that change, and a process that is
//! killed between any two commands.
//!
//! Each seed is a small random workflow, some runs and a random world. What has to hold is in
//! `invariants` and `whole`. `BOTSWAIN_SEED=17` plays one seed alone and tells its whole story;
//! `make test` plays 50,000 seeds (`BOTSWAIN_SEEDS`), `BOTSWAIN_NIGHTLY=1` two million.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod asides;
mod bots;
mod burden;
mod clock;
mod dice;
mod driver;
mod handlers;
mod inbox;
mod invariants;
mod kinds;
mod ledger;
mod manners;
mod mutations;
mod orders;
mod outside;
mod reads;
mod seeds;
mod store;
mod story;
mod tally;
mod whole;
mod workflows;
mod world;
