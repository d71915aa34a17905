//! Slips that leave a text that is no YAML, as far as a line alone shows them.
//!
//! In goes a text; out come guesses, in order. A guess is told only where the
//! parser has stumbled at it, or right below: elsewhere the line may be right.

use super::{report::Span, tree::Flaw};

/// So many lines below its cause the parser may stumble.
const NEAR: usize = 2;

/// The guess that explains what the parser says at a place of the text.
pub(super) fn cause(text: &str, stumbled: usize) -> Option<Flaw> {
    let mut guesses = guesses(text);
    guesses.retain(|guess| guess.span.start <= line_end(text, stumbled));
    let last = guesses.pop()?;
    let (start, end) = (last.span.start.min(stumbled), last.span.start.max(stumbled));
    let between = text.get(start..end)?;
    (between.matches('\n').count() <= NEAR).then_some(last)
}

fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find('\n').unwrap_or(rest.len())
}

/// A line, and where things stand in it.
struct Line<'t> {
    text: &'t str,
    /// Where it begins in the file.
    start: usize,
    /// Where its key begins, behind the `- ` of an item.
    key: usize,
    /// Its key and its value, where it has both.
    entry: Option<(&'t str, &'t str)>,
}

impl<'t> Line<'t> {
    fn of(text: &'t str, start: usize) -> Line<'t> {
        let text = text.trim_end();
        let mut key = text.len() - text.trim_start_matches(' ').len();
        while text[key..].starts_with("- ") {
            let rest = &text[key + 1..];
            key += 1 + rest.len() - rest.trim_start_matches(' ').len();
        }
        let entry = text[key..]
            .split_once(':')
            .filter(|(name, rest)| is_word(name) && (rest.is_empty() || rest.starts_with(' ')));
        Line {
            text,
            start,
            key,
            entry: entry.map(|(name, rest)| (name, rest.trim())),
        }
    }

    fn flaw(&self, code: &'static str, part: Span, words: (String, String)) -> Flaw {
        Flaw {
            code,
            span: self.start + part.start..self.start + part.end,
            message: words.0,
            hint: Some(words.1),
        }
    }

    /// Where its value begins.
    fn value_at(&self, value: &str) -> usize {
        self.text.len() - value.len()
    }
}

fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !text.is_empty() && text.chars().all(plain)
}

fn guesses(text: &str) -> Vec<Flaw> {
    let mut found = Vec::new();
    let (mut start, mut above): (usize, Option<Line<'_>>) = (0, None);
    for raw in text.split_inclusive('\n') {
        let line = Line::of(raw, start);
        start += raw.len();
        let content = line.text.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let guess = fence(&line)
            .or_else(|| equals(&line))
            .or_else(|| quotes(&line))
            .or_else(|| above.as_ref().and_then(|above| indent(above, &line)));
        found.extend(guess);
        above = Some(line);
    }
    found
}

/// What marks a piece of code in a chat or on a web page.
fn fence(line: &Line<'_>) -> Option<Flaw> {
    line.text.starts_with("```").then(|| {
        let message = "the three backticks around a copied text are no part of it".to_owned();
        let hint = "delete this line, and the one at the end".to_owned();
        line.flaw("yaml.syntax", 0..line.text.len(), (message, hint))
    })
}

/// `name = order-entry`
fn equals(line: &Line<'_>) -> Option<Flaw> {
    let (name, value) = line.text[line.key..].split_once('=')?;
    let end = line.key + name.len();
    is_word(name.trim_end()).then(|| {
        let mended = format!("{}: {}", name.trim(), value.trim());
        let message = "a key ends with `:`, not with `=`".to_owned();
        line.flaw(
            "yaml.colon",
            end..end + 1,
            (message, format!("write `{mended}`")),
        )
    })
}

/// Quotes that end before the value does, and escapes that are none.
fn quotes(line: &Line<'_>) -> Option<Flaw> {
    let (name, value) = line.entry?;
    let quote = value.chars().next().filter(|c| "'\"".contains(*c))?;
    let at = line.value_at(value);
    let inner = &value[1..];
    if quote == '"' && escape(inner).is_some() && inner.ends_with('"') {
        let inner = &inner[..inner.len() - 1];
        let (message, hint) = (
            "in double quotes a `\\` begins an escape, and there is none like this".to_owned(),
            format!("write `{name}: '{inner}'`, or `\\\\` for each `\\`"),
        );
        let place = at + 1 + escape(inner)?;
        return Some(line.flaw("yaml.quotes", place..place + 2, (message, hint)));
    }
    let close = inner.find(quote)?;
    let rest = inner[close + 1..].trim_start();
    if rest.is_empty() || rest.starts_with('#') || rest.starts_with(quote) && quote == '\'' {
        return None;
    }
    let (kept, other) = match quote {
        '"' => ("\"", '\''),
        _ => ("'", '"'),
    };
    let meant = match inner.strip_suffix(quote) {
        Some(inner) if !inner.contains(other) => format!("{other}{inner}{other}"),
        Some(inner) => format!(
            "{quote}{}{quote}",
            inner.replace(kept, &format!("\\{kept}"))
        ),
        None => format!("{quote}{}{quote}", inner.replacen(quote, "", 1)),
    };
    let place = at + 1 + close;
    let message = "the quote ends here, but the value goes on".to_owned();
    let hint = format!("write `{name}: {meant}`");
    Some(line.flaw("yaml.quotes", place..place + 1, (message, hint)))
}

/// Where a backslash stands that begins no escape of YAML.
fn escape(inner: &str) -> Option<usize> {
    let mut rest = inner.char_indices();
    while let Some((at, c)) = rest.next() {
        if c == '\\'
            && !rest
                .next()
                .is_some_and(|(_, c)| "0abtnvfre \"/\\N_LPxuU\t".contains(c))
        {
            return Some(at);
        }
    }
    None
}

/// A line in another column than the one above allows.
fn indent(above: &Line<'_>, line: &Line<'_>) -> Option<Flaw> {
    let (name, value) = above.entry?;
    let own = line.entry.map(|(own, _)| own);
    let left = line.text.len() - line.text.trim_start_matches(' ').len();
    let words = match (value, own) {
        ("|" | ">" | "|-" | ">-" | "|+" | ">+", _) if left <= above.key => (
            format!("the text of `{name}` has to stand further right than `{name}` itself"),
            format!("begin it with {} spaces", above.key + 2),
        ),
        ("", _) => return None,
        (value, Some(own)) if line.key > above.key && is_whole(value) => (
            format!("`{own}` stands further right than `{name}` above it, which has its value"),
            format!("begin it in the same column as `{name}`"),
        ),
        _ => return None,
    };
    let end = line.key + own.map_or(1, str::len);
    Some(line.flaw("yaml.indent", line.key..end, words))
}

/// Whether a value ends on its line: it is neither a block of text nor left open.
fn is_whole(value: &str) -> bool {
    let open = value.matches(['{', '[']).count() > value.matches(['}', ']']).count();
    let quoted = value.starts_with(['"', '\'']) && !value.ends_with(['"', '\'']);
    !open && !quoted && !value.starts_with(['|', '>', '&', '!'])
}
