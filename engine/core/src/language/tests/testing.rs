//! `tests:` of a workflow, and files of tests beside it.

use expect_test::{Expect, expect};

use super::{catalogue, check, words};
use crate::{
    language::{Source, load_all},
    testing::{Answered, Exceptions, Item},
};

/// An approval, a loop with a key, one without, and a step after them.
const WORKFLOW: &str = r#"inputs:
  file: { type: file }
  ceiling: { type: decimal, default: 5 }
steps:
  - { id: lines, bot: sheet.read, with: { file: "{{inputs.file}}", columns: { sku: text } } }
  - id: enter
    for_each: "{{steps.lines.rows}}"
    as: line
    key: "{{line.sku}}"
    steps:
      - { id: guard, approve: "may {{line.sku}} go?" }
      - id: form
        bot: browser.do
        with: { actions: [ { open: "{{line.sku}}" } ] }
        verify: { bot: sheet.read, with: { file: x }, happened: "{{gt count 0}}" }
  - id: again
    for_each: "{{steps.lines.rows}}"
    as: row
    steps: [ { id: note, bot: sheet.read, with: { file: x, columns: { sku: text } } } ]
  - { id: sums, set: { n: "{{steps.lines.count}}" } }
outputs: { n: "{{steps.sums.n}}" }
"#;

/// The workflow with one test, of which these lines are the body.
fn tested(body: &str) -> String {
    let body = body.trim_start_matches('\n').replace('\n', "\n    ");
    format!(
        "{WORKFLOW}tests:\n  - name: it works\n    {}\n",
        body.trim_end()
    )
}

#[track_caller]
fn says(body: &str, expected: Expect) {
    check(&tested(body), expected);
}

fn beside(tests: &str) -> String {
    let sources = [
        Source {
            file: "workflows/orders.yaml",
            text: WORKFLOW,
        },
        Source {
            file: "workflows/orders.test.yaml",
            text: tests,
        },
    ];
    let mut loaded = load_all(&sources, &catalogue());
    let found = loaded.pop().unwrap().diagnostics;
    found.iter().map(words).collect()
}

#[test]
fn steps_and_items_that_are_not_there() {
    says(
        r#"
inputs: { file: a.csv }
mocks:
  - { step: from, output: { id: "1" } }
  - { step: form, item: 4711, output: { id: "1" } }
  - { step: lines, item: a, output: { count: 1 } }
  - { step: note, item: first, output: { count: 1 } }
  - { step: note, item: 0, output: { count: 1 } }
expect:
  steps: { form@4711: succeeded, sum: succeeded, sums@1: succeeded }
  with: { enter: { a: b } }
  mails: [ nobody, sums ]
  exceptions: [ { step: fomr }, { item: 7 } ]"#,
        expect![[r#"
            26:17 tests.unknown_step: `demo` has no step `from`
                hint: did you mean `form`?
            28:30 tests.item: `lines` is in no loop, so there are no items of it
                hint: leave the item out
            29:29 tests.item: the items around `note` have no key, they are named by their place
                hint: write 0 for the first, or give the `for_each` a `key:`
            32:38 tests.unknown_step: `demo` has no step `sum`
                hint: did you mean `sums`?
            32:54 tests.item: `sums` is in no loop, so there are no items of it
                hint: leave the item out
            33:15 tests.with: `enter` has no parameters
                hint: they are compared for steps with `bot` or `call`
            34:16 tests.unknown_step: `demo` has no step `nobody`
                hint: the steps are: `again`, `enter`, `form`, `guard`, `lines`, `note`, `sums`
            34:24 tests.snapshot: `sums` is no step with a bot
                hint: only what a bot makes is compared with a file; name one of those under `mails:`
            35:29 tests.unknown_step: `demo` has no step `fomr`
                hint: did you mean `form`?
            35:39 tests.item: an item is named together with its `step`
                hint: add `step: …`, the step that waits
        "#]],
    );
}

#[test]
fn answers_that_do_not_fit() {
    says(
        r#"
inputs: { file: a.csv }
mocks:
  - { step: lines, output: { rowz: [], count: many } }
  - { step: lines, output: { rows: [ { sku: 7, colour: red } ] } }
  - { step: form, output: { id: "1" }, fault: { category: business, code: x } }
  - { step: form }
  - { step: form, fault: { category: sistem, code: x } }
  - { step: form, fault: { code: x } }
  - { step: form, approve: anna }
  - { step: guard, output: { id: "1" } }
  - { step: guard, reject: ben, note: too much }
  - { step: form.verify, output: { cuont: 1 } }
  - { step: lines.verify, output: { count: 1 } }
  - { step: sums, output: { n: 1 } }
  - { step: form, attempts: [ { fault: { category: system, code: x } }, { delay: 5m } ] }
  - { step: form, outptu: {} }
expect: { state: parked }"#,
        expect![[r#"
            26:34 language.unknown_key: the output has no key `rowz`
                hint: did you mean `rows`?
            26:51 language.type: `count` expects a whole number, found text
            27:49 language.type: `sku` expects text, found a whole number
                hint: write `"7"`
            27:52 language.unknown_key: the output has no key `colour`
                hint: its keys are: `sku`
            28:44 tests.mock: it answers with exactly one of `output`, `fault`, `approve`, `reject`, `attempts`
                hint: keep one of them; what comes one after the other stands under `attempts:`
            29:11 tests.mock: it answers with exactly one of `output`, `fault`, `approve`, `reject`, `attempts`
                hint: say what is answered, as in `output: { … }`, `fault: { … }` or `approve: anna`
            30:42 language.value: `category` cannot be `sistem`
                hint: did you mean `system`?
            31:23 language.missing_key: a fault needs `category`
                hint: add `category: …`, whether a person has to mend it (`business`) or it may pass (`system`)
            32:11 tests.mock: nobody is asked here
                hint: write `output:`
            33:11 tests.mock: a person decides here
                hint: write `approve: anna`, or `reject: anna`
            35:40 language.unknown_key: the output has no key `cuont`
                hint: did you mean `count`?
            36:17 tests.mock: `lines` has no `verify`
                hint: write `step: lines`, or give `lines` a `verify:`
            37:17 tests.mock: `sums` asks nobody, so nothing is answered for it
                hint: mocks are for bots, called workflows and approvals
            38:79 tests.mock: it answers with exactly one of `output`, `fault`, `approve`, `reject`
                hint: say what is answered, as in `output: { … }`, `fault: { … }` or `approve: anna`
            39:23 language.unknown_key: a mock has no key `outptu`
                hint: did you mean `output`?
        "#]],
    );
}

#[test]
fn inputs_times_and_expectations_that_do_not_fit() {
    says(
        r#"
inputs: { fil: a.csv, ceiling: much }
now: tomorrow
expect: { state: done, steps: { form: don }, outputs: { m: 1 }, exceptions: some, with: { form: { action: [] } } }"#,
        expect![[r#"
            24:5 tests.missing_input: this test does not give the input `file`
                hint: add `file:` under `inputs:` of the test
            24:15 tests.unknown_input: there is no input `fil`
                hint: did you mean `file`?
            24:36 tests.input: the input `ceiling` is not a decimal such as `10000.00`
            25:10 tests.now: `tomorrow` is neither a day nor a time
                hint: write a day as in 2026-03-29, or a time as in 2026-03-29T10:00
            26:22 language.value: `state` cannot be `done`
                hint: it is one of: `running`, `succeeded`, `skipped`, `failed`, `cancelled`, `queued`, `waiting`, `parked`
            26:43 language.value: `form` cannot be `don`
                hint: it is one of: `succeeded`, `skipped`, `cancelled`, `pending`, `left_out`, `waiting`, `running`, `parked`, `in_doubt`, `failed`
            26:61 tests.outputs: `demo` has no output `m`
                hint: the outputs are: `n`
            26:81 language.type: `exceptions` expects a whole number or a list, found text
                hint: write it as a list: `[some]`
            26:103 tests.with: `browser.do` takes no `action`
                hint: did you mean `actions`?
        "#]],
    );
    says(
        "expect: {}\ninputs: { file: a }",
        expect![[r#"
        24:5 tests.nothing: nothing is expected, so the test cannot fail
            hint: say how it should come out, as in `state: succeeded`
    "#]],
    );
    check(
        &format!(
            "{}  - {{ name: It works!, inputs: {{ file: a }}, expect: {{ state: parked }} }}\n",
            tested("inputs: { file: a }\nexpect: { state: parked }")
        ),
        expect![[r#"
            26:13 tests.name: there are two tests `It works!`
                hint: the other one is in line 23
        "#]],
    );
}

#[test]
fn a_file_of_tests_is_about_the_workflow_it_is_called_after() {
    let fine = "tests:\n  - { name: a, inputs: { file: a }, expect: { state: parked } }\n";
    expect![[r#""#]].assert_eq(&beside(fine));
    expect![[r#"
        1:11 tests.workflow: there is no workflow `odrers`
            hint: did you mean `orders`?
    "#]]
    .assert_eq(&beside(&format!("workflow: odrers\n{fine}")));
    expect![[r#"
        1:1 language.unknown_key: a file of tests has no key `test`
            hint: did you mean `tests`?
    "#]]
    .assert_eq(&beside("test: []\n"));
    expect![[r#"
        1:61 tests.unknown_step: `orders` has no step `frm`
            hint: did you mean `form`?
    "#]]
    .assert_eq(&beside(
        "tests: [ { name: a, inputs: { file: a }, expect: { steps: { frm: parked } } } ]",
    ));
}

#[test]
fn what_is_played_is_what_is_written() {
    let text = tested(
        r#"
inputs: { file: a.csv, ceiling: "10.50" }
mocks:
  - { step: form, item: 0011, delay: 2m, output: { id: "1" } }
  - { step: note, item: 1, fault: { category: system, code: a.b, effect: unknown } }
expect:
  exceptions: 2
  steps: { form@0011: succeeded }"#,
    );
    let loaded = super::loaded(&text);
    assert_eq!(loaded.diagnostics, []);
    let [test] = &loaded.tests[..] else {
        panic!("{:?}", loaded.tests)
    };
    assert_eq!(
        (test.workflow.as_str(), test.file.as_str()),
        ("demo", "workflows/demo.yaml")
    );
    assert_eq!(text.lines().nth(test.line - 1), Some("  - name: it works"));
    assert_eq!(test.inputs["ceiling"].to_string(), "10.50");
    assert_eq!(test.mocks[0].item, Some(Item::Key("0011".to_owned())));
    assert_eq!(test.mocks[0].attempts[0].delay, 120_000);
    assert_eq!(test.mocks[1].item, Some(Item::Index(1)));
    assert!(
        matches!(&test.mocks[1].attempts[0].what, Answered::Fault(fault) if fault.code == "a.b")
    );
    assert_eq!(test.expect.exceptions, Some(Exceptions::Count(2)));
    assert_eq!(test.expect.steps[0].0.to_string(), "form@0011");
}
