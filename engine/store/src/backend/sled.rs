//! Records on disk, by sled 0.34.7 used in the one way that proved durable.
//!
//! One tree, prefixed keys. A write is `apply_batch`, a blocking `flush` and then
//! `sync_data` on sled's file `db`, because sled's own flush on Linux does not
//! reach the platter (`sync_file_range`). A value over [`INLINE`] is kept in
//! parts in the same batch, because sled puts pages over 128 KiB into files that
//! it never syncs, and a page holds up to 17 values. sled may panic on a damaged
//! directory: no call reaches it unguarded, and after a panic it is not closed.
//! It may also forget to tell a flush that its write failed; then it is nudged.
//! It writes a snapshot, without which it reads its log from the last one on, only
//! while it opens; so after much was written it is opened once more to be closed.

use std::{
    fs::{self, File},
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use super::{Backend, Entry, Error, Replacement, Write, quiet::quietly};

/// The largest value, in bytes, that is kept in one piece. The number of a value's parts follows
/// from it, so it never changes within a format.
const INLINE: usize = 4 * 1024;
/// In bytes; sled takes two to three times as much memory.
const CACHE: u64 = 48 * 1024 * 1024;
/// After how many bytes of records closing it takes the time for a snapshot. sled reads some
/// 300 MiB of its log a second when it opens, and the log is two to three times the records.
const MUCH: u64 = 8 * 1024 * 1024;
/// How long closing may take; it takes milliseconds.
const CLOSING: Duration = Duration::from_secs(30);
/// How long a closed one may hold its lock; it takes milliseconds.
const RELEASE: Duration = Duration::from_secs(5);
/// After how long a flush is asked whether it has failed; most take milliseconds.
const NUDGE: Duration = Duration::from_secs(1);
/// Begins the keys of parts; no key of the store begins with it.
const PART: u8 = 0xff;
/// Begin a value: itself, or the number of its parts.
const WHOLE: u8 = 0;
const IN_PARTS: u8 = 1;

pub struct Sled {
    dir: PathBuf,
    /// Empty only while it is being closed.
    db: Option<sled::Db>,
    /// How many bytes of records were written since it was opened.
    written: AtomicU64,
    flushes: Flushes,
    /// sled's log, opened once more to be synced.
    log: File,
    /// sled panicked, so its locks may be held for ever.
    broken: AtomicBool,
    /// It was closed, and sled had no complaint.
    closed: Arc<AtomicBool>,
}

impl Sled {
    /// Opens or creates the records in `dir`.
    ///
    /// Half-written snapshots are removed. When sled cannot open the directory,
    /// its snapshots, which only speed up the start, are moved aside and it
    /// tries once more. The caller holds the store's lock.
    pub fn open(dir: &Path) -> Result<Sled, Error> {
        if !dir.exists() {
            create(dir)?;
        }
        fs::create_dir_all(dir)?;
        for unfinished in snapshots(dir, |name| name.ends_with(".generating"))? {
            fs::remove_file(unfinished)?;
        }
        let db = match open_guarded(dir) {
            Err(Error::Damaged(why)) if set_snapshots_aside(dir)? => {
                tracing::warn!(%why, "the store's snapshot was set aside");
                open_guarded(dir)?
            }
            other => other?,
        };
        match synced_log(dir) {
            Ok(log) => Ok(Sled {
                dir: dir.to_owned(),
                written: AtomicU64::new(0),
                flushes: Flushes::watched(&db)?,
                db: Some(db),
                log,
                broken: AtomicBool::new(false),
                closed: Arc::default(),
            }),
            Err(error) => {
                // Dropped here it could panic, for its own sync may fail as ours did.
                close(db);
                Err(error.into())
            }
        }
    }

    /// Becomes true when it has been dropped and nothing is on its way to the files any more.
    pub(crate) fn closed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.closed)
    }

    fn guarded<T>(&self, call: impl FnOnce(&sled::Db) -> Result<T, Error>) -> Result<T, Error> {
        let gone = || Error::Damaged("its records cannot be read".to_owned());
        let db = self.db.as_ref().ok_or_else(gone)?;
        quietly(|| call(db)).unwrap_or_else(|_panicked| {
            self.broken.store(true, Ordering::Relaxed);
            Err(gone())
        })
    }
}

impl Backend for Sled {
    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        let replacement = |(key, after): Write| {
            let before = self.get(&key)?.map(|value| value.len());
            Ok(Replacement { key, before, after })
        };
        let replacements: Result<_, Error> = writes.into_iter().map(replacement).collect();
        self.replace(replacements?)
    }

    fn replace(&self, replacements: Vec<Replacement>) -> Result<(), Error> {
        let bytes = replacements.iter().map(Replacement::bytes).sum();
        self.written.fetch_add(bytes, Ordering::Relaxed);
        self.guarded(|db| {
            let mut batch = sled::Batch::default();
            for replacement in replacements {
                put(&mut batch, replacement)?;
            }
            db.apply_batch(batch)?;
            self.flushes.flush(db)
        })?;
        self.log.sync_data().map_err(Error::from)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.guarded(|db| match db.get(key)? {
            Some(stored) => joined(db, key, &stored).map(Some),
            None => Ok(None),
        })
    }

    fn scan(&self, range: Range<&[u8]>, limit: usize, reverse: bool) -> Result<Vec<Entry>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        self.guarded(|db| {
            let found = db.range(range);
            let entry = |found: sled::Result<(sled::IVec, sled::IVec)>| {
                let (key, stored) = found?;
                let value = joined(db, &key, &stored)?;
                Ok((key.to_vec(), value))
            };
            match reverse {
                false => found.take(limit).map(entry).collect(),
                true => found.rev().take(limit).map(entry).collect(),
            }
        })
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        let Some(db) = self.db.take() else {
            return;
        };
        self.flushes.end();
        // Every write was flushed, so nothing is lost by never closing a broken one,
        // and closing it would wait for a lock that nobody gives back.
        if self.broken.load(Ordering::Relaxed) {
            std::mem::forget(db);
        } else if close(db) && (*self.written.get_mut() < MUCH || write_snapshot(&self.dir)) {
            self.closed.store(true, Ordering::Release);
        } else {
            tracing::warn!("the store was not closed in order; its next start reads every record");
        }
    }
}

/// Watches that no flush waits for ever.
///
/// When a write to sled's log fails in one of its own threads, sled may note the error and wake
/// nobody (`exit_reservation` in its `pagecache/logger.rs`). Another flush finds the error, gives
/// it back, and wakes all that wait.
struct Flushes {
    /// Odd while one is under way; grows with each that begins or ends.
    count: Arc<AtomicU64>,
    /// Ends the watch when it is dropped.
    watch: Option<(mpsc::Sender<()>, thread::JoinHandle<()>)>,
}

impl Flushes {
    fn watched(db: &sled::Db) -> io::Result<Flushes> {
        let count = Arc::new(AtomicU64::new(0));
        let (going, ended) = mpsc::channel();
        let (seen, db) = (Arc::clone(&count), db.clone());
        let watch = thread::Builder::new()
            .name("store-watch".to_owned())
            .spawn(move || watch(&seen, &db, &ended))?;
        let watch = Some((going, watch));
        Ok(Flushes { count, watch })
    }

    fn flush(&self, db: &sled::Db) -> Result<(), Error> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let flushed = db.flush();
        self.count.fetch_add(1, Ordering::Relaxed);
        flushed?;
        Ok(())
    }

    fn end(&mut self) {
        if let Some((going, watch)) = self.watch.take() {
            drop(going);
            watch.join().ok();
        }
    }
}

fn watch(count: &AtomicU64, db: &sled::Db, ended: &mpsc::Receiver<()>) {
    let (mut before, mut nudged) = (0, 0);
    while let Err(mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(NUDGE) {
        let now = count.load(Ordering::Relaxed);
        if now % 2 == 1 && now == before && now != nudged {
            nudged = now;
            let db = db.clone();
            // Where nothing has failed it waits as long as the other does.
            let nudge = move || drop(quietly(|| db.flush()));
            thread::Builder::new().spawn(nudge).ok();
        }
        before = now;
    }
}

/// Closes it, unless one of its own threads has died, for which it would wait for ever.
fn close(db: sled::Db) -> bool {
    let (closed, waiting) = mpsc::channel();
    let closing = thread::Builder::new()
        .name("store-close".to_owned())
        .spawn(move || {
            if quietly(|| drop(db)).is_ok() {
                closed.send(()).ok();
            }
        });
    closing.is_ok() && waiting.recv_timeout(CLOSING).is_ok()
}

/// Lets sled write a snapshot of what is closed, which survives a power cut.
fn write_snapshot(dir: &Path) -> bool {
    tracing::info!("much was written to the store; it is prepared for its next start");
    open_guarded(dir).is_ok_and(close) && synced_log(dir).is_ok()
}

/// Makes an empty directory under another name: one that was cut short would look damaged.
fn create(dir: &Path) -> Result<(), Error> {
    let making = dir.with_added_extension("making");
    match fs::remove_dir_all(&making) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(&making)?,
    }
    if !close(open_guarded(&making)?) {
        return Err(Error::Io(io::Error::other("its files cannot be made")));
    }
    synced_log(&making)?;
    Ok(fs::rename(&making, dir)?)
}

/// Makes what sled wrote when it opened the directory survive a power cut.
fn synced_log(dir: &Path) -> io::Result<File> {
    File::open(dir.join("conf"))?.sync_all()?;
    let log = File::open(dir.join("db"))?;
    log.sync_all()?;
    sync_dir(dir)?;
    Ok(log)
}

/// Waits until a sled that this process has closed lets go of its log. Nobody else may
/// have it, and one that is broken never lets go; then sled itself says so.
fn wait_for_release(dir: &Path) {
    let Ok(log) = File::open(dir.join("db")) else {
        return;
    };
    let until = Instant::now() + RELEASE;
    while log.try_lock().is_err() && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
}

fn open_guarded(dir: &Path) -> Result<sled::Db, Error> {
    wait_for_release(dir);
    let config = sled::Config::new().path(dir).cache_capacity(CACHE);
    let opening = thread::Builder::new()
        .name("store-open".to_owned())
        .spawn(move || quietly(|| config.open()))?;
    match opening.join() {
        Ok(Ok(opened)) => Ok(opened?),
        Ok(Err(_)) | Err(_) => Err(Error::Damaged("its log cannot be read".to_owned())),
    }
}

fn snapshots(dir: &Path, fits: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && fits(&name) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Renames them so that sled does not find them; whether there were any.
fn set_snapshots_aside(dir: &Path) -> io::Result<bool> {
    let found = snapshots(dir, |_| true)?;
    for path in &found {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        fs::rename(path, dir.join(format!("aside.{name}")))?;
    }
    Ok(!found.is_empty())
}

/// Makes the names in `dir` survive a power cut.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn put(batch: &mut sled::Batch, replacement: Replacement) -> Result<(), Error> {
    let Replacement { key, before, after } = replacement;
    let old = parts_for(before.unwrap_or(0))?;
    let Some(mut value) = after else {
        remove_parts(batch, &key, 0..old);
        batch.remove(key);
        return Ok(());
    };
    let count = parts_for(value.len())?;
    remove_parts(batch, &key, count..old);
    if count == 0 {
        value.insert(0, WHOLE);
        batch.insert(key, value);
        return Ok(());
    }
    for (chunk, index) in value.chunks(INLINE).zip(0..) {
        batch.insert(part_key(&key, index), chunk);
    }
    batch.insert(key, [&[IN_PARTS], &count.to_be_bytes()[..]].concat());
    Ok(())
}

fn remove_parts(batch: &mut sled::Batch, key: &[u8], stale: Range<u32>) {
    for index in stale {
        batch.remove(part_key(key, index));
    }
}

/// In how many parts a value of this length is kept; 0 when in one piece.
fn parts_for(length: usize) -> Result<u32, Error> {
    match length <= INLINE {
        true => Ok(0),
        false => u32::try_from(length.div_ceil(INLINE)).map_err(|_| too_large()),
    }
}

fn too_large() -> Error {
    Error::Io(io::Error::from(io::ErrorKind::FileTooLarge))
}

fn joined(db: &sled::Db, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, Error> {
    let count = parts_of(stored)?;
    if count == 0 {
        return Ok(stored[1..].to_vec());
    }
    let mut value = Vec::new();
    for index in 0..count {
        let part = db.get(part_key(key, index))?;
        let part =
            part.ok_or_else(|| Error::Damaged("a part of a record is missing".to_owned()))?;
        value.extend_from_slice(&part);
    }
    Ok(value)
}

fn parts_of(stored: &[u8]) -> Result<u32, Error> {
    match stored {
        [WHOLE, ..] => Ok(0),
        [IN_PARTS, a, b, c, d] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(Error::Damaged("a record has no known form".to_owned())),
    }
}

fn part_key(key: &[u8], index: u32) -> Vec<u8> {
    [&[PART], key, &[0], &index.to_be_bytes()[..]].concat()
}

impl From<sled::Error> for Error {
    fn from(error: sled::Error) -> Error {
        match error {
            sled::Error::Io(error) => match error.kind() {
                // sled's own findings about its files come as these two.
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    Error::Damaged(format!("its log cannot be read: {error}"))
                }
                _ => Error::from(of_the_system(error)),
            },
            sled::Error::Corruption { .. } => {
                Error::Damaged("a checksum in its log is wrong".to_owned())
            }
            sled::Error::Unsupported(why) => Error::Damaged(why),
            sled::Error::ReportableBug(_) | sled::Error::CollectionNotFound(_) => {
                Error::Damaged("its log contradicts itself".to_owned())
            }
        }
    }
}

/// sled hands on a copy that has only the words of the error, as a programmer sees them.
fn of_the_system(error: io::Error) -> io::Error {
    let words = error.to_string();
    let code = words.strip_prefix("Os { code: ");
    let code = code.and_then(|rest| rest.split(',').next());
    match code.and_then(|code| code.parse().ok()) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_value_never_reaches_the_files_that_are_not_synced() {
        let dir = tempfile::tempdir().unwrap();
        let sled = Sled::open(dir.path()).unwrap();
        let large = vec![7; 100_000];
        for n in 0..50_u8 {
            let key = vec![b'x', n];
            sled.write(vec![(key.clone(), Some(large.clone()))])
                .unwrap();
            assert_eq!(sled.get(&key).unwrap(), Some(large.clone()));
        }
        let blobs = fs::read_dir(dir.path().join("blobs")).unwrap();
        assert_eq!(blobs.count(), 0);
    }

    #[test]
    fn a_value_that_shrinks_leaves_no_parts() {
        let dir = tempfile::tempdir().unwrap();
        let sled = Sled::open(dir.path()).unwrap();
        let key = b"x".to_vec();
        for size in [20_000, 9_000, 10] {
            sled.write(vec![(key.clone(), Some(vec![1; size]))])
                .unwrap();
            assert_eq!(sled.get(&key).unwrap().map(|v| v.len()), Some(size));
        }
        assert_eq!(sled.db.as_ref().unwrap().len(), 1);
        sled.write(vec![(key, None)]).unwrap();
        assert_eq!(sled.db.as_ref().unwrap().len(), 0);
    }

    #[test]
    fn a_long_life_ends_with_a_snapshot() {
        let dir = tempfile::tempdir().unwrap();
        let found = || snapshots(dir.path(), |_| true).unwrap();
        let live = |values: u8| {
            let sled = Sled::open(dir.path()).unwrap();
            let before = found();
            for n in 0..values {
                sled.write(vec![(vec![b'x', n], Some(vec![n; 100_000]))])
                    .unwrap();
            }
            drop(sled);
            found() != before
        };
        live(1);
        assert!(!live(10));
        assert!(live(90));
        let sled = Sled::open(dir.path()).unwrap();
        assert_eq!(sled.get(&[b'x', 89]).unwrap(), Some(vec![89; 100_000]));
    }

    #[test]
    fn a_damaged_snapshot_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let key = b"x".to_vec();
        for _ in 0..2 {
            let sled = Sled::open(dir.path()).unwrap();
            sled.write(vec![(key.clone(), Some(vec![1]))]).unwrap();
        }
        fs::write(dir.path().join("snap.00.generating"), "half").unwrap();
        let found = snapshots(dir.path(), |name| !name.ends_with(".generating")).unwrap();
        for snapshot in &found {
            fs::write(snapshot, "no snapshot at all").unwrap();
        }
        assert!(!found.is_empty());
        let sled = Sled::open(dir.path()).unwrap();
        assert_eq!(sled.get(&key).unwrap(), Some(vec![1]));
        assert!(!dir.path().join("snap.00.generating").exists());
    }
}
