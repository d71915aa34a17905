//! The actions of the shipped workflow for the form that changes all the time.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};

fn sample(file: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("../samples/rpa-challenge").join(file)
}

/// The actions of the workflow, with the rows that `sheet.read` would give.
pub(crate) fn actions() -> Value {
    let workflow = std::fs::read_to_string(sample("workflows/rpa-challenge.yaml"));
    let workflow: Value =
        serde_yaml::from_str(&workflow.expect("the workflow")).expect("it is YAML");
    let mut actions = workflow["steps"][1]["with"]["actions"].clone();
    let mut sheet = csv::Reader::from_path(sample("people.csv")).expect("the people");
    let rows: Result<Vec<BTreeMap<String, String>>, _> = sheet.deserialize().collect();
    actions[2]["each"]["rows"] = json!(rows.expect("rows"));
    actions
}
