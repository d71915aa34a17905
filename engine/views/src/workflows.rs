//! Workflows: how each stands, what its file says, and when it starts by itself.

use botswain_core::{Hash, plan::Plan};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{RunView, ScheduleView, VersionView};

/// That a workflow starts nothing by itself, who said so, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PauseView {
    pub by: String,
    pub at: Timestamp,
    pub note: Option<String>,
}

/// A workflow in a list.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkflowView {
    pub name: String,
    /// The folder of `workflows/` in which its file lies, as in `sales/export`; empty for
    /// `workflows/` itself, absent when there is no such file, or more than one.
    #[serde(default)]
    pub folder: Option<String>,
    pub description: Option<String>,
    /// What new runs follow; absent when its file has never been without mistakes.
    pub version: Option<Hash>,
    /// How many mistakes its file has as it is now.
    pub mistakes: usize,
    /// The run that was made last.
    pub last: Option<RunView>,
    /// When it starts by itself next, if that is a time.
    pub next: Option<Timestamp>,
    /// Absent unless it is paused.
    pub paused: Option<PauseView>,
    /// What starts it, as the file has it.
    pub triggers: Vec<String>,
    /// How many of its exceptions are open.
    pub exceptions: u64,
}

/// One workflow with everything about it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkflowDetail {
    pub workflow: WorkflowView,
    /// What new runs follow; it is older than the source when that has mistakes.
    pub plan: Option<Plan>,
    /// The file as it is now.
    pub source: String,
    pub findings: Vec<FindingView>,
    pub schedules: Vec<ScheduleView>,
    /// What its file promises, and how it stands with that.
    #[serde(default)]
    pub promise: Option<PromiseView>,
    /// The run that succeeded last, and the one that failed last.
    #[serde(default)]
    pub succeeded: Option<RunView>,
    #[serde(default)]
    pub failed: Option<RunView>,
    /// The versions that were taken over last, the newest first.
    #[serde(default)]
    pub versions: Vec<VersionView>,
}

/// So many runs have to succeed on a day, by a time of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PromiseView {
    pub succeeded: u64,
    /// When that is looked at next.
    pub next: Option<Timestamp>,
    /// How many of them there are already, once that day has begun.
    pub so_far: Option<u64>,
    /// How many broken ones wait for a person.
    pub broken: u64,
}

/// What the check says of one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FindingView {
    /// Otherwise a warning.
    pub is_mistake: bool,
    /// From 1.
    pub line: usize,
    pub message: String,
    pub hint: Option<String>,
}

/// When one trigger fires on the days of a week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CalendarRow {
    pub workflow: String,
    /// As the file has it.
    pub trigger: String,
    /// Whether it will not, for its workflow is paused.
    #[serde(default)]
    pub is_paused: bool,
    pub days: Vec<CalendarDay>,
}

/// When it fires on one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CalendarDay {
    pub date: Date,
    /// The first times of the day.
    pub first: Vec<Timestamp>,
    /// How often in all, counted up to [`CalendarDay::MOST`].
    pub count: usize,
}

impl CalendarDay {
    /// So many times of one day are counted.
    pub const MOST: usize = 1_500;
    /// So many are named.
    pub const NAMED: usize = 3;
}
