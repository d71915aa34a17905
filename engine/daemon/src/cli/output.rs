//! Where texts go: data to stdout, everything else to stderr.
//!
//! A reader that has gone away (`botswain runs | head`) is no error: what is
//! left to say is dropped.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// A line, or several, of what was asked for.
pub(super) fn data(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// What was asked for, for a program.
pub(super) fn json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("views are plain data");
    data(&text);
}

/// A line about what happens.
pub(super) fn note(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

pub(super) fn error(message: &str) {
    note(&format!("{} {message}", Paint::of_stderr().red("error:")));
}

pub(super) fn hint(text: &str) {
    note(&format!("{} {text}", Paint::of_stderr().cyan("hint:")));
}

/// Colours, where somebody sees them.
#[derive(Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    pub(super) fn of_stderr() -> Paint {
        Paint(std::io::stderr().is_terminal() && wanted())
    }

    pub(super) fn of_stdout() -> Paint {
        Paint(std::io::stdout().is_terminal() && wanted())
    }

    pub(super) fn is_on(self) -> bool {
        self.0
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.with("1;33", text)
    }

    pub(super) fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        match self.0 {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// See <https://no-color.org>.
fn wanted() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !unwanted && !dumb
}

/// A text from outside as a terminal may show it: control characters are made harmless.
pub(super) fn tame(text: &str) -> String {
    let tamed = text.chars().map(|c| match c {
        '\n' | '\t' => c,
        c if c.is_control() => '\u{fffd}',
        c => c,
    });
    tamed.collect()
}
