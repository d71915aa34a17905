//! The instance's folder, as the check of workflows looks at paths in it.
//!
//! It refuses what bots refuse, by the same rules and in the same words, and
//! makes nothing.

use std::{path::Path, sync::Arc};

use botswain_bot::{Fault, Roots};
use botswain_core::catalogue::{Folder, Way};

use super::{Instance, config::Outline};

/// So many names of one folder are looked at.
const MOST: usize = 2000;

struct Allowed(Roots);

impl Instance {
    /// None where a root is not there: that is told about `botswain.yaml`.
    pub(super) fn paths(&self, outline: &Outline) -> Option<Arc<dyn Folder>> {
        let roots = Roots::new(self.folder(), outline.roots.as_deref()?).ok()?;
        Some(Arc::new(Allowed(roots)))
    }
}

impl Folder for Allowed {
    fn refusal(&self, path: &str, way: Way) -> Option<Fault> {
        let looked = match way {
            Way::Read => self.0.source(path),
            Way::Write => self.0.target(path),
        };
        // What cannot be read today may be readable when the step runs.
        looked.err().filter(|fault| fault.code == "file.forbidden")
    }

    fn beside(&self, path: &str) -> Vec<String> {
        let full = self.0.instance().join(path);
        match full.parent() {
            Some(folder) if !full.exists() => names(folder),
            _ => Vec::new(),
        }
    }
}

/// The files in a folder; none when it cannot be read.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|it| !it.is_dir()));
    let names = files.filter_map(|file| file.file_name().into_string().ok());
    let mut names: Vec<String> = names.take(MOST).collect();
    names.sort();
    names
}
