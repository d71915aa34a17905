//! What schemars leaves for readers of Rust, as readers of JSON Schema expect it.

use serde_json::{Value, json};

/// Goes through all of it.
pub(super) fn tidy(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(tidy),
        Value::Object(map) => {
            map.values_mut().for_each(tidy);
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = linkless(text);
            }
            let largest = map.get("format").and_then(Value::as_str).and_then(largest);
            if let Some(largest) = largest {
                map.entry("maximum").or_insert_with(|| json!(largest));
            }
        }
        _ => (),
    }
}

/// What a number can hold, as `format` alone is not read by everybody.
fn largest(format: &str) -> Option<u64> {
    match format {
        "uint" | "uint64" => Some(u64::MAX),
        "uint32" => Some(u32::MAX.into()),
        _ => None,
    }
}

/// ``[`crate::plan::Version`]`` is `` `Version` `` to whoever does not read the source.
fn linkless(text: &str) -> String {
    let mut pieces = text.split("[`");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (path, after) = piece.split_once("`]").unwrap_or((piece, ""));
        let name = path.rsplit("::").next().unwrap_or(path);
        plain.extend(["`", name, "`", after]);
    }
    plain
}
