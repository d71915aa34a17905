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

/// The mended value, where a small change is enough. `name` is what the place is called.
pub(super) fn type_hint(schema: &Value, node: &Node, name: &str) -> Option<String> {
    let types = types(schema)?;
    let has = |kind: &str| types.contains(&kind);
    let format = schema.get("format").and_then(Value::as_str);
    match &node.what {
        What::List(_) if name == "`for_each`" => Some(
            "name a list by a template, as in `\"{{inputs.rows}}\"`; one of your own can stand as the `default` of an input of `type: list`"
                .to_owned(),
        ),
        What::List(items) => match items.first().and_then(|item| item.words()) {
            Some(words) if items.len() == 1 && has("string") => {
                Some(format!("write `{words}` without brackets"))
            }
            _ if has("object") => Some(list_hint(schema)),
            _ => None,
        },
        What::Map(map) if has("array") => {
            let key = map.keys().next()?;
            Some(format!("begin each item with `- `, as in `- {key}: …`"))
        }
        What::Map(_) if format == Some("path") => {
            let name = name.trim_matches('`');
            Some(format!(
                "name the file by its path, as in `{name}: fixtures/a.csv`"
            ))
        }
        What::Map(_) => None,
        What::Scalar { text, .. } if has("object") && !has("string") && !has("array") => {
            map_hint(schema, text, name)
        }
        What::Scalar { .. } => scalar_hint(schema, node, has),
    }
}

/// What to do with a list where a map is wanted: mostly a key above it was left out.
fn list_hint(schema: &Value) -> String {
    let required: Vec<&str> = super::words(schema, "required").collect();
    let what = schema.get("x-what").and_then(Value::as_str);
    match (what, &required[..]) {
        (Some("a workflow" | "a file of tests"), [key]) => {
            format!("write `{key}:` in a line above it")
        }
        _ => "name each of them by a key, without `-`".to_owned(),
    }
}

fn scalar_hint(schema: &Value, node: &Node, has: impl Fn(&str) -> bool) -> Option<String> {
    let words = node.words()?;
    let format = schema.get("format").and_then(Value::as_str);
    let number = words.parse::<f64>().is_ok();
    match kind(node) {
        "null" if has("string") => {
            Some("give it a value, leave it out, or write `\"\"` for an empty text".to_owned())
        }
        "null" => Some("give it a value, or leave it out".to_owned()),
        "integer" | "number" if is_duration(schema) => Some(format!(
            "write `{words}s` for seconds, `{words}m` for minutes"
        )),
        "integer" if format == Some("time-of-day") && matches!(words.parse(), Ok(0..=23)) => {
            Some(format!("write `\"{words}:00\"`"))
        }
        "integer" | "number" if format == Some("time-of-day") => {
            Some("write it like `\"10:00\"`".to_owned())
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
            "true" | "false" => Some(format!("write `{words}` without quotes")),
            _ => None,
        },
        _ if has("array") => Some(format!("write it as a list: `[{words}]`")),
        kind if has("string") && !has("object") && kind != "string" => {
            Some(format!("write `\"{words}\"`"))
        }
        _ => None,
    }
}

/// What a text was probably meant to be where keys with values are wanted.
fn map_hint(schema: &Value, text: &str, name: &str) -> Option<String> {
    let Some(known) = schema.get("properties").and_then(Value::as_object) else {
        return named_hint(schema, text, name);
    };
    let end = text.find([' ', ':']).unwrap_or(text.len());
    let (first, rest) = (&text[..end], text[end..].trim_start_matches([' ', ':']));
    let rest = rest.split_whitespace().next().unwrap_or("…");
    if known.contains_key(first) {
        return Some(format!("write `{first}: {rest}`, with `:` and a space"));
    }
    let required: Vec<&str> = super::words(schema, "required").collect();
    match (&required[..], name) {
        (_, "`retry`") if text.parse::<u32>().is_ok() => {
            Some(format!("write `retry: {{ attempts: {text} }}`"))
        }
        (["type"], _) => Some(format!("write `{{ type: {text} }}`")),
        _ if known.contains_key("cron") => Some(match text.split_whitespace().count() {
            5 | 6 => format!("write `cron: \"{text}\"`"),
            _ => "name it by its key, as in `cron: \"0 7 * * *\"` or `every: 15m`".to_owned(),
        }),
        (_, "`with`") => {
            let key = required.first().copied();
            let key = key.or_else(|| known.keys().next().map(String::as_str))?;
            Some(format!("name the parameters, as in `with: {{ {key}: … }}`"))
        }
        ([first, ..], _) => Some(format!("name each value by its key, as in `{first}: …`")),
        _ => None,
    }
}

/// A name alone, where names with values are wanted.
fn named_hint(schema: &Value, text: &str, name: &str) -> Option<String> {
    let others = schema.get("additionalProperties")?;
    // What `with` takes is said by its bot.
    let named = others.is_object() || *others == Value::Bool(true) && name != "`with`";
    let key = name.strip_prefix('`')?.strip_suffix('`')?;
    let (text, value) = match text.split_once('=') {
        Some((text, value)) => (text.trim(), format!("\"{}\"", value.trim())),
        None => (text, "…".to_owned()),
    };
    let plain = !text.is_empty() && !text.contains(['"', '\\', '`', '\n', '{']);
    (named && plain)
        .then(|| format!("give each name its value, as in `{key}: {{ \"{text}\": {value} }}`"))
}

/// What a key is for, as its schema says it: a fragment after `:`.
pub(super) fn purpose(schema: &Value) -> Option<String> {
    let said = schema.get("description").and_then(Value::as_str)?;
    let said = said.split_once(". ").map_or(said, |(first, _)| first);
    let said = said
        .split('\n')
        .next()
        .unwrap_or(said)
        .trim_end_matches('.');
    let (first, rest) = said.split_at(said.chars().next()?.len_utf8());
    // What begins with an abbreviation keeps its capital letters.
    match rest.starts_with(|c: char| c.is_uppercase()) {
        true => Some(said.to_owned()),
        false => Some(format!("{}{rest}", first.to_lowercase())),
    }
}

/// How a length of time is written that was written otherwise.
pub(super) fn duration_hint(text: &str) -> Option<String> {
    if text
        .chars()
        .all(|c| c.is_ascii_digit() || " smhd".contains(c))
    {
        return None;
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number = number.parse::<u32>().ok();
    let written = match unit.trim().to_lowercase().as_str() {
        "second" | "seconds" | "sec" | "secs" => Some((1, "s")),
        "minute" | "minutes" | "min" | "mins" => Some((1, "m")),
        "hour" | "hours" | "hr" | "hrs" | "std" => Some((1, "h")),
        "day" | "days" => Some((1, "d")),
        "week" | "weeks" | "w" => Some((7, "d")),
        _ => None,
    };
    let written = number.zip(written).and_then(|(number, (factor, unit))| {
        let number = number.checked_mul(factor)?;
        Some(format!("write `{number}{unit}`"))
    });
    let usual = || "units are `s`, `m`, `h` and `d`, as in `90s` or `1h 30m`".to_owned();
    Some(written.unwrap_or_else(usual))
}

/// A name in one pair of braces, where two were meant.
pub(super) fn single_braces(text: &str) -> Option<&str> {
    let roots = ["inputs.", "steps.", "run.", "item.", "today}", "now}"];
    text.match_indices('{').find_map(|(at, _)| {
        let rest = &text[at + 1..];
        let alone = !rest.starts_with('{') && !text[..at].ends_with('{');
        let end = rest.find('}')?;
        let name = roots.iter().any(|root| rest.starts_with(root));
        (alone && name).then(|| &text[at..at + end + 2])
    })
}

/// How an address is written that is not whole.
pub(super) fn address_hint(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => None,
        None if text.starts_with('/') && !text.starts_with("//") => Some(format!(
            "write `path: {text}`, with the `connection` whose address goes before it"
        )),
        None if !text.is_empty() && !text.contains([':', ' ']) => {
            let rest = text.trim_start_matches('/');
            Some(format!("write `https://{rest}`"))
        }
        _ => Some("write it as in `https://office.example.com/orders`".to_owned()),
    }
}
