//! Workflows that call each other.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};

use super::{catalogue, words};
use crate::{
    ids::Hash,
    language::{Loaded, Source, load_all},
};

const IMPORT: &str = "inputs:
  day: { type: date }
  files: { type: list, default: [] }
  limit: { type: decimal, default: 5 }
steps:
  - { id: a, bot: sheet.read, with: { file: \"{{inputs.day}}\", columns: { sku: text } } }
outputs: { count: \"{{steps.a.count}}\", rows: \"{{steps.a.rows}}\", day: \"{{inputs.day}}\" }
";

fn loaded(files: &[(&str, &str)]) -> Vec<Loaded> {
    let files: Vec<(String, &str)> = files
        .iter()
        .map(|(name, text)| (format!("workflows/{name}.yaml"), *text))
        .collect();
    let sources: Vec<Source<'_>> = files
        .iter()
        .map(|(file, text)| Source { file, text })
        .collect();
    load_all(&sources, &catalogue())
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: Expect) {
    let mut found = String::new();
    for ((name, _), loaded) in files.iter().zip(loaded(files)) {
        for one in &loaded.diagnostics {
            found.extend([name, " ", &words(one)]);
        }
    }
    expected.assert_eq(&found);
}

#[test]
fn what_is_given_and_left() {
    let call = |with: &str| {
        format!(
            "steps:\n  - {{ id: a, call: stock-import, with: {with} }}\n  - {{ id: b, bot: mail.send, connection: office, with: {{ to: x, copies: \"{{{{steps.a.count}}}}\", subject: \"{{{{steps.a.rows.0.sku}}}}\", cc: \"{{{{steps.a.day}}}}\" }} }}\n  - {{ id: c, set: {{ x: \"{{{{steps.a.counts}}}} {{{{steps.a.rows.0.sk}}}}\" }} }}\n"
        )
    };
    check(
        &[
            ("zz", &call("{ day: \"{{today}}\" }")),
            ("stock-import", IMPORT),
        ],
        expect![[r#"
            zz 3:133 template.type: `{{steps.a.day}}` is text, `cc` wants a list
                hint: write it as a list: `[ "{{steps.a.day}}" ]`
            zz 4:35 template.unknown_name: `steps.a` has no `counts`
                hint: did you mean `count`?
            zz 4:61 template.unknown_name: `steps.a.rows.0` has no `sk`
                hint: did you mean `sku`?
        "#]],
    );
    check(
        &[
            ("stock-import", IMPORT),
            (
                "zz",
                &call("{ dai: x, files: \"{{len today}}\", limit: many, rows: [\"{{nothing}}\"] }"),
            ),
        ],
        expect![[r#"
            zz 2:42 steps.call: the called workflow has no input `dai`
                hint: did you mean `day`?
            zz 2:57 steps.call: the input `files` takes a list, this is a whole number
            zz 2:81 steps.call: the input `limit` is not a decimal such as `10000.00`
            zz 2:87 steps.call: the called workflow has no input `rows`
                hint: its inputs are: `day`, `files`, `limit`
            zz 2:97 template.unknown_name: there is no `nothing` here
                hint: a template can read: `inputs`, `steps`, `run`, `today`, `now`, `secrets`
            zz 3:133 template.type: `{{steps.a.day}}` is text, `cc` wants a list
                hint: write it as a list: `[ "{{steps.a.day}}" ]`
            zz 4:35 template.unknown_name: `steps.a` has no `counts`
                hint: did you mean `count`?
            zz 4:61 template.unknown_name: `steps.a.rows.0` has no `sk`
                hint: did you mean `sku`?
        "#]],
    );
    check(
        &[
            ("stock-import", IMPORT),
            ("zz", &call("{ day: 5, files: { a: b }, limit: \"1.50\" }")),
        ],
        expect![[r#"
            zz 2:47 steps.call: the input `day` is not a day such as `2026-03-29`
            zz 3:133 template.type: `{{steps.a.day}}` is text, `cc` wants a list
                hint: write it as a list: `[ "{{steps.a.day}}" ]`
            zz 4:35 template.unknown_name: `steps.a` has no `counts`
                hint: did you mean `count`?
            zz 4:61 template.unknown_name: `steps.a.rows.0` has no `sk`
                hint: did you mean `sku`?
        "#]],
    );
}

#[test]
fn what_is_called_exists() {
    check(
        &[
            ("stock-import", IMPORT),
            (
                "a",
                "steps:\n  - { id: a, call: stock-imports, with: { day: \"2026-01-01\" } }\n  - { id: b, call: \"{{steps.a.x}}\" }\n  - { id: c, call: nowhere, with: { x: \"{{nothing}}\" } }\n",
            ),
            ("broken", "steps: []\n"),
            ("caller", "steps:\n  - { id: a, call: broken }\n"),
            ("worse", "a: [\n"),
            (
                "other",
                "steps:\n  - { id: a, call: worse, with: { x: y } }\n",
            ),
        ],
        expect![[r#"
            a 2:20 steps.call: there is no workflow `stock-imports`
                hint: did you mean `stock-import`?
            a 3:20 steps.call: the workflow that is called cannot be computed
                hint: choose among several by a `switch`
            a 4:20 steps.call: there is no workflow `nowhere`
                hint: the workflows are: `broken`, `caller`, `other`, `stock-import`, `worse`
            a 4:43 template.unknown_name: there is no `nothing` here
                hint: a template can read: `inputs`, `steps`, `run`, `today`, `now`, `secrets`
            broken 1:8 language.value: `steps` needs at least 1 in its list
            caller 2:20 steps.call: `broken` has mistakes, so it cannot be called
                hint: see `botswain check broken`
            worse 2:1 yaml.syntax: this is not YAML: while parsing a node, did not find expected node content
            other 2:20 steps.call: `worse` has mistakes, so it cannot be called
                hint: see `botswain check worse`
        "#]],
    );
}

#[test]
fn a_circle_is_named() {
    let calls = |name: &str| format!("steps:\n  - {{ id: a, call: {name} }}\n");
    check(
        &[
            ("alone", &calls("alone")),
            ("one", &calls("two")),
            ("two", &calls("three")),
            (
                "three",
                "steps:\n  - { id: x, wait: 1s }\nfinally:\n  - { id: a, switch: \"{{today}}\", cases: { x: [{ id: b, wait: 1s, on_fault: { then: [{ id: c, call: one }] } }] } }\n",
            ),
            ("outside", &calls("two")),
        ],
        expect![[r#"
            alone 2:20 steps.call: this never ends: `alone` calls `alone`
                hint: a workflow cannot call itself; a `for_each` goes through a list
            one 2:20 steps.call: this never ends: `one` calls `two` calls `three` calls `one`
                hint: let one of them do without the other
            two 2:20 steps.call: this never ends: `two` calls `three` calls `one` calls `two`
                hint: let one of them do without the other
            three 4:101 steps.call: this never ends: `three` calls `one` calls `two` calls `three`
                hint: let one of them do without the other
            outside 2:20 steps.call: `two` has mistakes, so it cannot be called
                hint: see `botswain check two`
        "#]],
    );
}

#[test]
fn a_version_changes_with_what_it_calls() {
    let calls = |name: &str| format!("steps:\n  - {{ id: a, call: {name} }}\n");
    let (top, middle, other) = (calls("middle"), calls("stem"), calls("stem"));
    let versions = |stem: &str| {
        let names = ["top", "middle", "other", "stem", "apart"];
        let apart = "steps:\n  - { id: a, wait: 1s }\n";
        let files = [&top, &middle, &other, stem, apart].map(|text| text as &str);
        let files: Vec<(&str, &str)> = names.into_iter().zip(files).collect();
        let versions = loaded(&files)
            .into_iter()
            .map(|loaded| loaded.version.expect("no mistake"));
        let hashes = versions.map(|version| {
            for (name, hash) in &version.calls {
                assert!(
                    ["middle", "stem"].contains(&name.as_str()),
                    "{name} {hash:?}"
                );
            }
            (version.plan.name.clone(), version.hash())
        });
        hashes.collect::<BTreeMap<String, Hash>>()
    };
    let before = versions("steps:\n  - { id: a, wait: 1s }\n");
    let after = versions("steps:\n  - { id: a, wait: 2s }\n");
    let changed = before.iter().filter(|(name, hash)| after[*name] != **hash);
    let changed: Vec<&str> = changed.map(|(name, _)| name.as_str()).collect();
    assert_eq!(changed, ["middle", "other", "stem", "top"]);
}
