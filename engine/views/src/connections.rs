//! How it stands with what steps share.

use botswain_core::{Fault, engine::capacity::BreakerView};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A connection, or a limit, at this moment.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ConnectionView {
    pub name: String,
    /// The kind of a connection; `limit` for what is under `limits:`.
    pub kind: String,
    pub sessions: Option<u32>,
    /// Attempts under way.
    pub used: u32,
    /// Attempts that wait for a place.
    pub waiting: usize,
    pub per_minute: Option<u32>,
    /// Attempts that started within the last minute; counted when `per_minute` is given.
    pub started: u32,
    /// Absent when it has none.
    pub breaker: Option<BreakerView>,
    /// The last test that somebody asked for; absent when nobody has.
    pub tested: Option<TestView>,
}

/// That somebody had a connection tested, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestView {
    pub by: String,
    /// When it ended.
    pub at: Timestamp,
    pub outcome: TestOutcome,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    Answered { answer: String },
    Failed { fault: Box<Fault> },
}
