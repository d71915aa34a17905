//! What the output of a step holds, told from its actions as they stand in the file.
//!
//! In: `with` of a step, still with templates. Out: a schema, by which the check
//! knows what later steps may ask for. It agrees with what the player keeps.

use botswain_bot::schema;
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

use super::{action, locator};

/// Where the output keeps the pictures that were asked for.
pub(super) const PICTURES: &str = "screenshots";
/// Where the output keeps the pictures of effects.
pub(super) const EFFECTS: &str = "effects";
/// Where the output says what was found by another alternative than the first.
pub(super) const DRIFT: &str = "drift";

const READ: &str =
    "What was read, under the names that `read` gives, and under `screenshots` the pictures.";

/// The names that `actions` (of the file, so with templates) read; any shape when it cannot be told.
pub(super) fn schema_of(with: &Value) -> Schema {
    let mut properties = Map::new();
    match note_reads(&with["actions"], Often::Once, &mut properties) {
        Some(()) => {
            if names_alternatives(&with["actions"]) {
                let texts = json!({ "type": "array", "items": { "type": "string" } });
                properties.insert(DRIFT.to_owned(), texts);
            }
            if with["evidence"] == "steps" {
                properties.insert(EFFECTS.to_owned(), effects_schema());
            }
            let required: Vec<&String> = properties.keys().collect();
            let required = json!(required);
            json_schema!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        }
        None => json_schema!({ "description": READ }),
    }
}

/// The pictures of effects, those that were left out as null.
fn effects_schema() -> Value {
    let picture = schema::artifact_or_null(&mut schemars::SchemaGenerator::default());
    let properties = json!({ "action": { "type": "string" }, "before": picture, "after": picture });
    let effect = json!({
        "type": "object",
        "properties": properties,
        "required": ["action", "before", "after"],
        "additionalProperties": false,
    });
    json!({ "type": "array", "items": effect })
}

/// How a name in the output is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Often {
    Once,
    /// By one of two branches.
    Perhaps,
    Many,
}

impl Often {
    fn schema(self, one: Value) -> Value {
        match self {
            Often::Once => one,
            Often::Perhaps => json!({ "anyOf": [one, { "type": "null" }] }),
            Often::Many => json!({ "type": "array", "items": one }),
        }
    }

    fn perhaps(self) -> Often {
        match self {
            Often::Many => Often::Many,
            Often::Once | Often::Perhaps => Often::Perhaps,
        }
    }
}

fn note_reads(actions: &Value, often: Often, properties: &mut Map<String, Value>) -> Option<()> {
    let file = || schema::artifact(&mut schemars::SchemaGenerator::default()).to_value();
    for action in actions.as_array()? {
        let (name, given) = action.as_object()?.iter().next()?;
        match name.as_str() {
            "read" => {
                let reads = given.as_object()?.iter();
                let reads =
                    reads.map(|(name, read)| (name.clone(), often.schema(action::output_of(read))));
                properties.extend(reads);
            }
            "download" => {
                let name = given["as"].as_str()?.to_owned();
                properties.insert(name, often.schema(file()));
            }
            "pdf" => drop(properties.insert(given.as_str()?.to_owned(), often.schema(file()))),
            "script" => {
                if let Some(name) = given.get("as") {
                    properties.insert(name.as_str()?.to_owned(), often.schema(json!({})));
                }
            }
            "screenshot" => {
                let pictures = properties
                    .entry(PICTURES)
                    .or_insert_with(|| json!({ "type": "object", "properties": {} }));
                let name = given.get("as").unwrap_or(given).as_str()?;
                pictures["properties"][name] = json!({ "type": "object" });
            }
            "each" => note_reads(&given["do"], Often::Many, properties)?,
            "repeat" => {
                note_reads(&given["do"], Often::Many, properties)?;
                if let Some(next) = given.get("next") {
                    note_reads(next, Often::Many, properties)?;
                }
            }
            "if" => {
                note_reads(&given["do"], often.perhaps(), properties)?;
                if let Some(otherwise) = given.get("else") {
                    note_reads(otherwise, often.perhaps(), properties)?;
                }
            }
            "frame" | "window" => note_reads(&given["do"], often, properties)?,
            _ => (),
        }
    }
    Some(())
}

/// Whether actions of the file name an element by alternatives; as [`action::offers_alternatives`]
/// sees it once they are rendered.
fn names_alternatives(actions: &Value) -> bool {
    fn several(locator: &Value) -> bool {
        match locator {
            Value::String(written) => written.contains(locator::OR),
            Value::Array(_) => true,
            Value::Object(map) => map.get("find").is_some_and(several),
            _ => false,
        }
    }
    let of_read = |read: &Value| match read {
        Value::Object(map) if !map.contains_key("find") => map.values().any(several),
        read => several(read),
    };
    let of = |(name, given): (&String, &Value)| match name.as_str() {
        "fill" | "type" | "select" | "upload" => {
            let fields = given.as_object().into_iter().flat_map(Map::keys);
            fields.into_iter().any(|field| field.contains(locator::OR))
        }
        "read" => given.as_object().is_some_and(|it| it.values().any(of_read)),
        "scroll" => several(&given["element"]),
        "drag" => several(&given["from"]) || several(&given["to"]),
        "download" => several(&given["click"]),
        "screenshot" => given.get("of").is_some_and(several),
        "wait_for" | "expect" | "open" | "pdf" | "script" | "dialog" => false,
        "each" | "window" => names_alternatives(&given["do"]),
        "repeat" => names_alternatives(&given["do"]) || names_alternatives(&given["next"]),
        "if" => names_alternatives(&given["do"]) || names_alternatives(&given["else"]),
        "frame" => several(&given["in"]) || names_alternatives(&given["do"]),
        _ => several(given),
    };
    let mut actions = actions.as_array().into_iter().flatten();
    actions.any(|action| action.as_object().into_iter().flatten().any(of))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_output_has_what_is_read() {
        let with = json!({ "actions": [
            { "open": "/" },
            { "read": { "number": "css=#n" } },
            { "each": { "rows": "{{lines}}", "do": [{ "read": { "places": "Place" } }] } },
            { "screenshot": "saved" },
        ] });
        expect![[r#"{"type":"object","properties":{"number":{"type":"string"},"places":{"type":"array","items":{"type":"string"}},"screenshots":{"type":"object","properties":{"saved":{"type":"object"}}}},"required":["number","places","screenshots"],"additionalProperties":false}"#]]
        .assert_eq(&schema_of(&with).to_value().to_string());
        let with = json!({ "actions": [
            { "fill": { "SKU || css=#sku": "{{line.sku}}" } },
            { "frame": { "in": "Editor", "do": [{ "read": { "a": "css=#a" } }] } },
        ] });
        let output = schema_of(&with).to_value();
        assert_eq!(output["required"], json!(["a", "drift"]));
        let with = json!({ "evidence": "steps", "actions": [{ "submit": "Save" }] });
        assert_eq!(schema_of(&with).to_value()["required"], json!(["effects"]));
        let unknown = schema_of(&json!({ "actions": "{{steps.a.actions}}" }));
        assert_eq!(unknown.get("properties"), None, "any name may be there");
    }
}
