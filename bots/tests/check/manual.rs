//! The examples of the page about the language: what stands there works.

use botswain_core::{
    catalogue::{Catalogue, WorkflowSchema},
    language::{Loaded, Source, load_all, schema},
};
use serde_json::Value;

use crate::around::{instance, listed};

const PAGE: &str = include_str!("../../../docs/language.md");

/// The loop over order lines in which the page's steps stand.
const LOOP: &str = r#"inputs:
  ceiling: { type: decimal, default: "500.00" }
steps:
  - id: lines
    bot: sheet.read
    with:
      file: orders.csv
      columns: { order: text, line: text, customer: text, country: text, sku: text, amount: decimal, due: date }
  - id: enter
    for_each: "{{steps.lines.rows}}"
    as: line
    key: "{{line.order}}-{{line.line}}"
    steps:
"#;

struct Example {
    file: String,
    text: String,
}

/// The blocks of YAML on the page that are workflows or steps of one.
fn examples() -> Vec<Example> {
    let blocks = PAGE.split("```yaml\n").skip(1);
    let texts = blocks.filter_map(|block| block.split("```").next());
    let workflows = texts.enumerate().filter_map(|(place, text)| {
        let first = text.lines().next().unwrap_or_default();
        let file = match first.strip_prefix("# ") {
            Some("botswain.yaml") => return None,
            Some(file) => file.to_owned(),
            None => format!("workflows/example-{place}.yaml"),
        };
        let steps = || {
            text.lines()
                .map(|line| format!("      {line}\n"))
                .collect::<String>()
        };
        let text = match first.starts_with("- ") {
            true => format!("{LOOP}{}", steps()),
            false => text.to_owned(),
        };
        Some(Example { file, text })
    });
    workflows.collect()
}

fn office() -> Catalogue {
    Catalogue {
        groups: ["supervisors", "managers"].map(str::to_owned).into(),
        limits: ["sheets".to_owned()].into(),
        calendars: [("holidays.ics".to_owned(), "BEGIN:VCALENDAR\n".to_owned())].into(),
        ..instance()
    }
}

fn loaded(examples: &[Example]) -> Vec<Loaded> {
    let sources: Vec<Source<'_>> = examples
        .iter()
        .map(|example| Source {
            file: &example.file,
            text: &example.text,
        })
        .collect();
    load_all(&sources, &office())
}

#[test]
fn every_example_has_no_mistake() {
    let examples = examples();
    assert!(examples.len() > 12, "{}", examples.len());
    for (example, loaded) in examples.iter().zip(loaded(&examples)) {
        let found = listed(&loaded.diagnostics);
        assert_eq!(found, "", "{}\n{}", example.file, example.text);
    }
}

#[test]
fn every_example_fits_the_schema_of_editors() {
    let schema = schema(&office_that_knows(&examples()));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let problems = |text: &str| -> Vec<String> {
        let value: Value = serde_yaml::from_str(text).expect("YAML");
        let errors = validator.iter_errors(&value);
        errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect()
    };
    for example in examples() {
        assert_eq!(problems(&example.text), [] as [&str; 0], "{}", example.text);
    }
    for wrong in [
        "{ id: a, wait: 1s, set: { x: y } }",
        "{ id: a }",
        "{ id: a, wait: 1s, as: line }",
        "{ id: a, call: nowhere }",
        "{ id: a, approve: ok, ask: [nobody] }",
        "{ id: a, wait: 1s, on_fault: { then: give-up } }",
        "{ id: a, wait: 1s, on_fault: [{ code: x.y }] }",
        "{ id: a, parallel: { x: [] } }",
        "{ id: a, switch: x, cases: { x: { id: b, wait: 1s } } }",
        "{ id: a, bot: file.list, with: {}, verify: { bot: http.got, happened: x } }",
    ] {
        let text = format!("steps: [{wrong}]");
        assert!(!problems(&text).is_empty(), "{wrong}");
    }
}

/// The names of the workflows are part of the schema.
fn office_that_knows(examples: &[Example]) -> Catalogue {
    let names = examples.iter().filter_map(|example| {
        let name = example.file.strip_prefix("workflows/")?;
        Some((
            name.strip_suffix(".yaml")?.to_owned(),
            WorkflowSchema::default(),
        ))
    });
    Catalogue {
        workflows: names.collect(),
        ..office()
    }
}

/// What the schema has and the page does not is nothing that an author would find.
#[test]
fn every_key_is_on_the_page() {
    let schema = schema(&office());
    let lacking = |pointer: &str| {
        let keys = schema.pointer(pointer).and_then(|keys| keys.as_object());
        let keys = keys.expect("the schema has properties").keys();
        keys.filter(|key| {
            let (told, shown) = (format!("`{key}`"), format!("{key}:"));
            !PAGE.contains(&told) && !PAGE.contains(&shown)
        })
        .cloned()
        .collect::<Vec<_>>()
    };
    assert_eq!(lacking("/properties"), [] as [&str; 0]);
    for definition in [
        "Step",
        "Verify",
        "OnFault",
        "Escalate",
        "Exceptions",
        "Retry",
    ] {
        let pointer = format!("/$defs/{definition}/properties");
        assert_eq!(lacking(&pointer), [] as [&str; 0], "{definition}");
    }
}
