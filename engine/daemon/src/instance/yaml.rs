//! A YAML text as a value in which every place can be pointed at.
//!
//! In goes the text of a file; out come its value and, by JSON pointer, where
//! each key and value stands. What is wrong with the text itself ends the
//! reading with a diagnostic for each mistake.

use std::rc::Rc;

use botswain_core::{
    diagnostic::{Diagnostic, Severity},
    yaml::{self, Node, Report, Span},
};
use serde_json::Value;

/// One YAML document.
pub(super) struct Document<'a> {
    pub(super) value: Value,
    file: &'a str,
    text: &'a str,
    /// None when the file is empty.
    root: Option<Rc<Node>>,
    /// What is sound, but probably not meant.
    pub(super) warnings: Vec<Diagnostic>,
}

impl<'a> Document<'a> {
    /// `file` is its path as people should see it.
    pub(super) fn parse(file: &'a str, text: &'a str) -> Result<Document<'a>, Vec<Diagnostic>> {
        let mut report = Report::new(file, text);
        let root = yaml::read(&mut report, text);
        if report.errors() > 0 {
            return Err(report.finish());
        }
        Ok(Document {
            value: root.as_ref().map_or(Value::Null, |root| root.to_json()),
            file,
            text,
            root,
            warnings: report.finish(),
        })
    }

    /// An error at the value that `pointer` leads to, or at the nearest one above it.
    pub(super) fn at_value(&self, pointer: &str, words: Words) -> Diagnostic {
        let (_, value) = self.nearest(pointer);
        self.diagnostic(&value, words)
    }

    /// An error at the key of the entry that `pointer` leads to.
    pub(super) fn at_key(&self, pointer: &str, words: Words) -> Diagnostic {
        let (key, value) = self.nearest(pointer);
        self.diagnostic(&key.unwrap_or(value), words)
    }

    /// Key and value. The document itself and the items of a list have no key.
    fn nearest(&self, pointer: &str) -> (Option<Span>, Span) {
        let Some(root) = &self.root else {
            return (None, 0..0);
        };
        let (mut node, mut key) = (root, None);
        for piece in pointer.split('/').skip(1) {
            let entry = node.get(&unescape(piece));
            let item = piece
                .parse()
                .ok()
                .and_then(|at: usize| node.items().get(at));
            (node, key) = match (entry, item) {
                (Some(entry), _) => (&entry.node, Some(entry.key.clone())),
                (None, Some(item)) => (item, None),
                (None, None) => break,
            };
        }
        (key, node.span.clone())
    }

    fn diagnostic(&self, span: &Span, words: Words) -> Diagnostic {
        let mut report = Report::new(self.file, self.text);
        report.push(
            words.severity,
            words.code,
            span,
            (words.message, words.hint),
        );
        report.finish().remove(0)
    }
}

/// What is said about a place.
pub(super) struct Words {
    severity: Severity,
    code: &'static str,
    message: String,
    hint: Option<String>,
}

impl Words {
    pub(super) fn error(code: &'static str, message: impl Into<String>) -> Words {
        Words {
            severity: Severity::Error,
            code,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn warning(code: &'static str, message: impl Into<String>) -> Words {
        Words {
            severity: Severity::Warning,
            ..Words::error(code, message)
        }
    }

    /// Whether something is wrong that stands nowhere.
    pub(super) fn is_missing(&self) -> bool {
        self.code.ends_with(".missing_key")
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Words {
        self.maybe_hint(Some(hint.into()))
    }

    pub(super) fn maybe_hint(mut self, hint: Option<String>) -> Words {
        self.hint = hint;
        self
    }
}

/// One piece of a JSON pointer (RFC 6901).
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescape(piece: &str) -> String {
    piece.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let found = Document::parse("a.yaml", text).err().unwrap().remove(0);
        format!("{}:{}: {}", found.line, found.column, found.message)
    }

    #[test]
    fn places_are_of_keys_and_values() {
        let text = "größe: 1\nlist:\n  - { ä/b: [x, y] }\n";
        let document = Document::parse("a.yaml", text).unwrap();
        let spot = |found: Diagnostic| {
            let (start, length) = found.span;
            (found.line, found.column, &text[start..start + length])
        };
        let words = || Words::error("x", "y");
        assert_eq!(spot(document.at_key("/größe", words())), (1, 1, "größe"));
        assert_eq!(spot(document.at_value("/größe", words())), (1, 8, "1"));
        assert_eq!(
            spot(document.at_value("/list/0/ä~1b/1", words())),
            (3, 16, "y")
        );
        assert_eq!(spot(document.at_key("/größe/none", words())).2, "größe");
    }

    #[test]
    fn numbers_keep_the_digits_of_the_file() {
        let document = Document::parse("a.yaml", "a: 10.10\n").unwrap();
        assert_eq!(document.value["a"].to_string(), "10.10");
        assert_eq!(
            Document::parse("a.yaml", "# nothing\n").unwrap().value,
            Value::Null
        );
    }

    #[test]
    fn what_no_file_may_have_is_refused() {
        assert_eq!(refusal("a: 1\nb: 2\na: 3\n"), "3:1: `a` is given twice");
        assert_eq!(
            refusal("a: [1\n"),
            "2:1: a `[` before this place is not closed"
        );
        assert!(refusal(&"[".repeat(1000)).contains("nested too deeply"));
        let bomb: String = (1..30)
            .map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1))
            .collect();
        assert!(refusal(&format!("a0: &a0 x\n{bomb}")).contains("too large"));
    }
}
