//! Which texts of a value a JSON Schema gives a special meaning.
//!
//! A schema says with `format` that a text is a secret or a path. This walks a
//! value along its schema and hands over each text with its format, so that the
//! check and the opening of a connection agree about which field is which.

use botswain_core::value::secret_name;
use serde_json::Value;

/// One text in a value.
pub(crate) struct Field<'a> {
    /// JSON pointer.
    pub(crate) pointer: &'a str,
    /// What the schema says it is, as in `secret`.
    pub(crate) format: Option<&'a str>,
    pub(crate) text: &'a str,
}

/// `value` with every text replaced by what `change` makes of it. `{"$secret": "x"}` is handed
/// over as the text `{{secrets.x}}`.
pub(crate) fn map<E>(
    schema: &Value,
    value: &Value,
    change: &mut impl FnMut(Field<'_>) -> Result<String, E>,
) -> Result<Value, E> {
    walk(schema, (&resolve(schema, schema), value, ""), change)
}

fn walk<E>(
    root: &Value,
    (schemas, value, pointer): (&[&Value], &Value, &str),
    change: &mut impl FnMut(Field<'_>) -> Result<String, E>,
) -> Result<Value, E> {
    let format = schemas.iter().find_map(|schema| schema["format"].as_str());
    let mut text = |text: &str| {
        let field = Field {
            pointer,
            format,
            text,
        };
        change(field).map(Value::String)
    };
    match value {
        Value::String(plain) => text(plain),
        Value::Object(_) if secret_name(value).is_some() => {
            let name = secret_name(value).unwrap_or_default();
            text(&format!("{{{{secrets.{name}}}}}"))
        }
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| {
                let (inner, pointer) = (below(root, schemas, key), join(pointer, key));
                walk(root, (&inner, value, &pointer), change).map(|value| (key.clone(), value))
            });
            entries.collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate().map(|(index, value)| {
                let index = index.to_string();
                let (inner, pointer) = (below(root, schemas, &index), join(pointer, &index));
                walk(root, (&inner, value, &pointer), change)
            });
            items.collect()
        }
        other => Ok(other.clone()),
    }
}

fn join(pointer: &str, piece: &str) -> String {
    format!("{pointer}/{}", crate::instance::yaml::escape(piece))
}

/// The schemas that can apply one step below: at a key, or at an item of a list.
pub(super) fn below<'a>(root: &'a Value, schemas: &[&'a Value], piece: &str) -> Vec<&'a Value> {
    let inner = schemas.iter().flat_map(|schema| {
        let named = schema["properties"].get(piece);
        let other = ["additionalProperties", "items"];
        named.or_else(|| other.iter().find_map(|keyword| schema.get(*keyword)))
    });
    inner.flat_map(|schema| resolve(root, schema)).collect()
}

/// A schema with its alternatives, references followed.
pub(super) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut found = vec![schema];
    let target = schema["$ref"]
        .as_str()
        .and_then(|target| target.strip_prefix('#'));
    let target = target.and_then(|pointer| root.pointer(pointer));
    let choices = ["anyOf", "oneOf", "allOf"];
    let choices = choices
        .iter()
        .filter_map(|keyword| schema[*keyword].as_array());
    // A type of settings that holds itself would be endless here; settings are no trees.
    found.extend(
        target
            .into_iter()
            .chain(choices.flatten())
            .flat_map(|next| resolve(root, next)),
    );
    found
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use botswain_bot::Secret;
    use schemars::{JsonSchema, schema_for};
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Settings {
        user: String,
        password: Option<Secret>,
        login: Option<Login>,
        tokens: Vec<Secret>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Login {
        Form { word: Secret },
        Basic { user: String },
    }

    #[test]
    fn secrets_are_found_in_every_corner() {
        let value = json!({
            "user": "a", "password": { "$secret": "x" }, "tokens": ["c"],
            "login": { "Form": { "word": "d" } }, "other": ["e"],
        });
        let mut seen = Vec::new();
        let schema = schema_for!(Settings).to_value();
        let mapped = map(&schema, &value, &mut |field| {
            let format = field.format.unwrap_or("-");
            seen.push(format!("{} {format} {}", field.pointer, field.text));
            Ok::<_, Infallible>(field.text.to_uppercase())
        });
        assert_eq!(
            seen,
            [
                "/user - a",
                "/password secret {{secrets.x}}",
                "/tokens/0 secret c",
                "/login/Form/word secret d",
                "/other/0 - e",
            ]
        );
        assert_eq!(mapped.unwrap()["tokens"], json!(["C"]));
    }
}
