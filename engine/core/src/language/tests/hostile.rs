//! Texts that want to harm, and texts that are merely odd.

use std::fmt::Write;

use expect_test::expect;
use proptest::prelude::*;
use serde_json::json;

use super::{catalogue, check, load, loaded, version, words};

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='i').zip('a'..='h') {
        writeln!(
            text,
            "{name}: &{name} [{}]",
            vec![format!("*{before}"); 9].join(", ")
        )
        .expect("a text");
    }
    check(
        &text,
        expect![[r#"
            7:8 yaml.size: with everything that its aliases repeat the file is too large
                hint: repeat less of it by aliases
        "#]],
    );
}

#[test]
fn bombs_of_depth_are_refused() {
    for text in [
        "[".repeat(200_000),
        "{a: ".repeat(100_000),
        "- ".repeat(200_000),
        "? ".repeat(200_000),
        format!("steps: {}", "[{steps: ".repeat(20_000)),
    ] {
        let found = loaded(&text).diagnostics;
        assert_eq!(found[0].code, "yaml.depth", "{}", words(&found[0]));
    }
}

#[test]
fn a_template_bomb_is_refused() {
    let text = format!(
        "steps:\n  - {{ id: a, bot: browser.do, with: {{ actions: [{{ open: \"{}\" }}] }} }}\n",
        "{{#if today}}".repeat(20_000)
    );
    assert_eq!(loaded(&text).diagnostics[0].code, "template.syntax");
}

#[test]
fn a_large_file_is_refused() {
    check(
        &"#".repeat(1024 * 1024 + 1),
        expect![[r#"
        1:1 yaml.size: the file is larger than 1 MiB
    "#]],
    );
}

#[test]
fn control_characters_are_shown() {
    check(
        "name: de\0mo\nsteps: \u{1b}[1m\n",
        expect![[r#"
            1:9 yaml.character: the character U+0000 cannot stand in a file, and one more like it below
                hint: delete it, or save the file anew as text in UTF-8
        "#]],
    );
    check(
        "name: demo\rsteps: []",
        expect![[r#"
            1:11 yaml.character: the character U+000D cannot stand in a file
                hint: save the file with the line ends of Unix or Windows
        "#]],
    );
}

#[test]
fn a_byte_order_mark_counts_for_nothing() {
    check(
        "\u{feff}nam: demo\nsteps: []\n",
        expect![[r#"
        1:1 language.unknown_key: a workflow has no key `nam`
            hint: did you mean `name`?
        2:8 language.value: `steps` needs at least 1 in its list
    "#]],
    );
    let file = "\u{feff}name: demo\nsteps:\n  - { id: a, bot: sheet.read, with: { file: x } }\n";
    assert_eq!(version(file).source, file);
}

#[test]
fn windows_line_ends_count_as_one() {
    check(
        "name: demo\r\nsteps:\r\n  - id: a\r\n    bot: browser.do\r\n    with:\r\n      actions: [{ open: \"{{inptus.x}}\" }]\r\n",
        expect![[r#"
            6:28 template.unknown_name: there is no `inptus` here
                hint: did you mean `inputs`?
        "#]],
    );
}

#[test]
fn columns_count_characters() {
    check(
        "description: 供应商 ü\nsteps:\n  - { id: a, name: 下单 😀, bot: sheet.raed, with: { file: \"é {{todai}}\" } }\n",
        expect![[r#"
            3:31 steps.unknown_bot: there is no bot `sheet.raed`
                hint: did you mean `sheet.read`?
            3:62 template.unknown_name: there is no `todai` here
                hint: did you mean `today`?
        "#]],
    );
    let text = "steps:\n  - { id: a, name: 下单 😀, bot: sheet.raed }\n";
    let found = loaded(text).diagnostics;
    let (start, length) = found[0].span;
    assert_eq!(&text[start..start + length], "sheet.raed");
}

#[test]
fn what_is_no_workflow() {
    check(
        "",
        expect![[r#"
        1:1 language.empty: the file is empty
    "#]],
    );
    check(
        "# nothing\n",
        expect![[r#"
        1:1 language.empty: the file is empty
    "#]],
    );
    check(
        "just text",
        expect![[r#"
            1:1 language.type: a workflow expects a map, found text
                hint: name each value by its key, as in `steps: …`
        "#]],
    );
    check(
        "- a\n- b\n",
        expect![[r#"
            1:3 language.type: a workflow expects a map, found a list
                hint: write `steps:` in a line above it
        "#]],
    );
    check(
        "steps: []\n---\nsteps: []\n",
        expect![[r#"
            2:1 yaml.documents: a file holds one document
                hint: put what follows `---` into a file of its own
        "#]],
    );
    check(
        "steps: !!seq []\n",
        expect![[r#"
        1:8 language.value: `steps` needs at least 1 in its list
        1:8 yaml.tag: tags such as `!name` are no part of the language
            hint: put text that begins with `!` in quotes
    "#]],
    );
    check(
        "steps: *nowhere\n",
        expect![[r#"
            1:8 yaml.syntax: there is no anchor of this name above
                hint: put text that begins with `*` in quotes
        "#]],
    );
    check(
        "steps: &a [*a]\n",
        expect![[r#"
        1:12 yaml.alias: an alias stands inside of what it repeats
            hint: write out what is meant
    "#]],
    );
    check(
        "{a: 1, a: 2}\n",
        expect![[r#"
            1:2 language.missing_key: a workflow needs `steps`
                hint: add `steps: …`, what it does, one after the other
            1:2 language.unknown_key: a workflow has no key `a`
                hint: its keys are: `name`, `description`, `triggers`, `overlap`, `inputs`, `retry`, `timeout`, `saves`, `steps`, `outputs`, `on_failure`, `finally`, `exceptions`, `formerly`, `promise`, `tests`
            1:8 yaml.duplicate_key: `a` is given twice
                hint: keep one of them
        "#]],
    );
}

#[test]
fn a_thousand_mistakes_are_shown_and_the_rest_is_counted() {
    let steps = (0..3000).fold(String::from("steps:\n"), |mut text, n| {
        writeln!(text, "  - {{ id: s{n}, bot: sheet.raed, wiht: x }}").expect("a text");
        text
    });
    let found = loaded(&steps).diagnostics;
    assert_eq!(found.len(), 1000);
    let last = found.last().and_then(|last| last.hint.as_deref());
    assert_eq!(last, Some("5000 more problems are not shown"));
}

/// A file as large as is allowed, with everything in it that costs time.
#[test]
fn twenty_thousand_steps() {
    let mut text = String::from("steps:\n");
    for n in 0..20_000 {
        let before = n / 2;
        let file = match n {
            0 => "x".to_owned(),
            _ => format!("'{{{{steps.s{before}.n}}}}'"),
        };
        writeln!(text, "- {{id: s{n}, bot: t, key: {file}}}").expect("a text");
    }
    assert!(text.len() > 900_000);
    let mut catalogue = catalogue();
    let mut small = catalogue.bots["sheet.read"].clone();
    small.parameters = json!({
        "type": "object",
        "properties": { "f": { "type": "string" } },
        "additionalProperties": false
    });
    small.output = |_| json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    catalogue.bots.insert("t", small);
    let loaded = load("workflows/demo.yaml", &text, &catalogue);
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(
        loaded.version.map(|version| version.plan.steps.len()),
        Some(20_000)
    );
}

fn fragment() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "steps:",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "id: a",
        "bot: ",
        "mail.send",
        "sheet.read",
        "with:",
        "for_each: ",
        "as: line",
        "steps: ",
        "{{",
        "}}",
        "{{steps.a.rows}}",
        "{{#each ",
        "{{/each}}",
        "inputs:",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        "\"",
        "'",
        "*a",
        "&a ",
        "|",
        ">",
        "#",
        "?",
        "!!str ",
        "\t",
        "\r\n",
        "---",
        "%",
        "@",
        "é",
        "供",
        "0.10",
        "when: ",
        "retry: ",
        "delay: 10s",
        "secrets.shop",
        "triggers:",
        "cron: ",
        "* * * * *",
        "template: po.txt.hbs",
        "<<: ",
        "call: ",
        "demo",
        "parallel:",
        "switch: ",
        "cases:",
        "default:",
        "on_fault:",
        "then: ",
        "verify: ",
        "happened: ",
        "approve: ",
        "ask: ",
        "escalate:",
        "wait_until: ",
        "set: ",
        "fail: ",
        "finally:",
        "outputs:",
        "exceptions:",
        "formerly: ",
        "{{fault.code}}",
    ]);
    prop_oneof![4 => word.prop_map(str::to_owned), 1 => "\\PC{0,3}"]
}

fn without(text: &str, cut: std::ops::Range<usize>) -> String {
    let kept = text.chars().enumerate().filter(|(at, _)| !cut.contains(at));
    kept.map(|(_, c)| c).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_text_makes_it_panic(parts in prop::collection::vec(fragment(), 0..60)) {
        let text = parts.concat();
        let loaded = loaded(&text);
        for found in &loaded.diagnostics {
            let (start, length) = found.span;
            prop_assert!(text.get(start..start + length).is_some());
            prop_assert!(found.line >= 1 && found.line <= text.lines().count().max(1) + 1);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(text in any::<String>()) {
        loaded(&text);
    }

    #[test]
    fn no_cut_makes_it_panic(cut in 0usize..2000, from in 0usize..4000) {
        for text in [include_str!("voyage.yaml"), include_str!("invoices.yaml")] {
            loaded(&without(text, from..from + cut));
        }
    }
}
