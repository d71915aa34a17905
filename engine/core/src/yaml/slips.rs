//! The slips that everybody makes in YAML, seen before the parser stumbles.
//!
//! In goes a text that is no YAML; out come the slips found in it, each with
//! its line mended, and the text with all of them mended, so that the check can
//! go on and find what else is wrong. Mending only ever inserts characters, so
//! each place in the mended text has its place in the file.

use super::{report::Span, tree::Flaw};

pub(crate) struct Mended {
    pub(crate) flaws: Vec<Flaw>,
    pub(crate) text: String,
    /// Where in `text` a byte was inserted, in order.
    inserted: Vec<usize>,
}

impl Mended {
    /// The byte of the file from which a byte of `text` came.
    pub(crate) fn original(&self, byte: usize) -> usize {
        byte - self.inserted.partition_point(|at| *at < byte)
    }
}

/// Mends every line that holds one of the usual slips. `base` is where `text` begins in the file.
pub(crate) fn mend(text: &str, base: usize) -> Mended {
    let mut mended = Mended {
        flaws: Vec::new(),
        text: String::with_capacity(text.len() + 16),
        inserted: Vec::new(),
    };
    let (mut start, mut block) = (0, None);
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let inside = block.is_some_and(|outer| indent > outer) || line.trim().is_empty();
        if !inside {
            block = opens_block(line).then_some(indent);
        }
        if !inside {
            mended.flaws.extend(tab(line, base + start));
        }
        match (inside, slip(line)) {
            (false, Some(slip)) => mended.take(line, &slip, base + start),
            _ => mended.text.push_str(line),
        }
        start += line.len();
    }
    mended
}

/// A tab that indents, which YAML forbids and no eye can see. Only its author can mend it.
fn tab(line: &str, start: usize) -> Option<Flaw> {
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    let tab = line[..indent].find('\t')?;
    (!line[indent..].starts_with('#')).then(|| Flaw {
        code: "yaml.tab",
        span: start + tab..start + tab + 1,
        message: "a tab indents this line, YAML takes only spaces".to_owned(),
        hint: Some("set your editor to write two spaces for a tab".to_owned()),
    })
}

/// Whether the lines below are text as they stand (`|`, `>`).
fn opens_block(line: &str) -> bool {
    value(line).is_some_and(|at| line[at.start..].starts_with(['|', '>']))
}

struct Slip {
    code: &'static str,
    /// What should be in quotes, within the line, in order.
    parts: Vec<Span>,
    message: &'static str,
}

impl Mended {
    fn take(&mut self, line: &str, slip: &Slip, start: usize) {
        let (written, mut done) = (self.text.len(), 0);
        for part in &slip.parts {
            self.text.push_str(&line[done..part.start]);
            self.quote(&line[part.clone()]);
            done = part.end;
        }
        self.text.push_str(&line[done..]);
        let hint = format!("write `{}`", self.text[written..].trim());
        self.flaws.extend(slip.parts.iter().map(|part| Flaw {
            code: slip.code,
            span: start + part.start..start + part.end,
            message: slip.message.to_owned(),
            hint: Some(hint.clone()),
        }));
    }

    /// In double quotes when nothing in it would need an escape, else in single ones.
    fn quote(&mut self, part: &str) {
        let single = part.contains(['"', '\\']);
        let quote = if single { '\'' } else { '"' };
        self.insert(quote);
        for c in part.chars() {
            self.text.push(c);
            if single && c == '\'' {
                self.insert(c);
            }
        }
        self.insert(quote);
    }

    fn insert(&mut self, quote: char) {
        self.inserted.push(self.text.len());
        self.text.push(quote);
    }
}

fn slip(line: &str) -> Option<Slip> {
    let mut part = value(line)?;
    let text = &line[part.clone()];
    if text.starts_with("{{") {
        part.end = part.start + template_end(text);
    }
    let slip = |code, message| {
        Some(Slip {
            code,
            parts: vec![part.clone()],
            message,
        })
    };
    match text.chars().next()? {
        '{' if text.starts_with("{{") => slip(
            "yaml.unquoted_template",
            "a value that begins with a template needs quotes",
        ),
        '{' | '[' => flow(line, &part),
        '*' if is_alias(text) => None,
        '*' | '@' | '%' | '`' => slip(
            "yaml.unquoted",
            "a value that begins with `*`, `@`, `%` or a backtick needs quotes",
        ),
        '"' | '\'' | '|' | '>' | '&' | '!' | '#' => None,
        _ if text.contains(": ") || text.ends_with(':') => {
            slip("yaml.unquoted", "a value with `: ` in it needs quotes")
        }
        _ => None,
    }
}

fn is_alias(text: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.len() > 1 && text[1..].chars().all(word)
}

/// Where the value ends that begins with a template; what only closes a map around is not part of it.
fn template_end(text: &str) -> usize {
    let end = text.rfind("}}").map_or(text.len(), |at| at + 2);
    match text[end..].chars().all(|c| ",}] ".contains(c)) {
        true => end,
        false => text.len(),
    }
}

/// Templates without quotes within `{ … }` or `[ … ]` on one line.
fn flow(line: &str, value: &Span) -> Option<Slip> {
    let (mut quote, mut parts, mut done) = (None, Vec::new(), value.start + 1);
    for (at, c) in line[..value.end].char_indices() {
        match (quote, c) {
            _ if at < done => (),
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => (),
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') if line[at..].starts_with("{{") => {
                done = at + line[at..value.end].find("}}")? + 2;
                parts.push(at..done);
            }
            _ => (),
        }
    }
    (!parts.is_empty()).then_some(Slip {
        code: "yaml.unquoted_template",
        parts,
        message: "a template needs quotes",
    })
}

/// Where the value of `key: value` stands within its line, without a comment.
fn value(line: &str) -> Option<Span> {
    let mut key = line.len() - line.trim_start_matches(' ').len();
    while line[key..].starts_with("- ") {
        key += 2 + (line[key + 2..].len() - line[key + 2..].trim_start_matches(' ').len());
    }
    let bare = |c: char| c.is_alphanumeric() || " _-./".contains(c);
    let colon = line[key..].find(": ").map(|at| key + at);
    // An item of a list has no key: `- {{x}}`.
    let start = match colon.filter(|colon| line[key..*colon].chars().all(bare)) {
        Some(colon) if colon > key && !line[key..].starts_with('#') => colon + 2,
        _ if key > 0 && line[..key].trim_end().ends_with('-') && line[key..].starts_with("{{") => {
            key
        }
        _ => return None,
    };
    let start = start + (line[start..].len() - line[start..].trim_start_matches(' ').len());
    let comment = line[start..].find(" #").map_or(line.len(), |at| start + at);
    let end = start + line[start..comment].trim_end().len();
    (start < end).then_some(start..end)
}
