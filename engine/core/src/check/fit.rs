//! Whether a value whose shape is known can be what a parameter wants.
//!
//! In go two shapes, each with the document of its references; out comes the
//! first thing that can never fit. Where a shape says nothing there is nothing
//! to find: what may fit passes, for only the run knows more.

use serde_json::Value;

use super::{
    known::Known,
    shape::{branches, resolve, types, word},
};

/// Shapes may refer to themselves.
const DEPTH: usize = 12;

/// A part of a value that is of another type than the one that is wanted.
#[derive(Debug, PartialEq)]
pub(super) struct Misfit {
    /// The names that lead to the part; none for the value itself.
    pub(super) path: Vec<String>,
    /// What it is, and what it should be, in the author's words.
    pub(super) is: String,
    pub(super) wants: String,
}

/// A schema and the document in which it stands.
#[derive(Clone, Copy)]
struct Schema<'s> {
    root: &'s Value,
    at: &'s Value,
}

/// What of the value can never be what the schema `wanted` (in `root`) asks for.
pub(super) fn misfit(known: &Known, root: &Value, wanted: &Value) -> Option<Misfit> {
    let (own, at) = known.schema();
    let wanted = Schema { root, at: wanted };
    Schema { root: own, at }.misfit(wanted, DEPTH)
}

/// Whether null is as good as no value where `wanted` (in `root`) stands.
pub(super) fn takes_null(root: &Value, wanted: &Value) -> bool {
    let ways = Schema { root, at: wanted }.ways();
    let mut types = ways.into_iter().map(Schema::types);
    types.any(|types| types.is_empty() || types.contains(&"null"))
}

impl<'s> Schema<'s> {
    fn part(self, at: &'s Value) -> Schema<'s> {
        Schema {
            root: self.root,
            at,
        }
    }

    fn resolved(self) -> Schema<'s> {
        self.part(resolve(self.root, self.at))
    }

    /// Its alternatives, or itself.
    fn ways(self) -> Vec<Schema<'s>> {
        let own = self.resolved();
        match branches(own.at) {
            Some(all) => all.iter().flat_map(|one| own.part(one).ways()).collect(),
            None => vec![own],
        }
    }

    fn types(self) -> Vec<&'s str> {
        types(self.at).unwrap_or_default()
    }

    fn misfit(self, wanted: Schema<'s>, depth: usize) -> Option<Misfit> {
        let depth = depth.checked_sub(1)?;
        let mut first = None;
        // What may be nothing is looked at as what it is otherwise.
        let ways = self.ways().into_iter();
        for way in ways.filter(|way| way.types() != ["null"]) {
            // One way that fits is enough: the value may go it.
            let misfit = way.no_way(wanted, depth)?;
            first.get_or_insert(misfit);
        }
        first
    }

    /// Why this, which has no alternatives, fits none of those that are wanted.
    fn no_way(self, wanted: Schema<'s>, depth: usize) -> Option<Misfit> {
        let (mut inside, mut ways) = (None, 0);
        for way in wanted.ways() {
            let misfit = self.against(way, depth)?;
            ways += usize::from(way.types() != ["null"]);
            if !misfit.path.is_empty() || misfit.is.contains('`') {
                inside.get_or_insert(misfit);
            }
        }
        // With several ways nobody knows which of them was meant.
        inside.filter(|_| ways < 2).or_else(|| {
            Some(Misfit {
                path: Vec::new(),
                is: self.words(),
                wants: wanted.words(),
            })
        })
    }

    fn against(self, wanted: Schema<'s>, depth: usize) -> Option<Misfit> {
        let (own, theirs) = (self.types(), wanted.types());
        if own.is_empty() || theirs.is_empty() {
            return None;
        }
        let fits = |kind: &&&str| {
            theirs.contains(*kind) || **kind == "integer" && theirs.contains(&"number")
        };
        let fitting: Vec<&&str> = own
            .iter()
            .filter(|kind| **kind != "null")
            .filter(fits)
            .collect();
        match fitting[..] {
            [] => Some(Misfit {
                path: Vec::new(),
                is: self.words(),
                wants: wanted.words(),
            }),
            [&"object"] => self.object(wanted, depth),
            [&"array"] => {
                let (own, theirs) = (self.at.get("items")?, wanted.at.get("items")?);
                let misfit = self.part(own).misfit(wanted.part(theirs), depth)?;
                Some(misfit.below("0"))
            }
            _ => None,
        }
    }

    fn object(self, wanted: Schema<'s>, depth: usize) -> Option<Misfit> {
        let own = self.at.get("properties")?.as_object()?;
        let closed = self.at.get("additionalProperties") == Some(&Value::Bool(false));
        let theirs = wanted.at.get("properties").and_then(Value::as_object);
        let others = wanted.at.get("additionalProperties");
        let wrong = |is: String| Misfit {
            path: Vec::new(),
            is,
            wants: wanted.words(),
        };
        let lacking = wanted.required().find(|name| !own.contains_key(*name));
        if let (true, Some(name)) = (closed, lacking) {
            return Some(wrong(format!("a map without `{name}`")));
        }
        own.iter().find_map(|(name, part)| {
            let known = theirs.and_then(|theirs| theirs.get(name));
            match known.or(others)? {
                Value::Bool(false) if self.required().any(|required| required == name) => {
                    Some(wrong(format!("a map with `{name}`")))
                }
                Value::Bool(_) => None,
                theirs => {
                    let misfit = self.part(part).misfit(wanted.part(theirs), depth)?;
                    Some(misfit.below(name))
                }
            }
        })
    }

    fn required(self) -> impl Iterator<Item = &'s str> {
        let list = self.at.get("required").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str)
    }

    fn words(self) -> String {
        let mut all: Vec<&str> = Vec::new();
        for way in self.ways() {
            let format = way.at.get("format").and_then(Value::as_str);
            for kind in way.types().into_iter().filter(|kind| *kind != "null") {
                let word = match format {
                    Some("artifact") => "an artifact",
                    Some("duration") => "a duration such as `10s`",
                    _ => word(kind),
                };
                if !all.contains(&word) {
                    all.push(word);
                }
            }
        }
        match all.is_empty() {
            true => "something else".to_owned(),
            false => all.join(" or "),
        }
    }
}

impl Misfit {
    fn below(mut self, name: &str) -> Misfit {
        self.path.insert(0, name.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(known: Value, wanted: Value) -> String {
        match misfit(&Known::of(known), &wanted, &wanted) {
            None => "fits".to_owned(),
            Some(found) => format!(
                "{}: {}, not {}",
                found.path.join("."),
                found.is,
                found.wants
            ),
        }
    }

    fn kind(kind: &str) -> Value {
        json!({ "type": kind })
    }

    #[test]
    fn types_fit_as_json_has_them() {
        for (known, wanted) in [
            (kind("integer"), kind("number")),
            (kind("string"), json!({ "type": ["string", "number"] })),
            (kind("string"), json!(true)),
            (json!({}), kind("string")),
            (json!({ "type": ["number", "null"] }), kind("number")),
            (json!({ "type": ["number", "string"] }), kind("string")),
            (kind("null"), kind("string")),
        ] {
            assert_eq!(fits(known, wanted), "fits");
        }
        assert_eq!(
            fits(kind("integer"), json!({ "type": ["string", "null"] })),
            ": a whole number, not text"
        );
        assert_eq!(
            fits(kind("number"), kind("integer")),
            ": a number, not a whole number"
        );
    }

    #[test]
    fn lists_and_maps_are_looked_into() {
        let row = json!({
            "type": "object",
            "properties": { "a": kind("string"), "b": kind("integer") },
            "required": ["a", "b"],
            "additionalProperties": false
        });
        let texts = json!({ "type": "object", "additionalProperties": kind("string") });
        let list = |items: &Value| json!({ "type": "array", "items": items });
        assert_eq!(
            fits(list(&row), list(&texts)),
            "0.b: a whole number, not text"
        );
        let other =
            json!({ "type": "object", "properties": { "c": kind("string") }, "required": ["c"] });
        assert_eq!(fits(row.clone(), other), ": a map without `c`, not a map");
        let closed = json!({ "type": "object", "properties": { "a": kind("string") }, "additionalProperties": false });
        assert_eq!(fits(row.clone(), closed), ": a map with `b`, not a map");
        let either = json!({ "anyOf": [kind("string"), texts] });
        assert_eq!(fits(row, either), ": a map, not text or a map");
    }

    #[test]
    fn a_shape_that_holds_itself_ends() {
        let tree = json!({
            "$defs": { "tree": {
                "type": "object",
                "properties": { "next": { "$ref": "#/$defs/tree" } }
            } },
            "$ref": "#/$defs/tree"
        });
        assert_eq!(fits(tree.clone(), tree), "fits");
    }
}
