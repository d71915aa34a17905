//! What every byte of the records was when the store was closed in an orderly way.
//!
//! After the records are closed, the file `sealed` gets the ledger and a checksum
//! of each mebibyte of each file. A store whose files still have these sums is the
//! store that was closed: its records need not be read one by one at the start, and
//! sled finds nothing to cut, so they need no copy. A seal that does not fit means
//! nothing: it is compared byte by byte, so an old one can never be believed.
//!
//! `[crc32 of the rest, as 8 hexadecimal digits]\n[JSON]`

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde::{Deserialize, Serialize};

use crate::{backend::sled::sync_dir, ledger::Ledger};

const NAME: &str = "sealed";
/// Of how many bytes one sum is.
const BLOCK: u64 = 1024 * 1024;
/// Reading is cheaper than summing only up to a few.
const THREADS: usize = 4;

/// The state in which a store was closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seal {
    pub(crate) ledger: Ledger,
    files: Vec<Sums>,
}

/// One file below the store's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sums {
    path: PathBuf,
    length: u64,
    blocks: Vec<u32>,
}

impl Seal {
    /// The seal of the store in `dir`, if the files are what they were.
    pub(crate) fn unbroken(dir: &Path) -> Option<Seal> {
        let seal = Seal::parse(&fs::read(dir.join(NAME)).ok()?)?;
        // Lengths first: what was cut or has grown is told apart without reading it.
        let found = listed(dir).ok()?;
        let lengths = seal.files.iter().map(|sums| (&sums.path, sums.length));
        let same = lengths.eq(found.iter().map(|(path, length)| (path, *length)));
        (same && summed(dir, found).ok()? == seal.files).then_some(seal)
    }

    /// Takes it away; durable once it has returned.
    pub(crate) fn remove(dir: &Path) -> io::Result<()> {
        match fs::remove_file(dir.join(NAME)) {
            Ok(()) => sync_dir(dir),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    // Not synced: one that a power cut damages is no seal.
    fn write(dir: &Path, ledger: Ledger) -> io::Result<()> {
        let files = summed(dir, listed(dir)?)?;
        let body = serde_json::to_vec(&Seal { ledger, files })?;
        let text = [
            format!("{:08x}\n", crc32fast::hash(&body)).as_bytes(),
            &body,
        ]
        .concat();
        let unfinished = dir.join("sealed.unfinished");
        fs::write(&unfinished, text)?;
        fs::rename(unfinished, dir.join(NAME))
    }

    fn parse(text: &[u8]) -> Option<Seal> {
        let (sum, body) = text.split_at_checked(9)?;
        let sum = u32::from_str_radix(str::from_utf8(&sum[..8]).ok()?, 16).ok()?;
        match crc32fast::hash(body) == sum {
            true => serde_json::from_slice(body).ok(),
            false => None,
        }
    }
}

/// Seals a store when it is dropped, after its records and before its lock.
pub(crate) struct Sealing {
    pub(crate) dir: PathBuf,
    /// Whether the records were closed without a complaint.
    pub(crate) closed: Arc<AtomicBool>,
    /// The ledger after the last write, if none had failed.
    pub(crate) last: Arc<OnceLock<Ledger>>,
}

impl Drop for Sealing {
    fn drop(&mut self) {
        let last = self
            .last
            .get()
            .filter(|_| self.closed.load(Ordering::Acquire));
        let Some(ledger) = last else { return };
        if let Err(error) = Seal::write(&self.dir, *ledger) {
            tracing::warn!(%error, "the store was closed without a seal; its next start reads every record");
        }
    }
}

/// The files that make the store, sorted, with their lengths.
fn listed(dir: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from("sled")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(dir.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => folders.push(path),
                false => files.push((path, entry.metadata()?.len())),
            }
        }
    }
    let mark = PathBuf::from("high-water");
    let length = fs::metadata(dir.join(&mark))?.len();
    files.push((mark, length));
    files.sort();
    Ok(files)
}

fn summed(dir: &Path, files: Vec<(PathBuf, u64)>) -> io::Result<Vec<Sums>> {
    let sum = |(path, length): (PathBuf, u64)| {
        let blocks = blocks(&File::open(dir.join(&path))?, length)?;
        Ok(Sums {
            path,
            length,
            blocks,
        })
    };
    files.into_iter().map(sum).collect()
}

/// The sums of a file's blocks, on as many threads as pay.
fn blocks(file: &File, length: u64) -> io::Result<Vec<u32>> {
    let count = length.div_ceil(BLOCK);
    let threads = thread::available_parallelism().map_or(1, |it| it.get().min(THREADS));
    let share = count.div_ceil(threads as u64).max(1);
    let shares: Vec<_> = (0..count).step_by(share as usize).collect();
    let sums = thread::scope(|scope| {
        let sum = |from: &u64| {
            let range = *from..count.min(from + share);
            scope.spawn(move || range.map(|block| block_sum(file, length, block)).collect())
        };
        let running: Vec<_> = shares.iter().map(sum).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        let died = |_| io::Error::other("a thread that reads the store died");
        joined
            .map(|sums| sums.unwrap_or_else(|panic| Err(died(panic))))
            .collect::<io::Result<Vec<Vec<u32>>>>()
    })?;
    Ok(sums.concat())
}

fn block_sum(file: &File, length: u64, block: u64) -> io::Result<u32> {
    let mut bytes = vec![0; BLOCK.min(length - block * BLOCK) as usize];
    file.read_exact_at(&mut bytes, block * BLOCK)?;
    Ok(crc32fast::hash(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("sled/blobs")).unwrap();
        fs::write(dir.path().join("high-water"), [7; 56]).unwrap();
        fs::write(dir.path().join("sled/conf"), "conf").unwrap();
        fs::write(dir.path().join("sled/db"), vec![3; 3 * BLOCK as usize + 5]).unwrap();
        Seal::write(dir.path(), Ledger::default()).unwrap();
        assert!(Seal::unbroken(dir.path()).is_some());
        dir
    }

    #[test]
    fn whatever_changes_breaks_it() {
        let changes: [fn(&Path); 7] = [
            |dir| flip(&dir.join("sled/db"), 0),
            |dir| flip(&dir.join("sled/db"), 3 * BLOCK as usize + 4),
            |dir| flip(&dir.join("high-water"), 20),
            |dir| fs::write(dir.join("sled/snap.1"), "").unwrap(),
            |dir| fs::remove_file(dir.join("sled/conf")).unwrap(),
            |dir| flip(&dir.join(NAME), 3),
            |dir| flip(&dir.join(NAME), 40),
        ];
        for (nth, change) in changes.iter().enumerate() {
            let dir = sealed();
            change(dir.path());
            assert!(Seal::unbroken(dir.path()).is_none(), "change {nth}");
        }
    }

    #[test]
    fn once_removed_it_is_gone() {
        let dir = sealed();
        Seal::remove(dir.path()).unwrap();
        Seal::remove(dir.path()).unwrap();
        assert!(Seal::unbroken(dir.path()).is_none());
    }

    fn flip(path: &Path, place: usize) {
        let mut bytes = fs::read(path).unwrap();
        bytes[place] ^= 1;
        fs::write(path, bytes).unwrap();
    }
}
