//! `helpers`: what templates can call, with examples that a test has tried.

use botswain_core::template::{HELPERS, Helper, reference, suggest};
use serde_json::{Value, json};

use super::{
    Global,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint},
    runs::section,
    table,
};
use crate::manual::helpers::title;

pub(super) fn list(global: &Global) -> Outcome {
    match global.json {
        true => output::json(&HELPERS.iter().map(described).collect::<Vec<_>>()),
        false => {
            let rows = HELPERS.iter().map(|helper| {
                let about = title(helper.about).to_lowercase();
                [helper.name.to_owned(), about, helper.doc.to_owned()]
            });
            output::data(&table::of(["helper", "about", "what it gives"], rows));
        }
    }
    Ok(Code::Done)
}

pub(super) fn show(global: &Global, name: &str) -> Outcome {
    let helper = reference::find(name).ok_or_else(|| unknown(name))?;
    match global.json {
        true => output::json(&described(helper)),
        false => output::data(&manual(helper)),
    }
    Ok(Code::Done)
}

fn unknown(name: &str) -> Failure {
    let failure = Failure::usage(format!("there is no helper `{name}`"));
    let near = suggest::helper(name);
    failure.hint(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`botswain helpers` lists them".to_owned(),
    })
}

fn described(helper: &Helper) -> Value {
    let examples = helper.examples().map(|example| {
        json!({ "template": example.source, "data": value(example.context), "result": value(example.result) })
    });
    json!({
        "name": helper.name,
        "about": title(helper.about),
        "signature": helper.signature,
        "doc": helper.doc,
        "examples": examples.collect::<Vec<_>>(),
    })
}

/// The examples of the reference are JSON, which a test says.
fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

fn manual(helper: &Helper) -> String {
    let mut lines = vec![
        Paint::of_stdout().bold(helper.signature),
        table::prose(helper.doc, 0),
    ];
    for example in helper.examples() {
        let rows = [
            ("template", example.source),
            ("data", example.context),
            ("result", example.result),
        ];
        let rows = rows.map(|(name, text)| (name.to_owned(), text.to_owned()));
        lines.extend(section("example", table::copied(&rows)));
    }
    lines.join("\n")
}
