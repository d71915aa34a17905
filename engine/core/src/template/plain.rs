//! Templates of the plainest kind, read without Handlebars' parser.
//!
//! In goes a text in which each tag is a name, or a helper with names, whole
//! numbers and quoted texts as its arguments; out comes what Handlebars makes of
//! it, at a tenth of the price. Most templates are so. Of any other text nothing
//! is said, and Handlebars reads it; a test holds the two against each other.

use std::collections::HashMap;

use handlebars::{
    Path, Template,
    template::{Parameter, Subexpression, TemplateElement},
};
use serde_json::Value;

/// More digits may not be one of the numbers that every reader has.
const DIGITS: usize = 15;
/// What Handlebars does not take for a name, or not at every place.
const WORDS: [&str; 6] = ["as", "else", "this", "true", "false", "null"];

/// None when the text is not of this kind.
pub(super) fn read(source: &str) -> Option<Template> {
    let mut template = Template::new();
    let mut rest = source;
    while let Some(at) = rest.find("{{") {
        push_text(&mut template, &rest[..at])?;
        let (inside, behind) = rest[at + 2..].split_once("}}")?;
        template.elements.push(tag(inside)?);
        rest = behind;
    }
    push_text(&mut template, rest)?;
    Some(template)
}

/// A backslash may stand before a tag that is none, a brace may belong to one.
fn push_text(template: &mut Template, text: &str) -> Option<()> {
    if text.contains(['\\', '{', '}']) {
        return None;
    }
    if !text.is_empty() {
        let text = TemplateElement::RawString(text.to_owned());
        template.elements.push(text);
    }
    Some(())
}

fn tag(inside: &str) -> Option<TemplateElement> {
    let (first, mut rest) = word(inside.trim_start_matches(' '))?;
    let mut parameters = Vec::new();
    while !rest.is_empty() {
        let (word, behind) = word(rest)?;
        parameters.push(parameter(word)?);
        rest = behind;
    }
    let name = match parameters.is_empty() {
        true => path(first)?,
        false => Parameter::Name(Some(first).filter(|it| is_part(it, true))?.to_owned()),
    };
    let expression = Subexpression::new(name, parameters, HashMap::new());
    Some(*expression.element)
}

/// Up to a blank that is in no quotes, and what follows.
fn word(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| ['"', '\''].contains(c));
    let end = match quote {
        Some(quote) => 2 + text[1..].find(quote)?,
        None => text.find(' ').unwrap_or(text.len()),
    };
    let (word, behind) = text.split_at(end);
    let rest = behind.trim_start_matches(' ');
    (rest.is_empty() || rest.len() < behind.len()).then_some((word, rest))
}

fn parameter(word: &str) -> Option<Parameter> {
    let bytes = word.as_bytes();
    match bytes.first()? {
        b'"' | b'\'' => text(&word[1..word.len() - 1]),
        b'0' if word.len() > 1 => None,
        b'0'..=b'9' if bytes.iter().all(u8::is_ascii_digit) && word.len() <= DIGITS => {
            let number: u64 = word.parse().ok()?;
            Some(Parameter::Literal(number.into()))
        }
        _ => path(word),
    }
}

/// Without the signs that mean something to JSON or to Handlebars.
fn text(inner: &str) -> Option<Parameter> {
    let odd = |c: char| ['"', '\'', '\\', '{', '}'].contains(&c) || c.is_control();
    let plain = !inner.contains(odd);
    plain.then(|| Parameter::Literal(Value::String(inner.to_owned())))
}

/// `steps.lines.rows`; what its parts are is not asked of Handlebars.
fn path(word: &str) -> Option<Parameter> {
    let mut parts = word.split('.');
    let sound = parts.next().is_some_and(|first| is_part(first, true))
        && parts.all(|part| is_part(part, false));
    let path = || Path::Relative((Vec::new(), word.to_owned()));
    sound.then(|| Parameter::Path(path()))
}

fn is_part(part: &str, is_first: bool) -> bool {
    let begins = part.bytes().next().is_some_and(|byte| match is_first {
        true => byte.is_ascii_alphabetic(),
        false => byte.is_ascii_alphanumeric(),
    });
    begins
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !WORDS.contains(&part)
}
