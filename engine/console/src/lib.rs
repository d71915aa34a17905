//! The pages of the console, in English and Chinese: drawn from views, nothing else.
//!
//! In goes a [`Frame`] (who looks, in which language, at which time) and what
//! the page is about; out comes HTML. Nothing here reads, decides or knows of
//! HTTP. Whatever comes from outside is escaped by the template language, and
//! no page needs a script: `console.js` only saves steps.

mod assets;
mod bulk;
mod data;
mod decisions;
mod exception;
mod frame;
mod inbox;
mod login;
mod people;
mod problem;
mod run;
mod time;
mod words;

pub use self::{
    assets::{ASSETS, Asset},
    bulk::{Preview, bulk, preview},
    exception::{Draft, closed, exception},
    frame::{Frame, Person, Theme},
    inbox::inbox,
    login::{login, setup},
    people::people,
    problem::problem,
    run::{run, runs},
    words::Language,
};
