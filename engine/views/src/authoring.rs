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

/// A place in a text that is not saved yet.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceView {
    pub source: String,
    /// How many characters (of Unicode) stand before it.
    pub at: usize,
}

/// What could be written at a place, and in the place of what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CompletionView {
    /// The word that is there, as numbers of characters: where it begins, and where it has ended.
    pub from: usize,
    pub to: usize,
    /// What fits best first.
    pub offers: Vec<OfferView>,
}

/// A name that could be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OfferView {
    pub name: String,
    /// What to put in the place of the word; a key has its colon.
    pub text: String,
    /// What is said of it.
    pub about: Option<String>,
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
