//! Where bots leave files and tables.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use botswain_core::{ArtifactRef, Fault, TableRef};
use serde_json::Value;

/// The store of files that steps leave; durable once a call has returned.
///
/// Its calls block: use them from `spawn_blocking` when the content is large.
pub trait Artifacts: Send + Sync {
    /// Keeps `content` under its hash.
    fn put(&self, name: &str, media: &str, content: &[u8]) -> Result<ArtifactRef, Fault>;
    /// A folder for files in the making, on the disk of the store where that has one of its own.
    fn scratch(&self) -> PathBuf {
        std::env::temp_dir()
    }
    /// Takes over the file at `path`, which may be moved.
    fn put_file(&self, name: &str, media: &str, path: &Path) -> Result<ArtifactRef, Fault>;
    /// Opens one for reading. A fault when it is missing or damaged.
    fn open(&self, artifact: &ArtifactRef) -> Result<File, Fault>;
    /// Begins a table, to which items are added one by one.
    fn table(&self) -> Result<Box<dyn TableWriter>, Fault>;
    /// Reads `limit` items of a table from place `from` on.
    fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, Fault>;
}

/// A table in the making; dropped unfinished it leaves nothing.
pub trait TableWriter: Send {
    fn push(&mut self, item: &Value) -> Result<(), Fault>;
    fn finish(self: Box<Self>) -> Result<TableRef, Fault>;
}
