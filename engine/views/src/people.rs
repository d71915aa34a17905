//! The people who use the console and the API, and what they may.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What somebody may: each role may all that those before it may.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees what runs and what waits.
    Viewer,
    /// Starts and cancels runs, and decides what is parked.
    Handler,
    /// Changes workflows and corrections.
    Author,
    /// Changes who may what, and looks after the store.
    Admin,
}

impl Role {
    /// As it is written everywhere but to people.
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Handler => "handler",
            Role::Author => "author",
            Role::Admin => "admin",
        }
    }
}

/// A token by which a program acts for a person. What it is nobody is told again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TokenView {
    /// In whose name.
    pub person: String,
    pub name: String,
    /// What it may at most; never more than its person.
    pub role: Role,
    pub created: Timestamp,
    pub expires: Timestamp,
    /// When it was used last.
    pub used: Option<Timestamp>,
}

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PersonView {
    /// What they sign in with, and what stands under their decisions.
    pub name: String,
    pub role: Role,
    /// The groups of botswain.yaml that they answer for.
    pub groups: Vec<String>,
    pub created: Timestamp,
    pub last_seen: Option<Timestamp>,
    /// Whether a code is asked for behind the password.
    #[serde(default)]
    pub second_factor: bool,
    /// The identity provider by which they sign in; none for those with a password.
    #[serde(default)]
    pub provider: Option<String>,
    /// How that provider calls them.
    #[serde(default)]
    pub full_name: Option<String>,
    /// Whether an admin keeps them out.
    #[serde(default)]
    pub locked: bool,
}
