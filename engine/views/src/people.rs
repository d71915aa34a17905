//! The people who use the console and the API, and what they may.

use std::collections::BTreeMap;

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
    /// Nothing by itself: what folders of workflows say counts alone, also for what is seen.
    None,
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
            Role::None => "none",
            Role::Viewer => "viewer",
            Role::Handler => "handler",
            Role::Author => "author",
            Role::Admin => "admin",
        }
    }
}

/// What somebody may in folders of workflows, beside what they may everywhere. It holds for what is
/// below a folder too.
pub type FolderRoles = BTreeMap<String, Role>;

impl Role {
    /// What somebody may in a folder who may this everywhere: the most that any of their roles
    /// there, or in a folder around it, allows.
    pub fn in_folder(self, roles: &FolderRoles, folder: &str) -> Role {
        let there = roles.iter().filter(|(of, _)| is_within(folder, of));
        there.map(|(_, role)| *role).fold(self, Role::max)
    }

    /// The most that somebody may anywhere who may this everywhere.
    pub fn somewhere(self, roles: &FolderRoles) -> Role {
        roles.values().copied().fold(self, Role::max)
    }
}

/// Whether a folder is another one, or lies in it.
pub fn is_within(folder: &str, of: &str) -> bool {
    let below = folder.strip_prefix(of);
    below.is_some_and(|it| it.is_empty() || it.starts_with('/'))
}

/// A token by which a program acts for a person. What it is nobody is told again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TokenView {
    /// In whose name.
    pub person: String,
    pub name: String,
    /// What it may at most; never more than its person.
    pub role: Role,
    /// The folders of workflows in which alone it may anything; everywhere when there are none.
    #[serde(default)]
    pub folders: Vec<String>,
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
    /// What else they may in folders of workflows.
    #[serde(default)]
    pub folders: FolderRoles,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_in_a_folder_holds_for_what_is_below_and_nowhere_else() {
        let roles = [
            ("sales".to_owned(), Role::Author),
            ("sales/export".to_owned(), Role::Handler),
        ];
        let roles = FolderRoles::from(roles);
        for (folder, role) in [
            ("", Role::Viewer),
            ("sales", Role::Author),
            ("sales/export", Role::Author),
            ("sales/export/eu", Role::Author),
            ("salesmen", Role::Viewer),
            ("office/sales", Role::Viewer),
            ("Sales", Role::Viewer),
        ] {
            assert_eq!(Role::Viewer.in_folder(&roles, folder), role, "{folder}");
        }
        assert_eq!(Role::Admin.in_folder(&roles, "sales"), Role::Admin);
        assert_eq!(Role::Viewer.somewhere(&roles), Role::Author);
    }
}
