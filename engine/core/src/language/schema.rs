//! The one JSON Schema of workflow files: for editors, the check and the manual.
//!
//! It is generated from the model; the parameters of each bot are a definition of
//! its name, named where that stands after `bot:`. A template may stand for any
//! value in them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::model::{TestFile, Workflow};
use crate::{
    catalogue::{BotSchema, Catalogue},
    check::kinds::{KINDS, OWNERS},
};

/// The schema of the model alone, which the check walks.
pub(crate) fn workflow() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Workflow).to_value());
    &SCHEMA
}

/// The schema of files of tests, for editors and for the check.
pub fn tests_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(TestFile).to_value());
    &SCHEMA
}

/// The schema of workflow files, with the parameters of every bot in the catalogue.
pub fn schema(catalogue: &Catalogue) -> Value {
    let mut schema = workflow().clone();
    let mut definitions = Map::new();
    let bots = catalogue.bots.values();
    let bots: Vec<Value> = bots.map(|bot| rule(bot, &mut definitions)).collect();
    let names: Vec<&str> = catalogue.bots.keys().copied().collect();
    for (definition, rules) in [("Step", [kinds(), bots.clone()].concat()), ("Verify", bots)] {
        let definition = &mut schema["$defs"][definition];
        definition["properties"]["bot"]["enum"] = json!(names);
        definition["allOf"] = Value::Array(rules);
    }
    known(&mut schema, catalogue);
    if let Some(all) = schema["$defs"].as_object_mut() {
        all.extend(definitions);
    }
    forget_nulls(&mut schema);
    schema
}

/// That nothing is the default is nothing that an editor should offer.
fn forget_nulls(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("default").is_some_and(Value::is_null) {
                map.remove("default");
            }
            map.values_mut().for_each(forget_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_nulls),
        _ => (),
    }
}

/// A step is of one kind, and has only keys that belong to it.
fn kinds() -> Vec<Value> {
    let has = |key: &str| json!({ "required": [key] });
    let mut rules = vec![json!({ "oneOf": KINDS.map(has) })];
    for (key, owners) in OWNERS {
        let owners: Vec<Value> = owners.iter().copied().map(has).collect();
        rules.push(json!({ "if": has(key), "then": { "anyOf": owners } }));
    }
    rules
}

/// The names that the instance has, where it has any.
fn known(schema: &mut Value, catalogue: &Catalogue) {
    let workflows: Vec<&String> = catalogue.workflows.keys().collect();
    if !workflows.is_empty() {
        schema["$defs"]["Step"]["properties"]["call"]["enum"] = json!(workflows);
    }
    let connections: Vec<&String> = catalogue.connections.keys().collect();
    if !connections.is_empty() && !catalogue.more_connections {
        for definition in ["Step", "Verify"] {
            schema["$defs"][definition]["properties"]["connection"]["enum"] = json!(connections);
        }
    }
    let groups: Vec<&String> = catalogue.groups.iter().collect();
    if !groups.is_empty() {
        schema["$defs"]["Step"]["properties"]["ask"]["items"]["enum"] = json!(groups);
        schema["$defs"]["Escalate"]["properties"]["to"]["items"]["enum"] = json!(groups);
        schema["$defs"]["Exceptions"]["properties"]["assign"]["enum"] = json!(groups);
    }
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
    let with = format!("#/$defs/{}", bot.name);
    definitions.insert(bot.name.to_owned(), below(parameters));
    let mut then = json!({ "properties": { "with": { "$ref": with } } });
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
