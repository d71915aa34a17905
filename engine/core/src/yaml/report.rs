//! The text of a file, and what was found in it.
//!
//! In go byte ranges of the text with words about them; out come
//! [`Diagnostic`]s with line and column, in the order of the file. Lines and
//! columns are counted only once, at the end, and for a bounded number of
//! findings: a hostile file must not cost more than an honest one.

use std::{collections::BTreeSet, ops::Range};

use crate::diagnostic::{Diagnostic, Severity};

/// A place in a file, in bytes.
pub type Span = Range<usize>;

/// More problems than that help nobody; the rest is counted.
const SHOWN: usize = 1000;

/// What was found in one file, in any order, until [`Report::finish`].
///
/// Codes are stable, as `yaml.syntax`; words are a message and a hint.
pub struct Report<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<Found>,
    errors: usize,
}

struct Found {
    severity: Severity,
    code: &'static str,
    span: Span,
    message: String,
    hint: Option<String>,
}

impl<'a> Report<'a> {
    /// `file` is the path as people should see it, `text` all of what stands in it.
    pub fn new(file: &'a str, text: &'a str) -> Report<'a> {
        Report {
            file,
            text,
            found: Vec::new(),
            errors: 0,
        }
    }

    /// An error without a hint.
    pub fn error(&mut self, code: &'static str, span: &Span, message: impl Into<String>) {
        self.push(Severity::Error, code, span, (message.into(), None));
    }

    /// An error with a hint.
    pub fn hinted(
        &mut self,
        code: &'static str,
        span: &Span,
        words: (impl Into<String>, Option<String>),
    ) {
        self.push(Severity::Error, code, span, (words.0.into(), words.1));
    }

    /// Something that does not keep the file from being used.
    pub fn warning(
        &mut self,
        code: &'static str,
        span: &Span,
        words: (impl Into<String>, Option<String>),
    ) {
        self.push(Severity::Warning, code, span, (words.0.into(), words.1));
    }

    /// A finding of either severity.
    pub fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        span: &Span,
        (message, hint): (String, Option<String>),
    ) {
        self.errors += usize::from(severity == Severity::Error);
        self.found.push(Found {
            severity,
            code,
            span: span.clone(),
            message,
            hint,
        });
    }

    /// How many errors there are so far.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// The line of a place, from 1.
    pub fn line(&self, span: &Span) -> usize {
        let before = self.text.as_bytes().iter().take(span.start);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    /// Whether nothing more will be shown, so that no effort goes into good advice.
    pub fn is_full(&self) -> bool {
        self.found.len() >= SHOWN
    }

    /// What the file says at a place.
    pub fn raw(&self, span: &Span) -> &'a str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// What stands behind a place on its line.
    pub(super) fn line_behind(&self, span: &Span) -> &'a str {
        let rest = self.text.get(span.end..).unwrap_or_default();
        &rest[..rest.find('\n').unwrap_or(rest.len())]
    }

    /// Gives better advice about what was found at a place; says whether it was found.
    pub(crate) fn advise(&mut self, code: &str, span: &Span, hint: String) -> bool {
        let at = |found: &&mut Found| found.code == code && found.span.start == span.start;
        let found = self.found.iter_mut().rev().find(at);
        found.map(|found| found.hint = Some(hint)).is_some()
    }

    /// Everything in the order of the file, each once.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.found
            .sort_by(|a, b| (a.span.start, a.code).cmp(&(b.span.start, b.code)));
        let mut seen = BTreeSet::new();
        self.found
            .retain(|found| seen.insert((found.span.start, found.code, found.message.clone())));
        let more = self.found.len().saturating_sub(SHOWN);
        self.found.truncate(SHOWN);
        let mut lines = Lines::new(self.text);
        let mut shown: Vec<_> = self
            .found
            .iter()
            .map(|found| found.diagnostic(self.file, &mut lines))
            .collect();
        if let (1.., Some(last)) = (more, shown.last_mut()) {
            last.hint = Some(format!("{more} more problems are not shown"));
        }
        shown
    }
}

impl Found {
    fn diagnostic(&self, file: &str, lines: &mut Lines<'_>) -> Diagnostic {
        let start = lines.boundary(self.span.start);
        let (line, column) = lines.place(start);
        let end = lines.boundary(self.span.end.max(start));
        // A mark that runs over several lines hides more than it shows.
        let text = &lines.text[start..end];
        let text = &text[..text.find(['\n', '\r']).unwrap_or(text.len())];
        // The parser counts blanks behind a list to it; a tab may be all there is.
        let length = match text.trim_end().len() {
            0 => text.len(),
            length => length,
        };
        Diagnostic {
            severity: self.severity,
            code: self.code,
            file: file.to_owned(),
            line,
            column,
            span: (start, length),
            message: self.message.clone(),
            hint: self.hint.clone(),
        }
    }
}

/// Counts lines and columns for places that only go forward.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    column: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Lines<'a> {
        Lines {
            text,
            at: text.len() - without_bom(text).len(),
            line: 1,
            column: 1,
        }
    }

    fn boundary(&self, mut byte: usize) -> usize {
        byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }

    fn place(&mut self, byte: usize) -> (usize, usize) {
        let passed = self.text.get(self.at..byte).unwrap_or_default();
        for c in passed.chars() {
            match c {
                '\n' => (self.line, self.column) = (self.line + 1, 1),
                _ => self.column += 1,
            }
        }
        self.at = self.at.max(byte);
        (self.line, self.column)
    }
}

/// A byte-order mark belongs to the encoding, not to the text.
pub(crate) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
