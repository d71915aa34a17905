//! The promises against the machine under them: a power cut at every moment, calls that
//! fail, a disk that is full. The real binary, on a disk that is watched, does errands at
//! an office that keeps its own ledger.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod calls;
mod chance;
mod errands;
mod finish;
mod full;
mod ledger;
mod power;
mod promises;
