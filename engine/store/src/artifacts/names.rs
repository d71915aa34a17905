//! Which artifacts and tables a record names.
//!
//! Whatever a fact is about, references to files have one form in it: an object
//! with `$artifact` or `$table`. So this knows no facts, and new kinds of them
//! need nothing here. A large value and the rows of a table may name more.

use std::{
    collections::BTreeMap,
    fs::{self, DirEntry, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    time::SystemTime,
};

use botswain_core::{ArtifactRef, Hash, TableRef};
use serde_json::Value;

use super::{Artifacts, Error};

/// A file that is named, and what the name says of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Named {
    pub(crate) hash: Hash,
    /// In bytes, if the name says so.
    size: Option<u64>,
    /// Whether it may name others.
    holds_values: bool,
}

/// Everything that a JSON text names.
pub(crate) fn names_in(text: &[u8]) -> Vec<Named> {
    // Most records name nothing; they are not parsed a second time.
    let mentions = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    let mut found = Vec::new();
    if (mentions(b"\"$artifact\"") || mentions(b"\"$table\""))
        && let Ok(value) = serde_json::from_slice(text)
    {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut Vec<Named>) {
    if let Some(artifact) = ArtifactRef::from_value(value) {
        let holds_values = artifact.name == "value.json" && artifact.media == "application/json";
        found.push(Named {
            hash: artifact.hash,
            size: Some(artifact.size),
            holds_values,
        });
    }
    if let Some(table) = TableRef::from_value(value) {
        found.push(Named {
            hash: table.hash,
            size: None,
            holds_values: true,
        });
    }
    match value {
        Value::Object(map) => map.values().for_each(|value| collect(value, found)),
        Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
        _ => (),
    }
}

impl Artifacts {
    /// The hashes of all files that are kept.
    pub(crate) fn list(&self) -> Result<Vec<Hash>, Error> {
        let mut hashes = Vec::new();
        self.each(|hash, _| hashes.push(hash))?;
        hashes.sort();
        Ok(hashes)
    }

    /// Those that were last kept before `then`.
    pub(crate) fn list_before(&self, then: SystemTime) -> Result<Vec<Hash>, Error> {
        let mut hashes = Vec::new();
        self.each(|hash, entry| {
            let modified = entry.metadata().and_then(|it| it.modified());
            if modified.is_ok_and(|modified| modified < then) {
                hashes.push(hash);
            }
        })?;
        Ok(hashes)
    }

    fn each(&self, mut take: impl FnMut(Hash, &DirEntry)) -> Result<(), Error> {
        for first in 0..=u8::MAX {
            let folder = self.root.join(format!("{first:02x}"));
            for entry in fs::read_dir(&folder).map_err(Error::io(&folder))? {
                let entry = entry.map_err(Error::io(&folder))?;
                let name = entry.file_name().into_string().unwrap_or_default();
                if let Ok(hash) = serde_json::from_value::<Hash>(Value::String(name)) {
                    take(hash, &entry);
                }
            }
        }
        Ok(())
    }

    /// What is named, and what that names in turn. What cannot be read names nothing.
    pub(crate) fn closure(&self, named: BTreeMap<Hash, Named>) -> BTreeMap<Hash, Named> {
        let mut waiting: Vec<Named> = named.into_values().collect();
        let mut found = BTreeMap::new();
        while let Some(named) = waiting.pop() {
            if found.contains_key(&named.hash) {
                continue;
            }
            if named.holds_values {
                waiting.extend(self.names_of(&named.hash).unwrap_or_default());
            }
            found.insert(named.hash.clone(), named);
        }
        found
    }

    /// A large value is one line, a table many.
    fn names_of(&self, hash: &Hash) -> io::Result<Vec<Named>> {
        let file = File::open(self.path(hash))?;
        let mut found = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            found.extend(names_in(&line?));
        }
        Ok(found)
    }

    /// Reads a named file; how many bytes it has, when they are the right ones.
    pub(crate) fn look_at(&self, named: &Named) -> Result<u64, Error> {
        self.verify(&named.hash)?;
        let path = self.path(&named.hash);
        let size = fs::metadata(&path).map_err(Error::io(&path))?.len();
        match named.size.is_none_or(|said| said == size) {
            true => Ok(size),
            false => Err(Error::Damaged {
                path,
                why: format!(
                    "it has {size} bytes, a fact says {}",
                    named.size.unwrap_or(0)
                ),
            }),
        }
    }

    /// Copies one into a folder laid out like this one, durable but for the folder's names.
    pub(crate) fn copy_to(&self, hash: &Hash, root: &Path) -> Result<PathBuf, Error> {
        let folder = root.join(&hash.as_str()[..2]);
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let path = folder.join(hash.as_str());
        fs::copy(self.path(hash), &path).map_err(Error::io(&path))?;
        let copied = File::open(&path).and_then(|file| file.sync_all());
        copied.map_err(Error::io(&path))?;
        Ok(folder)
    }

    /// Takes one away, with the places of its rows; how many bytes that gives back.
    pub(crate) fn remove(&self, hash: &Hash) -> Result<u64, Error> {
        let path = self.path(hash);
        let mut freed = 0;
        for path in [path.with_extension("index"), path] {
            let size = fs::metadata(&path).map_or(0, |it| it.len());
            match fs::remove_file(&path) {
                Ok(()) => freed += size,
                Err(error) if error.kind() == io::ErrorKind::NotFound => (),
                Err(error) => return Err(Error::io(&path)(error)),
            }
        }
        Ok(freed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_found_in_every_corner() {
        let artifact = json!({ "$artifact": Hash::of(b"a"), "name": "a", "media": "b", "size": 1 });
        let table = json!({ "$table": Hash::of(b"t"), "rows": 2 });
        let text = json!({ "x": [ { "stored": artifact } ], "y": { "inline": { "z": table } } });
        let found = names_in(text.to_string().as_bytes());
        let hashes: Vec<&Hash> = found.iter().map(|named| &named.hash).collect();
        assert_eq!(hashes, [&Hash::of(b"a"), &Hash::of(b"t")]);
        assert!(names_in(b"{\"a\":1}").is_empty());
    }
}
