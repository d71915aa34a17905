//! A type that is known and does not fit is found before the run.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::around::found;

/// The parameters of `http.request`, which wants texts, numbers, lists and files of a step.
fn request(with: &str, expected: &Expect) {
    let step = format!(
        "id: ask\nbot: http.request\nconnection: backoffice\nwith: {{ method: POST, path: /, {with} }}"
    );
    expected.assert_eq(&found(&step));
}

fn drop(with: &str, expected: &Expect) {
    expected.assert_eq(&found(&format!(
        "id: drop\nbot: file.drop\nwith: {{ {with} }}"
    )));
}

fn mail(with: &str, expected: &Expect) {
    let step = "id: tell\nbot: mail.send\nconnection: office-mail\nwith:\n  to: a@b.example\n";
    expected.assert_eq(&found(&format!("{step}{with}")));
}

#[test]
fn a_number_is_no_text_and_a_text_no_number() {
    request(
        r#"text: "{{line.quantity}}""#,
        &expect![[r#"
        4:46 error: `{{line.quantity}}` is a whole number, `text` wants text (hint: write `"{{text line.quantity}}"`)
    "#]],
    );
    request(
        r#"text: "{{add line.quantity 1}}""#,
        &expect![[r#"
        4:46 error: `{{add line.quantity 1}}` is a whole number, `text` wants text (hint: write `"{{text (add line.quantity 1)}}"`)
    "#]],
    );
    request(r#"text: "{{text line.quantity}}""#, &expect![[""]]);
    request(
        r#"expect: [ "{{line.sku}}" ]"#,
        &expect![[r#"
        4:50 error: `{{line.sku}}` is text, an item of `expect` wants a whole number (hint: write `"{{integer line.sku}}"`)
    "#]],
    );
    request(r#"expect: [ "{{line.quantity}}" ]"#, &expect![[""]]);
    request(
        r#"expect: [ "{{line.amount}}" ]"#,
        &expect![[r#"
        4:50 error: `{{line.amount}}` is a number, an item of `expect` wants a whole number (hint: write `"{{integer line.amount}}"`)
    "#]],
    );
    request(
        r#"expect: "{{line.quantity}}""#,
        &expect![[r#"
        4:48 error: `{{line.quantity}}` is a whole number, `expect` wants a list (hint: write it as a list: `[ "{{line.quantity}}" ]`)
    "#]],
    );
    request(
        r#"save: "{{line.amount}}""#,
        &expect![[r#"
        4:46 error: `{{line.amount}}` is a number, `save` wants true or false (hint: compare it, as in `{{gt line.amount 0}}`)
    "#]],
    );
    request(r#"save: "{{line.open}}""#, &expect![[""]]);
    request(
        r#"timeout: "{{line.quantity}}""#,
        &expect![[r#"
            4:49 error: `{{line.quantity}}` is a whole number, `timeout` wants a duration such as `10s` (hint: write the unit behind it, as in `"{{line.quantity}}s"`)
        "#]],
    );
}

#[test]
fn what_takes_any_value_takes_every_template() {
    request(
        r#"json: { a: "{{line}}", b: "{{steps.rows.rows}}", c: "{{line.open}}" }"#,
        &expect![[""]],
    );
    request(r#"query: { sku: "{{line.quantity}}" }"#, &expect![[""]]);
    request(
        r#"headers: { x: "{{line.quantity}}" }"#,
        &expect![[r#"
        4:54 error: `{{line.quantity}}` is a whole number, `x` wants text (hint: write `"{{text line.quantity}}"`)
    "#]],
    );
    request(
        r#"headers: "{{line}}""#,
        &expect![[r#"
        4:49 error: `{{line}}` does not fit `headers`: its `quantity` is a whole number, not text
    "#]],
    );
}

#[test]
fn a_field_of_a_page_takes_text_and_numbers() {
    let form = |value: &str| {
        let actions = format!("actions: [ {{ fill: {{ Quantity: \"{value}\" }} }} ]");
        found(&format!(
            "id: form\nbot: browser.do\nconnection: backoffice\nwith: {{ {actions} }}"
        ))
    };
    expect![[""]].assert_eq(&form("{{line.quantity}}"));
    expect![[r#"
        4:48 error: `{{line.open}}` is true or false, `Quantity` wants text or a number or a map (hint: write `"{{text line.open}}"`)
    "#]].assert_eq(&form("{{line.open}}"));
    expect![[r#"
        4:48 error: `{{line}}` is a map, `Quantity` wants text or a number or a map (hint: name the part of it that is meant: `order`, `sku`, `customer`, `quantity`, `amount`, `day`)
    "#]].assert_eq(&form("{{line}}"));
}

#[test]
fn a_file_is_an_artifact_and_not_the_output_around_it() {
    mail(
        "  subject: x\n  text: y\n  attachments: [ \"{{steps.csv.file}}\" ]",
        &expect![[""]],
    );
    mail(
        "  subject: x\n  text: y\n  attachments: [ \"{{steps.csv}}\" ]",
        &expect![[r#"
            8:26 error: `{{steps.csv}}` is a map, an item of `attachments` wants text or an artifact (hint: did you mean `steps.csv.file`?)
        "#]],
    );
    mail(
        "  subject: x\n  text: y\n  attachments: \"{{steps.csv.file}}\"",
        &expect![[r#"
            8:24 error: `{{steps.csv.file}}` is an artifact, `attachments` wants a list (hint: write it as a list: `[ "{{steps.csv.file}}" ]`)
        "#]],
    );
    drop(
        r#"to: outbox/a.csv, from: "{{steps.csv.file}}""#,
        &expect![[""]],
    );
    drop(
        r#"to: outbox/a.csv, from: "{{steps.csv}}""#,
        &expect![[r#"
        3:41 error: `{{steps.csv}}` is a map without `$artifact`, `from` wants an artifact (hint: did you mean `steps.csv.file`?)
    "#]],
    );
    drop(
        r#"to: outbox/a.csv, from: "{{inputs.file}}""#,
        &expect![[r#"
            3:41 error: `{{inputs.file}}` is text, `from` wants an artifact
        "#]],
    );
    drop(
        r#"to: outbox/a.csv, content: "{{line}}""#,
        &expect![[r#"
            3:44 error: `{{line}}` is a map, `content` wants text (hint: name the part of it that is meant: `order`, `sku`, `customer`, `day`)
        "#]],
    );
}

#[test]
fn texts_print_what_is_a_text() {
    mail(
        "  subject: \"{{line}} {{steps.rows.rows}} {{line.amount}}\"\n  text: y",
        &expect![[r#"
            6:23 error: `line` is a map, which is no text (hint: name the part of it that is meant)
            6:32 error: `steps.rows.rows` is a list, which is no text (hint: print its items by `{{#each …}}` or `{{join … ", "}}`, or how many there are by `{{len …}}`)
        "#]],
    );
    mail(
        "  subject: \"{{#if line.amount}}x{{/if}} y\"\n  text: y",
        &expect![[r#"
            6:27 error: `if` takes true or false, but `line.amount` is a number (hint: say what is asked, as in `{{#if (gt (len rows) 0)}}`)
        "#]],
    );
    mail(
        "  subject: \"{{#each line.sku}}x{{/each}} y\"\n  text: y",
        &expect![[r#"
            6:29 error: `each` takes a list, but `line.sku` is text
        "#]],
    );
}

#[test]
fn columns_are_known_to_the_helpers_on_rows() {
    let mut all = String::new();
    for expression in [
        r#"sum steps.rows.rows 'amount'"#,
        r#"sum steps.rows.rows 'amuont'"#,
        r#"sum steps.rows.rows 'sku'"#,
        r#"sum steps.rows.rows (number (field 'sku'))"#,
        r#"sum (where steps.rows.rows 'sku' 'A1') 'quantity'"#,
        r#"len (where steps.rows.rows 'skuu' 'A1')"#,
        r#"len (where steps.rows.rows 'sku' 5)"#,
        r#"len (where steps.rows.rows 'quantity' 'gt' 5)"#,
        r#"len (where steps.rows.rows 'sku')"#,
        r#"len (where steps.rows.rows (gt (field 'quantty') 5))"#,
        r#"join (pluck steps.rows.rows 'sku') ', '"#,
        r#"join steps.rows.count ', '"#,
        r#"count line.sku"#,
        r#"upper line.quantity"#,
        r#"add line.sku 1"#,
        r#"eq line.sku line.quantity"#,
        r#"gt line.amount inputs.ceiling"#,
        r#"gt line.open true"#,
        r#"not line.sku"#,
    ] {
        let found = found(&format!(
            "id: ask\nbot: http.request\nconnection: backoffice\nwith:\n  method: POST\n  path: /\n  json: \"{{{{{expression}}}}}\""
        ));
        write!(all, "{expression}\n{found}").expect("a text takes all");
    }
    expect![[r#"
        sum steps.rows.rows 'amount'
        sum steps.rows.rows 'amuont'
        7:41 error: there is no field `amuont` (hint: did you mean `amount`?)
        sum steps.rows.rows 'sku'
        7:41 error: `sum` takes numbers, but `"sku"` is text (hint: write `(number (field "sku"))` for "sku")
        sum steps.rows.rows (number (field 'sku'))
        sum (where steps.rows.rows 'sku' 'A1') 'quantity'
        len (where steps.rows.rows 'skuu' 'A1')
        7:48 error: there is no field `skuu` (hint: did you mean `sku`?)
        len (where steps.rows.rows 'sku' 5)
        7:48 error: `eq` cannot compare `"sku"`, text, with `5`, a number (hint: write `\"5\"`)
        len (where steps.rows.rows 'quantity' 'gt' 5)
        len (where steps.rows.rows 'sku')
        7:48 error: `where` takes a condition that is true or false, this is text (hint: as in `(where rows (gt (field "amount") 0))`)
        len (where steps.rows.rows (gt (field 'quantty') 5))
        7:59 error: there is no field `quantty` (hint: did you mean `quantity`?)
        join (pluck steps.rows.rows 'sku') ', '
        join steps.rows.count ', '
        7:25 error: `join` takes a list, but `steps.rows.count` is a whole number
        count line.sku
        7:26 error: `count` takes a list, but `line.sku` is text
        upper line.quantity
        7:26 error: `upper` takes text, but `line.quantity` is a whole number (hint: write `(text line.quantity)`)
        add line.sku 1
        7:24 error: `add` takes a number, but `line.sku` is text (hint: write `(number line.sku)`)
        eq line.sku line.quantity
        7:23 error: `eq` cannot compare `line.sku`, text, with `line.quantity`, a number (hint: make the text a number by `(number …)`, or the number a text by `(text …)`)
        gt line.amount inputs.ceiling
        gt line.open true
        7:23 error: `gt` cannot compare `line.open`, true or false, with `true`, true or false
        not line.sku
        7:24 error: `not` takes true or false, but `line.sku` is text
    "#]].assert_eq(&all);
}

#[test]
fn a_template_file_is_held_against_the_data_it_is_given() {
    let tell = |data: &str| {
        found(&format!(
            "id: tell\nbot: mail.send\nconnection: office-mail\nwith:\n  to: a@b.example\n  subject: x\n  template: orders-entered.html.hbs\n  data: {data}"
        ))
    };
    expect![[r#"
        7:21 error: `templates/orders-entered.html.hbs` is wrong in line 3: there is no `result` in the step's `data` (hint: did you mean `resutl`?)
        7:21 error: `templates/orders-entered.html.hbs` is wrong in line 4: there is no `result` in the step's `data` (hint: did you mean `resutl`?)
        7:21 error: `templates/orders-entered.html.hbs` is wrong in line 5: there is no `result` in the step's `data` (hint: did you mean `resutl`?)
        7:21 error: `templates/orders-entered.html.hbs` is wrong in line 9: there is no `result` in the step's `data` (hint: did you mean `resutl`?)
    "#]].assert_eq(&tell("{ resutl: \"{{line}}\" }"));
    expect![[r#"
        7:21 error: `templates/orders-entered.html.hbs` is wrong in line 3: `result` has no `succeeded` (hint: it has: `order`, `sku`, `customer`, `quantity`, `amount`, `day`, `open`)
        7:21 error: `templates/orders-entered.html.hbs` is wrong in line 4: `result` has no `skipped` (hint: it has: `order`, `sku`, `customer`, `quantity`, `amount`, `day`, `open`)
        7:21 error: `templates/orders-entered.html.hbs` is wrong in line 5: `result` has no `failed` (hint: it has: `order`, `sku`, `customer`, `quantity`, `amount`, `day`, `open`)
        7:21 error: `templates/orders-entered.html.hbs` is wrong in line 9: `result` has no `items` (hint: it has: `order`, `sku`, `customer`, `quantity`, `amount`, `day`, `open`)
    "#]].assert_eq(&tell("{ result: \"{{line}}\" }"));
    expect![[r#"
        8:36 error: there is no step `nothing` (hint: the steps above are: `csv`, `rows`)
    "#]]
    .assert_eq(&tell("{ result: \"{{steps.nothing}}\" }"));
    expect![[""]].assert_eq(&tell("\"{{line}}\""));
}
