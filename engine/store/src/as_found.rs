//! The records as they were found, kept until it is known that they are whole.
//!
//! sled mends a damaged log by cutting it, before anything could be reported. So
//! before it may open the records they are copied aside; the copy goes when the
//! audit has found everything. Otherwise it takes the place of what sled touched,
//! and a damaged store is also kept beside the folder, under a name of its own:
//!
//! ```text
//! DIR/store/as-found/    sled/, high-water, boot: whole, as its name stands
//! DIR/store/unfinished/  a copy or a removal that was cut short; worth nothing
//! DIR/store.damaged-1/   sled/, high-water: evidence, once for the same bytes
//! ```
//!
//! Records over [`LARGEST`] and a copy for which there is no room are gone without.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::backend::sled::sync_dir;

/// In bytes; a larger store would start too slowly.
const LARGEST: u64 = 1024 * 1024 * 1024;
/// Read at once when files are compared, in bytes.
const BLOCK: usize = 256 * 1024;

const RECORDS: &str = "sled";
const MARK: &str = "high-water";
/// Names the boot in which the copy was made.
const BOOT: &str = "boot";

/// A store's folder while it is being opened, by whoever holds its lock.
pub(crate) struct AsFound {
    store: PathBuf,
    before: Before,
}

/// What was done before sled opened the records.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Copied,
    /// There were none, so whatever there is now is sled's.
    Absent,
    NotCopied,
}

impl AsFound {
    /// Copies what is there; to be called before sled is.
    ///
    /// An error means that an earlier restoration could not be ended. That nothing
    /// could be copied is none: a full disk must not keep a whole store closed.
    pub(crate) fn take(store: &Path) -> io::Result<AsFound> {
        let mut found = AsFound {
            store: store.to_owned(),
            before: Before::NotCopied,
        };
        if !found.records().exists() && found.copy().join(RECORDS).exists() {
            fs::rename(found.copy().join(RECORDS), found.records())?;
        }
        found.before = found.copy_once().unwrap_or_else(|error| {
            tracing::warn!(%error, "the store is opened without a copy of it as it was found");
            discard(&found.unfinished()).ok();
            Before::NotCopied
        });
        Ok(found)
    }

    /// For records that are known to be what was closed: sled has nothing to mend in them.
    pub(crate) fn whole(store: &Path) -> AsFound {
        AsFound {
            store: store.to_owned(),
            before: Before::NotCopied,
        }
    }

    /// The store is whole: the copy is of no more use.
    pub(crate) fn forget(self) {
        // One that stays does no harm: the mark tells that it is old.
        if let Err(error) = self.remove_copy() {
            tracing::warn!(%error, "the copy of the store as it was found was not removed");
        }
    }

    /// Undoes what sled did, which must be closed.
    pub(crate) fn restore(self) -> io::Result<()> {
        match self.before {
            Before::Copied => sync(&self.copy()).and_then(|()| self.swap()),
            Before::Absent => discard(&self.records()),
            Before::NotCopied => Ok(()),
        }
    }

    /// Undoes what sled did to damaged records, and keeps them a second time.
    ///
    /// Where they are kept; the folder itself when there is no room for two of
    /// them, and `None` when they could not be copied before or not be restored.
    pub(crate) fn keep(self) -> Option<PathBuf> {
        let kept = match self.before {
            Before::Copied => self.evidence_or_place(),
            Before::Absent | Before::NotCopied => None,
        };
        let in_place = kept.as_ref() == Some(&self.store);
        match self.restore() {
            Err(error) => {
                tracing::warn!(%error, "the damaged store was not restored as it was found");
                kept.filter(|_| !in_place)
            }
            Ok(()) => kept,
        }
    }

    fn evidence_or_place(&self) -> Option<PathBuf> {
        Some(self.evidence().unwrap_or_else(|error| {
            tracing::warn!(%error, "the damaged store is kept in its own place only");
            discard(&self.beside("damaged.unfinished")).ok();
            self.store.clone()
        }))
    }

    /// Sees to it that there is a copy, of this start or of one that was killed.
    fn copy_once(&self) -> io::Result<Before> {
        discard(&self.unfinished())?;
        discard(&self.beside("damaged.unfinished"))?;
        if self.is_current() {
            return Ok(Before::Copied);
        }
        self.remove_copy()?;
        if !self.records().exists() {
            return Ok(Before::Absent);
        }
        let size = size(&self.records())?;
        if size > LARGEST {
            tracing::debug!(size, "the store is too large to be copied at every start");
            return Ok(Before::NotCopied);
        }
        copy_store(&self.store, &self.unfinished())?;
        fs::write(self.unfinished().join(BOOT), boot().unwrap_or_default())?;
        fs::rename(self.unfinished(), self.copy())?;
        Ok(Before::Copied)
    }

    /// Whether a copy that an earlier start left is whole and nothing was acknowledged since.
    ///
    /// It was not synced, for that would cost more than the copy; so it counts only
    /// as long as the machine has not been started anew.
    fn is_current(&self) -> bool {
        let same = |name: &str, now: Option<Vec<u8>>| {
            now.is_some() && fs::read(self.copy().join(name)).ok() == now
        };
        self.copy().join(RECORDS).exists()
            && same(BOOT, boot())
            && same(MARK, fs::read(self.store.join(MARK)).ok())
    }

    /// Keeps the copy beside the store, unless the same bytes are there already.
    fn evidence(&self) -> io::Result<PathBuf> {
        let mut number = 1;
        let mut kept = self.beside("damaged-1");
        while kept.exists() {
            if is_same_store(&self.copy(), &kept)? {
                return Ok(kept);
            }
            number += 1;
            kept = self.beside(&format!("damaged-{number}"));
        }
        let unfinished = self.beside("damaged.unfinished");
        copy_store(&self.copy(), &unfinished)?;
        sync(&unfinished)?;
        fs::rename(&unfinished, &kept)?;
        sync_dir(kept.parent().unwrap_or(&self.store))?;
        Ok(kept)
    }

    /// Puts the copy, which is durable, into the place of the records.
    ///
    /// Cut short between the two renames, the next start ends it.
    fn swap(&self) -> io::Result<()> {
        discard(&self.unfinished())?;
        fs::rename(self.records(), self.unfinished())?;
        fs::rename(self.copy().join(RECORDS), self.records())?;
        sync_dir(&self.store)?;
        discard(&self.unfinished())?;
        discard(&self.copy())
    }

    /// Renames it first, so that a half-removed one is never taken for whole.
    fn remove_copy(&self) -> io::Result<()> {
        if self.copy().exists() {
            discard(&self.unfinished())?;
            fs::rename(self.copy(), self.unfinished())?;
        }
        discard(&self.unfinished())
    }

    fn records(&self) -> PathBuf {
        self.store.join(RECORDS)
    }

    fn copy(&self) -> PathBuf {
        self.store.join("as-found")
    }

    fn unfinished(&self) -> PathBuf {
        self.store.join("unfinished")
    }

    /// Not in the store's folder, which a backup will replace.
    fn beside(&self, what: &str) -> PathBuf {
        self.store.with_added_extension(what)
    }
}

fn boot() -> Option<Vec<u8>> {
    fs::read("/proc/sys/kernel/random/boot_id").ok()
}

pub(crate) fn discard(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(crate) fn size(dir: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        sum += match entry.file_type()?.is_dir() {
            true => size(&entry.path())?,
            false => entry.metadata()?.len(),
        };
    }
    Ok(sum)
}

fn copy_store(from: &Path, to: &Path) -> io::Result<()> {
    create_like(from, to)?;
    fs::copy(from.join(MARK), to.join(MARK))?;
    copy_dir(&from.join(RECORDS), &to.join(RECORDS))
}

/// Makes a folder that the same people may read.
fn create_like(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}

pub(crate) fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    create_like(from, to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_dir(&entry.path(), &to)?,
            false => drop(fs::copy(entry.path(), to)?),
        }
    }
    Ok(())
}

/// Makes a folder and all that is in it survive a power cut.
pub(crate) fn sync(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => sync(&entry.path())?,
            false => File::open(entry.path())?.sync_all()?,
        }
    }
    sync_dir(dir)
}

fn is_same_store(a: &Path, b: &Path) -> io::Result<bool> {
    Ok(is_same(&a.join(MARK), &b.join(MARK))? && is_same(&a.join(RECORDS), &b.join(RECORDS))?)
}

/// Whether two files, or two folders with all that is in them, are the same.
fn is_same(a: &Path, b: &Path) -> io::Result<bool> {
    if !b.exists() || a.is_dir() != b.is_dir() {
        return Ok(false);
    }
    if !a.is_dir() {
        return is_same_file(a, b);
    }
    if fs::read_dir(a)?.count() != fs::read_dir(b)?.count() {
        return Ok(false);
    }
    for entry in fs::read_dir(a)? {
        let entry = entry?;
        if !is_same(&entry.path(), &b.join(entry.file_name()))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_same_file(a: &Path, b: &Path) -> io::Result<bool> {
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        left.clear();
        right.clear();
        a.by_ref().take(BLOCK as u64).read_to_end(&mut left)?;
        b.by_ref().take(BLOCK as u64).read_to_end(&mut right)?;
        if left != right || left.is_empty() {
            return Ok(left == right);
        }
    }
}
