//! `workflows`: what can be started, as the files say.

use std::collections::BTreeMap;

use botswain_core::plan::{Input, InputKind, Plan};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{
    Global,
    outcome::{Code, Failure, Outcome},
    output::{self, tame},
    table, times,
};
use crate::{
    client::Client,
    daemon::StartError,
    instance::{CONFIG_FILE, Instance},
    meant,
    pauses::Pauses,
    views::RunView,
    workflows,
};

pub(super) fn list(global: &Global) -> Outcome {
    let instance = global.instance()?;
    let checked = workflows::check(&instance)?;
    let plans: Vec<&Plan> = checked
        .versions
        .iter()
        .map(|version| &version.plan)
        .collect();
    let pauses = Pauses::open(instance.private().pauses()).map_err(StartError::Pauses)?;
    let folders = instance.workflow_folders()?;
    match (global.json, plans.is_empty()) {
        (true, _) => {
            let all = plans
                .iter()
                .map(|plan| described(plan, (&folders, &pauses)));
            output::json(&all.collect::<Vec<_>>());
        }
        (false, true) if checked.files == 0 => {
            output::data("no workflows yet; `botswain new NAME` begins one");
        }
        (false, true) if checked.config.is_some() => {
            output::data("no workflow is without mistakes");
        }
        // What is the matter stands on stderr.
        (false, true) => (),
        (false, false) => output::data(&listed(&plans, (&folders, &pauses))),
    }
    if checked.config.is_none() {
        return Err(Failure::usage(format!(
            "`{CONFIG_FILE}` has mistakes, and no workflow runs before they are mended"
        ))
        .hint("see `botswain check`"));
    }
    tell_missing(&checked);
    Ok(Code::Done)
}

/// Says on stderr that a list is not whole.
pub(super) fn tell_missing(checked: &workflows::Checked) {
    if checked.errors() > 0 {
        output::hint("some files have mistakes and are missing here; see `botswain check`");
    }
}

/// Refuses a name that no file has and no run ever had.
pub(super) async fn known(instance: &Instance, client: &Client, name: &str) -> Result<(), Failure> {
    let (files, _) = instance.workflow_files()?;
    let stems = files.iter().filter_map(|file| file.file_stem()?.to_str());
    let names: Vec<&str> = stems.collect();
    if names.contains(&name) {
        return Ok(());
    }
    let escaped = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let runs: Vec<RunView> = client
        .get(&format!("/api/v1/runs?limit=1&workflow={escaped}"))
        .await?;
    if !runs.is_empty() {
        return Ok(());
    }
    let failure = Failure::usage(format!(
        "there is no workflow `{name}`, and no run of one that was called so"
    ));
    Err(match meant::workflow(name, &names) {
        None => failure,
        Some(hint) => failure.hint(hint),
    })
}

/// In which folder each workflow lies, and which are paused.
type Standing<'s> = (&'s BTreeMap<String, String>, &'s Pauses);

fn described(plan: &Plan, (folders, pauses): Standing<'_>) -> serde_json::Value {
    json!({
        "name": plan.name,
        "folder": folders.get(&plan.name),
        "description": plan.description,
        "inputs": plan.inputs,
        "triggers": plan.triggers,
        "paused": pauses.of(&plan.name),
    })
}

fn listed(plans: &[&Plan], (folders, pauses): Standing<'_>) -> String {
    let rows = plans.iter().map(|plan| {
        let inputs = plan
            .inputs
            .iter()
            .map(|(name, input)| described_input(name, input));
        [
            plan.name.clone(),
            folders.get(&plan.name).cloned().unwrap_or_default(),
            inputs.collect::<Vec<_>>().join(", "),
            plan.triggers
                .iter()
                .map(|it| it.on.to_string())
                .collect::<Vec<_>>()
                .join(", "),
            pauses.of(&plan.name).map_or_else(String::new, |pause| {
                format!("by {} since {}", tame(&pause.by), times::clock(pause.at))
            }),
            plan.description.clone().unwrap_or_default(),
        ]
    });
    let head = [
        "workflow",
        "folder",
        "inputs",
        "starts",
        "paused",
        "description",
    ];
    table::sparing(head, rows, &["starts", "inputs"])
}

/// `file: file`, with a question mark when it may be left out.
fn described_input(name: &str, input: &Input) -> String {
    let optional = if input.default.is_some() { "?" } else { "" };
    format!("{name}{optional}: {}", kind(input.kind))
}

fn kind(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Text => "text",
        InputKind::Integer => "integer",
        InputKind::Decimal => "decimal",
        InputKind::Boolean => "boolean",
        InputKind::Date => "date",
        InputKind::File => "file",
        InputKind::List => "list",
        InputKind::Object => "object",
    }
}
