//! The command line as people use it: the real binary in an instance of its own.
//!
//! One snapshot for each behaviour; times, places and process ids are replaced
//! by words. Only bots that need nobody else are used here.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test"
)]

mod approvals;
mod audit;
mod blocked;
mod broken_promise;
mod check;
mod connections;
mod daemon;
mod decisions;
mod doubt;
mod evidence;
mod exceptions;
mod folders;
mod hidden;
mod import;
mod keeping;
mod listings;
mod mails;
mod manual;
mod mocks;
mod nested;
mod office;
mod pauses;
mod proposals;
mod refused;
mod rehearse;
mod run;
mod server;
mod steps;
mod testing;
mod triggers;
mod versions;
mod webhooks;
