//! The inbox: all that waits for people, by cause or each for itself.

use botswain_core::{ExceptionId, Hash, StepId, index::ExceptionCategory};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Decision, ExceptionView};

/// What stands in the inbox's address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InboxQuery {
    #[serde(default)]
    pub show: Show,
    pub workflow: Option<String>,
    pub category: Option<ExceptionCategory>,
    /// Those of one cause.
    pub fingerprint: Option<Hash>,
    /// Words that are all to be found in key, data, code or message; the last one may be a beginning.
    pub q: Option<String>,
    /// As `next` of the page before gave it.
    pub after: Option<String>,
    pub limit: Option<usize>,
}

/// Which part of what waits, and in which order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// By cause, the one that parked something last first.
    #[default]
    Clusters,
    Newest,
    Oldest,
    /// What should have been decided by now, the most overdue first.
    Overdue,
    Approvals,
    /// What is assigned to whoever asks.
    Mine,
    /// What somebody has put off, the next to come back first.
    Snoozed,
}

/// A page of the inbox; `clusters` or `exceptions` is filled, as `show` asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Inbox {
    pub counts: Counts,
    pub clusters: Vec<ClusterView>,
    pub exceptions: Vec<ExceptionView>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<String>,
    /// Whether the workflow of one of the exceptions here was changed since its run began.
    #[serde(default)]
    pub outdated: bool,
}

/// How much waits, for whoever asks. All but `open` are counted up to [`Counts::MOST`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Counts {
    pub open: u64,
    pub approvals: u64,
    pub overdue: u64,
    pub mine: u64,
    pub snoozed: u64,
    /// Proposed versions of workflows that they may activate.
    #[serde(default)]
    pub proposals: u64,
}

impl Counts {
    /// Nobody reads a number beyond.
    pub const MOST: u64 = 1000;
}

/// What waits for one cause.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClusterView {
    pub fingerprint: Hash,
    pub workflow: String,
    pub step: StepId,
    pub category: ExceptionCategory,
    pub code: String,
    pub count: u64,
    /// How many of them are put off.
    pub snoozed: u64,
    /// When the one that waits longest was parked.
    pub oldest: Timestamp,
    /// When the last one was parked, whether or not it is still open.
    pub newest: Timestamp,
    /// The one that waits longest, as an example.
    pub example: ExceptionView,
}

/// A decision about many, which begins after some seconds and can be withdrawn until then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BulkView {
    pub id: u64,
    pub decision: Decision,
    pub by: String,
    pub note: Option<String>,
    pub asked: Timestamp,
    pub begins: Timestamp,
    pub state: BulkState,
    pub total: u64,
    pub done: u64,
    /// Those that it could not be done to, with the reason.
    pub refused: Vec<(ExceptionId, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkState {
    Waiting,
    Withdrawn,
    Running,
    Done,
}
