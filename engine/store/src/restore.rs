//! A restoration: an instance without a past gets that of a backup.
//!
//! Everything is read and compared with the manifest before anything is made. The
//! new store is built beside the place of the store: facts as they were written,
//! the index computed from them, and the quarantine, which is durable with them.
//! Only a store that has passed its audit takes the place. A power cut in between
//! leaves the instance as empty as it was.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use botswain_core::{Hash, RunId, engine::quarantine::Quarantine, run::fact::Fact};
use jiff::Timestamp;

use crate::{
    Artifacts, FORMAT, Lock, OpenError, Store, artifacts,
    as_found::discard,
    backend::{Entry, sled::sync_dir},
    backup::{ARTIFACTS, BESIDE, LAYOUT, MANIFEST, Manifest, RECORDS, Records, hash_of},
    draft::{Highest, Writes},
    error::{AppendError, ReadError},
    key,
    rebuilt::Rebuilder,
    record,
    writer::Request,
};

/// How many records are written at once.
const BATCH: usize = 2048;
/// Numbers that were given after the backup was made are not given a second time, up to so many.
const GAP: u64 = 1000;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{}` is no backup: it has no readable `manifest.json`", .0.display())]
    NoBackup(PathBuf),
    #[error(
        "the backup has layout {layout} and format {format}, made by Botswain {version}; \
         this one reads up to layout {LAYOUT} and format {FORMAT}"
    )]
    Newer {
        layout: u8,
        format: u8,
        version: String,
    },
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    #[error("the instance is not empty: it holds {facts} facts")]
    NotEmpty { facts: u64 },
    #[error("`{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Artifacts(#[from] artifacts::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Error::NoBackup(_) => "name the folder that `botswain backup` has made".to_owned(),
            Error::Newer { version, .. } => {
                format!("restore it with Botswain {version} or a newer one")
            }
            Error::Damaged(_) => "take another backup; nothing was changed here".to_owned(),
            Error::NotEmpty { .. } => {
                "move `.botswain/store` and `.botswain/artifacts` aside first".to_owned()
            }
            Error::Io { .. } => "see to the disk, then try again".to_owned(),
            Error::Open(error) => error.hint().into_owned(),
            Error::Read(_) | Error::Append(_) => "see to the disk, then try again".to_owned(),
            Error::Artifacts(error) => error.hint().to_owned(),
        }
    }

    fn io(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        move |source| Error::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// Puts the backup in `from` into the place `store` and the folder of artifacts; durable once it
/// has returned. The instance is quarantined from then on.
pub fn restore(
    from: &Path,
    store: &Path,
    artifacts: &Artifacts,
    now: Timestamp,
) -> Result<Manifest, Error> {
    let manifest = read_manifest(from)?;
    compare(from, &manifest)?;
    refuse_a_past(store)?;
    let _lock =
        Lock::take(store.parent().unwrap_or_else(|| Path::new("."))).map_err(OpenError::from)?;
    for hash in manifest.artifacts.keys() {
        let path = file_of(from, hash);
        let kept = artifacts.put_file("", "", &path)?;
        if kept.hash != *hash {
            return Err(Error::Damaged(format!(
                "the artifact {hash} has another content"
            )));
        }
    }
    let building = store.with_added_extension("restoring");
    discard(&building).map_err(Error::io(&building))?;
    build(from, &manifest, &building, now)?;
    discard(store).map_err(Error::io(store))?;
    fs::rename(&building, store).map_err(Error::io(store))?;
    let around = store.parent().unwrap_or_else(|| Path::new("."));
    sync_dir(around).map_err(Error::io(around))?;
    Ok(manifest)
}

/// What a backup says of itself.
pub fn read_manifest(from: &Path) -> Result<Manifest, Error> {
    let no_backup = || Error::NoBackup(from.to_owned());
    let text = fs::read(from.join(MANIFEST)).map_err(|_| no_backup())?;
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|_| no_backup())?;
    let number = |name: &str| {
        value[name]
            .as_u64()
            .and_then(|number| u8::try_from(number).ok())
    };
    let (layout, format) = (
        number("layout").ok_or_else(no_backup)?,
        number("format").ok_or_else(no_backup)?,
    );
    // Before all else, for a newer manifest may say other things.
    if layout > LAYOUT || format > FORMAT {
        let version = value["version"].as_str().unwrap_or("?").to_owned();
        return Err(Error::Newer {
            layout,
            format,
            version,
        });
    }
    serde_json::from_value(value).map_err(|_| no_backup())
}

/// The records and every file are those of the manifest.
fn compare(from: &Path, manifest: &Manifest) -> Result<(), Error> {
    let path = from.join(RECORDS);
    let mut records = Records::open(&path).map_err(Error::io(&path))?;
    let mut facts = 0;
    while let Some((key, value)) = next(&mut records, &path)? {
        record::verify(&key, &value)?;
        facts += u64::from(key::is_fact(&key));
    }
    if records.hash() != manifest.sha256 || facts != manifest.facts {
        return Err(Error::Damaged(
            "its records are not those of its manifest".to_owned(),
        ));
    }
    for (name, hash) in &manifest.files {
        if hash_of(&from.join(BESIDE).join(name)).ok().as_ref() != Some(hash) {
            let why = format!("the file `{BESIDE}/{name}` is not in it as it was");
            return Err(Error::Damaged(why));
        }
    }
    for (hash, size) in &manifest.artifacts {
        match fs::metadata(file_of(from, hash)) {
            Ok(found) if found.len() == *size => (),
            _ => return Err(Error::Damaged(format!("the artifact {hash} is not in it"))),
        }
    }
    Ok(())
}

fn next(records: &mut Records, path: &Path) -> Result<Option<Entry>, Error> {
    records.next().map_err(|source| match source.kind() {
        io::ErrorKind::UnexpectedEof => Error::Damaged("its records are cut short".to_owned()),
        _ => Error::io(path)(source),
    })
}

fn refuse_a_past(store: &Path) -> Result<(), Error> {
    if !store.join("sled").exists() {
        return Ok(());
    }
    let found = Store::open(store)?;
    let facts = found.inspect(|_, ledger| ledger.next)?;
    match facts {
        0 => Ok(()),
        facts => Err(Error::NotEmpty { facts }),
    }
}

fn file_of(from: &Path, hash: &Hash) -> PathBuf {
    from.join(ARTIFACTS)
        .join(&hash.as_str()[..2])
        .join(hash.as_str())
}

/// Builds the store in a folder of its own, and looks whether it is whole.
fn build(from: &Path, manifest: &Manifest, dir: &Path, now: Timestamp) -> Result<(), Error> {
    let store = Store::build(dir)?;
    let path = from.join(RECORDS);
    let mut records = Records::open(&path).map_err(Error::io(&path))?;
    let mut writes = Writes::new();
    while let Some((key, value)) = next(&mut records, &path)? {
        writes.insert(key, Some(value));
        if writes.len() >= BATCH {
            store.put_raw(std::mem::take(&mut writes), None)?;
        }
    }
    store.put_raw(writes, Some(manifest.below))?;
    index(&store)?;
    let open = store.highest()?.open;
    if open != manifest.counters.open {
        let why = format!(
            "{} exceptions were open, its facts give {open}",
            manifest.counters.open
        );
        return Err(Error::Damaged(why));
    }
    let counters = Highest {
        run: manifest.counters.run + GAP,
        exception: manifest.counters.exception + GAP,
        open,
    };
    store.put(key::COUNTERS, &counters)?;
    store.set_quarantine(&Quarantine {
        made: manifest.made,
        restored: now,
        runs: manifest.counters.run,
        resumed: None,
    })?;
    store.check()?;
    Ok(())
}

/// Computes the index of every run from its facts.
fn index(store: &Store) -> Result<(), Error> {
    let mut runs = Rebuilder::new(&*store.backend);
    let mut facts: Vec<Fact> = Vec::new();
    let mut of: Option<RunId> = None;
    let range = key::below(b"f");
    for entry in crate::store::Entries::new(&*store.backend, range) {
        let (key, bytes) = entry?;
        let run = key::run_of(&key);
        if run != of {
            index_run(store, &mut runs, of.take(), &facts)?;
            facts.clear();
            of = run;
        }
        if key::seq(&key) != Some(facts.len() as u64) {
            return Err(Error::Damaged(format!(
                "fact {} is missing before `{}`",
                facts.len(),
                key::readable(&key)
            )));
        }
        facts.push(record::decode(&key, &bytes)?);
    }
    index_run(store, &mut runs, of, &facts)
}

fn index_run(
    store: &Store,
    runs: &mut Rebuilder<'_>,
    run: Option<RunId>,
    facts: &[Fact],
) -> Result<(), Error> {
    let Some(run) = run else { return Ok(()) };
    let rebuilt = runs.fold(&run, facts)?;
    let rebuilt = rebuilt.map_err(|why| Error::Damaged(format!("run {run}: {why}")))?;
    let rebuilt = Box::new(rebuilt);
    Ok(store.wait(|done| Request::Index { rebuilt, done })?)
}
