//! How it stands with what steps share.

use botswain_core::engine::capacity::BreakerView;
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
}
