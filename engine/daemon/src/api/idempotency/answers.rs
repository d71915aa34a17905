//! What was asked for within a day, and what was answered.
//!
//! `.botswain/answers` (0600) has a line of JSON for each that began and one for
//! each that was answered; the last line about a key counts. A line is durable
//! before anything is done, or answered. The oldest give way when there are too
//! many, and a line that a power cut has torn was never relied on.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use botswain_core::Hash;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Problem;
use crate::instance::replace_file;

/// How long a key stands for what it stood for first.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// As many keys are known.
const MOST: usize = 10_000;

/// The longest answer that is kept, and how much all of them may have.
const LONGEST: usize = 64 * 1024;
const ALL: usize = 16 * 1024 * 1024;

/// A change that somebody asks for.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) by: String,
    pub(super) key: String,
    /// Of all that was sent.
    pub(super) what: Hash,
    /// Whether the next daemon is to know it.
    pub(super) is_written: bool,
}

/// What is known of a key.
pub(super) enum Known {
    Answer(Answer),
    UnderWay,
    /// It was begun, and that is all.
    Unknown,
    /// It stands for something else.
    Other,
}

/// What came of it.
pub(super) enum Ended {
    Answered(Answer),
    /// It was refused for now, and nothing was done: the key is free again.
    NotNow,
    /// Nobody knows.
    Unknown,
}

/// What was answered.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Answer {
    status: u16,
    media: Option<String>,
    /// Absent when it was too long.
    body: Option<String>,
}

/// One line.
#[derive(Clone, Serialize, Deserialize)]
struct Line {
    at: Timestamp,
    by: String,
    key: String,
    what: Hash,
    answer: Option<Answer>,
    /// The key stands for nothing any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_free: bool,
}

struct Entry {
    line: Line,
    is_written: bool,
    is_under_way: bool,
}

/// By whom, and under which key.
type Name = (String, String);

/// All of them.
pub struct Answers(Arc<Mutex<Inner>>);

struct Inner {
    path: PathBuf,
    known: BTreeMap<Name, Entry>,
    /// Of all answers that are kept.
    bytes: usize,
    /// Opened when there is something to write.
    file: Option<File>,
    lines: usize,
}

impl Ended {
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Ended {
        match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::INSUFFICIENT_STORAGE => Ended::NotNow,
            _ => Ended::Answered(Answer::new(status, headers, body)),
        }
    }
}

impl Answer {
    fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
        let media = headers.get(header::CONTENT_TYPE);
        let body = str::from_utf8(body).ok().filter(|it| it.len() <= LONGEST);
        Answer {
            status: status.as_u16(),
            media: media.and_then(|it| it.to_str().ok()).map(str::to_owned),
            body: body.map(str::to_owned),
        }
    }

    fn bytes(&self) -> usize {
        self.body.as_ref().map_or(0, String::len)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Body::from(self.body.unwrap_or_default());
        match self.media {
            Some(media) => (status, [(header::CONTENT_TYPE, media)], body).into_response(),
            None => (status, body).into_response(),
        }
    }
}

impl Answers {
    /// What the daemon before has left. A file that cannot be read ends the start: what was done
    /// under its keys could be done again.
    pub fn open(path: PathBuf) -> std::io::Result<Answers> {
        let text = match std::fs::read(&path) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut inner = Inner {
            path,
            known: BTreeMap::new(),
            bytes: 0,
            file: None,
            lines: 0,
        };
        let lines = text.split(|byte| *byte == b'\n');
        for line in lines.filter_map(|it| serde_json::from_slice::<Line>(it).ok()) {
            inner.take_in(line);
        }
        Ok(Answers(Arc::new(Mutex::new(inner))))
    }

    /// What is known already; nothing when it begins now, which is durable on return.
    pub(super) async fn begin(&self, asked: Asked) -> Result<Option<Known>, Problem> {
        let begun = self.work(|inner| inner.begin(asked)).await?;
        begun.map_err(|err| {
            let title = format!("what is asked for cannot be written down: {err}");
            Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk.full", title)
                .detail("nothing was done; free some space, and ask again")
        })
    }

    /// What came of it. When that cannot be written down, the next daemon does not know.
    pub(super) async fn end(&self, asked: Asked, ended: Ended) {
        let written = self.work(|inner| inner.end(asked, ended)).await;
        if let Ok(Err(err)) = written {
            tracing::warn!("an answer cannot be kept for whoever asks again: {err}");
        }
    }

    /// Off the async threads: the disk may take its time.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Inner) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let inner = self.0.clone();
        let work = move || work(&mut lock(&inner));
        let worked = tokio::task::spawn_blocking(work).await;
        worked.map_err(Problem::internal)
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    fn take_in(&mut self, line: Line) {
        self.lines += 1;
        let name = (line.by.clone(), line.key.clone());
        if line.is_free {
            self.forget(&name);
            return;
        }
        let entry = Entry {
            line,
            is_written: true,
            is_under_way: false,
        };
        self.keep(name, entry);
    }

    fn keep(&mut self, name: Name, entry: Entry) {
        self.forget(&name);
        self.bytes += entry.bytes();
        self.known.insert(name, entry);
    }

    fn forget(&mut self, name: &Name) -> Option<Entry> {
        let entry = self.known.remove(name)?;
        self.bytes -= entry.bytes();
        Some(entry)
    }

    fn begin(&mut self, asked: Asked) -> std::io::Result<Option<Known>> {
        let now = Timestamp::now();
        let old = |entry: &Entry| !entry.is_under_way && now.duration_since(entry.line.at) > KEPT;
        let name = (asked.by, asked.key);
        match self.known.get(&name) {
            Some(entry) if !old(entry) => return Ok(Some(entry.told(&asked.what))),
            _ => (),
        }
        self.make_room(old);
        let (by, key) = name.clone();
        let line = Line {
            at: now,
            by,
            key,
            what: asked.what,
            answer: None,
            is_free: false,
        };
        if asked.is_written {
            self.write(&line)?;
        }
        let entry = Entry {
            line,
            is_written: asked.is_written,
            is_under_way: true,
        };
        self.keep(name, entry);
        Ok(None)
    }

    fn end(&mut self, asked: Asked, ended: Ended) -> std::io::Result<()> {
        let name = (asked.by, asked.key);
        let Some(mut entry) = self.forget(&name) else {
            return Ok(());
        };
        entry.is_under_way = false;
        match ended {
            Ended::Answered(answer) => entry.line.answer = Some(answer),
            Ended::NotNow => entry.line.is_free = true,
            // That it was begun is written down already.
            Ended::Unknown => {
                self.keep(name, entry);
                return Ok(());
            }
        }
        let line = entry.line.clone();
        let is_written = entry.is_written;
        if !line.is_free {
            self.keep(name, entry);
        }
        match is_written {
            true => self.write(&line),
            false => Ok(()),
        }
    }

    /// When there is too much, forgets what is older than a day, and then the oldest of whoever has
    /// most: nobody loses a key because somebody else asks for much.
    fn make_room(&mut self, old: impl Fn(&Entry) -> bool) {
        let is_full = |inner: &Inner| inner.known.len() >= MOST || inner.bytes > ALL;
        if is_full(self) {
            let old = self.known.extract_if(.., |_, entry| old(entry));
            self.bytes -= old.map(|(_, entry)| entry.bytes()).sum::<usize>();
        }
        while is_full(self) {
            let Some(name) = self.dispensable() else {
                return;
            };
            self.forget(&name);
        }
    }

    fn dispensable(&self) -> Option<Name> {
        let mut shares: BTreeMap<&str, usize> = BTreeMap::new();
        let ended = || self.known.iter().filter(|(_, entry)| !entry.is_under_way);
        for ((by, _), entry) in ended() {
            // A key alone weighs as much as its part of all that may be kept.
            *shares.entry(by).or_default() += entry.bytes() + ALL / MOST;
        }
        let (most, _) = shares.into_iter().max_by_key(|(_, share)| *share)?;
        let theirs = ended().filter(|((by, _), _)| by == most);
        let oldest = theirs.min_by_key(|(_, entry)| entry.line.at);
        oldest.map(|(name, _)| name.clone())
    }

    fn write(&mut self, line: &Line) -> std::io::Result<()> {
        if self.lines >= 2 * MOST || self.file.is_none() {
            self.rewrite()?;
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        file.write_all(&text)?;
        file.sync_data()?;
        // After a failure the file is written anew: half a line would spoil the next.
        self.file = Some(file);
        self.lines += 1;
        Ok(())
    }

    /// The file with what is known alone.
    fn rewrite(&mut self) -> std::io::Result<()> {
        let mut text = Vec::new();
        let written = self.known.values().filter(|it| it.is_written);
        self.lines = 0;
        for entry in written {
            serde_json::to_writer(&mut text, &entry.line)?;
            text.push(b'\n');
            self.lines += 1;
        }
        self.file = None;
        replace_file(&self.path, &text)?;
        let options = OpenOptions::new()
            .append(true)
            .mode(0o600)
            .open(&self.path)?;
        self.file = Some(options);
        Ok(())
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        self.line.answer.as_ref().map_or(0, Answer::bytes)
    }

    fn told(&self, what: &Hash) -> Known {
        match &self.line.answer {
            _ if self.line.what != *what => Known::Other,
            Some(answer) if answer.body.is_some() => Known::Answer(answer.clone()),
            Some(_) => Known::Unknown,
            None if self.is_under_way => Known::UnderWay,
            None => Known::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &std::path::Path) -> Answers {
        Answers::open(folder.join("answers")).unwrap()
    }

    fn asked(by: &str, key: usize) -> Asked {
        Asked {
            by: by.to_owned(),
            key: key.to_string(),
            what: Hash::of(b"it"),
            is_written: true,
        }
    }

    fn answer(status: StatusCode) -> Ended {
        Ended::of(status, &HeaderMap::new(), b"{}")
    }

    #[tokio::test]
    async fn what_was_refused_for_now_frees_its_key_also_for_the_next_daemon() {
        let folder = tempfile::tempdir().unwrap();
        let answers = open(folder.path());
        let full = StatusCode::INSUFFICIENT_STORAGE;
        for (key, status) in [(1, full), (2, StatusCode::CREATED)] {
            assert!(answers.begin(asked("ann", key)).await.unwrap().is_none());
            answers.end(asked("ann", key), answer(status)).await;
        }
        drop(answers);
        let answers = open(folder.path());
        assert!(answers.begin(asked("ann", 1)).await.unwrap().is_none());
        let known = answers.begin(asked("ann", 2)).await.unwrap();
        assert!(matches!(known, Some(Known::Answer(it)) if it.status == 201));
    }

    #[tokio::test]
    async fn what_ended_without_an_answer_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let answers = open(folder.path());
        assert!(answers.begin(asked("ann", 1)).await.unwrap().is_none());
        let busy = answers.begin(asked("ann", 1)).await.unwrap();
        assert!(matches!(busy, Some(Known::UnderWay)));
        answers.end(asked("ann", 1), Ended::Unknown).await;
        let unknown = answers.begin(asked("ann", 1)).await.unwrap();
        assert!(matches!(unknown, Some(Known::Unknown)));
    }

    #[test]
    fn whoever_asks_for_much_costs_nobody_else_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let Answers(inner) = open(folder.path());
        let mut inner = lock(&inner);
        let mut ask = |by, key| {
            let asked = Asked {
                is_written: false,
                ..asked(by, key)
            };
            assert!(inner.begin(asked.clone()).unwrap().is_none());
            inner.end(asked, answer(StatusCode::CREATED)).unwrap();
        };
        ask("ann", 0);
        (0..MOST + 5).for_each(|key| ask("ben", key));
        let known = inner.begin(asked("ann", 0)).unwrap();
        assert!(matches!(known, Some(Known::Answer(_))));
        assert!(inner.begin(asked("ben", 0)).unwrap().is_none());
    }
}
