//! What a name means where it stands: of the outermost context, of the item of
//! a block, by the name that a block gave, or one of `@index` and its like.
//!
//! The rules are Handlebars': `each` and `with` open a scope, `if` does not;
//! `../` leaves one; the names of `as |line|` hold in all that is inside.

use handlebars::template::{BlockParam, Parameter};

use super::tree::{Base, ParseError};

/// The scopes around the place being read, outermost first.
#[derive(Default)]
pub(super) struct Scopes(Vec<Names>);

/// What `as |line index|` calls the item and its key.
#[derive(Default)]
struct Names {
    item: Option<String>,
    key: Option<String>,
}

impl Scopes {
    pub(super) fn push(&mut self, parameter: Option<&BlockParam>) {
        self.0.push(names(parameter));
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// What a name means where it stands.
    pub(super) fn resolve(
        &self,
        raw: &str,
        offset: usize,
    ) -> Result<(Base, Vec<String>), ParseError> {
        if let Some(rest) = raw
            .strip_prefix("@root.")
            .or_else(|| raw.strip_prefix("@root/"))
        {
            return Ok((Base::Root, segments(rest)));
        }
        if let Some(rest) = raw.strip_prefix('@') {
            return self.local(rest, raw, offset);
        }
        let (up, rest) = climbed(raw);
        let depth = self.0.len();
        if up > depth {
            return Err(
                ParseError::at(offset, format!("`{raw}` climbs out of the template")).hint(
                    format!(
                        "there {} around it; `if` and `unless` do not count",
                        blocks(depth)
                    ),
                ),
            );
        }
        let all = segments(rest);
        let plain = up == 0
            && !["this.", "this/", "./"]
                .iter()
                .any(|this| raw.starts_with(this));
        if let Some(found) = self.named(&all).filter(|_| plain) {
            return Ok(found);
        }
        match depth - up {
            0 => Ok((Base::Root, all)),
            inside => Ok((Base::Item(inside - 1), all)),
        }
    }

    /// By the name that a block gave, the innermost first.
    fn named(&self, all: &[String]) -> Option<(Base, Vec<String>)> {
        let (first, rest) = all.split_first()?;
        let scopes = self.0.iter().enumerate().rev();
        scopes
            .filter_map(|(depth, names)| {
                if names.item.as_ref() == Some(first) {
                    Some(Base::Item(depth))
                } else if names.key.as_ref() == Some(first) {
                    Some(Base::Key(depth))
                } else {
                    None
                }
            })
            .map(|base| (base, rest.to_vec()))
            .next()
    }

    /// `@index`, `@../index` and the like.
    fn local(
        &self,
        rest: &str,
        raw: &str,
        offset: usize,
    ) -> Result<(Base, Vec<String>), ParseError> {
        let (up, name) = climbed(rest);
        let Some(depth) = self.0.len().checked_sub(up + 1) else {
            return Err(ParseError::at(
                offset,
                format!("`{raw}` stands in no `each`"),
            ));
        };
        let base = match name {
            "index" => Base::Index(depth),
            "key" => Base::Key(depth),
            "first" => Base::First(depth),
            "last" => Base::Last(depth),
            _ => {
                let error = ParseError::at(offset, format!("there is no `{raw}`"));
                return Err(
                    error.hint("there is `@index`, `@key`, `@first`, `@last` and `@root.name`")
                );
            }
        };
        Ok((base, Vec::new()))
    }
}

fn names(parameter: Option<&BlockParam>) -> Names {
    let name = |parameter: &Parameter| parameter.as_name().map(str::to_owned);
    match parameter {
        Some(BlockParam::Single(item)) => Names {
            item: name(item),
            key: None,
        },
        Some(BlockParam::Pair((item, key))) => Names {
            item: name(item),
            key: name(key),
        },
        _ => Names::default(),
    }
}

fn blocks(count: usize) -> String {
    match count {
        0 => "is no `each` or `with`".to_owned(),
        1 => "is 1 `each` or `with`".to_owned(),
        more => format!("are {more} `each` or `with`"),
    }
}

/// How many `../` a path begins with, and the rest.
fn climbed(raw: &str) -> (usize, &str) {
    let mut rest = raw;
    let mut up = 0;
    while let Some(shorter) = rest
        .strip_prefix("../")
        .or_else(|| rest.strip_prefix("..."))
    {
        rest = shorter;
        up += 1;
    }
    (up, rest)
}

/// `body.items.0`, `line.[Order No]`, `this/name`: the names between the dots.
fn segments(raw: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = raw.strip_prefix("./").unwrap_or(raw);
    while !rest.is_empty() {
        let (segment, after) = match rest.strip_prefix('[') {
            Some(inner) => inner.split_once(']').unwrap_or((inner, "")),
            None => {
                let end = rest.find(['.', '/']).unwrap_or(rest.len());
                rest.split_at(end)
            }
        };
        if !(found.is_empty() && segment == "this" && !rest.starts_with('[')) {
            found.push(segment.to_owned());
        }
        rest = after.strip_prefix(['.', '/']).unwrap_or(after);
    }
    found
}
