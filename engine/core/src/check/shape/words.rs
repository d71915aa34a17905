//! What types are called, and how a value becomes one.

use serde_json::Value;

use super::{branches, types};
use crate::yaml::{Node, Scalar, What};

pub(super) fn kind(node: &Node) -> &'static str {
    match (&node.what, node.scalar()) {
        (What::List(_), _) => "array",
        (What::Map(_), _) => "object",
        (_, Some(Scalar::Boolean(_))) => "boolean",
        (_, Some(Scalar::Text(_))) => "string",
        (_, Some(Scalar::Number(number))) if number.is_i64() || number.is_u64() => "integer",
        (_, Some(Scalar::Number(_))) => "number",
        (_, Some(Scalar::Null) | None) => "null",
    }
}

/// The author's word for a type of JSON.
pub(crate) fn word(kind: &str) -> &str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a map",
        _ => "nothing",
    }
}

pub(super) fn expected(schema: &Value) -> String {
    if is_duration(schema) {
        return "a duration such as `10s`".to_owned();
    }
    let kinds = match branches(schema) {
        Some(branches) => branches.iter().filter_map(types).flatten().collect(),
        None => types(schema).unwrap_or_default(),
    };
    let mut words: Vec<&str> = Vec::new();
    for kind in kinds.into_iter().filter(|kind| *kind != "null") {
        if !words.contains(&word(kind)) {
            words.push(word(kind));
        }
    }
    match words.is_empty() {
        true => "something else".to_owned(),
        false => words.join(" or "),
    }
}

pub(crate) fn is_duration(schema: &Value) -> bool {
    let format = schema.get("format").and_then(Value::as_str);
    format == Some("duration")
}

/// The mended value, where a small change is enough.
pub(super) fn type_hint(schema: &Value, node: &Node) -> Option<String> {
    let words = node.words()?;
    let types = types(schema)?;
    let has = |kind: &str| types.contains(&kind);
    let format = schema.get("format").and_then(Value::as_str);
    let number = words.parse::<f64>().is_ok();
    match kind(node) {
        "null" => None,
        "integer" | "number" if is_duration(schema) => {
            Some(format!("write `{words}s` for seconds"))
        }
        "boolean" if format == Some("botswain-expression") => {
            Some("write a template, as in `\"{{inputs.ready}}\"`".to_owned())
        }
        "string" if number && (has("integer") || has("number")) => {
            Some(format!("write `{words}` without quotes"))
        }
        "string" if has("boolean") => match words.to_lowercase().as_str() {
            "yes" | "on" | "y" => Some("write `true`".to_owned()),
            "no" | "off" | "n" => Some("write `false`".to_owned()),
            _ => None,
        },
        _ if has("array") => Some(format!("write it as a list: `[{words}]`")),
        kind if has("string") && !has("object") && kind != "string" => {
            Some(format!("write `\"{words}\"`"))
        }
        _ => None,
    }
}
