//! Files that steps leave, each under the hash of its content.
//!
//! In go bytes, files or rows; out come references that a fact may name, because
//! the content is durable before a call returns: temporary file, fsync, rename to
//! its hash, fsync of the folder. Equal contents are kept once. Whoever opens the
//! folder holds the instance's lock.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use botswain_core::{ArtifactRef, Hash, TableRef};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::backend::sled::sync_dir;

pub(crate) mod names;
mod table;

pub use table::TableWriter;

/// How much of a file is in memory at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// The folder of artifacts. Its calls block; a clone is the same folder.
#[derive(Clone, Debug)]
pub struct Artifacts {
    root: Arc<Path>,
}

/// Why an artifact could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the file `{}` is missing", path.display())]
    Missing { path: PathBuf },
    #[error("the file `{}` is damaged: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("the disk is full")]
    Full,
    #[error("`{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::Missing { .. } | Error::Damaged { .. } => {
                "put the file back from a backup and try again, or run the step again"
            }
            Error::Full => "free some space; nothing is lost",
            Error::Io { .. } => {
                "the file must belong to the user who runs Botswain, on a disk that works"
            }
        }
    }

    fn io(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
            _ => Error::Io {
                path: path.to_owned(),
                source,
            },
        }
    }
}

impl Artifacts {
    /// Opens or creates the folder, and removes what a crash left unfinished in it.
    pub fn open_folder(root: &Path) -> Result<Artifacts, Error> {
        let unfinished = root.join("tmp");
        match fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io(&unfinished)(error));
            }
            _ => {}
        }
        fs::create_dir_all(&unfinished).map_err(Error::io(&unfinished))?;
        // All at once, so that nobody later relies on a folder that another has not synced.
        for first in 0..=u8::MAX {
            let folder = root.join(format!("{first:02x}"));
            fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        }
        sync_dir(root).map_err(Error::io(root))?;
        if let Some(parent) = root
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            sync_dir(parent).map_err(Error::io(parent))?;
        }
        Ok(Artifacts { root: root.into() })
    }

    /// Keeps `content` under its hash.
    pub fn put(&self, name: &str, media: &str, content: &[u8]) -> Result<ArtifactRef, Error> {
        let mut draft = self.draft()?;
        draft.write(content)?;
        let (hash, size) = draft.keep(self)?;
        Ok(reference(hash, name, media, size))
    }

    /// Keeps a copy of the file at `path`; the file itself stays as it is.
    ///
    /// It is copied, not moved, so that nobody who still has it open can change
    /// what lies under the hash.
    pub fn put_file(&self, name: &str, media: &str, path: &Path) -> Result<ArtifactRef, Error> {
        let mut file = File::open(path).map_err(Error::io(path))?;
        let mut draft = self.draft()?;
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk).map_err(Error::io(path))? {
                0 => break,
                length => draft.write(&chunk[..length])?,
            }
        }
        let (hash, size) = draft.keep(self)?;
        Ok(reference(hash, name, media, size))
    }

    /// Opens one for reading. An error when it is missing or has another size.
    pub fn open(&self, artifact: &ArtifactRef) -> Result<File, Error> {
        let file = self.open_hash(&artifact.hash)?;
        let path = self.path(&artifact.hash);
        let size = file.metadata().map_err(Error::io(&path))?.len();
        match size == artifact.size {
            true => Ok(file),
            false => Err(Error::Damaged {
                path,
                why: format!("it has {size} bytes and should have {}", artifact.size),
            }),
        }
    }

    /// Reads the whole content of an artifact or a table and compares the hash.
    pub fn verify(&self, hash: &Hash) -> Result<(), Error> {
        let mut file = self.open_hash(hash)?;
        let path = self.path(hash);
        let mut hasher = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk).map_err(Error::io(&path))? {
                0 => break,
                length => hasher.update(&chunk[..length]),
            }
        }
        match Hash::from_digest(&hasher.finalize()) == *hash {
            true => Ok(()),
            false => Err(Error::Damaged {
                path,
                why: "its content has another hash".to_owned(),
            }),
        }
    }

    /// Begins a table, to which items are added one by one.
    pub fn table(&self) -> Result<TableWriter, Error> {
        TableWriter::begin(self)
    }

    /// Reads `limit` items of a table from place `from` on.
    pub fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, Error> {
        table::rows(self, table, from, limit)
    }

    fn draft(&self) -> Result<Draft, Error> {
        let folder = self.root.join("tmp");
        let file = NamedTempFile::new_in(&folder).map_err(Error::io(&folder))?;
        Ok(Draft {
            file,
            hasher: Sha256::new(),
            size: 0,
        })
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        self.folder(hash).join(hash.as_str())
    }

    /// Opens what lies under a hash, whatever its name and size.
    pub fn open_hash(&self, hash: &Hash) -> Result<File, Error> {
        let path = self.path(hash);
        File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::Missing { path },
            _ => Error::io(&path)(error),
        })
    }

    /// The folder in which the content of `hash` lies.
    fn folder(&self, hash: &Hash) -> PathBuf {
        self.root.join(&hash.as_str()[..2])
    }
}

fn reference(hash: Hash, name: &str, media: &str, size: u64) -> ArtifactRef {
    ArtifactRef {
        hash,
        name: name.to_owned(),
        media: media.to_owned(),
        size,
    }
}

/// Content whose hash is not known yet. Dropped, it leaves nothing.
#[derive(Debug)]
struct Draft {
    file: NamedTempFile,
    hasher: Sha256,
    size: u64,
}

impl Draft {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all(bytes);
        written.map_err(Error::io(self.file.path()))?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn hash(&self) -> Hash {
        Hash::from_digest(&self.hasher.clone().finalize())
    }

    /// Gives it its name; durable once it has returned.
    fn keep(self, artifacts: &Artifacts) -> Result<(Hash, u64), Error> {
        let hash = self.hash();
        let folder = artifacts.folder(&hash);
        // Also over one that is there already: it may be damaged, or put there by
        // somebody who has not synced the folder yet.
        persist(self.file, &artifacts.path(&hash))?;
        sync_dir(&folder).map_err(Error::io(&folder))?;
        Ok((hash, self.size))
    }
}

/// Syncs a file and renames it; the folder is not synced.
fn persist(file: NamedTempFile, path: &Path) -> Result<(), Error> {
    file.as_file().sync_all().map_err(Error::io(path))?;
    let renamed = file.persist(path);
    renamed.map_err(|failed| Error::io(path)(failed.error))?;
    Ok(())
}
