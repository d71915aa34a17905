//! The folder of messages: `000001.eml`, `000002.eml`, in order of arrival.
//!
//! A file has its name only when all of it is on disk, so a reader never sees
//! half a message.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub(super) struct Folder {
    path: PathBuf,
    /// The number of the last message.
    last: Mutex<u64>,
}

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Folder> {
        std::fs::create_dir_all(path)?;
        let numbers = files(path)?.into_iter().filter_map(|file| number(&file));
        let last = Mutex::new(numbers.max().unwrap_or(0));
        let path = path.to_owned();
        Ok(Folder { path, last })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// On disk when it returns.
    pub(super) fn store(&self, message: &[u8]) -> io::Result<PathBuf> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{:06}.eml", *last + 1);
        let temporary = self.path.join(format!(".{name}"));
        let mut file = File::create(&temporary)?;
        file.write_all(message)?;
        file.sync_all()?;
        let path = self.path.join(name);
        std::fs::rename(&temporary, &path)?;
        File::open(&self.path)?.sync_all()?;
        *last += 1;
        Ok(path)
    }
}

/// The messages of a folder, in order.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if number(&path).is_some() {
            files.push(path);
        }
    }
    files.sort_by_key(|file| number(file));
    Ok(files)
}

fn number(file: &Path) -> Option<u64> {
    let name = file.file_name()?.to_str()?;
    name.strip_suffix(".eml")?.parse().ok()
}
