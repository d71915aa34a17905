//! The steps of a run and how each stands.

use botswain_core::{
    ExceptionId, Fault, RunId, StepId,
    index::{ExceptionCategory, Tally},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SpanView;

#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepView {
    pub id: StepId,
    pub name: Option<String>,
    /// `bot`, `for_each`, `call`, …: the key that the file has for it.
    pub kind: String,
    pub bot: Option<String>,
    /// How many steps are around it in the same run; what is done at its end stands under that.
    pub depth: u32,
    /// What it belongs to: `branch stock`, `case DE`, `on_fault http.*`, `on_failure`, `finally`.
    pub within: Option<String>,
    pub state: StepState,
    pub attempts: u32,
    pub with: Option<Value>,
    pub output: Option<Value>,
    /// How its items do, if it is a `for_each`.
    pub items: Option<Tally>,
    /// The run that it has called last.
    pub child: Option<RunId>,
    /// When it was at work and when it waited, in order; empty where nobody asks for it.
    #[serde(default)]
    pub spans: Vec<SpanView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Pending,
    /// It was not reached and will not be: another case was taken, or what it is in has ended.
    LeftOut,
    /// Begins at this time, or when its turn comes.
    Waiting {
        until: Option<Timestamp>,
    },
    /// A `wait` or `wait_until`: nothing follows before this time.
    Asleep {
        until: Timestamp,
    },
    Running {
        since: Timestamp,
    },
    Parked {
        exception: ExceptionId,
        category: ExceptionCategory,
        fault: Box<Fault>,
        /// When others are asked too.
        escalates: Option<Timestamp>,
    },
    InDoubt {
        /// Absent while the world is asked.
        exception: Option<ExceptionId>,
        fault: Box<Fault>,
        /// When the world is asked next.
        asked: Option<Timestamp>,
        /// How often the world has said that it did not happen.
        denials: u32,
    },
    /// A `for_each` with so many items.
    Open {
        count: u64,
    },
    /// The steps below it, or the run that it called, are at work.
    Under,
    Succeeded,
    Skipped,
    /// It failed for good: the run went on without it, or failed too.
    Failed,
    Cancelled,
}
