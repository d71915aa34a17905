//! The check of workflows with the real bots: what it lets pass runs, and what
//! is wrong it finds at its line.
//!
//! In go the bots' examples, the workflows of the repository and small slips;
//! out come the diagnostics of `botswain_core::language::load`.

mod around;
mod examples;
mod manual;
mod slips;
mod types;
mod workflows;
