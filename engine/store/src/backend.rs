//! What the store needs of the thing that keeps its records.
//!
//! Keys and values are bytes, keys are in the order of their bytes. There is one
//! writer at a time (the store's own thread) and any number of readers. The
//! store is tested on both: [`sled`] keeps records on disk, [`memory`] for as
//! long as it lives.

use std::{io, ops::Range};

pub mod memory;
mod quiet;
pub mod sled;

/// A key and, unless it is to be removed, its value.
pub type Write = (Vec<u8>, Option<Vec<u8>>);

/// What takes the place of a value.
#[derive(Clone, Debug)]
pub struct Replacement {
    pub key: Vec<u8>,
    /// The length of the value that is there now, if any is.
    pub before: Option<usize>,
    pub after: Option<Vec<u8>>,
}

impl Replacement {
    fn bytes(&self) -> u64 {
        (self.key.len() + self.after.as_ref().map_or(0, Vec::len)) as u64
    }
}

/// A key with its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// Keeps records in the order of their keys.
pub trait Backend: Send + Sync {
    /// Writes all of `writes`, each key at most once.
    ///
    /// Once it has returned `Ok`, all of them survive a crash and a power cut;
    /// a crash before that leaves all or none. After an `Err` it is open which,
    /// and no later write may be trusted: the caller must stop writing. A reader
    /// may see the writes shortly before they are durable.
    fn write(&self, writes: Vec<Write>) -> Result<(), Error>;

    /// The same by one who has read what the keys hold now, so that it need not be read again.
    fn replace(&self, replacements: Vec<Replacement>) -> Result<(), Error> {
        let write = |it: Replacement| (it.key, it.after);
        self.write(replacements.into_iter().map(write).collect())
    }

    /// The value of `key` as the last write left it.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// At most `limit` entries with keys in `range`, ascending, or descending
    /// from its end when `reverse`. Entries written meanwhile may be among them.
    fn scan(&self, range: Range<&[u8]>, limit: usize, reverse: bool) -> Result<Vec<Entry>, Error>;
}

/// Why records could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the disk is full")]
    Full,
    #[error("{0}")]
    Io(io::Error),
    /// What is on the disk is not what was written.
    #[error("{0}")]
    Damaged(String),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
            _ => Error::Io(error),
        }
    }
}
