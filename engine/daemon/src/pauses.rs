//! Which workflows start nothing by themselves for now, because somebody said so.
//!
//! They are in a file of their own beside the accounts, written whole and durable
//! before anything follows from it; an instance without one has no pauses. What
//! a pause does is that the engine is offered the workflow without its triggers.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use botswain_views::PauseView;

use crate::instance::private;

/// What a backup calls them.
pub(crate) const BESIDE: &str = "pauses";

/// The pauses of an instance, by workflow.
#[derive(Debug)]
pub struct Pauses {
    path: PathBuf,
    all: RwLock<BTreeMap<String, PauseView>>,
}

impl Pauses {
    /// Reads what an earlier daemon has written.
    pub fn open(path: PathBuf) -> io::Result<Pauses> {
        let all = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                let reason = format!("`{}` cannot be read: {error}", path.display());
                io::Error::new(io::ErrorKind::InvalidData, reason)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Pauses {
            path,
            all: RwLock::new(all),
        })
    }

    /// All of them, as [`restore`] takes them.
    pub fn text(&self) -> String {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_string(&*all).unwrap_or_default()
    }

    /// Who has paused it, if somebody has.
    pub fn of(&self, workflow: &str) -> Option<PauseView> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.get(workflow).cloned()
    }

    /// Pauses a workflow, or lets it go on; durable on return. Blocks.
    pub fn set(&self, workflow: &str, pause: Option<PauseView>) -> io::Result<()> {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let mut after = all.clone();
        match pause {
            Some(pause) => after.insert(workflow.to_owned(), pause),
            None => after.remove(workflow),
        };
        let text = serde_json::to_vec_pretty(&after).map_err(io::Error::other)?;
        private::replace_file(&self.path, &text)?;
        *all = after;
        Ok(())
    }
}

/// Brings back what a backup holds, so that what was paused does not start again by itself.
pub(crate) fn restore(path: &Path, text: &str) -> io::Result<()> {
    let _: BTreeMap<String, PauseView> = serde_json::from_str(text)?;
    private::replace_file(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_pause_outlives_the_daemon_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pauses.json");
        let pause = PauseView {
            by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            note: Some("the shop is down".to_owned()),
        };
        let pauses = Pauses::open(path.clone()).unwrap();
        pauses.set("orders", Some(pause.clone())).unwrap();
        let later = Pauses::open(path.clone()).unwrap();
        assert_eq!(later.of("orders"), Some(pause));
        later.set("orders", None).unwrap();
        assert_eq!(Pauses::open(path.clone()).unwrap().of("orders"), None);
        std::fs::write(&path, "{").unwrap();
        assert!(Pauses::open(path).is_err());
    }
}
