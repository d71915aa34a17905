//! What the check knows of bots and of the instance, without knowing any bot.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    fault::{Effect, Fault},
    ids::Hash,
    language::pages::Pages,
    plan::InputKind,
};

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
    /// What parameters do to the world; a fault when they do not fit the bot, as where a template
    /// stands for what is no text.
    pub effect: fn(Value) -> Result<Effect, Fault>,
}

/// A workflow, as far as another one that calls it can be right or wrong about it.
#[derive(Clone, Debug, Default)]
pub struct WorkflowSchema {
    pub inputs: IndexMap<String, InputSchema>,
    /// JSON Schema of each of its outputs.
    pub outputs: BTreeMap<String, Value>,
    /// The workflows that it calls.
    pub calls: BTreeSet<String>,
    /// The workflows whose end starts it.
    pub follows: BTreeSet<String>,
    /// The paths of its webhooks.
    pub hooks: Vec<String>,
    /// Its version; none while its file has mistakes.
    pub version: Option<Hash>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputSchema {
    /// `None` where the file does not say it rightly.
    pub kind: Option<InputKind>,
    pub required: bool,
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

/// What a step does with a file that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Read,
    Write,
}

/// The instance's folder, as far as a path in a workflow can be right or wrong about it.
pub trait Folder: Send + Sync {
    /// Why no step can ever read, or write, a file at this path.
    fn refusal(&self, path: &str, way: Way) -> Option<Fault>;
    /// The names of the files beside the one at this path; none when it is there.
    fn beside(&self, path: &str) -> Vec<String>;
}

/// Everything outside the workflow's file that it may name.
#[derive(Clone, Default)]
pub struct Catalogue {
    pub bots: BTreeMap<&'static str, BotSchema>,
    /// The kind of each connection in `botswain.yaml`.
    pub connections: BTreeMap<String, String>,
    /// Whether there may be more connections and limits than these, for `botswain.yaml` has mistakes: then
    /// a name that is not among them is no mistake.
    pub more_connections: bool,
    /// The names under `limits:` in `botswain.yaml`.
    pub limits: BTreeSet<String>,
    pub secrets: BTreeSet<String>,
    /// The groups of people in `botswain.yaml`.
    pub groups: BTreeSet<String>,
    /// Whether there may be more groups than these, for `botswain.yaml` has mistakes.
    pub more_groups: bool,
    /// The other workflows of the instance, by name; [`crate::language::load_all`] adds those it
    /// is given.
    pub workflows: BTreeMap<String, WorkflowSchema>,
    /// The texts in `templates/`, by file name.
    pub templates: BTreeMap<String, String>,
    /// The files of `pages/`, by name.
    pub pages: Pages,
    /// The texts of the iCalendar files, by the path in the instance.
    pub calendars: BTreeMap<String, String>,
    /// The codes that faults can have; where none is known any may come.
    pub faults: BTreeSet<&'static str>,
    /// Whether `botswain.yaml` says where webhooks are listened for.
    pub webhooks: bool,
    /// The instance's folder; without it no path is wrong.
    pub folder: Option<Arc<dyn Folder>>,
    /// The instance's zone, for schedules that name none.
    pub timezone: String,
}
