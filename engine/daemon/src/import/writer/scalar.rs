//! Texts as YAML: plain where nothing else can be meant, quoted otherwise.

/// As it is, or in quotes; in a map of one line too.
pub(super) fn plain(text: &str) -> String {
    match is_plain(text) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// In quotes: single ones where the text has double ones and nothing that needs an escape.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.chars().any(needs_escape);
    match text.contains(['"', '\\']) && !escaped {
        true => format!("'{}'", text.replace('\'', "''")),
        false => double(text),
    }
}

/// A text in a comment: in one line, and not endless.
pub(super) fn tame(text: &str) -> String {
    const LONGEST: usize = 300;
    let line = text.chars().map(|c| if needs_escape(c) { ' ' } else { c });
    let mut tame: String = line.take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        tame.push('…');
    }
    tame
}

fn double(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if needs_escape(c) => {
                let code = format!("\\U{:08X}", u32::from(c));
                quoted.push_str(&code);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What a line of YAML cannot hold, or what an editor would hide.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn is_plain(text: &str) -> bool {
    let begins = |c: char| c.is_alphabetic() || c == '/';
    let inside = |c: char| c.is_alphanumeric() || " /_-.=()+;".contains(c);
    let Some(first) = text.chars().next() else {
        return false;
    };
    begins(first)
        && text.chars().all(|c| inside(c) || c == '#' || c == '•')
        && !text.contains(" #")
        && !text.ends_with(' ')
        && !is_other(text)
}

/// What would not be read as text.
fn is_other(text: &str) -> bool {
    let words = [
        "true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf",
    ];
    words.contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use botswain_core::yaml::{Report, read};

    use super::*;

    /// What YAML makes of a value.
    fn read_back(value: &str) -> Option<String> {
        let text = format!("a: {value}\nb: {{ c: {value}, d: x }}\n");
        let mut report = Report::new("x.yaml", &text);
        let root = read(&mut report, &text)?.to_json();
        let (block, flow) = (&root["a"], &root["b"]["c"]);
        assert_eq!(block, flow, "{value}");
        block.as_str().map(str::to_owned)
    }

    #[test]
    fn whatever_is_written_is_read_back() {
        for text in [
            "Save",
            "/orders/new?a=1",
            "",
            " ",
            "a ",
            "yes",
            "0.10",
            "2026-01-02",
            "a: b",
            "a #b",
            "css=#id",
            "css=[name=\"a\"]",
            "it's",
            "it's \"so\"",
            "back\\slash",
            "line\nbreak",
            "\u{7}",
            "\u{2028}",
            "数量",
            "{x}",
            "[x]",
            "a, b",
            "- x",
            "? x",
            "! x",
            "*x",
            "&x",
            "%x",
            "@x",
            "`x`",
            "#x",
            "|",
            ">",
            "null",
            "~",
            "é",
            "🙂",
            "{{inputs.a}}",
            "a || b >>> c",
            "\u{202e}x",
            "=",
            "<<",
        ] {
            assert_eq!(
                read_back(&plain(text)).as_deref(),
                Some(text),
                "{}",
                plain(text)
            );
            assert_eq!(
                read_back(&quoted(text)).as_deref(),
                Some(text),
                "{}",
                quoted(text)
            );
        }
    }
}
