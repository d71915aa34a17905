//! What the world has seen of a process, and whether a disk bears it out.
//!
//! In go the bytes that left the process, in order; out comes what it thereby promised:
//! a run that it accepted, facts that it told, requests that it sent. A disk keeps the
//! promises when its store opens, holds at least these facts and no others, has the
//! intent of every effect that was asked for, and every artifact that a fact names.

use std::path::Path;

use botswain_core::{
    ArtifactRef, RunId,
    run::fact::{Fact, What},
};
use botswain_store::{Artifacts, Store};
use serde_json::Value;

use crate::errands::Errand;

/// What the world has seen up to a moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// That the run was accepted.
    pub(crate) accepted: bool,
    /// How many facts of it were told.
    pub(crate) facts: usize,
    /// The effects that were asked for.
    pub(crate) effects: Vec<usize>,
}

impl Seen {
    /// Takes in what left by one call.
    pub(crate) fn take(&mut self, data: &[u8]) {
        let text = String::from_utf8_lossy(data);
        self.accepted |= text.contains(r#"{"run":"1""#);
        if let Some(rest) = text.strip_prefix("POST /effect/") {
            let number = rest.split(' ').next().unwrap();
            self.effects.push(number.parse().unwrap());
        }
        let notices = text.lines().filter_map(|line| line.split_once("data: "));
        for (_, notice) in notices {
            // One that is cut short is told once more, with its rest.
            let notice: Value = serde_json::from_str(notice).unwrap_or_default();
            if notice["run"] == "1" {
                self.facts += notice["facts"].as_array().map_or(0, Vec::len);
            }
        }
    }
}

/// Why the instance in `folder` breaks a promise; `end` are the facts of the run that went well.
pub(crate) fn broken(folder: &Path, seen: &Seen, end: &[Fact]) -> Option<String> {
    kept(folder, seen, end).err()
}

fn kept(folder: &Path, seen: &Seen, end: &[Fact]) -> Result<(), String> {
    let private = folder.join(".botswain");
    let store = Store::open(&private.join("store")).map_err(|err| err.to_string())?;
    store.check().map_err(|err| err.to_string())?;
    let facts = store
        .facts(&RunId::root(1))
        .map_err(|err| err.to_string())?;
    let told = seen.facts.max(usize::from(seen.accepted));
    if facts.len() < told {
        return Err(format!(
            "{told} facts were told and {} are left",
            facts.len()
        ));
    }
    if !end.starts_with(&facts) {
        return Err("its facts are others than those of the run".to_owned());
    }
    for number in &seen.effects {
        if !facts.iter().any(|fact| is_intent(fact, *number)) {
            return Err(format!("effect {number} was asked for without an intent"));
        }
    }
    version(&store, &facts)?;
    artifacts(&private.join("artifacts"), &facts)?;
    files(folder, &facts)
}

fn is_intent(fact: &Fact, number: usize) -> bool {
    matches!(&fact.what, What::Started { step, .. } if step.as_str() == Errand::step(number))
}

fn version(store: &Store, facts: &[Fact]) -> Result<(), String> {
    let Some(What::Created(created)) = facts.first().map(|fact| &fact.what) else {
        return Ok(());
    };
    let version = store.version(&created.version);
    match version.map_err(|err| err.to_string())? {
        Some(_) => Ok(()),
        None => Err("the version that the run follows is missing".to_owned()),
    }
}

fn artifacts(folder: &Path, facts: &[Fact]) -> Result<(), String> {
    let artifacts = Artifacts::open_folder(folder).map_err(|err| err.to_string())?;
    for artifact in facts.iter().flat_map(named) {
        let verified = artifacts.verify(&artifact.hash);
        verified.map_err(|err| err.to_string())?;
    }
    Ok(())
}

/// The artifacts that a fact names.
pub(crate) fn named(fact: &Fact) -> Vec<ArtifactRef> {
    let mut found = Vec::new();
    let mut left = vec![serde_json::to_value(fact).unwrap()];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(mut map) => {
                let stored = map.remove("stored");
                found.extend(stored.and_then(|stored| serde_json::from_value(stored).ok()));
                left.extend(map.into_values());
            }
            _ => (),
        }
    }
    found
}

/// A file that was handed over is there.
fn files(folder: &Path, facts: &[Fact]) -> Result<(), String> {
    for fact in facts {
        let What::Succeeded { step, .. } = &fact.what else {
            continue;
        };
        if let Some(number) = step.as_str().strip_prefix("file") {
            let text = std::fs::read_to_string(folder.join(format!("out/{number}.txt")));
            if text.ok() != Some(format!("errand {number}")) {
                return Err(format!("the file that `{step}` handed over is not there"));
            }
        }
    }
    Ok(())
}
