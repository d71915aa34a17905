//! What is kept beside the facts so that questions are answered without reading them all.
//!
//! Every record here but the places of schedules and of sources, what is still to
//! become a run and the tables of corrections can be computed again from the facts;
//! a change to it is written in the same atomic batch as the facts it follows from.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    engine::event::Happening,
    fault::Fault,
    ids::{ExceptionId, Hash, RunId, StepId},
    run::fact::{Fact, Outcome},
    value::Payload,
};

/// One atomic append: facts of one or several runs, and what the index says after them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    pub facts: Vec<(RunId, u64, Fact)>,
    pub changes: Vec<Change>,
}

/// A record of the index before and after an append.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The summary of a run, and the state in the one before; `None` for a new run.
    Run {
        before: Option<State>,
        after: Arc<Summary>,
    },
    /// An exception opened (`Some`) or was resolved (`None`).
    Exception {
        id: ExceptionId,
        after: Option<Box<Exception>>,
    },
    /// A key was claimed (`Some`), or released because nothing had been done under it (`None`).
    Claim {
        claim: ClaimKey,
        after: Option<Claim>,
    },
    /// A schedule fired for this time; the newest one counts.
    Fired {
        workflow: String,
        schedule: String,
        at: Timestamp,
    },
    /// A source has gone through one of its series of numbers up to here; the highest counts.
    Reached(Reached),
    /// The end of a run is to start another (`open`), or has.
    Pending { pending: Box<Pending>, open: bool },
    /// What a text stands for in a table of corrections (`Some`), or that it stands for itself
    /// again (`None`). No fact tells it: people keep these tables.
    Mapping {
        table: String,
        from: String,
        after: Option<Mapping>,
    },
}

/// A run at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub id: RunId,
    pub workflow: String,
    pub version: Hash,
    pub state: State,
    /// The step that it does, waits to do or is parked at.
    pub step: Option<StepId>,
    /// How often that step was tried.
    pub attempt: u32,
    /// When it goes on, if it waits for a time.
    pub until: Option<Timestamp>,
    pub created: Timestamp,
    pub scheduled_for: Timestamp,
    pub ended: Option<Timestamp>,
    pub key: Option<String>,
    /// The `for_each` and the place in its list, for an item.
    pub parent: Option<(RunId, StepId, u64)>,
    /// How many facts it has.
    pub facts: u64,
    /// What `collect` gathered, once an item has succeeded.
    pub collected: Option<Payload>,
    /// Whether a bot has warned of something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warned: bool,
}

/// Whether a run is at work, waits for a person, or has ended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for its turn under `overlap`.
    Queued,
    Running,
    /// Waits for a time: a retry, a Retry-After.
    Waiting,
    /// Waits for a person.
    Parked,
    Succeeded,
    Skipped,
    Failed,
    Cancelled,
}

impl State {
    /// As it is written everywhere.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Waiting => "waiting",
            State::Parked => "parked",
            State::Succeeded => "succeeded",
            State::Skipped => "skipped",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    pub fn has_ended(self) -> bool {
        matches!(
            self,
            State::Succeeded | State::Skipped | State::Failed | State::Cancelled
        )
    }
}

impl From<Outcome> for State {
    fn from(outcome: Outcome) -> State {
        match outcome {
            Outcome::Succeeded => State::Succeeded,
            Outcome::Skipped => State::Skipped,
            Outcome::Failed => State::Failed,
            Outcome::Cancelled => State::Cancelled,
        }
    }
}

/// How many items of one `for_each` are in which state. The store counts them from
/// the summaries of its children, one counter for each `(parent, step)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tally {
    pub succeeded: u64,
    pub skipped: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub parked: u64,
    /// Queued, running or waiting.
    pub active: u64,
}

impl Tally {
    pub fn created(&self) -> u64 {
        self.ended() + self.parked + self.active
    }

    pub fn ended(&self) -> u64 {
        self.succeeded + self.skipped + self.failed + self.cancelled
    }

    /// Moves one item from a state to another; `before` is `None` for a new one.
    pub fn shift(&mut self, before: Option<State>, after: State) {
        if let Some(before) = before {
            *self.of(before) -= 1;
        }
        *self.of(after) += 1;
    }

    fn of(&mut self, state: State) -> &mut u64 {
        match state {
            State::Succeeded => &mut self.succeeded,
            State::Skipped => &mut self.skipped,
            State::Failed => &mut self.failed,
            State::Cancelled => &mut self.cancelled,
            State::Parked => &mut self.parked,
            State::Queued | State::Running | State::Waiting => &mut self.active,
        }
    }
}

/// Something parked that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exception {
    pub id: ExceptionId,
    pub run: RunId,
    pub step: StepId,
    pub workflow: String,
    /// The bot that failed.
    pub bot: Option<String>,
    pub key: Option<String>,
    pub category: ExceptionCategory,
    pub fault: Fault,
    /// How often the step was tried.
    pub attempts: u32,
    pub opened: Timestamp,
    /// When it should have been decided.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// Somebody does not want to see it before this time.
    #[serde(default)]
    pub snoozed: Option<Timestamp>,
    /// The groups that it is for; nobody in particular when empty.
    #[serde(default)]
    pub assigned: Vec<String>,
    /// Who has taken it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Those who have approved, while more have to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved: Vec<String>,
    /// The item, or the inputs of the run, in a few short texts.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub about: IndexMap<String, String>,
    /// What an approval is about.
    #[serde(default)]
    pub show: Option<Payload>,
    /// Equal for failures of one cause: step, code, normalised message.
    pub fingerprint: Hash,
}

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionCategory {
    Business,
    System,
    /// It is open whether the effect took place.
    InDoubt,
    /// The run asks before it goes on.
    Approval,
    /// Its time is over.
    Overdue,
}

impl ExceptionCategory {
    /// As it is written everywhere but to people.
    pub fn name(self) -> &'static str {
        match self {
            ExceptionCategory::Business => "business",
            ExceptionCategory::System => "system",
            ExceptionCategory::InDoubt => "in_doubt",
            ExceptionCategory::Approval => "approval",
            ExceptionCategory::Overdue => "overdue",
        }
    }
}

/// What a key is unique in: a workflow, and there the runs or one step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClaimKey {
    pub workflow: String,
    /// `None` for the key of a whole run.
    pub step: Option<StepId>,
    pub text: String,
}

/// Who claimed a key, and for which data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    pub run: RunId,
    pub data: Hash,
}

/// What a text in a table of corrections stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mapping {
    pub to: String,
    pub by: String,
    pub at: Timestamp,
    pub note: Option<String>,
    /// The exception with whose decision it was remembered.
    #[serde(default)]
    pub exception: Option<ExceptionId>,
}

/// Something of which there has to be a run, and is none yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The workflow that is to run.
    pub workflow: String,
    /// Its trigger, by its words.
    pub trigger: String,
    /// The logical time of the run.
    pub at: Timestamp,
    pub happening: Happening,
}

/// How far a source, such as a folder of a mailbox, has gone through a series of numbers: everything
/// below is done with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    pub workflow: String,
    /// What is gone through, by its words.
    pub source: String,
    pub series: String,
    pub number: u32,
}

/// Where each schedule stands: the newest time it fired for, by workflow and the schedule's words.
pub type Fired = IndexMap<(String, String), Timestamp>;
