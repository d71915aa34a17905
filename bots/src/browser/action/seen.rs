//! What a page must show: for waiting, expecting, and deciding.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Text, Wait};
use crate::browser::locator::{Locator, by_locator};

/// What a page must show; all that is given must hold at once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitFor {
    /// A text that is visible somewhere on the page.
    pub text: Option<Text>,
    /// An element that is visible.
    pub element: Option<Locator>,
    /// An element that is not visible, or no longer.
    pub gone: Option<Locator>,
    /// A part of the page's address.
    pub url: Option<String>,
    /// A part of the page's title.
    pub title: Option<String>,
    /// What fields hold, each named by its locator.
    #[serde(default)]
    #[schemars(schema_with = "by_locator::<Text>")]
    pub value: IndexMap<Locator, Text>,
    /// How many elements of each kind are visible.
    #[serde(default)]
    #[schemars(schema_with = "by_locator::<u64>")]
    pub count: IndexMap<Locator, u64>,
    /// That the page was left for another since the last click or key.
    #[serde(default)]
    pub navigation: bool,
    /// That the page has loaded and asked its server for nothing for half a second.
    #[serde(default)]
    pub idle: bool,
    /// How long to wait, when not as long as the step says.
    pub wait: Option<Wait>,
}

/// What a page must show, and what it means when it does not.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// A text that is visible somewhere on the page.
    pub text: Option<Text>,
    /// An element that is visible.
    pub element: Option<Locator>,
    /// An element that is not visible.
    pub gone: Option<Locator>,
    /// A part of the page's address.
    pub url: Option<String>,
    /// A part of the page's title.
    pub title: Option<String>,
    /// Where the page says that it refused. When it becomes visible after `submit:`, the effect
    /// is known not to have taken place, and its text is the fault's message. Without it, an
    /// element with the role `alert` counts as one, unless it was there before.
    pub refused: Option<Locator>,
    /// Whether a person has to mend it (`business`), or it may pass by itself (`system`).
    #[serde(default, rename = "else")]
    pub otherwise: Otherwise,
    /// What fields hold, each named by its locator.
    #[serde(default)]
    #[schemars(schema_with = "by_locator::<Text>")]
    pub value: IndexMap<Locator, Text>,
    /// How many elements of each kind are visible.
    #[serde(default)]
    #[schemars(schema_with = "by_locator::<u64>")]
    pub count: IndexMap<Locator, u64>,
    /// How long to wait, when not as long as the step says.
    pub wait: Option<Wait>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    Business,
    #[default]
    System,
}
