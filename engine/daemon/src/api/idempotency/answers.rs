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
use crate::instance::{Private, replace_file};

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
    /// Opened when there is something to write.
    file: Option<File>,
    lines: usize,
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
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
    pub fn open(private: &Private) -> std::io::Result<Answers> {
        let path = private.answers();
        let text = match std::fs::read(&path) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut inner = Inner {
            path,
            known: BTreeMap::new(),
            file: None,
            lines: 0,
        };
        let lines = text.split(|byte| *byte == b'\n');
        for line in lines.filter_map(|it| serde_json::from_slice::<Line>(it).ok()) {
            let entry = Entry {
                line,
                is_written: true,
                is_under_way: false,
            };
            inner.known.insert(entry.name(), entry);
            inner.lines += 1;
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

    /// What came of it, or that nobody knows. When an answer cannot be written down, the next daemon
    /// does not know it either.
    pub(super) async fn end(&self, asked: Asked, answer: Option<Answer>) {
        let ended = self.work(|inner| inner.end(asked, answer)).await;
        if let Ok(Err(err)) = ended {
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
        };
        if asked.is_written {
            self.write(&line)?;
        }
        let entry = Entry {
            line,
            is_written: asked.is_written,
            is_under_way: true,
        };
        self.known.insert(name, entry);
        Ok(None)
    }

    fn end(&mut self, asked: Asked, answer: Option<Answer>) -> std::io::Result<()> {
        let Some(entry) = self.known.get_mut(&(asked.by, asked.key)) else {
            return Ok(());
        };
        entry.is_under_way = false;
        entry.line.answer = answer;
        // That it was begun is written down already.
        match entry.is_written && entry.line.answer.is_some() {
            true => {
                let line = entry.line.clone();
                self.write(&line)
            }
            false => Ok(()),
        }
    }

    /// Forgets what is older than a day, and the oldest when there is too much.
    fn make_room(&mut self, old: impl Fn(&Entry) -> bool) {
        self.known.retain(|_, entry| !old(entry));
        let bytes = |entry: &Entry| entry.line.answer.as_ref().map_or(0, Answer::bytes);
        let mut all: usize = self.known.values().map(bytes).sum();
        while self.known.len() >= MOST || all > ALL {
            let ended = self.known.iter().filter(|(_, entry)| !entry.is_under_way);
            let oldest = ended.min_by_key(|(_, entry)| entry.line.at);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else {
                return;
            };
            all -= self.known.remove(&name).as_ref().map_or(0, bytes);
        }
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
    fn name(&self) -> Name {
        (self.line.by.clone(), self.line.key.clone())
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
