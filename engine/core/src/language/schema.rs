//! The one JSON Schema of workflow files: for editors, the check and the manual.
//!
//! It is generated from the model; the parameters of each bot are hung in where
//! its name stands after `bot:`. A template may stand for any value in them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::model::Workflow;
use crate::catalogue::{BotSchema, Catalogue};

/// The schema of the model alone, which the check walks.
pub(crate) fn workflow() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Workflow).to_value());
    &SCHEMA
}

/// The schema of workflow files, with the parameters of every bot in the catalogue.
pub fn schema(catalogue: &Catalogue) -> Value {
    let mut schema = workflow().clone();
    let mut rules = vec![json!({
        "oneOf": [{ "required": ["bot"] }, { "required": ["for_each"] }]
    })];
    let mut definitions = Map::new();
    for bot in catalogue.bots.values() {
        rules.push(rule(bot, &mut definitions));
    }
    let names: Vec<&str> = catalogue.bots.keys().copied().collect();
    let step = &mut schema["$defs"]["Step"];
    step["properties"]["bot"]["enum"] = json!(names);
    step["allOf"] = Value::Array(rules);
    if let Some(all) = schema["$defs"].as_object_mut() {
        all.extend(definitions);
    }
    schema
}

/// "If the bot is this one, its parameters are these."
fn rule(bot: &BotSchema, definitions: &mut Map<String, Value>) -> Value {
    let mut parameters = bot.parameters.clone();
    let own = parameters.as_object_mut().and_then(|schema| {
        schema.remove("$schema");
        schema.remove("$defs")
    });
    if let Some(Value::Object(own)) = own {
        for (name, mut definition) in own {
            point_to(bot.name, &mut definition);
            definitions.insert(format!("{}:{name}", bot.name), templated(definition));
        }
    }
    point_to(bot.name, &mut parameters);
    let required = parameters.get("required").is_some_and(Value::is_array);
    let mut then = json!({ "properties": { "with": below(parameters) } });
    let mut needs: Vec<&str> = Vec::new();
    needs.extend(required.then_some("with"));
    needs.extend(bot.needs_connection.then_some("connection"));
    then["required"] = json!(needs);
    json!({
        "if": { "properties": { "bot": { "const": bot.name } }, "required": ["bot"] },
        "then": then
    })
}

/// Moves references to definitions to where they stand in the whole: `#/$defs/BOT:NAME`.
fn point_to(bot: &str, schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), &value) {
                    ("$ref", Value::String(reference)) => {
                        let name = reference.strip_prefix("#/$defs/");
                        let moved = name.map(|name| format!("#/$defs/{bot}:{name}"));
                        *value = moved.unwrap_or_else(|| "#".to_owned()).into();
                    }
                    _ => point_to(bot, value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point_to(bot, item)),
        _ => (),
    }
}

/// The schema, or a string with a template in it.
fn templated(schema: Value) -> Value {
    let schema = below(schema);
    let text = json!({ "type": "string", "pattern": "\\{\\{" });
    let is_text = schema["type"] == "string";
    let free = ["enum", "const", "pattern", "minLength", "format"]
        .iter()
        .all(|key| schema.get(key).is_none());
    match (&schema, schema.get("format").and_then(Value::as_str)) {
        (Value::Bool(_), _) => schema,
        // A secret is nothing but a template, the name of a file never one.
        (_, Some("secret")) => {
            json!({ "type": "string", "pattern": "^\\{\\{ *secrets\\.[^}]+\\}\\}$" })
        }
        (_, Some("template")) => schema,
        _ if is_text && free || schema.get("type").is_none() && free && !alternatives(&schema) => {
            schema
        }
        _ => {
            let description = schema.get("description").cloned();
            let mut either = json!({ "anyOf": [schema, text] });
            if let Some(description) = description {
                either["description"] = description;
            }
            either
        }
    }
}

fn alternatives(schema: &Value) -> bool {
    ["anyOf", "oneOf", "allOf"]
        .iter()
        .any(|key| schema.get(key).is_some())
}

/// Lets templates stand for everything below, but not for the schema as a whole.
fn below(mut schema: Value) -> Value {
    for key in ["properties"] {
        if let Some(Value::Object(properties)) = schema.get_mut(key) {
            for value in properties.values_mut() {
                *value = templated(value.take());
            }
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(value @ Value::Object(_)) = schema.get_mut(key) {
            *value = templated(value.take());
        }
    }
    for key in ["prefixItems", "anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(items)) = schema.get_mut(key) {
            for value in items {
                *value = below(value.take());
            }
        }
    }
    schema
}
