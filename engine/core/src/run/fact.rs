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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fact {
    pub at: Timestamp,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
        /// Whether the bot says durably when it is about to act.
        #[serde(default)]
        announces: bool,
    },
    /// The step did nothing.
    Skipped { step: StepId, why: Skip },
    /// A `for_each` knows its list.
    Opened {
        step: StepId,
        list: Payload,
        count: u64,
    },
    /// Every item of a `for_each` has ended, or all that was open below the step.
    Closed { step: StepId, output: Payload },
    /// The branches of a `parallel` begin.
    Forked { step: StepId },
    /// The case of a `switch` begins; `None` is its default.
    Chose { step: StepId, case: Option<String> },
    /// The run of another workflow is to begin with these inputs.
    Called { step: StepId, inputs: Payload },
    /// A person is asked.
    Asked {
        step: StepId,
        exception: ExceptionId,
        approval: Box<Approval>,
    },
    /// Nobody has answered: others are asked too.
    Escalated { step: StepId },
    /// Nothing follows the step before this time.
    Waits { step: StepId, until: Timestamp },
    /// The intent: from now on the bot may be acting.
    Started { step: StepId, attempt: u32 },
    /// The bot is about to change the world.
    Acting { step: StepId, attempt: u32 },
    /// The bot has met something that somebody should see to before it becomes a fault.
    Warned {
        step: StepId,
        attempt: u32,
        warnings: Vec<String>,
    },
    /// The bot succeeded, or what needs no bot was done (attempt 0).
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
    /// The daemon was told to stop and took back an attempt that had changed nothing.
    Withdrawn { step: StepId, attempt: u32 },
    /// The world was asked whether an effect in doubt took place.
    Verified {
        step: StepId,
        answer: Verification,
        /// Absent when it did.
        then: Option<Verdict>,
    },
    /// It was at work for longer than its `timeout`.
    Overdue {
        step: StepId,
        exception: ExceptionId,
    },
    /// What a `for_each` or a `call` needs to go on cannot be read: a row, or what came of its runs.
    Blocked {
        step: StepId,
        exception: ExceptionId,
        fault: Box<Fault>,
    },
    /// Only people can let anything of the run go on: no time-out counts from here.
    Paused,
    /// Something goes on.
    Resumed,
    /// Somebody asked for its end. What must not be repeated is waited for.
    Cancelled { by: String, note: Option<String> },
    /// All that a loop or a call had begun was brought to its end.
    Stopped { step: StepId },
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

impl What {
    /// The version to which a person moved the run by this.
    pub fn upgrade(&self) -> Option<&Hash> {
        match self {
            What::Resolved {
                resolution: Resolution::Upgrade { version },
                ..
            } => Some(version),
            _ => None,
        }
    }
}

/// How a run began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person or a program, by name.
    Person { by: String },
    /// The trigger at this place in the file's list fired.
    Trigger { index: u32 },
    /// What the workflow promises has not happened: it waits for a person before it begins.
    Promise,
    /// A `call` of another run.
    Call { parent: RunId, step: StepId },
    /// One item of a `for_each`.
    Item {
        parent: RunId,
        step: StepId,
        index: u64,
        item: Payload,
    },
}

/// What is done once, ever, in one workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Key {
    pub text: String,
    /// Of the data that the key stands for: the same key with other data is a conflict.
    pub data: Hash,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Retry {
        at: Timestamp,
    },
    /// Again when the connection answers: its breaker is open, and the attempt has not counted.
    Wait {
        connection: String,
    },
    Park {
        exception: ExceptionId,
    },
    /// Parked, and it is open whether the effect took place.
    Doubt {
        exception: ExceptionId,
    },
    /// In doubt: the world is asked at this time.
    Verify {
        at: Timestamp,
    },
    /// The step gives null and the run goes on.
    Continue,
    /// The run fails.
    Fail,
    /// The steps of this entry of `on_fault` are done in its place.
    Handle {
        entry: u32,
    },
    /// The run is being brought to its end, and nothing more is tried.
    Cancel,
}

impl Verdict {
    /// The exception that it opens.
    pub fn exception(&self) -> Option<ExceptionId> {
        match self {
            Verdict::Park { exception } | Verdict::Doubt { exception } => Some(*exception),
            Verdict::Retry { .. }
            | Verdict::Wait { .. }
            | Verdict::Verify { .. }
            | Verdict::Continue
            | Verdict::Fail
            | Verdict::Handle { .. }
            | Verdict::Cancel => None,
        }
    }
}

/// What the world said about an effect in doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    /// It took place, and this came of it.
    Happened { output: Payload },
    /// It is believed only when the world has had the time to show it.
    DidNotHappen { settled: bool },
    /// Nobody could say.
    Unclear { fault: Box<Fault> },
}

/// What a person is asked before the run goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Approval {
    pub question: String,
    /// The data to look at.
    pub show: Payload,
    /// Groups of the instance.
    pub ask: Vec<String>,
    pub escalate: Option<Escalation>,
    /// How many different people have to say yes.
    #[serde(default = "one")]
    pub required: u32,
    /// Who has started the run and therefore may not.
    #[serde(default)]
    pub not: Option<String>,
}

fn one() -> u32 {
    1
}

/// Whom to ask too from when on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Escalation {
    pub at: Timestamp,
    pub to: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Again, with the templates rendered anew.
    Retry,
    /// Again, by this newer version of the workflow.
    Upgrade {
        version: Hash,
    },
    /// Again, with other data.
    Edit(Edit),
    /// It took place, or was done by hand, with this output.
    Happened {
        output: Payload,
    },
    Skip,
    /// The run fails.
    Abandon,
    /// Again from an earlier step on. A `once` effect that took place keeps its outcome unless it
    /// is named in `again`.
    Back {
        to: StepId,
        again: Vec<StepId>,
    },
    /// What was asked may be done.
    Approve,
    /// It may not. The fault `approval.rejected` follows in the same append.
    Reject,
    /// Not before this time again.
    Snooze {
        until: Timestamp,
    },
    /// What is overdue may take so many milliseconds more.
    MoreTime {
        millis: u64,
    },
    /// Somebody takes it on, or gives it back (`None`). It stays open.
    Assign {
        to: Option<String>,
    },
    /// Nothing is decided; the note is for others to read.
    Remark,
}

impl Resolution {
    /// Whether the exception is open all the same.
    pub fn leaves_open(&self) -> bool {
        matches!(
            self,
            Resolution::Snooze { .. } | Resolution::Assign { .. } | Resolution::Remark
        )
    }
}

/// What a person corrected. Keys are merged into what was there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// The item's data, seen by this and all later steps.
    Item(IndexMap<String, Value>),
    /// The run's inputs, seen by this and all later steps.
    Inputs(IndexMap<String, Value>),
    /// This step's `with` alone.
    With(IndexMap<String, Value>),
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
pub enum Outcome {
    Succeeded,
    /// Its key was already done, or another run was at work.
    Skipped,
    Failed,
    Cancelled,
}
