//! One snapshot for each rule about keys, values, inputs, triggers and loops.

use expect_test::expect;

use super::{catalogue, check, check_step, load, version};
use crate::plan::{Kind, Missed, On, Overlap};

const FINE: &str = "steps: [{ id: a, bot: sheet.read, with: { file: x } }]\n";

#[test]
fn a_whole_workflow_becomes_a_plan() {
    let text = include_str!("voyage.yaml");
    let version = version(text);
    let plan = &version.plan;
    assert_eq!((plan.name.as_str(), plan.overlap), ("demo", Overlap::Skip));
    let On::Schedule(schedule) = &plan.triggers[0].on else {
        panic!("{:?}", plan.triggers[0].on);
    };
    assert_eq!(schedule.missed, Missed::All);
    assert_eq!(plan.triggers[0].inputs["ceiling"].0, "20.50");
    let default = plan.inputs["ceiling"].default.as_ref();
    assert_eq!(
        default.map(ToString::to_string).as_deref(),
        Some("10000.00")
    );
    assert_eq!(version.templates["po.txt.hbs"], "Order {{run.id}}");
    let reads: Vec<String> = plan
        .steps
        .iter()
        .map(|step| format!("{:?}", step.reads))
        .collect();
    expect![[r#"
        [["inputs", "file"]]
        [["steps", "lines", "rows"]]
        [["run", "id"], ["steps", "enter", "succeeded"], ["steps", "enter", "total"], ["steps", "enter"], ["secrets", "mail"]]"#]].assert_eq(&reads.join("\n"));
    let Kind::ForEach(each) = &plan.steps[1].kind else {
        panic!("a loop")
    };
    expect![[r#"
        [["inputs", "ceiling"]]
        [["steps", "form", "body", "number"], ["line", "sku"]]
        [["line", "sku"], ["item", "key"]]
        Retry { attempts: 2, delay: 10000, factor: 3.0, max_delay: 300000 }"#]]
    .assert_eq(&format!(
        "{:?}\n{:?}\n{:?}\n{:?}",
        each.key_reads, each.collect_reads, each.steps[0].reads, each.steps[0].retry
    ));
    let Kind::Bot(tell) = &plan.steps[2].kind else {
        panic!("a bot")
    };
    assert_eq!(tell.with["data"]["factor"].to_string(), "0.10");
    assert_eq!(each.steps[0].timeout, Some(120_000));
    assert_eq!(plan.steps[0].retry.attempts, 4);
}

#[test]
fn three_mistakes_show_all_three() {
    check(
        r#"
triggers:
  - cron: "0 25 * * *"
steps:
  - id: lines
    bot: sheet.read
    with: { file: orders.csv, columns: { sku: text } }
  - id: two
    bot: sheet.read
    wiht: { file: x }
    with: { file: x }
  - id: five
    for_each: "{{steps.lines.rowz}}"
    as: line
    steps:
      - id: tell
        bot: mail.send
        connection: office
        with: { to: "{{line.sku}}" }
"#,
        expect![[r#"
            3:11 triggers.cron: hour `25` is not between 0 and 23
                hint: the hour is 0 to 23, `*`, a range `a-b`, a list `a,b` or a step `*/n`
            10:5 language.unknown_key: a step has no key `wiht`
                hint: did you mean `with`?
            13:30 template.unknown_name: `steps.lines` has no `rowz`
                hint: did you mean `rows`?
            17:14 warning: steps.once_without_key: a later run with the same items does this again
                hint: give the `for_each` a `key:`, as in `key: "{{line.order}}"`
        "#]],
    );
}

#[test]
fn unknown_and_missing_keys() {
    check(
        &format!("trigers: []\ncolour: red\n{FINE}"),
        expect![[r#"
            1:1 language.unknown_key: a workflow has no key `trigers`
                hint: did you mean `triggers`?
            2:1 language.unknown_key: a workflow has no key `colour`
                hint: its keys are: `name`, `description`, `triggers`, `overlap`, `inputs`, `retry`, `timeout`, `saves`, `steps`, `outputs`, `on_failure`, `finally`, `exceptions`, `formerly`, `promise`, `tests`
        "#]],
    );
    check(
        &format!("promise: 1 succeeded run\n{FINE}"),
        expect![[r#"
            1:10 language.type: `promise` expects a map, found text
                hint: name each value by its key, as in `before: …`
        "#]],
    );
    check(
        &format!("inputs: {{ a: {{ typ: text }} }}\n{FINE}"),
        expect![[r#"
            1:16 language.unknown_key: an input has no key `typ`
                hint: did you mean `type`?
        "#]],
    );
    check(
        "name: demo\n",
        expect![[r#"
            1:1 language.missing_key: a workflow needs `steps`
                hint: add `steps: …`, what it does, one after the other
        "#]],
    );
}

#[test]
fn keys_given_twice() {
    check(
        "name: demo\nname: demo\nsteps:\n  - id: a\n    bot: sheet.read\n    with: { file: x, file: y }\n",
        expect![[r#"
            2:1 yaml.duplicate_key: `name` is given twice
                hint: keep one of them
            6:22 yaml.duplicate_key: `file` is given twice
                hint: keep one of them
        "#]],
    );
}

#[test]
fn values_of_the_wrong_kind() {
    check(
        "name: [a]\ndescription:\nretry: 3\nsteps: {}\n",
        expect![[r#"
            1:8 language.type: `name` expects text, found a list
                hint: write `a` without brackets
            3:8 language.type: `retry` expects a map, found a whole number
                hint: write `retry: { attempts: 3 }`
            4:8 language.type: `steps` expects a list, found a map
        "#]],
    );
    check(
        &format!(
            "overlap: que\nretry: {{ attempts: 0, delay: 10, factor: x, max_delay: 5 min }}\n{FINE}"
        ),
        expect![[r#"
            1:10 language.value: `overlap` cannot be `que`
                hint: it is one of: `queue`, `skip`, `cancel`, `allow`
            2:20 language.range: `attempts` is at least 1
            2:30 language.type: `delay` expects a duration such as `10s`, found a whole number
                hint: write `10s` for seconds, `10m` for minutes
            2:42 language.type: `factor` expects a number, found text
            2:56 language.duration: `5 min` is not a duration such as `10s`, `5m` or `1h30m`
                hint: write `5m`
        "#]],
    );
    check(
        "steps:\n  - text\n  -\n  - { id: [a], bot: sheet.read, with: 5, when: true, timeout: -5s }\n",
        expect![[r#"
            2:5 language.type: an item of `steps` expects a map, found text
                hint: name each value by its key, as in `id: …`
            3:4 language.type: an item of `steps` has no value
                hint: name each value by its key, as in `id: …`
            4:12 language.type: `id` expects text, found a list
                hint: write `a` without brackets
            4:39 language.type: `with` expects a map, found a whole number
            4:48 language.type: `when` expects text, found true or false
                hint: write a template, as in `"{{inputs.ready}}"`
            4:63 language.duration: `-5s` is not a duration such as `10s`, `5m` or `1h30m`
                hint: units are `s`, `m`, `h` and `d`, as in `90s` or `1h 30m`
        "#]],
    );
    check(
        "steps: []\n",
        expect![[r#"
        1:8 language.value: `steps` needs at least 1 in its list
    "#]],
    );
}

#[test]
fn the_name_is_the_file() {
    check(
        &format!("name: other\n{FINE}"),
        expect![[r#"
        1:7 language.name: the name is `other`, but the file is called `demo`
            hint: write `name: demo`, or rename the file
    "#]],
    );
    for file in ["Demo.yaml", "-a.yaml", "a b.yml", ".yaml", "ü.yaml"] {
        let found = load(file, FINE, &catalogue()).diagnostics;
        assert_eq!(found[0].code, "language.name", "{file}");
    }
    let found = load(
        "My Flow.yaml",
        &format!("name: e-cron\n{FINE}"),
        &catalogue(),
    )
    .diagnostics;
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].hint.as_deref(),
        Some("call the file `e-cron.yaml`")
    );
    assert!(load("C:\\x\\a-1.yml", FINE, &catalogue()).version.is_some());
}

#[test]
fn exactly_one_kind() {
    check(
        "steps:\n  - id: a\n  - { id: b, bot: sheet.read, with: { file: x }, for_each: \"{{inputs}}\", as: x, steps: [] }\n",
        expect![[r#"
            2:5 steps.kind: a step has exactly one of `bot`, `call`, `for_each`, `parallel`, `switch`, `approve`, `wait`, `wait_until`, `set` and `fail`
                hint: say what it does, as in `wait: 10m`, or `bot: sheet.read`
            3:7 steps.kind: a step has exactly one of `bot`, `call`, `for_each`, `parallel`, `switch`, `approve`, `wait`, `wait_until`, `set` and `fail`
                hint: make two steps of `bot` and `for_each`
            3:88 language.value: `steps` needs at least 1 in its list
        "#]],
    );
    check(
        "steps:\n  - { id: a, bot: sheet.read, with: { file: x }, as: x }\n  - { id: b, for_each: \"{{today}}\", with: {}, connection: x, timeout: 5m }\n",
        expect![[r#"
            2:50 steps.kind: `as` belongs to a step with `for_each`, this one has `bot`
            3:14 language.missing_key: a `for_each` needs `as`
                hint: give the item a name, as in `as: line`
            3:14 language.missing_key: a `for_each` needs `steps`
                hint: say below `steps:` what is done with each item
            3:24 steps.for_each: `for_each` goes through a list, this is text
                hint: make a list of the text, as in `"{{split today \",\"}}"`
            3:37 steps.kind: `with` belongs to a step with `bot` or `call`, this one has `for_each`
            3:47 steps.kind: `connection` belongs to a step with `bot`, this one has `for_each`
        "#]],
    );
}

#[test]
fn a_step_is_not_called_like_the_run_itself() {
    check(
        "steps:\n  - { id: run, bot: sheet.read, with: { file: x } }\n",
        expect![[r#"
            2:11 steps.id: `run` is the run itself, a step needs another id
                hint: choose another id, such as the name of what the step does
        "#]],
    );
}

#[test]
fn ids() {
    check(
        "steps:\n  - { id: a, bot: sheet.read, with: { file: x } }\n  - { id: a, bot: sheet.read, with: { file: x } }\n  - { id: 1a, bot: sheet.read, with: { file: x } }\n  - { bot: sheet.read, with: { file: x } }\n",
        expect![[r#"
            3:11 steps.duplicate_id: the id `a` is used twice
                hint: the other one is in line 2
            4:11 steps.id: `1a` cannot be the id of a step
                hint: use letters, digits, `-` and `_`, beginning with a letter
            5:7 language.missing_key: a step needs `id`
                hint: add `id: …`, by which later steps refer to it; once in a file
        "#]],
    );
}

#[test]
fn inputs() {
    check(
        &format!(
            "inputs:\n  a: {{ type: number }}\n  b: {{ type: integer, default: \"5\" }}\n  c: {{ type: text, default: 4711 }}\n  d: {{ type: date, default: 2026-02-30 }}\n  e: {{ type: decimal, default: 1,5 }}\n  f: {{ type: boolean, default: yes }}\n  g: {{ type: list, default: x }}\n  \"h i\": {{ type: text }}\n  j: {{ type: date, default: 2026-03-29 }}\n  k: {{ description: x }}\n{FINE}"
        ),
        expect![[r#"
            2:14 language.value: `type` cannot be `number`
                hint: did you mean `decimal`?
            3:32 inputs.default: the default of `b` is not a whole number
                hint: write `5` without quotes
            4:29 inputs.default: the default of `c` is not text
                hint: write `"4711"`
            5:29 inputs.default: the default of `d` is not a day such as `2026-03-29`
            6:34 language.unknown_key: the `,` before `5` ends the value in front of it
                hint: a number has a `.` and no other marks, as in `10000.00`; put text in quotes
            7:32 inputs.default: the default of `f` is not true or false
                hint: write `true` or `false`
            8:29 inputs.default: the default of `g` is not a list
                hint: write `[x]`
            9:3 language.name: `h i` cannot be the name of an input
                hint: use letters, digits, `-` and `_`, beginning with a letter
            11:3 language.missing_key: an input needs `type`
                hint: add `type: …`
        "#]],
    );
}

#[test]
fn triggers() {
    check(
        &format!(
            "inputs:\n  a: {{ type: text }}\n  n: {{ type: integer, default: 1 }}\ntriggers:\n  - cron: \"0 7 * *\"\n    inputs: {{ a: x, b: y }}\n  - cron: \"@daily\"\n    timezone: Berlin\n  - timezone: UTC\n    inputs: {{ a: \"{{{{inputs.n}}}}\", n: many }}\n  - cron: \"0 7 31 2 *\"\n    missed: never\n    inputs: {{ a: [1] }}\n  - cron: \"@hourly\"\n    inputs: {{ a: \"{{{{trigger.scheduled_for}}}} {{{{todays}}}}\" }}\n{FINE}"
        ),
        expect![[r#"
            5:11 triggers.cron: `0 7 * *` has 4 fields, not 5 or 6
                hint: write minute, hour, day of month, month, day of week, such as `0 18 * * MON-FRI`; a sixth field in front is the second
            6:21 triggers.unknown_input: there is no input `b`
                hint: the inputs are: `a`, `n`
            7:5 triggers.missing_input: this trigger does not give the input `a`
                hint: add it under `inputs:` of the trigger, or give `a` a `default:`
            8:15 triggers.timezone: there is no time zone `Berlin`
                hint: write it like `Europe/Berlin` or `Asia/Shanghai`
            9:5 triggers.kind: a trigger has exactly one of `cron`, `every`, `files`, `mail`, `webhook` and `finished`
                hint: say what starts it, as in `cron: "0 7 * * MON-FRI"`, `every: 15m`, `files: inbox/*.csv` or `finished: another-workflow`
            10:21 template.unknown_name: there is no `inputs` here
                hint: a trigger can read: `trigger`, `today`, `now`
            10:37 triggers.input: the input `n` is not a whole number
            11:11 triggers.cron: `0 7 31 2 *` never fires: there is no such day
                hint: check day of month against month
            12:13 language.value: `missed` cannot be `never`
                hint: it is one of: `none`, `all`, `last`
            13:19 triggers.input: a trigger gives an input as one value or template
                hint: write `a: …` with one text, number or template
            15:47 template.unknown_name: there is no `todays` here
                hint: did you mean `today`?
        "#]],
    );
}

#[test]
fn loops() {
    check(
        "steps:\n  - { id: a, for_each: \"{{today}}\", as: item }\n  - id: b\n    for_each: \"{{steps.a.items}}\"\n    key: \"{{item.key}}\"\n    as: line\n    steps:\n      - { id: c, for_each: \"{{line.x}}\", as: line, steps: [{ id: d, bot: sheet.read, with: { file: \"{{line}}\" } }] }\n      - { id: e, for_each: \"{{line.x}}\", as: a-b, steps: [] }\n      - { id: f, for_each: \"{{line.x}}\", steps: [{ id: g, bot: sheet.read, with: { file: x } }] }\n",
        expect![[r#"
            2:14 language.missing_key: a `for_each` needs `steps`
                hint: say below `steps:` what is done with each item
            2:24 steps.for_each: `for_each` goes through a list, this is text
                hint: make a list of the text, as in `"{{split today \",\"}}"`
            2:41 steps.as: `item` already means something in templates
                hint: choose another name
            5:10 steps.key: the key of an item cannot read `item.key`
                hint: name what tells one item from another, as in `line.number`
            8:46 steps.as: `line` is the item of a loop around this one
                hint: choose another name
            9:46 steps.as: `a-b` cannot be a name: use letters, digits and `_`
                hint: choose another name
            9:58 language.value: `steps` needs at least 1 in its list
            10:18 language.missing_key: a `for_each` needs `as`
                hint: give the item a name, as in `as: line`
        "#]],
    );
}

#[test]
fn conditions() {
    for (when, fits) in [
        ("{{steps.a.count}}", false),
        ("true", false),
        ("{{today}} x", false),
        ("{{eq steps.a.count 1}}", true),
        ("{{inputs.on}}", true),
        ("{{inputs.any.thing}}", true),
    ] {
        let text = format!(
            "inputs: {{ on: {{ type: boolean }}, any: {{ type: object }} }}\nsteps:\n- {{ id: a, bot: sheet.read, with: {{ file: x }} }}\n- {{ id: b, when: \"{when}\", bot: sheet.read, with: {{ file: x }} }}\n"
        );
        let found = load("demo.yaml", &text, &catalogue()).diagnostics;
        let codes: Vec<&str> = found.iter().map(|one| one.code).collect();
        assert_eq!(codes.is_empty(), fits, "{when}: {codes:?}");
    }
    check_step(
        "when: \"{{run.id}}\"\nbot: sheet.read\nwith: { file: x }",
        expect![[r#"
            3:11 steps.when: `when` wants true or false, this is text
                hint: compare it, as in `{{gt line.amount 0}}`
        "#]],
    );
    check_step(
        "for_each: \"{{today}}, {{now}}\"\nas: x\nsteps: [{ id: b, bot: sheet.read, with: { file: x } }]",
        expect![[r#"
            3:15 steps.for_each: `for_each` goes through a list, this is text
                hint: make a list of the text, as in `"{{split today}}, {{now \",\"}}"`
        "#]],
    );
}

#[test]
fn effects_in_loops_without_a_key() {
    let step = "{ id: in, bot: mail.send, connection: office, effect: once, with: { to: x } }";
    let each = "id: each, for_each: \"{{steps.a.rows}}\", as: line";
    let sheet = "- { id: a, bot: sheet.read, with: { file: x, columns: { x: text } } }";
    check(
        &format!("steps:\n{sheet}\n- {{ {each}, steps: [{step}] }}\n"),
        expect![[r#"
            3:109 warning: steps.once_without_key: a later run with the same items does this again
                hint: give the `for_each` a `key:`, as in `key: "{{line.order}}"`
        "#]],
    );
    check(
        &format!("steps:\n{sheet}\n- {{ {each}, key: \"{{{{line.x}}}}\", steps: [{step}] }}\n"),
        expect![""],
    );
}

#[test]
fn a_name_of_two_steps_is_one_mistake() {
    check(
        r#"steps:
  - { id: a, bot: sheet.read, with: { file: x, columns: { sku: text } } }
  - { id: a, bot: browser.do, with: { actions: [screenshot] } }
  - id: b
    for_each: "{{steps.a.rows}}"
    as: line
    steps:
      - { id: c, bot: sheet.read, with: { file: "{{line.sku}} {{steps.a.count}}" } }
"#,
        expect![[r#"
            3:11 steps.duplicate_id: the id `a` is used twice
                hint: the other one is in line 2
        "#]],
    );
}
