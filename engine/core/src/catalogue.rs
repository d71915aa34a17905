//! What the check knows of bots and of the instance, without knowing any bot.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One bot, as far as a file can be right or wrong about it.
#[derive(Clone)]
pub struct BotSchema {
    pub name: &'static str,
    /// JSON Schema of `with:`, each leaf as the bot wants it (a template may stand for any of them).
    pub parameters: Value,
    /// JSON Schema of the output, given the `with:` of the file (it may declare columns or reads).
    pub output: fn(&Value) -> Value,
    /// The kinds of connection it accepts; empty when it takes none.
    pub connections: &'static [&'static str],
    /// Whether it can do nothing without one.
    pub needs_connection: bool,
    /// Parameters of which a step gives exactly one, in groups.
    pub exactly_one: &'static [&'static [&'static str]],
    /// Parameters that mean something only with a connection.
    pub of_connection: &'static [&'static str],
}

/// What to say when not exactly one of a group is given, with those that are.
pub fn not_exactly_one(
    bot: &str,
    groups: &[&'static [&'static str]],
    given: impl Fn(&str) -> bool,
) -> Option<(String, Vec<&'static str>)> {
    groups.iter().find_map(|group| {
        let there: Vec<&str> = group.iter().copied().filter(|key| given(key)).collect();
        let names: Vec<String> = group.iter().map(|key| format!("`{key}`")).collect();
        let message = format!("`{bot}` takes exactly one of {}", names.join(" and "));
        (there.len() != 1).then_some((message, there))
    })
}

/// Everything outside the workflow's file that it may name.
#[derive(Clone, Default)]
pub struct Catalogue {
    pub bots: BTreeMap<&'static str, BotSchema>,
    /// The kind of each connection in `botswain.yaml`.
    pub connections: BTreeMap<String, String>,
    /// Whether there may be more connections than these, for `botswain.yaml` has mistakes: then
    /// a name that is not among them is no mistake.
    pub more_connections: bool,
    pub secrets: BTreeSet<String>,
    /// The texts in `templates/`, by file name.
    pub templates: BTreeMap<String, String>,
    /// The instance's zone, for schedules that name none.
    pub timezone: String,
}
