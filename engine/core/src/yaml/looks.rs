//! Values that are YAML, but mean something else than they look like.
//!
//! In goes a tree with the report of its file; out come warnings, each with the
//! line as it was probably meant.

use super::{
    report::{Report, Span},
    tree::{Node, What},
};

/// The quotes of word processors, opening and closing.
const CURLY: [(char, char); 6] = [
    ('“', '”'),
    ('„', '“'),
    ('”', '”'),
    ('‘', '’'),
    ('«', '»'),
    ('»', '«'),
];

/// Looks at every value that stands in no quotes.
pub(super) fn look(report: &mut Report<'_>, node: &Node) {
    match &node.what {
        What::List(items) => items.iter().for_each(|item| look(report, item)),
        What::Map(map) => map.values().for_each(|entry| look(report, &entry.node)),
        What::Scalar { text, plain: true } => {
            comment(report, &node.span);
            curly(report, text, &node.span);
        }
        What::Scalar { .. } => (),
    }
}

/// `Order #4711`: a comment begins where a number was meant.
fn comment(report: &mut Report<'_>, value: &Span) {
    let rest = report.line_behind(value);
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    let mut begins = rest[blanks..].chars();
    let glued = |c: char| c.is_alphanumeric() || c == '{';
    if blanks == 0 || begins.next() != Some('#') || !begins.next().is_some_and(glued) {
        return;
    }
    let lost = rest.trim();
    let start = value.end + blanks;
    let whole = format!("{}{}", report.raw(value), rest.trim_end());
    let hint = format!("write `\"{whole}\"`, or put a space behind the `#` of a comment");
    let message = format!("`{lost}` is taken for a comment, not for a part of the value");
    let span = start..start + lost.len();
    report.warning("yaml.comment", &span, (message, Some(hint)));
}

fn curly(report: &mut Report<'_>, text: &str, value: &Span) {
    let (first, last) = (text.chars().next(), text.chars().next_back());
    let Some((open, close)) = first.zip(last) else {
        return;
    };
    if text.chars().count() < 2 || !CURLY.contains(&(open, close)) {
        return;
    }
    let inner = &text[open.len_utf8()..text.len() - close.len_utf8()];
    let message = "the quotes of a word processor are a part of the text".to_owned();
    let hint = format!("write `\"{inner}\"`, with the plain quotes of the keyboard");
    report.warning("yaml.quotes", value, (message, Some(hint)));
}
