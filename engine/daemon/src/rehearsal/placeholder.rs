//! What stands for the output of a step that was not done.
//!
//! In go the JSON Schema of the output and a name; out comes a value of that
//! shape in which people see what was never there: texts are the name in `‹ ›`,
//! numbers 0, lists empty.

use botswain_core::Fault;
use serde_json::{Map, Value, json};

/// Schemas may refer to themselves.
const DEPTH: usize = 8;

/// How a text is made of the path to it, and what stands for a file.
pub struct Style<'a> {
    pub text: &'a dyn Fn(&str) -> String,
    pub file: &'a dyn Fn(&str) -> Result<Value, Fault>,
}

/// A value as the schema wants it; `name` is the path to it.
pub fn of(schema: &Value, name: &str, style: &Style<'_>) -> Result<Value, Fault> {
    Maker {
        root: schema,
        style,
    }
    .make(schema, name, DEPTH)
}

struct Maker<'a> {
    root: &'a Value,
    style: &'a Style<'a>,
}

impl Maker<'_> {
    fn make(&self, schema: &Value, name: &str, depth: usize) -> Result<Value, Fault> {
        let schema = self.resolved(schema);
        let Some(depth) = depth.checked_sub(1) else {
            return Ok(Value::Null);
        };
        for key in ["anyOf", "oneOf"] {
            if let Some(ways) = schema[key].as_array() {
                let ways: Vec<&Value> = ways.iter().map(|way| self.resolved(way)).collect();
                let something = ways.iter().find(|way| way["type"] != "null");
                return match something.or_else(|| ways.first()) {
                    Some(way) => self.make(way, name, depth),
                    None => Ok(Value::Null),
                };
            }
        }
        if schema["format"] == "artifact" {
            return (self.style.file)(name);
        }
        if let Some(value) = constant(schema) {
            return Ok(value);
        }
        match kind(schema) {
            Some("object") => self.object(schema, name, depth),
            Some("array") => Ok(json!([])),
            Some("integer" | "number") => Ok(json!(0)),
            Some("boolean") => Ok(json!(false)),
            _ => Ok((self.style.text)(name).into()),
        }
    }

    fn object(&self, schema: &Value, name: &str, depth: usize) -> Result<Value, Fault> {
        let parts = schema["properties"].as_object().into_iter().flatten();
        let parts = parts.map(|(key, part)| {
            let value = self.make(part, &format!("{name}.{key}"), depth)?;
            Ok((key.clone(), value))
        });
        let parts: Result<Map<String, Value>, Fault> = parts.collect();
        Ok(Value::Object(parts?))
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let target = schema["$ref"].as_str();
        let target = target.and_then(|it| it.strip_prefix('#'));
        target
            .and_then(|pointer| self.root.pointer(pointer))
            .unwrap_or(schema)
    }
}

fn constant(schema: &Value) -> Option<Value> {
    let one = schema.get("const").cloned();
    one.or_else(|| schema["enum"].as_array()?.first().cloned())
}

/// The type, the one beside `null` when there are two.
fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null")
        }
        _ => None,
    }
}
