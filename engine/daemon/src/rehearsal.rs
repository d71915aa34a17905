//! Runs that are played: the real engine, without a clock and without the world.
//!
//! In go a version of a workflow, what it is given and a [`cast::Cast`] that
//! answers in place of bots and people; out comes what came of it, read through
//! the same views as any run. The store is in memory and goes with the play;
//! waits, retries and time-outs pass at once. Nothing outside is changed.

mod cast;
mod compare;
mod driver;
pub mod dry;
mod files;
mod flow;
mod mocks;
pub(crate) mod past;
pub mod placeholder;
mod played;
pub mod replay;
mod snapshots;
mod stage;
pub mod suite;
