//! What waits for people: in a list, and one with all that is needed to decide.

use botswain_core::{
    ArtifactRef, ExceptionId, Hash, RunId, StepId,
    index::{Exception, ExceptionCategory},
    run::fact::Resolution,
};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::StepView;

/// An exception in a list.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExceptionView {
    pub id: ExceptionId,
    pub workflow: String,
    pub run: RunId,
    pub step: StepId,
    pub bot: Option<String>,
    pub key: Option<String>,
    pub category: ExceptionCategory,
    pub code: String,
    /// Of an approval: the question.
    pub message: String,
    pub hint: Option<String>,
    pub attempts: u32,
    pub opened: Timestamp,
    /// When it should have been decided.
    pub due: Option<Timestamp>,
    /// Nobody wants to see it before this time.
    pub snoozed: Option<Timestamp>,
    /// The groups that it is for; nobody in particular when empty.
    pub assigned: Vec<String>,
    /// Who has taken it on.
    pub assignee: Option<String>,
    /// Those who have approved, while more have to.
    pub approved: Vec<String>,
    /// The item, or the inputs of the run, in a few short texts: `customer` is `ACME Ltd`.
    pub about: IndexMap<String, String>,
    /// Equal for failures of one cause.
    pub fingerprint: Hash,
    pub artifacts: Vec<ArtifactRef>,
}

/// One exception with what a person needs to decide.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExceptionDetail {
    pub exception: ExceptionView,
    /// The data of the item, with corrections.
    pub item: Option<Value>,
    /// The inputs of the run, with corrections.
    pub inputs: Value,
    /// The item, or the inputs when it is none, as they came, without corrections.
    pub given: Value,
    /// The parameters that the step was given.
    pub with: Option<Value>,
    /// What later steps read of its output: whoever says that it has happened says this too.
    #[serde(default)]
    pub read: Vec<String>,
    /// What an approval is about.
    pub show: Option<Value>,
    pub steps: Vec<StepView>,
    /// The steps to which the run can go back, in the order of the file.
    pub back: Vec<StepId>,
    /// The version by which it can be tried again, when the file has changed and still fits.
    pub newer: Option<Hash>,
    /// Which of the workflow's versions that is; absent when there is none, or it was not noted.
    #[serde(default)]
    pub changed: Option<Changed>,
    /// How often the step was tried, and what came of it, in order.
    pub tries: Vec<TryView>,
    /// What people have decided and said so far.
    pub history: Vec<DecisionView>,
    /// How many others are parked for the same cause.
    pub others: u64,
    /// The JSON Schema of the parameters of the step's bot.
    pub parameters: Option<Value>,
    /// Absent when it is no approval.
    pub approval: Option<ApprovalView>,
    /// What cannot be read is not its data: it is tried again as it is, when it can be read.
    #[serde(default)]
    pub blocked: bool,
}

/// One attempt at a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TryView {
    pub attempt: u32,
    pub started: Timestamp,
    /// Absent when it was cut short and nobody knows when.
    pub ended: Option<Timestamp>,
    /// The code of its fault; absent when it was cut short.
    pub code: Option<String>,
    pub message: Option<String>,
}

/// Something that a person decided about a parked step, or said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DecisionView {
    pub at: Timestamp,
    pub by: String,
    pub resolution: Resolution,
    pub note: Option<String>,
}

/// That a workflow is another than when a run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Changed {
    /// The number of the version that the run follows, if it was noted.
    pub from: Option<u64>,
    /// The number of the version by which it can be tried again.
    pub to: u64,
}

/// What an approval asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalView {
    pub question: String,
    /// How many different people have to approve.
    pub required: u32,
    /// Those who have.
    pub approved: Vec<String>,
    /// Who may not approve, because they have started the run.
    pub not: Option<String>,
    /// When others are asked too.
    pub escalates: Option<Timestamp>,
}

/// Which exceptions.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionsQuery {
    pub workflow: Option<String>,
    pub category: Option<ExceptionCategory>,
    /// Those of one cause.
    pub fingerprint: Option<Hash>,
    /// Those that this person has taken on.
    pub assignee: Option<String>,
    /// The number of the last one of the page before.
    pub after: Option<ExceptionId>,
    pub limit: Option<usize>,
}

impl ExceptionsQuery {
    /// Whether it is one of them.
    pub fn fits(&self, it: &Exception) -> bool {
        let workflow = self.workflow.as_ref();
        workflow.is_none_or(|name| *name == it.workflow)
            && self.category.is_none_or(|wanted| wanted == it.category)
            && self
                .fingerprint
                .as_ref()
                .is_none_or(|wanted| *wanted == it.fingerprint)
            && (self.assignee.is_none() || self.assignee == it.assignee)
    }
}
