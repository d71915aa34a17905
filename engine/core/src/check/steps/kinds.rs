//! The kinds of step, and which key belongs to which of them.

use super::{Checker, keys};
use crate::yaml::{Node, Report};

/// The keys of which a step has exactly one.
pub(crate) const KINDS: [&str; 10] = [
    "bot",
    "call",
    "for_each",
    "parallel",
    "switch",
    "approve",
    "wait",
    "wait_until",
    "set",
    "fail",
];

/// Keys that mean something only with some kinds, and those.
pub(crate) const OWNERS: [(&str, &[&str]); 21] = [
    ("with", &["bot", "call"]),
    ("connection", &["bot"]),
    ("effect", &["bot"]),
    ("verify", &["bot"]),
    // Only what a bot did is tried again, and only its attempts are counted.
    ("retry", &["bot"]),
    ("limit", &["bot"]),
    ("key", &["bot", "for_each"]),
    // Waiting counts for no timeout, and the rest takes no time.
    (
        "timeout",
        &["bot", "call", "for_each", "parallel", "switch"],
    ),
    ("as", &["for_each"]),
    ("at_once", &["for_each"]),
    ("collect", &["for_each"]),
    ("wait_for", &["for_each"]),
    ("steps", &["for_each"]),
    ("cases", &["switch"]),
    ("default", &["switch"]),
    ("ask", &["approve"]),
    ("escalate", &["approve"]),
    ("required", &["approve"]),
    ("self_approval", &["approve"]),
    ("show", &["approve"]),
    ("category", &["fail"]),
];

impl Checker<'_, '_, '_> {
    /// The one kind of the step; keys that belong to others are told.
    pub(super) fn kind_of(&mut self, node: &Node) -> Option<&'static str> {
        let mut given = KINDS.into_iter().filter(|kind| node.get(kind).is_some());
        match (given.next(), given.next()) {
            (Some(kind), None) => {
                self.foreign(node, kind);
                self.advise_keys(node, kind);
                Some(kind)
            }
            (one, other) => {
                if one.is_none() && keys::misspells_kind(node) {
                    return None;
                }
                let hint = match (one, other) {
                    (Some(one), Some(other)) => {
                        Some(format!("make two steps of `{one}` and `{other}`"))
                    }
                    _ => {
                        Some("say what it does, as in `wait: 10m`, or `bot: sheet.read`".to_owned())
                    }
                };
                no_kind(self.report, node, hint);
                None
            }
        }
    }

    fn foreign(&mut self, node: &Node, kind: &str) {
        for (key, entry) in node.map().into_iter().flatten() {
            let owners = OWNERS.iter().find(|(owned, _)| owned == key);
            if let Some((_, owners)) = owners.filter(|(_, owners)| !owners.contains(&kind)) {
                let owners = listed(owners, "or");
                let message =
                    format!("`{key}` belongs to a step with {owners}, this one has `{kind}`");
                self.report.error("steps.kind", &entry.key, message);
            }
        }
    }
}

fn no_kind(report: &mut Report<'_>, node: &Node, hint: Option<String>) {
    let message = format!("a step has exactly one of {}", listed(&KINDS, "and"));
    report.hinted("steps.kind", &node.head(), (message, hint));
}

/// As one says it: `` `a`, `b` or `c` ``.
pub(crate) fn listed(keys: &[&str], word: &str) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    match keys.split_last() {
        Some((last, others)) if !others.is_empty() => {
            format!("{} {word} {last}", others.join(", "))
        }
        _ => keys.concat(),
    }
}
