//! Whole files: escaping by the kind of file.

use expect_test::{Expect, expect};

use super::{json, renderer, shown};

fn check(name: &str, source: &str, context: &str, expected: Expect) {
    expected.assert_eq(&shown(renderer().render_file(name, source, &json(context))));
}

#[test]
fn html_is_escaped_in_html_files_only() {
    let context = r#"{"x": "<b a=\"1\">&'"}"#;
    check(
        "mail.html.hbs",
        "<p>{{x}}</p>",
        context,
        expect!["<p>&lt;b a&#x3D;&quot;1&quot;&gt;&amp;&#x27;</p>"],
    );
    check(
        "mail.html.hbs",
        "{{x}}",
        context,
        expect!["&lt;b a&#x3D;&quot;1&quot;&gt;&amp;&#x27;"],
    );
    check(
        "mail.txt.hbs",
        "<p>{{x}}</p>",
        context,
        expect![[r#"<p><b a="1">&'</p>"#]],
    );
    check("html.hbs", "{{x}}", context, expect![[r#"<b a="1">&'"#]]);
    check(
        "mail.html.hbs",
        "{{upper (text 5)}}{{#each (split x \"&\")}}{{this}};{{/each}}",
        context,
        expect!["5&lt;b a&#x3D;&quot;1&quot;&gt;;&#x27;;"],
    );
}

#[test]
fn csv_has_cells_and_no_formulas() {
    let csv = |source: &str, x: &str, expected: Expect| {
        let context = serde_json::json!({ "x": x, "n": -5 }).to_string();
        check("po.csv.hbs", source, &context, expected);
    };
    csv(
        "a,{{x}},{{n}}\n",
        "plain",
        expect![[r#"
        a,plain,-5
    "#]],
    );
    csv(
        "a,{{x}}\n",
        "x,y",
        expect![[r#"
        a,"x,y"
    "#]],
    );
    csv(
        "a;{{x}}\n",
        "say \"hi\"\n",
        expect![[r#"
        a;"say ""hi""
        "
    "#]],
    );
    csv("{{x}},b", "=1+1", expect!["'=1+1,b"]);
    csv(
        "{{x}},b",
        "=HYPERLINK(\"http://x\",\"y\")",
        expect![[r#""'=HYPERLINK(""http://x"",""y"")",b"#]],
    );
    csv(
        "\"{{x}}\",b",
        "@a \"b\", c",
        expect![[r#""'@a ""b"", c",b"#]],
    );
    csv("\"PO {{x}}\",{{x}}", "-1", expect![[r#""PO -1",'-1"#]]);
    csv("{{x}}", "\tcmd", expect![[r#""'	cmd""#]]);
    csv(
        "a\n{{x}}",
        "+1",
        expect![[r#"
        a
        '+1"#]],
    );
    csv("PO-{{x}}", "=1", expect!["PO-=1"]);
    csv(
        "PO-{{x}}",
        "1,2",
        expect![[r#"
        template.argument `po.csv.hbs`: `x` contains a separator or a quote and is only part of a cell
        hint: write double quotes around the whole cell in the template"#]],
    );
    check("po.txt.hbs", "{{x}}", r#"{"x": "=1,2"}"#, expect!["=1,2"]);
}

#[test]
fn a_file_names_itself_in_errors() {
    check(
        "po.txt.hbs",
        "PO {{numbr}}",
        r#"{"number": "1"}"#,
        expect![[r#"
            template.missing `po.txt.hbs`: `numbr` is not there: the data here has no `numbr`
            hint: did you mean `number`?"#]],
    );
    check(
        "po.txt.hbs",
        "{{secrets.shop}}",
        "{}",
        expect![[r#"
        template.type `po.txt.hbs`: `secrets.shop` is a secret, which is no text
        hint: a secret can only be the whole value of a field"#]],
    );
    check(
        "po.txt.hbs",
        "{{#if}}",
        "{}",
        expect![[r#"
        template.syntax `po.txt.hbs`: the block `if` is never closed
        hint: write `{{/if}}` where it ends"#]],
    );
}
