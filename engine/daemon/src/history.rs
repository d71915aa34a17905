//! Which versions of a workflow were taken over, when, and by whom.
//!
//! In goes each version that new runs follow from now on; out come those that there
//! have been, numbered from 1. What a version says is in the store under its hash; here
//! is only what the store does not know. A text that comes back is another version.

use std::{collections::BTreeMap, io, path::PathBuf};

use botswain_core::Hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::instance::ByName;

/// What a backup calls it.
pub(crate) const BESIDE: &str = "versions";

/// How many are kept of each workflow.
const MOST: usize = 500;

/// That a version was taken over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    pub number: u64,
    pub hash: Hash,
    pub at: Timestamp,
    /// Who has activated it; absent when the file was simply saved.
    pub by: Option<String>,
    /// Who has proposed it, where somebody else had to agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<String>,
    pub note: Option<String>,
}

/// Who has activated a version.
#[derive(Clone, Debug)]
pub struct Signature {
    pub by: String,
    pub proposed_by: Option<String>,
    pub note: Option<String>,
}

/// What was taken over, by workflow.
#[derive(Debug)]
pub struct History(ByName<Vec<Taken>>);

impl History {
    pub fn open(path: PathBuf) -> io::Result<History> {
        ByName::open(path).map(History)
    }

    /// Those of one workflow, the oldest first.
    pub fn of(&self, workflow: &str) -> Vec<Taken> {
        self.0.of(workflow).unwrap_or_default()
    }

    /// Notes the versions that are followed from now on, as far as they are others than before;
    /// durable on return. Blocks.
    pub fn note<'a>(
        &self,
        versions: impl Iterator<Item = (&'a str, Hash)>,
        at: Timestamp,
    ) -> io::Result<()> {
        let versions: Vec<(&str, Hash)> = versions.collect();
        self.0.alter(|all| {
            let new = versions.into_iter();
            let new = new.filter(|(name, hash)| last(all, name).is_none_or(|it| it.hash != *hash));
            for (name, hash) in new.collect::<Vec<_>>() {
                let number = last(all, name).map_or(0, |it| it.number) + 1;
                let taken = all.entry(name.to_owned()).or_default();
                taken.push(Taken {
                    number,
                    hash,
                    at,
                    by: None,
                    proposed_by: None,
                    note: None,
                });
                let surplus = taken.len().saturating_sub(MOST);
                taken.drain(..surplus);
            }
        })
    }

    /// Says who has activated a version: the newest of this hash, though another may have been taken
    /// over since. Durable on return. Blocks.
    pub fn sign(&self, (workflow, hash): (&str, &Hash), signature: Signature) -> io::Result<()> {
        self.0.alter(|all| {
            let taken = all.get_mut(workflow).into_iter().flatten();
            if let Some(it) = taken.rev().find(|it| it.hash == *hash) {
                it.by = Some(signature.by);
                it.proposed_by = signature.proposed_by;
                it.note = signature.note;
            }
        })
    }

    /// All of it, as [`History::restore`] takes it.
    pub fn text(&self) -> String {
        self.0.text()
    }

    /// Writes the file of an instance whose daemon is not at work.
    pub fn restore(path: &std::path::Path, text: &str) -> io::Result<()> {
        ByName::<Vec<Taken>>::restore(path, text)
    }
}

fn last<'a>(all: &'a BTreeMap<String, Vec<Taken>>, name: &str) -> Option<&'a Taken> {
    all.get(name).and_then(|it| it.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_noted_once_and_again_when_it_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("versions.json");
        let history = History::open(path.clone()).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let hash = |text: &str| Hash::of(text.as_bytes());
        for text in ["one", "one", "two", "one"] {
            let versions = [("orders", hash(text)), ("mails", hash("same"))];
            history.note(versions.into_iter(), at).unwrap();
        }
        let signed = |by: &str, text: &str, note: &str| {
            let signature = Signature {
                by: by.to_owned(),
                proposed_by: None,
                note: Some(note.to_owned()),
            };
            let signed = history.sign(("orders", &hash(text)), signature);
            signed.unwrap();
        };
        signed("ann", "one", "mended");
        // Whoever comes second may be the first to sign.
        signed("ben", "two", "tried");
        let later = History::open(path).unwrap();
        let told = later.of("orders").into_iter();
        let told: Vec<_> = told.map(|it| (it.number, it.hash, it.by)).collect();
        assert_eq!(
            told,
            [
                (1, hash("one"), None),
                (2, hash("two"), Some("ben".to_owned())),
                (3, hash("one"), Some("ann".to_owned())),
            ]
        );
        assert_eq!(later.of("mails").len(), 1);
        assert_eq!(later.of("orders")[2].note.as_deref(), Some("mended"));
        assert!(later.of("other").is_empty());
    }
}
