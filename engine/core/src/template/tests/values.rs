//! Values keep their types; what does not fit is an error that says what to do.

use expect_test::expect;

use super::{check, json, renderer};

#[test]
fn one_expression_keeps_its_type() {
    check("{{a}}", r#"{"a": 10.10}"#, expect!["10.10"]);
    check("{{a}}", r#"{"a": "007"}"#, expect![[r#""007""#]]);
    check(
        "{{a}}",
        r#"{"a": [1, {"b": null}]}"#,
        expect![[r#"[1,{"b":null}]"#]],
    );
    check("{{a}}", r#"{"a": null}"#, expect!["null"]);
    check("{{a.1.b}}", r#"{"a": [1, {"b": false}]}"#, expect!["false"]);
    check(
        "{{line.[Order No]}}",
        r#"{"line": {"Order No": "1001"}}"#,
        expect![[r#""1001""#]],
    );
    check("{{true}}", "{}", expect!["true"]);
    check(" {{a}}", r#"{"a": 10.10}"#, expect![[r#"" 10.10""#]]);
    check(
        "{{a}}{{b}}",
        r#"{"a": 1, "b": true}"#,
        expect![[r#""1true""#]],
    );
    check("plain", "{}", expect![[r#""plain""#]]);
    check("{{secrets.shop}}", "{}", expect![[r#"{"$secret":"shop"}"#]]);
    // A name that is also a helper's is a name.
    check(
        "{{date}} {{len}}",
        r#"{"date": "2026-03-29", "len": 3}"#,
        expect![[r#""2026-03-29 3""#]],
    );
}

#[test]
fn numbers_keep_every_digit() {
    check(
        "{{a}}",
        r#"{"a": 12345678901234567890.12345678901234567890}"#,
        expect!["12345678901234567890.12345678901234567890"],
    );
    check("{{add a b}}", r#"{"a": 0.1, "b": 0.2}"#, expect!["0.3"]);
    check(
        "{{add a b}}",
        r#"{"a": 12345678901234567890.5, "b": 1}"#,
        expect!["12345678901234567891.5"],
    );
    check("{{mul a a}}", r#"{"a": 1.10}"#, expect!["1.2100"]);
    check(
        "{{mul a a}}",
        r#"{"a": 0.00000000000000000001}"#,
        expect![[r#"
            template.argument `mul`: the result has too many digits
            hint: 28 digits can be computed with; `round` what goes in"#]],
    );
    check(
        "{{mul a a}}",
        r#"{"a": 123456789012345678}"#,
        expect![[r#"
        template.argument `mul`: the result has too many digits
        hint: 28 digits can be computed with; `round` what goes in"#]],
    );
    check("{{mul a 0}}", r#"{"a": -1.5}"#, expect!["0"]);
    check("{{add a 1}}", r#"{"a": 1e2}"#, expect!["101"]);
    check(
        "{{add a 1}}",
        r#"{"a": 1.00000000000000000000000000000000001}"#,
        expect![[r#"
            template.argument the number 1.00000000000000000000000000000000001 has too many digits
            hint: 28 digits can be computed with"#]],
    );
    check("{{sub 1.50 1.5}}", "{}", expect!["0.00"]);
    check(
        "{{div 1 3 4}} {{div 2 3 4}} {{div -1 8 2}} {{div 1 8 2 \"half_even\"}}",
        "{}",
        expect![[r#""0.3333 0.6667 -0.13 0.12""#]],
    );
    check(
        "{{round 2.5 0}} {{round -2.5 0}} {{round 2.5 0 \"half_even\"}} {{round 1.005 2}} {{round 3 2}}",
        "{}",
        expect![[r#""3 -3 2 1.01 3.00""#]],
    );
    check(
        "{{round 2.5 0 \"up\"}}",
        "{}",
        expect![[r#"
        template.argument `round`: there is no way of rounding `up`
        hint: there is `half_up` and `half_even`"#]],
    );
    check(
        "{{round 2.5 99}}",
        "{}",
        expect!["template.argument `round`: 99 digits after the point; 0 to 20 are possible"],
    );
    check(
        "{{div 1 a 2}}",
        r#"{"a": 0.0}"#,
        expect!["template.argument `div`: `a` is 0"],
    );
    check(
        "{{decimal 9.999 2}}",
        "{}",
        expect![[r#"
        template.argument `decimal`: 9.999 does not go into 2 digits after the point
        hint: say how it is rounded, by `round`"#]],
    );
    check(
        "{{integer 1.5}}",
        "{}",
        expect![[r#"
        template.argument `integer`: 1.5 is not a whole number
        hint: say what becomes of the fraction: `round`, `floor` or `ceil`"#]],
    );
    check(
        "{{integer \"12.00\"}} {{number \"007\"}} {{number \"-0.50\"}}",
        "{}",
        expect![[r#""12 7 -0.50""#]],
    );
    check(
        "{{number \"1,234.50\"}}",
        "{}",
        expect![[r#"
        template.type `number` takes a text such as `-1234.50`, but `"1,234.50"` is the text `1,234.50`
        hint: take out what is no digit, as in `(number (replace amount "," ""))`"#]],
    );
    check(
        "{{number \"1e5\"}}",
        "{}",
        expect![[r#"
        template.type `number` takes a text such as `-1234.50`, but `"1e5"` is the text `1e5`
        hint: take out what is no digit, as in `(number (replace amount "," ""))`"#]],
    );
    check(
        "{{number \"\"}}",
        "{}",
        expect![[r#"
        template.type `number` takes a text such as `-1234.50`, but `""` is the text ``
        hint: take out what is no digit, as in `(number (replace amount "," ""))`"#]],
    );
    check(
        "{{format_number -1234567.885 2 group=\" \" point=\",\"}} {{format_number 12 0}} {{format_number -0.001 2 group=\",\"}}",
        "{}",
        expect![[r#""-1 234 567,89 12 0.00""#]],
    );
}

#[test]
fn what_handlebars_own_helpers_get_wrong() {
    check(
        "{{gt \"100000.00\" \"20000\"}}",
        "{}",
        expect![[r#"
        template.type `gt` of `"100000.00"` and `"20000"`: the texts `100000.00` and `20000` are neither greater nor less
        hint: make them numbers by `(number …)`, or dates by `(date … "%d.%m.%Y")`"#]],
    );
    check("{{gt (number \"100000.00\") 20000}}", "{}", expect!["true"]);
    check(
        "{{#unless order.paied}}dun{{/unless}}",
        r#"{"order": {"paid": true}}"#,
        expect![[r#"
            template.missing `order.paied` is not there: `order` has no `paied`
            hint: did you mean `paid`?"#]],
    );
    check(
        "an {{order}}",
        r#"{"order": {"paid": true}}"#,
        expect![[r#"
        template.type `order` is an object, which is no text
        hint: name the part of it that is meant"#]],
    );
    check(
        "{{upper nmae}}",
        r#"{"name": "x"}"#,
        expect![[r#"
        template.missing `nmae` is not there: the data here has no `nmae`
        hint: did you mean `name`?"#]],
    );
    check(
        "{{#if count}}x{{/if}}",
        r#"{"count": 1}"#,
        expect![[r#"
        template.type `if` takes true or false, but `count` is the number 1
        hint: say what is asked, as in `{{#if (gt (len rows) 0)}}` or `{{#if (ne note null)}}`"#]],
    );
    check(
        "{{#each order}}x{{else}}none{{/each}}",
        r#"{"order": null}"#,
        expect![[r#"
            template.null `each` takes a list, but `order` is null
            hint: guard it by `if`"#]],
    );
    check(
        "{{len 5}}",
        "{}",
        expect!["template.type `len` takes a list, but `5` is the number 5"],
    );
    check("{{eq 1 1.0}}", "{}", expect!["true"]);
}

#[test]
fn a_missing_name_is_found_again() {
    check(
        "{{steps.lines.rowz}}",
        r#"{"steps": {"lines": {"rows": [], "count": 0}}}"#,
        expect![[r#"
            template.missing `steps.lines.rowz` is not there: `steps.lines` has no `rowz`
            hint: did you mean `rows`?"#]],
    );
    check(
        "{{stpes.lines}}",
        r#"{"steps": {}}"#,
        expect![[r#"
        template.missing `stpes.lines` is not there: the data here has no `stpes`
        hint: did you mean `steps`?"#]],
    );
    check(
        "{{a.b.c}}",
        r#"{"a": {"b": null}}"#,
        expect![[r#"
        template.null `a.b.c` is not there: `a.b` is null
        hint: guard it by `if`, or use `default`"#]],
    );
    check(
        "{{a.b.c}}",
        r#"{"a": {"b": "x"}}"#,
        expect!["template.missing `a.b.c` is not there: `a.b` is the text `x`"],
    );
    check(
        "{{a.5}}",
        r#"{"a": [1]}"#,
        expect!["template.missing `a.5` is not there: `a` is a list of 1"],
    );
    check(
        "{{a.first}}",
        r#"{"a": [1]}"#,
        expect![[r#"
        template.missing `a.first` is not there: `a` is a list
        hint: take an item by its place from 0, as in `items.0`, or go through it by `{{#each …}}`"#]],
    );
    check(
        "{{#each rows as |line|}}{{total}}{{/each}}",
        r#"{"rows": [{"x": 1}], "total": 2}"#,
        expect![[r#"
            template.missing `total` is not there: the item has no `total`
            hint: it stands outside of the block: write `@root.total`"#]],
    );
    check(
        "{{#each a}}{{#each b}}{{x}}{{/each}}{{/each}}",
        r#"{"a": [{"x": 1, "b": [{}]}]}"#,
        expect![[r#"
            template.missing `x` is not there: the item has no `x`
            hint: it stands outside of the block: write `../x`"#]],
    );
    check(
        "{{lookup prices \"DD\"}}",
        r#"{"prices": {"DE": 1}}"#,
        expect![[r#"
            template.missing `prices` has no `DD`
            hint: did you mean `DE`?"#]],
    );
    check(
        "{{lookup list 3}}",
        r#"{"list": [1]}"#,
        expect!["template.missing `list` is a list of 1 and has no item 3"],
    );
    check(
        "{{mapped \"customers\" c}}",
        r#"{"c": "ACME"}"#,
        expect![[r#""ACME""#]],
    );
    check(
        "to {{mapped \"customers\" c}}",
        r#"{"c": "ACME Ltd"}"#,
        expect![[r#""to C001""#]],
    );
    check(
        "{{mapped \"suppliers\" c}}",
        r#"{"c": "ACME Ltd"}"#,
        expect![[r#""ACME Ltd""#]],
    );
    check(
        "{{mapped \"lost\" c}}",
        r#"{"c": "ACME Ltd"}"#,
        expect!["template.table the corrections cannot be read: it is not in the store"],
    );
    check(
        "{{mapped \"customers\" c}}",
        r#"{"c": 17}"#,
        expect![[r#"
            template.type `mapped` takes text, but `c` is the number 17
            hint: write `(text c)`"#]],
    );
}

#[test]
fn default_stands_in_for_null_and_for_what_is_not_there() {
    check(
        "{{default a.b \"-\"}}",
        r#"{"a": {"b": null}}"#,
        expect![[r#""-""#]],
    );
    check(
        "{{default a.b.c \"-\"}}",
        r#"{"a": {"b": null}}"#,
        expect![[r#""-""#]],
    );
    check("{{default a.x \"-\"}}", r#"{"a": {}}"#, expect![[r#""-""#]]);
    check(
        "{{default a.b \"-\"}}",
        r#"{"a": {"b": false}}"#,
        expect!["false"],
    );
    check(
        "{{default (first a) \"-\"}}",
        r#"{"a": []}"#,
        expect![[r#""-""#]],
    );
    check(
        "{{default aa \"-\"}}",
        r#"{"a": []}"#,
        expect![[r#"
        template.missing `aa` is not there: the data here has no `aa`
        hint: there is `a`"#]],
    );
}

#[test]
fn comparisons_are_typed() {
    check(
        "{{eq a 7}}",
        r#"{"a": "7"}"#,
        expect![[r#"
        template.type `eq` of `a` and `7`: the text `7` and the number 7 cannot be compared
        hint: make the text a number by `(number …)`, or the number a text by `(text …)`"#]],
    );
    check(
        "{{eq a null}} {{ne a 1}}",
        r#"{"a": null}"#,
        expect![[r#""true true""#]],
    );
    check(
        "{{eq a a}}",
        r#"{"a": [1]}"#,
        expect![[r#"
        template.type `eq` of `a` and `a`: a list of 1 and a list of 1 cannot be compared
        hint: compare a part of it, or how long it is by `(len …)`"#]],
    );
    check(
        "{{gt a 1}}",
        r#"{"a": null}"#,
        expect![[r#"
        template.null `gt` of `a` and `1`: null is neither greater nor less
        hint: guard it by `if`, or use `default`"#]],
    );
    check(
        "{{gt a true}}",
        r#"{"a": 1}"#,
        expect!["template.type `gt` of `a` and `true`: the number 1 and true cannot be compared"],
    );
    check(
        "{{lt \"2026-03-29\" \"2026-10-01\"}} {{gte \"2026-03-29\" \"2026-03-29\"}}",
        "{}",
        expect![[r#""true true""#]],
    );
    check(
        "{{lt \"2026-03-29T10:00:00+02:00\" \"2026-03-29T09:00:00Z\"}}",
        "{}",
        expect!["true"],
    );
    check(
        "{{lt \"2026-03-29\" \"2026-03-29T09:00:00Z\"}}",
        "{}",
        expect![[r#"
            template.type `lt` of `"2026-03-29"` and `"2026-03-29T09:00:00Z"`: `2026-03-29` and `2026-03-29T09:00:00Z` are not the same kind of date
            hint: take the day of both by `(date …)`"#]],
    );
    check(
        "{{and true 1}}",
        "{}",
        expect!["template.type `and` takes true or false, but `1` is the number 1"],
    );
    check(
        "{{and (ne a null) (gt a 1)}} {{or (eq a null) (gt a 1)}}",
        r#"{"a": null}"#,
        expect![[r#""false true""#]],
    );
    check(
        "{{not 0}}",
        "{}",
        expect!["template.type `not` takes true or false, but `0` is the number 0"],
    );
}

#[test]
fn text_is_only_what_is_text() {
    check(
        "a {{x}}",
        r#"{"x": null}"#,
        expect![[r#"
        template.null `x` is null
        hint: guard it by `if`, or use `default`, as in `{{default line.note ""}}`"#]],
    );
    check(
        "a {{x}}",
        r#"{"x": [1, 2]}"#,
        expect![[r#"
        template.type `x` is a list of 2, which is no text
        hint: print its items by `{{#each …}}` or `{{join … ", "}}`, or how many there are by `{{len …}}`"#]],
    );
    check(
        "a {{x}}",
        r#"{"x": {"$secret": "shop"}}"#,
        expect![[r#"
        template.type `x` is a secret, which is no text
        hint: a secret can only be the whole value of a field"#]],
    );
    check(
        "a {{upper 5}}",
        "{}",
        expect![[r#"
        template.type `upper` takes text, but `5` is the number 5
        hint: write `(text 5)`"#]],
    );
    check(
        "{{pad_left 7 5 \"0\"}}",
        "{}",
        expect![[r#"
        template.type `pad_left` takes text, but `7` is the number 7
        hint: write `(text 7)`"#]],
    );
    check("{{pad_left \"é7\" 5 \"ü\"}}", "{}", expect![[r#""üüüé7""#]]);
    check(
        "{{pad_left \"7\" 5 \"00\"}} ",
        "{}",
        expect!["template.argument `pad_left`: `00` is not a single character"],
    );
    check(
        "{{pad_left \"7\" 100000000}} ",
        "{}",
        expect![
            "template.argument `pad_left`: the length is 100000000, but it goes from 0 to 1000"
        ],
    );
    check(
        "{{slice \"häuser\" 1 3}} {{slice \"häuser\" -2}} {{slice \"a\" 5 9}}|{{slice \"abc\" 2 1}}",
        "{}",
        expect![[r#""äu er |""#]],
    );
    check(
        "{{replace \"abc\" \"\" \"x\"}}",
        "{}",
        expect!["template.argument `replace`: the text to be replaced is empty"],
    );
    check(
        "{{join a \", \"}}",
        r#"{"a": ["x", 1.50, true]}"#,
        expect![[r#""x, 1.50, true""#]],
    );
    check(
        "{{join a \", \"}}",
        r#"{"a": ["x", null]}"#,
        expect![[r#"
        template.null item 2 of `a` is null
        hint: guard it by `if`, or use `default`, as in `{{default line.note ""}}`"#]],
    );
    check(
        "{{join \"abc\" \", \"}}",
        "{}",
        expect![[r#"template.type `join` takes a list, but `"abc"` is the text `abc`"#]],
    );
    check("{{contains a 1}}", r#"{"a": [2, 1.0]}"#, expect!["true"]);
    check(
        "{{contains a \"1\"}}",
        r#"{"a": [2, 1.0]}"#,
        expect![[r#"
        template.type `eq` of an item of `a` and `"1"`: the number 2 and the text `1` cannot be compared
        hint: make the text a number by `(number …)`, or the number a text by `(text …)`"#]],
    );
}

#[test]
fn a_tree_of_parameters_is_rendered_leaf_by_leaf() {
    let with = json(r#"{"to": ["{{a}}", "x{{a}}"], "n": 5, "fill": {"{{a}}": "{{b}}"}}"#);
    let context = json(r#"{"a": 1.50, "b": "{{a}}"}"#);
    let rendered = renderer().render_with(&with, &context).expect("fits");
    // Keys are no templates, and what came out is not rendered again.
    let wanted = r#"{"to":[1.50,"x1.50"],"n":5,"fill":{"{{a}}":"{{a}}"}}"#;
    assert_eq!(rendered.to_string(), wanted);

    let error = renderer().render_with(&json(r#"{"fill": [{"SKU": "{{c}}"}]}"#), &context);
    let fault = crate::Fault::from(error.expect_err("there is no `c`"));
    assert_eq!(
        fault.to_string(),
        "template.missing: `fill[0].SKU`: `c` is not there: the data here has no `c`"
    );
    assert_eq!(fault.category, crate::Category::Business);
}

#[test]
fn an_unreadable_source_is_an_error_too() {
    check(
        "{{wher a}}",
        "{}",
        expect![[r#"
        template.syntax there is no helper `wher`
        hint: did you mean `where`?"#]],
    );
}
