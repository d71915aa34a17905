//! One snapshot for each rule about bots, their parameters, connections, secrets and templates.

use expect_test::expect;

use super::check_step;

#[test]
fn bots_and_their_parameters() {
    check_step(
        "bot: sheet.raed\nwith: { any: \"{{nothing}}\" }",
        expect![[r#"
            3:10 steps.unknown_bot: there is no bot `sheet.raed`
                hint: did you mean `sheet.read`?
            4:21 template.unknown_name: there is no `nothing` here
                hint: a template can read: `inputs`, `steps`, `run`, `today`, `now`, `secrets`
        "#]],
    );
    check_step(
        "bot: sheet.read",
        expect![[r#"
            3:10 language.missing_key: `sheet.read` needs the parameter `file`
                hint: give it under `with:`, as in `with: { file: … }`
        "#]],
    );
    check_step(
        "bot: sheet.read\nwith: { fil: x }",
        expect![[r#"
            4:13 language.unknown_key: `with` has no key `fil`
                hint: did you mean `file`?
        "#]],
    );
    check_step(
        "bot: browser.do\nwith:\n  actions:\n    - opn: x\n    - screenshoot\n    - 5\n    - {}\n    - fill: { A: 1 }\n    - expect: { txt: a, else: busines }\n    - open: x\n      fill: {}",
        expect![[r#"
            6:11 language.value: an item of `actions` cannot be `opn`
                hint: did you mean `open`?
            7:11 language.value: an item of `actions` cannot be `screenshoot`
                hint: did you mean `screenshot`?
            8:11 language.type: an item of `actions` expects text or a map, found a whole number
            9:11 language.value: an item of `actions` is empty
                hint: it is one of: `open`, `fill`, `expect`
            10:22 language.type: `A` expects text, found a whole number
                hint: write `"1"`
            11:21 language.unknown_key: `expect` has no key `txt`
                hint: did you mean `text`?
            11:35 language.value: `else` cannot be `busines`
                hint: did you mean `business`?
            13:11 language.unknown_key: `fill` cannot stand beside `open`
                hint: begin an item of its own with `- fill:`
        "#]],
    );
    check_step(
        "bot: mail.send\nconnection: office\nwith: { to: x, copies: -1, urgent: 1, cc: { a: b }, subject: }",
        expect![[r#"
            5:28 language.range: `copies` is at least 0
            5:40 language.type: `urgent` expects true or false, found a whole number
            5:49 language.type: `cc` expects a list, found a map
                hint: begin each item with `- `, as in `- a: …`
        "#]],
    );
}

#[test]
fn lengths_of_time_in_parameters() {
    let mail = "bot: mail.send\nconnection: office\nwith: { to: x, within: ";
    check_step(&format!("{mail}1h 30m }}"), expect![[r#""#]]);
    check_step(
        &format!("{mail}30 }}"),
        expect![[r#"
        5:28 language.type: `within` expects a duration such as `10s`, found a whole number
            hint: write `30s` for seconds, `30m` for minutes
    "#]],
    );
    check_step(
        &format!("{mail}soon }}"),
        expect![[r#"
            5:28 language.duration: `soon` is not a duration such as `10s`, `5m` or `1h30m`
                hint: units are `s`, `m`, `h` and `d`, as in `90s` or `1h 30m`
        "#]],
    );
}

#[test]
fn a_template_may_stand_for_any_value() {
    check_step(
        "bot: mail.send\nconnection: office\nwith: { to: x, copies: \"{{lookup run 'id'}}\", cc: \"{{lookup run 'id'}}\", data: \"{{run}}\" }",
        expect![""],
    );
    check_step(
        "bot: mail.send\nconnection: office\nwith: { to: x, copies: \"{{run.id}}\", cc: \"{{today}}\", data: \"{{run.id}}\", within: \"{{len today}}\" }",
        expect![[r#"
            5:28 template.type: `{{run.id}}` is text, `copies` wants a whole number
                hint: write `"{{integer run.id}}"`
            5:46 template.type: `{{today}}` is text, `cc` wants a list
                hint: write it as a list: `[ "{{today}}" ]`
            5:65 template.type: `{{run.id}}` is text, `data` wants a map
            5:87 template.type: `{{len today}}` is a whole number, `within` wants a duration such as `10s`
                hint: write the unit behind it, as in `"{{len today}}s"`
        "#]],
    );
    check_step(
        "bot: mail.send\nconnection: office\nwith: { to: x, copies: \"{{run.id}}0\", cc: [\"{{today}}!\"] }",
        expect![[r#"
            5:28 language.type: `copies` expects a whole number, but text around a template makes text
                hint: let the value be one `{{…}}` and nothing else
        "#]],
    );
}

#[test]
fn limits() {
    check_step(
        "bot: sheet.read\nlimit: form\nwith: { file: x }",
        expect![[r#"
            4:12 steps.limit: there is no limit `form`
                hint: did you mean `forms`?
        "#]],
    );
    check_step(
        "bot: mail.send\nconnection: office\nlimit: forms\nwith: { to: x }",
        expect![[r#"
            5:5 steps.limit: a step has a connection or a limit, not both
                hint: the connection has its own `sessions:` and `per_minute:` in botswain.yaml
        "#]],
    );
}

#[test]
fn connections() {
    let with = "with: { to: x }";
    check_step(
        &format!("bot: mail.send\n{with}"),
        expect![[r#"
            3:10 steps.connection: `mail.send` needs a connection
                hint: add `connection:` with one of `office`
        "#]],
    );
    check_step(
        &format!("bot: mail.send\nconnection: ofice\n{with}"),
        expect![[r#"
            4:17 steps.connection: there is no connection `ofice`
                hint: did you mean `office`?
        "#]],
    );
    check_step(
        &format!("bot: mail.send\nconnection: shop\n{with}"),
        expect![[r#"
            4:17 steps.connection: `shop` is a connection of kind `browser`
                hint: `mail.send` takes `smtp`
        "#]],
    );
    check_step(
        "bot: sheet.read\nconnection: office\nwith: { file: x }",
        expect![[r#"
            4:5 steps.connection: `sheet.read` takes no connection
                hint: leave `connection` out
        "#]],
    );
}

#[test]
fn secrets() {
    let mail = "bot: mail.send\nconnection: office\nwith:\n  to: x\n  ";
    check_step(
        &format!("{mail}password: \"{{{{secrets.shopp}}}}\""),
        expect![[r#"
            7:28 secrets.unknown: there is no secret `shopp`
                hint: did you mean `shop`?
        "#]],
    );
    check_step(
        &format!("{mail}password: \"{{{{secrets.other_one}}}}\""),
        expect![[r#"
            7:28 secrets.unknown: there is no secret `other_one`
                hint: keep it with `botswain secret set other_one`
        "#]],
    );
    check_step(
        &format!("{mail}password: hunter2"),
        expect![[r#"
            7:17 secrets.plain: `password` is a secret and does not belong in a file
                hint: keep it with `botswain secret set NAME`, and write `"{{secrets.NAME}}"`
            7:17 warning: secrets.plain_text: `password` stands here for all to read
                hint: keep it with `botswain secret set NAME`, and let a connection of botswain.yaml use it: `auth:`, or `login:` for pages
        "#]],
    );
    check_step(
        &format!("{mail}password: \"{{{{run.id}}}}\""),
        expect![[r#"
            7:17 secrets.place: this field takes a secret and nothing else
                hint: write `"{{secrets.NAME}}"`
        "#]],
    );
    check_step(
        &format!("{mail}subject: \"{{{{secrets.shop}}}}\""),
        expect![[r#"
            7:16 secrets.place: a secret cannot stand here
                hint: secrets go into fields that are made for them, mostly in a connection of botswain.yaml
        "#]],
    );
    check_step(
        &format!("{mail}subject: \"a {{{{secrets.shop}}}}\""),
        expect![[r#"
            7:21 template.syntax: a secret can only be the whole value of a field
                hint: write it alone, as in `password: "{{secrets.shop}}"`
        "#]],
    );
    check_step(
        &format!("{mail}subject: \"{{{{len secrets.shop}}}}\""),
        expect![[r#"
            7:23 template.syntax: a secret can only be the whole value of a field
                hint: write it alone, as in `password: "{{secrets.shop}}"`
        "#]],
    );
    check_step(
        "when: \"{{secrets.shop}}\"\nbot: sheet.read\nwith: { file: x }",
        expect![[r#"
            3:11 secrets.place: a secret cannot stand here
                hint: secrets go into fields that are made for them, mostly in a connection of botswain.yaml
        "#]],
    );
}

#[test]
fn template_files() {
    let mail = "bot: mail.send\nconnection: office\nwith: { to: x, template: ";
    check_step(
        &format!("{mail}po.hbs }}"),
        expect![[r#"
            5:30 templates.unknown: there is no file `templates/po.hbs`
                hint: the templates are: `broken.hbs`, `po.txt.hbs`
        "#]],
    );
    check_step(
        &format!("{mail}broken.hbs }}"),
        expect![[r#"
            5:30 template.syntax: `templates/broken.hbs` is wrong in line 2: the block `if` is never closed
                hint: write `{{/if}}` where it ends
        "#]],
    );
    check_step(
        &format!("{mail}\"{{{{today}}}}.hbs\" }}"),
        expect![[r#"
            5:30 templates.name: the name of a template file cannot be computed
                hint: write the name of a file in `templates/`
        "#]],
    );
}
