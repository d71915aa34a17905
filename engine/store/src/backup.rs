//! A backup: a folder with the facts up to a number, and all that they name.
//!
//! It is made while others write. One moment in the writer's thread fixes the
//! number and what cannot be computed from facts (where schedules stand, which
//! runs were pruned); facts below the number do not change any more and are
//! copied at leisure. The index is not copied: a restoration computes it anew.
//! The manifest comes last, so a folder without one is no backup.
//!
//! ```text
//! DIR/manifest.json   what is in it, with hashes
//! DIR/records         facts, versions, the claims of pruned runs, the ledger's number
//! DIR/artifacts/ab/   files and tables, each under the hash of its content
//! DIR/beside/         files that whoever asks keeps beside the store
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use botswain_core::Hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Artifacts, FORMAT, Store,
    artifacts::{
        self,
        names::{Named, names_in},
    },
    backend::{Entry, sled::sync_dir},
    draft::{Claimed, Highest},
    error::ReadError,
    key, prune, record,
    store::Entries,
};

/// The layout of a backup.
pub const LAYOUT: u8 = 1;
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const RECORDS: &str = "records";
pub(crate) const ARTIFACTS: &str = "artifacts";
pub(crate) const BESIDE: &str = "beside";

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Manifest {
    pub layout: u8,
    /// The format of its records.
    pub format: u8,
    /// The Botswain that made it.
    pub version: String,
    /// What the instance is called.
    pub name: String,
    pub made: Timestamp,
    pub facts: u64,
    /// The global number below which every fact is in it.
    pub below: u64,
    pub(crate) counters: Highest,
    /// Of the file `records`.
    pub bytes: u64,
    pub sha256: Hash,
    /// Files and tables, each with its bytes.
    pub artifacts: BTreeMap<Hash, u64>,
    /// Named by facts, but missing or damaged when the backup was made.
    pub missing: BTreeSet<Hash>,
    /// As it was given. Absent in a backup of an older Botswain.
    #[serde(default)]
    pub beside: BTreeMap<String, String>,
    /// Files that were given, in `beside/`, each with its hash.
    #[serde(default)]
    pub files: BTreeMap<String, Hash>,
}

/// Who asks for a backup, and when.
#[derive(Clone, Debug)]
pub struct Label {
    pub name: String,
    pub version: String,
    pub made: Timestamp,
    /// Small texts that whoever asks keeps beside the store, by their names.
    pub beside: BTreeMap<String, String>,
    /// Files of theirs: their names, where they are, and how much of each belongs in it.
    pub files: Vec<(String, PathBuf, u64)>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{}` is not empty", .0.display())]
    NotEmpty(PathBuf),
    #[error("`{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Artifacts(#[from] artifacts::Error),
    #[error(transparent)]
    Prune(#[from] prune::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::NotEmpty(_) => "name a folder that is not there yet; each backup has its own",
            Error::Io { .. } => "look whether the folder can be written to and the disk has room",
            Error::Read(_) | Error::Prune(_) => "`botswain verify` says what is wrong",
            Error::Artifacts(error) => error.hint(),
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        move |source| Error::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// What one moment fixes.
struct Cut {
    below: u64,
    counters: Highest,
    /// Records that no fact gives.
    records: Vec<Entry>,
}

impl Store {
    /// Makes a backup in the folder `to`, which is empty or not there; durable once it has
    /// returned. Blocks, while others go on.
    pub fn backup(
        &self,
        artifacts: &Artifacts,
        to: &Path,
        label: Label,
    ) -> Result<Manifest, Error> {
        let _alone = self.alone();
        self.finish_pruning(&mut BTreeMap::new())?;
        begin(to)?;
        let cut = self.cut()?;
        let mut copy = Copy::begin(&to.join(RECORDS))?;
        for (key, bytes) in &cut.records {
            copy.record(key, bytes)?;
        }
        for kind in [b"v", b"f", b"c"] {
            for entry in Entries::new(&*self.backend, key::below(kind)) {
                let (key, bytes) = entry?;
                copy.take(&key, &bytes, cut.below)?;
            }
        }
        let (bytes, sha256) = copy.end()?;
        let (kept, missing) = files(
            artifacts,
            std::mem::take(&mut copy.named),
            &to.join(ARTIFACTS),
        )?;
        let files = beside(&label.files, &to.join(BESIDE))?;
        let manifest = Manifest {
            layout: LAYOUT,
            format: FORMAT,
            version: label.version,
            name: label.name,
            made: label.made,
            facts: copy.facts,
            below: cut.below,
            counters: cut.counters,
            bytes,
            sha256,
            artifacts: kept,
            missing,
            beside: label.beside,
            files,
        };
        end(to, &manifest)?;
        Ok(manifest)
    }

    fn cut(&self) -> Result<Cut, ReadError> {
        self.inspect(|backend, ledger| {
            let mut records: Vec<Entry> = Vec::new();
            // What no fact gives again: where schedules and sources stand, what is still to become
            // a run, what people have corrected.
            for kind in [b"g", b"k", b"n", b"p"] {
                for entry in Entries::new(backend, key::below(kind)) {
                    records.push(entry?);
                }
            }
            if let Some(pruned) = backend.get(key::PRUNED)? {
                records.push((key::PRUNED.to_vec(), pruned));
            }
            let counters = backend.get(key::COUNTERS)?;
            let counters = counters.map(|bytes| record::decode(key::COUNTERS, &bytes));
            Ok(Cut {
                below: ledger.next,
                counters: counters.transpose()?.unwrap_or_default(),
                records,
            })
        })?
    }
}

/// The file of records as it grows.
struct Copy {
    path: PathBuf,
    file: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
    facts: u64,
    named: BTreeMap<Hash, Named>,
}

impl Copy {
    fn begin(path: &Path) -> Result<Copy, Error> {
        let file = File::create_new(path).map_err(Error::io(path))?;
        Ok(Copy {
            path: path.to_owned(),
            file: BufWriter::new(file),
            hasher: Sha256::new(),
            bytes: 0,
            facts: 0,
            named: BTreeMap::new(),
        })
    }

    /// Copies what belongs into a backup of all facts below a number.
    fn take(&mut self, key: &[u8], bytes: &[u8], below: u64) -> Result<(), Error> {
        let body = record::verify(key, bytes)?;
        match key.first() {
            Some(b'f') if record::number(bytes) >= below => return Ok(()),
            Some(b'f') => self.facts += 1,
            Some(b'c') if !record::decode::<Claimed>(key, bytes)?.outlives_its_run() => {
                return Ok(());
            }
            _ => (),
        }
        if key.first() != Some(&b'v') {
            let named = names_in(body).into_iter();
            self.named
                .extend(named.map(|named| (named.hash.clone(), named)));
        }
        self.record(key, bytes)
    }

    fn record(&mut self, key: &[u8], bytes: &[u8]) -> Result<(), Error> {
        let lengths = [key.len() as u32, bytes.len() as u32].map(u32::to_be_bytes);
        for part in [&lengths.concat()[..], key, bytes] {
            self.file.write_all(part).map_err(Error::io(&self.path))?;
            self.hasher.update(part);
            self.bytes += part.len() as u64;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(u64, Hash), Error> {
        let flushed = self.file.flush();
        let synced = flushed.and_then(|()| self.file.get_ref().sync_all());
        synced.map_err(Error::io(&self.path))?;
        Ok((
            self.bytes,
            Hash::from_digest(&self.hasher.clone().finalize()),
        ))
    }
}

fn begin(to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(Error::io(to))?;
    match fs::read_dir(to).map_err(Error::io(to))?.next() {
        Some(_) => Err(Error::NotEmpty(to.to_owned())),
        None => Ok(()),
    }
}

/// Copies what is named; what cannot be read right is told, and the rest is copied all the same.
fn files(
    artifacts: &Artifacts,
    named: BTreeMap<Hash, Named>,
    to: &Path,
) -> Result<(BTreeMap<Hash, u64>, BTreeSet<Hash>), Error> {
    fs::create_dir_all(to).map_err(Error::io(to))?;
    let (mut kept, mut missing) = (BTreeMap::new(), BTreeSet::new());
    let mut folders = BTreeSet::from([to.to_owned()]);
    for (hash, named) in artifacts.closure(named) {
        match artifacts.look_at(&named) {
            Ok(size) => {
                folders.insert(artifacts.copy_to(&hash, to)?);
                kept.insert(hash, size);
            }
            Err(artifacts::Error::Missing { .. } | artifacts::Error::Damaged { .. }) => {
                missing.insert(hash);
            }
            Err(error) => return Err(error.into()),
        }
    }
    for folder in folders {
        sync_dir(&folder).map_err(Error::io(&folder))?;
    }
    Ok((kept, missing))
}

/// Copies the files of whoever asks, as far as they belong in it.
fn beside(files: &[(String, PathBuf, u64)], to: &Path) -> Result<BTreeMap<String, Hash>, Error> {
    let mut copied = BTreeMap::new();
    if files.is_empty() {
        return Ok(copied);
    }
    fs::create_dir_all(to).map_err(Error::io(to))?;
    for (name, from, length) in files {
        let path = to.join(name);
        let mut rest = File::open(from).map_err(Error::io(from))?.take(*length);
        let mut file = File::create_new(&path).map_err(Error::io(&path))?;
        let written = io::copy(&mut rest, &mut file).and_then(|_| file.sync_all());
        written.map_err(Error::io(&path))?;
        copied.insert(name.clone(), hash_of(&path).map_err(Error::io(&path))?);
    }
    sync_dir(to).map_err(Error::io(to))?;
    Ok(copied)
}

pub(crate) fn hash_of(path: &Path) -> io::Result<Hash> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(Hash::from_digest(&hasher.finalize()))
}

/// Where a backup has the files of whoever asked for it.
pub fn beside_of(backup: &Path) -> PathBuf {
    backup.join(BESIDE)
}

/// Writes the manifest, which makes the folder a backup.
fn end(to: &Path, manifest: &Manifest) -> Result<(), Error> {
    let path = to.join(MANIFEST);
    let unfinished = to.join("manifest.unfinished");
    let text = serde_json::to_vec_pretty(manifest).expect("a manifest is JSON");
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.map_err(Error::io(&unfinished))?;
    fs::rename(&unfinished, &path).map_err(Error::io(&path))?;
    sync_dir(to).map_err(Error::io(to))?;
    let around = to.parent().filter(|around| !around.as_os_str().is_empty());
    around.map_or(Ok(()), |around| sync_dir(around).map_err(Error::io(around)))
}

/// The records of a backup, one after the other.
pub(crate) struct Records {
    file: BufReader<File>,
    hasher: Sha256,
}

impl Records {
    pub(crate) fn open(path: &Path) -> io::Result<Records> {
        Ok(Records {
            file: BufReader::new(File::open(path)?),
            hasher: Sha256::new(),
        })
    }

    /// The next one; `None` where the file ends.
    pub(crate) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut lengths = [0; 8];
        match self.file.read(&mut lengths[..1])? {
            0 => return Ok(None),
            _ => self.file.read_exact(&mut lengths[1..])?,
        }
        self.hasher.update(lengths);
        let (key, value) = lengths.split_at(4);
        let key = self.take(key)?;
        let value = self.take(value)?;
        Ok(Some((key, value)))
    }

    fn take(&mut self, length: &[u8]) -> io::Result<Vec<u8>> {
        let length = u32::from_be_bytes(length.try_into().map_err(io::Error::other)?);
        let mut bytes = Vec::new();
        let read = self
            .file
            .by_ref()
            .take(u64::from(length))
            .read_to_end(&mut bytes)?;
        if read as u64 != u64::from(length) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    /// The hash of all that was read.
    pub(crate) fn hash(&self) -> Hash {
        Hash::from_digest(&self.hasher.clone().finalize())
    }
}
