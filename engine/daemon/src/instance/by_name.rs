//! A small file that says one thing about each of several names.
//!
//! It is written whole, and durable before anybody can read it here; a file that is
//! not there says nothing about anybody.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use serde::{Serialize, de::DeserializeOwned};

use super::private;

/// What is said, by name.
#[derive(Debug)]
pub struct ByName<T> {
    path: PathBuf,
    all: RwLock<BTreeMap<String, T>>,
}

impl<T: Clone + PartialEq + Serialize + DeserializeOwned> ByName<T> {
    /// Reads what an earlier daemon has written.
    pub fn open(path: PathBuf) -> io::Result<ByName<T>> {
        let all = match std::fs::read(&path) {
            Ok(text) => parsed(&path, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let all = RwLock::new(all);
        Ok(ByName { path, all })
    }

    /// Begun anew, whatever the file says; it is replaced by the next that is set.
    pub fn anew(path: PathBuf) -> ByName<T> {
        let all = RwLock::default();
        ByName { path, all }
    }

    /// What is said of a name, if anything is.
    pub fn of(&self, name: &str) -> Option<T> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.get(name).cloned()
    }

    /// All that is said, by name.
    pub fn all(&self) -> Vec<(String, T)> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .map(|(name, it)| (name.clone(), it.clone()))
            .collect()
    }

    /// Says something of a name, or nothing any more; durable on return. Blocks.
    pub fn set(&self, name: &str, said: Option<T>) -> io::Result<()> {
        self.alter(|all| {
            match said {
                Some(said) => all.insert(name.to_owned(), said),
                None => all.remove(name),
            };
        })
    }

    /// Changes what is said of several; durable on return, and written only when it differs.
    /// Blocks.
    pub fn alter(&self, change: impl FnOnce(&mut BTreeMap<String, T>)) -> io::Result<()> {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let mut after = all.clone();
        change(&mut after);
        if after == *all {
            return Ok(());
        }
        let text = serde_json::to_vec_pretty(&after).map_err(io::Error::other)?;
        private::replace_file(&self.path, &text)?;
        *all = after;
        Ok(())
    }

    /// All of it, as [`ByName::restore`] takes it.
    pub fn text(&self) -> String {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_string(&*all).unwrap_or_default()
    }

    /// Writes the file of an instance whose daemon is not at work.
    pub fn restore(path: &Path, text: &str) -> io::Result<()> {
        parsed::<T>(path, text.as_bytes())?;
        private::replace_file(path, text.as_bytes())
    }
}

fn parsed<T: DeserializeOwned>(path: &Path, text: &[u8]) -> io::Result<BTreeMap<String, T>> {
    serde_json::from_slice(text).map_err(|error| {
        let reason = format!("`{}` cannot be read: {error}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_outlives_the_daemon_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.json");
        let open = || ByName::<String>::open(path.clone());
        let said = |it: &str| Some(it.to_owned());
        open().unwrap().set("orders", said("wait")).unwrap();
        open().unwrap().set("orders", said("go on")).unwrap();
        let later = open().unwrap();
        assert_eq!(later.of("orders"), said("go on"));
        let copy = folder.path().join("copy.json");
        ByName::<String>::restore(&copy, &later.text()).unwrap();
        assert_eq!(
            ByName::open(copy.clone()).unwrap().of("orders"),
            said("go on")
        );
        later.set("orders", None).unwrap();
        assert_eq!(open().unwrap().of("orders"), None);
        std::fs::write(&path, "{").unwrap();
        assert!(open().is_err() && ByName::<String>::restore(&copy, "{").is_err());
        let anew = ByName::anew(path.clone());
        anew.set("orders", said("wait")).unwrap();
        assert_eq!(open().unwrap().of("orders"), said("wait"));
    }
}
