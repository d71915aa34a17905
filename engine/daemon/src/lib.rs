//! Botswain's daemon and command line, as a library.
//!
//! Each module is one part: what lies on disk is `instance`, what the files say
//! `workflows`, the process that works is `daemon`, what people see of it are
//! `views`, served by `api` and shown by `cli` through `client`. The binary only
//! calls what is here, so tests reach everything that it does.

pub mod api;
pub mod cli;
pub mod client;
pub mod daemon;
pub mod demo;
pub mod instance;
pub mod rehearsal;
pub mod views;
pub mod workflows;
