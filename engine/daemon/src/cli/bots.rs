//! `bots` and `schema`: the manual, made of the bots' own schemas.

use botswain_bot::BotSpec;
use botswain_core::language;
use serde_json::{Value, json};

use super::{
    Global,
    arguments::SchemaOf,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint},
    runs::section,
    table,
};
use crate::instance::Config;

pub(super) fn list(global: &Global) -> Outcome {
    match global.json {
        true => output::json(&botswain_bots::ALL.iter().map(described).collect::<Vec<_>>()),
        false => {
            let rows = botswain_bots::ALL
                .iter()
                .map(|bot| [bot.name.to_owned(), purpose(&(bot.parameters)().to_value())]);
            output::data(&table::of(["bot", "what it does"], rows));
        }
    }
    Ok(Code::Done)
}

pub(super) fn show(global: &Global, name: &str) -> Outcome {
    let Some(bot) = botswain_bots::find(name) else {
        return Err(unknown(name));
    };
    match global.json {
        true => output::json(&described(bot)),
        false => output::data(&manual(bot)),
    }
    Ok(Code::Done)
}

/// The schema of a file; of a workflow with this instance's names in it, if there is one here.
pub(super) fn schema(global: &Global, of: SchemaOf) -> Outcome {
    output::json(&match of {
        SchemaOf::Instance => Config::schema(botswain_bots::CONNECTIONS),
        SchemaOf::Tests => language::tests_schema().clone(),
        SchemaOf::Workflow => workflow_schema(global)?,
    });
    Ok(Code::Done)
}

fn workflow_schema(global: &Global) -> Result<Value, Failure> {
    let instance = match global.instance() {
        // Outside of an instance the schema knows the bots alone.
        Err(_) if global.dir.is_none() => None,
        instance => Some(instance?),
    };
    let reading = match &instance {
        Some(instance) => Some(instance.config()?),
        None => None,
    };
    let reading = reading.filter(|reading| reading.config.is_some());
    let catalogue = match (&instance, &reading) {
        (Some(instance), Some(reading)) => instance.catalogue(&reading.outline)?.catalogue,
        _ => botswain_core::catalogue::Catalogue {
            bots: botswain_bots::ALL
                .iter()
                .map(|bot| (bot.name, bot.schema()))
                .collect(),
            ..Default::default()
        },
    };
    Ok(language::schema(&catalogue))
}

fn unknown(name: &str) -> Failure {
    let names = botswain_bots::ALL.iter().map(|bot| bot.name);
    let near = names
        .clone()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    let failure = Failure::usage(format!("there is no bot `{name}`"));
    match near {
        Some((_, known)) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint(format!(
            "there are: {}",
            names.collect::<Vec<_>>().join(", ")
        )),
    }
}

fn described(bot: &BotSpec) -> Value {
    json!({
        "name": bot.name,
        "connections": bot.connections,
        "needs_connection": bot.needs_connection,
        "example": bot.example,
        "parameters": (bot.parameters)(),
        "output": (bot.output)(&json!({})),
    })
}

/// The first sentences of the manual, up to the first empty line.
fn purpose(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    one_line(text.split("\n\n").next().unwrap_or_default())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn manual(bot: &BotSpec) -> String {
    let parameters = (bot.parameters)().to_value();
    let mut lines = vec![Paint::of_stdout().bold(bot.name)];
    lines.extend(
        parameters["description"]
            .as_str()
            .map(|text| table::prose(text, 0)),
    );
    if !bot.connections.is_empty() {
        let must = if bot.needs_connection {
            "needs"
        } else {
            "may have"
        };
        let kinds = bot.connections.join(" or ");
        lines.push(format!("\nIt {must} a connection of the kind {kinds}."));
    }
    lines.extend(section("parameters", fields(&parameters, true)));
    lines.extend(inner(&parameters).into_iter().flatten());
    let output = (bot.output)(&json!({}));
    lines.extend(section("output", fields(&output, false)));
    lines.extend(section(
        "example",
        bot.example.trim_matches('\n').to_owned(),
    ));
    lines.join("\n")
}

/// What stands in the lists of maps among the parameters, such as actions.
fn inner(schema: &Value) -> Vec<Vec<String>> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let sections = properties.map(|(name, property)| {
        let items = resolved(&property["items"], schema);
        let choices = items["oneOf"]
            .as_array()
            .or_else(|| items["anyOf"].as_array());
        let fields = match choices {
            Some(choices) => choices.iter().map(|it| fields_of(it, schema)).collect(),
            None => vec![fields_of(items, schema)],
        };
        let rows = fields.into_iter().flatten();
        section(&format!("each of `{name}`"), table::of_parts(rows))
    });
    sections.filter(|section| !section.is_empty()).collect()
}

fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let target = schema["$ref"]
        .as_str()
        .map(|target| target.trim_start_matches('#'));
    target
        .and_then(|target| root.pointer(target))
        .unwrap_or(schema)
}

/// The properties of a schema: name, type, what it is.
fn fields(schema: &Value, tell_required: bool) -> String {
    let required = |name: &str| {
        let mut names = schema["required"].as_array().into_iter().flatten();
        tell_required && names.any(|it| it == name)
    };
    table::of_parts(
        fields_of(schema, schema)
            .into_iter()
            .map(|[name, kind, text]| {
                let must = if required(&name) { " (required)" } else { "" };
                [name, format!("{kind}{must}"), text]
            }),
    )
}

fn fields_of(schema: &Value, root: &Value) -> Vec<[String; 3]> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let rows = properties.map(|(name, property)| {
        let default = match &property["default"] {
            Value::Null => String::new(),
            Value::Array(items) if items.is_empty() => String::new(),
            Value::Object(map) if map.is_empty() => String::new(),
            default => format!(" Default: {default}."),
        };
        let text = property["description"]
            .as_str()
            .or_else(|| schema["description"].as_str());
        let text = one_line(text.unwrap_or_default());
        [
            name.clone(),
            kind(property, root),
            format!("{text}{default}"),
        ]
    });
    rows.collect()
}

/// The type of a property in a few words.
fn kind(property: &Value, root: &Value) -> String {
    if let Some(target) = property["$ref"].as_str() {
        let pointer = target.trim_start_matches('#');
        return root
            .pointer(pointer)
            .map_or_else(anything, |it| kind(it, root));
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
        Value::Array(types) => alternatives(
            types
                .iter()
                .filter_map(Value::as_str)
                .map(|it| simple(it, property, root)),
        ),
        Value::String(name) => simple(name, property, root),
        _ => anything(),
    }
}

fn anything() -> String {
    "anything".to_owned()
}

/// Each once, and `null` unsaid: it is what stands there when nothing is given.
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
        other => other.to_owned(),
    }
}
