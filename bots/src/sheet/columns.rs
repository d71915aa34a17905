//! The columns that a workflow declares, and the schema of the rows they make.
//!
//! In go `order: text` or `order: { type: text, from: Order No }`; a wrong entry
//! is an error that says what may stand there.

use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value, json};

/// Column by column, in the order of the workflow.
pub type Columns = IndexMap<String, Column>;

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub kind: Kind,
    /// What the file calls it, where that is not the name of the column.
    pub from: Option<String>,
    /// How the file writes dates, as strptime wants it; `2026-03-29` when absent.
    pub format: Option<String>,
    /// An empty cell gives null, where it would be a fault otherwise.
    pub optional: bool,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Integer,
    Decimal,
    Boolean,
    Date,
}

impl Column {
    pub fn of(kind: Kind) -> Column {
        Column {
            kind,
            from: None,
            format: None,
            optional: false,
        }
    }

    fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        // A text is never null: it is empty.
        if self.optional && self.kind != Kind::Text {
            schema["type"] = json!([schema["type"], "null"]);
        }
        schema
    }
}

impl Kind {
    fn schema(self) -> Value {
        match self {
            Kind::Text => json!({ "type": "string" }),
            Kind::Integer => json!({ "type": "integer" }),
            Kind::Decimal => json!({ "type": "number", "format": "decimal" }),
            Kind::Boolean => json!({ "type": "boolean" }),
            Kind::Date => json!({ "type": "string", "format": "date" }),
        }
    }
}

/// The schema of a row, given `columns:` as the file of the workflow has it.
pub(super) fn row_schema(columns: Option<&Value>) -> Value {
    match columns.map(Value::as_object) {
        None => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        // A template: what it gives is known when the run is there.
        Some(None) => json!({ "type": "object" }),
        Some(Some(columns)) => json!({
            "type": "object",
            "properties": columns.iter().map(|(name, column)| (name.clone(), cell_schema(column))).collect::<Map<_, _>>(),
            "required": columns.keys().collect::<Vec<_>>(),
            "additionalProperties": false,
        }),
    }
}

/// A column that cannot be read is reported elsewhere; here it is of any shape.
fn cell_schema(column: &Value) -> Value {
    let column: Result<Column, _> = Deserialize::deserialize(column);
    column.map_or_else(|_| json!({}), |column| column.schema())
}

/// The long form of a column.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Spelled {
    /// What the cells hold.
    #[serde(rename = "type")]
    #[schemars(schema_with = "kind_schema")]
    kind: Kind,
    /// What the file calls the column, where that is another name.
    from: Option<String>,
    /// How the file writes dates, as in `%d.%m.%Y`; `%Y-%m-%d` when absent.
    format: Option<String>,
    /// Whether an empty cell gives null; it is a fault otherwise. A text is then empty either way.
    #[serde(default)]
    optional: bool,
}

fn kind_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["text", "integer", "decimal", "boolean", "date"] })
}

impl Spelled {
    fn column<E: Error>(self) -> Result<Column, E> {
        if self.format.is_some() && self.kind != Kind::Date {
            return Err(E::custom("`format` is for columns of type `date` only"));
        }
        Ok(Column {
            kind: self.kind,
            from: self.from,
            format: self.format,
            optional: self.optional,
        })
    }
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Column, D::Error> {
        struct ShortOrSpelled;

        impl<'de> Visitor<'de> for ShortOrSpelled {
            type Value = Column;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a type such as `text`, or `{ type: text, from: Order No }`")
            }

            fn visit_str<E: Error>(self, kind: &str) -> Result<Column, E> {
                Kind::deserialize(kind.into_deserializer()).map(Column::of)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Column, A::Error> {
                Spelled::deserialize(MapAccessDeserializer::new(map))?.column()
            }
        }

        deserializer.deserialize_any(ShortOrSpelled)
    }
}

impl JsonSchema for Column {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Column".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [kind_schema(generator), Spelled::json_schema(generator)] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(column: Value, expected: &Expect) {
        let read = serde_json::from_value::<Column>(column);
        expected.assert_eq(&read.map_or_else(|err| err.to_string(), |it| format!("{it:?}")));
    }

    #[test]
    fn a_column_is_short_or_spelled_out() {
        check(
            json!("decimal"),
            &expect!["Column { kind: Decimal, from: None, format: None, optional: false }"],
        );
        check(
            json!({ "type": "text", "from": "Order No" }),
            &expect![[
                r#"Column { kind: Text, from: Some("Order No"), format: None, optional: false }"#
            ]],
        );
    }

    #[test]
    fn a_wrong_column_says_what_may_stand_there() {
        check(
            json!("money"),
            &expect![
                "unknown variant `money`, expected one of `text`, `integer`, `decimal`, `boolean`, `date`"
            ],
        );
        check(
            json!({ "type": "text", "form": "Order No" }),
            &expect!["unknown field `form`, expected one of `type`, `from`, `format`, `optional`"],
        );
        check(
            json!(7),
            &expect![
                "invalid type: integer `7`, expected a type such as `text`, or `{ type: text, from: Order No }`"
            ],
        );
        check(
            json!({ "type": "text", "format": "%Y" }),
            &expect!["`format` is for columns of type `date` only"],
        );
    }

    #[test]
    fn rows_have_the_shape_of_their_columns() {
        let columns = json!({ "order": "text", "amount": { "type": "decimal", "optional": true }, "x": "{{y}}" });
        let schema = row_schema(Some(&columns));
        assert_eq!(
            schema["properties"],
            json!({
                "order": { "type": "string" },
                "amount": { "type": ["number", "null"], "format": "decimal" },
                "x": {},
            })
        );
        assert_eq!(
            row_schema(Some(&json!("{{inputs.columns}}"))),
            json!({ "type": "object" })
        );
    }
}
