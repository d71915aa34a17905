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
    /// There is something that only its author can mend.
    pub(crate) is_left: bool,
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
        is_left: false,
        inserted: Vec::new(),
    };
    let (mut start, mut block) = (0, None);
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let inside = block.is_some_and(|outer| indent > outer) || line.trim().is_empty();
        if !inside {
            block = opens_block(line).then_some(indent);
        }
        if !inside {
            let left = tab(line, base + start).or_else(|| look_alike(line, base + start));
            mended.is_left |= left.is_some();
            mended.flaws.extend(left);
        }
        let lacking = lacking(line, lines.peek().copied().unwrap_or_default());
        match (inside, slip(line), lacking) {
            (false, Some(slip), _) => mended.take(line, &slip, base + start),
            (false, None, Some(lacking)) => mended.add(line, &lacking, base + start),
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

/// What looks like a `:` with a space behind it, and is none: a wide `：`, a tab, a space that does
/// not break.
fn look_alike(line: &str, start: usize) -> Option<Flaw> {
    let content = line.trim_end().trim_start_matches([' ', '-']);
    let end = content.find([':', '：'])?;
    let (name, rest) = content.split_at(end);
    let mut rest = rest.chars();
    let (code, message) = match (rest.next()?, rest.next()) {
        ('：', _) => ("yaml.colon", "this `：` is a wide one and ends no key"),
        (':', Some('\t')) => (
            "yaml.tab",
            "a tab follows the `:`, YAML takes only spaces here",
        ),
        (':', Some(c)) if c != ' ' && c.is_whitespace() => (
            "yaml.character",
            "what follows the `:` looks like a space and is none",
        ),
        _ => return None,
    };
    let value = content[end..].trim_start_matches([':', '：']).trim_start();
    let at = start + line.find(content)? + end;
    is_key(name).then(|| Flaw {
        code,
        span: at..at + content[end..].chars().next().map_or(1, char::len_utf8),
        message: message.to_owned(),
        hint: Some(format!("write `{}`", format!("{name}: {value}").trim_end())),
    })
}

/// Whether the lines below are text as they stand (`|`, `>`).
fn opens_block(line: &str) -> bool {
    value(line).is_some_and(|at| line[at.start..].starts_with(['|', '>']))
}

/// A character that is missing.
struct Lacking {
    code: &'static str,
    /// What it is, and where in the line.
    what: char,
    at: usize,
    message: &'static str,
}

/// A space behind the `-` of an item or the `:` of a key, or that `:` itself.
fn lacking(line: &str, next: &str) -> Option<Lacking> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let content = line[indent..].trim_end();
    let (name, value) = content.split_once(':').unwrap_or((content, ""));
    let lacking = |code, what, at, message| {
        Some(Lacking {
            code,
            what,
            at: indent + at,
            message,
        })
    };
    if let Some(word) = name.strip_prefix('-').filter(|word| is_key(word)) {
        let entry = content.len() > 1 + word.len() && (value.is_empty() || value.starts_with(' '));
        let message = "a space is missing behind the `-`";
        return entry
            .then(|| lacking("yaml.space", ' ', 1, message))
            .flatten();
    }
    let below = next.len() - next.trim_start_matches(' ').len();
    let opens = next[below..].starts_with("- ") && below >= indent
        || below > indent && next.trim_end().contains(": ");
    if is_key(content) && opens {
        let message = "a `:` is missing behind the key";
        return lacking("yaml.colon", ':', content.len(), message);
    }
    let item = name.len() - name.trim_start_matches("- ").len();
    let glued = value.starts_with(|c: char| c.is_alphanumeric() || c == '"');
    if is_key(&name[item..]) && glued && !value.contains(": ") {
        let message = "a space is missing behind the `:`";
        return lacking("yaml.space", ' ', name.len() + 1, message);
    }
    None
}

/// What the language calls things: letters and `_`.
fn is_key(word: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c == '_';
    !word.is_empty() && word.chars().all(letter)
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

    fn add(&mut self, line: &str, lacking: &Lacking, start: usize) {
        let written = self.text.len();
        self.text.push_str(&line[..lacking.at]);
        self.insert(lacking.what);
        self.text.push_str(&line[lacking.at..]);
        let word = line[..lacking.at]
            .trim_start()
            .trim_end_matches(':')
            .len()
            .max(1);
        let end = start + lacking.at;
        self.flaws.push(Flaw {
            code: lacking.code,
            span: end.saturating_sub(word)..end,
            message: lacking.message.to_owned(),
            hint: Some(format!("write `{}`", self.text[written..].trim())),
        });
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

    fn insert(&mut self, character: char) {
        self.inserted.push(self.text.len());
        self.text.push(character);
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
    // An item of a list has no key: `- {{x}}`, `- { to: {{x}} }`.
    let start = match colon.filter(|colon| line[key..*colon].chars().all(bare)) {
        Some(colon) if colon > key && !line[key..].starts_with('#') => colon + 2,
        _ if key > 0 && line[..key].trim_end().ends_with('-') && line[key..].starts_with('{') => {
            key
        }
        _ => return None,
    };
    let start = start + (line[start..].len() - line[start..].trim_start_matches(' ').len());
    let comment = line[start..].find(" #").map_or(line.len(), |at| start + at);
    let end = start + line[start..comment].trim_end().len();
    (start < end).then_some(start..end)
}
