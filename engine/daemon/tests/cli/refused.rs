//! What is no recording, and texts that would break a file: nothing half-made is written.

use expect_test::{Expect, expect};

use crate::{
    import::checks,
    office::{GOOD, Office},
};

/// What each of these comes to; the place is named.
fn refuses(office: &Office, recording: &[u8], said: &Expect) {
    std::fs::write(office.path("wrong.json"), recording).unwrap();
    let answer = office.says(&["import", "wrong.json"]);
    let answer = answer.strip_prefix("exit 2\n--- stdout\n--- stderr\n");
    said.assert_eq(answer.expect("it is refused"));
}

#[test]
fn what_is_no_recording_is_refused_at_its_place() {
    let office = Office::with(GOOD);
    let cases: &[(&str, Expect)] = &[
        (
            "",
            expect![[r#"
            error: `wrong.json`: the recording is not JSON: EOF while parsing a value at line 1 column 0
            hint: export it as JSON from the Recorder, or save the project of Selenium IDE
        "#]],
        ),
        (
            "<html>",
            expect![[r#"
            error: `wrong.json`: the recording is not JSON: expected value at line 1 column 1
            hint: export it as JSON from the Recorder, or save the project of Selenium IDE
        "#]],
        ),
        (
            "{\"title\": \"x\", \"steps\": [}",
            expect![[r#"
            error: `wrong.json`: the recording is not JSON: expected value at line 1 column 26
            hint: export it as JSON from the Recorder, or save the project of Selenium IDE
        "#]],
        ),
        (
            "[]",
            expect![[r#"
            error: `wrong.json`: this is neither a recording of Chrome's DevTools Recorder (it would have `steps`) nor of Selenium IDE (it would have `tests`)
            hint: export it as JSON from the Recorder, or save the project of Selenium IDE
        "#]],
        ),
        (
            "{\"steps\": null, \"tests\": {}}",
            expect![[r#"
            error: `wrong.json`: `steps` is missing
        "#]],
        ),
        (
            "{\"steps\": 7}",
            expect![[r#"
            error: `wrong.json`: `steps` is a number, not a list
        "#]],
        ),
        (
            "{\"steps\": [7]}",
            expect![[r#"
            error: `wrong.json`: `steps[0]` is a number, not a map
        "#]],
        ),
        (
            "{\"steps\": [{}]}",
            expect![[r#"
            error: `wrong.json`: `steps[0].type` is missing
        "#]],
        ),
        (
            "{\"steps\": [{\"type\": 7}]}",
            expect![[r#"
            error: `wrong.json`: `steps[0].type` is a number, not text
        "#]],
        ),
        (
            "{\"steps\": [{\"type\": \"click\"}]}",
            expect![[r#"
            error: `wrong.json`: `steps[0].selectors` is missing
        "#]],
        ),
        (
            "{\"steps\": [{\"type\": \"click\", \"selectors\": \"a\"}]}",
            expect![[r#"
                error: `wrong.json`: `steps[0].selectors` is text, not a list
            "#]],
        ),
        (
            "{\"steps\": [{\"type\": \"click\", \"selectors\": [[\"a\", 7]]}]}",
            expect![[r#"
                error: `wrong.json`: `steps[0].selectors[0][1]` is a number, not text
            "#]],
        ),
        (
            "{\"steps\": [{\"type\": \"change\", \"selectors\": [\"a\"], \"value\": 7}]}",
            expect![[r#"
                error: `wrong.json`: `steps[0].value` is a number, not text
            "#]],
        ),
        (
            "{\"steps\": [{\"type\": \"scroll\", \"frame\": [-1]}]}",
            expect![[r#"
                error: `wrong.json`: `steps[0].frame[0]` is a number, not a whole number
            "#]],
        ),
        (
            "{\"steps\": [{\"type\": \"scroll\", \"y\": \"far\"}]}",
            expect![[r#"
                error: `wrong.json`: `steps[0].y` is text, not a number
            "#]],
        ),
        (
            "{\"steps\": [{\"type\": \"close\", \"assertedEvents\": [7]}]}",
            expect![[r#"
                error: `wrong.json`: `steps[0].assertedEvents[0]` is a number, not a map
            "#]],
        ),
        (
            "{\"steps\": [{\"type\": \"navigate\", \"url\": \"about:blank\"}]}",
            expect![[r#"
                error: `wrong.json`: the recording opens no page
                hint: record from the moment at which the page is opened
            "#]],
        ),
        (
            "{\"title\": [], \"steps\": []}",
            expect![[r#"
            error: `wrong.json`: `title` is a list, not text
        "#]],
        ),
        (
            "{\"tests\": []}",
            expect![[r#"
            error: `wrong.json`: `tests[0]` is missing
        "#]],
        ),
        (
            "{\"tests\": [{\"name\": \"a\", \"commands\": [{\"command\": 7}]}]}",
            expect![[r#"
                error: `wrong.json`: `tests[0].commands[0].command` is a number, not text
            "#]],
        ),
        (
            "{\"tests\": [{\"name\": \"a\", \"commands\": [{\"command\": \"click\", \"target\": \"id=a\", \"targets\": [[7]]}]}]}",
            expect![[r#"
                error: `wrong.json`: `tests[0].commands[0].targets[0][0]` is a number, not text
            "#]],
        ),
    ];
    for (recording, said) in cases {
        refuses(&office, recording.as_bytes(), said);
    }
    refuses(
        &office,
        b"\xff\xfe{}",
        &expect![[r#"
        error: `wrong.json` is not text in UTF-8
    "#]],
    );
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    refuses(
        &office,
        deep.as_bytes(),
        &expect![[r#"
        error: `wrong.json`: the recording is not JSON: recursion limit exceeded at line 1 column 128
        hint: export it as JSON from the Recorder, or save the project of Selenium IDE
    "#]],
    );
    let steps = "{\"type\":\"close\"},".repeat(5_001);
    let long = format!("{{\"steps\": [{}]}}", steps.trim_end_matches(','));
    refuses(
        &office,
        long.as_bytes(),
        &expect![[r#"
        error: `wrong.json`: `steps` has 5001 entries, more than 5000
    "#]],
    );
    refuses(
        &office,
        &vec![b' '; 16 * 1024 * 1024 + 1],
        &expect![[r#"
        error: `wrong.json`: the recording is larger than 16 MiB
    "#]],
    );
    let missing = office.says(&["import", "nowhere.json"]);
    assert!(
        missing.starts_with("exit 2\n--- stdout\n--- stderr\nerror: `nowhere.json` cannot be read"),
        "{missing}"
    );
    let entries = std::fs::read_dir(office.path("workflows")).unwrap();
    assert_eq!(entries.count(), 1, "nothing was written");
}

/// Whatever a page is called and whatever was typed, the workflow checks and holds it.
#[test]
fn no_text_breaks_the_file() {
    let office = Office::with(GOOD);
    let texts = [
        "yes",
        "0.10",
        "a: b",
        "- x",
        "# no",
        "'",
        "\"",
        "\\",
        "\\{{x}}",
        "{{x}}",
        "{{{{",
        "}}",
        "%",
        "line\nbreak",
        "tab\t",
        "\u{0}",
        "\u{2028}",
        "\u{202e}",
        "数量",
        "🙂",
        " || ",
        " >>> ",
        "css=",
        "role=",
        "${x}",
        "null",
        "~",
    ];
    for (index, text) in texts.into_iter().enumerate() {
        let recording = serde_json::json!({ "title": text, "steps": [
            { "type": "navigate", "url": format!("https://a.example/?q={text}") },
            { "type": "change", "selectors": [format!("aria/{text}"), "#a"], "value": text },
            { "type": "waitForElement", "selectors": [format!("text/{text}"), "#b"] },
            { "type": text },
            { "type": "customStep", "name": text },
            { "type": "click", "selectors": [format!("aria/{text}[role=\"button\"]"), "#c"],
              "assertedEvents": [{ "type": "navigation", "url": "https://a.example/b", "title": text }] },
        ] });
        office.write("odd.json", &recording.to_string());
        let name = format!("odd-{index}");
        let report = office.json(&["import", "odd.json", "--name", &name]);
        assert_eq!(
            report["diagnostics"],
            serde_json::json!([]),
            "{text:?}: {report:#}"
        );
        assert_eq!(report["inputs"][0]["default"], text, "{report:#}");
        if index == 0 {
            checks(&office, &report["add"]);
        }
    }
    let report = office.json(&["check"]);
    assert_eq!(report["diagnostics"], serde_json::json!([]), "{report:#}");
}
