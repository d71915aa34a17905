//! When a step was at work and when it waited.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A stretch of time of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpanView {
    pub kind: SpanKind,
    /// The number of the attempt; 0 when it was none.
    pub attempt: u32,
    pub from: Timestamp,
    /// Absent while it lasts.
    pub until: Option<Timestamp>,
    /// The code of the fault with which it ended.
    pub code: Option<String>,
}

/// What a step does with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    Working,
    /// For a time, a place, or the next attempt.
    Waiting,
    /// For a decision.
    Person,
}
