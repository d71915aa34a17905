//! What can be read from a page, and as what.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::browser::locator::{FORMAT, Locator};

/// One thing that is read: a locator, or what of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Reading {
    /// The value of a field, else the visible text.
    Shown(Locator),
    /// The text alone.
    Text(Locator),
    /// What a field holds.
    Value(Locator),
    Attribute {
        name: String,
        of: Locator,
    },
    Number {
        of: Locator,
        /// `.` or `,`; without it only a number that can be read in one way is taken.
        point: Option<char>,
    },
    /// Rows by the heads of their columns.
    Table(Locator),
    /// The text of every element that fits.
    List(Locator),
    /// How many elements fit.
    Count(Locator),
    Cookie(String),
    /// The page's address.
    Url,
}

impl Reading {
    pub(crate) fn locator(&self) -> Option<&Locator> {
        match self {
            Reading::Shown(of)
            | Reading::Text(of)
            | Reading::Value(of)
            | Reading::Attribute { of, .. }
            | Reading::Number { of, .. }
            | Reading::Table(of)
            | Reading::List(of)
            | Reading::Count(of) => Some(of),
            Reading::Cookie(_) | Reading::Url => None,
        }
    }
}

impl TryFrom<Value> for Reading {
    type Error = String;

    fn try_from(value: Value) -> Result<Reading, String> {
        match &value {
            Value::Object(map) if !map.contains_key("find") => of_map(map)
                .ok_or_else(|| format!("{value} cannot be read: one of `text`, `value`, `attribute` and `of`, `number`, `table`, `list`, `count`, `cookie` or `url` can"))?,
            _ => Locator::try_from(value).map(Reading::Shown),
        }
    }
}

fn of_map(map: &Map<String, Value>) -> Option<Result<Reading, String>> {
    let (also, key) = match map.len() {
        1 => (None, map.keys().next()?),
        2 if map.contains_key("of") => (map.get("of"), map.keys().find(|key| *key == "attribute")?),
        2 if map.contains_key("point") => {
            (map.get("point"), map.keys().find(|key| *key == "number")?)
        }
        _ => return None,
    };
    let given = map[key].clone();
    let plain = || given.as_str().map(str::to_owned);
    let as_is = |make: fn(Locator) -> Reading| Some(Locator::try_from(map[key].clone()).map(make));
    match key.as_str() {
        "text" => as_is(Reading::Text),
        "value" => as_is(Reading::Value),
        "table" => as_is(Reading::Table),
        "list" => as_is(Reading::List),
        "count" => as_is(Reading::Count),
        "attribute" => {
            let name = plain()?;
            Some(Locator::try_from(also?.clone()).map(|of| Reading::Attribute { name, of }))
        }
        "number" => {
            let point = match also {
                None => None,
                Some(point) if point == "." || point == "," => point.as_str()?.chars().next(),
                Some(_) => return None,
            };
            Some(Locator::try_from(given).map(|of| Reading::Number { of, point }))
        }
        "cookie" => Some(Ok(Reading::Cookie(plain()?))),
        "url" if given == true => Some(Ok(Reading::Url)),
        _ => None,
    }
}

/// The schema of what comes out, from what stands in the file.
pub(crate) fn output_of(given: &Value) -> Value {
    let has = |key: &str| given.get(key).is_some();
    let rows = json!({
        "type": "array",
        "items": { "type": "object", "additionalProperties": { "type": "string" } },
    });
    match given {
        Value::Object(_) if has("number") => json!({ "type": "number" }),
        Value::Object(_) if has("count") => json!({ "type": "integer" }),
        Value::Object(_) if has("table") => rows,
        Value::Object(_) if has("list") => {
            json!({ "type": "array", "items": { "type": "string" } })
        }
        _ => json!({ "type": "string" }),
    }
}

impl JsonSchema for Reading {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reading".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let locator = |what: &str, generator: &mut SchemaGenerator| {
            let mut schema = generator.subschema_for::<Locator>();
            schema.insert("description".to_owned(), what.into());
            schema
        };
        let text = locator("Its visible text, also of a field.", generator);
        let value = locator("What a field holds.", generator);
        let of = locator("Of which element.", generator);
        let number = locator(
            "A number that it shows, whatever is written around it.",
            generator,
        );
        let table = locator(
            "A table: its rows, each a map by the heads of the columns.",
            generator,
        );
        let list = locator("The texts of all visible elements that fit.", generator);
        let count = locator("How many visible elements fit.", generator);
        let text_of = json!({ "type": "string", "format": FORMAT });
        json_schema!({ "anyOf": [
            { "type": ["string", "array"], "minLength": 1, "items": text_of, "minItems": 1, "format": FORMAT },
            {
                "type": "object",
                "description": "What of it is read; one of these.",
                "properties": {
                    "find": { "type": ["string", "array"], "items": text_of, "format": FORMAT, "description": "An element, with `within`, `near`, `nth`, `exact` or `visible`." },
                    "within": { "type": "string", "format": FORMAT, "description": "What it stands in." },
                    "near": { "type": "string", "format": FORMAT, "description": "What it stands next to." },
                    "nth": { "type": "integer", "description": "Which of those that fit." },
                    "exact": { "type": "boolean", "description": "Whether capital letters count." },
                    "visible": { "type": "boolean", "description": "Whether it must be visible." },
                    "text": text,
                    "value": value,
                    "attribute": { "type": "string", "description": "The name of an attribute; `of` says of which element." },
                    "of": of,
                    "number": number,
                    "point": { "type": "string", "enum": [".", ","], "description": "What stands before the fraction of the number." },
                    "table": table,
                    "list": list,
                    "count": count,
                    "cookie": { "type": "string", "description": "The value of the cookie of this name." },
                    "url": { "type": "boolean", "description": "The address of the page, when true." }
                },
                "additionalProperties": false
            },
        ] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_locator_or_what_of_one() {
        let read = |value: Value| Reading::try_from(value);
        assert!(matches!(read(json!("Total")), Ok(Reading::Shown(_))));
        assert!(matches!(
            read(json!({ "find": "Total", "nth": 2 })),
            Ok(Reading::Shown(_))
        ));
        assert!(matches!(
            read(json!({ "number": "Total", "point": "," })),
            Ok(Reading::Number {
                point: Some(','),
                ..
            })
        ));
        assert!(matches!(
            read(json!({ "attribute": "href", "of": "Invoice" })),
            Ok(Reading::Attribute { .. })
        ));
        assert!(read(json!({ "attribute": "href" })).is_err());
        assert!(read(json!({ "number": "Total", "point": "!" })).is_err());
        assert!(read(json!({ "text": "a", "list": "b" })).is_err());
    }
}
