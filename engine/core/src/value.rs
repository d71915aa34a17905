//! Values as they travel between steps.
//!
//! A value is JSON whose numbers keep the digits they were written with, so a
//! decimal is exact. Three shapes stand for what is kept elsewhere: an artifact
//! (`{"$artifact": …}`), a table (`{"$table": …}`) and a secret
//! (`{"$secret": "shop"}`). A value over [`INLINE_LIMIT`] travels by reference.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ids::Hash;

/// The largest value a fact holds itself, in bytes of JSON.
pub const INLINE_LIMIT: usize = 16 * 1024;

/// A file that a step left, kept under the hash of its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ArtifactRef {
    #[serde(rename = "$artifact")]
    pub hash: Hash,
    /// What a person would call the file.
    pub name: String,
    /// Its media type, as in `image/png`.
    pub media: String,
    /// In bytes.
    pub size: u64,
}

/// A large list: an artifact of JSON lines, read item by item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TableRef {
    #[serde(rename = "$table")]
    pub hash: Hash,
    /// How many items it has.
    pub rows: u64,
}

impl ArtifactRef {
    pub fn from_value(value: &Value) -> Option<ArtifactRef> {
        value.get("$artifact")?;
        serde_json::from_value(value.clone()).ok()
    }

    pub fn to_value(&self) -> Value {
        json!({ "$artifact": self.hash, "name": self.name, "media": self.media, "size": self.size })
    }
}

impl TableRef {
    pub fn from_value(value: &Value) -> Option<TableRef> {
        value.get("$table")?;
        serde_json::from_value(value.clone()).ok()
    }

    pub fn to_value(&self) -> Value {
        json!({ "$table": self.hash, "rows": self.rows })
    }
}

/// The name of the secret that this value stands for.
pub fn secret_name(value: &Value) -> Option<&str> {
    match value.as_object() {
        Some(map) if map.len() == 1 => map.get("$secret")?.as_str(),
        _ => None,
    }
}

/// A value in a fact: itself when small, else the artifact that holds its JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    Inline(Value),
    Stored(ArtifactRef),
}

impl Payload {
    pub const NULL: Payload = Payload::Inline(Value::Null);
}

impl Default for Payload {
    fn default() -> Payload {
        Payload::NULL
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Payload {
        Payload::Inline(value)
    }
}

/// An object with what a person corrected in it; anything else as it is.
pub fn merged(value: Value, edits: &IndexMap<String, Value>) -> Value {
    match value {
        Value::Object(mut map) => {
            map.extend(
                edits
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
            Value::Object(map)
        }
        other => other,
    }
}

/// The hash by which two values count as the same data: keys in order, numbers as written.
pub fn hash(value: &Value) -> Hash {
    Hash::of(sorted(value).to_string().as_bytes())
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries
                .into_iter()
                .map(|(key, value)| (key.clone(), sorted(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits() {
        let value: Value =
            serde_json::from_str(r#"{"amount":10.10,"big":12345678901234567890.5}"#).expect("JSON");
        assert_eq!(
            value.to_string(),
            r#"{"amount":10.10,"big":12345678901234567890.5}"#
        );
    }

    #[test]
    fn the_order_of_keys_is_no_difference() {
        assert_eq!(
            hash(&json!({"a": 1, "b": [{"c": 2, "d": 3}]})),
            hash(&json!({"b": [{"d": 3, "c": 2}], "a": 1}))
        );
        assert_ne!(hash(&json!({"a": 1})), hash(&json!({"a": "1"})));
    }
}
