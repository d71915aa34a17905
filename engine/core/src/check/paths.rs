//! Files of the instance that a step names by their paths.
//!
//! A path that no step may use is an error before the first run. A file that is
//! not there may still come, so it is a mistake only where it looks like one:
//! when the folder has a file with almost its name.

use super::Checker;
use crate::{catalogue::Way, language::suggest, yaml::Node};

impl Checker<'_, '_, '_> {
    /// A path without a template in it, as a step or an input names it.
    pub(super) fn file_path(&mut self, node: &Node, way: Way) {
        let (Some(folder), Some(path)) = (&self.catalogue.folder, node.text()) else {
            return;
        };
        let span = &node.span;
        if let Some(fault) = folder.refusal(path, way) {
            let words = (fault.message, fault.hint);
            return self.report.hinted("steps.path", span, words);
        }
        if way == Way::Read
            && let Some(meant) = meant(path, &folder.beside(path))
        {
            let words = (
                format!("there is no file `{path}`"),
                Some(format!("did you mean `{meant}`?")),
            );
            self.report.warning("steps.no_file", span, words);
        }
    }
}

/// The file that was probably meant; one of another day or number is not.
fn meant(path: &str, beside: &[String]) -> Option<String> {
    let (folder, name) = path
        .rsplit_once('/')
        .map_or(("", path), |(folder, name)| (&path[..=folder.len()], name));
    let without_digits = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    let names = beside.iter().map(String::as_str);
    let names = names.filter(|other| without_digits(other) != without_digits(name));
    suggest::nearest(name, names).map(|name| format!("{folder}{name}"))
}
