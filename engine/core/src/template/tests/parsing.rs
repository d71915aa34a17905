//! What the parser makes of templates: shapes, reads, refusals; and that no text makes it panic.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use handlebars::Template;

use super::super::{
    parse::{LOST, parse, tree},
    plain, scan,
};

fn check(source: &str, expected: Expect) {
    let text = match parse(source) {
        Ok(parsed) => {
            let reads = parsed.reads.iter();
            let reads = reads.map(|read| format!("{}@{}", read.path.join("/"), read.offset));
            let reads = reads.collect::<Vec<_>>().join(" ");
            let secret = parsed.secret.map(|name| format!(" secret {name}"));
            format!("{:?} [{reads}]{}", parsed.shape, secret.unwrap_or_default())
        }
        Err(error) => {
            let hint = error.hint.map(|hint| format!("\nhint: {hint}"));
            format!(
                "{}: {}{}",
                error.offset,
                error.message,
                hint.unwrap_or_default()
            )
        }
    };
    expected.assert_eq(&text);
}

/// What may stand in a tag, and what looks nearly so.
const WORDS: [&str; 37] = [
    "a",
    "add",
    "eq",
    "default",
    "steps.s1.n",
    "line.order",
    "rows.0.x",
    "a_b",
    "1",
    "0",
    "12",
    "007",
    "1.5",
    "-1",
    "1a",
    "'x y'",
    "\"q\"",
    "''",
    "'it''s'",
    "\"",
    "'",
    "this",
    "this.a",
    "as",
    "else",
    "true",
    "null",
    "null.a",
    "a.b.true",
    "a..b",
    "../a",
    "@index",
    "a-b",
    "(a)",
    "k=1",
    "ä",
    "a.[b c]",
];
const AROUND: [&str; 12] = [
    "", " ", "Order ", "\n", "  \n", ": ", "\\", "{", "}", "{{! c }}", "~", "ä",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_is_read_plainly_is_what_handlebars_reads(
        parts in prop::collection::vec((
            prop::sample::select(&AROUND[..]),
            prop::collection::vec(prop::sample::select(&WORDS[..]), 0..4),
            prop::sample::select(&[" ", "  ", "", "\n"][..]),
        ), 1..4),
        end in prop::sample::select(&AROUND[..]),
    ) {
        let tags = parts.iter().map(|(around, words, gap)| {
            format!("{around}{{{{{gap}{}{gap}}}}}", words.join(" "))
        });
        let source = tags.collect::<String>() + end;
        if let (Some(ours), Ok(tags)) = (plain::read(&source), scan::tags(&source)) {
            let theirs = Template::compile(&source).expect("Handlebars reads it too");
            let ours = format!("{:?}", tree(&source, tags.clone(), &ours));
            prop_assert_eq!(ours, format!("{:?}", tree(&source, tags, &theirs)), "{}", source);
        }
    }
}

#[test]
fn most_templates_are_plain() {
    for source in [
        "{{steps.lines.rows}}",
        "{{ add steps.s1.n 1 }}",
        "Order {{line.order}}: {{default line.note 'none'}}\n",
        "inbox/{{today}}.csv",
    ] {
        assert!(plain::read(source).is_some(), "{source}");
    }
    for source in ["{{#if a}}b{{/if}}", "{{a (b c)}}", "\\{{a}}", "{{a}"] {
        assert!(plain::read(source).is_none(), "{source}");
    }
}

#[test]
fn shapes_and_reads() {
    check(
        "plain \\n text",
        expect![[r#"Literal("plain \\n text") []"#]],
    );
    check(r"\{{not}} read", expect![[r#"Literal("{{not}} read") []"#]]);
    check("a{{! comment {{x }}b", expect![[r#"Literal("ab") []"#]]);
    check(
        "{{steps.lines.rows}}",
        expect!["Value [steps/lines/rows@2]"],
    );
    check(
        "{{steps.a}} {{inputs.b}}",
        expect!["Text [steps/a@2 inputs/b@14]"],
    );
    check(
        "{{gt line.amount inputs.ceiling}}",
        expect!["Value [line/amount@5 inputs/ceiling@17]"],
    );
    check("{{eq \"name\" name}}", expect!["Value [name@12]"]);
    check("{{line.[Order No]}}", expect!["Value [line/Order No@2]"]);
    check(
        "{{body.items.0.number}}",
        expect!["Value [body/items/0/number@2]"],
    );
    check("{{#if true}}{{~ x ~}}{{/if}}", expect!["Text [x@16]"]);
    check(
        "{{#if a}}1{{else if b}}2{{else}}{{#if c}}3{{else if d}}4{{/if}}{{e}}{{/if}}{{f}}",
        expect!["Text [a@6 b@20 c@38 d@52 e@65 f@77]"],
    );
    check(
        "{{format_number x 2 group=g.h point=\",\"}}",
        expect!["Value [x@16 g/h@26]"],
    );
    check(
        "ä {{where rows \"a\" (field \"b\")}}",
        expect!["Text [rows@11]"],
    );
    check(
        "{{mapped \"customers\" line.customer}}",
        expect!["Value [line/customer@21]"],
    );
}

#[test]
fn reads_within_blocks() {
    check(
        "{{#each rows}}{{sku}} {{this.sku}} {{../title}} {{@root.day}} {{@index}}{{/each}}",
        expect!["Text [rows@8 title@37 day@50]"],
    );
    check(
        "{{#each rows as |line n|}}{{line.sku}} {{n}} {{#if line.ok}}{{../x}}{{/if}}{{/each}}",
        expect!["Text [rows@8 x@62]"],
    );
    check(
        "{{#each a}}{{#with b}}{{../c}}{{../../d}}{{@../index}}{{/with}}{{/each}}",
        expect!["Text [a@8 d@32]"],
    );
    check(
        "{{#each rows}}x{{else}}{{none}}{{/each}}",
        expect!["Text [rows@8 none@25]"],
    );
    check(
        "{{#each a as |l|}}{{#each l.rows}}{{l.x}} {{thisness}}{{/each}}{{/each}}",
        expect!["Text [a@8]"],
    );
}

#[test]
fn what_is_refused() {
    check(
        "{{{x}}}",
        expect![[r#"
        0: `{{{…}}}` is not supported
        hint: write `{{…}}`; values are escaped in `*.html.hbs` only"#]],
    );
    check(
        "{{~{x}~}}",
        expect![[r#"
        0: `{{{…}}}` is not supported
        hint: write `{{…}}`; values are escaped in `*.html.hbs` only"#]],
    );
    check(
        "{{{{raw}}}}x{{{{/raw}}}}",
        expect![[r#"
        0: `{{{{…}}}}` blocks are not supported
        hint: write `\{{` for two braces in the text"#]],
    );
    check(
        "{{&x}}",
        expect![[r#"
        0: `{{& …}}` is not supported
        hint: write `{{…}}`; values are escaped in `*.html.hbs` only"#]],
    );
    check(
        "{{> part}}",
        expect![[r#"
        0: partials (`{{> …}}`) are not supported
        hint: write the text out where it is needed"#]],
    );
    check(
        "{{#> part}}{{/part}}",
        expect![[r#"
        0: partials (`{{> …}}`) are not supported
        hint: write the text out where it is needed"#]],
    );
    check(
        "{{* deco x}}",
        expect![[r#"
        0: decorators (`{{* …}}`) are not supported
        hint: write the text out where it is needed"#]],
    );
    check(
        "{{#*inline \"x\"}}{{/inline}}",
        expect![[r#"
        0: decorators (`{{* …}}`) are not supported
        hint: write the text out where it is needed"#]],
    );
    check(
        "{{wher rows \"a\" 1}}",
        expect![[r#"
        2: there is no helper `wher`
        hint: did you mean `where`?"#]],
    );
    check(
        "a {{gt x}}",
        expect![[r#"
        2: `gt` takes 2 arguments, not 1
        hint: write `gt a b`"#]],
    );
    check(
        "{{#eq a b}}x{{/eq}}",
        expect![[r#"
        0: `eq` is not a block
        hint: write `{{eq a b}}`, or `{{#if (eq a b)}}`"#]],
    );
    check(
        "{{if a}}",
        expect![[r#"
        2: `if` is a block
        hint: write `{{#if condition}} … {{else}} … {{/if}}`"#]],
    );
    check(
        "{{(if a)}}",
        expect![[r#"
        3: `if` is a block
        hint: write `{{#if condition}} … {{else}} … {{/if}}`"#]],
    );
    check(
        "{{#if a}}x",
        expect![[r#"
        0: the block `if` is never closed
        hint: write `{{/if}}` where it ends"#]],
    );
    check(
        "{{#if a}}x{{/unless}}",
        expect![[r#"
        10: `{{/unless}}` closes the block `if`
        hint: write `{{/if}}`"#]],
    );
    check(
        "x{{/if}}",
        expect!["1: `{{/if}}` closes a block that was never opened"],
    );
    check("{{else}}", expect!["0: `else` stands in no block"]);
    check(
        "{{elsewhere}}",
        expect![[r#"
        0: `elsewhere` cannot be read: it begins with `else`
        hint: write `@root.elsewhere`, or `this.elsewhere` in a block"#]],
    );
    check(
        "{{x",
        expect![[r#"
        0: `{{` is never closed
        hint: write `}}` behind the expression; for the two braces themselves write `\{{`"#]],
    );
    check(
        "{{x \"a}}",
        expect![[r#"
            4: the text in quotes is never closed
            hint: close it with the same quote before the `}}`"#]],
    );
    check(
        "{{}}",
        expect![[r#"
            2: nothing stands between the braces
            hint: write a name, as in `{{line.amount}}`, or leave the braces out"#]],
    );
    check(
        "ab\ncd {{x y z.}}",
        expect![[r#"
        14: this is no expression that Handlebars can read
        hint: an expression is a name (`line.amount`, `line.[Order No]`) or a helper and its arguments (`gt line.amount 100`)"#]],
    );
    check(
        "{{contains [\"a\"] x}}",
        expect![[r#"
        11: a list cannot be written in an expression
        hint: `[…]` holds a name with spaces, as in `line.[Order No]`; a list of texts is `(split "a,b" ",")`"#]],
    );
    check(
        "{{contains [1] x}}",
        expect![[r#"
        0: a list cannot be written in an expression
        hint: a list of texts is `(split "a,b" ",")`"#]],
    );
    check(
        "{{add x {}}}",
        expect![[r#"
        8: `{` has no meaning in an expression
        hint: an expression stands between `{{` and `}}`"#]],
    );
    check(
        "{{round x 2 mode=1}}",
        expect![[r#"
        0: `round` takes no `mode=`
        hint: write `round number digits ["half_up" | "half_even"]`"#]],
    );
    check(
        "{{this}}",
        expect![[r#"
        2: `this` has no meaning outside of a block
        hint: name what you need, as in `steps.lines.rows`"#]],
    );
    check(
        "{{../x}}",
        expect![[r#"
        2: `../x` climbs out of the template
        hint: there is no `each` or `with` around it; `if` and `unless` do not count"#]],
    );
    check("{{@index}}", expect!["2: `@index` stands in no `each`"]);
    check(
        "{{#each a}}{{@idx}}{{/each}}",
        expect![[r#"
        13: there is no `@idx`
        hint: there is `@index`, `@key`, `@first`, `@last` and `@root.name`"#]],
    );
    check(
        "{{field \"x\"}}",
        expect![[r#"
        2: `field` has no row to read here
        hint: it stands in the arguments of `where`, `count`, `sum`, `sort`, `group`, `unique` or `pluck`, behind the list"#]],
    );
    check(
        "{{where (field \"x\") \"a\" 1}}",
        expect![[r#"
        9: `field` has no row to read here
        hint: it stands in the arguments of `where`, `count`, `sum`, `sort`, `group`, `unique` or `pluck`, behind the list"#]],
    );
    check(
        "{{mapped name x}}",
        expect![[r#"
        2: `mapped` takes the name of the mapping in quotes
        hint: as in `{{mapped "customers" line.customer}}`"#]],
    );
    check(
        "{{#if a as |b|}}{{/if}}",
        expect!["0: `as |…|` belongs to `each` and `with`"],
    );
}

#[test]
fn a_secret_is_a_whole_value() {
    check("{{secrets.shop}}", expect!["Value [] secret shop"]);
    check("{{@root.secrets.shop}}", expect!["Value [] secret shop"]);
    check(
        "{{secrets}}",
        expect![[r#"
        2: a secret can only be the whole value of a field
        hint: write it alone, as in `password: "{{secrets.shop}}"`"#]],
    );
    check(
        "{{secrets.shop.user}}",
        expect![[r#"
        2: a secret can only be the whole value of a field
        hint: write it alone, as in `password: "{{secrets.shop}}"`"#]],
    );
    check(
        "Bearer {{secrets.shop}}",
        expect![[r#"
        9: a secret can only be the whole value of a field
        hint: write it alone, as in `password: "{{secrets.shop}}"`"#]],
    );
    check(
        "{{upper secrets.shop}}",
        expect![[r#"
        8: a secret can only be the whole value of a field
        hint: write it alone, as in `password: "{{secrets.shop}}"`"#]],
    );
    check(
        "{{#each a}}{{@root.secrets.shop}}{{/each}}",
        expect![[r#"
        13: a secret can only be the whole value of a field
        hint: write it alone, as in `password: "{{secrets.shop}}"`"#]],
    );
}

#[test]
fn depth_and_size_are_capped_before_handlebars_reads() {
    let nested =
        |count: usize| format!("{}x{}", "{{#if a}}".repeat(count), "{{/if}}".repeat(count));
    assert!(parse(&nested(MAX)).is_ok());
    check(
        &nested(10_000),
        expect!["288: more than 32 blocks within each other"],
    );
    let calls = |count: usize| {
        format!(
            "{{{{not {}a{}}}}}",
            "(not ".repeat(count),
            ")".repeat(count)
        )
    };
    assert!(parse(&calls(MAX)).is_ok());
    check(
        &calls(20_000),
        expect!["166: more than 32 parentheses within each other"],
    );
    let chain = |count: usize| format!("{{{{#if a}}}}{}{{{{/if}}}}", "{{else if a}}".repeat(count));
    assert!(parse(&chain(MAX - 1)).is_ok());
    check(
        &chain(20_000),
        expect!["412: more than 32 blocks within each other"],
    );
    // A tag that closes something only in the eyes of a careless scan.
    let fooled = "{{#if a}}{{eq x \"{{/if}}\"}}{{! {{/if}}".repeat(20_000);
    check(
        &fooled[..200_000],
        expect!["1216: more than 32 blocks within each other"],
    );
    check(
        &"x".repeat(scan::MAX_SOURCE + 1),
        expect!["0: the template has 262145 bytes; at most 262144 are allowed"],
    );
}

const MAX: usize = scan::MAX_DEPTH;

proptest! {
    #[test]
    fn no_text_panics(source in ".{0,200}") {
        let _parsed = parse(&source).is_ok();
    }

    #[test]
    fn no_heap_of_tokens_panics(tokens in proptest::collection::vec(token(), 0..40)) {
        let source = tokens.concat();
        if let Err(error) = parse(&source) {
            prop_assert!(source.is_char_boundary(error.offset), "{error:?}");
            prop_assert_ne!(error.message, LOST);
        }
    }
}

/// Pieces of templates, whole enough that many heaps of them are templates.
fn token() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "{{",
        "}}",
        "{{#if a}}",
        "{{/if}}",
        "{{else}}",
        "{{^}}",
        "{{else if b}}",
        "{{~else~}}",
        "{{#each rows as |x i|}}",
        "{{/each}}",
        "{{x.y}}",
        "{{~x~}}",
        " ",
        "\n",
        "\\",
        "\\\\",
        "{{! c }}",
        "{{!-- }} --}}",
        "{{! --",
        "--}}",
        "(",
        ")",
        "not ",
        "\"a\"",
        "'",
        "[a b]",
        "@root.x",
        "../x",
        "text",
        "ä",
        "1.50",
        "=",
        "{",
        "}",
        "|",
        "as",
        ">",
        "*",
        "&",
        "#",
        "/",
    ])
}
