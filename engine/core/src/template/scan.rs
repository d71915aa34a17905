//! The tags of a template, found before Handlebars sees it.
//!
//! Handlebars' parser recurses: 20,000 nested blocks overflow the stack and end
//! the process. So size and depth are capped here, and what Botswain does not
//! have (partials, decorators, `{{{…}}}`) is refused by name. The scan follows
//! Handlebars' grammar token for token, lest a closing tag that only looks like
//! one lower the count.

use super::tree::ParseError;

/// Bytes of source.
pub const MAX_SOURCE: usize = 256 * 1024;
/// Handlebars' parser goes over the whole source again for each tag to count
/// lines: with 50,000 tags it was measured at 38 s (dev build).
pub const MAX_TAGS: usize = 2000;
/// Blocks within blocks, `else if` counted too, and parentheses within parentheses.
pub const MAX_DEPTH: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Expression,
    Open,
    /// `{{else}}`
    Else,
    /// `{{else if …}}`
    ElseChain,
    Close,
}

/// From `{{` to behind `}}`, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All tags but comments, in order; blocks are balanced.
pub(super) fn tags(source: &str) -> Result<Vec<Tag>, ParseError> {
    if source.len() > MAX_SOURCE {
        let message = format!(
            "the template has {} bytes; at most {MAX_SOURCE} are allowed",
            source.len()
        );
        return Err(ParseError::at(0, message));
    }
    let mut scan = Scan {
        source,
        tags: Vec::new(),
        open: Vec::new(),
    };
    let mut at = 0;
    let mut count = 0;
    while let Some(found) = source[at..].find("{{") {
        let start = at + found;
        let escaped = backslashes(&source[at..start]) == 1;
        count += usize::from(!escaped);
        if count > MAX_TAGS {
            let message = format!("more than {MAX_TAGS} expressions in one template");
            return Err(ParseError::at(start, message)
                .hint("go through a list by `{{#each …}}`, or make it several templates"));
        }
        at = match escaped {
            true if source[start + 2..].starts_with("{{") => start + 4,
            true => start + 2,
            false => scan.tag(start)?,
        };
    }
    match scan.open.pop() {
        Some(block) => {
            let message = format!("the block `{}` is never closed", block.name);
            Err(ParseError::at(block.start, message)
                .hint(format!("write `{{{{/{}}}}}` where it ends", block.name)))
        }
        None => Ok(scan.tags),
    }
}

fn backslashes(text: &str) -> usize {
    text.bytes().rev().take_while(|byte| *byte == b'\\').count()
}

struct Scan<'a> {
    source: &'a str,
    tags: Vec<Tag>,
    open: Vec<Open<'a>>,
}

struct Open<'a> {
    name: &'a str,
    start: usize,
    /// How deep Handlebars nests it: 1, and 1 more for each `else if`.
    levels: usize,
}

impl<'a> Scan<'a> {
    /// Takes the tag at `start`; gives where it ends.
    fn tag(&mut self, start: usize) -> Result<usize, ParseError> {
        let rest = &self.source[start..];
        if rest.starts_with("{{!") {
            return self.comment(start);
        }
        refuse_braces(rest, start)?;
        let inner = start + 2 + skipped(&rest[2..]);
        let (kind, name_at) = self.kind(start, inner)?;
        let end = self.end(start, inner)?;
        let name = identifier(&self.source[name_at..end]);
        match kind {
            Kind::Open => self.opened(name, start)?,
            Kind::Else | Kind::ElseChain => self.turned(start, kind)?,
            Kind::Close => self.closed(name, start)?,
            Kind::Expression => {}
        }
        self.tags.push(Tag { kind, start, end });
        Ok(end)
    }

    fn comment(&self, start: usize) -> Result<usize, ParseError> {
        let text = &self.source[start + 3..];
        let trimmed = text.trim_start_matches(is_space);
        let long = trimmed.strip_prefix("--").and_then(|inner| {
            let from = self.source.len() - inner.len();
            inner.find("--}}").map(|found| from + found + 4)
        });
        let short = || text.find("}}").map(|found| start + 3 + found + 2);
        long.or_else(short)
            .ok_or_else(|| ParseError::at(start, "the comment is never closed"))
    }

    /// What the tag is, by its first character, and where its name stands.
    fn kind(&self, start: usize, inner: usize) -> Result<(Kind, usize), ParseError> {
        let text = &self.source[inner..];
        let after = |sign: usize| inner + sign + skipped_spaces(&text[sign..]);
        match text.as_bytes().first() {
            Some(b'#') => {
                let name = after(1);
                refuse_sign(&self.source[name..], start)?;
                Ok((Kind::Open, name))
            }
            Some(b'/') => Ok((Kind::Close, after(1))),
            Some(b'^') => Ok((turn(&self.source[after(1)..]), after(1))),
            _ if text.starts_with("else") => {
                if text[4..].starts_with(is_symbol) {
                    let name = identifier(text);
                    let message = format!("`{name}` cannot be read: it begins with `else`");
                    return Err(ParseError::at(start, message)
                        .hint(format!("write `@root.{name}`, or `this.{name}` in a block")));
                }
                Ok((turn(&self.source[after(4)..]), after(4)))
            }
            _ => {
                refuse_sign(text, start)?;
                Ok((Kind::Expression, inner))
            }
        }
    }

    /// Behind the `}}`: strings and `[names]` may hold braces and parentheses.
    fn end(&self, start: usize, inner: usize) -> Result<usize, ParseError> {
        let bytes = self.source.as_bytes();
        let mut depth = 0_usize;
        let mut at = inner;
        while at < bytes.len() {
            at = match bytes[at] {
                quote @ (b'"' | b'\'') => string_end(bytes, at, quote)?,
                b'[' => bracket_end(bytes, at)?,
                b'(' if depth == MAX_DEPTH => return Err(too_deep(at, "parentheses")),
                b'(' => {
                    depth += 1;
                    at + 1
                }
                b')' => {
                    depth = depth.saturating_sub(1);
                    at + 1
                }
                b'}' if bytes.get(at + 1) == Some(&b'}') => return Ok(at + 2),
                b'{' | b'}' => {
                    let message =
                        format!("`{}` has no meaning in an expression", bytes[at] as char);
                    return Err(ParseError::at(at, message)
                        .hint("an expression stands between `{{` and `}}`"));
                }
                _ => at + 1,
            };
        }
        Err(ParseError::at(start, "`{{` is never closed")
            .hint("write `}}` behind the expression; for the two braces themselves write `\\{{`"))
    }

    fn opened(&mut self, name: &'a str, start: usize) -> Result<(), ParseError> {
        self.open.push(Open {
            name,
            start,
            levels: 1,
        });
        self.depth_is_fine(start)
    }

    fn turned(&mut self, start: usize, kind: Kind) -> Result<(), ParseError> {
        let Some(block) = self.open.last_mut() else {
            return Err(ParseError::at(start, "`else` stands in no block"));
        };
        if kind == Kind::ElseChain {
            block.levels += 1;
        }
        self.depth_is_fine(start)
    }

    fn closed(&mut self, name: &str, start: usize) -> Result<(), ParseError> {
        match self.open.pop() {
            Some(block) if block.name == name => Ok(()),
            Some(block) => Err(ParseError::at(
                start,
                format!("`{{{{/{name}}}}}` closes the block `{}`", block.name),
            )
            .hint(format!("write `{{{{/{}}}}}`", block.name))),
            None => Err(ParseError::at(
                start,
                format!("`{{{{/{name}}}}}` closes a block that was never opened"),
            )),
        }
    }

    fn depth_is_fine(&self, start: usize) -> Result<(), ParseError> {
        let depth: usize = self.open.iter().map(|block| block.levels).sum();
        match depth > MAX_DEPTH {
            true => Err(too_deep(start, "blocks")),
            false => Ok(()),
        }
    }
}

fn too_deep(offset: usize, what: &str) -> ParseError {
    let message = format!("more than {MAX_DEPTH} {what} within each other");
    ParseError::at(offset, message)
}

fn turn(rest: &str) -> Kind {
    match rest.trim_start_matches('~').starts_with("}}") {
        true => Kind::Else,
        false => Kind::ElseChain,
    }
}

fn refuse_braces(rest: &str, start: usize) -> Result<(), ParseError> {
    let (what, hint) = if rest.starts_with("{{{{") {
        (
            "`{{{{…}}}}` blocks are",
            "write `\\{{` for two braces in the text",
        )
    } else if rest.starts_with("{{{") {
        (
            "`{{{…}}}` is",
            "write `{{…}}`; values are escaped in `*.html.hbs` only",
        )
    } else {
        return Ok(());
    };
    Err(ParseError::at(start, format!("{what} not supported")).hint(hint))
}

/// What Handlebars has and Botswain has not, by the sign it begins with.
fn refuse_sign(text: &str, start: usize) -> Result<(), ParseError> {
    let what = match text.as_bytes().first() {
        Some(b'>') => "partials (`{{> …}}`) are",
        Some(b'*') => "decorators (`{{* …}}`) are",
        Some(b'&') => "`{{& …}}` is",
        Some(b'{') => "`{{{…}}}` is",
        _ => return Ok(()),
    };
    let error = ParseError::at(start, format!("{what} not supported"));
    Err(match text.as_bytes().first() {
        Some(b'>' | b'*') => error.hint("write the text out where it is needed"),
        _ => error.hint("write `{{…}}`; values are escaped in `*.html.hbs` only"),
    })
}

fn string_end(bytes: &[u8], start: usize, quote: u8) -> Result<usize, ParseError> {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Ok(at + 1),
            _ => at += 1,
        }
    }
    Err(ParseError::at(start, "the text in quotes is never closed")
        .hint("close it with the same quote before the `}}`"))
}

/// `[Order No]`: nothing that could be taken for a list, a string or another tag.
fn bracket_end(bytes: &[u8], start: usize) -> Result<usize, ParseError> {
    let inner = &bytes[start + 1..];
    let end = inner.iter().position(|byte| *byte == b']');
    let end = end.ok_or_else(|| ParseError::at(start, "`[` is never closed"))?;
    match inner[..end].iter().any(|byte| b"[{}\"'\\".contains(byte)) {
        true => Err(ParseError::at(start, "a list cannot be written in an expression")
            .hint("`[…]` holds a name with spaces, as in `line.[Order No]`; a list of texts is `(split \"a,b\" \",\")`")),
        false => Ok(start + 1 + end + 1),
    }
}

fn skipped(text: &str) -> usize {
    let spaces = skipped_spaces(text);
    match text[spaces..].starts_with('~') {
        true => spaces + 1 + skipped_spaces(&text[spaces + 1..]),
        false => spaces,
    }
}

fn skipped_spaces(text: &str) -> usize {
    text.len() - text.trim_start_matches(is_space).len()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// What Handlebars allows in a name without brackets.
pub(crate) fn is_symbol(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$' | ':') || c >= '\u{80}'
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c| !is_symbol(c)).unwrap_or(text.len());
    &text[..end]
}
