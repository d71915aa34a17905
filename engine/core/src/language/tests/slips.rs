//! What everybody writes once: found before the parser's words, with the line mended.

use expect_test::expect;

use super::{check, check_step, loaded, version};

#[test]
fn a_template_without_quotes() {
    check_step(
        "bot: mail.send\nconnection: office\nwith:\n  to: {{inputs.x}}  # who\n  subject: {{today}} over b",
        expect![[r#"
            6:11 yaml.unquoted_template: a value that begins with a template needs quotes
                hint: write `to: "{{inputs.x}}"  # who`
            6:20 template.unknown_name: there is no input `x`
                hint: say what a run is given at the top of the file, as in `inputs: { x: { type: text } }`
            7:16 yaml.unquoted_template: a value that begins with a template needs quotes
                hint: write `subject: "{{today}} over b"`
        "#]],
    );
    check_step(
        "bot: mail.send\nconnection: office\nwith: { to: {{today}}, subject: \"{{now}}\", cc: [{{run.id}}] }",
        expect![[r#"
            5:17 yaml.unquoted_template: a template needs quotes
                hint: write `with: { to: "{{today}}", subject: "{{now}}", cc: ["{{run.id}}"] }`
            5:53 yaml.unquoted_template: a template needs quotes
                hint: write `with: { to: "{{today}}", subject: "{{now}}", cc: ["{{run.id}}"] }`
        "#]],
    );
    check(
        "steps:\n  - id: a\n    bot: mail.send\n    connection: office\n    with:\n      to: x\n      cc:\n        - {{today}}\n",
        expect![[r#"
            8:11 yaml.unquoted_template: a value that begins with a template needs quotes
                hint: write `- "{{today}}"`
        "#]],
    );
}

#[test]
fn a_template_without_quotes_in_a_map_of_several_lines() {
    check_step(
        "bot: mail.send\nconnection: office\nwith: {\n  to: {{today}},\n  subject: {{now}}\n  }",
        expect![[r#"
            6:11 yaml.unquoted_template: a value that begins with a template needs quotes
                hint: write `to: "{{today}}",`
            7:16 yaml.unquoted_template: a value that begins with a template needs quotes
                hint: write `subject: "{{now}}"`
        "#]],
    );
}

#[test]
fn cron_without_quotes() {
    check(
        "triggers:\n  - cron: */10 * * * *\n  - cron: @daily\nsteps:\n  - { id: a, bot: browser.do, with: { actions: [] } }\n",
        expect![[r#"
            2:11 yaml.unquoted: a value that begins with `*`, `@`, `%` or a backtick needs quotes
                hint: write `- cron: "*/10 * * * *"`
            3:11 yaml.unquoted: a value that begins with `*`, `@`, `%` or a backtick needs quotes
                hint: write `- cron: "@daily"`
        "#]],
    );
}

#[test]
fn a_colon_in_text() {
    check(
        "description: Orders: the new ones\nsteps:\n  - { id: a, bot: browser.do, with: { actions: [] } }\n",
        expect![[r#"
            1:14 yaml.unquoted: a value with `: ` in it needs quotes
                hint: write `description: "Orders: the new ones"`
        "#]],
    );
    check(
        "description: say \"a\" and it's: done\nsteps:\n  - { id: a, bot: browser.do, with: { actions: [{ opn: x }] } }\n",
        expect![[r#"
            1:14 yaml.unquoted: a value with `: ` in it needs quotes
                hint: write `description: 'say "a" and it''s: done'`
            3:51 language.value: an item of `actions` cannot be `opn`
                hint: did you mean `open`?
        "#]],
    );
}

#[test]
fn what_is_simply_no_yaml() {
    check(
        "name: \"demo\nsteps:\n  - id: a\n",
        expect![[r#"
            1:7 yaml.syntax: a quote is not closed
                hint: close it at the end of the value
        "#]],
    );
    check(
        "name: demo\nsteps:\n  - id: a\n   bot: x\n",
        expect![[r#"
            4:4 yaml.syntax: this line does not stand in one column with the list around it
                hint: begin all lines of an item in the same column
        "#]],
    );
    check(
        "name: demo\nsteps\n  - id: a\n",
        expect![[r#"
            2:1 yaml.colon: a `:` is missing behind the key
                hint: write `steps:`
            3:5 steps.kind: a step has exactly one of `bot`, `call`, `for_each`, `parallel`, `switch`, `approve`, `wait`, `wait_until`, `set` and `fail`
                hint: say what it does, as in `wait: 10m`, or `bot: sheet.read`
        "#]],
    );
    check(
        "name: demo\nsteps:\n  - id:a\n    bot: x\n",
        expect![[r#"
            3:4 yaml.space: a space is missing behind the `:`
                hint: write `- id: a`
            4:10 steps.unknown_bot: there is no bot `x`
                hint: the bots are: `browser.do`, `mail.send`, `sheet.read`
        "#]],
    );
    check(
        "name: demo\nsteps: [ { id: a }\n",
        expect![[r#"
            3:1 yaml.syntax: a `[` before this place is not closed
                hint: close it with `]`, and put a `,` between two entries
        "#]],
    );
    check(
        "name: demo\nsteps:\n  - { id: a, bot: x \n  - { id: b }\n",
        expect![[r#"
            4:5 yaml.syntax: a `{` before this place is not closed
                hint: close it with `}`, and put a `,` between two entries
        "#]],
    );
    check(
        "name: demo\ndescription: \"a\" b\nsteps: []\n",
        expect![[r#"
            2:16 yaml.quotes: the quote ends here, but the value goes on
                hint: write `description: "a b"`
        "#]],
    );
    check(
        "name: demo\n description: a\nsteps: []\n",
        expect![[r#"
            2:2 yaml.indent: `description` stands further right than `name` above it, which has its value
                hint: begin it in the same column as `name`
        "#]],
    );
    check(
        "name: \"a\\qb\"\n",
        expect![[r#"
            1:9 yaml.quotes: in double quotes a `\` begins an escape, and there is none like this
                hint: write `name: 'a\qb'`, or `\\` for each `\`
        "#]],
    );
    check(
        "name: demo\nsteps: *nowhere\n",
        expect![[r#"
            2:8 yaml.syntax: there is no anchor of this name above
                hint: put text that begins with `*` in quotes
        "#]],
    );
    check(
        "- a\nb: c\n",
        expect![[r#"
            2:1 yaml.syntax: this line does not stand in one column with the list around it
                hint: begin all lines of an item in the same column
        "#]],
    );
}

#[test]
fn tabs_indent() {
    check(
        "steps:\n\t- id: a\n\t  bot: x\n",
        expect![[r#"
        2:1 yaml.tab: a tab indents this line, YAML takes only spaces
            hint: set your editor to write two spaces for a tab
        3:1 yaml.tab: a tab indents this line, YAML takes only spaces
            hint: set your editor to write two spaces for a tab
    "#]],
    );
}

#[test]
fn what_is_mended_is_checked_on_in_its_place() {
    check(
        "name: other\ntriggers:\n  - cron: @daily\n    timezone: Europe/Berlinn\nsteps:\n  - id: a\n    bot: browser.do\n    with: { actions: [{ open: {{inputs.x}} }, { fil: {} }] }\n",
        expect![[r#"
            1:7 language.name: the name is `other`, but the file is called `demo`
                hint: write `name: demo`, or rename the file
            3:11 yaml.unquoted: a value that begins with `*`, `@`, `%` or a backtick needs quotes
                hint: write `- cron: "@daily"`
            4:15 triggers.timezone: there is no time zone `Europe/Berlinn`
                hint: write it like `Europe/Berlin` or `Asia/Shanghai`
            8:31 yaml.unquoted_template: a template needs quotes
                hint: write `with: { actions: [{ open: "{{inputs.x}}" }, { fil: {} }] }`
            8:40 template.unknown_name: there is no input `x`
                hint: say what a run is given at the top of the file, as in `inputs: { x: { type: text } }`
            8:49 language.value: an item of `actions` cannot be `fil`
                hint: did you mean `fill`?
        "#]],
    );
}

#[test]
fn values_that_yaml_takes_for_something_else() {
    check_step(
        "bot: mail.send\nconnection: office\nwith:\n  to: 4711\n  subject: 0.10\n  copies: \"3\"\n  urgent: yes\n  cc: a@b",
        expect![[r#"
            6:11 language.type: `to` expects text, found a whole number
                hint: write `"4711"`
            7:16 language.type: `subject` expects text, found a number
                hint: write `"0.10"`
            8:15 language.type: `copies` expects a whole number, found text
                hint: write `3` without quotes
            9:15 language.type: `urgent` expects true or false, found text
                hint: write `true`
            10:11 language.type: `cc` expects a list, found text
                hint: write it as a list: `[a@b]`
        "#]],
    );
    check_step(
        "bot: mail.send\nconnection: office\nwith: { to: yes, cc: [2026-01-02, on, true] }",
        expect![[r#"
            5:17 warning: yaml.unquoted: `yes` is text here, but many programs read it as true or false
                hint: write `"yes"`
            5:27 warning: yaml.unquoted: `2026-01-02` is text here, but many programs read it as a date
                hint: write `"2026-01-02"`
            5:39 warning: yaml.unquoted: `on` is text here, but many programs read it as true or false
                hint: write `"on"`
            5:43 language.type: an item of `cc` expects text, found true or false
                hint: write `"true"`
        "#]],
    );
}

#[test]
fn what_is_right_is_no_slip() {
    let text = "description: |\n  to: {{x}}\n  a: b: c\n  \ttab\nsteps:\n  - id: a\n    name: \"a: {{b}}\"\n    bot: browser.do\n    with: { actions: [{ open: 'x: {{today}}' }, screenshot] }\n";
    assert_eq!(loaded(text).diagnostics, []);
    let description = version(text).plan.description;
    assert_eq!(description.as_deref(), Some("to: {{x}}\na: b: c\n\ttab\n"));
}

#[test]
fn what_only_looks_like_a_colon_and_a_space() {
    check(
        "description：说明\nsteps:\n  - id:\u{a0}a\n    wait:\t1s\n",
        expect![[r#"
            1:12 yaml.colon: this `：` is a wide one and ends no key
                hint: write `description: 说明`
            3:7 yaml.character: what follows the `:` looks like a space and is none
                hint: write `id: a`
            4:9 yaml.tab: a tab follows the `:`, YAML takes only spaces here
                hint: write `wait: 1s`
        "#]],
    );
    // In text it may stand.
    check(
        "description: \"说明：这里\"\nsteps:\n  - { id: a, wait: 1s }\n",
        expect![""],
    );
}
