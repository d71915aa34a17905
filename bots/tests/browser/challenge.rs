//! The sample whose form changes all the time: its own workflow fills all of it.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};

use crate::world::scenario;

fn sample(file: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("../samples/rpa-challenge").join(file)
}

/// The actions of the workflow, with the rows that `sheet.read` would give.
fn actions() -> Value {
    let workflow = std::fs::read_to_string(sample("workflows/rpa-challenge.yaml"));
    let workflow: Value =
        serde_yaml::from_str(&workflow.expect("the workflow")).expect("it is YAML");
    let mut actions = workflow["steps"][1]["with"]["actions"].clone();
    let mut sheet = csv::Reader::from_path(sample("people.csv")).expect("the people");
    let rows: Result<Vec<BTreeMap<String, String>>, _> = sheet.deserialize().collect();
    actions[2]["each"]["rows"] = json!(rows.expect("rows"));
    actions
}

#[test]
fn seventy_of_seventy_fields_are_right_three_times_in_a_row() {
    scenario(async |world| {
        for time in 1..=3 {
            let output = world.act(actions()).await.expect("all of it is right");
            let result = output["result"].as_str().unwrap_or_default();
            assert!(
                result.starts_with("70 out of 70 fields"),
                "{time}: {result}"
            );
        }
    });
}
