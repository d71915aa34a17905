//! How the last test of each connection ended that somebody asked for.
//!
//! They are in a file of their own, written whole and durable before whoever asked
//! is answered. Nothing follows from them but what people read, so a file that
//! cannot be read keeps nobody from anything: it is told, and begun anew.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{PoisonError, RwLock},
};

use botswain_views::TestView;

use crate::instance::private;

/// The last tests of an instance, by connection.
#[derive(Debug)]
pub struct Tested {
    path: PathBuf,
    all: RwLock<BTreeMap<String, TestView>>,
}

impl Tested {
    /// Reads what an earlier daemon has written.
    pub fn open(path: PathBuf) -> Tested {
        let all = read(&path).unwrap_or_else(|error| {
            let path = path.display();
            tracing::warn!("`{path}` cannot be read, so earlier tests are forgotten: {error}");
            BTreeMap::new()
        });
        Tested {
            path,
            all: RwLock::new(all),
        }
    }

    /// The last one of a connection.
    pub fn of(&self, connection: &str) -> Option<TestView> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.get(connection).cloned()
    }

    /// Remembers one; durable on return. Blocks.
    pub fn set(&self, connection: &str, test: TestView) -> io::Result<()> {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(connection.to_owned(), test);
        let text = serde_json::to_vec_pretty(&*all).map_err(io::Error::other)?;
        private::replace_file(&self.path, &text)
    }
}

fn read(path: &PathBuf) -> io::Result<BTreeMap<String, TestView>> {
    match std::fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use botswain_views::TestOutcome;
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_test_outlives_the_daemon_and_a_damaged_file_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tested.json");
        let test = |answer: &str| TestView {
            by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            outcome: TestOutcome::Answered {
                answer: answer.to_owned(),
            },
        };
        let tested = Tested::open(path.clone());
        assert_eq!(tested.of("shop"), None);
        tested.set("shop", test("200")).unwrap();
        tested.set("shop", test("204")).unwrap();
        assert_eq!(Tested::open(path.clone()).of("shop"), Some(test("204")));
        std::fs::write(&path, "{").unwrap();
        let anew = Tested::open(path.clone());
        assert_eq!(anew.of("shop"), None);
        anew.set("shop", test("200")).unwrap();
        assert_eq!(Tested::open(path).of("shop"), Some(test("200")));
    }
}
