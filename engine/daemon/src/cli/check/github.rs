//! Findings as workflow commands of GitHub Actions, which shows them at their lines.
//!
//! See "Workflow commands for GitHub Actions" in GitHub's documentation: one
//! command is one line, and what would end it early is escaped.

use botswain_core::diagnostic::{Diagnostic, Severity};

use super::place::Place;

/// One line for each finding.
pub(super) fn command(found: &Diagnostic, place: &Place) -> String {
    let level = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let message = match &found.hint {
        Some(hint) => format!("{}\nhint: {hint}", found.message),
        None => found.message.clone(),
    };
    format!(
        "::{level} file={},line={},endLine={},col={},endColumn={},title={}::{}",
        property(&place.file),
        found.line,
        found.line,
        found.column,
        place.end_column,
        property(found.code),
        data(&message)
    )
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// What stands between commas, behind a `=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
