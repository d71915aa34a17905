//! Values as an author would write them in one line of YAML.

use serde_json::Value;

/// `{ step: form, output: { number: "…" } }`
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let entries = map.iter();
            let entries = entries.map(|(name, value)| format!("{}: {}", word(name), flow(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// A word without quotes where YAML needs none.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let other = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_other = other.contains(&text.to_lowercase().as_str());
    match begins && text.chars().all(plain) && !is_other {
        true => text.to_owned(),
        false => Value::from(text).to_string(),
    }
}

/// The same over several lines, where one would be long.
pub(crate) fn block(value: &Value) -> String {
    let mut text = String::new();
    lines(value, 0, &mut text);
    text
}

/// How long a line may be that holds more than one value.
const WIDTH: usize = 90;

fn lines(value: &Value, depth: usize, text: &mut String) {
    let short = |value: &Value| flow(value).chars().count() + 2 * depth <= WIDTH;
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                text.extend([&indent, &word(name), ":"]);
                below(value, short(value), depth, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.extend([&indent, "-"]);
                below(item, short(item), depth, text);
            }
        }
        other => text.extend([&indent, &flow(other), "\n"]),
    }
}

fn below(value: &Value, is_short: bool, depth: usize, text: &mut String) {
    match value {
        // Prose is read as it is.
        Value::String(prose) if prose.contains('\n') => {
            text.push_str(" |\n");
            for line in prose.lines() {
                text.extend([&"  ".repeat(depth + 1), line, "\n"]);
            }
        }
        Value::Object(_) | Value::Array(_) if !is_short => {
            text.push('\n');
            lines(value, depth + 1, text);
        }
        value => text.extend([" ", &flow(value), "\n"]),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_as_an_author_writes_them() {
        let value = json!({
            "step": "form", "on": 1, "empty": {}, "text": "a\nb",
            "rows": [{ "sku": "0064", "long": "x".repeat(60), "longer": "y".repeat(60) }, { "sku": "7" }]
        });
        assert_eq!(
            flow(&json!({ "step": "form", "on": [1, "a b"], "a b": null })),
            r#"{ step: form, "on": [1, "a b"], "a b": null }"#
        );
        expect![[r#"
            step: form
            "on": 1
            empty: {}
            text: |
              a
              b
            rows:
              -
                sku: "0064"
                long: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
                longer: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
              - { sku: "7" }
        "#]]
        .assert_eq(&block(&value));
    }
}
