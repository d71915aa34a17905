//! Each code has a page, and no page tells of a code that is no more.
//!
//! The codes are those in the sources (without their tests) and in the words of
//! the corpus; the pages are what the real `botswain explain` shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    sync::LazyLock,
};

use regex::Regex;
use serde_json::Value;

use crate::{files, here};

/// Sources whose codes people can meet.
const SOURCES: [&str; 5] = [
    "engine/core/src",
    "engine/bot/src",
    "engine/store/src",
    "engine/daemon/src",
    "bots/src",
];

/// What looks like a code, and is a file or a bot.
const OTHERS: [&str; 8] = [
    "accounts.json",
    "mail.eml",
    "daemon.lock",
    "secrets.json",
    "secrets.lock",
    "document.render",
    "secrets.shop",
    "templates.md",
];

fn explain(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_botswain"))
        .arg("explain")
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn pages() -> BTreeSet<String> {
    let (code, pages, _) = explain(&["--json"]);
    assert_eq!(code, Some(0));
    let pages: Vec<Value> = serde_json::from_str(&pages).unwrap();
    let codes = pages.iter().map(|page| page["code"].as_str().unwrap());
    codes.map(str::to_owned).collect()
}

/// The codes in the sources, each with a file in which it stands.
fn codes() -> BTreeMap<String, String> {
    static LITERAL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#""([a-z]+\.[a-z_]+)""#).unwrap());
    // Where a code is the first thing that a function is given, whatever its noun.
    static GIVEN: LazyLock<Regex> = LazyLock::new(|| {
        let makers = r"Fault::business|Fault::system|Words::error|Words::warning|\.hinted|\.warning|\.error|Problem::new\(\s*[\w:]+,|code:";
        Regex::new(&format!(r#"(?:{makers})\(?\s*"([a-z]+\.[a-z_]+)""#)).unwrap()
    });
    // What a request is refused for has no noun where it is about any of them.
    static BARE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"Problem::new\(\s*[\w:]+,\s*"([a-z_]+)""#).unwrap());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let nouns: BTreeSet<String> = pages().iter().map(|code| noun(code)).collect();
    let mut found = BTreeMap::new();
    for file in SOURCES
        .iter()
        .flat_map(|folder| files(&root.join(folder), "rs"))
    {
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        if name.contains("/tests") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let known = LITERAL.captures_iter(text).map(|found| found[1].to_owned());
        let known = known.filter(|code| nouns.contains(&noun(code)));
        let given = GIVEN.captures_iter(text).chain(BARE.captures_iter(text));
        let given = given.map(|found| found[1].to_owned());
        found.extend(known.chain(given).map(|code| (code, name.clone())));
    }
    let bots: Vec<&str> = botswain_bots::ALL.iter().map(|bot| bot.name).collect();
    found.retain(|code, _| !bots.contains(&code.as_str()) && !OTHERS.contains(&code.as_str()));
    found
}

fn noun(code: &str) -> String {
    code.split('.').next().unwrap_or_default().to_owned()
}

#[test]
fn every_code_in_the_sources_has_a_page() {
    let pages = pages();
    let lacking: Vec<_> = codes()
        .into_iter()
        .filter(|(code, _)| !pages.contains(code))
        .collect();
    assert!(lacking.is_empty(), "write to docs/errors about {lacking:?}");
}

#[test]
fn every_page_is_about_a_code_in_the_sources() {
    let codes = codes();
    assert!(codes.len() > 150, "{}", codes.len());
    let stale: Vec<_> = pages()
        .into_iter()
        .filter(|code| !codes.contains_key(code))
        .collect();
    assert!(stale.is_empty(), "nothing has the codes {stale:?} any more");
}

#[test]
fn every_code_that_the_corpus_shows_can_be_explained() {
    let shown = Regex::new(r"(?m)^(?:error|warning)\[(.+?)\]").unwrap();
    let pages = pages();
    let mut seen = BTreeSet::new();
    for words in files(&here().join("cases"), "txt") {
        let text = fs::read_to_string(&words).unwrap();
        seen.extend(shown.captures_iter(&text).map(|code| code[1].to_owned()));
    }
    assert!(seen.len() > 60, "{seen:?}");
    assert!(seen.is_subset(&pages), "{:?}", seen.difference(&pages));
}

#[test]
fn a_page_is_readable_in_a_terminal() {
    let (code, page, _) = explain(&["steps.limit"]);
    assert_eq!(code, Some(0));
    expect_test::expect![[r#"
        steps.limit

        There is no such limit in botswain.yaml, or the step has a connection, which bounds it already.

        what to do: name one of `limits:` in botswain.yaml, or leave `limit` out.

            # before
            - { id: a, bot: http.get, connection: backoffice, limit: forms, with: { path: / } }
            # after
            - { id: a, bot: http.get, connection: backoffice, with: { path: / } }
    "#]]
    .assert_eq(&page);
}

#[test]
fn a_noun_lists_its_codes_and_a_wrong_code_the_nearest() {
    let (code, listed, _) = explain(&["inputs"]);
    assert_eq!(code, Some(0));
    expect_test::expect![[r#"
        code            what it is
        inputs.default  The default of an input is of another type than the input
    "#]]
    .assert_eq(&listed);
    let (code, _, said) = explain(&["steps.unknown_bto"]);
    assert_eq!(code, Some(2));
    expect_test::expect![[r#"
        error: there is no code `steps.unknown_bto`
        hint: did you mean `steps.unknown_bot`?
    "#]]
    .assert_eq(&said);
}
