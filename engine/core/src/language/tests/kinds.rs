//! One snapshot for each rule about the kinds of step and the keys that belong to them.

use expect_test::expect;

use super::{check, check_step};

#[test]
fn each_kind_is_taken() {
    check(
        r#"
steps:
  - { id: lines, bot: sheet.read, with: { file: x, columns: { sku: text } } }
  - id: ask
    approve: "Order {{steps.lines.count}}?"
    show: { lines: "{{steps.lines.rows}}", note: [1, true] }
    ask: [supervisors]
    escalate: { after: 4h, to: [managers] }
  - { id: rest, wait: 10m }
  - { id: till, wait_until: "2026-03-29T10:00" }
  - { id: due, wait_until: "{{add_days today 1}}" }
  - { id: sums, set: { total: "{{len steps.lines.rows}}", by: "{{steps.ask.approved_by}}" } }
  - id: side
    timeout: 1h
    parallel:
      stock: [{ id: s, bot: sheet.read, with: { file: "{{steps.sums.by}}" } }]
      price: [{ id: p, bot: sheet.read, with: { file: x } }]
  - id: choose
    switch: "{{steps.s.count}}"
    cases: { 1: [{ id: one, bot: sheet.read, with: { file: x } }] }
    default: [{ id: none, fail: "{{steps.p.count}} is too much", category: system }]
  - id: each
    for_each: "{{steps.lines.rows}}"
    as: line
    wait_for: unparked
    timeout: 5m
    steps: [{ id: in, wait: 1s }]
outputs: { total: "{{steps.sums.total}}", by: "{{steps.ask.approved_by}}" }
"#,
        expect![""],
    );
}

#[test]
fn keys_belong_to_kinds() {
    check(
        r#"
steps:
  - { id: a, wait: 1s, retry: {}, timeout: 1s, with: {}, limit: slow }
  - { id: b, set: { x: y }, ask: [managers], key: x, cases: {} }
  - { id: c, bot: sheet.read, with: { file: x }, category: system, wait_for: ended, default: [{ id: d, wait: 1s }] }
  - { id: e, approve: "ok?", timeout: 1h, effect: once, verify: { bot: sheet.read, happened: "{{true}}" } }
  - { id: f, fail: no, on_fault: { then: continue } }
  - { id: g, parallel: { x: [{ id: h, wait: 1s }] }, key: x, collect: {} }
"#,
        expect![[r#"
            3:24 steps.kind: `retry` belongs to a step with `bot`, this one has `wait`
            3:35 steps.kind: `timeout` belongs to a step with `bot`, `call`, `for_each`, `parallel` or `switch`, this one has `wait`
            3:48 steps.kind: `with` belongs to a step with `bot` or `call`, this one has `wait`
            3:58 steps.kind: `limit` belongs to a step with `bot`, this one has `wait`
            4:29 steps.kind: `ask` belongs to a step with `approve`, this one has `set`
            4:46 steps.kind: `key` belongs to a step with `bot` or `for_each`, this one has `set`
            4:54 steps.kind: `cases` belongs to a step with `switch`, this one has `set`
            5:50 steps.kind: `category` belongs to a step with `fail`, this one has `bot`
            5:68 steps.kind: `wait_for` belongs to a step with `for_each`, this one has `bot`
            5:85 steps.kind: `default` belongs to a step with `switch`, this one has `bot`
            6:30 steps.kind: `timeout` belongs to a step with `bot`, `call`, `for_each`, `parallel` or `switch`, this one has `approve`
            6:43 steps.kind: `effect` belongs to a step with `bot`, this one has `approve`
            6:57 steps.kind: `verify` belongs to a step with `bot`, this one has `approve`
            7:20 warning: yaml.unquoted: `no` is text here, but many programs read it as true or false
                hint: write `"no"`
            8:54 steps.kind: `key` belongs to a step with `bot` or `for_each`, this one has `parallel`
            8:62 steps.kind: `collect` belongs to a step with `for_each`, this one has `parallel`
        "#]],
    );
}

#[test]
fn a_list_of_ones_own_is_named_by_a_template() {
    let each = |before: &str, list: &str| {
        format!(
            "{before}  - {{ id: each, for_each: {list}, as: it, steps: [{{ id: in, wait: 1s }}] }}\n"
        )
    };
    for list in ["[1]", "[small, large]"] {
        check(
            &each("steps:\n", list),
            expect![[r#"
                2:28 language.type: `for_each` expects text, found a list
                    hint: name a list by a template, as in `"{{inputs.rows}}"`; one of your own can stand as the `default` of an input of `type: list`
            "#]],
        );
    }
    let before = "inputs: { sizes: { type: list, default: [small, large] } }\nsteps:\n";
    check(&each(before, "\"{{inputs.sizes}}\""), expect![""]);
}

#[test]
fn a_step_of_no_kind_or_of_two() {
    check_step(
        "name: x",
        expect![[r#"
            2:5 steps.kind: a step has exactly one of `bot`, `call`, `for_each`, `parallel`, `switch`, `approve`, `wait`, `wait_until`, `set` and `fail`
                hint: say what it does, as in `wait: 10m`, or `bot: sheet.read`
        "#]],
    );
    check_step(
        "bot: sheet.read\nwith: { file: x }\ncall: other",
        expect![[r#"
            2:5 steps.kind: a step has exactly one of `bot`, `call`, `for_each`, `parallel`, `switch`, `approve`, `wait`, `wait_until`, `set` and `fail`
                hint: make two steps of `bot` and `call`
        "#]],
    );
}

#[test]
fn branches_need_steps_and_names() {
    check(
        r#"
steps:
  - { id: a, parallel: { } }
  - { id: b, parallel: { "x y": [{ id: c, wait: 1s }], z: [], v: , w: { id: d } } }
  - { id: e, switch: "{{today}}" }
  - { id: f, switch: "{{today}}", cases: {}, default: [] }
  - { id: g, switch: "{{today}}", cases: { a: [{ id: h, wait: 1s }], a: [{ id: i, wait: 1s }], "{{now}}": [{ id: j, wait: 1s }] } }
"#,
        expect![[r#"
            3:24 steps.parallel: a `parallel` needs at least one branch
            4:26 steps.parallel: `x y` cannot be the name of a branch
                hint: use letters, digits, `-` and `_`, beginning with a letter
            4:59 language.value: `z` needs at least 1 in its list
            4:63 language.type: `v` has no value
                hint: give it a value, or leave it out
            4:73 language.type: `w` expects a list, found a map
                hint: begin each item with `- `, as in `- id: …`
            5:14 steps.switch: a `switch` needs `cases`, at least one
                hint: as in `cases: { DE: [ … ], AT: [ … ] }`
            6:35 steps.switch: a `switch` needs `cases`, at least one
                hint: as in `cases: { DE: [ … ], AT: [ … ] }`
            6:55 language.value: `default` needs at least 1 in its list
            7:70 yaml.duplicate_key: `a` is given twice
                hint: keep one of them
            7:96 steps.switch: a case is a fixed text, no template
        "#]],
    );
}

#[test]
fn a_switch_is_over_one_plain_value() {
    check(
        r#"
inputs: { rows: { type: list }, on: { type: boolean }, n: { type: integer }, t: { type: text } }
steps:
  - { id: a, switch: "{{inputs.rows}}", cases: { x: [{ id: b, wait: 1s }] } }
  - { id: c, switch: "{{inputs.on}}", cases: { true: [{ id: d, wait: 1s }], yes: [{ id: e, wait: 1s }] } }
  - { id: f, switch: "{{inputs.n}}", cases: { 1: [{ id: g, wait: 1s }], one: [{ id: h, wait: 1s }] } }
  - { id: i, switch: "{{inputs.t}}", cases: { 1: [{ id: j, wait: 1s }], one: [{ id: k, wait: 1s }] } }
"#,
        expect![[r#"
            4:22 steps.switch: `switch` takes text, a number, or true or false, this is a list
                hint: name the part of it that is meant
            5:77 warning: steps.switch: the case `yes` is never taken
                hint: the value is `true` or `false`
            6:73 warning: steps.switch: the case `one` is never taken
                hint: the value is a whole number
        "#]],
    );
}

#[test]
fn waiting() {
    check(
        r#"
inputs: { n: { type: integer }, day: { type: date } }
steps:
  - { id: a, wait: 10 }
  - { id: b, wait: 0s }
  - { id: c, wait: "{{inputs.day}}" }
  - { id: d, wait_until: tomorrow }
  - { id: e, wait_until: "{{inputs.n}}" }
  - { id: f, wait_until: "{{inputs.day}}T10:00" }
  - { id: g, wait_until: "2026-03-29T08:00:00Z" }
  - { id: h, wait_until: 2026-03-29 }
  - { id: i, wait_until: 2026-02-30 }
"#,
        expect![[r#"
            4:20 language.type: `wait` expects a duration such as `10s`, found a whole number
                hint: write `10s` for seconds, `10m` for minutes
            5:20 language.duration: `0s` is too short, it is at least 1ms
            6:20 language.duration: `{{inputs.day}}` is not a duration such as `10s`, `5m` or `1h30m`
                hint: a template cannot stand here
            7:26 steps.wait_until: `tomorrow` is no day and no moment
                hint: a day is written `2026-03-29`, a moment `2026-03-29T10:00`
            8:26 steps.wait_until: `wait_until` takes a day or a moment, this is a whole number
                hint: a day is written `2026-03-29`, a moment `2026-03-29T10:00`
            12:26 steps.wait_until: `2026-02-30` is no day and no moment
                hint: a day is written `2026-03-29`, a moment `2026-03-29T10:00`
        "#]],
    );
}

#[test]
fn asking_people() {
    check(
        r#"
inputs: { rows: { type: list } }
steps:
  - { id: a, approve: "{{inputs.rows}}", ask: [supervisor], show: "{{nothing}}" }
  - { id: b, approve: "", ask: managers, escalate: { after: 5, to: [] } }
  - { id: c, approve: "ok?", escalate: { to: [boss] } }
  - { id: d, fail: "{{inputs.rows}}", category: human }
"#,
        expect![[r#"
            4:23 steps.text: `approve` takes text, this is a list
                hint: name the part of it that is meant, or write text around it
            4:48 steps.group: there is no group `supervisor`
                hint: did you mean `supervisors`?
            4:70 template.unknown_name: there is no `nothing` here
                hint: a template can read: `inputs`, `steps`, `run`, `today`, `now`, `secrets`
            5:23 steps.text: `approve` says nothing
                hint: write what a person should read
            5:32 language.type: `ask` expects a list, found text
                hint: write it as a list: `[managers]`
            5:61 language.type: `after` expects a duration such as `10s`, found a whole number
                hint: write `5s` for seconds, `5m` for minutes
            5:68 language.value: `to` needs at least 1 in its list
            6:30 language.missing_key: `escalate` needs `after`
                hint: add `after: …`, how long after the question
            6:47 steps.group: there is no group `boss`
                hint: the groups are: `managers`, `supervisors`
            7:20 steps.text: `fail` takes text, this is a list
                hint: name the part of it that is meant, or write text around it
            7:49 language.value: `category` cannot be `human`
                hint: it is one of: `business`, `system`
        "#]],
    );
}

#[test]
fn values_that_are_set() {
    check(
        r#"
steps:
  - { id: a, set: {} }
  - { id: b, set: { "x y": a, n: 5, l: [1] } }
  - { id: c, set: { n: "{{len today}}", t: "{{steps.c.n}}" } }
  - { id: d, bot: mail.send, connection: office, with: { to: x, copies: "{{steps.c.n}}", subject: "{{steps.c.m}}", cc: "{{steps.c.n}}" } }
"#,
        expect![[r#"
            3:19 steps.set: a `set` needs at least one name
                hint: as in `set: { total: "{{len steps.lines.rows}}" }`
            4:21 language.name: `x y` cannot be the name of a value
                hint: use letters, digits, `-` and `_`, beginning with a letter
            4:34 language.type: `n` expects text, found a whole number
                hint: write `"5"`
            4:41 language.type: `l` expects text, found a list
                hint: write `1` without brackets
            5:53 template.unknown_name: `c` cannot read its own output
                hint: it is there only when the step is done
            6:110 template.unknown_name: `steps.c` has no `m`
                hint: it has: `n`, `t`
            6:120 template.type: `{{steps.c.n}}` is a whole number, `cc` wants a list
        "#]],
    );
}

#[test]
fn what_is_never_reached() {
    check(
        r#"
steps:
  - { id: a, fail: never, when: "{{eq today now}}" }
  - id: b
    switch: "{{today}}"
    cases: { x: [{ id: c, fail: x }] }
    default: [{ id: d, parallel: { y: [{ id: e, fail: y }, { id: f, wait: 1s }], z: [{ id: g, wait: 1s }] } }]
  - { id: h, wait: 1s }
  - { id: i, wait: 1s }
"#,
        expect![[r#"
            7:62 warning: steps.unreachable: nothing comes here, for `e` always fails
                hint: move it up, or give the other a `when:`
            8:7 warning: steps.unreachable: nothing comes here, for `b` always fails
                hint: move it up, or give the other a `when:`
        "#]],
    );
    // A person may be asked, but only what goes on in its place leads further.
    check(
        r#"
steps:
  - { id: a, fail: x, on_fault: { category: system, then: continue } }
  - { id: b, fail: x, on_fault: [{ code: x.y, then: park }, { then: fail }] }
  - { id: c, wait: 1s }
"#,
        expect![[r#"
            5:7 warning: steps.unreachable: nothing comes here, for `b` always fails
                hint: move it up, or give the other a `when:`
        "#]],
    );
}

#[test]
fn limits() {
    check_step(
        "bot: sheet.read\nwith: { file: x }\nlimit: slow",
        expect![""],
    );
    check_step(
        "bot: sheet.read\nwith: { file: x }\nlimit: slwo",
        expect![[r#"
            5:12 steps.limit: there is no limit `slwo`
                hint: did you mean `slow`?
        "#]],
    );
}

#[test]
fn a_workflow_as_a_whole() {
    check(
        r#"
timeout: 0s
formerly: [demo, "x y", old, old, 5]
exceptions: { due: soon, assign: nobody, notify: [ops@example.com, ops], colour: red }
outputs: { "a b": x, c: "{{steps.a.x}}", d: 5 }
steps: [{ id: a, wait: 1s }]
on_failure: []
finally: {}
"#,
        expect![[r#"
            2:10 language.duration: `0s` is too short, it is at least 1ms
            3:12 language.formerly: `demo` is what it is called now
            3:18 language.formerly: `x y` cannot have been the name of a workflow
            3:30 language.formerly: `old` is given twice
            3:35 language.type: an item of `formerly` expects text, found a whole number
                hint: write `"5"`
            4:20 language.duration: `soon` is not a duration such as `10s`, `5m` or `1h30m`
                hint: units are `s`, `m`, `h` and `d`, as in `90s` or `1h 30m`
            4:34 steps.group: there is no group `nobody`
                hint: the groups are: `managers`, `supervisors`
            4:68 language.address: `ops` is not a mail address
                hint: write it like `anna@example.com`
            4:74 language.unknown_key: `exceptions` has no key `colour`
                hint: its keys are: `due`, `assign`, `notify`
            5:12 language.name: `a b` cannot be the name of an output
                hint: use letters, digits, `-` and `_`, beginning with a letter
            5:36 template.unknown_name: `steps.a` has no `x`, for that step leaves nothing
                hint: only a `bot`, `call`, `for_each`, `approve` or `set` leaves something
            5:45 language.type: `d` expects text, found a whole number
                hint: write `"5"`
            7:13 language.value: `on_failure` needs at least 1 in its list
            8:10 language.type: `finally` expects a list, found a map
        "#]],
    );
    check(
        r#"
timeout: 8h
overlap: cancel
formerly: [orders]
exceptions: { due: 4h, assign: managers, notify: [ops@example.com] }
steps: [{ id: a, bot: sheet.read, with: { file: x } }]
on_failure: [{ id: b, bot: sheet.read, with: { file: "{{fault.code}} {{fault.message}} {{fault.category}}" } }]
finally: [{ id: c, bot: sheet.read, with: { file: "{{run.id}}" } }]
"#,
        expect![""],
    );
}
