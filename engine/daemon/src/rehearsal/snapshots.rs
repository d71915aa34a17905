//! What a mail or a document is compared with: files beside the workflow.
//!
//! `snapshots/WORKFLOW/TEST/STEP.txt`, with `@ITEM` behind the step. A file is
//! written only when that is asked for, and then only if it changes.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use botswain_core::testing::{Place, Test, slug};

use crate::difference;

/// What became of a comparison.
pub(crate) enum Compared {
    Same,
    Updated,
    /// The file, and what is wrong with it.
    Differs(PathBuf, String),
}

pub(crate) fn path(test: &Test, place: &Place) -> PathBuf {
    let beside = Path::new(&test.file)
        .parent()
        .unwrap_or_else(|| Path::new(""));
    let item = place.item.as_ref().map(ToString::to_string);
    let item = item.map_or_else(String::new, |item| format!("@{}", plain(&item)));
    beside
        .join("snapshots")
        .join(&test.workflow)
        .join(slug(&test.name))
        .join(format!("{}{item}.txt", place.step))
}

/// A key as a part of a file's name.
fn plain(key: &str) -> String {
    let letter = |c: char| match c.is_alphanumeric() || "-_.".contains(c) {
        true => c,
        false => '-',
    };
    key.chars().map(letter).collect()
}

/// Compares with the file, or writes it.
pub(crate) fn compare(
    folder: &Path,
    file: PathBuf,
    came: &str,
    update: bool,
) -> std::io::Result<Compared> {
    let full = folder.join(&file);
    // A text file ends with a line end, also where what it holds does not.
    let came = format!("{}\n", came.trim_end_matches('\n'));
    let there = match std::fs::read_to_string(&full) {
        Ok(text) => Some(text.replace("\r\n", "\n")),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let came = came.replace("\r\n", "\n");
    match (there, update) {
        (Some(there), _) if there == came => Ok(Compared::Same),
        (_, true) => {
            std::fs::create_dir_all(full.parent().unwrap_or(folder))?;
            std::fs::write(&full, came)?;
            Ok(Compared::Updated)
        }
        (Some(there), false) => Ok(Compared::Differs(file, difference::lines(&there, &came))),
        (None, false) => Ok(Compared::Differs(file, String::new())),
    }
}
