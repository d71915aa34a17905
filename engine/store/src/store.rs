//! The store: one way in, typed ways out.
//!
//! In go batches, out come facts and what the index says of them. Reading takes
//! place in the caller's thread and may block on the disk; lists come in pages,
//! so that no question needs more memory than its answer. A page is not a
//! snapshot: what is written meanwhile may be in it.

use std::{
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::channel},
};

use botswain_core::{
    ExceptionId, Hash, Payload, RunId,
    engine::{Counters, quarantine::Quarantine},
    index::{Batch, Claim, ClaimKey, Exception, Summary},
    plan::Version,
    run::fact::Fact,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Artifacts,
    as_found::{self, AsFound},
    backend::{
        Backend, Entry,
        memory::Memory,
        sled::{Sled, sync_dir},
    },
    compact,
    draft::{Claimed, Highest, Writes, ready::Ready},
    error::{AppendError, OpenError, ReadError},
    inbox,
    key::{self, Key},
    ledger::{self, Ledger, Mark},
    lock::Lock,
    record,
    room::{Limits, Room},
    seal::{Seal, Sealing},
    verify::Report,
    writer::{Checked, Done, Request, Writer},
};

/// How many records a reader of many takes at a time.
const PAGE: usize = 256;

/// Everything Botswain remembers but artifacts. Closing waits for what was appended.
pub struct Store {
    // The order matters: the writer ends before its records are closed, closed ones are
    // sealed, and the lock is given back last.
    writer: Writer,
    pub(crate) backend: Arc<dyn Backend>,
    /// Verifying, backing up and pruning go one after the other.
    alone: Mutex<()>,
    room: Option<Room>,
    _sealing: Option<Sealing>,
    _lock: Option<Arc<Lock>>,
}

impl Store {
    /// Opens or creates the store in `dir`, alone: takes `daemon.lock` beside it.
    ///
    /// After an orderly end the files are compared with the sums that were taken then, byte by
    /// byte; when nothing has changed, nothing can be missing. Otherwise every record is read
    /// once (some 400,000 a second), and it opens only when nothing that was acknowledged is
    /// missing. What sled would mend or cut is then copied first, up to a gibibyte and when there
    /// is room: a store that is not opened is left as it was found, and a damaged one is kept
    /// beside the folder.
    pub fn open(dir: &Path) -> Result<Store, OpenError> {
        let lock = Lock::take(around(dir))?;
        Store::open_locked(dir, lock)
    }

    /// As [`Store::open`], with other limits of the disk's room.
    pub fn open_with(dir: &Path, limits: Limits) -> Result<Store, OpenError> {
        let lock = Lock::take(around(dir))?;
        Store::open_within(dir, lock, limits)
    }

    /// As [`Store::open`], for whoever has taken the lock before; it is held until the store is closed.
    pub fn open_locked(dir: &Path, lock: Lock) -> Result<Store, OpenError> {
        Store::open_within(dir, lock, Limits::default())
    }

    fn open_within(dir: &Path, lock: Lock, limits: Limits) -> Result<Store, OpenError> {
        let failed = |error| OpenError::new(dir.to_owned(), error);
        let io = |error: std::io::Error| failed(ReadError::Backend(error.into()));
        let room = Room::of(around(dir), limits);
        // sled cannot be opened on a full disk.
        room.make(0);
        std::fs::create_dir_all(dir).map_err(io)?;
        compact::take_up(dir).map_err(io)?;
        let mark = Mark::open(&dir.join("high-water")).map_err(io)?;
        // Held here too, because a store that fails is restored after it is closed.
        let lock = Arc::new(lock);
        let sealed = Seal::unbroken(dir).map(|seal| seal.ledger);
        let found = match sealed {
            Some(_) => AsFound::whole(dir),
            None => AsFound::take(dir).map_err(io)?,
        };
        match Store::on_disk(dir, mark, sealed, Some((room.clone(), Arc::clone(&lock)))) {
            Ok(store) => {
                // Before anything is written.
                Seal::remove(dir).map_err(io)?;
                found.forget();
                room.restore_ballast();
                Ok(store)
            }
            Err(error) => Err(leave(found, failed(error))),
        }
    }

    fn on_disk(
        dir: &Path,
        mark: Mark,
        sealed: Option<Ledger>,
        held: Option<(Room, Arc<Lock>)>,
    ) -> Result<Store, ReadError> {
        let io = |error: std::io::Error| ReadError::Backend(error.into());
        let sled = Sled::open(&dir.join("sled"))?;
        sync_dir(dir).map_err(io)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_dir(parent).map_err(io)?;
        }
        let ledger = match sealed {
            Some(sealed) => ledger::confirm(&sled, &mark, sealed)?,
            None => ledger::audit(&sled, Some(&mark))?,
        };
        let closed = sled.closed();
        let (room, lock) = held.unzip();
        let mut store = Store::start(Arc::new(sled), Some(mark), ledger, room)?;
        store._lock = lock;
        store._sealing = Some(Sealing {
            dir: dir.to_owned(),
            closed,
            last: store.writer.last(),
        });
        Ok(store)
    }

    /// A store that is gone when it is dropped.
    pub fn memory() -> Store {
        Store::on(Arc::new(Memory::default())).expect("memory opens")
    }

    /// A store on a backend of the caller's own.
    pub fn on(backend: Arc<dyn Backend>) -> Result<Store, ReadError> {
        let ledger = ledger::audit(&*backend, None)?;
        Store::start(backend, None, ledger, None)
    }

    /// A new store in a folder that is nobody's yet: without a lock and without ballast.
    pub(crate) fn build(dir: &Path) -> Result<Store, OpenError> {
        let failed = |error| OpenError::new(dir.to_owned(), error);
        let io = |error: std::io::Error| failed(ReadError::Backend(error.into()));
        std::fs::create_dir_all(dir).map_err(io)?;
        let mark = Mark::open(&dir.join("high-water")).map_err(io)?;
        Store::on_disk(dir, mark, None, None).map_err(failed)
    }

    fn start(
        backend: Arc<dyn Backend>,
        mark: Option<Mark>,
        ledger: Option<Ledger>,
        room: Option<Room>,
    ) -> Result<Store, ReadError> {
        let ledger = match ledger {
            Some(ledger) => ledger,
            None => ledger::begin(&*backend, mark.as_ref(), record::FORMAT)?,
        };
        let io = |error: std::io::Error| ReadError::Backend(error.into());
        let writer = Writer::start(Arc::clone(&backend), mark, ledger, room.clone()).map_err(io)?;
        let store = Store {
            writer,
            backend,
            alone: Mutex::default(),
            room,
            _sealing: None,
            _lock: None,
        };
        store.index_older()?;
        Ok(store)
    }

    /// An older Botswain has not written down how what waits is found.
    fn index_older(&self) -> Result<(), ReadError> {
        let writes = inbox::of_older(&*self.backend)?;
        if writes.is_empty() {
            return Ok(());
        }
        let written = self.put_raw(writes, None);
        written.map_err(|error| ReadError::Damaged(format!("it cannot be indexed: {error}")))
    }

    /// Writes a batch: all of it or nothing. Returns as soon as it is written out as records.
    ///
    /// `done` is called exactly once, from the writer's thread; with `Ok` only when
    /// the batch would survive a power cut, and then in the order of the appends.
    /// It must be quick, for everybody's next append waits for it.
    pub fn append(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<(), AppendError>) + Send + 'static,
    ) {
        let (batch, done) = (Ready::of(batch), Done::new(done));
        self.writer.send(Request::Append { batch, done });
    }

    /// Verifies records that do not open because something of them is missing, on a copy that
    /// goes afterwards; an error when not even that can be read.
    pub fn examine(dir: &Path, artifacts: &Artifacts) -> Result<Report, OpenError> {
        let failed = |error| OpenError::new(dir.to_owned(), error);
        let io = |error: std::io::Error| failed(ReadError::Backend(error.into()));
        let _lock = Lock::take(around(dir))?;
        let copy = dir.with_added_extension("examined");
        as_found::discard(&copy).map_err(io)?;
        as_found::copy_dir(&dir.join("sled"), &copy).map_err(io)?;
        let report = Store::verify_copy(&copy, artifacts).map_err(failed);
        as_found::discard(&copy).map_err(io)?;
        report
    }

    fn verify_copy(copy: &Path, artifacts: &Artifacts) -> Result<Report, ReadError> {
        let sled = Sled::open(copy)?;
        let ledger = sled.get(key::LEDGER)?;
        let ledger = ledger.and_then(|bytes| record::decode(key::LEDGER, &bytes).ok());
        let ledger: Ledger = ledger.unwrap_or_default();
        let store = Store::start(Arc::new(sled), None, Some(ledger), None)?;
        store.verify_all(artifacts)
    }

    /// The room on its disk; a store in memory has none.
    pub fn room(&self) -> Option<&Room> {
        self.room.as_ref()
    }

    /// Why nothing is written any more, once a write has failed.
    pub fn failure(&self) -> Option<&str> {
        self.writer.failure()
    }

    /// Keeps a version under its hash; durable once it has returned. Blocks.
    pub fn put_version(&self, version: &Version) -> Result<Hash, AppendError> {
        let hash = version.hash();
        let version = Box::new(version.clone());
        self.wait(|done| Request::Version { version, done })?;
        Ok(hash)
    }

    pub fn version(&self, hash: &Hash) -> Result<Option<Version>, ReadError> {
        self.get(&key::version(hash))
    }

    /// Reads every record and compares with what was acknowledged. Appends wait meanwhile.
    pub fn check(&self) -> Result<Checked, ReadError> {
        let (reply, answer) = channel();
        self.writer.send(Request::Check { reply });
        let closed = || Err(ReadError::Damaged("its writer has ended".to_owned()));
        answer.recv().unwrap_or_else(|_| closed())
    }

    /// Looks at the records in the writer's thread, between two writes.
    pub(crate) fn inspect<T: Send + 'static>(
        &self,
        look: impl FnOnce(&dyn Backend, &Ledger) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        let (reply, answer) = channel();
        let look = move |backend: &dyn Backend, ledger: &Ledger| {
            // Whoever asked waits below, so the send cannot fail.
            drop(reply.send(look(backend, ledger)));
        };
        self.writer.send(Request::Inspect(Box::new(look)));
        let closed = || ReadError::Damaged("its writer has ended".to_owned());
        answer.recv().map_err(|_| closed())
    }

    /// Writes records as they are; durable once it has returned.
    pub(crate) fn put_raw(&self, writes: Writes, next: Option<u64>) -> Result<(), AppendError> {
        self.wait(|done| Request::Raw { writes, next, done })
    }

    /// Sends a request and waits for what becomes of it.
    pub(crate) fn wait(&self, request: impl FnOnce(Done) -> Request) -> Result<(), AppendError> {
        let (reply, answer) = channel();
        // The receiver waits below, so the send cannot fail.
        let done = Done::new(move |result| drop(reply.send(result)));
        self.writer.send(request(done));
        let closed = || Err(AppendError::Final("it was closed".to_owned()));
        answer.recv().unwrap_or_else(|_| closed())
    }

    /// Keeps verifying, backing up and pruning apart.
    pub(crate) fn alone(&self) -> MutexGuard<'_, ()> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The quarantine of a store that was made from a backup.
    pub fn quarantine(&self) -> Result<Option<Quarantine>, ReadError> {
        self.get(key::QUARANTINE)
    }

    /// Takes down what was said about it; durable once it has returned. Blocks.
    pub fn set_quarantine(&self, quarantine: &Quarantine) -> Result<(), AppendError> {
        self.put(key::QUARANTINE, quarantine)
    }

    pub(crate) fn put(&self, key: &[u8], body: &impl Serialize) -> Result<(), AppendError> {
        let bytes = record::encode(key, 0, body);
        self.put_raw(Writes::from([(key.to_vec(), Some(bytes))]), None)
    }

    /// All facts of a run in order; empty when there is no such run.
    pub fn facts(&self, run: &RunId) -> Result<Vec<Fact>, ReadError> {
        // The summary is read first: facts that come meanwhile are more, never less.
        let promised = self.summary(run)?.map_or(0, |summary| summary.facts);
        let mut facts = Vec::new();
        for entry in self.entries(key::below(&key::facts(run))) {
            let (key, bytes) = entry?;
            if key::seq(&key) != Some(facts.len() as u64) {
                return Err(missing(run, facts.len()));
            }
            facts.push(record::decode(&key, &bytes)?);
        }
        match (facts.len() as u64) < promised {
            true => Err(missing(run, facts.len())),
            false => Ok(facts),
        }
    }

    pub fn summary(&self, run: &RunId) -> Result<Option<Summary>, ReadError> {
        self.get(&key::summary(run))
    }

    /// Every run that has something to do, items too, in the order of their numbers: it is queued,
    /// at work or waits for a time. An older store may list parked ones among them.
    pub fn open_runs(&self) -> impl Iterator<Item = Result<Summary, ReadError>> + '_ {
        self.listed(self.entries(key::below(b"o")))
    }

    /// Open exceptions, the oldest first: at most `limit` with a number above `after`.
    pub fn exceptions(
        &self,
        after: Option<ExceptionId>,
        limit: usize,
    ) -> Result<Vec<Exception>, ReadError> {
        let mut range = key::below(b"e");
        if let Some(after) = after {
            range.start = [&key::exception(after)[..], &[0]].concat();
        }
        let page = self.backend.scan(&range.start..&range.end, limit, false)?;
        page.iter()
            .map(|(key, bytes)| record::decode(key, bytes))
            .collect()
    }

    /// An exception, while it is open.
    pub fn exception(&self, id: ExceptionId) -> Result<Option<Exception>, ReadError> {
        self.get(&key::exception(id))
    }

    /// How many exceptions are open.
    pub fn exception_count(&self) -> Result<u64, ReadError> {
        Ok(self.highest()?.open)
    }

    /// Who has claimed a key.
    pub fn claim(&self, claim: &ClaimKey) -> Result<Option<Claim>, ReadError> {
        let claimed: Option<Claimed> = self.get(&key::claim(claim))?;
        Ok(claimed.map(|claimed| claimed.claim))
    }

    /// What came of a key whose run was pruned.
    pub fn kept_output(&self, claim: &ClaimKey) -> Result<Option<Payload>, ReadError> {
        let claimed: Option<Claimed> = self.get(&key::claim(claim))?;
        Ok(claimed.and_then(|claimed| claimed.output))
    }

    pub fn counters(&self) -> Result<Counters, ReadError> {
        let highest = self.highest()?;
        Ok(Counters {
            run: highest.run,
            exception: highest.exception,
        })
    }

    pub(crate) fn highest(&self) -> Result<Highest, ReadError> {
        Ok(self.get(key::COUNTERS)?.unwrap_or_default())
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, ReadError> {
        match self.backend.get(key)? {
            Some(bytes) => record::decode(key, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// The summaries of the runs that the entries of a list name.
    pub(crate) fn listed<'a>(
        &'a self,
        entries: impl Iterator<Item = Result<Entry, ReadError>> + 'a,
    ) -> impl Iterator<Item = Result<Summary, ReadError>> + 'a {
        entries.filter_map(|entry| self.named(entry).transpose())
    }

    /// The run that an entry of a list names; `None` when it has been removed meanwhile.
    fn named(&self, entry: Result<Entry, ReadError>) -> Result<Option<Summary>, ReadError> {
        let (key, bytes) = entry?;
        let run: RunId = record::decode(&key, &bytes)?;
        match self.summary(&run)? {
            None if self.backend.get(&key)?.is_some() => {
                Err(record::damaged(&key, "names a run that is missing"))
            }
            summary => Ok(summary),
        }
    }

    pub(crate) fn entries(&self, range: Range<Key>) -> Entries<'_> {
        Entries::new(&*self.backend, range)
    }
}

/// The folder that holds the store, its lock and its ballast.
fn around(dir: &Path) -> &Path {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

/// Leaves a store that could not be opened as it was found.
fn leave(found: AsFound, error: OpenError) -> OpenError {
    let restored = match error {
        OpenError::Damaged { dir, why, .. } => {
            let kept = found.keep();
            return OpenError::Damaged { dir, why, kept };
        }
        OpenError::Newer { .. } | OpenError::Full { .. } => found.restore(),
        // The disk fails, or someone else has the records: nothing is moved, and the
        // copy is there for the next start.
        OpenError::Locked(_) | OpenError::Io { .. } => Ok(()),
    };
    if let Err(error) = restored {
        tracing::warn!(%error, "the store was not restored as it was found");
    }
    error
}

fn missing(run: &RunId, place: usize) -> ReadError {
    ReadError::Damaged(format!("fact {place} of run {run} is missing"))
}

/// The entries of a range, read page by page.
pub(crate) struct Entries<'a> {
    backend: &'a dyn Backend,
    range: Range<Key>,
    page: std::vec::IntoIter<Entry>,
    last: bool,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(backend: &'a dyn Backend, range: Range<Key>) -> Entries<'a> {
        Entries {
            backend,
            range,
            page: Vec::new().into_iter(),
            last: false,
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.page.next() {
            return Some(Ok(entry));
        }
        if self.last {
            return None;
        }
        let range = &self.range.start[..]..&self.range.end[..];
        match self.backend.scan(range, PAGE, false) {
            Ok(page) => {
                self.last = page.len() < PAGE;
                if let Some((key, _)) = page.last() {
                    self.range.start = [key, &[0][..]].concat();
                }
                self.page = page.into_iter();
                self.page.next().map(Ok)
            }
            Err(error) => {
                self.last = true;
                Some(Err(error.into()))
            }
        }
    }
}
