//! `bots` and `schema`: the manual and the schemas, made of the bots themselves.

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
use crate::{
    api, editor,
    manual::{
        bots,
        words::{self, Field},
    },
};

pub(super) fn list(global: &Global) -> Outcome {
    match global.json {
        true => output::json(&botswain_bots::ALL.iter().map(described).collect::<Vec<_>>()),
        false => {
            let rows = botswain_bots::ALL.iter().map(|bot| {
                [
                    bot.name.to_owned(),
                    words::purpose(&(bot.parameters)().to_value()),
                ]
            });
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
pub(super) fn schema(global: &Global, of: SchemaOf, write: bool) -> Outcome {
    if write {
        let instance = global.instance()?;
        for file in editor::write(&instance)? {
            output::data(&format!("wrote {file}"));
        }
        return Ok(Code::Done);
    }
    let instance = match global.instance() {
        // Outside of an instance the schema knows the bots alone.
        Err(_) if global.dir.is_none() => None,
        instance => Some(instance?),
    };
    output::json(&match of {
        SchemaOf::Api => api::openapi::document(),
        SchemaOf::Instance => editor::config_schema(),
        SchemaOf::Tests => language::tests_schema().clone(),
        SchemaOf::Workflow => editor::workflow_schema(instance.as_ref())?,
    });
    Ok(Code::Done)
}

fn unknown(name: &str) -> Failure {
    let names = botswain_bots::ALL.iter().map(|bot| bot.name);
    let near = names
        .clone()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    let failure = Failure::usage(format!("there is no bot `{name}`"));
    let of_noun: Vec<&str> = names
        .clone()
        .filter(|it| it.split('.').next() == Some(name))
        .collect();
    match near {
        _ if !of_noun.is_empty() => failure.hint(format!("there is: {}", of_noun.join(", "))),
        Some((_, known)) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint(format!(
            "there are: {}",
            names.collect::<Vec<_>>().join(", ")
        )),
    }
}

fn described(bot: &BotSpec) -> Value {
    let effects = bot.effects.iter();
    let faults = bot
        .faults()
        .map(|fault| json!({ "code": fault.code, "category": fault.category, "when": fault.when }));
    json!({
        "name": bot.name,
        "connections": bot.connections,
        "needs_connection": bot.needs_connection,
        "example": bot.example,
        "parameters": (bot.parameters)(),
        "output": (bot.output)(&json!({})),
        "effects": effects.map(|(effect, when)| json!({ "effect": effect, "when": when })).collect::<Vec<_>>(),
        "faults": faults.collect::<Vec<_>>(),
    })
}

fn manual(bot: &BotSpec) -> String {
    let parameters = (bot.parameters)().to_value();
    let mut lines = vec![Paint::of_stdout().bold(bot.name)];
    lines.extend(
        parameters["description"]
            .as_str()
            .map(|text| table::prose(text, 0)),
    );
    lines.push(String::new());
    let facts = bots::facts(bot);
    lines.extend(facts.iter().map(|fact| table::prose(fact, 0)));
    lines.extend(section("parameters", listed(&words::fields(&parameters))));
    for (name, fields) in words::inner(&parameters) {
        lines.extend(section(&format!("each of `{name}`"), listed(&fields)));
    }
    let output = (bot.output)(&json!({}));
    lines.extend(section("output", listed(&words::given(&output))));
    lines.extend(section("faults", faults(bot)));
    lines.extend(section(
        "example",
        bot.example.trim_matches('\n').to_owned(),
    ));
    lines.join("\n")
}

fn listed(fields: &[Field]) -> String {
    table::of_parts(fields.iter().map(|field| {
        let must = if field.required { " (required)" } else { "" };
        let kind = format!("{}{must}", field.kind);
        [field.name.clone(), kind, field.text.clone()]
    }))
}

/// Its own; those of every step stand on the page `docs/bots.md`.
fn faults(bot: &BotSpec) -> String {
    table::of_parts(bot.faults().map(|fault| {
        let category = words::category(fault.category);
        [fault.code, category, fault.when].map(str::to_owned)
    }))
}
