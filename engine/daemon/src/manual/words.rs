//! What a JSON Schema says, in words: names, types and meanings of properties.
//!
//! A type is told as its author writes it: `text`, `whole number`, `list of
//! map`, `duration`. `null` is unsaid: it is what stands there when nothing is
//! given.

use botswain_core::{Category, Effect};
use serde_json::Value;

/// A property: what it is called, its type, what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub kind: String,
    pub required: bool,
    pub text: String,
}

/// The first sentences of a description, up to the first empty line.
pub fn purpose(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    one_line(text.split("\n\n").next().unwrap_or_default())
}

pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The properties of a schema.
pub fn fields(schema: &Value) -> Vec<Field> {
    fields_of(schema, schema)
}

/// The properties of an output: what is given has not to be asked for.
pub fn given(schema: &Value) -> Vec<Field> {
    let fields = fields(schema).into_iter();
    let given = fields.map(|field| Field {
        required: false,
        ..field
    });
    given.collect()
}

/// What stands in the lists of maps among the properties, such as actions.
pub fn inner(schema: &Value) -> Vec<(String, Vec<Field>)> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let lists = properties.map(|(name, property)| {
        let items = resolved(&property["items"], schema);
        let fields = match ways(items) {
            Some(ways) => ways.iter().flat_map(|it| way(it, schema)).collect(),
            None => fields_of(items, schema),
        };
        (name.clone(), fields)
    });
    lists.filter(|(_, fields)| !fields.is_empty()).collect()
}

/// What a step does to the world: the word for it, and its sense.
pub fn effect(effect: Effect) -> [&'static str; 2] {
    match effect {
        Effect::None => ["none", "it reads"],
        Effect::Repeatable => ["repeatable", "done again, it changes nothing more"],
        Effect::Once => [
            "once",
            "never done again unless it is known not to have happened",
        ],
    }
}

pub fn category(category: Category) -> &'static str {
    match category {
        Category::Business => "business",
        Category::System => "system",
    }
}

fn ways(schema: &Value) -> Option<&Vec<Value>> {
    let ways = schema["oneOf"].as_array();
    ways.or_else(|| schema["anyOf"].as_array())
}

/// One of several ways is documented as a whole: its property's type is only how it is written,
/// and it is required only of whoever goes this way.
fn way(schema: &Value, root: &Value) -> Vec<Field> {
    let own = schema["description"].as_str().map(one_line);
    let mut fields = fields_of(schema, root);
    if let [field] = fields.as_mut_slice() {
        field.required = false;
        field.text = own.unwrap_or_else(|| std::mem::take(&mut field.text));
    }
    fields
}

fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str();
    let target = target.map(|target| target.trim_start_matches('#'));
    target
        .and_then(|target| root.pointer(target))
        .unwrap_or(schema)
}

fn fields_of(schema: &Value, root: &Value) -> Vec<Field> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let fields = properties.map(|(name, property)| Field {
        name: name.clone(),
        kind: kind(property, root),
        required: schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|it| it == name)),
        text: meaning(property, schema),
    });
    fields.collect()
}

fn meaning(property: &Value, schema: &Value) -> String {
    let default = match &property["default"] {
        Value::Null => String::new(),
        Value::Array(items) if items.is_empty() => String::new(),
        Value::Object(map) if map.is_empty() => String::new(),
        default => format!(" Default: {default}."),
    };
    let text = property["description"].as_str();
    let text = text.or_else(|| schema["description"].as_str());
    format!("{}{default}", one_line(text.unwrap_or_default()))
}

/// The type of a property in a few words.
fn kind(property: &Value, root: &Value) -> String {
    if property["$ref"].is_string() {
        return match resolved(property, root) {
            unresolved if unresolved == property => anything(),
            target => kind(target, root),
        };
    }
    if let Some(word) = property["format"].as_str().and_then(by_format) {
        return word.to_owned();
    }
    if let Some(values) = property["enum"].as_array() {
        let values = values.iter().filter_map(Value::as_str);
        return values.collect::<Vec<_>>().join(" | ");
    }
    if let Some(constant) = property["const"].as_str() {
        return constant.to_owned();
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(choices) = property[choice].as_array() {
            return alternatives(choices.iter().map(|it| kind(it, root)));
        }
    }
    match &property["type"] {
        Value::Array(types) => {
            let types = types.iter().filter_map(Value::as_str);
            alternatives(types.map(|it| simple(it, property, root)))
        }
        Value::String(name) => simple(name, property, root),
        _ => anything(),
    }
}

/// What a text or an object stands for.
fn by_format(format: &str) -> Option<&'static str> {
    Some(match format {
        "duration" => "duration",
        "secret" => "secret",
        "template" => "name of a template file",
        "artifact" => "file",
        "path" | "target" => "path",
        "decimal" => "decimal",
        _ => return None,
    })
}

fn anything() -> String {
    "anything".to_owned()
}

/// Each once, and `null` unsaid.
fn alternatives(kinds: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for kind in kinds.filter(|kind| kind != "null") {
        if !seen.contains(&kind) {
            seen.push(kind);
        }
    }
    seen.join(" | ")
}

fn simple(name: &str, schema: &Value, root: &Value) -> String {
    match name {
        "string" => "text".to_owned(),
        "array" => match &schema["items"] {
            Value::Object(_) => format!("list of {}", kind(&schema["items"], root)),
            _ => "list".to_owned(),
        },
        "object" => match &schema["additionalProperties"] {
            Value::Object(_) => format!("map of {}", kind(&schema["additionalProperties"], root)),
            _ => "map".to_owned(),
        },
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    }
}
