//! Every page: whatever comes from outside stays a text, and no text of another language is left.

use botswain_console::{Language, Theme};

#[path = "../examples/gallery/samples.rs"]
mod samples;
#[path = "../examples/gallery/workflows.rs"]
mod workflows;

use samples::Samples;

fn pages(language: Language, text: Option<&str>) -> Vec<(&'static str, String)> {
    let text = text.map(str::to_owned);
    Samples {
        language,
        theme: Theme::Light,
        text,
    }
    .pages()
}

/// The page without what stands between these: records as they were written down, and sheets.
fn without(page: &str, (begin, end): (&str, &str)) -> String {
    let mut kept = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once(begin) {
        kept.push_str(before);
        rest = after.split_once(end).map_or("", |(_, after)| after);
    }
    kept + rest
}

/// What stands between tags, and the attributes that are read out.
fn told(page: &str) -> String {
    let page = without(page, ("<pre class=\"json\"", "</pre>"));
    let page = without(&page, ("<style>", "</style>"));
    // The keys of the language are its own.
    let page = without(&page, ("<g><title>", "</title>"));
    let page = without(&page, ("<text class=\"kind\"", "</text>"));
    let page = without(&page, ("<text class=\"label\"", "</text>"));
    let mut told = String::new();
    let mut rest = page.as_str();
    while let Some((text, after)) = rest.split_once('<') {
        told.push_str(text);
        told.push('\n');
        let Some((tag, after)) = after.split_once('>') else {
            break;
        };
        for name in ["title", "aria-label", "placeholder", "alt"] {
            let value = tag
                .split_once(&format!(" {name}=\""))
                .and_then(|(_, it)| it.split_once('"'));
            if let Some((value, _)) = value {
                told.push_str(value);
                told.push('\n');
            }
        }
        rest = after;
    }
    told
}

#[test]
fn what_comes_from_outside_stays_a_text() {
    for text in [
        "<img src=x onerror=alert(1)>",
        "\"><script>alert(1)</script>",
        "\" onmouseover=\"alert(1)",
        "</textarea><svg onload=alert(1)>",
        "</title><img src=x onerror=alert(1)>",
        "javascript:alert(1)",
    ] {
        for (name, page) in pages(Language::English, Some(text)) {
            assert!(page.contains("alert(1)"), "{name} shows nothing of it");
            for raw in [
                "<img src=x",
                "<script>alert",
                "\" onmouseover",
                "<svg onload",
                "href=\"javascript:",
                "action=\"javascript:",
            ] {
                assert!(
                    !page.contains(raw),
                    "{name}: `{raw}` of `{text}` is not escaped"
                );
            }
        }
    }
}

#[test]
fn chinese_pages_say_nothing_in_english() {
    // Names, codes, keys of the keyboard, units, and what is typed as it stands.
    const KEPT: [&str; 37] = [
        "botswain",
        "english",
        "enter",
        "json",
        "b",
        "kib",
        "mib",
        "ms",
        "utc",
        "cet",
        "yaml",
        "number",
        "botswain.yaml",
        "run",
        "workflow",
        "finally",
        "g",
        "x",
        "quot",
        "saves",
        "secret",
        "sha",
        "sum",
        "sha256sum",
        "sums",
        "facts.jsonl",
        "new",
        "name",
        "workflows",
        "cron",
        "every",
        "missed",
        "audit",
        "csv",
        "api",
        "authorization",
        "bearer",
    ];
    let data = "数据";
    for (name, page) in pages(Language::Chinese, Some(data)) {
        for line in told(&page)
            .lines()
            .filter(|line| !line.contains("quot;number"))
        {
            let words = line.split(|c: char| !(c.is_ascii_alphabetic() || c == '.'));
            for word in words.filter(|word| word.trim_matches('.').len() > 1) {
                let plain = word.trim_matches('.').to_lowercase();
                assert!(
                    KEPT.contains(&plain.as_str()),
                    "{name}: `{word}` in `{line}`"
                );
            }
        }
    }
}

#[test]
fn english_pages_say_nothing_in_chinese() {
    for (name, page) in pages(Language::English, Some("data")) {
        let text = page.replace("简体中文", "");
        let han = text.chars().find(|c| ('\u{4e00}'..='\u{9fff}').contains(c));
        assert_eq!(han, None, "{name}");
    }
}

#[test]
fn nothing_on_a_page_runs_or_looks_by_itself() {
    // What is kept in a bundle is opened as a file, and has its sheet in itself.
    let served = pages(Language::English, None).into_iter();
    for (name, page) in served.filter(|(name, _)| *name != "evidence") {
        for inline in [" style=", "<style", " onclick=", "<script>"] {
            assert!(
                !page.contains(inline),
                "{name} has `{inline}`, which its policy forbids"
            );
        }
        let posts = page.matches("method=\"post\"").count();
        assert_eq!(page.matches("name=\"csrf\"").count(), posts, "{name}");
    }
}

#[test]
fn only_what_fits_is_offered() {
    let pages = pages(Language::English, None);
    let offers = |name: &str, decision: &str| {
        let page = &pages.iter().find(|(it, _)| *it == name).unwrap().1;
        page.contains(&format!("name=\"decision\" value=\"{decision}\""))
    };
    // Other data do not help where something cannot be read.
    for (page, fitting, unfitting) in [
        (
            "exception",
            &["edit", "retry", "skip", "abandon"][..],
            &["approve"][..],
        ),
        (
            "blocked",
            &["retry", "skip", "abandon"],
            &["edit", "edit_with", "approve"],
        ),
        ("in-doubt", &["happened", "retry"], &["edit", "edit_with"]),
    ] {
        for decision in fitting {
            assert!(offers(page, decision), "{page} does not offer {decision}");
        }
        for decision in unfitting {
            assert!(!offers(page, decision), "{page} offers {decision}");
        }
    }
}

#[test]
fn a_run_shows_what_it_was_warned_of() {
    let pages = pages(Language::English, None);
    let (_, page) = pages
        .iter()
        .find(|(name, _)| *name == "run")
        .expect("it is drawn");
    for words in [
        "Warnings",
        "<strong>form</strong> the page has changed: `css=#save-2025` was not found, `role=button Save` was",
        "<a href=\"/runs/1042.enter.3\">Run 1042.enter.3</a>",
        "and in 17 more",
    ] {
        assert!(page.contains(words), "`{words}` in {page}");
    }
}
