//! A workflow that was checked, as the run follows it.
//!
//! Made by [`crate::check`] from a file, stored once for each version with the
//! texts it was made from, and never changed: a run is pinned to its plan. The
//! stored form is versioned by [`SEMANTICS`].

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    fault::Effect,
    ids::{Hash, StepId},
};

/// Raised when the meaning of a stored plan or fact changes.
pub const SEMANTICS: u32 = 1;

/// One version of a workflow: what a run needs of it, whatever the files say later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub plan: Plan,
    /// The file it was made from.
    pub source: String,
    /// The text of each template that the workflow names, by file name.
    pub templates: IndexMap<String, String>,
}

impl Version {
    /// The name of the version: a hash over all its texts.
    pub fn hash(&self) -> Hash {
        let mut text = format!("{SEMANTICS}\0{}\0", self.source);
        for (name, template) in &self.templates {
            text.extend([name, "\0", template, "\0"]);
        }
        Hash::of(text.as_bytes())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub semantics: u32,
    pub name: String,
    pub description: Option<String>,
    pub triggers: Vec<Trigger>,
    pub overlap: Overlap,
    pub inputs: IndexMap<String, Input>,
    pub steps: Vec<Step>,
}

/// What starts a run by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    pub schedule: Schedule,
    /// Templates over `today`, `now` and `trigger`.
    pub inputs: IndexMap<String, Template>,
}

/// When: the words of the file; [`crate::schedule`] gives the times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Five or six fields, or `@daily` and the like.
    pub cron: String,
    /// An IANA zone; the instance's when absent.
    pub timezone: Option<String>,
    pub missed: Missed,
}

/// Which of the firings that fell due while the daemon was down are made up for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    None,
    /// The newest one only.
    #[default]
    Last,
    All,
}

/// What happens when a workflow fires while a run of it is at work.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The new run waits for its turn.
    #[default]
    Queue,
    /// The new run ends at once as skipped.
    Skip,
    /// Both run.
    Allow,
}

/// Something a run is given at its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub kind: InputKind,
    pub description: Option<String>,
    /// Absent: the input is required.
    pub default: Option<Value>,
}

/// The types of inputs, and of columns in `sheet.read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    Text,
    Integer,
    Decimal,
    Boolean,
    /// A day, as in `2026-03-29`.
    Date,
    /// A path below one of the instance's allowed roots.
    File,
    List,
    Object,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub id: StepId,
    pub name: Option<String>,
    /// Skipped unless this gives true.
    pub when: Option<Template>,
    pub retry: Retry,
    /// Milliseconds: of one attempt of a bot, of everything else as a whole.
    pub timeout: Option<u64>,
    /// A step with the same key in this workflow acts once, ever.
    pub key: Option<Template>,
    pub kind: Kind,
    /// Every path that the templates of this step read, in order, each once.
    /// For a `for_each` these are the paths of `when` and of its list.
    pub reads: Vec<Path>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Bot(BotCall),
    ForEach(ForEach),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BotCall {
    pub bot: String,
    pub connection: Option<String>,
    /// The parameters; every string in it is a template.
    pub with: Value,
    /// What the author says of the effect, where he knows better than the bot.
    pub effect: Option<Effect>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForEach {
    /// Gives the list or the table.
    pub list: Template,
    /// The name by which the steps below call the item.
    pub item: String,
    /// An item with the same key in this workflow is done once, ever.
    pub key: Option<Template>,
    /// How many items run at the same time.
    pub at_once: u32,
    /// What an item that succeeded leaves in the loop's output.
    pub collect: IndexMap<String, Template>,
    /// The paths that `key` reads beside the item.
    pub key_reads: Vec<Path>,
    /// The paths that `collect` reads, seen from inside the item.
    pub collect_reads: Vec<Path>,
    pub steps: Vec<Step>,
}

/// The text of a template, or of several in a row: never rendered twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Template(pub String);

/// A place in a run's data: `["steps", "lines", "rows"]`.
pub type Path = Vec<String>;

/// How often and how soon a system fault is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// Counts the first one.
    pub attempts: u32,
    /// Milliseconds before the second attempt.
    pub delay: u64,
    /// By how much the delay grows each time.
    pub factor: f64,
    /// Milliseconds that no delay exceeds.
    pub max_delay: u64,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            attempts: 3,
            delay: 10_000,
            factor: 3.0,
            max_delay: 300_000,
        }
    }
}

impl Plan {
    /// The steps below `step`, or the workflow's own.
    pub fn body(&self, step: Option<&StepId>) -> &[Step] {
        match step.and_then(|id| self.step(id)) {
            Some(Step {
                kind: Kind::ForEach(each),
                ..
            }) => &each.steps,
            _ => &self.steps,
        }
    }

    /// Ids are unique in a file, so a step is found wherever it stands.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        fn find<'a>(steps: &'a [Step], id: &StepId) -> Option<&'a Step> {
            steps.iter().find_map(|step| match &step.kind {
                _ if step.id == *id => Some(step),
                Kind::ForEach(each) => find(&each.steps, id),
                Kind::Bot(_) => None,
            })
        }
        find(&self.steps, id)
    }
}
