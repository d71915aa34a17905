//! Botswain's daemon and command line, as a library.
//!
//! Each module is one part: what lies on disk is `instance`, what the files say `workflows`, what
//! people read about them `manual` and `pages`, what helps to write them `starter`, `import` and
//! `editor`, and what tries them out without the world `rehearsal`. The process that works is `daemon`, what people see of it are `views`, served by `api`
//! to those whom `accounts` knows or the identity `provider` vouches for, recorded in `audit`, and shown by `cli` through `client` and by `console`. The binary only calls what is here, so tests reach
//! everything that it does.

pub mod accounts;
pub mod api;
mod audit;
pub mod cli;
pub mod client;
mod console;
pub mod daemon;
pub mod demo;
mod desk;
mod difference;
pub mod editor;
mod evidence;
mod history;
pub mod import;
pub mod instance;
pub mod manual;
mod meant;
pub mod pages;
mod pauses;
mod proposals;
mod provider;
pub mod rehearsal;
pub mod starter;
mod tested;
pub mod views;
pub mod workflows;
