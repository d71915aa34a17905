//! Texts of workflows that wait for somebody else to agree.
//!
//! In goes a text that an author wants to be the file of a workflow where botswain.yaml
//! asks for four eyes; out it comes when another author agrees, or not. There is one for
//! each workflow, durable beside the versions. A text that was refused is kept for whoever
//! has written it, and stands in nobody's way. Whatever decides about one waits for its
//! turn, as does every other activation, so that none acts on what another has changed.

use std::{io, path::PathBuf};

use botswain_core::Hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};

use crate::instance::ByName;

/// What a backup calls them.
pub(crate) const BESIDE: &str = "proposals";

/// A text, and what it was proposed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub source: String,
    /// Where the file of a new workflow goes, if that was said.
    #[serde(default)]
    pub folder: Option<String>,
    /// There was never a workflow of this name: then a role in that folder counts.
    #[serde(default)]
    pub is_new: bool,
    /// The hash of the file at that time; none when there was none.
    pub over: Option<Hash>,
    pub by: String,
    /// It came over the socket, where nobody signs in: whoever it names need not have an account.
    #[serde(default)]
    pub is_local: bool,
    pub at: Timestamp,
    pub note: Option<String>,
    pub rejection: Option<Rejection>,
}

/// That somebody has refused it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    pub by: String,
    pub at: Timestamp,
    pub note: String,
}

impl Proposal {
    /// What whoever decides about it names it by.
    pub fn hash(&self) -> Hash {
        Hash::of(self.source.as_bytes())
    }

    /// The folder by which it is judged as long as there is no file.
    pub fn judged_in(&self) -> Option<&str> {
        self.folder.as_deref().filter(|_| self.is_new)
    }

    /// Whether it waits for somebody.
    pub fn waits(&self) -> bool {
        self.rejection.is_none()
    }
}

/// The proposals of an instance, by workflow.
#[derive(Debug)]
pub struct Proposals {
    all: ByName<Proposal>,
    turn: Mutex<()>,
}

impl Proposals {
    pub fn open(path: PathBuf) -> io::Result<Proposals> {
        let all = ByName::open(path)?;
        let turn = Mutex::default();
        Ok(Proposals { all, turn })
    }

    /// Waits until nobody else activates or decides.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub fn of(&self, workflow: &str) -> Option<Proposal> {
        self.all.of(workflow)
    }

    /// All of them, by workflow.
    pub fn all(&self) -> Vec<(String, Proposal)> {
        self.all.all()
    }

    /// Those that wait for others than this one, by workflow.
    pub fn waiting_for(&self, person: &str) -> Vec<(String, Proposal)> {
        let mut all = self.all();
        all.retain(|(_, it)| it.waits() && it.by != person);
        all
    }

    /// Puts one in the place of what there is, or takes it out; durable on return. Blocks.
    pub fn set(&self, workflow: &str, proposal: Option<Proposal>) -> io::Result<()> {
        self.all.set(workflow, proposal)
    }

    /// All of it, as [`Proposals::restore`] takes it.
    pub fn text(&self) -> String {
        self.all.text()
    }

    /// Writes the file of an instance whose daemon is not at work.
    pub fn restore(path: &std::path::Path, text: &str) -> io::Result<()> {
        ByName::<Proposal>::restore(path, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(by: &str, rejection: Option<Rejection>) -> Proposal {
        Proposal {
            source: "name: orders\n".to_owned(),
            folder: None,
            is_new: false,
            over: None,
            by: by.to_owned(),
            is_local: false,
            at: Timestamp::UNIX_EPOCH,
            note: None,
            rejection,
        }
    }

    #[test]
    fn proposals_outlive_the_daemon_and_wait_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proposals.json");
        let proposals = Proposals::open(path.clone()).unwrap();
        let rejection = Rejection {
            by: "ben".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            note: "not yet".to_owned(),
        };
        let set = |name, it| proposals.set(name, Some(it)).unwrap();
        set("orders", proposal("ann", None));
        set("stock", proposal("eve", Some(rejection)));
        let later = Proposals::open(path.clone()).unwrap();
        assert_eq!(later.of("orders"), Some(proposal("ann", None)));
        assert_eq!(later.all().len(), 2);
        assert_eq!(
            (
                later.waiting_for("ann").len(),
                later.waiting_for("ben").len()
            ),
            (0, 1)
        );
        let copy = folder.path().join("copy.json");
        Proposals::restore(&copy, &later.text()).unwrap();
        assert_eq!(Proposals::open(copy).unwrap().all(), later.all());
        later.set("orders", None).unwrap();
        assert_eq!(Proposals::open(path).unwrap().of("orders"), None);
    }
}
