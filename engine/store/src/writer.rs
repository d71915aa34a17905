//! The one thread that writes.
//!
//! In go requests through a channel; it takes all that wait ([`arriving`]),
//! writes them in one durable write and then answers each: many waiting cost
//! hardly more than one. Every request is answered exactly once, and `Ok` only
//! when it is durable. The first write that fails is the last one tried.

mod arriving;

use std::{
    collections::HashMap,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
};

use botswain_core::{RunId, engine::rebuild::Rebuilt, plan::Version};

use self::arriving::Arriving;
use crate::{
    backend::{self, Backend, Replacement},
    draft::{Before, Drafted, Group, Writes, head::Head, ready::Ready},
    error::{AppendError, ReadError},
    ledger::{self, Ledger, Mark},
    record::Trace,
    room::Room,
};

/// How many open runs are remembered.
const HEADS: usize = 65_536;
/// The room for so many records is kept from group to group.
const RECORDS: usize = 16_384;

pub(crate) enum Request {
    Append {
        batch: Ready,
        done: Done,
    },
    Version {
        version: Box<Version>,
        done: Done,
    },
    Check {
        reply: Sender<Result<Checked, ReadError>>,
    },
    /// Records as they are, and the number of the next fact if it changes.
    Raw {
        writes: Writes,
        next: Option<u64>,
        done: Done,
    },
    /// The index of a run whose facts are there.
    Index {
        rebuilt: Box<Rebuilt>,
        done: Done,
    },
    /// A look at the records while nothing moves.
    Inspect(Look),
}

pub(crate) type Look = Box<dyn FnOnce(&dyn Backend, &Ledger) + Send>;

/// What a store that is whole holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many facts it holds now.
    pub facts: u64,
    /// How many records of every kind.
    pub records: u64,
}

/// Who waits for the answer. Forgotten, it answers that nothing is sure.
pub(crate) struct Done(Option<Answer>);

type Answer = Box<dyn FnOnce(Result<(), AppendError>) + Send>;

impl Done {
    pub(crate) fn new(answer: impl FnOnce(Result<(), AppendError>) + Send + 'static) -> Done {
        Done(Some(Box::new(answer)))
    }

    fn answer(mut self, result: Result<(), AppendError>) {
        self.give(result);
    }

    // Whoever waits may be gone; his panic must not cost the others their answers.
    fn give(&mut self, result: Result<(), AppendError>) {
        if let Some(answer) = self.0.take()
            && panic::catch_unwind(AssertUnwindSafe(|| answer(result))).is_err()
        {
            tracing::error!("what waited for an append panicked");
        }
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        self.give(Err(AppendError::Final("it was closed".to_owned())));
    }
}

/// The way to the writer's thread; dropped, it waits until all is written.
pub(crate) struct Writer {
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
    failure: Arc<OnceLock<String>>,
    last: Arc<OnceLock<Ledger>>,
}

impl Writer {
    pub(crate) fn start(
        backend: Arc<dyn Backend>,
        mark: Option<Mark>,
        ledger: Ledger,
        room: Option<Room>,
    ) -> std::io::Result<Writer> {
        let (requests, receiver) = channel();
        let failure = Arc::new(OnceLock::new());
        let last = Arc::new(OnceLock::new());
        let work = Work {
            backend,
            mark,
            ledger,
            room,
            heads: HashMap::new(),
            drafted: Drafted::default(),
            answered: 0,
            failure: Arc::clone(&failure),
            last: Arc::clone(&last),
        };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work.run(&receiver))?;
        Ok(Writer {
            requests: Some(requests),
            thread: Some(thread),
            failure,
            last,
        })
    }

    /// The ledger after the last write: there when the thread has ended and no write had failed.
    pub(crate) fn last(&self) -> Arc<OnceLock<Ledger>> {
        Arc::clone(&self.last)
    }

    /// Returns at once; the request's own answer says what became of it.
    pub(crate) fn send(&self, request: Request) {
        if let Some(requests) = &self.requests {
            // A request that comes back is dropped, which answers it.
            drop(requests.send(request));
        }
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.requests = None;
        let Some(thread) = self.thread.take() else {
            return;
        };
        // An answer may hold the last handle to the store: a thread cannot wait for itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the store's writer panicked");
        }
    }
}

struct Work {
    backend: Arc<dyn Backend>,
    mark: Option<Mark>,
    ledger: Ledger,
    room: Option<Room>,
    heads: HashMap<RunId, Head>,
    /// Empty: the room that the last group took.
    drafted: Drafted,
    /// How many requests the last group had.
    answered: usize,
    failure: Arc<OnceLock<String>>,
    last: Arc<OnceLock<Ledger>>,
}

impl Work {
    fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let group = Arriving::new(first, requests, self.answered);
            let committed = panic::catch_unwind(AssertUnwindSafe(|| self.serve(group)));
            if committed.is_err() {
                self.fail("a defect of its own; the log has more".to_owned());
            }
        }
        if let Some(mark) = &self.mark
            && let Err(error) = mark.sync()
        {
            tracing::warn!(%error, "the store's high-water mark was not synced");
        }
        if self.failure.get().is_none() {
            self.last.get_or_init(|| self.ledger);
        }
    }

    fn serve(&mut self, mut requests: Arriving<'_>) {
        let mut checks = Vec::new();
        let mut looks = Vec::new();
        let mut written = Vec::new();
        let heads = std::mem::take(&mut self.heads);
        let drafted = std::mem::take(&mut self.drafted);
        let mut group = Group::new(heads, self.ledger.next, drafted);
        for request in requests.by_ref() {
            let (result, done) = match request {
                Request::Check { reply } => {
                    checks.push(reply);
                    continue;
                }
                Request::Inspect(look) => {
                    looks.push(look);
                    continue;
                }
                Request::Raw { writes, next, done } => {
                    let put = self.draft(|_| {
                        group.put_raw(writes, next);
                        Ok(())
                    });
                    (put, done)
                }
                Request::Index { rebuilt, done } => {
                    (self.draft(|b| group.index(b, &rebuilt)), done)
                }
                Request::Append { batch, done } => (self.draft(|b| group.append(b, &batch)), done),
                Request::Version { version, done } => {
                    (self.draft(|b| group.put_version(b, &version)), done)
                }
            };
            match result {
                Ok(()) => written.push(done),
                Err(error) => done.answer(Err(error)),
            }
        }
        self.answered = requests.size();
        let result = self.commit(group);
        for done in written {
            done.answer(result.clone());
        }
        for look in looks {
            look(&*self.backend, &self.ledger);
        }
        for reply in checks {
            // Nobody waits any more: nothing to tell.
            drop(reply.send(self.check()));
        }
    }

    fn draft(
        &self,
        draft: impl FnOnce(&dyn Backend) -> Result<(), AppendError>,
    ) -> Result<(), AppendError> {
        match self.failure.get() {
            Some(why) => Err(AppendError::Final(why.clone())),
            None => draft(&*self.backend),
        }
    }

    /// Makes the group durable. An error is final.
    fn commit(&mut self, mut group: Group) -> Result<(), AppendError> {
        if let Some(why) = self.failure.get() {
            return Err(AppendError::Final(why.clone()));
        }
        group.close();
        let Group {
            writes,
            heads,
            next,
            ..
        } = group;
        let written = match writes.0.is_empty() {
            true => Ok(()),
            false => self.write(writes, next),
        };
        match written {
            Ok(()) => {
                self.heads = match heads.len() > HEADS {
                    true => HashMap::new(),
                    false => heads,
                };
                Ok(())
            }
            Err(error) => Err(AppendError::Final(self.fail(error.to_string()))),
        }
    }

    fn write(&mut self, mut drafted: Drafted, next: u64) -> Result<(), backend::Error> {
        let mut ledger = self.ledger;
        let mut replacements = Vec::with_capacity(drafted.0.len() + 1);
        for (key, written) in drafted.0.drain() {
            let before = match written.before {
                Before::Known(before) => before,
                Before::Unread => {
                    let found = self.backend.get(&key)?;
                    found.map(|bytes| Trace::of(&key, &bytes))
                }
            };
            let after = written.after;
            let trace = after.as_ref().map(|bytes| Trace::of(&key, bytes));
            ledger.shift(&key, before, trace);
            let before = before.map(|trace| trace.length);
            replacements.push(Replacement { key, before, after });
        }
        ledger.writes += 1;
        ledger.next = next;
        let (key, after) = ledger.to_write();
        let before = self.backend.get(&key)?.map(|value| value.len());
        replacements.push(Replacement { key, before, after });
        if let Some(room) = &self.room {
            room.make(size(&replacements));
        }
        self.backend.replace(replacements)?;
        if let Some(mark) = &self.mark {
            mark.write(&ledger)?;
        }
        self.ledger = ledger;
        if drafted.0.capacity() <= RECORDS {
            self.drafted = drafted;
        }
        Ok(())
    }

    fn fail(&self, why: String) -> String {
        tracing::error!(%why, "the store takes no more facts");
        self.failure.get_or_init(|| why).clone()
    }

    fn check(&self) -> Result<Checked, ReadError> {
        let ledger = ledger::audit(&*self.backend, self.mark.as_ref())?.unwrap_or_default();
        Ok(Checked {
            facts: ledger.facts,
            records: ledger.records,
        })
    }
}

/// Roughly what a write takes on the disk.
fn size(writes: &[Replacement]) -> u64 {
    let sizes = writes
        .iter()
        .map(|it| it.key.len() + it.after.as_ref().map_or(0, Vec::len));
    4 * sizes.sum::<usize>() as u64
}
