//! The rules of the language, one table for each.

mod caps;
mod dates;
mod files;
mod lists;
mod parsing;
mod tables;
mod values;

use std::sync::Arc;

use expect_test::Expect;
use serde_json::Value;

use super::{HELPERS, RenderError, Renderer, Tables};
use crate::{ids::Hash, value::TableRef};

/// Tables in memory: the rows by their hash.
struct Memory(Vec<(Hash, Vec<Value>)>);

impl Tables for Memory {
    fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, String> {
        let found = self.0.iter().find(|(hash, _)| *hash == table.hash);
        let (_, rows) = found.ok_or("it is not in the store")?;
        let from = usize::try_from(from).map_err(|why| why.to_string())?;
        Ok(rows.iter().skip(from).take(limit).cloned().collect())
    }

    fn mapped(&self, table: &str, from: &str) -> Result<Option<String>, String> {
        match (table, from) {
            ("lost", _) => Err("it is not in the store".to_owned()),
            ("customers", "ACME Ltd") => Ok(Some("C001".to_owned())),
            _ => Ok(None),
        }
    }
}

fn renderer() -> Renderer {
    Renderer::new(Arc::new(Memory(Vec::new())))
}

/// The text of a context or result, so that numbers keep their digits.
fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("the test's JSON")
}

fn shown(result: Result<String, RenderError>) -> String {
    result.unwrap_or_else(|error| {
        let hint = error.hint.as_ref().map(|hint| format!("\nhint: {hint}"));
        format!("{} {error}{}", error.code, hint.unwrap_or_default())
    })
}

fn check(source: &str, context: &str, expected: Expect) {
    let value = renderer().render_value(source, &json(context));
    expected.assert_eq(&shown(value.map(|value| value.to_string())));
}

#[test]
fn every_example_of_the_reference_is_true() {
    let examples = HELPERS
        .iter()
        .flat_map(|helper| helper.examples().map(move |example| (helper, example)));
    for (helper, example) in examples {
        let value = renderer().render_value(example.source, &json(example.context));
        let value = shown(value.map(|value| value.to_string()));
        assert_eq!(value, json(example.result).to_string(), "{}", helper.name);
        assert!(example.source.contains(helper.name), "{}", helper.name);
    }
}

#[test]
fn no_helper_is_there_twice() {
    let mut names: Vec<&str> = HELPERS.iter().map(|helper| helper.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), HELPERS.len());
}
