//! What is entered: text, a number, a secret, or the column of a row.

use botswain_bot::Secret;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A value for a field: text, a number, or the column of a row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Text {
    Given(String),
    Column(String),
}

/// What an action enters, and whether it may be seen.
pub(crate) trait Entry: Send + Sync {
    /// The text to enter, or why there is none.
    fn text(&self, row: Option<&Map<String, Value>>) -> Result<String, String>;
}

impl Entry for Text {
    fn text(&self, row: Option<&Map<String, Value>>) -> Result<String, String> {
        match self {
            Text::Given(text) => Ok(text.clone()),
            Text::Column(column) => {
                let row = row.ok_or("`{ column: … }` stands outside of an `each`")?;
                let value = row
                    .get(column)
                    .ok_or_else(|| format!("the row has no column `{column}`"))?;
                plain(value).ok_or_else(|| {
                    format!("column `{column}` holds {value}, which is neither text nor a number")
                })
            }
        }
    }
}

impl Entry for Secret {
    fn text(&self, _row: Option<&Map<String, Value>>) -> Result<String, String> {
        Ok(self.reveal().to_owned())
    }
}

impl TryFrom<Value> for Text {
    type Error = String;

    fn try_from(value: Value) -> Result<Text, String> {
        let column = value.as_object().filter(|map| map.len() == 1);
        if let Some(Value::String(column)) = column.and_then(|map| map.get("column")) {
            return Ok(Text::Column(column.clone()));
        }
        plain(&value).map(Text::Given).ok_or_else(|| {
            format!(
                "{value} cannot be entered into a field: text, a number or `{{ column: name }}` can"
            )
        })
    }
}

/// Text, or a number with the digits it was written with.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": ["string", "number"] },
            {
                "type": "object",
                "description": "The column of the row of an `each`.",
                "properties": { "column": { "type": "string", "description": "The name of the column." } },
                "required": ["column"],
                "additionalProperties": false
            },
        ] })
    }
}
