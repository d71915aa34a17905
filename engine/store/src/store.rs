//! The store: one way in, typed ways out.
//!
//! In go batches, out come facts and what the index says of them. Reading takes
//! place in the caller's thread and may block on the disk; lists come in pages,
//! so that no question needs more memory than its answer. A page is not a
//! snapshot: what is written meanwhile may be in it.

use std::{
    ops::Range,
    path::Path,
    sync::{Arc, mpsc::channel},
};

use botswain_core::{
    ExceptionId, Hash, RunId, StepId,
    engine::Counters,
    index::{Batch, Claim, ClaimKey, Exception, Fired, State, Summary, Tally},
    plan::Version,
    run::fact::Fact,
};
use serde::de::DeserializeOwned;

use crate::{
    as_found::AsFound,
    backend::{
        Backend, Entry,
        memory::Memory,
        sled::{Sled, sync_dir},
    },
    draft::{Claimed, Highest, Place},
    error::{AppendError, OpenError, ReadError},
    key::{self, Key},
    ledger::{self, Mark},
    lock::Lock,
    record,
    writer::{Checked, Done, Request, Writer},
};

/// How many records a reader of many takes at a time.
const PAGE: usize = 256;

/// Everything Botswain remembers but artifacts. Closing waits for what was appended.
pub struct Store {
    // The order matters: the writer ends before its records are closed, and the
    // lock is given back last.
    writer: Writer,
    backend: Arc<dyn Backend>,
    _lock: Option<Arc<Lock>>,
}

/// Which runs are listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub workflow: Option<String>,
    pub state: Option<State>,
}

impl Store {
    /// Opens or creates the store in `dir`, alone: takes `daemon.lock` beside it.
    ///
    /// Reads every record once (some 400,000 a second) and opens only
    /// when nothing that was acknowledged is missing. What sled would mend or cut is
    /// first copied, up to a gibibyte and when there is room: a store that is not
    /// opened is left as it was found, and a damaged one is kept beside the folder.
    pub fn open(dir: &Path) -> Result<Store, OpenError> {
        let lock = Lock::take(dir.parent().unwrap_or_else(|| Path::new(".")))?;
        Store::open_locked(dir, lock)
    }

    /// As [`Store::open`], for whoever has taken the lock before; it is held until the store is closed.
    pub fn open_locked(dir: &Path, lock: Lock) -> Result<Store, OpenError> {
        let failed = |error| OpenError::new(dir.to_owned(), error);
        let io = |error: std::io::Error| failed(ReadError::Backend(error.into()));
        std::fs::create_dir_all(dir).map_err(io)?;
        let mark = Mark::open(&dir.join("high-water")).map_err(io)?;
        // Held here too, because a store that fails is restored after it is closed.
        let lock = Arc::new(lock);
        let found = AsFound::take(dir).map_err(io)?;
        match Store::on_disk(dir, mark, Arc::clone(&lock)) {
            Ok(store) => {
                found.forget();
                Ok(store)
            }
            Err(error) => Err(leave(found, failed(error))),
        }
    }

    fn on_disk(dir: &Path, mark: Mark, lock: Arc<Lock>) -> Result<Store, ReadError> {
        let io = |error: std::io::Error| ReadError::Backend(error.into());
        let sled = Sled::open(&dir.join("sled"))?;
        sync_dir(dir).map_err(io)?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_dir(parent).map_err(io)?;
        }
        Store::start(Arc::new(sled), Some(mark), Some(lock))
    }

    /// A store that is gone when it is dropped.
    pub fn memory() -> Store {
        Store::on(Arc::new(Memory::default())).expect("memory opens")
    }

    /// A store on a backend of the caller's own.
    pub fn on(backend: Arc<dyn Backend>) -> Result<Store, ReadError> {
        Store::start(backend, None, None)
    }

    fn start(
        backend: Arc<dyn Backend>,
        mark: Option<Mark>,
        lock: Option<Arc<Lock>>,
    ) -> Result<Store, ReadError> {
        let ledger = match ledger::audit(&*backend, mark.as_ref())? {
            Some(ledger) => ledger,
            None => ledger::begin(&*backend, mark.as_ref(), record::FORMAT)?,
        };
        let io = |error: std::io::Error| ReadError::Backend(error.into());
        let writer = Writer::start(Arc::clone(&backend), mark, ledger).map_err(io)?;
        Ok(Store {
            writer,
            backend,
            _lock: lock,
        })
    }

    /// Writes a batch: all of it or nothing. Returns at once.
    ///
    /// `done` is called exactly once, from the writer's thread; with `Ok` only when
    /// the batch would survive a power cut, and then in the order of the appends.
    /// It must be quick, for everybody's next append waits for it.
    pub fn append(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<(), AppendError>) + Send + 'static,
    ) {
        let done = Done::new(done);
        self.writer.send(Request::Append { batch, done });
    }

    /// Why nothing is written any more, once a write has failed.
    pub fn failure(&self) -> Option<&str> {
        self.writer.failure()
    }

    /// Keeps a version under its hash; durable once it has returned. Blocks.
    pub fn put_version(&self, version: &Version) -> Result<Hash, AppendError> {
        let (reply, answer) = channel();
        // The receiver waits below, so the send cannot fail.
        let done = Done::new(move |result| drop(reply.send(result)));
        let version_hash = version.hash();
        let version = Box::new(version.clone());
        self.writer.send(Request::Version { version, done });
        let closed = || Err(AppendError::Final("it was closed".to_owned()));
        answer.recv().unwrap_or_else(|_| closed())?;
        Ok(version_hash)
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

    /// Every run that has not ended, items too, in the order of their numbers.
    pub fn open_runs(&self) -> impl Iterator<Item = Result<Summary, ReadError>> + '_ {
        self.listed(self.entries(key::below(b"o")))
    }

    /// Runs that were started (no items), newest first: at most `limit` with a
    /// number below `before`. The number of the last one is the next page's `before`.
    pub fn runs(
        &self,
        filter: &Filter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Summary>, ReadError> {
        let list = key::list(filter.workflow.as_deref(), filter.state);
        let mut range = key::below(&list);
        if let Some(before) = before {
            range.end = [&list[..], &before.to_be_bytes()].concat();
        }
        let page = self.backend.scan(&range.start..&range.end, limit, true)?;
        self.listed(page.into_iter().map(Ok)).collect()
    }

    /// Items of a `for_each` in the order of its list: at most `limit` from place `from` on.
    pub fn items(
        &self,
        parent: &RunId,
        step: &StepId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Summary>, ReadError> {
        let start = key::item(parent, step, from);
        let end = key::end(&key::item(parent, step, u64::MAX));
        let page = self.backend.scan(&start..&end, limit, false)?;
        self.listed(page.into_iter().map(Ok)).collect()
    }

    /// How many items of a `for_each` are in which state.
    pub fn tally(&self, parent: &RunId, step: &StepId) -> Result<Tally, ReadError> {
        Ok(self.get(&key::tally(parent, step))?.unwrap_or_default())
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

    /// Where each schedule stands.
    pub fn fired(&self) -> Result<Fired, ReadError> {
        let mut fired = Fired::new();
        for entry in self.entries(key::below(b"g")) {
            let (key, bytes) = entry?;
            let place: Place = record::decode(&key, &bytes)?;
            fired.insert((place.workflow, place.schedule), place.at);
        }
        Ok(fired)
    }

    pub fn counters(&self) -> Result<Counters, ReadError> {
        let highest = self.highest()?;
        Ok(Counters {
            run: highest.run,
            exception: highest.exception,
        })
    }

    fn highest(&self) -> Result<Highest, ReadError> {
        Ok(self.get(key::COUNTERS)?.unwrap_or_default())
    }

    fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, ReadError> {
        match self.backend.get(key)? {
            Some(bytes) => record::decode(key, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// The summaries of the runs that the entries of a list name.
    fn listed<'a>(
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

    fn entries(&self, range: Range<Key>) -> Entries<'_> {
        Entries {
            backend: &*self.backend,
            range,
            page: Vec::new().into_iter(),
            last: false,
        }
    }
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
struct Entries<'a> {
    backend: &'a dyn Backend,
    range: Range<Key>,
    page: std::vec::IntoIter<Entry>,
    last: bool,
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
