//! Versions as they are played: without triggers, and with a short name for their text.
//!
//! A version is known by the hash of its texts, which is computed again for each
//! play; a file with a thousand tests in it is a long text. Nobody reads it here.

use std::{collections::BTreeMap, sync::Arc};

use botswain_core::{Hash, plan::Version};

/// A workflow and those that it calls, ready to be played.
pub(crate) fn of(workflow: &str, versions: &[Arc<Version>]) -> Option<Vec<Arc<Version>>> {
    let root = versions.iter().find(|it| it.plan.name == workflow)?;
    let mut made = BTreeMap::new();
    make(root, versions, &mut made)?;
    Some(made.into_values().collect())
}

/// Makes those that it calls first, for its own hash is over theirs.
fn make(
    version: &Version,
    versions: &[Arc<Version>],
    made: &mut BTreeMap<String, Arc<Version>>,
) -> Option<Hash> {
    let name = &version.plan.name;
    if let Some(made) = made.get(name) {
        return Some(made.hash());
    }
    let mut played = Version {
        source: version.hash().as_str().to_owned(),
        ..version.clone()
    };
    // Nothing starts by itself.
    played.plan.triggers.clear();
    played.plan.promise = None;
    for (name, hash) in &mut played.calls {
        let called = versions.iter().find(|it| it.plan.name == *name)?;
        *hash = make(called, versions, made)?;
    }
    let played = Arc::new(played);
    made.insert(name.clone(), played.clone());
    Some(played.hash())
}
