//! What a person can decide about something parked.

use botswain_core::StepId;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A decision as it is handed over; which of them fit depends on what is parked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Retry,
    /// Again, by the workflow as its file is now.
    RetryCurrent,
    /// Corrections of the item's data, or of the run's inputs when it is no item.
    Edit(IndexMap<String, Value>),
    /// Corrections of this step's parameters alone.
    EditWith(IndexMap<String, Value>),
    /// It took place, with this output.
    Happened(Value),
    Skip,
    /// Again from an earlier step on; what took place once is done once more only if it is named.
    Back {
        to: StepId,
        #[serde(default)]
        again: Vec<StepId>,
    },
    Abandon,
    Approve,
    Reject,
    Snooze {
        until: Timestamp,
    },
    MoreTime {
        millis: u64,
    },
    /// Somebody takes it on, or gives it back.
    Assign {
        to: Option<String>,
    },
    /// The note is for others to read.
    Remark,
}

impl Decision {
    /// Whether something happens because of it, or it only waits longer.
    pub fn lets_go_on(&self) -> bool {
        !matches!(
            self,
            Decision::Snooze { .. } | Decision::Assign { .. } | Decision::Remark
        )
    }
}
