//! The language: from the text of a workflow file to a checked version of it.
//!
//! In go the file's name, its text and a [`Catalogue`]; out come every problem
//! at its place and, if there is no error, the [`Version`] that runs follow.
//! The text is read twice: as a tree whose nodes know their places, which is
//! held against the JSON Schema, and by serde into the model. Where a file has
//! mistakes, the parts that do not fit are left out and the check goes on.
//! No text makes it panic, and none takes long.

pub mod complete;
mod draft;
mod files;
pub(crate) mod model;
pub mod pages;
mod schema;
pub mod suggest;
mod suite;

#[cfg(test)]
mod tests;

use self::draft::Draft;
pub use self::{
    files::{Source, load_all},
    schema::{schema, tests_schema},
    suite::is_tests,
};
use crate::{catalogue::Catalogue, diagnostic::Diagnostic, plan::Version, testing::Test};

/// What came of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// Only when no diagnostic is an error.
    pub version: Option<Version>,
    /// In the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// The tests in it; only when no diagnostic is an error.
    pub tests: Vec<Test>,
}

/// Reads and checks a workflow. `file_name` is its path as people should see it; the last
/// part without its ending is the workflow's name. What it calls is in the catalogue.
pub fn load(file_name: &str, text: &str, catalogue: &Catalogue) -> Loaded {
    let source = Source {
        file: file_name,
        text,
    };
    Draft::read(source).check(catalogue).loaded
}
