//! A workflow as its author writes it.
//!
//! serde decodes it and schemars describes it from the same structs: the schema
//! gives completion in editors and drives the check. Everything is optional
//! here, so that the check can go on with a file that has mistakes; what is
//! required stands in the schema. Doc comments are what the author reads.

mod fault;
mod step;
mod test;
mod trigger;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

pub(crate) use self::{
    fault::{OnFault, OnFaults, Then, Word},
    step::{Body, Step},
    test::{Expect, Mock, MockedFault, Said, Test, TestFile},
    trigger::{Calendar, Days, Promise, Trigger},
};
use crate::{
    duration::Duration,
    plan::{InputKind, Overlap},
};

/// A workflow of Botswain.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend(
    "required" = ["steps"],
    "x-what" = "a workflow"
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
    pub(crate) overlap: Overlap,
    /// What a run is given at its start.
    #[schemars(with = "IndexMap<String, Input>")]
    pub(crate) inputs: IndexMap<String, Option<Input>>,
    /// How system faults are tried again, for all steps that do not say otherwise.
    #[schemars(with = "Retry")]
    pub(crate) retry: Option<Retry>,
    /// How long a run may be at work or wait for retries.
    #[schemars(with = "Duration", extend("x-least" = 1))]
    pub(crate) timeout: Option<Duration>,
    /// How much work of a person each run saves that succeeds; Insights adds it up.
    #[schemars(with = "Duration", extend("x-least" = 1))]
    pub(crate) saves: Option<Duration>,
    /// What it does, one after the other.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub(crate) steps: Vec<Option<Step>>,
    /// What a run leaves to whoever called it.
    #[schemars(with = "IndexMap<String, String>")]
    pub(crate) outputs: IndexMap<String, Option<String>>,
    /// What is done once when a run fails, before `finally`.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub(crate) on_failure: Vec<Option<Step>>,
    /// What is done once at the end, however a run ends.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub(crate) finally: Vec<Option<Step>>,
    /// What holds for everything of it that waits for a person.
    #[schemars(with = "Exceptions")]
    pub(crate) exceptions: Option<Exceptions>,
    /// Names that it had before: what was done under them is not done again.
    #[schemars(with = "Vec<String>")]
    pub(crate) formerly: Vec<Option<String>>,
    /// How many runs must have succeeded by a time of the day; a person is told when they have not.
    #[schemars(with = "Promise")]
    pub(crate) promise: Option<Promise>,
    /// What `botswain test` plays.
    #[schemars(with = "Vec<Test>")]
    pub(crate) tests: Vec<Option<Test>>,
}

/// What holds for every exception of a workflow.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-what" = "`exceptions`"))]
pub(crate) struct Exceptions {
    /// How soon each should be decided.
    #[schemars(with = "Duration", extend("x-least" = 1))]
    pub(crate) due: Option<Duration>,
    /// The group of `botswain.yaml` that they are for.
    #[schemars(with = "String")]
    pub(crate) assign: Option<String>,
    /// The addresses that get a mail, beside those of `botswain.yaml`.
    #[schemars(with = "Vec<String>")]
    pub(crate) notify: Vec<Option<String>>,
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
