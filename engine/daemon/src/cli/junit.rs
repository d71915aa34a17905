//! What came of tests as build servers read it (JUnit's XML).

use crate::rehearsal::suite::Verdict;

pub(super) fn xml(verdicts: &[Verdict]) -> String {
    let failed = verdicts.iter().filter(|it| !it.has_passed()).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = verdicts.len();
    let head = format!("tests=\"{all}\" failures=\"{failed}\"");
    text.extend(["<testsuites ", &head, ">\n"]);
    text.extend(["  <testsuite name=\"botswain\" ", &head, ">\n"]);
    for verdict in verdicts {
        text.push_str(&case(verdict));
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn case(verdict: &Verdict) -> String {
    let mut text = format!(
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3}\"",
        escaped(&verdict.workflow),
        escaped(&verdict.name),
        escaped(&verdict.file),
        verdict.line,
        verdict.took.as_secs_f64()
    );
    if verdict.has_passed() {
        text.push_str("/>\n");
        return text;
    }
    text.push_str(">\n");
    for problem in &verdict.problems {
        let words = escaped(&problem.words());
        let first = escaped(&format!("{}: {}", problem.what, problem.message));
        let open = ["      <failure message=\"", &first, "\">"].concat();
        text.extend([&open, &words, "</failure>\n"]);
    }
    text.push_str("    </testcase>\n");
    text
}

/// Text that XML can hold: what it has no place for is left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => (),
            c => safe.push(c),
        }
    }
    safe
}
