//! Versions of a workflow: which there have been, and what differs between two.

use botswain_core::{ExceptionId, Hash};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One version, from when it was taken over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VersionView {
    /// Counted for each workflow, from 1; a text that is taken over once more has another.
    pub number: u64,
    /// What runs that follow it name it by.
    pub hash: Hash,
    pub at: Timestamp,
    /// Who has activated it; absent when the file was simply saved.
    pub by: Option<String>,
    /// Who has proposed it, where somebody else had to agree.
    #[serde(default)]
    pub proposed_by: Option<String>,
    pub note: Option<String>,
    /// Whether new runs follow it.
    pub is_current: bool,
}

/// One version with its text, and what is different from another.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VersionDetail {
    pub workflow: String,
    pub version: VersionView,
    pub source: String,
    /// What it is compared with; absent when there is nothing to compare it with.
    pub against: Option<Against>,
    /// The texts that differ: what was removed is of the older, what was added of the newer.
    pub changes: Vec<TextChange>,
    /// Open exceptions that can be tried again by it, some of them when they are many; none unless
    /// new runs follow it.
    #[serde(default)]
    pub mended: Vec<ExceptionId>,
    /// The versions before and after it, if there are any.
    pub before: Option<u64>,
    pub after: Option<u64>,
}

/// What a version is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// Another version, by its number.
    Version(u64),
    /// The file as it is now.
    File,
}

/// What a version is to be compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionQuery {
    /// The number of another version; without one, the version before it.
    pub against: Option<u64>,
    /// Compared with the file as it is now.
    pub file: Option<bool>,
}

/// What differs in one text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TextChange {
    /// The file: `workflows/order-entry.yaml`.
    pub file: String,
    /// It is a workflow that is called: what differs in it is among its own versions.
    pub is_called: bool,
    /// Nothing when only the ends of lines differ.
    pub lines: Vec<LineView>,
}

/// One line of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LineView {
    pub kind: LineKind,
    /// Its number in the older text, from 1.
    pub old: Option<usize>,
    /// Its number in the newer text, from 1.
    pub new: Option<usize>,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Same,
    Removed,
    Added,
    /// Equal lines are left out here.
    Gap,
}

impl LineKind {
    /// As it stands at the beginning of a line.
    pub fn sign(self) -> char {
        match self {
            LineKind::Same => ' ',
            LineKind::Removed => '-',
            LineKind::Added => '+',
            LineKind::Gap => '…',
        }
    }
}
