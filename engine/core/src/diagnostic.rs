//! A mistake in a file, at its place.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
}

/// One finding. Rendering (with the line and the place marked) is the CLI's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Stable: `language.unknown_key`.
    pub code: &'static str,
    /// As it was given to the check, relative to the instance.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Where it stands in the file: byte offset and length.
    pub span: (usize, usize),
    /// A lower-case fragment without a final period; literals in backticks.
    pub message: String,
    pub hint: Option<String>,
}
