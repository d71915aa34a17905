//! Gives space back: sled reuses space and never returns it.
//!
//! The live records are copied into new files beside the old ones, audited there,
//! and swapped in under the lock. Each step leaves a store that opens:
//!
//! ```text
//! compacted.unfinished/sled   being written; worth nothing
//! compacted/sled              whole and durable; taken up only when there is no other
//! replaced/                   the old records, on their way out
//! ```

use std::{
    fs, io,
    path::Path,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::{
    Artifacts, Lock, OpenError, Store, artifacts,
    as_found::{discard, size, sync},
    backend::{
        self, Backend,
        sled::{Sled, sync_dir},
    },
    error::ReadError,
    key,
    ledger::{self, Mark},
    store::Entries,
};

/// How many bytes of records are written at once.
const BATCH: usize = 1024 * 1024;
/// Orphans that were kept later than this may belong to a step that goes on.
const GRACE: Duration = Duration::from_secs(48 * 3600);

/// What compacting gave back, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    pub before: u64,
    pub after: u64,
    /// Files that no fact names any more.
    pub orphans: u64,
    pub orphan_bytes: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the records cannot be copied: {0}")]
    Backend(#[from] backend::Error),
    #[error(transparent)]
    Artifacts(#[from] artifacts::Error),
    #[error("the records cannot be swapped: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Error::Open(error) => error.hint().into_owned(),
            Error::Artifacts(error) => error.hint().to_owned(),
            Error::Read(_) => "`botswain verify` says what is wrong".to_owned(),
            Error::Backend(_) | Error::Io(_) => {
                "it needs room for a second copy of the records; nothing is lost".to_owned()
            }
        }
    }
}

/// Compacts the store in `dir`, whose lock it takes; nobody else has it open.
pub fn compact(dir: &Path, artifacts: &Artifacts) -> Result<Compacted, Error> {
    compact_until(dir, artifacts, Step::Done)
}

/// Where a test lets the power go.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Step {
    Copied,
    Offered,
    Replaced,
    Done,
}

fn compact_until(dir: &Path, artifacts: &Artifacts, last: Step) -> Result<Compacted, Error> {
    // Opening looks whether every record is there, and ends what was cut short.
    let store = Store::open(dir)?;
    let (orphans, orphan_bytes) = remove_orphans(&store, artifacts)?;
    drop(store);
    let around = dir.parent().unwrap_or_else(|| Path::new("."));
    let _lock = Lock::take(around).map_err(OpenError::from)?;
    let before = size(&dir.join("sled"))?;
    copy(dir)?;
    if last > Step::Copied {
        swap(dir, last)?;
    }
    Ok(Compacted {
        before,
        after: size(&dir.join("sled")).unwrap_or(before),
        orphans,
        orphan_bytes,
    })
}

fn remove_orphans(store: &Store, artifacts: &Artifacts) -> Result<(u64, u64), Error> {
    let named = artifacts.closure(store.names()?);
    let old = artifacts.list_before(SystemTime::now() - GRACE)?;
    let mut freed = (0, 0);
    for hash in old.iter().filter(|hash| !named.contains_key(*hash)) {
        freed.1 += artifacts.remove(hash)?;
        freed.0 += 1;
    }
    Ok(freed)
}

/// Writes the live records into new files, durable and audited once it has returned.
fn copy(dir: &Path) -> Result<(), Error> {
    let unfinished = dir.join("compacted.unfinished");
    discard(&unfinished)?;
    let old = Sled::open(&dir.join("sled"))?;
    let new = Sled::open(&unfinished.join("sled"))?;
    let (mut writes, mut bytes) = (Vec::new(), 0);
    let all = key::ALL.start.to_vec()..key::ALL.end.to_vec();
    for entry in Entries::new(&old, all) {
        let (key, value) = entry?;
        bytes += key.len() + value.len();
        writes.push((key, Some(value)));
        if bytes >= BATCH {
            new.write(std::mem::take(&mut writes))?;
            bytes = 0;
        }
    }
    new.write(writes)?;
    let mark = Mark::open(&dir.join("high-water"))?;
    ledger::audit(&new, Some(&mark))?;
    drop((old, new));
    sync(&unfinished)?;
    Ok(())
}

fn swap(dir: &Path, last: Step) -> io::Result<()> {
    let (offered, replaced) = (dir.join("compacted"), dir.join("replaced"));
    discard(&offered)?;
    discard(&replaced)?;
    fs::rename(dir.join("compacted.unfinished"), &offered)?;
    sync_dir(dir)?;
    if last == Step::Offered {
        return Ok(());
    }
    fs::rename(dir.join("sled"), &replaced)?;
    sync_dir(dir)?;
    if last == Step::Replaced {
        return Ok(());
    }
    take_up(dir)
}

/// Ends a swap that was cut short, or clears away what is left of one; before anything is opened.
pub(crate) fn take_up(dir: &Path) -> io::Result<()> {
    let offered = dir.join("compacted");
    if !dir.join("sled").exists() && offered.join("sled").exists() {
        fs::rename(offered.join("sled"), dir.join("sled"))?;
        sync_dir(dir)?;
    }
    for left in [
        offered,
        dir.join("compacted.unfinished"),
        dir.join("replaced"),
    ] {
        discard(&left)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use botswain_core::index::Batch;
    use std::sync::mpsc::channel;

    use super::*;
    use botswain_core::index::Change;

    fn firing(n: i64) -> Batch {
        let change = Change::Fired {
            workflow: format!("w{}", n % 50),
            schedule: "@daily".to_owned(),
            at: jiff::Timestamp::from_second(n).unwrap(),
        };
        Batch {
            facts: Vec::new(),
            changes: vec![change],
        }
    }

    fn filled() -> (tempfile::TempDir, Artifacts) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let (reply, answers) = channel();
        for n in 0..3000 {
            let reply = reply.clone();
            store.append(firing(n), move |result| reply.send(result).unwrap());
        }
        drop(reply);
        answers.iter().for_each(|answer| answer.unwrap());
        let artifacts = Artifacts::open_folder(&dir.path().join("artifacts")).unwrap();
        (dir, artifacts)
    }

    /// Wherever the power goes, the store opens with everything, and compacting again ends well.
    #[test]
    fn a_power_cut_leaves_a_store_that_opens() {
        for last in [Step::Copied, Step::Offered, Step::Replaced, Step::Done] {
            let (dir, artifacts) = filled();
            let path = dir.path().join("store");
            let kept = Store::open(&path).unwrap().check().unwrap();
            compact_until(&path, &artifacts, last).unwrap();
            let store = Store::open(&path).unwrap();
            assert_eq!(store.check().unwrap(), kept, "{last:?}");
            assert_eq!(store.fired().unwrap().len(), 50, "{last:?}");
            drop(store);
            for left in ["compacted", "compacted.unfinished", "replaced"] {
                assert!(!path.join(left).exists(), "{last:?}: {left}");
            }
            compact(&path, &artifacts).unwrap();
            assert_eq!(Store::open(&path).unwrap().check().unwrap(), kept);
        }
    }
}
