//! Names in templates: what is there, what is not, and what was probably meant.

use expect_test::{Expect, expect};

use super::check;

/// Templates, each the file of a step after a sheet with the columns `sku` and `name`.
#[track_caller]
fn reads(templates: &[&str], expected: Expect) {
    let mut text = "inputs: { file: { type: file }, rows: { type: list } }\nsteps:\n- { id: lines, bot: sheet.read, with: { file: x, columns: { sku: text, name: text } } }\n- { id: form, bot: browser.do, with: { actions: [] } }\n- { id: each, for_each: \"{{steps.lines.rows}}\", as: line, collect: { x: \"{{steps.in.count}}\" }, steps: [{ id: in, bot: sheet.read, with: { file: x } }] }\n".to_owned();
    for (place, template) in templates.iter().enumerate() {
        let step = [
            "- { id: s",
            &place.to_string(),
            ", bot: sheet.read, with: { file: '",
            template,
            "' } }\n",
        ];
        text.extend(step);
    }
    text += "- { id: late, bot: sheet.read, with: { file: x } }\n";
    check(&text, expected);
}

#[test]
fn names_that_are_there() {
    reads(
        &[
            "{{inputs.file}}",
            "{{inputs.rows.0.any.thing}}",
            "{{text steps.lines.count}}",
            "{{steps.lines.rows.0.sku}}",
            "{{steps.form.body.any.thing}}",
            "{{steps.each.open}} {{steps.each.items.0.x}}",
            "{{run.id}} {{run.workflow}} {{run.scheduled_for}}",
            "{{today}} {{now}}",
            "{{#each steps.lines.rows}}{{sku}}{{/each}}",
        ],
        expect![[r#""#]],
    );
}

#[test]
fn first_names() {
    reads(
        &[
            "{{input.file}}",
            "{{file}}",
            "{{lines.rows}}",
            "{{foo.bar}}",
            "{{trigger.x}}",
            "{{item.key}}",
            "{{steps}}",
            "{{line.sku}}",
        ],
        expect![[r#"
            6:47 template.unknown_name: there is no `input` here
                hint: did you mean `inputs`?
            7:47 template.unknown_name: there is no `file` here
                hint: did you mean `inputs.file`?
            8:47 template.unknown_name: there is no `lines` here
                hint: did you mean `steps.lines`?
            9:47 template.unknown_name: there is no `foo` here
                hint: a template can read: `inputs`, `steps`, `run`, `today`, `now`, `secrets`
            10:47 template.unknown_name: there is no `trigger` here
                hint: a run knows `run.scheduled_for`; a trigger gives more to it by its own `inputs:`
            11:47 template.unknown_name: `item` is there only inside a `for_each`
                hint: move the step among the `steps` of the `for_each`
            12:47 template.unknown_name: `steps` alone is not a value
                hint: name the step, as in `steps.ID`
            13:47 template.unknown_name: there is no `line` here
                hint: it is the item of `each`, and is there only in the steps of that
        "#]],
    );
}

#[test]
fn names_below() {
    reads(
        &[
            "{{inputs.fiel}}",
            "{{inputs.file.name}}",
            "{{steps.lines.rowz}}",
            "{{steps.lines.rows.sku}}",
            "{{steps.lines.rows.0.skuu}}",
            "{{steps.lines.count.x}}",
            "{{steps.form.idd}}",
            "{{run.number}}",
            "{{today.year}}",
            "{{steps.each.failures}}",
        ],
        expect![[r#"
            6:54 template.unknown_name: there is no input `fiel`
                hint: did you mean `file`?
            7:59 template.unknown_name: `inputs.file` is text and has no `name`
            8:59 template.unknown_name: `steps.lines` has no `rowz`
                hint: did you mean `rows`?
            9:64 template.unknown_name: `steps.lines.rows` is a list and has no `sku`
                hint: go through it with a `for_each`, or name a place: `.0`
            10:66 template.unknown_name: `steps.lines.rows.0` has no `skuu`
                hint: did you mean `sku`?
            11:65 template.unknown_name: `steps.lines.count` is a whole number and has no `x`
            12:58 template.unknown_name: `steps.form` has no `idd`
                hint: did you mean `id`?
            13:51 template.unknown_name: `run` has no `number`
                hint: it has: `id`, `workflow`, `scheduled_for`
            14:53 template.unknown_name: `today` is text and has no `year`
            15:58 template.unknown_name: `steps.each` has no `failures`
                hint: it has: `total`, `succeeded`, `skipped`, `failed`, `cancelled`, `open`, `items`
        "#]],
    );
}

#[test]
fn names_inside_of_blocks() {
    reads(
        &[
            "{{#each steps.lines.rows}}{{skuu}} {{this.name}} {{@index}} {{../today}}{{/each}}",
            "{{#each (where steps.lines.rows \"sku\" \"A1\") as |row|}}{{row.nmae}}{{else}}{{todai}}{{/each}}",
            "{{#if (eq steps.lines.cuont 1)}}{{#with steps.form as |f|}}{{f.idd}}{{/with}}{{/if}}",
            "{{#each steps.form.body}}{{anything}}{{/each}}",
        ],
        expect![[r#"
            6:73 template.unknown_name: this value has no `skuu`
                hint: did you mean `sku`?
            7:105 template.unknown_name: this value has no `nmae`
                hint: did you mean `name`?
            7:121 template.unknown_name: there is no `todai` here
                hint: did you mean `today`?
            8:67 template.unknown_name: `steps.lines` has no `cuont`
                hint: did you mean `count`?
            8:108 template.unknown_name: this value has no `idd`
                hint: did you mean `id`?
        "#]],
    );
}

#[test]
fn steps_out_of_sight() {
    reads(
        &[
            "{{steps.liens.rows}}",
            "{{steps.late.rows}}",
            "{{steps.s2.rows}}",
            "{{steps.in.rows}}",
            "{{steps.nowhere.x}}",
        ],
        expect![[r#"
            6:53 template.unknown_name: there is no step `liens`
                hint: did you mean `lines`?
            7:53 template.unknown_name: `late` has not run yet at this place
                hint: a template can read only the steps above it
            8:53 template.unknown_name: `s2` cannot read its own output
                hint: it is there only when the step is done
            9:53 template.unknown_name: `in` runs inside of `each`, once for each item
                hint: let `each` `collect:` what you need, and read `steps.each.items`
            10:53 template.unknown_name: there is no step `nowhere`
                hint: the steps above are: `lines`, `form`, `each`, `s0`, `s1`, `s2`, `s3`
        "#]],
    );
}

#[test]
fn places_within_long_text() {
    check(
        "steps:\n  - id: a\n    bot: sheet.read\n    with:\n      file: |\n        today {{today}}\n        todai {{ todai }} and {{todai}}\n  - id: b\n    bot: sheet.read\n    with:\n      file: \"a\\tb {{steps.a.count}} {{steps.a.cuont}}\"\n  - id: c\n    bot: sheet.read\n    with: { file: \"{{steps.a.count}\" }\n  - id: d\n    bot: sheet.read\n    with: { file: \"x {{upperr today}}\" }\n",
        expect![[r#"
            7:18 template.unknown_name: there is no `todai` here
                hint: did you mean `today`?
            7:33 template.unknown_name: there is no `todai` here
                hint: did you mean `today`?
            11:47 template.unknown_name: `steps.a` has no `cuont`
                hint: did you mean `count`?
            14:35 template.syntax: `}` has no meaning in an expression
                hint: an expression stands between `{{` and `}}`
            17:24 template.syntax: there is no helper `upperr`
                hint: did you mean `upper`?
        "#]],
    );
}

#[test]
fn inside_a_loop() {
    check(
        "steps:\n  - { id: lines, bot: sheet.read, with: { file: x, columns: { sku: text } } }\n  - id: each\n    for_each: \"{{steps.lines.rows}}\"\n    as: line\n    key: \"{{line.skus}}-{{item.index}}-{{steps.in.count}}\"\n    collect: { a: \"{{steps.in.cuont}}\", b: \"{{line.sku}}\" }\n    steps:\n      - { id: in, bot: sheet.read, with: { file: \"{{line.skuu}} {{item.kee}} {{steps.lines.count}} {{lin.sku}}\" } }\n      - { id: two, bot: sheet.read, with: { file: \"{{steps.in.count}} {{steps.each.total}} {{steps.three.x}}\" } }\n      - { id: three, for_each: \"{{line.sku}}\", as: part, steps: [{ id: four, bot: sheet.read, with: { file: \"{{part}} {{line.sku}} {{steps.two.count}}\" } }] }\n",
        expect![[r#"
            6:18 template.unknown_name: `line` has no `skus`
                hint: did you mean `sku`?
            6:48 template.unknown_name: `in` has not run yet at this place
                hint: a template can read only the steps above it
            7:31 template.unknown_name: `steps.in` has no `cuont`
                hint: did you mean `count`?
            9:58 template.unknown_name: `line` has no `skuu`
                hint: did you mean `sku`?
            9:72 template.unknown_name: `item` has no `kee`
                hint: did you mean `key`?
            9:102 template.unknown_name: there is no `lin` here
                hint: did you mean `line`?
            10:79 template.unknown_name: `each` has not run yet at this place
                hint: a template can read only the steps above it
            10:100 template.unknown_name: `three` has not run yet at this place
                hint: a template can read only the steps above it
            11:32 steps.for_each: `for_each` goes through a list, this is text
                hint: make a list of the text, as in `"{{split line.sku \",\"}}"`
        "#]],
    );
}
