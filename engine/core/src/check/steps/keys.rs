//! Keys that a step does not have, told with what is known of its kind and its bot.
//!
//! The schema has refused them already; here the advice becomes as good as it
//! can be, and what would only follow from the slip is not told as well.

use indexmap::IndexMap;

use super::{Checker, kinds};
use crate::{
    catalogue::BotSchema,
    language::suggest,
    yaml::{Entry, Node},
};

/// The keys that go with every kind of step.
const COMMON: [&str; 4] = ["id", "name", "when", "on_fault"];

impl Checker<'_, '_, '_> {
    /// Advises about unknown keys of a step of this kind.
    pub(super) fn advise_keys(&mut self, node: &Node, kind: &str) {
        if strangers(node).next().is_none() {
            return;
        }
        let owned = kinds::OWNERS.iter();
        let owned = owned.filter(|(_, owners)| owners.contains(&kind));
        let own = COMMON.into_iter().chain([kind]);
        let keys: Vec<&str> = own.chain(owned.map(|(key, _)| *key)).collect();
        for (key, entry) in strangers(node) {
            if suggest::nearest(key, known()).is_none()
                && let Some(list) = suggest::list(keys.iter().copied())
            {
                let hint = format!("a step with `{kind}` has: {list}");
                self.report.advise("language.unknown_key", &entry.key, hint);
            }
        }
    }

    /// Parameters of the bot that stand beside `with`; gives their names.
    pub(super) fn beside_with<'n>(&mut self, bot: &BotSchema, node: &'n Node) -> Vec<&'n str> {
        let properties = bot.parameters.get("properties");
        let is_parameter = |key: &str| properties.is_some_and(|all| all.get(key).is_some());
        let beside = strangers(node).filter(|(key, _)| is_parameter(key));
        let beside: Vec<(&str, &Entry)> = beside.collect();
        for (key, entry) in &beside {
            let hint = format!(
                "`{key}` is a parameter of `{}`: write it below `with:`, further right",
                bot.name
            );
            self.report.advise("language.unknown_key", &entry.key, hint);
        }
        beside.into_iter().map(|(key, _)| key).collect()
    }

    /// Keys of the step that stand among the parameters; says whether there are any.
    pub(super) fn within_with(&mut self, with: Option<&IndexMap<String, Entry>>) -> bool {
        let own = |key: &&str| kinds::OWNERS.iter().any(|(known, _)| known == key);
        let mut found = false;
        for (key, entry) in with.into_iter().flatten() {
            if Some(key.as_str()).filter(own).is_some() {
                let hint =
                    format!("`{key}` is a key of the step: write it beside `with`, not in it");
                found |= self.report.advise("language.unknown_key", &entry.key, hint);
            }
        }
        found
    }
}

/// Whether a key was probably meant to say what the step does.
pub(super) fn misspells_kind(node: &Node) -> bool {
    strangers(node).any(|(key, _)| {
        let near = suggest::nearest(key, known());
        near.is_some_and(|near| kinds::KINDS.contains(&near))
    })
}

/// The entries whose key no step has.
fn strangers(node: &Node) -> impl Iterator<Item = (&str, &Entry)> {
    let entries = node.map().into_iter().flatten();
    entries
        .map(|(key, entry)| (key.as_str(), entry))
        .filter(|(key, _)| !known().any(|known| known == *key))
}

fn known() -> impl Iterator<Item = &'static str> {
    let owned = kinds::OWNERS.iter().map(|(key, _)| *key);
    COMMON.into_iter().chain(kinds::KINDS).chain(owned)
}
