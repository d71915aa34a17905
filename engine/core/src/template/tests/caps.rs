//! Nothing that a template says takes much memory or goes on for long.

use expect_test::expect;
use serde_json::{Value, json};

use super::{
    super::{MAX_SOURCE, scan::MAX_TAGS},
    renderer, shown,
};

fn rendered(source: &str, context: &Value) -> String {
    shown(
        renderer()
            .render_value(source, context)
            .map(|value| value.to_string()),
    )
}

fn numbers(count: u32) -> Value {
    (0..count).map(Value::from).collect()
}

#[test]
fn a_short_template_cannot_print_megabytes() {
    // 64 bytes that would be 27 MB.
    let source = "{{#each a}}{{#each @root.a}}{{#each @root.a}}x{{/each}}{{/each}}{{/each}}";
    let context = json!({ "a": numbers(300) });
    expect![[r#"
        template.too_large the text grows over 1024 KiB
        hint: print less of it, or drop the data as a file of its own"#]]
    .assert_eq(&rendered(source, &context));
    let file = renderer().render_file("x.txt.hbs", source, &context);
    expect![[r#"
        template.too_long `x.txt.hbs`: the template needs more than 5000000 steps
        hint: is a list gone through inside of another? use `group`, or a smaller list"#]]
    .assert_eq(&shown(file));
}

#[test]
fn loops_end() {
    let source = "{{#each a}}{{#each @root.a}}{{#each @root.a}}{{/each}}{{/each}}{{/each}}";
    expect![[r#"
        template.too_long the template needs more than 5000000 steps
        hint: is a list gone through inside of another? use `group`, or a smaller list"#]]
    .assert_eq(&rendered(source, &json!({ "a": numbers(1000) })));
    let source = "{{where a (gt (count @root.a (gt (field \"x\") 0)) 0)}}";
    let rows: Value = (0..10_000).map(|n| json!({ "x": n })).collect();
    expect![[r#"
        template.too_long row 100: row 9900: the template needs more than 5000000 steps
        hint: is a list gone through inside of another? use `group`, or a smaller list"#]]
    .assert_eq(&rendered(source, &json!({ "a": rows })));
}

#[test]
fn helpers_do_not_pile_up_text() {
    let long = "x".repeat(100_000);
    let context = json!({ "x": long, "a": numbers(200) });
    expect![[r#"
        template.too_large the result grows over 16 MiB
        hint: keep fewer rows by `where`, or fewer fields by `pluck`"#]]
    .assert_eq(&rendered("{{replace x \"x\" x}}", &context));
    expect![[r#"
        template.too_large the result grows over 16 MiB
        hint: keep fewer rows by `where`, or fewer fields by `pluck`"#]]
    .assert_eq(&rendered("{{join a x}}", &context));
    expect![[r#""100001""#]].assert_eq(&rendered(
        "{{#each a}}{{#if (eq (upper @root.x) \"\")}}{{/if}}{{/each}}{{len (split x \"x\")}}",
        &context,
    ));
    let grow = "{{replace (replace (replace \"xxxxxxxxxx\" \"x\" y) \"x\" y) \"x\" y}}";
    expect![[r#"
        template.too_large the result grows over 16 MiB
        hint: keep fewer rows by `where`, or fewer fields by `pluck`"#]]
    .assert_eq(&rendered(grow, &json!({ "y": "x".repeat(200) })));
}

#[test]
fn lists_that_helpers_make_are_capped() {
    let row = json!({ "x": "y".repeat(1000) });
    let rows: Vec<Value> = std::iter::repeat_n(row, 20_000).collect();
    let context = json!({ "rows": rows });
    expect![[r#"
        template.too_large row 16612: the result grows over 16 MiB
        hint: keep fewer rows by `where`, or fewer fields by `pluck`"#]]
    .assert_eq(&rendered("{{where rows \"x\" \"ne\" \"\"}}", &context));
    expect![[r#"
        template.too_large row 16612: the result grows over 16 MiB
        hint: keep fewer rows by `where`, or fewer fields by `pluck`"#]]
    .assert_eq(&rendered("{{group rows \"x\"}}", &context));
    expect!["20000"].assert_eq(&rendered("{{len rows}}", &context));
}

#[test]
fn the_cache_of_trees_is_bounded() {
    let renderer = renderer();
    for n in 0..2_000 {
        let source = format!("{{{{x}}}} {n} {}", "y".repeat(5_000));
        renderer
            .render_value(&source, &json!({ "x": 1 }))
            .expect("fits");
        let cache = renderer.cache.lock().expect("nobody panicked");
        assert!(cache.bytes <= super::super::MAX_CACHED);
        assert!(cache.trees.contains_key(source.as_str()));
        let kept: usize = cache.trees.keys().map(|source| source.len() + 256).sum();
        assert_eq!(kept, cache.bytes);
    }
}

#[test]
fn the_deepest_template_fits_on_a_small_stack() {
    let depth = super::super::MAX_DEPTH;
    let inner = format!(
        "{{{{text {}true{}}}}}",
        "(not ".repeat(depth),
        ")".repeat(depth)
    );
    let blocks =
        |open: &str, close: &str| format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
    for source in [
        blocks("{{#each @root.a}}", "{{/each}}"),
        blocks("{{#with @root.a.0}}", "{{/with}}"),
        blocks("{{#if true}}", "{{/if}}"),
    ] {
        assert_eq!(rendered(&source, &json!({ "a": [{}] })), "\"true\"");
    }
    let rows = (0..depth / 2).fold("1".to_owned(), |inner, _| {
        format!("(add 1 (count @root.a (gt {inner} 0)))")
    });
    assert!(super::super::parse(&format!("{{{{add 0 {rows}}}}}")).is_err());
    let rows = (0..depth / 3).fold("1".to_owned(), |inner, _| {
        format!("(add 1 (count @root.a (gt {inner} 0)))")
    });
    let source = format!("{{{{add 0 {rows}}}}}");
    assert_eq!(rendered(&source, &json!({ "a": [{}] })), "2");
}

#[test]
fn a_source_of_the_greatest_size_is_read_or_refused() {
    let filled = |piece: &str| super::super::parse(&piece.repeat(MAX_SOURCE / piece.len()));
    for piece in ["{{a}}", "{{! x }}\n", "{{#if a}}\n{{/if}}\n", "{{^}}"] {
        assert!(filled(piece).is_err(), "{piece}");
    }
    for piece in ["\\{{a}} ", "\n", "a very long text "] {
        assert!(filled(piece).is_ok(), "{piece}");
    }
    let text = "x".repeat(MAX_SOURCE / MAX_TAGS - 10);
    let source = format!("{{{{a}}}}{text}").repeat(MAX_TAGS);
    assert!(super::super::parse(&source).is_ok());
}
