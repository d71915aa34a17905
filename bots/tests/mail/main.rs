//! `mail.send` and `smtp` against a real Postfix, and against a scripted peer for what no
//! Postfix can be made to do.

mod postfix;
mod scripted;
#[path = "../data/support.rs"]
#[expect(dead_code, reason = "shared with the tests of other bots")]
mod support;
