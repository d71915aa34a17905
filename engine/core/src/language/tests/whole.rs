//! A workflow with everything in it, and the plan that it becomes.

use expect_test::expect_file;
use indexmap::IndexMap;
use serde_json::Value;

use super::{catalogue, words};
use crate::{
    ids::Hash,
    language::{Source, load_all},
    plan::{Kind, Path, Plan, Step},
    template,
};

const INVOICES: &str = include_str!("invoices.yaml");
const SUPPLIERS: &str = "name: suppliers
inputs: { day: { type: date }, countries: { type: list } }
steps: [{ id: a, bot: sheet.read, with: { file: \"{{inputs.day}}\" } }]
outputs: { count: \"{{steps.a.count}}\" }
";

fn invoices() -> (Plan, IndexMap<String, Hash>) {
    let source = |file, text| Source { file, text };
    let sources = [
        source("workflows/demo.yaml", INVOICES),
        source("workflows/suppliers.yaml", SUPPLIERS),
    ];
    let mut loaded = load_all(&sources, &catalogue());
    let suppliers = loaded.remove(1).version.expect("it has no mistake");
    let found: String = loaded[0].diagnostics.iter().map(words).collect();
    assert_eq!(found, "");
    let version = loaded.remove(0).version.expect("it has no mistake");
    assert_eq!(version.calls["suppliers"], suppliers.hash());
    (version.plan, version.calls)
}

#[test]
fn everything_becomes_a_plan() {
    let (plan, calls) = invoices();
    assert_eq!(calls.len(), 1);
    let json = serde_json::to_value(&plan).expect("JSON");
    let back: Plan = serde_json::from_value(json.clone()).expect("a plan");
    assert_eq!(back, plan);
    let usual = json["steps"][0]["retry"].clone();
    let said = serde_json::to_string_pretty(&said(json, &usual)).expect("JSON");
    expect_file!["invoices.json"].assert_eq(&said);
}

/// Without what says nothing: null, what is empty, and the retry of all steps.
fn said(json: Value, usual: &Value) -> Value {
    let empty = |value: &Value| {
        let list = value.as_array().is_some_and(Vec::is_empty);
        list || value.is_null() || value == usual
    };
    match json {
        Value::Object(map) => {
            let parts = map.into_iter().filter(|(_, value)| !empty(value));
            Value::Object(
                parts
                    .map(|(key, value)| (key, said(value, usual)))
                    .collect(),
            )
        }
        Value::Array(items) => match items.iter().all(|item| item.is_string()) {
            true => Value::String(
                items
                    .iter()
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
                    .join("."),
            ),
            false => Value::Array(items.into_iter().map(|item| said(item, usual)).collect()),
        },
        other => other,
    }
}

/// What a run is given for a step is what is in `reads`, so nothing may be lacking in it.
#[test]
fn every_path_of_a_template_is_among_the_reads() {
    let (plan, _) = invoices();
    let mut seen = 0;
    for steps in [&plan.steps, &plan.on_failure, &plan.finally] {
        every(steps, &mut |step| {
            for text in own_templates(step) {
                for read in template::parse(&text).expect("a template").reads {
                    assert!(
                        step.reads.contains(&read.path),
                        "{}: {:?}",
                        step.id,
                        read.path
                    );
                    seen += 1;
                }
            }
        });
    }
    assert!(seen > 20, "{seen}");
}

fn every(steps: &[Step], each: &mut impl FnMut(&Step)) {
    for step in steps {
        each(step);
        if let Kind::ForEach(loops) = &step.kind {
            every(&loops.steps, each);
        }
        for body in step.bodies() {
            every(body, each);
        }
    }
}

/// The templates that are rendered when the step is entered.
fn own_templates(step: &Step) -> Vec<String> {
    let mut texts: Vec<String> = step.when.iter().map(|when| when.0.clone()).collect();
    match &step.kind {
        Kind::Bot(call) => {
            strings(&call.with, &mut texts);
            texts.extend(step.key.iter().map(|key| key.0.clone()));
        }
        Kind::ForEach(each) => texts.push(each.list.0.clone()),
        Kind::Call(call) => strings(&call.with, &mut texts),
        Kind::Switch(switch) => texts.push(switch.on.0.clone()),
        Kind::Approve(approve) => {
            texts.push(approve.question.0.clone());
            strings(&approve.show, &mut texts);
        }
        Kind::WaitUntil(until) => texts.push(until.0.clone()),
        Kind::Set(values) => texts.extend(values.values().map(|value| value.0.clone())),
        Kind::Fail(fail) => texts.push(fail.message.0.clone()),
        Kind::Parallel(_) | Kind::Wait(_) => (),
    }
    texts
}

fn strings(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(map) => map.values().for_each(|item| strings(item, texts)),
        _ => (),
    }
}

#[test]
fn what_verifies_and_loops_read_stands_apart() {
    let (plan, _) = invoices();
    let path = |text: &str| -> Path { text.split('.').map(str::to_owned).collect() };
    let Kind::ForEach(book) = &plan.steps[3].kind else {
        panic!("a loop")
    };
    assert_eq!(book.key_reads, [] as [Path; 0]);
    assert_eq!(
        book.collect_reads,
        [path("steps.type.id"), path("inputs.file")]
    );
    let Kind::Bot(call) = &book.steps[3].kind else {
        panic!("a bot")
    };
    let verify = call.verify.as_ref().expect("it verifies");
    assert_eq!(verify.reads, [path("item.key")]);
    assert_eq!(
        verify.answer_reads,
        [path("steps.free.days"), path("invoice.supplier")]
    );
    assert_eq!(
        plan.output_reads,
        [path("steps.book.succeeded"), path("steps.free.days")]
    );
}
