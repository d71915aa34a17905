//! The files that facts name, and the large lists that are kept as one.

use std::collections::BTreeSet;

use botswain_core::{ArtifactRef, Hash, TableRef, run::fact::Fact};
use serde_json::Value;

/// Something that is kept beside the facts.
pub(crate) enum Kept {
    File(ArtifactRef),
    Table(TableRef),
}

impl Kept {
    pub(crate) fn hash(&self) -> &Hash {
        match self {
            Kept::File(artifact) => &artifact.hash,
            Kept::Table(table) => &table.hash,
        }
    }

    fn from_value(value: &Value) -> Option<Kept> {
        let file = ArtifactRef::from_value(value).map(Kept::File);
        file.or_else(|| TableRef::from_value(value).map(Kept::Table))
    }
}

/// The files that these facts name, in the order in which they come, each content once.
pub(crate) fn named(facts: &[Fact]) -> Vec<ArtifactRef> {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    for fact in facts {
        collect(fact, &mut seen, &mut found);
    }
    let files = found.into_iter().filter_map(|it| match it {
        Kept::File(artifact) => Some(artifact),
        Kept::Table(_) => None,
    });
    files.collect()
}

/// Adds what one fact names and was not seen before.
pub(crate) fn collect(fact: &Fact, seen: &mut BTreeSet<Hash>, found: &mut Vec<Kept>) {
    if let Ok(value) = serde_json::to_value(&fact.what) {
        walk(&value, seen, found);
    }
}

fn walk(value: &Value, seen: &mut BTreeSet<Hash>, found: &mut Vec<Kept>) {
    if let Some(kept) = Kept::from_value(value)
        && seen.insert(kept.hash().clone())
    {
        found.push(kept);
    }
    match value {
        Value::Object(map) => map.values().for_each(|it| walk(it, seen, found)),
        Value::Array(items) => items.iter().for_each(|it| walk(it, seen, found)),
        _ => (),
    }
}
