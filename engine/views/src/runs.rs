//! Runs and what starts them.

use botswain_core::{
    ArtifactRef, Hash, RunId, StepId,
    index::{State, Tally},
    run::fact::{Fact, Origin},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::StepView;

/// Which runs: a page of them, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunsQuery {
    pub workflow: Option<String>,
    pub state: Option<State>,
    /// A part of their key.
    pub key: Option<String>,
    /// Made no earlier than this.
    pub since: Option<Timestamp>,
    /// Made before this.
    pub until: Option<Timestamp>,
    /// The number of the last run that was looked at for the page before.
    pub before: Option<u64>,
    pub limit: Option<usize>,
}

/// A run in a list.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunView {
    pub id: RunId,
    pub workflow: String,
    pub version: Hash,
    pub state: State,
    /// What it waits for or does, in words; absent when it has ended.
    pub why: Option<String>,
    /// When it goes on, if it waits for a time.
    pub until: Option<Timestamp>,
    pub key: Option<String>,
    pub created: Timestamp,
    pub scheduled_for: Timestamp,
    pub ended: Option<Timestamp>,
    pub step: Option<StepId>,
    pub attempt: u32,
    /// How the items of the open `for_each` do, or the run that was called.
    pub items: Option<Tally>,
    /// How many things in it wait for people while it is at work.
    pub parked: u64,
}

/// One run with everything about it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunDetail {
    pub run: RunView,
    pub origin: Origin,
    pub inputs: Value,
    pub steps: Vec<StepView>,
    /// What its bots, and those of its items, have warned of.
    #[serde(default)]
    pub warnings: Vec<WarningView>,
    pub facts: Vec<Fact>,
    /// The files that its facts name, each once.
    #[serde(default)]
    pub artifacts: Vec<ArtifactRef>,
    /// What the daemon that is asked has logged of it, the newest last.
    #[serde(default)]
    pub log: Vec<LogLine>,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LogLine {
    pub at: Timestamp,
    pub level: Level,
    pub step: Option<String>,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Info,
    Warning,
    Error,
}

/// Something that works still, and that somebody should see to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WarningView {
    pub step: StepId,
    pub message: String,
    /// Where it was met first: the run, or one of its items.
    pub run: RunId,
    /// In how many of them it was met, as far as they were looked through.
    pub runs: u64,
}

/// A schedule and when it fires next.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScheduleView {
    pub workflow: String,
    /// What starts it, as the file has it.
    pub trigger: String,
    /// Of times.
    pub timezone: Option<String>,
    /// In order, the next one first; none when it waits for something to happen.
    pub next: Vec<Timestamp>,
    /// The times until the last of these that its calendar leaves out.
    #[serde(default)]
    pub left_out: Vec<LeftOutView>,
    /// Whether it starts nothing, for its workflow is paused.
    #[serde(default)]
    pub is_paused: bool,
}

/// A time at which something does not start, for it falls on a day off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LeftOutView {
    pub at: Timestamp,
    /// When it starts instead; absent when it does not.
    pub moved: Option<Timestamp>,
    /// The file of the days off.
    pub calendar: String,
}
