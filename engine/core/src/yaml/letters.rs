//! Characters that no editor shows, and what only looks like a space.
//!
//! In goes the text of a file; out comes one flaw for each kind of such
//! characters, at the first of them, for a file in another encoding is full of
//! them.

use super::tree::Flaw;

/// What is wrong with a character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Odd {
    /// Not text at all.
    Control,
    /// Takes no room, or turns the direction of what follows.
    Invisible,
    /// Indents a line and is no space.
    Blank,
}

/// A flaw for each kind that there is.
pub(super) fn odd(body: &str, base: usize) -> Vec<Flaw> {
    let mut found: Vec<(Odd, usize, char, usize)> = Vec::new();
    let mut indent = true;
    for (at, c) in body.char_indices() {
        let kind = kind(c, indent, body.as_bytes().get(at + 1));
        indent = c == '\n' || indent && c.is_whitespace();
        let Some(kind) = kind else { continue };
        match found.iter_mut().find(|(known, ..)| *known == kind) {
            Some((.., more)) => *more += 1,
            None => found.push((kind, at, c, 0)),
        }
    }
    let flaws = found.into_iter().map(|(kind, at, c, more)| Flaw {
        code: "yaml.character",
        span: base + at..base + at + c.len_utf8(),
        message: message(kind, c, more),
        hint: Some(hint(kind, c, body)),
    });
    flaws.collect()
}

fn kind(c: char, indent: bool, next: Option<&u8>) -> Option<Odd> {
    match c {
        '\n' | '\t' => None,
        '\r' if next == Some(&b'\n') => None,
        // A byte-order mark, a soft hyphen, what has no width, what turns the direction.
        '\u{feff}' | '\u{ad}' | '\u{200b}' | '\u{2060}' => Some(Odd::Invisible),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(Odd::Invisible),
        c if c.is_control() => Some(Odd::Control),
        ' ' => None,
        c if indent && c.is_whitespace() => Some(Odd::Blank),
        _ => None,
    }
}

fn message(kind: Odd, c: char, more: usize) -> String {
    let code = c as u32;
    let message = match kind {
        Odd::Control => format!("the character U+{code:04X} cannot stand in a file"),
        Odd::Invisible => format!("an invisible character, U+{code:04X}, stands here"),
        Odd::Blank => format!("this looks like a space and is none: it is U+{code:04X}"),
    };
    match more {
        0 => message,
        1 => format!("{message}, and one more like it below"),
        more => format!("{message}, and {more} more like it below"),
    }
}

fn hint(kind: Odd, c: char, body: &str) -> String {
    let hint = match (kind, c) {
        (Odd::Blank, _) => "delete it and type spaces",
        (Odd::Invisible, _) => "delete it: such characters come along with copied text",
        (Odd::Control, _) if body.starts_with("PK\u{3}\u{4}") => {
            "this is a document of an office program: save it as plain text"
        }
        (Odd::Control, '\0') if is_wide(body) => {
            "the file is in UTF-16: save it anew, with the encoding UTF-8"
        }
        (Odd::Control, '\r') => "save the file with the line ends of Unix or Windows",
        (Odd::Control, _) => "delete it, or save the file anew as text in UTF-8",
    };
    hint.to_owned()
}

/// Whether every second byte is zero, as in UTF-16 for most of the world's files.
fn is_wide(body: &str) -> bool {
    let zeros = body.bytes().filter(|byte| *byte == 0).count();
    let letters = body.len() - zeros;
    letters > 0 && zeros.abs_diff(letters) <= body.len() / 4
}
