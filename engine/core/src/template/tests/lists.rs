//! Blocks, and what can be done with lists.

use expect_test::expect;

use super::check;

#[test]
fn blocks() {
    let rows = r#"{"rows": [{"sku": "A", "n": 1}, {"sku": "B", "n": 2}], "title": "T", "none": [], "map": {"x": 1, "y": 2}}"#;
    check(
        "{{#each rows}}{{@index}}{{sku}}{{../title}}{{@root.title}}{{#if @first}}!{{/if}}{{#unless @last}},{{/unless}}{{/each}}",
        rows,
        expect![[r#""0ATT!,1BTT""#]],
    );
    check(
        "{{#each rows as |r i|}}{{i}}{{r.sku}}{{this.n}} {{/each}}",
        rows,
        expect![[r#""0A1 1B2 ""#]],
    );
    check(
        "{{#each map as |v k|}}{{k}}={{v}}/{{@key}} {{/each}}",
        rows,
        expect![[r#""x=1/x y=2/y ""#]],
    );
    check(
        "{{#each none}}x{{else}}nothing{{/each}}",
        rows,
        expect![[r#""nothing""#]],
    );
    check(
        "{{#each rows as |r|}}{{#each @root.rows as |s|}}{{r.sku}}{{s.sku}}{{@../index}}{{@index}} {{/each}}{{/each}}",
        rows,
        expect![[r#""AA00 AB01 BA10 BB11 ""#]],
    );
    check(
        "{{#with rows.0}}{{sku}}{{/with}}",
        rows,
        expect![[r#""A""#]],
    );
    check(
        "{{#each (where rows \"n\" \"gt\" 1)}}{{sku}}{{/each}}",
        rows,
        expect![[r#""B""#]],
    );
    check(
        "{{#if (gt rows.0.n 1)}}a{{else if (eq title \"T\")}}b{{else}}c{{/if}}",
        rows,
        expect![[r#""b""#]],
    );
    check(
        "{{#if (gt rows.0.n 1)}}a{{else if (eq title \"X\")}}b{{else if (eq title \"Y\")}}d{{else}}c{{/if}}",
        rows,
        expect![[r#""c""#]],
    );
    check(
        "{{#if false}}a{{else}}{{#if false}}b{{else if true}}c{{/if}}d{{/if}}",
        rows,
        expect![[r#""cd""#]],
    );
    check(
        "{{#each title}}x{{/each}}",
        rows,
        expect!["template.type `each` takes a list, but `title` is the text `T`"],
    );
    check(
        "<ul>\n{{#each rows}}\n  <li>{{sku}}</li>\n{{/each}}\n</ul>\n",
        rows,
        expect![[r#""<ul>\n  <li>A</li>\n  <li>B</li>\n</ul>\n""#]],
    );
    check(
        "{{#each rows as |r n|}}{{n.x}}{{/each}}",
        rows,
        expect!["template.missing `n.x` is not there"],
    );
}

#[test]
fn list_helpers() {
    let rows = r#"{"rows": [
        {"sku": "A", "supplier": "7", "stock": 3, "order": 0, "level": 5, "price": 9.90},
        {"sku": "B", "supplier": "3", "stock": 20.0, "order": 0, "level": 5, "price": 10},
        {"sku": "C", "supplier": "7", "stock": 0, "order": 9, "level": 9, "price": 0.10}], "list": [2, 10, 1.5]}"#;
    check(
        "{{pluck (where rows \"stock\" \"lt\" 10) \"sku\"}}",
        rows,
        expect![[r#"["A","C"]"#]],
    );
    check(
        "{{pluck (where rows \"supplier\" \"7\") \"sku\"}}",
        rows,
        expect![[r#"["A","C"]"#]],
    );
    check(
        "{{pluck (where rows \"stock\" \"lte\" (field \"level\")) \"sku\"}}",
        rows,
        expect![[r#"["A","C"]"#]],
    );
    check(
        "{{pluck (where rows (lte (add (field \"stock\") (field \"order\")) (field \"level\"))) \"sku\"}}",
        rows,
        expect![[r#"["A","C"]"#]],
    );
    check(
        "{{where rows \"supplier\" 7}}",
        rows,
        expect![[r#"
        template.type row 1: `eq` of `"supplier"` and `7`: the text `7` and the number 7 cannot be compared
        hint: make the text a number by `(number …)`, or the number a text by `(text …)`"#]],
    );
    check(
        "{{where rows \"stok\" 7}}",
        rows,
        expect![[r#"
        template.missing row 1: there is no field `stok`
        hint: did you mean `stock`?"#]],
    );
    check(
        "{{where rows \"stock\" \"below\" 7}}",
        rows,
        expect![[r#"
        template.argument there is no comparison `below`
        hint: there is `eq`, `ne`, `gt`, `gte`, `lt` and `lte`"#]],
    );
    check(
        "{{where rows (field \"stock\")}}",
        rows,
        expect![[r#"
        template.type row 1: `where` takes a condition that is true or false, but the result of `field` is the number 3
        hint: as in `(where rows (gt (field "amount") 0))`"#]],
    );
    check(
        "{{where rows \"stock\"}}",
        rows,
        expect![[r#"
        template.type row 1: `where` takes a condition that is true or false, but `"stock"` is the text `stock`
        hint: as in `(where rows (gt (field "amount") 0))`"#]],
    );
    check(
        "{{where list \"stock\" 1}}",
        rows,
        expect!["template.type row 1: `stock` cannot be read of the number 2"],
    );
    check(
        "{{count rows}} {{count rows \"supplier\" \"7\"}} {{count rows (gt (field \"price\") 9.95)}}",
        rows,
        expect![[r#""3 2 1""#]],
    );
    check(
        "{{sum list}} {{sum rows \"price\"}} {{sum rows (mul (field \"stock\") (field \"price\"))}} {{sum none}}",
        r#"{"none": [], "list": [2, 10, 1.5], "rows": [{"stock": 3, "price": 1.10}]}"#,
        expect![[r#""13.5 1.10 3.30 0""#]],
    );
    check(
        "{{sum rows \"sku\"}}",
        rows,
        expect![[r#"
        template.type row 1: `sum` takes numbers, but there is the text `A`
        hint: write `(sum rows (number (field "…")))`"#]],
    );
    check(
        "{{sort list}} ",
        rows,
        expect![[r#"
        template.type the result of `sort` is a list of 3, which is no text
        hint: print its items by `{{#each …}}` or `{{join … ", "}}`, or how many there are by `{{len …}}`"#]],
    );
    check("{{sort list}}", rows, expect!["[1.5,2,10]"]);
    check(
        "{{pluck (sort rows \"price\") \"sku\"}}",
        rows,
        expect![[r#"["C","A","B"]"#]],
    );
    check(
        "{{pluck (sort rows \"supplier\" order=\"desc\") \"sku\"}}",
        rows,
        expect![[r#"["A","C","B"]"#]],
    );
    check(
        "{{sort rows \"price\" order=\"down\"}}",
        rows,
        expect![[r#"template.argument `sort`: `order=` is "asc" or "desc""#]],
    );
    check(
        "{{sort a}}",
        r#"{"a": [1, "2"]}"#,
        expect![[r#"
        template.type row 2: the list has both numbers and texts, which have no common order
        hint: make them one by `(number …)` or `(text …)`"#]],
    );
    check(
        "{{sort a}}",
        r#"{"a": [1, null]}"#,
        expect![[r#"
        template.null row 2: null has no place in an order
        hint: leave such rows out by `where … "ne" null`"#]],
    );
    check(
        "{{sort rows}}",
        rows,
        expect![[r#"
        template.type row 1: an object has no place in an order
        hint: sort by a field that is a number or a text"#]],
    );
    check(
        "{{#each (group rows \"supplier\") as |g|}}{{g.key}}: {{join (pluck g.rows \"sku\") \"+\"}}; {{/each}}",
        rows,
        expect![[r#""7: A+C; 3: B; ""#]],
    );
    check(
        "{{pluck (group rows (round (field \"price\") 0)) \"key\"}}",
        rows,
        expect!["[10,0]"],
    );
    check(
        "{{unique a}}",
        r#"{"a": [1, 1.0, "1", {"x": 1, "y": 2}, {"y": 2, "x": 1}, null]}"#,
        expect![[r#"[1,"1",{"x":1,"y":2},null]"#]],
    );
    check(
        "{{pluck (unique rows \"supplier\") \"sku\"}}",
        rows,
        expect![[r#"["A","B"]"#]],
    );
    check(
        "{{first rows.0}}",
        rows,
        expect!["template.type `first` takes a list, but `rows.0` is an object"],
    );
    check(
        "{{last (where rows \"sku\" \"X\")}}",
        rows,
        expect![[r#"
        template.empty `last`: the result of `where` is empty
        hint: guard it by `{{#if (gt (len …) 0)}}`, or use `default`"#]],
    );
    check(
        "{{sum rows 5}}",
        rows,
        expect!["template.type `sum` takes the name of a field in quotes, but `5` is the number 5"],
    );
}
