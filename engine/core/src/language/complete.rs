//! What could be written at a place of a file.
//!
//! A word that nobody uses is put at the place, and the check is asked: whatever it compares that
//! word with is what could stand there. So the names that are offered are those that the check
//! knows, a line that is only begun is finished first as its author probably will, and nothing
//! says twice what may stand where.

use std::ops::Range;

use super::suggest::known_beside;
use crate::{
    check::kinds::{KINDS, OWNERS},
    template::{HELPERS, is_symbol},
};

/// Long, so that it is near to nothing, and fit for a key, a name and a template.
const WORD: &str = "what_could_be_written_here";

/// More than so many marks are open in no text that the check reads.
const DEEPEST: usize = 100;

/// A name that could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub name: String,
    /// What is put in the place of what has been written; a key ends with its colon.
    pub text: String,
    pub about: Option<String>,
}

/// What could be written, and in the place of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The word at the place, as bytes of the text.
    pub word: Range<usize>,
    /// What begins as the word does, then what holds it.
    pub offers: Vec<Offer>,
}

/// What a word is, by what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Key,
    Value,
    /// An item of a list, or a key of the map that is one.
    Item,
    /// The first word of an expression, or one behind a `.`.
    Name {
        is_first: bool,
    },
}

/// What is open in the part of a line before a place.
#[derive(Clone, Debug, Default)]
struct Open {
    /// `{`, `[`, a quote, or `(` for the `{{` of a template, outside first.
    marks: Vec<char>,
    /// The blocks of templates, as `if` of `{{#if`.
    blocks: Vec<String>,
}

/// What could be written at a byte of a text, by what `check` finds in other texts like it.
pub fn complete(text: &str, at: usize, mut check: impl FnMut(&str)) -> Completion {
    let Some((word, role, open)) = place(text, at) else {
        return Completion::default();
    };
    let written = &text[word.clone()];
    let has_colon = text[word.end..].trim_start_matches(' ').starts_with(':');
    let beside = match role {
        Role::Key | Role::Item => beside(text, word.start),
        Role::Value | Role::Name { .. } => Vec::new(),
    };
    let mut offers: Vec<Offer> = Vec::new();
    for (is_key, ending) in endings(role, has_colon) {
        let mut names = known_beside(WORD, || check(&asking(text, &word, ending, &open)));
        if role == (Role::Name { is_first: true }) {
            names.extend(
                HELPERS
                    .iter()
                    .map(|it| (it.name.to_owned(), Some(it.doc.to_owned()))),
            );
        }
        names.retain(|name, _| name != written && fits(name, &beside));
        offers.extend(names.into_iter().map(|(name, about)| Offer {
            text: match role {
                _ if is_key && !has_colon => format!("{name}: "),
                // A column may be called anything.
                Role::Name { .. } if !name.chars().all(is_symbol) => format!("[{name}]"),
                _ => name.clone(),
            },
            name,
            about,
        }));
    }
    Completion {
        offers: ranked(offers, written, &beside),
        word,
    }
}

/// How the word may go on, and whether it is a key then.
fn endings(role: Role, has_colon: bool) -> Vec<(bool, &'static str)> {
    match role {
        Role::Key | Role::Item if has_colon => vec![(true, "")],
        Role::Key => vec![(true, ": 0")],
        Role::Item => vec![(true, ": 0"), (false, "")],
        Role::Value | Role::Name { .. } => vec![(false, "")],
    }
}

/// What begins as the word does, then what holds it; and what says what a step does before the rest
/// of it, as long as nothing has.
fn ranked(mut offers: Vec<Offer>, written: &str, beside: &[&str]) -> Vec<Offer> {
    let written = written.to_lowercase();
    let has_kind = KINDS.iter().any(|kind| beside.contains(kind));
    let begins = |offer: &Offer| offer.name.to_lowercase().starts_with(&written);
    let is_kind = |offer: &Offer| !has_kind && KINDS.contains(&offer.name.as_str());
    offers.retain(|offer| offer.name.to_lowercase().contains(&written));
    offers.sort_by_key(|offer| (!begins(offer), !is_kind(offer)));
    offers
}

/// Whether a key can stand beside these: once, and in a step only what its kind has.
fn fits(name: &str, beside: &[&str]) -> bool {
    if beside.contains(&name) {
        return false;
    }
    let Some(kind) = KINDS.iter().find(|kind| beside.contains(kind)) else {
        return true;
    };
    let owners = OWNERS.iter().find(|(key, _)| *key == name);
    !KINDS.contains(&name) && owners.is_none_or(|(_, owners)| owners.contains(kind))
}

/// The word at a place, what it is, and what is open before it; none where nothing is offered.
fn place(text: &str, at: usize) -> Option<(Range<usize>, Role, Open)> {
    let before = text.get(..at)?;
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    let open = Open::of(&text[line..at])?;
    let is_name = open.is_template();
    let is_part = |it: char| {
        it.is_ascii_alphanumeric()
            || it == '_'
            || it == '-'
            || !is_name && matches!(it, '.' | '/' | '@')
    };
    let last = before[line..].char_indices().rfind(|(_, it)| !is_part(*it));
    let mut start = last.map_or(line, |(last, it)| line + last + it.len_utf8());
    // The `-` of a list is no part of a word.
    if !is_name && before[line..start].trim().is_empty() && before[start..].starts_with('-') {
        start = at;
    }
    let rest = &text[at..];
    let end = at + rest.find(|it: char| !is_part(it)).unwrap_or(rest.len());
    let role = open.role(&text[line..start])?;
    Some((start..end, role, open))
}

impl Open {
    /// None inside of a comment, or of a text in a template.
    fn of(line: &str) -> Option<Open> {
        let mut open = Open::default();
        // What stood last, blanks left out: only behind these does YAML take a mark for one.
        let mut last = '-';
        let mut at = 0;
        while let Some(mark) = line[at..].chars().next() {
            if open.marks.len() > DEEPEST || open.blocks.len() > DEEPEST {
                return None;
            }
            let rest = &line[at..];
            at += mark.len_utf8();
            let begins = matches!(last, ':' | ',' | '[' | '{' | '-');
            match (open.marks.last(), mark) {
                (Some('T' | '('), _) if rest.starts_with("}}") => {
                    while open.marks.pop_if(|it| *it == '(').is_some() {}
                    open.marks.pop();
                    at += 1;
                }
                (Some('T' | '('), '(') => open.marks.push('('),
                (Some('('), ')') => drop(open.marks.pop()),
                (Some('T' | '('), '\'' | '"') => at += 1 + line[at..].find(mark)?,
                (Some('T' | '('), _) => (),
                (_, '{') if rest.starts_with("{{") => {
                    at += 1;
                    open.marks.push('T');
                    open.block(&line[at..]);
                }
                (Some('"'), '\\') => at += line[at..].chars().next().map_or(0, char::len_utf8),
                (Some('"'), '"') | (Some('\''), '\'') => drop(open.marks.pop()),
                (Some('"' | '\''), _) => (),
                (_, '{' | '[' | '"' | '\'') if begins => open.marks.push(mark),
                (Some('{'), '}') | (Some('['), ']') => drop(open.marks.pop()),
                (_, '#') if line[..at - 1].ends_with([' ', '\t']) || at == 1 => return None,
                _ => (),
            }
            if mark != ' ' {
                last = mark;
            }
        }
        Some(open)
    }

    /// Notes that a block of a template begins or ends behind `{{`.
    fn block(&mut self, rest: &str) {
        let name = |rest: &str| {
            let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        };
        if let Some(rest) = rest.strip_prefix('#') {
            self.blocks.push(name(rest));
        } else if rest.starts_with('/') {
            self.blocks.pop();
        }
    }

    fn is_template(&self) -> bool {
        matches!(self.marks.last(), Some('T' | '('))
    }

    /// What a word is behind this part of its line.
    fn role(&self, head: &str) -> Option<Role> {
        let trimmed = head.trim_end();
        let last = trimmed.chars().next_back();
        let has_blank = trimmed.len() < head.len();
        match (self.marks.last(), last) {
            (Some('T' | '('), last) => {
                let is_first = last != Some('.') || has_blank;
                Some(Role::Name { is_first })
            }
            (Some(quote @ ('"' | '\'')), last) => {
                (last == Some(*quote) && !has_blank).then_some(Role::Value)
            }
            (Some('{'), Some('{' | ',')) => Some(Role::Key),
            (Some('['), Some('[' | ',')) => Some(Role::Value),
            (_, Some(':')) if has_blank => Some(Role::Value),
            (None, None) => Some(Role::Key),
            (None, Some('-')) if has_blank && is_dashes(trimmed) => Some(Role::Item),
            _ => None,
        }
    }

    /// What closes it, inside first.
    fn closing(&self) -> impl Iterator<Item = String> {
        self.marks.iter().rev().map(|mark| match mark {
            'T' => "}}".to_owned(),
            '(' => ")".to_owned(),
            '{' => "}".to_owned(),
            '[' => "]".to_owned(),
            quote => quote.to_string(),
        })
    }
}

fn is_dashes(head: &str) -> bool {
    head.chars().all(|it| it == '-' || it == ' ')
}

/// The text with the word in the place, and with what its line needs to be whole.
fn asking(text: &str, word: &Range<usize>, ending: &str, open: &Open) -> String {
    let rest = &text[word.end..];
    let (rest, below) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
    // What closes stands there already, in this order, or is put in: behind the word as long as none
    // of it does, and at the end of the line after that.
    let (mut line, mut at) = (rest.to_owned(), 0);
    for closing in open.closing() {
        match line[at..].find(&closing) {
            Some(place) => at += place + closing.len(),
            None if at == 0 || closing == "}}" || closing == ")" => {
                line.insert_str(at, &closing);
                at += closing.len();
            }
            None => {
                line.push_str(&closing);
                at = line.len();
            }
        }
        if closing == "}}" {
            let unclosed = open.blocks.iter().rev().map(|it| format!("{{{{/{it}}}}}"));
            let unclosed: String = unclosed
                .filter(|it| !rest.contains(it) && !below.contains(it))
                .collect();
            line.insert_str(at, &unclosed);
            at += unclosed.len();
        }
    }
    [&text[..word.start], WORD, ending, &line, below].concat()
}

/// The keys that stand beside one that begins at this byte.
fn beside(text: &str, at: usize) -> Vec<&str> {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let head = &text[line..at];
    if !is_dashes(head) {
        return beside_in_line(head, &text[at..]);
    }
    let column = head.len();
    let above = text[..line].lines().rev();
    let own = head.contains('-');
    let mut found = Vec::new();
    for (indent, begins, key) in above.filter_map(key_of) {
        if own || indent < column {
            break;
        }
        if indent == column {
            found.extend(key);
            if begins {
                break;
            }
        }
    }
    let below = text[at..].lines().skip(1);
    for (indent, begins, key) in below.filter_map(key_of) {
        if indent < column || begins && indent == column {
            break;
        }
        if indent == column {
            found.extend(key);
        }
    }
    found
}

/// In which column what a line says begins, whether it begins an item, and its key.
fn key_of(line: &str) -> Option<(usize, bool, Option<&str>)> {
    let said = line.trim_start_matches([' ', '-']);
    if said.is_empty() || said.starts_with('#') {
        return None;
    }
    let head = &line[..line.len() - said.len()];
    let key = said.split_once(':').map(|(key, _)| key.trim());
    Some((head.len(), head.contains('-'), key))
}

/// The keys of the `{ … }` around a place in a line.
fn beside_in_line<'t>(head: &'t str, rest: &'t str) -> Vec<&'t str> {
    let (mut depth, mut start) = (0, 0);
    for (at, mark) in head.char_indices().rev() {
        match mark {
            '}' | ']' => depth += 1,
            '{' | '[' if depth == 0 => {
                start = at + 1;
                break;
            }
            '{' | '[' => depth -= 1,
            _ => (),
        }
    }
    let rest = rest.lines().next().unwrap_or_default();
    let rest = &rest[..rest.find('}').unwrap_or(rest.len())];
    let parts = head[start..].split(',').chain(rest.split(',').skip(1));
    parts
        .filter_map(|part| part.split_once(':'))
        .map(|(key, _)| key.trim())
        .collect()
}
