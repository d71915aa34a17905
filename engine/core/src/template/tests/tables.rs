//! Tables are read in pages and never become part of a text.

use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{Memory, shown};
use crate::{ids::Hash, template::Renderer, value::TableRef};

/// More rows than fit on a page.
const ROWS: u64 = 1_203;

fn table(rows: u64) -> Value {
    let hash = Hash::of(b"lines");
    TableRef { hash, rows }.to_value()
}

fn check(source: &str, expected: Expect) {
    let row = |n: u64| json!({ "n": n, "supplier": if n.is_multiple_of(2) { "7" } else { "3" } });
    let rows = (0..ROWS).map(row).collect();
    let renderer = Renderer::new(Arc::new(Memory(vec![(Hash::of(b"lines"), rows)])));
    let lost = TableRef {
        hash: Hash::of(b"lost"),
        rows: 1,
    }
    .to_value();
    let context =
        json!({ "t": table(ROWS), "empty": table(0), "long": table(ROWS + 1), "lost": lost });
    let value = renderer.render_value(source, &context);
    expected.assert_eq(&shown(value.map(|value| value.to_string())));
}

#[test]
fn helpers_stream_over_tables() {
    check(
        "{{len t}} {{count t}} {{count t \"supplier\" \"7\"}}",
        expect![[r#""1203 1203 602""#]],
    );
    check("{{sum t \"n\"}}", expect!["723003"]);
    check(
        "{{where t \"n\" \"gte\" 1201}}",
        expect![[r#"[{"n":1201,"supplier":"3"},{"n":1202,"supplier":"7"}]"#]],
    );
    check("{{first t}}", expect![[r#"{"n":0,"supplier":"7"}"#]]);
    check("{{last t}}", expect![[r#"{"n":1202,"supplier":"7"}"#]]);
    check("{{pluck (unique t \"supplier\") \"n\"}}", expect!["[0,1]"]);
    check(
        "{{#each (group t \"supplier\")}}{{key}}:{{len rows}} {{/each}}",
        expect![[r#""7:602 3:601 ""#]],
    );
    check("{{len (pluck t \"n\")}}", expect!["1203"]);
    check(
        "{{first (sort t \"n\" order=\"desc\")}}",
        expect![[r#"{"n":1202,"supplier":"7"}"#]],
    );
    check(
        "{{#each t as |row|}}{{#if (or @first @last)}}{{@index}}={{row.n}} {{/if}}{{/each}}",
        expect![[r#""0=0 1202=1202 ""#]],
    );
    check(
        "{{#each empty}}x{{else}}none{{/each}}",
        expect![[r#""none""#]],
    );
    check("{{contains (pluck t \"n\") 1202}}", expect!["true"]);
}

#[test]
fn a_table_is_no_text_and_has_no_parts() {
    check(
        "a {{t}}",
        expect![[r#"
        template.type `t` is a table, which is no text
        hint: go through it by `{{#each …}}`, or use `len`, `sum`, `where` or `group`"#]],
    );
    check(
        "{{t.0}}",
        expect![[r#"
        template.type `t.0` is not there: `t` is a table
        hint: take a row by `first`, `last` or `where`, or go through it by `{{#each …}}`"#]],
    );
    check(
        "{{lookup t \"rows\"}}",
        expect!["template.type `lookup` takes an object or a list, but `t` is a table"],
    );
    check(
        "{{upper t}}",
        expect!["template.type `upper` takes text, but `t` is a table"],
    );
    check(
        "{{first empty}}",
        expect![[r#"
        template.empty `first`: `empty` is empty
        hint: guard it by `{{#if (gt (len …) 0)}}`, or use `default`"#]],
    );
}

#[test]
fn a_table_that_cannot_be_read_is_said() {
    check(
        "{{sum lost \"n\"}}",
        expect!["template.table the table cannot be read: it is not in the store"],
    );
    check(
        "{{sum long \"n\"}}",
        expect!["template.table the table cannot be read: it ends at row 1203 of 1204"],
    );
    let renderer = Renderer::new(Arc::new(Memory(Vec::new())));
    let error = renderer.render_value("{{first t}}", &json!({ "t": table(1) }));
    let fault = crate::Fault::from(error.expect_err("not in the store"));
    assert_eq!(fault.category, crate::Category::System);
}
