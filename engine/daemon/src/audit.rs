//! The audit: who did what, when, from where, about what, and how it ended.
//!
//! `.botswain/audit/` (0700) has a file of lines for each month, and `head`, which
//! says where the last of them ends. A line is a record behind the SHA-256 of it,
//! and each record holds the hash of the one before: none can be changed, removed
//! or put in without the chain showing where. An act is written down before it is
//! done and again when it has ended, both durable; what cannot be written down is
//! not done. Passwords and secrets never come here: of what was sent only the
//! fields that [`acts`] names are told, with known secrets masked.

mod acts;
mod backwards;
mod chain;
mod export;
mod log;
mod page;
mod record;

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use botswain_store::verify::{Finding, Report};
use botswain_views::{Act, AuditPage, AuditQuery, AuditReport};
use jiff::{SignedDuration, Timestamp};

pub(crate) use self::{
    acts::{Form, Said, fields, of_route, short},
    export::{Format, cell, write},
    log::Copied,
    page::{BadCursor, Error as Unreadable},
    record::{Answered, Asked},
};
use self::{log::Log, record::What};

/// How long a look over the whole chain counts for pages.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// So many acts of those who have not signed in are written down in a minute. Those beyond are
/// counted: whoever tries passwords is not to fill the disk.
const STRANGERS: u32 = 60;

/// What a backup calls where it ends.
pub(crate) const BESIDE: &str = "audit";

/// Where somebody is who gives a command without a daemon.
pub(crate) const DESK: &str = "desk";

/// The record of an instance. Commands beside the daemon may write too.
#[derive(Clone)]
pub struct Audit {
    log: Log,
    looked: Arc<Mutex<Option<AuditReport>>>,
    strangers: Arc<Mutex<Strangers>>,
}

#[derive(Default)]
struct Strangers {
    since: Option<Timestamp>,
    written: u32,
    left_out: u64,
}

impl Audit {
    pub fn at(folder: PathBuf) -> Audit {
        Audit {
            log: Log { folder },
            looked: Arc::default(),
            strangers: Arc::default(),
        }
    }

    /// Writes down what somebody asks for, before it is done; gives its number. Durable on return.
    pub(crate) async fn asks(&self, asked: Asked) -> io::Result<u64> {
        self.append(What::Asked(asked)).await
    }

    /// Writes down how it ended. Durable on return.
    pub(crate) async fn ended(&self, answered: Answered) -> io::Result<u64> {
        self.append(What::Answered(answered)).await
    }

    /// Writes down what was done already, or is about to be, by whoever needs no answer. Blocks.
    pub(crate) fn note(&self, asked: Asked) -> io::Result<()> {
        let of = self.log.append(Timestamp::now(), What::Asked(asked))?;
        let done = Answered::done(of);
        self.log.append(Timestamp::now(), What::Answered(done))?;
        Ok(())
    }

    async fn append(&self, what: What) -> io::Result<u64> {
        let log = self.log.clone();
        let writing = tokio::task::spawn_blocking(move || log.append(Timestamp::now(), what));
        writing.await.map_err(io::Error::other)?
    }

    /// Whether one more act of somebody who is not known is written down; with how many were left
    /// out since the last one.
    pub(crate) fn takes_stranger(&self, now: Timestamp) -> Option<u64> {
        let mut known = self
            .strangers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_over = |since: Timestamp| now.duration_since(since) > SignedDuration::from_mins(1);
        if known.since.is_none_or(is_over) {
            known.since = Some(now);
            known.written = 0;
        }
        if known.written >= STRANGERS {
            known.left_out += 1;
            return None;
        }
        known.written += 1;
        Some(std::mem::take(&mut known.left_out))
    }

    /// A page of it. Blocks.
    pub(crate) fn page(&self, query: &AuditQuery) -> Result<AuditPage, page::Error> {
        page::page(&self.log, query)
    }

    /// Looks the whole chain over. Blocks.
    pub fn verify(&self) -> io::Result<AuditReport> {
        let report = chain::verify(&self.log, Timestamp::now())?;
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        *looked = Some(report.clone());
        Ok(report)
    }

    /// Puts what is wrong with it among what is wrong with the store. Blocks.
    pub(crate) fn tell(&self, report: &mut Report) {
        let wrong = |about: String, problem: String| Finding {
            about,
            run: None,
            problem,
        };
        match self.verify() {
            Ok(audit) => {
                let found = audit.findings.into_iter();
                let found =
                    found.map(|it| wrong(format!("audit, {}", it.place), it.fault.to_string()));
                report.findings.extend(found);
                report.more += audit.more;
            }
            Err(error) => {
                let about = "audit".to_owned();
                report
                    .findings
                    .push(wrong(about, format!("it cannot be read: {error}")));
            }
        }
    }

    /// The same, or what was found within the last minute. Blocks.
    pub(crate) fn looked_over(&self) -> io::Result<AuditReport> {
        let last = self
            .looked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let is_fresh = |it: &AuditReport| Timestamp::now().duration_since(it.checked) < FRESH;
        match last.filter(is_fresh) {
            Some(report) => Ok(report),
            None => self.verify(),
        }
    }

    /// Removes the months whose last record is older than this. Blocks.
    pub(crate) fn prune(&self, older_than: Timestamp) -> io::Result<u64> {
        self.log.prune(older_than)
    }

    /// What a backup takes along. Blocks.
    pub(crate) fn copied(&self) -> io::Result<Copied> {
        self.log.copied()
    }

    /// Takes over what a backup has, unless something is here already; whether it did. Blocks.
    pub(crate) fn restore(&self, from: &std::path::Path, head: &str) -> io::Result<bool> {
        self.log.restore(from, head)
    }
}

/// An act of the user who runs this command, without a daemon.
pub(crate) fn at_desk(act: Act, on: String) -> Asked {
    Asked {
        by: std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned()),
        from: DESK.to_owned(),
        act,
        way: String::new(),
        on,
        with: BTreeMap::new(),
    }
}

#[cfg(test)]
pub(crate) use self::acts::ACTS;

#[cfg(test)]
mod tests;
