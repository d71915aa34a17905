//! Writing a workflow: its file, what the check and the tests say of a text, and what came of
//! activating it.

use botswain_core::{ExceptionId, Hash};
use serde::{Deserialize, Serialize};

use crate::{FindingView, TextChange, VersionView};

/// The file of a workflow as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FileView {
    pub workflow: String,
    /// Relative to the instance.
    pub file: String,
    pub source: String,
    /// The hash of the text, which is the file's `ETag` too.
    pub hash: Hash,
}

/// A text that is not saved yet.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftView {
    pub source: String,
}

/// What the check says of a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckView {
    pub mistakes: usize,
    pub findings: Vec<FindingView>,
}

/// What came of the tests of a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestsView {
    /// Nothing is played as long as there are mistakes.
    pub check: CheckView,
    pub tests: Vec<PlayedView>,
}

/// One test that was played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlayedView {
    pub name: String,
    pub file: String,
    pub line: usize,
    pub has_passed: bool,
    /// What is wrong, each in one or several lines.
    pub problems: Vec<String>,
    /// What is odd, and keeps no test from passing.
    pub warnings: Vec<String>,
}

/// What came of activating a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Activated {
    pub workflow: String,
    /// What new runs follow from now on.
    pub version: VersionView,
    /// What is different from the version before; nothing when it is the same text.
    pub changes: Vec<TextChange>,
    /// Open exceptions that can be tried again by it, some of them when they are many.
    pub mended: Vec<ExceptionId>,
}
