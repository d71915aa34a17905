//! What is known of a value before a run: a place in a JSON Schema.
//!
//! Where a schema says nothing, every name is taken and every type fits.

use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{
    names::Unknown,
    shape::{branches, resolve, types, word},
};
use crate::language::suggest;

const KINDS_OF_JSON: [&str; 7] = [
    "string", "integer", "number", "boolean", "array", "object", "null",
];

/// A shape within a schema document. Those that most templates have are made once.
#[derive(Clone)]
pub(crate) struct Known {
    root: Rc<Value>,
    at: Rc<Value>,
}

impl Known {
    pub(crate) fn any() -> Known {
        thread_local!(static ANY: Known = Known::of(Value::Bool(true)));
        ANY.with(Known::clone)
    }

    pub(crate) fn text() -> Known {
        Known::kind("string")
    }

    /// Surely of this type of JSON.
    pub(crate) fn kind(kind: &str) -> Known {
        thread_local!(static KINDS: Vec<(&'static str, Known)> = KINDS_OF_JSON
            .map(|kind| (kind, Known::of(json!({ "type": kind }))))
            .into());
        let known = KINDS.with(|all| Some(all.iter().find(|it| it.0 == kind)?.1.clone()));
        known.unwrap_or_else(|| Known::of(json!({ "type": kind })))
    }

    /// A list of such values.
    pub(crate) fn list(self) -> Known {
        self.wrapped(|item| json!({ "type": "array", "items": item }))
    }

    /// What `group` makes of a list of these.
    pub(crate) fn groups(self) -> Known {
        self.wrapped(|row| {
            json!({ "type": "array", "items": {
                "type": "object",
                "properties": { "key": true, "rows": { "type": "array", "items": row } },
                "required": ["key", "rows"],
                "additionalProperties": false
            } })
        })
    }

    fn wrapped(self, wrap: impl Fn(&Value) -> Value) -> Known {
        Known {
            at: Rc::new(wrap(&self.at)),
            root: self.root,
        }
    }

    /// A map of these names.
    pub(crate) fn map(parts: &IndexMap<String, Known>) -> Known {
        // Each part has a document of its own, in which its references are looked up.
        let mut definitions = serde_json::Map::new();
        for (name, part) in parts {
            definitions.insert(name.clone(), inlined(&part.root, &part.at, 8));
        }
        Known::of(json!({
            "type": "object",
            "properties": definitions,
            "required": parts.keys().collect::<Vec<_>>(),
            "additionalProperties": false
        }))
    }

    /// As a schema that needs no other document.
    pub(crate) fn alone(&self) -> Value {
        inlined(&self.root, &self.at, 8)
    }

    /// The document and the place in it.
    pub(crate) fn schema(&self) -> (&Value, &Value) {
        (&self.root, &self.at)
    }

    /// The names of its parts, where they are known.
    pub(crate) fn names(&self) -> Vec<&str> {
        let properties = strip_null(&self.root, &self.at).get("properties");
        let names = properties.and_then(Value::as_object);
        names.map_or_else(Vec::new, |names| names.keys().map(String::as_str).collect())
    }

    /// The types of JSON that it can have beside null; none when nobody knows.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        let mut kinds = kinds(&self.root, &self.at).unwrap_or_default();
        kinds.retain(|kind| *kind != "null");
        kinds
    }

    /// Whether it can be nothing.
    pub(crate) fn may_be_null(&self) -> bool {
        kinds(&self.root, &self.at).is_some_and(|kinds| kinds.contains(&"null"))
    }

    /// The author's word for it, if it is surely nothing of these types of JSON.
    pub(crate) fn is_none_of(&self, wanted: &[&str]) -> Option<&str> {
        let kinds = self.kinds();
        let fits =
            |kind: &&str| wanted.contains(kind) || *kind == "integer" && wanted.contains(&"number");
        match kinds.iter().any(fits) {
            true => None,
            false => kinds.first().map(|kind| word(kind)),
        }
    }

    pub(crate) fn of(schema: Value) -> Known {
        let root = Rc::new(schema);
        Known {
            root: Rc::clone(&root),
            at: root,
        }
    }

    fn part(&self, at: &Value) -> Known {
        Known {
            root: Rc::clone(&self.root),
            at: Rc::new(at.clone()),
        }
    }

    /// What stands below this at the path.
    pub(crate) fn walk(&self, path: &[String]) -> Result<Known, Unknown> {
        self.below(path, 0)
    }

    /// What stands at the path, of which the first parts lead to this.
    pub(crate) fn below(&self, path: &[String], taken: usize) -> Result<Known, Unknown> {
        let mut at: &Value = &self.at;
        for (part, segment) in path.iter().enumerate().skip(taken) {
            let owner = match part {
                0 => "this value".to_owned(),
                _ => format!("`{}`", path[..part].join(".")),
            };
            let (message, hint) = match below(&self.root, at, segment) {
                Below::Any => return Ok(Known::any()),
                Below::Is(next) => {
                    at = next;
                    continue;
                }
                Below::Missing(names) => (
                    format!("{owner} has no `{segment}`"),
                    suggest::hint(segment, "it has", names),
                ),
                Below::Nothing(kind) => (
                    format!("{owner} is {kind} and has no `{segment}`"),
                    (kind == "a list").then(|| {
                        "go through it with a `for_each`, or name a place: `.0`".to_owned()
                    }),
                ),
            };
            return Err(Unknown {
                part,
                message,
                hint,
            });
        }
        Ok(self.part(at))
    }

    /// What each item of this list is; `Err` is the author's word for what is no list.
    pub(crate) fn item(&self) -> Result<Known, String> {
        let schema = strip_null(&self.root, &self.at);
        // A table stands for a list; it is an object with `$table`.
        let no_table = || {
            schema.get("additionalProperties") == Some(&Value::Bool(false))
                && schema.pointer("/properties/$table").is_none()
        };
        match (schema.get("items"), self.is_none_of(&["array", "object"])) {
            (Some(items), _) => Ok(self.part(items)),
            (None, Some(word)) => Err(word.to_owned()),
            (None, None) if self.kinds() == ["object"] && no_table() => {
                Err(word("object").to_owned())
            }
            (None, None) => Ok(Known::any()),
        }
    }
}

/// The types of JSON that a schema allows; `None` when it allows all.
fn kinds<'s>(root: &'s Value, schema: &'s Value) -> Option<Vec<&'s str>> {
    let schema = resolve(root, schema);
    match branches(schema) {
        Some(branches) => {
            let kinds = branches.iter().map(|branch| kinds(root, branch));
            kinds.collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        None => types(schema),
    }
}

/// A schema without references; what lies too deep is anything.
fn inlined(root: &Value, schema: &Value, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else {
        return Value::Bool(true);
    };
    match resolve(root, schema) {
        Value::Object(map) => {
            let parts = map.iter().filter(|(key, _)| *key != "$defs");
            let parts = parts.map(|(key, part)| (key.clone(), inlined(root, part, depth)));
            Value::Object(parts.collect())
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| inlined(root, item, depth));
            Value::Array(items.collect())
        }
        other => other.clone(),
    }
}

enum Below<'s> {
    Any,
    Is(&'s Value),
    Missing(Vec<&'s str>),
    /// The author's word for something that has nothing below it.
    Nothing(&'s str),
}

fn below<'s>(root: &'s Value, schema: &'s Value, segment: &str) -> Below<'s> {
    let schema = resolve(root, schema);
    if let Some(branches) = branches(schema) {
        let found = branches.iter().map(|branch| below(root, branch, segment));
        return found.fold(Below::Missing(Vec::new()), better);
    }
    let property = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties");
    let kinds = types(schema).unwrap_or_default();
    let place = segment.bytes().all(|byte| byte.is_ascii_digit());
    let first = kinds.iter().find(|kind| **kind != "null");
    match (property, others) {
        _ if kinds.contains(&"array") && place => schema.get("items").map_or(Below::Any, Below::Is),
        (Some(known), _) if known.contains_key(segment) => Below::Is(&known[segment]),
        (_, Some(Value::Bool(true))) => Below::Any,
        (_, Some(others @ Value::Object(_))) => Below::Is(others),
        (Some(known), _) if !known.is_empty() => {
            Below::Missing(known.keys().map(String::as_str).collect())
        }
        (_, Some(Value::Bool(false))) => Below::Missing(Vec::new()),
        _ => match first {
            None | Some(&"object") => Below::Any,
            Some(kind) => Below::Nothing(word(kind)),
        },
    }
}

/// What more is known of two alternatives: one that has the name wins.
fn better<'s>(one: Below<'s>, other: Below<'s>) -> Below<'s> {
    match (one, other) {
        (Below::Is(schema), _) | (_, Below::Is(schema)) => Below::Is(schema),
        (Below::Any, _) | (_, Below::Any) => Below::Any,
        (Below::Missing(mut names), Below::Missing(more)) => {
            names.extend(more);
            Below::Missing(names)
        }
        (Below::Missing(names), Below::Nothing(_)) | (Below::Nothing(_), Below::Missing(names))
            if !names.is_empty() =>
        {
            Below::Missing(names)
        }
        (Below::Nothing("nothing"), other) => other,
        (Below::Missing(_), nothing) | (nothing, _) => nothing,
    }
}

/// The one alternative that is not `null`.
fn strip_null<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let schema = resolve(root, schema);
    let Some(branches) = branches(schema) else {
        return schema;
    };
    let mut others = branches
        .iter()
        .map(|branch| resolve(root, branch))
        .filter(|branch| types(branch).is_none_or(|types| types != ["null"]));
    match (others.next(), others.next()) {
        (Some(only), None) => only,
        _ => &Value::Bool(true),
    }
}
