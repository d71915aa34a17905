//! The lists of faults against the sources: no code is raised that is not listed, and none
//! is listed that nobody raises.

use std::{collections::BTreeSet, fs, path::Path};

use botswain_bot::{BotSpec, Category, faults};
use botswain_bots::ALL;
use regex::Regex;

use crate::support::lists;

/// What triggers listen to: its faults are those of no step.
const TRIGGERS: [&str; 4] = [
    "file/inbox.rs",
    "mail/imap.rs",
    "mail/letter.rs",
    "mail/mailbox.rs",
];

type Raised = BTreeSet<(String, Category)>;

#[test]
fn every_fault_that_a_bot_raises_is_listed() {
    for (file, source) in sources("src") {
        if TRIGGERS.contains(&file.as_str()) {
            continue;
        }
        let owners: Vec<&BotSpec> = ALL.iter().filter(|bot| owns(&file, bot)).collect();
        // What several bots share is listed by one of them at least.
        let lacking = |(code, category): &(String, Category)| match owners.as_slice() {
            [] => !ALL.iter().any(|bot| lists(bot, code, *category)),
            owners => !owners.iter().all(|bot| lists(bot, code, *category)),
        };
        let lacking: Vec<_> = raised(&source).into_iter().filter(lacking).collect();
        assert_eq!(lacking, [], "{file}");
    }
}

#[test]
fn every_fault_that_is_raised_around_a_bot_is_listed() {
    for (file, source) in sources("../engine/bot/src") {
        let lacking = |(code, category): &(String, Category)| {
            !ALL.iter().any(|bot| lists(bot, code, *category))
        };
        let lacking: Vec<_> = raised(&source).into_iter().filter(lacking).collect();
        assert_eq!(lacking, [], "{file}");
    }
}

#[test]
fn every_fault_that_is_listed_is_raised() {
    let folders = [
        "src",
        "../engine/bot/src",
        "../engine/daemon/src",
        "../engine/core/src/template",
    ];
    let sources: Vec<(String, String)> = folders.into_iter().flat_map(sources).collect();
    let is_raised = |code: &str| {
        let quoted = format!("\"{code}\"");
        // The lists themselves do not count.
        let listing = format!("KnownFault::(business|system)\\(\\s*{quoted}");
        let listing = Regex::new(&listing).expect("a pattern");
        sources
            .iter()
            .any(|(_, source)| source.matches(&quoted).count() > listing.find_iter(source).count())
    };
    let own = ALL.iter().flat_map(BotSpec::faults);
    for fault in own
        .chain(faults::EVERY_STEP)
        .chain(faults::EVERY_CONNECTION)
    {
        assert!(is_raised(fault.code), "nobody raises `{}`", fault.code);
        assert!(!fault.when.ends_with('.'), "{}", fault.when);
    }
}

#[test]
fn every_bot_lists_faults_and_each_once() {
    for bot in ALL {
        let mut seen = BTreeSet::new();
        for fault in bot.faults() {
            let is_new = seen.insert((fault.code, fault.category == Category::System));
            assert!(is_new, "{} lists `{}` twice", bot.name, fault.code);
        }
        assert!(!seen.is_empty(), "{}", bot.name);
    }
}

#[test]
fn every_effect_of_an_example_is_listed() {
    for bot in ALL {
        let step: serde_json::Value = serde_yaml::from_str(bot.example).expect(bot.name);
        let effect = (bot.effect)(step["with"].clone()).expect(bot.name);
        let listed = bot.effects.iter().any(|(listed, _)| *listed == effect);
        assert!(listed, "{} does not list {effect:?}", bot.name);
        let always = bot.effects.iter().any(|(_, when)| when.is_empty());
        assert!(!always || bot.effects.len() == 1, "{}", bot.name);
    }
}

/// Whether a file is about nothing but this bot's noun: `http.rs`, `http/body.rs`.
fn owns(file: &str, bot: &BotSpec) -> bool {
    let noun = bot.name.split('.').next().unwrap_or_default();
    file == format!("{noun}.rs") || file.starts_with(&format!("{noun}/"))
}

fn raised(source: &str) -> Raised {
    let raising = Regex::new(r#"[^n]Fault::(business|system)\(\s*"([a-z_]+\.[a-z_]+)""#);
    let raising = raising.expect("a pattern");
    let found = raising.captures_iter(source).map(|found| {
        let category = match &found[1] {
            "business" => Category::Business,
            _ => Category::System,
        };
        (found[2].to_owned(), category)
    });
    found.collect()
}

/// Each file below a folder of the crate, by its path, without the tests at its end.
fn sources(folder: &str) -> Vec<(String, String)> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut sources, mut open) = (Vec::new(), vec![base.clone()]);
    while let Some(here) = open.pop() {
        for entry in fs::read_dir(&here).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("a source");
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let name = path.strip_prefix(&base).expect("a file of it");
                sources.push((name.display().to_string(), code.to_owned()));
            }
        }
    }
    assert!(!sources.is_empty(), "{folder}");
    sources
}
