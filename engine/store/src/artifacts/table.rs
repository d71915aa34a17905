//! Tables: JSON lines under their hash, and beside them where the lines begin.
//!
//! `HASH.index` holds the place of every 256th row, so that any row is found by
//! reading at most 255 others. It can be computed again from the rows, and is
//! when it is missing or damaged. Big-endian:
//! `[magic: 8][rows: u64][place: u64]…[crc32: u32]`.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Seek, SeekFrom, Write},
    path::PathBuf,
};

use botswain_core::{Hash, TableRef};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::{Artifacts, Draft, Error, persist};
use crate::backend::sled::sync_dir;

/// Of how many rows the place of one is kept.
const EVERY: u64 = 256;
const MAGIC: &[u8; 8] = b"BWTABLE1";
/// How many bytes of rows are gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// A table in the making; dropped unfinished it leaves nothing.
///
/// Its memory is one buffer, and 8 bytes for every 256 rows.
#[derive(Debug)]
pub struct TableWriter {
    artifacts: Artifacts,
    draft: Draft,
    buffer: Vec<u8>,
    places: Places,
}

impl TableWriter {
    pub(super) fn begin(artifacts: &Artifacts) -> Result<TableWriter, Error> {
        Ok(TableWriter {
            artifacts: artifacts.clone(),
            draft: artifacts.draft()?,
            buffer: Vec::with_capacity(BUFFER),
            places: Places::default(),
        })
    }

    pub fn push(&mut self, item: &Value) -> Result<(), Error> {
        self.places.row(self.draft.size + self.buffer.len() as u64);
        serde_json::to_writer(&mut self.buffer, item).expect("a value is JSON");
        self.buffer.push(b'\n');
        match self.buffer.len() < BUFFER {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// The table, durable.
    pub fn finish(mut self) -> Result<TableRef, Error> {
        self.flush()?;
        let hash = self.draft.hash();
        // The index first: where the rows are, their index is.
        self.places.keep(&self.artifacts, &hash)?;
        let rows = self.places.rows;
        self.draft.keep(&self.artifacts)?;
        Ok(TableRef { hash, rows })
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.draft.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Reads `limit` rows from place `from` on; fewer at the table's end.
pub(super) fn rows(
    artifacts: &Artifacts,
    table: &TableRef,
    from: u64,
    limit: usize,
) -> Result<Vec<Value>, Error> {
    let count = table.rows.saturating_sub(from).min(limit as u64);
    if count == 0 {
        return Ok(Vec::new());
    }
    let places = Places::of(artifacts, table)?;
    let path = artifacts.path(&table.hash);
    let damaged = |why: &str| Error::Damaged {
        path: path.clone(),
        why: why.to_owned(),
    };
    let mut file = artifacts.open_hash(&table.hash)?;
    let place = usize::try_from(from / EVERY).ok();
    let place = place.and_then(|nth| places.places.get(nth));
    let place = place.ok_or_else(|| damaged("it has fewer rows than it should"))?;
    file.seek(SeekFrom::Start(*place))
        .map_err(Error::io(&path))?;
    let mut lines = Lines(BufReader::new(file));
    for _ in 0..from % EVERY {
        lines.next().map_err(Error::io(&path))?;
    }
    let mut rows = Vec::new();
    for _ in 0..count {
        let line = lines.next().map_err(Error::io(&path))?;
        let line = line.ok_or_else(|| damaged("it has fewer rows than it should"))?;
        let row = serde_json::from_slice(&line);
        rows.push(row.map_err(|_| damaged("one of its rows is not JSON"))?);
    }
    Ok(rows)
}

struct Lines(BufReader<File>);

impl Lines {
    /// The next line, without its end; `None` where the file ends.
    fn next(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line)?;
        Ok(line.pop_if(|end| *end == b'\n').map(|_| line))
    }
}

/// Where every 256th row begins.
#[derive(Debug, Default, PartialEq)]
struct Places {
    rows: u64,
    places: Vec<u64>,
}

impl Places {
    /// Notes that the next row begins at `place`.
    fn row(&mut self, place: u64) {
        if self.rows.is_multiple_of(EVERY) {
            self.places.push(place);
        }
        self.rows += 1;
    }

    fn of(artifacts: &Artifacts, table: &TableRef) -> Result<Places, Error> {
        let kept = fs::read(path(artifacts, &table.hash)).ok();
        let kept = kept.and_then(|bytes| Places::parse(&bytes));
        match kept.filter(|places| places.rows == table.rows) {
            Some(places) => Ok(places),
            None => Places::find(artifacts, &table.hash),
        }
    }

    /// Computes them from the rows and keeps them.
    fn find(artifacts: &Artifacts, hash: &Hash) -> Result<Places, Error> {
        let path = artifacts.path(hash);
        let mut lines = Lines(BufReader::new(artifacts.open_hash(hash)?));
        let mut places = Places::default();
        let mut place = 0;
        while let Some(line) = lines.next().map_err(Error::io(&path))? {
            places.row(place);
            place += line.len() as u64 + 1;
        }
        places.keep(artifacts, hash)?;
        let folder = artifacts.folder(hash);
        sync_dir(&folder).map_err(Error::io(&folder))?;
        Ok(places)
    }

    fn keep(&self, artifacts: &Artifacts, hash: &Hash) -> Result<(), Error> {
        let folder = artifacts.root.join("tmp");
        let mut file = NamedTempFile::new_in(&folder).map_err(Error::io(&folder))?;
        file.write_all(&self.to_bytes())
            .map_err(Error::io(&folder))?;
        persist(file, &path(artifacts, hash))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.rows.to_be_bytes());
        bytes.extend(self.places.iter().flat_map(|place| place.to_be_bytes()));
        let sum = crc32fast::hash(&bytes);
        bytes.extend(sum.to_be_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Places> {
        let (content, sum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(content) != u32::from_be_bytes(*sum) {
            return None;
        }
        let numbers = content.strip_prefix(MAGIC)?;
        let (numbers, rest) = numbers.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|number| u64::from_be_bytes(*number));
        let rows = numbers.next().filter(|_| rest.is_empty())?;
        let places = numbers.collect();
        Some(Places { rows, places })
    }
}

fn path(artifacts: &Artifacts, hash: &Hash) -> PathBuf {
    artifacts.path(hash).with_extension("index")
}
