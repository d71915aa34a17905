//! The pages of the console, in English and Chinese: drawn from views, nothing else.
//!
//! In goes a [`Frame`] (who looks, in which language, at which time) and what
//! the page is about; out comes HTML. Nothing here reads, decides or knows of
//! HTTP. Whatever comes from outside is escaped by the template language, and
//! no page needs a script: `console.js` only saves steps.

mod account;
mod address;
mod assets;
mod audit;
mod bulk;
mod calendar;
mod charts;
mod connections;
mod data;
mod decisions;
mod editing;
mod evidence;
mod exception;
mod facts;
mod frame;
mod graph;
mod inbox;
mod insights;
mod items;
mod login;
mod people;
mod problem;
mod proposals;
mod replay;
mod run;
mod runs;
mod text;
mod time;
mod timeline;
mod tokens;
mod versions;
mod words;
mod workflow;
mod workflows;

pub use self::{
    account::{Factor, account, second},
    assets::{ASSETS, Asset},
    audit::{AuditFilter, audit},
    bulk::{Preview, bulk, preview},
    calendar::calendar,
    connections::connections,
    editing::{Editing, edit, new_workflow},
    evidence::{Evidence, EvidenceFile, evidence},
    exception::{Draft, closed, exception},
    frame::{Frame, Person, Theme},
    inbox::inbox,
    insights::{InsightsFilter, insights},
    items::items,
    login::{login, setup},
    people::people,
    problem::{Told, problem, told},
    proposals::{Reviewing, proposal, proposals},
    replay::replay,
    run::run,
    runs::{RunsFilter, runs},
    tokens::{NewToken, tokens},
    versions::{version, versions},
    words::Language,
    workflow::{FILE_MOST, workflow},
    workflows::workflows,
};
