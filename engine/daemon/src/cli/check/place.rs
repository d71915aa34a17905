//! Where a finding stands, as other programs count it.

use std::collections::BTreeMap;

use botswain_core::diagnostic::Diagnostic;

use crate::instance::Instance;

/// A file as it is called from where the command was given, and the column behind the place.
pub(super) struct Place {
    pub(super) file: String,
    pub(super) end_column: usize,
}

/// The place of each finding.
pub(super) fn places<'d>(
    instance: &Instance,
    found: &'d [Diagnostic],
) -> Vec<(&'d Diagnostic, Place)> {
    let mut texts = BTreeMap::new();
    let places = found.iter().map(|found| {
        let text = texts
            .entry(found.file.as_str())
            .or_insert_with(|| instance.read_text(found.file.as_ref()).unwrap_or_default());
        let (start, length) = found.span;
        let marked = text.get(start..start + length).unwrap_or_default();
        let place = Place {
            file: from_here(instance, &found.file),
            end_column: found.column + marked.chars().count(),
        };
        (found, place)
    });
    places.collect()
}

/// A repository's root is where its checks are run, and the instance may be a folder in it.
fn from_here(instance: &Instance, file: &str) -> String {
    let whole = instance.folder().join(file);
    let here = std::env::current_dir().and_then(std::fs::canonicalize);
    let path = here
        .ok()
        .and_then(|here| Some(whole.strip_prefix(here).ok()?.to_owned()));
    path.map_or_else(|| file.to_owned(), |path| path.display().to_string())
}
