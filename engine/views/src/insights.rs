//! What became of runs over a time: how many, why they stopped, where their time went.

use botswain_core::StepId;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// Which runs: those that began within a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InsightsQuery {
    pub workflow: Option<String>,
    /// Thirty days before the end when it is not given, and 366 at most.
    pub since: Option<Timestamp>,
    /// Now when it is not given.
    pub until: Option<Timestamp>,
    /// A time before and after which figures are compared.
    pub split: Option<Timestamp>,
    /// The zone whose days are counted, as in `Europe/Berlin`; that of the instance otherwise.
    pub timezone: Option<String>,
}

/// One of the tables that can be had as a file.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum InsightsTable {
    #[default]
    Days,
    Causes,
    Steps,
    Workflows,
}

impl InsightsTable {
    pub const ALL: [InsightsTable; 4] = [
        InsightsTable::Days,
        InsightsTable::Causes,
        InsightsTable::Steps,
        InsightsTable::Workflows,
    ];

    /// As it is written everywhere.
    pub fn name(self) -> &'static str {
        match self {
            InsightsTable::Days => "days",
            InsightsTable::Causes => "causes",
            InsightsTable::Steps => "steps",
            InsightsTable::Workflows => "workflows",
        }
    }
}

/// What became of the runs that began within a time.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Insights {
    pub since: Timestamp,
    pub until: Timestamp,
    pub timezone: String,
    pub workflow: Option<String>,
    pub looked: Looked,
    pub figures: Figures,
    /// Every day, the first one first.
    pub days: Vec<DayView>,
    /// Workflows that had runs, those with the most first.
    pub workflows: Vec<WorkflowFigures>,
    /// Why runs waited for people, the most frequent first.
    pub causes: Vec<CauseView>,
    /// Where time went, the step that took most of it first.
    pub steps: Vec<StepFigures>,
    /// Present when a time to compare at was given.
    pub comparison: Option<Comparison>,
}

/// How much of it was looked at: what is said of exceptions and steps is from the runs that were
/// read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Looked {
    /// How many runs were counted.
    pub counted: u64,
    /// Whether there were more, so that those before the first day are left out.
    pub cut: bool,
    /// How many of the counted runs were read, chosen evenly.
    pub read: u64,
    /// How many items and called runs within these were.
    pub within: u64,
    /// Whether not all of what was counted was read.
    pub sample: bool,
}

/// How many runs, and how they did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Figures {
    pub runs: u64,
    pub succeeded: u64,
    pub skipped: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// At work, or waiting.
    pub open: u64,
    /// From the beginning to the end of those that succeeded.
    pub lasted: Option<Spread>,
    /// How many were read for what follows.
    pub read: u64,
    /// What waited for people in these.
    pub exceptions: u64,
    /// How many of those wait still.
    pub waiting: u64,
    /// From when something waited until a person had decided.
    pub handled: Option<Spread>,
    /// Milliseconds of work that those that succeeded have saved, where the workflow says how much.
    pub saved_ms: u64,
}

impl Figures {
    /// How many of those that have ended have succeeded, if any has ended.
    pub fn succeeded_percent(&self) -> Option<u64> {
        (100 * self.succeeded).checked_div(self.runs.saturating_sub(self.open))
    }
}

/// How a number of times are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Spread {
    pub count: u64,
    /// Half of them were no longer, in milliseconds.
    pub median_ms: u64,
    /// Nine of ten were no longer, in milliseconds.
    pub p90_ms: u64,
}

impl Spread {
    /// Of all these; none of none. The nearest rank, so each is a time that there was.
    pub fn of(mut times: Vec<u64>) -> Option<Spread> {
        times.sort_unstable();
        let rank = |percent: usize| times.get((times.len() * percent).div_ceil(100).max(1) - 1);
        Some(Spread {
            median_ms: *rank(50)?,
            p90_ms: *rank(90)?,
            count: times.len() as u64,
        })
    }
}

/// The runs that began on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DayView {
    pub day: Date,
    pub succeeded: u64,
    pub skipped: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub open: u64,
}

impl DayView {
    pub fn new(day: Date) -> DayView {
        DayView {
            day,
            succeeded: 0,
            skipped: 0,
            failed: 0,
            cancelled: 0,
            open: 0,
        }
    }

    pub fn runs(&self) -> u64 {
        self.succeeded + self.skipped + self.failed + self.cancelled + self.open
    }
}

/// One workflow's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WorkflowFigures {
    pub workflow: String,
    pub runs: u64,
    pub succeeded: u64,
    pub failed: u64,
    /// What one run saves, as `saves` of its file has it now.
    pub saves_ms: Option<u64>,
    pub saved_ms: Option<u64>,
}

/// One cause for which runs waited for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CauseView {
    pub workflow: String,
    pub step: StepId,
    pub code: String,
    /// What one of them said.
    pub message: String,
    pub count: u64,
    pub waiting: u64,
    pub handled: Option<Spread>,
}

/// How long one step was at work in each run that came to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StepFigures {
    pub workflow: String,
    pub step: StepId,
    pub working: Spread,
    /// All of it, in milliseconds.
    pub worked_ms: u64,
    /// What it waited for a time, a place or another attempt, in milliseconds.
    pub waited_ms: u64,
}

/// The same figures of two times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    pub at: Timestamp,
    pub before: Figures,
    pub after: Figures,
    /// How many days each has, so that a day can be compared with a day.
    pub days_before: f64,
    pub days_after: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_ninth_of_ten_are_times_that_there_were() {
        assert_eq!(Spread::of(Vec::new()), None);
        let of = |times: &[u64]| {
            let spread = Spread::of(times.to_vec()).unwrap();
            (spread.median_ms, spread.p90_ms)
        };
        assert_eq!(of(&[7]), (7, 7));
        assert_eq!(of(&[30, 10, 20]), (20, 30));
        assert_eq!(of(&[4, 1, 2, 3]), (2, 4));
        assert_eq!(of(&(1..=100).collect::<Vec<_>>()), (50, 90));
    }
}
