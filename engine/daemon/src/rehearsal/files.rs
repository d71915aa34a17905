//! The files that a mocked output names by their paths.
//!
//! In go the JSON Schema of an output and a value in which an artifact is written
//! as a path; out comes the value with the file kept as an artifact.

use std::path::Path;

use serde_json::Value;

/// Schemas may refer to themselves.
const DEPTH: usize = 8;

/// Puts what `keep` makes of a path in place of each text that stands for an artifact.
pub(super) fn kept<E>(
    schema: &Value,
    value: Value,
    keep: &mut dyn FnMut(&Path) -> Result<Value, E>,
) -> Result<Value, E> {
    let mut keeper = Keeper { root: schema, keep };
    keeper.value(schema, value, DEPTH)
}

struct Keeper<'k, E> {
    root: &'k Value,
    keep: &'k mut dyn FnMut(&Path) -> Result<Value, E>,
}

impl<E> Keeper<'_, E> {
    fn value(&mut self, schema: &Value, value: Value, depth: usize) -> Result<Value, E> {
        let schema = resolved(self.root, schema).clone();
        let Some(depth) = depth.checked_sub(1) else {
            return Ok(value);
        };
        let mut ways = vec![&schema];
        for key in ["anyOf", "oneOf"] {
            let others = schema[key].as_array().into_iter().flatten();
            ways.extend(others.map(|way| resolved(self.root, way)));
        }
        match value {
            Value::String(path) if ways.iter().any(|way| way["format"] == "artifact") => {
                (self.keep)(Path::new(&path))
            }
            Value::Object(map) => {
                let parts = map.into_iter().map(|(key, part)| {
                    let schema = ways.iter().find_map(|way| {
                        let own = way["properties"].get(&key);
                        own.or_else(|| way.get("additionalProperties"))
                    });
                    let schema = schema.unwrap_or(&Value::Null);
                    Ok((key, self.value(schema, part, depth)?))
                });
                Ok(Value::Object(parts.collect::<Result<_, E>>()?))
            }
            Value::Array(items) => {
                let schema = ways.iter().find_map(|way| way.get("items"));
                let schema = schema.unwrap_or(&Value::Null);
                let items = items.into_iter();
                let items = items.map(|item| self.value(schema, item, depth));
                Ok(Value::Array(items.collect::<Result<_, E>>()?))
            }
            other => Ok(other),
        }
    }
}

fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let target = schema["$ref"].as_str();
    let target = target.and_then(|it| it.strip_prefix('#'));
    target
        .and_then(|pointer| root.pointer(pointer))
        .unwrap_or(schema)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_becomes_an_artifact_where_the_schema_has_one_and_nowhere_else() {
        let schema = json!({
            "properties": {
                "file": { "anyOf": [{ "$ref": "#/$defs/file" }, { "type": "null" }] },
                "name": { "type": "string" },
                "all": { "type": "array", "items": { "$ref": "#/$defs/file" } },
            },
            "$defs": { "file": { "type": "object", "format": "artifact" } },
        });
        let mut keep = |path: &Path| Ok::<_, ()>(json!({ "$artifact": path }));
        let value = json!({ "file": "a", "name": "b", "all": ["c", { "x": "d" }], "other": "e" });
        let kept = kept(&schema, value, &mut keep);
        let expected = json!({
            "file": { "$artifact": "a" }, "name": "b",
            "all": [{ "$artifact": "c" }, { "x": "d" }], "other": "e",
        });
        assert_eq!(kept, Ok(expected));
    }
}
