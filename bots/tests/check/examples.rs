//! Every bot's example is a step that passes the check.

use botswain_bots::{ALL, CONNECTIONS, find_connection};
use serde_json::{Map, Value};

use super::around::{catalogue, check, in_loop, listed};

#[test]
fn every_example_of_a_bot_passes_the_check() {
    for bot in ALL {
        let step: Map<String, Value> = serde_yaml::from_str(bot.example).expect(bot.name);
        let connection = step.get("connection").and_then(Value::as_str);
        let kind = bot.connections.first().copied();
        let named: Vec<(&str, &str)> = connection.zip(kind).into_iter().collect();
        let mut catalogue = catalogue(&named);
        let template = step["with"].get("template").and_then(Value::as_str);
        for name in template.into_iter().chain(["lines.csv.hbs"]) {
            let text = "{{run.id}}".to_owned();
            catalogue.templates.insert(name.to_owned(), text);
        }
        let loaded = check(&in_loop(bot.example), &catalogue);
        assert_eq!(listed(&loaded.diagnostics), "", "{}", bot.name);
        assert!(loaded.version.is_some(), "{}", bot.name);
    }
}

/// Taken by a trigger, and by no step.
const OF_TRIGGERS: [&str; 1] = ["imap"];

#[test]
fn every_kind_of_connection_is_taken_by_a_bot_or_a_trigger() {
    for connection in CONNECTIONS {
        let takes = |bot: &botswain_bot::BotSpec| bot.connections.contains(&connection.kind);
        let taken = ALL.iter().any(takes) || OF_TRIGGERS.contains(&connection.kind);
        assert!(taken, "{}", connection.kind);
        assert!(find_connection(connection.kind).is_some());
    }
}
