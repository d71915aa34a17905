//! Slips as people make them, each found at its line.

use expect_test::{Expect, expect};

use super::around::found;

fn slip(step: &str, expected: &Expect) {
    expected.assert_eq(&found(step));
}

const FORM: &str = "\
id: form
bot: browser.do
connection: backoffice
with:
  actions:
    - submit: Save
    - read: { number: Number }
";

#[test]
fn a_misspelt_column_is_found() {
    let step = FORM.replace("- submit: Save", "- fill: { SKU: \"{{line.skuu}}\" }");
    slip(
        &step,
        &expect![[r#"
        6:36 error: `line` has no `skuu` (hint: did you mean `sku`?)
    "#]],
    );
}

#[test]
fn a_misspelt_output_is_found() {
    for (name, expected) in [
        ("number", expect![[""]]),
        (
            "numbr",
            expect![[r#"
        11:61 error: `steps.form` has no `numbr` (hint: did you mean `number`?)
    "#]],
        ),
    ] {
        let tell = "\
- id: tell
  bot: mail.send
  connection: office-mail
  with: { to: ops@example.com, subject: \"{{steps.form.NAME}}\", text: done }
";
        let form = FORM.trim_end().replace('\n', "\n  ");
        slip(
            &format!("- {form}\n{}", tell.replace("NAME", name)),
            &expected,
        );
    }
}

#[test]
fn a_wrong_parameter_of_each_bot_is_found() {
    slip(
        &FORM.replace("- submit", "- submitt"),
        &expect![[r#"
        6:15 error: an item of `actions` cannot be `submitt` (hint: did you mean `submit`?)
    "#]],
    );
    slip(
        &FORM.replace("actions:", "action:"),
        &expect![[r#"
            5:11 error: `with` has no key `action` (hint: did you mean `actions`?)
        "#]],
    );
    slip(
        "id: a\nbot: document.render\nwith: { templat: purchase-order.txt.hbs }",
        &expect![[r#"
            3:17 error: `with` has no key `templat` (hint: did you mean `template`?)
        "#]],
    );
    slip(
        "id: a\nbot: file.drop\nwith: { to: outbox/a.csv, contents: x }",
        &expect![[r#"
            3:35 error: `with` has no key `contents` (hint: did you mean `content`?)
        "#]],
    );
    slip(
        "id: a\nbot: http.get\nconnection: backoffice\nwith: { path: /, timeout: 60 }",
        &expect![[r#"
            4:35 error: `timeout` expects a duration such as `10s`, found a whole number (hint: write `60s` for seconds, `60m` for minutes)
        "#]],
    );
    slip(
        "id: a\nbot: http.request\nconnection: backoffice\nwith: { method: post, path: / }",
        &expect![[r#"
            4:25 error: `method` cannot be `post` (hint: did you mean `POST`?)
        "#]],
    );
    slip(
        "id: a\nbot: mail.send\nconnection: office-mail\nwith: { to: a@b.example, subjct: x }",
        &expect![[r#"
            4:34 error: `with` has no key `subjct` (hint: did you mean `subject`?)
        "#]],
    );
    slip(
        "id: a\nbot: sheet.read\nwith: { file: a.csv, columns: { sku: txt } }",
        &expect![[r#"
            3:46 error: `sku` cannot be `txt` (hint: did you mean `text`?)
        "#]],
    );
}

#[test]
fn lengths_of_time_have_bounds() {
    for (wait, expected) in [
        ("1h", expect![[""]]),
        (
            "90m",
            expect![[r#"
            8:17 error: `90m` is too long, it is at most 1h
        "#]],
        ),
        (
            "0s",
            expect![[r#"
            8:17 error: `0s` is too short, it is at least 1ms
        "#]],
        ),
        (
            "10 min",
            expect![[r#"
                8:17 error: `10 min` is not a duration such as `10s`, `5m` or `1h30m` (hint: write `10m`)
            "#]],
        ),
    ] {
        slip(&format!("{FORM}  wait: {wait}"), &expected);
    }
}

#[test]
fn a_connection_that_is_missing_or_of_another_kind_is_found() {
    slip(
        &FORM.replace("connection: backoffice\n", ""),
        &expect![[r#"
            2:14 error: `browser.do` needs a connection (hint: add `connection:` with one of `backoffice`)
        "#]],
    );
    slip(
        &FORM.replace("backoffice", "backofice"),
        &expect![[r#"
        3:21 error: there is no connection `backofice` (hint: did you mean `backoffice`?)
    "#]],
    );
    slip(
        &FORM.replace("backoffice", "office-mail"),
        &expect![[r#"
        3:21 error: `office-mail` is a connection of kind `smtp` (hint: `browser.do` takes `web`)
    "#]],
    );
}

#[test]
fn a_template_file_that_is_not_there_is_found() {
    slip(
        "id: a\nbot: document.render\nwith: { template: purchase-orders.txt.hbs }",
        &expect![[r#"
            3:27 error: there is no file `templates/purchase-orders.txt.hbs` (hint: did you mean `purchase-order.txt.hbs`?)
        "#]],
    );
    slip(
        "id: a\nbot: mail.send\nconnection: office-mail\nwith:\n  to: a@b.example\n  subject: x\n  template: nowhere.hbs",
        &expect![[r#"
            7:21 error: there is no file `templates/nowhere.hbs` (hint: the templates are: `lines.csv.hbs`, `orders-entered.html.hbs`, `purchase-order-mail.html.hbs`, `purchase-order.txt.hbs`)
        "#]],
    );
    slip(
        "id: a\nbot: document.render\nwith: { template: \"{{line.sku}}.hbs\" }",
        &expect![[r#"
            3:27 error: the name of a template file cannot be computed (hint: write the name of a file in `templates/`)
        "#]],
    );
}

#[test]
fn a_secret_stands_nowhere_in_a_bot_s_parameters() {
    slip(
        "id: a\nbot: http.get\nconnection: backoffice\nwith: { path: /, headers: { x: \"{{secrets.shop}}\" } }",
        &expect![[r#"
            4:40 error: a secret cannot stand here (hint: secrets go into fields that are made for them, mostly in a connection of botswain.yaml)
        "#]],
    );
}

#[test]
fn what_goes_together_is_held_together() {
    let mail = "id: a\nbot: mail.send\nconnection: office-mail\nwith:\n  to: ops@example.com\n  subject: x\n";
    let both = format!("{mail}  text: x\n  template: lines.csv.hbs\n");
    let null = format!("{mail}  text: ~\n  template: lines.csv.hbs\n");
    let misspelt = format!("{mail}  txet: x\n");
    let steps = [
        mail,
        &both,
        &null,
        &misspelt,
        "id: a\nbot: file.drop\nwith: { to: a.txt }\n",
        "id: a\nbot: file.drop\nwith: { to: a.txt, content: x, from: \"{{line.order}}\" }\n",
        "id: a\nbot: http.get\n",
        "id: a\nbot: http.get\nwith: { path: /a }\n",
        "id: a\nbot: http.get\nconnection: backoffice\nwith: { path: \"{{line.sku}}\" }\n",
        "id: a\nbot: http.request\nwith: { method: GET, path: /a, url: \"https://example.com\" }\n",
    ];
    let found: Vec<String> = steps.iter().map(|step| found(step)).collect();
    expect![[r#"
        4:9 error: `mail.send` takes exactly one of `text` and `template` (hint: add one of them below `with:`)
        -
        8:11 error: `mail.send` takes exactly one of `text` and `template` (hint: keep one of them)
        -
        -
        7:11 error: `with` has no key `txet` (hint: did you mean `text`?)
        -
        3:9 error: `file.drop` takes exactly one of `content` and `from` (hint: add one of them below `with:`)
        -
        3:40 error: `file.drop` takes exactly one of `content` and `from` (hint: keep one of them)
        3:46 error: `{{line.order}}` is text, `from` wants an artifact
        -
        2:9 error: `http.get` takes exactly one of `path` and `url` (hint: add one of them below `with:`)
        -
        3:17 error: `path` needs a connection (hint: name one of kind `web`, as in `connection: NAME`)
        -
        -
        3:30 error: `path` needs a connection (hint: name one of kind `web`, as in `connection: NAME`)
        3:40 error: `http.request` takes exactly one of `path` and `url` (hint: keep one of them)
    "#]].assert_eq(&found.join("-\n"));
}

#[test]
fn a_token_in_a_header_is_a_warning() {
    let step = r#"
id: a
bot: http.get
with:
  url: https://example.com
  headers:
    authorization: Token 1
    X-Token: sk_live_1
    X-Other: Bearer abc
    X-Api-Key: "{{line.sku}}"
    Accept: text/plain
"#;
    slip(
        step,
        &expect![[r#"
        6:28 warning: `authorization` is a secret in plain text (hint: keep it with `botswain secret set NAME`, and let the `auth` of a connection send it)
        7:22 warning: `X-Token` is a secret in plain text (hint: keep it with `botswain secret set NAME`, and let the `auth` of a connection send it)
        8:22 warning: `X-Other` is a secret in plain text (hint: keep it with `botswain secret set NAME`, and let the `auth` of a connection send it)
    "#]],
    );
}
