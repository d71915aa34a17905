//! Where a schema has alternatives: the one that was probably meant, and what to say when none is.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::{At, Walk, constants, required, resolve, types};
use crate::{
    language::suggest,
    yaml::{Node, What},
};

/// The alternatives of a schema.
pub(crate) fn branches(schema: &Value) -> Option<&Vec<Value>> {
    ["anyOf", "oneOf"]
        .iter()
        .find_map(|key| schema.get(key)?.as_array())
}

impl<'s> Walk<'_, 's, '_> {
    /// The alternatives of a schema and of those, or itself.
    fn ways(&self, schema: &'s Value) -> Vec<&'s Value> {
        let schema = resolve(self.shape.root, schema);
        match branches(schema) {
            Some(all) => all.iter().flat_map(|one| self.ways(one)).collect(),
            None => vec![schema],
        }
    }

    /// The alternative that the author probably meant.
    pub(super) fn branch(&self, branches: &'s [Value], node: &Node) -> Option<&'s Value> {
        let fitting: Vec<&Value> = branches
            .iter()
            .map(|branch| resolve(self.shape.root, branch))
            .filter(|branch| {
                let mut ways = self.ways(branch).into_iter();
                ways.any(|way| self.fits(way, node))
            })
            .collect();
        if let [only] = fitting[..] {
            return Some(only);
        }
        match &node.what {
            What::Map(map) => fitting.into_iter().find(|branch| {
                let tags = required(branch);
                !tags.is_empty() && tags.iter().all(|tag| map.contains_key(*tag))
                    || tags.is_empty() && branch.get("properties").is_none()
            }),
            What::Scalar { .. } => {
                let value = node.to_json();
                let names = |branch: &&&Value| match (branch.get("const"), branch.get("enum")) {
                    (Some(one), _) => *one == value,
                    (None, Some(Value::Array(all))) => all.contains(&value),
                    _ => true,
                };
                fitting.iter().find(names).copied()
            }
            What::List(_) => fitting.first().copied(),
        }
    }

    pub(super) fn no_branch(&mut self, branches: &'s [Value], node: &Rc<Node>, at: At<'_>) {
        let branches = branches.iter().flat_map(|branch| self.ways(branch));
        let branches: Vec<&Value> = branches.collect();
        let tags: Vec<&str> = branches
            .iter()
            .flat_map(|branch| required(branch))
            .collect();
        let first = node.map().and_then(|map| map.keys().next());
        let told = branches.iter().flat_map(|one| {
            let values = constants(one).into_iter().filter_map(Value::as_str);
            let names = match first {
                Some(_) => required(one),
                None => values.collect(),
            };
            let about = one.get("description").and_then(Value::as_str);
            names.into_iter().map(move |name| (name, about))
        });
        if let Some(written) = first.map(String::as_str).or_else(|| node.words()) {
            suggest::know(written, told);
        }
        let values = branches.iter().flat_map(|branch| constants(branch));
        let values: Vec<&Value> = values.collect();
        match (&node.what, branches.iter().any(|one| self.fits(one, node))) {
            (What::Map(map), true) => {
                let key = map.keys().next().map_or("", String::as_str);
                let hint = suggest::hint(key, "it is one of", tags);
                let message = match key {
                    "" => format!("{} is empty", at.name),
                    key => format!("{} cannot be `{key}`", at.name),
                };
                self.bad(node, ("language.value", message), hint);
            }
            (What::Scalar { .. }, true) => self.not_one_of(&values, node, at),
            _ => {
                let kinds: Vec<Value> = branches
                    .iter()
                    .filter_map(|branch| types(branch))
                    .flatten()
                    .map(Value::from)
                    .collect();
                let keys: Map<_, _> = tags
                    .iter()
                    .map(|tag| ((*tag).to_owned(), Value::Bool(true)))
                    .collect();
                let schema = serde_json::json!({ "type": kinds, "properties": keys });
                self.wrong_type(&schema, node, at);
            }
        }
    }
}
