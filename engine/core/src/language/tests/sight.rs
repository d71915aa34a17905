//! Which step sees which other, and what may be lacking.

use expect_test::expect;

use super::check;

#[test]
fn branches_see_their_own_steps_and_what_follows_sees_all() {
    check(
        r#"
steps:
  - id: side
    parallel:
      one:
        - { id: a, bot: sheet.read, with: { file: x } }
        - { id: b, bot: sheet.read, with: { file: "{{steps.a.count}} {{steps.c.count}} {{steps.side.x}}" } }
      two:
        - { id: c, bot: sheet.read, with: { file: "{{steps.a.count}}" } }
        - id: deep
          switch: "{{today}}"
          cases: { x: [{ id: d, bot: sheet.read, with: { file: "{{steps.b.count}} {{steps.c.count}}" } }] }
          default: [{ id: e, bot: sheet.read, with: { file: "{{steps.d.count}}" } }]
  - { id: f, bot: sheet.read, with: { file: "{{steps.a.count}} {{steps.c.count}} {{steps.d.count}}" } }
"#,
        expect![[r#"
            7:78 template.unknown_name: `c` is in another branch of `side`
                hint: a template can read only the steps above it in the same one
            7:96 template.unknown_name: `side` has not run yet at this place
                hint: a template can read only the steps above it
            9:60 template.unknown_name: `a` is in another branch of `side`
                hint: a template can read only the steps above it in the same one
            12:73 template.unknown_name: `b` is in another branch of `side`
                hint: a template can read only the steps above it in the same one
            13:70 template.unknown_name: `d` is in another case of `deep`
                hint: a template can read only the steps above it in the same one
            14:84 warning: template.may_be_missing: `d` may not have run, and then there is no `steps.d.count`
                hint: ask first, as in `when: "{{ne steps.d null}}"`, or write `(default steps.d.count …)`
        "#]],
    );
}

#[test]
fn what_may_have_been_left_out_is_asked_first() {
    check(
        r#"
inputs: { on: { type: boolean } }
steps:
  - { id: a, when: "{{inputs.on}}", bot: sheet.read, with: { file: x } }
  - { id: b, bot: sheet.read, with: { file: "n {{steps.a.count}}" } }
  - { id: c, when: "{{inputs.on}}", bot: sheet.read, with: { file: "n {{steps.a.count}}" } }
  - { id: d, when: "{{ne steps.a null}}", bot: sheet.read, with: { file: "n {{steps.a.count}}" } }
  - { id: e, bot: sheet.read, with: { file: "n {{default steps.a.count 0}}" } }
  - { id: f, bot: sheet.read, with: { file: "{{#with steps.a}}{{count}}{{/with}}" } }
  - { id: g, when: "{{and (ne steps.a null) (gt steps.a.count 1)}}", bot: sheet.read, with: { file: x } }
  - { id: h, when: "{{gt steps.a.count 1}}", bot: sheet.read, with: { file: "n {{steps.a.count}}" } }
  - { id: i, set: { all: "{{steps.a}}", text: "so: {{steps.a}}" } }
  - id: j
    when: "{{inputs.on}}"
    parallel: { x: [{ id: k, bot: sheet.read, with: { file: "n {{steps.a.count}}" } }] }
  - { id: l, bot: sheet.read, with: { file: "n {{steps.k.count}}" } }
  - { id: m, bot: sheet.read, with: { file: x }, on_fault: { then: continue } }
  - { id: n, bot: sheet.read, with: { file: "n {{steps.m.count}}" } }
"#,
        expect![[r#"
            5:50 warning: template.may_be_missing: `a` may not have run, and then there is no `steps.a.count`
                hint: ask first, as in `when: "{{ne steps.a null}}"`, or write `(default steps.a.count …)`
            11:26 warning: template.may_be_missing: `a` may not have run, and then there is no `steps.a.count`
                hint: ask first, as in `when: "{{ne steps.a null}}"`, or write `(default steps.a.count …)`
            12:54 warning: template.may_be_missing: `a` may not have run, and then there is no `steps.a`
                hint: ask first, as in `when: "{{ne steps.a null}}"`, or write `(default steps.a …)`
            12:54 template.type: `steps.a` is a map, which is no text
                hint: name the part of it that is meant
            16:50 warning: template.may_be_missing: `k` may not have run, and then there is no `steps.k.count`
                hint: ask first, as in `when: "{{ne steps.k null}}"`, or write `(default steps.k.count …)`
            18:50 warning: template.may_be_missing: `m` may not have run, and then there is no `steps.m.count`
                hint: ask first, as in `when: "{{ne steps.m null}}"`, or write `(default steps.m.count …)`
        "#]],
    );
}

#[test]
fn items_and_what_they_leave_may_be_lacking_too() {
    check(
        r#"
steps:
  - { id: a, bot: sheet.read, with: { file: x, columns: { sku: text } } }
  - id: each
    for_each: "{{steps.a.rows}}"
    as: line
    collect: { n: "{{steps.b.count}}", m: "{{default steps.b.count 0}}" }
    steps:
      - { id: b, when: "{{ne line.sku \"x\"}}", bot: sheet.read, with: { file: x } }
"#,
        expect![[r#"
            7:22 warning: template.may_be_missing: `b` may not have run, and then there is no `steps.b.count`
                hint: ask first, as in `when: "{{ne steps.b null}}"`, or write `(default steps.b.count …)`
        "#]],
    );
}

#[test]
fn only_handlers_see_the_fault() {
    check(
        r#"
steps:
  - id: a
    bot: sheet.read
    with: { file: "{{fault.code}}" }
    on_fault:
      - code: sheet.gone
        then:
          - { id: b, bot: sheet.read, with: { file: "{{fault.code}} {{fault.hnt}}" } }
          - { id: c, bot: sheet.read, with: { file: "n {{steps.b.count}} {{steps.a.count}}" } }
          - { id: d, for_each: "{{steps.b.rows}}", as: fault, steps: [{ id: e, wait: 1s }] }
          - { id: f, for_each: "{{steps.b.rows}}", as: row, steps: [{ id: g, bot: sheet.read, with: { file: "{{fault.code}}" } }] }
      - then: [{ id: h, bot: sheet.read, with: { file: "n {{steps.b.count}}" } }]
  - { id: i, bot: sheet.read, with: { file: "n {{steps.b.count}} {{steps.a.count}}" } }
on_failure:
  - { id: j, bot: sheet.read, with: { file: "{{fault.message}} {{steps.i.count}}" } }
  - { id: k, when: "{{ne steps.i null}}", bot: sheet.read, with: { file: "n {{steps.i.count}}" } }
finally:
  - { id: l, bot: sheet.read, with: { file: "{{fault.message}} {{steps.j.count}} {{faul.code}}" } }
"#,
        expect![[r#"
            5:22 template.unknown_name: there is no `fault` here
                hint: it is there in the steps of `on_fault` and of `on_failure`, not in a `for_each` among them
            9:77 template.unknown_name: `fault` has no `hnt`
                hint: did you mean `hint`?
            10:82 template.unknown_name: `a` has not run yet at this place
                hint: a template can read only the steps above it
            11:56 steps.as: `fault` already means something in templates
                hint: choose another name
            12:112 template.unknown_name: there is no `fault` here
                hint: it is there in the steps of `on_fault` and of `on_failure`, not in a `for_each` among them
            13:67 template.unknown_name: `b` has not run yet at this place
                hint: a template can read only the steps above it
            14:50 warning: template.may_be_missing: `b` may not have run, and then there is no `steps.b.count`
                hint: ask first, as in `when: "{{ne steps.b null}}"`, or write `(default steps.b.count …)`
            14:68 warning: template.may_be_missing: `a` may not have run, and then there is no `steps.a.count`
                hint: ask first, as in `when: "{{ne steps.a null}}"`, or write `(default steps.a.count …)`
            16:66 warning: template.may_be_missing: `i` may not have run, and then there is no `steps.i.count`
                hint: ask first, as in `when: "{{ne steps.i null}}"`, or write `(default steps.i.count …)`
            19:48 template.unknown_name: there is no `fault` here
                hint: it is there in the steps of `on_fault` and of `on_failure`, not in a `for_each` among them
            19:66 warning: template.may_be_missing: `j` may not have run, and then there is no `steps.j.count`
                hint: ask first, as in `when: "{{ne steps.j null}}"`, or write `(default steps.j.count …)`
            19:84 template.unknown_name: there is no `faul` here
                hint: a template can read: `inputs`, `steps`, `run`, `today`, `now`, `secrets`
        "#]],
    );
}
