//! A test of a workflow as its author writes it.
//!
//! Values are read from the tree, which keeps their digits and knows their
//! places; what is here gives the schema, the keys and the words.

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    duration::Duration,
    fault::{Category, Reach},
    index::State,
    testing::Standing,
};

/// The tests of a workflow, in a file beside it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["tests"], "x-what" = "a file of tests"))]
pub(crate) struct TestFile {
    /// The workflow that is tested; as the file is called, without `.test.yaml`, when absent.
    pub(crate) workflow: Option<String>,
    /// What is played, and what is expected.
    #[schemars(with = "Vec<Test>")]
    pub(crate) tests: Vec<Option<Test>>,
}

/// A run that is played by `botswain test`, without a clock and without the world.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["name", "expect"], "x-what" = "a test"))]
pub(crate) struct Test {
    /// What it shows, in a few words.
    #[schemars(with = "String")]
    pub(crate) name: Option<String>,
    /// What the run is given. A file is looked for beside the workflow's file, then in the instance.
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub(crate) inputs: IndexMap<String, IgnoredAny>,
    /// The day or the moment of the run, as in `2026-03-29T10:00`; the morning of 5 January 2026
    /// when absent.
    #[schemars(with = "String")]
    pub(crate) now: Option<String>,
    /// Tables of corrections: what `mapped` makes of a text.
    pub(crate) mappings: IndexMap<String, IndexMap<String, String>>,
    /// What bots and people answer, by step.
    #[schemars(with = "Vec<Mock>")]
    pub(crate) mocks: Vec<Option<Mock>>,
    /// How it should come out.
    #[schemars(with = "Expect")]
    pub(crate) expect: Option<Expect>,
}

/// The keys of a mock are those of an attempt and what is said once: serde's `flatten` would lose
/// the places of errors, so both are made from one list.
macro_rules! answering {
    ($(#[$about:meta])* $name:ident { $($first:tt)* } then { $($last:tt)* }) => {
        #[derive(Debug, Default, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        $(#[$about])*
        pub(crate) struct $name {
            $($first)*
            /// What the step gives.
            #[schemars(with = "serde_json::Value")]
            pub(crate) output: Option<IgnoredAny>,
            /// Why it fails.
            #[schemars(with = "MockedFault")]
            pub(crate) fault: Option<MockedFault>,
            /// Who approves.
            #[schemars(with = "String")]
            pub(crate) approve: Option<String>,
            /// Who rejects.
            #[schemars(with = "String")]
            pub(crate) reject: Option<String>,
            /// What whoever decides says about it.
            #[schemars(with = "String")]
            pub(crate) note: Option<String>,
            /// How long the answer takes; nobody waits for it.
            #[schemars(with = "Duration")]
            pub(crate) delay: Option<Duration>,
            $($last)*
        }

        impl $name {
            pub(crate) fn said(&self) -> Said<'_> {
                Said {
                    fault: self.fault.as_ref(),
                    approve: self.approve.as_ref(),
                    reject: self.reject.as_ref(),
                    note: self.note.as_ref(),
                    delay: self.delay.map(|delay| delay.0),
                }
            }
        }
    };
}

/// An answer without its output, which is read from the tree.
pub(crate) struct Said<'m> {
    pub(crate) fault: Option<&'m MockedFault>,
    pub(crate) approve: Option<&'m String>,
    pub(crate) reject: Option<&'m String>,
    pub(crate) note: Option<&'m String>,
    pub(crate) delay: Option<u64>,
}

answering! {
    /// What is answered in place of a bot, of a called workflow, or of a person. It has exactly one
    /// of `output`, `fault`, `approve`, `reject` and `attempts`.
    #[schemars(extend("required" = ["step"], "x-what" = "a mock"))]
    Mock {
        /// The step that is answered, or `STEP.verify`.
        #[schemars(with = "String")]
        pub(crate) step: Option<String>,
        /// The item that is meant, by its key, or by its place where the loop has no key; every item
        /// when absent.
        #[schemars(schema_with = "item")]
        pub(crate) item: Option<IgnoredAny>,
    } then {
        /// The answers to one attempt after the other; the last one holds for all that follow.
        #[schemars(with = "Vec<MockedAttempt>", length(min = 1))]
        pub(crate) attempts: Vec<Option<MockedAttempt>>,
    }
}

answering! {
    /// The answer to one attempt: exactly one of `output`, `fault`, `approve` and `reject`.
    #[schemars(extend("x-what" = "an attempt"))]
    MockedAttempt {} then {}
}

/// Why an attempt fails.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["category", "code"], "x-what" = "a fault"))]
pub(crate) struct MockedFault {
    /// Whether a person has to mend it (`business`) or it may pass (`system`).
    #[schemars(with = "Category")]
    pub(crate) category: Option<Category>,
    /// As in `http.status`.
    #[schemars(with = "String")]
    pub(crate) code: Option<String>,
    /// What people read.
    #[schemars(with = "String")]
    pub(crate) message: Option<String>,
    /// Whether what the step does may have happened all the same.
    pub(crate) effect: Reach,
    /// How long the other side wants to be left alone.
    #[schemars(with = "Duration")]
    pub(crate) retry_after: Option<Duration>,
}

/// How a test should come out. A step is named `STEP`, or `STEP@KEY` in the item with that key.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-what" = "`expect`"))]
pub(crate) struct Expect {
    /// How the run ends, or `parked`.
    #[schemars(with = "State")]
    pub(crate) state: Option<State>,
    /// How many exceptions wait for a person in the end, or which.
    #[schemars(schema_with = "exceptions")]
    pub(crate) exceptions: Option<IgnoredAny>,
    /// How steps stand in the end.
    #[schemars(with = "IndexMap<String, Standing>")]
    pub(crate) steps: IndexMap<String, Option<Standing>>,
    /// The rendered parameters of steps; only what is named here is compared.
    #[schemars(with = "IndexMap<String, IndexMap<String, serde_json::Value>>")]
    pub(crate) with: IndexMap<String, IgnoredAny>,
    /// The steps whose mails are compared with the files in `snapshots/`.
    #[schemars(with = "Vec<String>")]
    pub(crate) mails: Vec<Option<String>>,
    /// The steps whose documents are compared with the files in `snapshots/`.
    #[schemars(with = "Vec<String>")]
    pub(crate) documents: Vec<Option<String>>,
    /// What the workflow leaves; only what is named here is compared.
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    pub(crate) outputs: Option<IndexMap<String, IgnoredAny>>,
}

/// An exception that waits in the end.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("x-what" = "an expected exception"))]
pub(crate) struct ExpectedException {
    /// The step that waits.
    #[schemars(with = "String")]
    step: Option<String>,
    /// The item in which it waits, by its key, or by its place where the loop has no key.
    #[schemars(schema_with = "item")]
    item: Option<IgnoredAny>,
    /// As in `http.status`.
    #[schemars(with = "String")]
    code: Option<String>,
    /// What kind of exception it is.
    #[schemars(with = "crate::index::ExceptionCategory")]
    category: Option<crate::index::ExceptionCategory>,
}

fn item(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer"] })
}

fn exceptions(generator: &mut SchemaGenerator) -> Schema {
    let one = generator.subschema_for::<ExpectedException>();
    json_schema!({
        "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "array", "items": one }]
    })
}
