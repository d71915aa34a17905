//! Everything that can happen to a run.
//!
//! A fact is written down before anything that follows from it is done, and a
//! run is nothing but the fold of its facts. Whatever had to be computed (a
//! rendered template, when to try again, whether to park) stands in the fact as
//! a result, so a newer Botswain reads the same past.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    fault::{Effect, Fault},
    ids::{ExceptionId, Hash, RunId, StepId},
    value::Payload,
};

/// Something that has happened, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub at: Timestamp,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The first fact of every run.
    Created(Box<Created>),
    /// The key of the run is its own from now on.
    Claimed { key: Key },
    /// The key of the run belongs to another, which did or does the same.
    Duplicate { key: Key, of: RunId },
    /// It may begin: its turn has come under `overlap`.
    Admitted,
    /// The templates of a bot's step were rendered.
    Entered {
        step: StepId,
        with: Payload,
        effect: Effect,
        key: Option<Key>,
        generation: u32,
    },
    /// The step did nothing.
    Skipped { step: StepId, why: Skip },
    /// A `for_each` knows its list.
    Opened {
        step: StepId,
        list: Payload,
        count: u64,
    },
    /// Every item of a `for_each` has ended.
    Closed { step: StepId, output: Payload },
    /// The intent: from now on the bot may be acting.
    Started { step: StepId, attempt: u32 },
    Succeeded {
        step: StepId,
        attempt: u32,
        output: Payload,
    },
    /// The bot failed, or something before it could start (attempt 0): a template, a key.
    /// With the id of its `for_each`, or `run`, it is the run itself that cannot begin or end.
    Failed {
        step: StepId,
        attempt: u32,
        fault: Box<Fault>,
        then: Verdict,
    },
    /// The daemon ended while the bot may have been acting.
    Interrupted {
        step: StepId,
        attempt: u32,
        then: Verdict,
    },
    /// A person decided.
    Resolved {
        step: StepId,
        exception: ExceptionId,
        resolution: Resolution,
        by: String,
        note: Option<String>,
    },
    /// The last fact of every run.
    Ended { outcome: Outcome, output: Payload },
}

/// How a run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Created {
    pub workflow: String,
    /// The hash of the [`crate::plan::Version`] it follows.
    pub version: Hash,
    pub origin: Origin,
    /// The logical time: `today` and `now` in every template.
    pub scheduled_for: Timestamp,
    /// The inputs of a run that was started; an item sees its parent's.
    pub inputs: Arc<Payload>,
    /// The key that whoever started it gave; an item's is computed by its `key`.
    pub key: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person or a program, by name.
    Person { by: String },
    /// The trigger at this place in the file's list fired.
    Trigger { index: u32 },
    /// One item of a `for_each`.
    Item {
        parent: RunId,
        step: StepId,
        index: u64,
        item: Payload,
    },
}

/// What is done once, ever, in one workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub text: String,
    /// Of the data that the key stands for: the same key with other data is a conflict.
    pub data: Hash,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// `when` was not true.
    Condition,
    /// Another run has claimed the key with the same data; its output is ours.
    Duplicate { of: RunId, output: Payload },
    /// A person said so.
    Resolution,
}

/// What follows from a failed attempt. Decided once, by [`super::decide`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Retry {
        at: Timestamp,
    },
    Park {
        exception: ExceptionId,
    },
    /// Parked, and it is open whether the effect took place.
    Doubt {
        exception: ExceptionId,
    },
}

impl Verdict {
    /// The exception that it opens.
    pub fn exception(&self) -> Option<ExceptionId> {
        match self {
            Verdict::Retry { .. } => None,
            Verdict::Park { exception } | Verdict::Doubt { exception } => Some(*exception),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Again, with the templates rendered anew.
    Retry,
    /// Again, with other data.
    Edit(Edit),
    /// It took place, or was done by hand, with this output.
    Happened {
        output: Payload,
    },
    Skip,
    /// The run fails.
    Abandon,
}

/// What a person corrected. Keys are merged into what was there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// The item's data, seen by this and all later steps.
    Item(IndexMap<String, Value>),
    /// The run's inputs, seen by this and all later steps.
    Inputs(IndexMap<String, Value>),
    /// This step's `with` alone.
    With(IndexMap<String, Value>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Succeeded,
    /// Its key was already done, or another run was at work.
    Skipped,
    Failed,
    Cancelled,
}
