//! The tests of a workflow, checked, as whoever plays them follows them.
//!
//! Made by the check from `tests:`; no part of a plan, for no run follows them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    fault::Fault,
    ids::StepId,
    index::{ExceptionCategory, State},
};

/// One run to be played, and how it should come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub name: String,
    /// The workflow that is tested.
    pub workflow: String,
    /// Where it is written: the file, relative to the instance, and the line.
    pub file: String,
    pub line: usize,
    pub inputs: IndexMap<String, Value>,
    /// A day or a moment; in the zone of the instance when it says none.
    pub now: Option<String>,
    /// Tables of corrections.
    pub mappings: IndexMap<String, IndexMap<String, String>>,
    pub mocks: Vec<Mock>,
    pub expect: Expect,
}

/// The name of a test as a part of a file's name.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        match c.is_alphanumeric() {
            true => slug.extend(c.to_lowercase()),
            false if slug.ends_with('-') || slug.is_empty() => (),
            false => slug.push('-'),
        }
    }
    slug.truncate(slug.floor_char_boundary(100));
    match slug.trim_end_matches('-') {
        "" => "test".to_owned(),
        slug => slug.to_owned(),
    }
}

/// What answers in place of a bot, a called workflow or a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Mock {
    pub step: StepId,
    /// It answers the bot that is asked whether an effect took place.
    pub verifies: bool,
    /// The item that it is for; every item when absent.
    pub item: Option<Item>,
    /// Where it is written, in the file of the test.
    pub line: usize,
    /// One for each attempt, at least one; the last holds for all that follow.
    pub attempts: Vec<Answer>,
}

/// An item of a loop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    Key(String),
    /// Its place, from 0, in a loop without keys.
    Index(u64),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Milliseconds before it comes.
    pub delay: u64,
    pub what: Answered,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    Output(Value),
    Fault(Box<Fault>),
    Approve { by: String, note: Option<String> },
    Reject { by: String, note: Option<String> },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    pub state: Option<State>,
    pub exceptions: Option<Exceptions>,
    pub steps: Vec<(Place, Standing)>,
    pub with: Vec<(Place, Value)>,
    pub mails: Vec<Place>,
    pub documents: Vec<Place>,
    pub outputs: Option<IndexMap<String, Value>>,
}

/// The exceptions that wait in the end.
#[derive(Clone, Debug, PartialEq)]
pub enum Exceptions {
    Count(u64),
    /// Exactly these, in any order.
    These(Vec<Waiting>),
}

/// What is known of an exception; what is absent may be anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waiting {
    pub step: Option<StepId>,
    pub item: Option<Item>,
    pub code: Option<String>,
    pub category: Option<ExceptionCategory>,
}

/// A step, in one item or in every run that has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub step: StepId,
    pub item: Option<Item>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.item {
            Some(item) => write!(f, "{}@{item}", self.step),
            None => write!(f, "{}", self.step),
        }
    }
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Item::Key(key) => f.write_str(key),
            Item::Index(index) => write!(f, "{index}"),
        }
    }
}

/// How a step stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It was not reached yet.
    Pending,
    /// It will not be reached: another case was taken, or what it is in has ended.
    LeftOut,
    /// It waits for a time, or for its turn.
    Waiting,
    /// It, or what is below it, is at work.
    Running,
    /// It waits for a person.
    Parked,
    /// Nobody knows whether it has happened.
    InDoubt,
    Succeeded,
    Skipped,
    /// It failed, and the run went on or failed too.
    Failed,
    Cancelled,
}

impl Standing {
    /// The word that the author writes.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Pending => "pending",
            Standing::LeftOut => "left_out",
            Standing::Waiting => "waiting",
            Standing::Running => "running",
            Standing::Parked => "parked",
            Standing::InDoubt => "in_doubt",
            Standing::Succeeded => "succeeded",
            Standing::Skipped => "skipped",
            Standing::Failed => "failed",
            Standing::Cancelled => "cancelled",
        }
    }
}
