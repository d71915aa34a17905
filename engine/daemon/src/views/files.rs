//! The files that facts name.

use std::collections::BTreeSet;

use botswain_core::{ArtifactRef, Hash, run::fact::Fact};
use serde_json::Value;

/// Those of these facts in the order in which they come, each content once.
pub(crate) fn named(facts: &[Fact]) -> Vec<ArtifactRef> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for fact in facts {
        collect(fact, &mut seen, &mut found);
    }
    found
}

/// Adds what one fact names and was not seen before.
pub(crate) fn collect(fact: &Fact, seen: &mut BTreeSet<Hash>, found: &mut Vec<ArtifactRef>) {
    if let Ok(value) = serde_json::to_value(&fact.what) {
        walk(&value, seen, found);
    }
}

fn walk(value: &Value, seen: &mut BTreeSet<Hash>, found: &mut Vec<ArtifactRef>) {
    if let Some(artifact) = ArtifactRef::from_value(value)
        && seen.insert(artifact.hash.clone())
    {
        found.push(artifact);
    }
    match value {
        Value::Object(map) => map.values().for_each(|it| walk(it, seen, found)),
        Value::Array(items) => items.iter().for_each(|it| walk(it, seen, found)),
        _ => (),
    }
}
