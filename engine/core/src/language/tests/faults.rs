//! `on_fault` and `verify`.

use expect_test::expect;

use super::{check_step, version};
use crate::plan::Kind;

const READ: &str = "bot: sheet.read\nwith: { file: x }\n";
const MAIL: &str = "bot: mail.send\nconnection: office\nwith: { to: x }\n";

#[test]
fn entries_of_on_fault() {
    check_step(
        &format!(
            "{READ}on_fault:\n  - {{ code: http.status, category: business, then: retry }}\n  - {{ code: http.*, then: continue }}\n  - {{ category: system, then: park }}\n  - {{ then: [{{ id: b, wait: 1s }}] }}"
        ),
        expect![""],
    );
    check_step(&format!("{READ}on_fault: {{ then: fail }}"), expect![""]);
    check_step(
        &format!("{READ}on_fault: []"),
        expect![[r#"
        5:15 language.value: `on_fault` needs at least 1 in its list
    "#]],
    );
    check_step(
        &format!("{READ}on_fault: retry"),
        expect![[r#"
            5:15 language.type: `on_fault` expects a list or a map, found text
                hint: write `on_fault: { then: retry }`
        "#]],
    );
    check_step(
        &format!(
            "{READ}on_fault:\n  - {{ code: x }}\n  - {{ code: \"*\", then: giveup }}\n  - {{ code: Http.X, then: [] }}\n  - {{ cod: a.b, then: park, category: buisness }}\n  - park\n  - {{ then: {{ id: b }} }}"
        ),
        expect![[r#"
            6:11 language.missing_key: an entry of `on_fault` needs `then`
                hint: add `then: …`, what to do: `retry`, `park`, `continue`, `fail`, or steps
            6:17 steps.on_fault: `x` is no code of a fault
                hint: write `http.status` for one, `http.*` for all of a noun
            7:17 steps.on_fault: `*` is no code of a fault
                hint: leave `code` out, then the entry fits every fault
            7:28 language.value: `then` cannot be `giveup`
                hint: it is one of: `retry`, `park`, `continue`, `fail`
            8:17 steps.on_fault: `Http.X` is no code of a fault
                hint: write `http.status` for one, `http.*` for all of a noun
            8:31 language.value: `then` needs at least 1 in its list
            9:11 language.unknown_key: an entry of `on_fault` has no key `cod`
                hint: did you mean `code`?
            9:43 language.value: `category` cannot be `buisness`
                hint: did you mean `business`?
            10:9 language.type: an item of `on_fault` expects a map, found text
                hint: name each value by its key, as in `then: …`
            11:19 language.type: `then` expects a list or text, found a map
                hint: begin each item with `- `, as in `- id: …`
        "#]],
    );
}

#[test]
fn entries_that_never_count() {
    check_step(
        &format!(
            "{READ}on_fault:\n  - {{ code: http.*, category: system, then: park }}\n  - {{ code: http.status, then: park }}\n  - {{ code: http.busy, category: system, then: park }}\n  - {{ code: http.status, category: business, then: park }}\n  - {{ then: park }}\n  - {{ category: business, then: fail }}"
        ),
        expect![[r#"
            8:11 warning: steps.on_fault: nothing is left for this entry: the one in line 6 fits it all
                hint: put the narrower entry first
            9:11 warning: steps.on_fault: nothing is left for this entry: the one in line 7 fits it all
                hint: put the narrower entry first
            11:11 warning: steps.on_fault: nothing is left for this entry: the one in line 10 fits it all
                hint: put the narrower entry first
        "#]],
    );
}

#[test]
fn only_bots_are_tried_again() {
    check_step(
        "approve: \"ok?\"\non_fault: [{ code: approval.rejected, then: continue }, { then: retry }]",
        expect![[r#"
            4:69 steps.on_fault: only what a bot did is tried again
                hint: let it `park`, and a person can try it again
        "#]],
    );
}

#[test]
fn verifying() {
    check_step(
        &format!(
            "{MAIL}verify: {{ bot: sheet.read, with: {{ file: \"{{{{run.id}}}}\", columns: {{ no: text }} }}, happened: \"{{{{gt count 0}}}}\", output: {{ id: \"{{{{rows.0.no}}}} {{{{today}}}}\" }} }}"
        ),
        expect![""],
    );
    check_step(
        &format!(
            "{MAIL}verify: {{ bot: sheet.read, with: {{ file: \"{{{{rows}}}}\" }}, happened: \"{{{{count}}}}\", settle: 5, output: {{ id: \"{{{{rowz}}}} {{{{coun}}}}\" }} }}"
        ),
        expect![[r#"
            6:49 template.unknown_name: there is no `rows` here
                hint: a template can read: `inputs`, `steps`, `run`, `today`, `now`, `secrets`
            6:70 steps.verify: `happened` wants true or false, this is a whole number
                hint: compare it, as in `{{gt line.amount 0}}`
            6:91 language.type: `settle` expects a duration such as `10s`, found a whole number
                hint: write `5s` for seconds, `5m` for minutes
            6:111 template.unknown_name: there is no `rowz` here
                hint: did you mean `rows`?
            6:120 template.unknown_name: there is no `coun` here
                hint: did you mean `count`?
        "#]],
    );
    check_step(
        &format!(
            "{MAIL}verify: {{ bot: mail.send, connection: shop, with: {{ to: x }}, happened: \"{{{{eq id body.x}}}}\" }}"
        ),
        expect![[r#"
            6:20 steps.verify: `mail.send` changes something here, and what verifies only reads
                hint: ask with a bot such as `http.get`
            6:43 steps.connection: `shop` is a connection of kind `browser`
                hint: `mail.send` takes `smtp`
        "#]],
    );
    check_step(
        &format!(
            "{MAIL}verify: {{ bot: shet.read, with: {{ file: x }}, happened: \"{{{{eq anything.at all}}}}\", retry: {{}} }}"
        ),
        expect![[r#"
            6:20 steps.unknown_bot: there is no bot `shet.read`
                hint: did you mean `sheet.read`?
            6:86 language.unknown_key: `verify` has no key `retry`
                hint: its keys are: `bot`, `connection`, `with`, `settle`, `happened`, `output`
        "#]],
    );
    check_step(
        &format!(
            "{MAIL}effect: repeatable\nverify: {{ bot: sheet.read, with: {{ file: x }}, happened: \"{{{{gt count 0}}}}\" }}"
        ),
        expect![[r#"
            7:5 warning: steps.verify: this step can simply be done again, so nothing is verified
                hint: leave `verify` out, or say `effect: once`
        "#]],
    );
}

#[test]
fn an_answer_hides_other_names() {
    let text = "steps:
  - { id: lines, bot: sheet.read, with: { file: x, columns: { a: text } } }
  - id: each
    for_each: \"{{steps.lines.rows}}\"
    as: rows
    key: \"{{rows.a}}\"
    steps:
      - id: tell
        bot: mail.send
        connection: office
        with: { to: \"{{rows.a}}\" }
        verify:
          bot: sheet.read
          with: { file: \"{{rows.a}} {{item.key}}\" }
          happened: \"{{and (gt count 0) (ne steps.lines.count 0)}}\"
          output: { a: \"{{len rows}} {{run.id}}\" }
";
    let plan = version(text).plan;
    let Kind::ForEach(each) = &plan.steps[1].kind else {
        panic!("a loop")
    };
    let Kind::Bot(tell) = &each.steps[0].kind else {
        panic!("a bot")
    };
    let verify = tell.verify.as_ref().expect("it verifies");
    expect![[r#"
        [["rows", "a"]]
        [["rows", "a"], ["item", "key"]]
        [["steps", "lines", "count"], ["run", "id"]]
        30000"#]]
    .assert_eq(&format!(
        "{:?}\n{:?}\n{:?}\n{}",
        each.steps[0].reads, verify.reads, verify.answer_reads, verify.settle
    ));
}
