//! A step as its author writes it: one struct of optional keys for all kinds.
//!
//! Which keys go together the check says; a map of alternatives would lose the
//! place of a mistake.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

use super::{OnFaults, Retry};
use crate::{
    duration::Duration,
    fault::{Category, Effect},
    plan::WaitFor,
};

/// One step: it has exactly one of `bot`, `call`, `for_each`, `parallel`, `switch`, `approve`,
/// `wait`, `wait_until`, `set` and `fail`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["id"], "x-what" = "a step"))]
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
    /// How system faults of a bot are tried again.
    #[schemars(with = "Retry")]
    pub(crate) retry: Option<Retry>,
    /// Of one attempt of a bot, of everything else as a whole.
    #[schemars(with = "Duration", extend("x-least" = 1))]
    pub(crate) timeout: Option<Duration>,
    /// What follows from which fault; the first entry that fits counts.
    pub(crate) on_fault: OnFaults,
    /// What was done once under the same key is not done again.
    #[schemars(with = "String", extend("format" = "botswain-expression"))]
    pub(crate) key: Option<String>,
    /// What the step does to the world, where you know better than the bot.
    #[schemars(with = "Effect")]
    pub(crate) effect: Option<Effect>,
    /// The limit of `botswain.yaml` that an attempt counts under.
    #[schemars(with = "String")]
    pub(crate) limit: Option<String>,

    /// What does the work; `botswain bots` lists them.
    #[schemars(with = "String")]
    pub(crate) bot: Option<String>,
    /// The parameters of a bot, or the inputs of the workflow that is called.
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub(crate) with: Option<IgnoredAny>,
    /// A connection of `botswain.yaml`.
    #[schemars(with = "String")]
    pub(crate) connection: Option<String>,
    /// How it is found out whether the effect took place, when nobody knows.
    #[schemars(with = "Verify")]
    pub(crate) verify: Option<Verify>,

    /// The workflow that is done here, as a run of its own.
    #[schemars(with = "String")]
    pub(crate) call: Option<String>,

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
    /// When the loop is done: when all items have `ended`, or when what is left is parked.
    pub(crate) wait_for: WaitFor,
    /// What is done with each item.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub(crate) steps: Vec<Option<Step>>,

    /// Branches by name, done side by side.
    #[schemars(with = "IndexMap<String, Body>")]
    pub(crate) parallel: IndexMap<String, Option<Body>>,

    /// The value whose text chooses among the cases.
    #[schemars(with = "String", extend("format" = "botswain-expression"))]
    pub(crate) switch: Option<String>,
    /// What is done for which value.
    #[schemars(with = "IndexMap<String, Body>")]
    pub(crate) cases: IndexMap<String, Option<Body>>,
    /// What is done for every other value; without it such a value waits for a person.
    #[schemars(with = "Body")]
    pub(crate) default: Option<Body>,

    /// The question that a person answers before the run goes on.
    #[schemars(with = "String")]
    pub(crate) approve: Option<String>,
    /// The data that the person sees.
    #[schemars(with = "serde_json::Value")]
    pub(crate) show: Option<IgnoredAny>,
    /// The groups of `botswain.yaml` that may answer; everybody when absent.
    #[schemars(with = "Vec<String>")]
    pub(crate) ask: Vec<Option<String>>,
    /// Whom to ask too when nobody has answered.
    #[schemars(with = "Escalate")]
    pub(crate) escalate: Option<Escalate>,
    /// How many different people have to approve; 1 when nothing is said.
    #[schemars(with = "u32", range(min = 1, max = 10))]
    pub(crate) required: Option<u32>,
    /// `false`: whoever started the run may not approve.
    #[schemars(with = "bool")]
    pub(crate) self_approval: Option<bool>,

    /// How long nothing happens here.
    #[schemars(with = "Duration", extend("x-least" = 1))]
    pub(crate) wait: Option<Duration>,
    /// The day or the moment before which nothing follows.
    #[schemars(with = "String", extend("format" = "botswain-expression"))]
    pub(crate) wait_until: Option<String>,

    /// Values by name, for later steps.
    #[schemars(with = "IndexMap<String, String>")]
    pub(crate) set: IndexMap<String, Option<String>>,

    /// Why it cannot go on from here.
    #[schemars(with = "String")]
    pub(crate) fail: Option<String>,
    /// Whether a person has to mend it (`business`, when nothing is said) or it may pass (`system`).
    #[schemars(with = "Category")]
    pub(crate) category: Option<Category>,
}

/// Steps, at least one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct Body(
    #[schemars(with = "Vec<Step>", length(min = 1))] pub(crate) Vec<Option<Step>>,
);

/// A bot that reads, asked before an effect in doubt is repeated.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["bot", "happened"], "x-what" = "`verify`"))]
pub(crate) struct Verify {
    /// What looks; it must only read.
    #[schemars(with = "String")]
    pub(crate) bot: Option<String>,
    /// A connection of `botswain.yaml`.
    #[schemars(with = "String")]
    pub(crate) connection: Option<String>,
    /// The bot's parameters.
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub(crate) with: Option<IgnoredAny>,
    /// How long after the attempt a "no" is believed, and how long until it is asked again.
    #[schemars(with = "Duration", extend("x-least" = 1))]
    pub(crate) settle: Option<Duration>,
    /// True when the effect took place; sees the bot's output by its names.
    #[schemars(with = "String", extend("format" = "botswain-expression"))]
    pub(crate) happened: Option<String>,
    /// What the step leaves when it did; the looking bot's output when absent.
    #[schemars(with = "IndexMap<String, String>")]
    pub(crate) output: IndexMap<String, Option<String>>,
}

/// Whom to ask too when nobody has answered.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["after", "to"], "x-what" = "`escalate`"))]
pub(crate) struct Escalate {
    /// How long after the question.
    #[schemars(with = "Duration", extend("x-least" = 1))]
    pub(crate) after: Option<Duration>,
    /// Groups of `botswain.yaml`.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub(crate) to: Vec<Option<String>>,
}

impl Step {
    /// The lists of steps in it, in the order of the keys.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &Vec<Option<Step>>> {
        let branches = self.parallel.values().chain(self.cases.values()).flatten();
        let named = branches.chain(&self.default).map(|body| &body.0);
        std::iter::once(&self.steps)
            .chain(named)
            .chain(self.on_fault.bodies())
    }
}
