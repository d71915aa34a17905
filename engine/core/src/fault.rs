//! Why an attempt did not succeed, and what it may have done to the world.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::value::ArtifactRef;

/// Who can mend it: business faults need a person, system faults may pass.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The data or the rules are at odds; trying again changes nothing.
    Business,
    /// The outside world was unready; trying again may help.
    System,
}

/// What a step does to the world, as its bot says from its parameters.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It only reads.
    #[default]
    None,
    /// Doing it again changes nothing more.
    Repeatable,
    /// An order, a mail: doing it again does it twice.
    Once,
}

/// How far an attempt got before it failed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The world is as it was before.
    #[default]
    None,
    /// The effect may have taken place.
    Unknown,
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fault {
    pub category: Category,
    /// Whether the effect may have taken place all the same.
    #[serde(default)]
    pub effect: Reach,
    /// `noun.reason`, stable: `http.status`, `browser.not_found`.
    pub code: String,
    /// One sentence for a person, without a final period.
    pub message: String,
    /// What to do about it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Not before so many milliseconds, as the other side asked (`Retry-After`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The evidence: screenshots, pages, mails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<ArtifactRef>,
}

impl Fault {
    /// A fault that only a person can mend; the world is as it was.
    pub fn business(code: &str, message: impl Into<String>) -> Fault {
        Fault::new(Category::Business, code, message.into())
    }

    /// A fault that may pass by itself; the world is as it was.
    pub fn system(code: &str, message: impl Into<String>) -> Fault {
        Fault::new(Category::System, code, message.into())
    }

    fn new(category: Category, code: &str, message: String) -> Fault {
        Fault {
            category,
            effect: Reach::None,
            code: code.to_owned(),
            message,
            hint: None,
            retry_after: None,
            artifacts: Vec::new(),
        }
    }

    /// The effect may have taken place.
    #[must_use]
    pub fn in_doubt(mut self) -> Fault {
        self.effect = Reach::Unknown;
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, millis: u64) -> Fault {
        self.retry_after = Some(millis);
        self
    }

    #[must_use]
    pub fn with_artifact(mut self, artifact: ArtifactRef) -> Fault {
        self.artifacts.push(artifact);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Fault {}
