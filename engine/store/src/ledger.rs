//! How the store knows that nothing of it is missing.
//!
//! sled can lose acknowledged records to a damaged byte and open all the same.
//! So each write also writes the [`Ledger`]: how many records there are and a
//! digest over all of them (a sum, to which a record is added and from which it
//! is taken away). At the start every record is read, its checksum verified and
//! the sum compared. The ledger itself could be an older one; that is what the
//! [`Mark`] is for: a second small file that says how far the store had come.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{
    backend::{self, Backend, Write},
    error::ReadError,
    key::{self, Key},
    record::{self, Trace},
};

/// How many records are read at a time when all are.
const PAGE: usize = 1024;

/// What the store holds, all in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// How many durable writes there were.
    pub(crate) writes: u64,
    /// The global number of the next fact; as many were ever written.
    pub(crate) next: u64,
    /// How many facts there are now.
    pub(crate) facts: u64,
    /// How many records there are now, this one excepted.
    pub(crate) records: u64,
    /// The sum of their weights.
    pub(crate) digest: u64,
}

impl Ledger {
    /// Takes in what a write does to the record at `key`.
    pub(crate) fn shift(&mut self, key: &[u8], before: Option<Trace>, after: Option<Trace>) {
        let facts = u64::from(key::is_fact(key));
        if let Some(before) = before {
            self.records -= 1;
            self.facts -= facts;
            self.digest = self.digest.wrapping_sub(before.weight);
        }
        if let Some(after) = after {
            self.records += 1;
            self.facts += facts;
            self.digest = self.digest.wrapping_add(after.weight);
        }
    }

    pub(crate) fn to_write(self) -> Write {
        let bytes = record::encode(key::LEDGER, self.next, &self);
        (key::LEDGER.to_vec(), Some(bytes))
    }
}

/// Reads every record and compares with the ledger and the mark.
///
/// `None` for a store in which nothing was ever written. Only the writer may
/// ask, or whoever knows that nobody writes.
pub(crate) fn audit(
    backend: &dyn Backend,
    mark: Option<&Mark>,
) -> Result<Option<Ledger>, ReadError> {
    refuse_newer(backend)?;
    let ledger = backend.get(key::LEDGER)?;
    let ledger = ledger.map(|bytes| record::decode::<Ledger>(key::LEDGER, &bytes));
    let ledger = ledger.transpose()?;
    let found = sum(backend)?;
    if let Some(mark) = mark {
        compare_with_mark(ledger.unwrap_or_default(), mark.read())?;
    }
    let Some(ledger) = ledger else {
        return match found.records {
            0 => Ok(None),
            _ => Err(ReadError::Damaged("its ledger is missing".to_owned())),
        };
    };
    if found.facts != ledger.facts {
        let why = format!(
            "it should hold {} facts and holds {}",
            ledger.facts, found.facts
        );
        return Err(ReadError::Damaged(why));
    }
    if (found.records, found.digest) != (ledger.records, ledger.digest) {
        let why = "some of its records are older than the last ones acknowledged";
        return Err(ReadError::Damaged(why.to_owned()));
    }
    Ok(Some(ledger))
}

/// The ledger of records whose files are those that were sealed with `sealed`.
///
/// Read from the records themselves and compared with the mark too, so that even what sled
/// makes of whole files is not believed unseen; the records are audited when it differs.
pub(crate) fn confirm(
    backend: &dyn Backend,
    mark: &Mark,
    sealed: Ledger,
) -> Result<Option<Ledger>, ReadError> {
    refuse_newer(backend)?;
    let found = backend.get(key::LEDGER)?;
    let found = found.map(|bytes| record::decode::<Ledger>(key::LEDGER, &bytes));
    match found.transpose()? {
        Some(ledger) if ledger == sealed => {
            compare_with_mark(ledger, mark.read())?;
            Ok(Some(ledger))
        }
        _ => audit(backend, Some(mark)),
    }
}

/// Compares all records with the ledger of the last write.
pub(crate) fn audit_whole(backend: &dyn Backend, last: &Ledger) -> Result<(), ReadError> {
    match audit(backend, None)? {
        Some(found) if found == *last => Ok(()),
        _ => Err(ReadError::Damaged(
            "its ledger is not that of the last write".to_owned(),
        )),
    }
}

/// Writes the records that every store begins with.
pub(crate) fn begin(
    backend: &dyn Backend,
    mark: Option<&Mark>,
    format: u8,
) -> Result<Ledger, backend::Error> {
    let key = key::FORMAT.to_vec();
    let bytes = record::encode(&key, 0, &format);
    let mut ledger = Ledger::default();
    ledger.shift(&key, None, Some(Trace::of(&key, &bytes)));
    ledger.writes = 1;
    backend.write(vec![(key, Some(bytes)), ledger.to_write()])?;
    if let Some(mark) = mark {
        mark.write(&ledger)?;
    }
    Ok(ledger)
}

// Before all else, for a newer version may keep its records in another way.
fn refuse_newer(backend: &dyn Backend) -> Result<(), ReadError> {
    match backend.get(key::FORMAT)? {
        Some(bytes) => match record::decode::<u8>(key::FORMAT, &bytes)? {
            found if found > record::FORMAT => Err(ReadError::Newer {
                found,
                ours: record::FORMAT,
            }),
            _ => Ok(()),
        },
        None => Ok(()),
    }
}

fn sum(backend: &dyn Backend) -> Result<Ledger, ReadError> {
    let mut found = Ledger::default();
    let mut from: Key = key::ALL.start.to_vec();
    loop {
        let page = backend.scan(&from..key::ALL.end, PAGE, false)?;
        for (key, value) in &page {
            record::verify(key, value)?;
            if key != key::LEDGER {
                found.shift(key, None, Some(Trace::of(key, value)));
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE => from = [last, &[0][..]].concat(),
            _ => return Ok(found),
        }
    }
}

fn compare_with_mark(ledger: Ledger, promised: Option<Slot>) -> Result<(), ReadError> {
    let Some(promised) = promised else {
        if ledger.writes > 0 {
            tracing::warn!("the store's high-water mark is unreadable and will be written anew");
        }
        return Ok(());
    };
    if promised.writes > ledger.writes {
        let why = format!(
            "its last {} writes, with {} facts, were acknowledged and are missing",
            promised.writes - ledger.writes,
            promised.next.saturating_sub(ledger.next)
        );
        return Err(ReadError::Damaged(why));
    }
    if promised.writes == ledger.writes && promised.digest != ledger.digest {
        let why = "its ledger is not the one that was acknowledged last";
        return Err(ReadError::Damaged(why.to_owned()));
    }
    Ok(())
}

/// The file `high-water`: two slots, written in turn, of which one is always whole.
///
/// It is written after the records are durable and before they are acknowledged,
/// and not synced: after a power cut it may be behind, never ahead.
#[derive(Debug)]
pub(crate) struct Mark {
    file: File,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Slot {
    writes: u64,
    next: u64,
    digest: u64,
}

const SLOT: usize = 28;

impl Mark {
    /// Opens or creates it; durable once it has returned.
    pub(crate) fn open(path: &Path) -> io::Result<Mark> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)?;
        if file.metadata()?.len() == 0 {
            file.write_all_at(&[0; 2 * SLOT], 0)?;
        }
        file.sync_all()?;
        Ok(Mark { file })
    }

    pub(crate) fn write(&self, ledger: &Ledger) -> io::Result<()> {
        let mut bytes = [0; SLOT];
        bytes[..8].copy_from_slice(&ledger.writes.to_be_bytes());
        bytes[8..16].copy_from_slice(&ledger.next.to_be_bytes());
        bytes[16..24].copy_from_slice(&ledger.digest.to_be_bytes());
        let sum = crc32fast::hash(&bytes[..24]);
        bytes[24..].copy_from_slice(&sum.to_be_bytes());
        let place = (ledger.writes % 2) * SLOT as u64;
        self.file.write_all_at(&bytes, place)
    }

    /// Makes it survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// The newest whole slot; `None` when there is none to be read.
    fn read(&self) -> Option<Slot> {
        let slots = [0, SLOT as u64].map(|place| {
            let mut bytes = [0; SLOT];
            self.file.read_exact_at(&mut bytes, place).ok()?;
            Slot::parse(&bytes)
        });
        slots.into_iter().flatten().max_by_key(|slot| slot.writes)
    }
}

impl Slot {
    fn parse(bytes: &[u8; SLOT]) -> Option<Slot> {
        let number = |at: usize| Some(u64::from_be_bytes(bytes[at..at + 8].try_into().ok()?));
        let sum = u32::from_be_bytes(bytes[24..].try_into().ok()?);
        (crc32fast::hash(&bytes[..24]) == sum).then_some(Slot {
            writes: number(0)?,
            next: number(8)?,
            digest: number(16)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{OpenError, Store, backend::memory::Memory, backend::sled::Sled};

    #[test]
    fn a_store_of_a_newer_version_is_refused_with_both_versions_named() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let sled = Sled::open(&store.join("sled")).unwrap();
        begin(&sled, None, record::FORMAT + 1).unwrap();
        drop(sled);
        let refused = Store::open(&store).err().unwrap();
        let expected = format!(
            "the store `{}` has format 2, written by a newer Botswain; this one reads up to format 1",
            store.display()
        );
        assert_eq!(refused.to_string(), expected);
        assert!(matches!(
            refused,
            OpenError::Newer {
                found: 2,
                ours: 1,
                ..
            }
        ));
    }

    #[test]
    fn a_record_of_a_newer_version_is_refused() {
        let memory = Memory::default();
        let bytes = record::encode_as(record::FORMAT + 1, key::FORMAT, 0, &2);
        let write = (key::FORMAT.to_vec(), Some(bytes));
        memory.write(vec![write]).unwrap();
        let refused = Store::on(Arc::new(memory)).err().unwrap();
        assert!(matches!(refused, ReadError::Newer { found: 2, ours: 1 }));
    }

    /// Whatever sled may do to a record without its ledger knowing is noticed.
    #[test]
    fn a_record_that_is_gone_older_or_back_is_noticed() {
        let new_store = || {
            let memory = Memory::default();
            let mut ledger = begin(&memory, None, record::FORMAT).unwrap();
            let mut write = |key: &[u8], body: Option<&str>| {
                let before = memory.get(key).unwrap();
                let after = body.map(|body| record::encode(key, 0, &body));
                let trace = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|it| Trace::of(key, it));
                ledger.shift(key, trace(&before), trace(&after));
                let writes = vec![(key.to_vec(), after), ledger.to_write()];
                memory.write(writes).unwrap();
                before
            };
            write(b"f/a", Some("fact"));
            write(b"s/a", Some("old"));
            write(b"o/a", Some("open"));
            let old = write(b"s/a", Some("new"));
            let removed = write(b"o/a", None);
            (memory, old, removed)
        };
        let why = |damage: fn(Option<Vec<u8>>, Option<Vec<u8>>) -> Write| {
            let (memory, old, removed) = new_store();
            memory.write(vec![damage(old, removed)]).unwrap();
            audit(&memory, None).unwrap_err().to_string()
        };
        assert!(audit(&new_store().0, None).is_ok());
        let older =
            "the store is damaged: some of its records are older than the last ones acknowledged";
        assert_eq!(why(|old, _| (b"s/a".to_vec(), old)), older);
        assert_eq!(why(|_, back| (b"o/a".to_vec(), back)), older);
        assert_eq!(
            why(|_, _| (b"f/a".to_vec(), None)),
            "the store is damaged: it should hold 1 facts and holds 0"
        );
        assert_eq!(
            why(|_, _| (key::LEDGER.to_vec(), None)),
            "the store is damaged: its ledger is missing"
        );
    }
}
