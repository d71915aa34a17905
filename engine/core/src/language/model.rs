//! A workflow as its author writes it.
//!
//! serde decodes it and schemars describes it from the same structs: the schema
//! gives completion in editors and drives the check. Everything is optional
//! here, so that the check can go on with a file that has mistakes; what is
//! required stands in the schema. Doc comments are what the author reads.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    duration::Duration,
    fault::Effect,
    plan::{InputKind, Missed, Overlap},
};

/// A workflow of Botswain.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend(
    "required" = ["steps"],
    "x-what" = "a workflow",
    "x-later" = ["outputs", "timeout", "on_failure", "finally", "exceptions", "promise", "formerly", "tests"]
))]
pub(crate) struct Workflow {
    /// As the file is called, without `.yaml`.
    pub(crate) name: Option<String>,
    /// What it does, for people.
    pub(crate) description: Option<String>,
    /// What starts it.
    #[schemars(with = "Vec<Trigger>")]
    pub(crate) triggers: Vec<Option<Trigger>>,
    /// What happens when it is fired while a run is at work.
    #[schemars(extend("x-later" = ["cancel"]))]
    pub(crate) overlap: Overlap,
    /// What a run is given at its start.
    #[schemars(with = "IndexMap<String, Input>")]
    pub(crate) inputs: IndexMap<String, Option<Input>>,
    /// How system faults are tried again, for all steps that do not say otherwise.
    #[schemars(with = "Retry")]
    pub(crate) retry: Option<Retry>,
    /// What it does, one after the other.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub(crate) steps: Vec<Option<Step>>,
}

/// What starts a workflow by itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend(
    "required" = ["cron"],
    "x-what" = "a trigger",
    "x-later-instead" = ["cron"],
    "x-later" = ["files", "calendar", "mail", "webhook", "finished", "every"]
))]
pub(crate) struct Trigger {
    /// When: `"0 18 * * MON-FRI"`, or `"@daily"`.
    #[schemars(with = "String")]
    pub(crate) cron: Option<String>,
    /// An IANA zone such as `Europe/Berlin`; the instance's when absent.
    #[schemars(with = "String")]
    pub(crate) timezone: Option<String>,
    /// Which firings are made up for that were due while the daemon was down.
    pub(crate) missed: Missed,
    /// The inputs of the run.
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub(crate) inputs: IndexMap<String, IgnoredAny>,
}

/// Something a run is given at its start.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["type"], "x-what" = "an input"))]
pub(crate) struct Input {
    #[schemars(with = "InputKind")]
    pub(crate) r#type: Option<InputKind>,
    /// What it is, for people.
    #[schemars(with = "String")]
    pub(crate) description: Option<String>,
    /// Taken when a run is given none; without it the input is required.
    #[schemars(with = "serde_json::Value")]
    pub(crate) default: Option<IgnoredAny>,
}

/// How often and how soon a system fault is tried again.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-what" = "`retry`"))]
pub(crate) struct Retry {
    /// How often at most; counts the first one.
    #[schemars(with = "u32", range(min = 1, max = 1000))]
    pub(crate) attempts: Option<u32>,
    /// Before the second attempt.
    #[schemars(with = "Duration")]
    pub(crate) delay: Option<Duration>,
    /// By how much the delay grows each time.
    #[schemars(with = "f64", range(min = 1, max = 100))]
    pub(crate) factor: Option<f64>,
    /// No delay is longer.
    #[schemars(with = "Duration")]
    pub(crate) max_delay: Option<Duration>,
}

/// One step: a bot, or a loop over a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend(
    "required" = ["id"],
    "x-what" = "a step",
    "x-later" = [
        "approve", "show", "ask", "escalate", "verify", "call", "parallel", "switch", "cases", "default",
        "wait", "wait_until", "wait_for", "set", "fail", "category", "on_fault", "limit"
    ]
))]
pub(crate) struct Step {
    /// By which later steps refer to it; once in a file.
    #[schemars(with = "String")]
    pub(crate) id: Option<String>,
    /// What people read instead of the id.
    #[schemars(with = "String")]
    pub(crate) name: Option<String>,
    /// The step is skipped unless this gives true.
    #[schemars(with = "String", extend("format" = "botswain-expression"))]
    pub(crate) when: Option<String>,
    #[schemars(with = "Retry")]
    pub(crate) retry: Option<Retry>,
    /// Of one attempt of a bot, of a loop as a whole.
    #[schemars(with = "Duration")]
    pub(crate) timeout: Option<Duration>,
    /// What was done once under the same key is not done again.
    #[schemars(with = "String", extend("format" = "botswain-expression"))]
    pub(crate) key: Option<String>,
    /// What the step does to the world, where you know better than the bot.
    #[schemars(with = "Effect")]
    pub(crate) effect: Option<Effect>,
    /// What does the work; `botswain bots` lists them.
    #[schemars(with = "String")]
    pub(crate) bot: Option<String>,
    /// The bot's parameters.
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub(crate) with: Option<IgnoredAny>,
    /// A connection of `botswain.yaml`.
    #[schemars(with = "String")]
    pub(crate) connection: Option<String>,
    /// The list (or table) whose items are done one by one.
    #[schemars(with = "String", extend("format" = "botswain-expression"))]
    pub(crate) for_each: Option<String>,
    /// The name of the item in the steps below.
    #[schemars(with = "String")]
    pub(crate) r#as: Option<String>,
    /// How many items run at the same time.
    #[schemars(with = "u32", range(min = 1, max = 10_000))]
    pub(crate) at_once: Option<u32>,
    /// What each item leaves in the loop's output.
    #[schemars(with = "IndexMap<String, String>")]
    pub(crate) collect: IndexMap<String, Option<String>>,
    /// What is done with each item.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub(crate) steps: Vec<Option<Step>>,
}
