//! YAML in which everything knows its place, for all files that people write.
//!
//! In go the text of a file and a [`Report`] of it; out come the tree of its
//! [`Node`]s, each with its bytes and its words as they were written (so that no
//! digit is lost), and in the report every mistake in the text: syntax, keys
//! given twice, tabs, alias bombs, too deep nesting. No text makes it panic, and
//! none takes long.

mod letters;
mod lines;
mod looks;
mod report;
mod slips;
mod syntax;
mod tree;

use std::rc::Rc;

pub(crate) use self::report::without_bom;
use self::tree::{Flaw, Tree};
pub use self::{
    report::{Report, Span},
    tree::{Entry, Node, Scalar, What},
};

/// The largest file that is read, in bytes.
pub const MAX_SIZE: usize = 1024 * 1024;

/// What the usual slips look like to a parser.
const MENDED: [&str; 3] = ["yaml.syntax", "yaml.key", "yaml.alias"];

/// Reads one document; the usual slips are mended where it is none, so that more than the first
/// mistake is found. `None` when the file is empty, or when it could not be read, which the report
/// then says; where the report has an error the tree holds what could be read.
pub fn read(report: &mut Report<'_>, text: &str) -> Option<Rc<Node>> {
    if text.len() > MAX_SIZE {
        report.error("yaml.size", &(0..0), "the file is larger than 1 MiB");
        return None;
    }
    let body = without_bom(text);
    let base = text.len() - body.len();
    take(report, letters::odd(body, base));
    if report.errors() > 0 {
        return None;
    }
    let mut tree = tree::read(body, |byte| base + byte);
    if tree.flaws.iter().any(|flaw| MENDED.contains(&flaw.code)) {
        tree = mended(report, body, base).unwrap_or(tree);
    }
    take(report, tree.flaws);
    if let Some(root) = &tree.root {
        looks::look(report, root);
    }
    tree.root
}

fn mended(report: &mut Report<'_>, body: &str, base: usize) -> Option<Tree> {
    let mended = slips::mend(body, base);
    let mut tree = tree::read(&mended.text, |byte| base + mended.original(byte));
    // What the parser says of a line that a tab indents only hides the tab.
    if mended.is_left {
        tree.flaws.clear();
    }
    let stumbled = tree
        .flaws
        .iter_mut()
        .find(|flaw| flaw.code == "yaml.syntax");
    let mut found = !mended.flaws.is_empty();
    if let Some(stumbled) = stumbled
        && let Some(cause) = lines::cause(body, stumbled.span.start - base)
    {
        let span = base + cause.span.start..base + cause.span.end;
        *stumbled = Flaw { span, ..cause };
        found = true;
    }
    take(report, mended.flaws);
    found.then_some(tree)
}

fn take(report: &mut Report<'_>, flaws: Vec<Flaw>) {
    for flaw in flaws {
        report.hinted(flaw.code, &flaw.span, (flaw.message, flaw.hint));
    }
}
