//! The pages and schemas that are made from the code: committed, and never stale.
//!
//! `UPDATE_EXPECT=1 cargo test -p botswain --test author manual` writes them anew.

use std::{collections::BTreeSet, sync::Arc};

use botswain::{api::openapi, editor, manual};
use botswain_core::{
    TableRef,
    template::{HELPERS, Renderer, Tables},
};
use expect_test::{ExpectFile, expect, expect_file};
use serde_json::Value;

use crate::desk::{Desk, repository};

fn committed(path: &str) -> ExpectFile {
    expect_file![repository(path)]
}

#[test]
fn the_schemas_are_those_that_are_committed() {
    let workflow = editor::workflow_schema(None).unwrap();
    committed("docs/schema/workflow.json").assert_eq(&editor::text(&workflow));
    committed("docs/schema/botswain.json").assert_eq(&editor::text(&editor::config_schema()));
    committed("docs/openapi.json").assert_eq(&editor::text(&openapi::document()));
}

#[test]
fn the_pages_are_those_that_are_committed() {
    committed("docs/bots.md").assert_eq(&manual::bots_page());
    committed("docs/templates.md").assert_eq(&manual::templates_page());
}

#[test]
fn the_command_prints_what_is_committed() {
    let desk = Desk::empty();
    for (of, path) in [
        ("workflow", "docs/schema/workflow.json"),
        ("instance", "docs/schema/botswain.json"),
        ("api", "docs/openapi.json"),
    ] {
        let printed = desk.command(&["schema", of]).output().unwrap();
        let committed = std::fs::read_to_string(repository(path)).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&printed.stdout),
            committed,
            "{path}"
        );
    }
}

#[test]
fn every_example_of_a_connection_passes_the_check() {
    let page = std::fs::read_to_string(repository("docs/bots.md")).unwrap();
    let blocks = page.split("```yaml\n# botswain.yaml\n").skip(1);
    let examples: Vec<&str> = blocks.filter_map(|it| it.split("```").next()).collect();
    assert_eq!(examples.len(), botswain_bots::CONNECTIONS.len());
    for example in examples {
        let checked = Desk::with(example).says(&["check"]);
        assert!(checked.starts_with("exit 0"), "{example}\n{checked}");
    }
}

struct Corrected;

impl Tables for Corrected {
    fn rows(&self, _: &TableRef, _: u64, _: usize) -> Result<Vec<Value>, String> {
        Err("there is none".to_owned())
    }

    fn mapped(&self, _: &str, from: &str) -> Result<Option<String>, String> {
        Ok((from == "ACME Ltd").then(|| "C001".to_owned()))
    }
}

/// The cells of the tables of templates on the page.
fn examples(page: &str) -> Vec<[String; 3]> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|line| {
        let line = line.replace("\\|", "\u{1}");
        let cells = line.trim_matches('|').split(" | ");
        let cells: Vec<String> = cells
            .map(|cell| cell.trim().trim_matches('`').replace('\u{1}', "|"))
            .collect();
        cells
            .try_into()
            .unwrap_or_else(|_| panic!("{line} is no example"))
    });
    cells.collect()
}

#[test]
fn every_example_on_the_page_about_templates_is_true() {
    let page = std::fs::read_to_string(repository("docs/templates.md")).unwrap();
    let renderer = Renderer::new(Arc::new(Corrected));
    let examples = examples(&page);
    assert!(examples.len() > HELPERS.len() + 20, "{}", examples.len());
    for [source, data, result] in examples {
        let json = |text: &str| -> Value {
            serde_json::from_str(text).unwrap_or_else(|err| panic!("{text}: {err}"))
        };
        let rendered = renderer.render_value(&source, &json(&data));
        let rendered = rendered.unwrap_or_else(|err| panic!("{source}: {err}"));
        assert_eq!(rendered.to_string(), json(&result).to_string(), "{source}");
    }
}

#[test]
fn a_helper_is_explained_in_the_terminal() {
    let desk = Desk::empty();
    expect![[r#"
        exit 0
        --- stdout
        add_workdays date days
        so many days later, or earlier when negative, of which Saturdays and Sundays do not count

        example
        template  {{add_workdays today 3}}
        data      {"today": "2026-03-26"}
        result    "2026-03-31"

        example
        template  {{add_workdays today -1}}
        data      {"today": "2026-03-30"}
        result    "2026-03-27"

        example
        template  {{add_workdays today 1}}
        data      {"today": "2026-03-28"}
        result    "2026-03-30"
        --- stderr
    "#]]
    .assert_eq(&desk.says(&["helpers", "add_workdays"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no helper `ad_days`
        hint: did you mean `add_days`?
    "#]]
    .assert_eq(&desk.says(&["helpers", "ad_days"]));
    let listed = desk.command(&["helpers", "--json"]).output().unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let names: BTreeSet<&str> = listed.iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, HELPERS.iter().map(|helper| helper.name).collect());
}
