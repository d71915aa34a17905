//! Acts from the newest on, each with how it ended.
//!
//! How an act ended stands in a later record, so it has been read when the act is.
//! A page that begins in the middle looks a little ahead for the ends of its first
//! acts. What fits is looked for in so many records for one page.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufRead, BufReader, Seek, SeekFrom},
};

use botswain_views::{AuditEntry, AuditPage, AuditQuery, Outcome};

use super::{
    backwards::Backwards,
    log::{Log, is_month, month_of},
    record::{Answered, Asked, Record, What},
};

/// The longest page, and how many records are looked at for one.
const LONGEST: usize = 1000;
const LOOKED: usize = 50_000;

/// How many records after the beginning of a page may tell how one of its acts ended.
const AHEAD: usize = 500;

/// What was given for `before` is not what `next` of a page said.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no place in the audit")]
pub(crate) struct BadCursor(String);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Cursor(#[from] BadCursor),
    #[error("the audit cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// A place: the end of what is still to be read in a month.
type Place = (String, u64);

/// Acts that fit, the newest first.
pub(super) struct Acts<'a> {
    log: &'a Log,
    query: &'a AuditQuery,
    /// Months that are still to be read.
    months: Vec<String>,
    lines: Option<(String, Backwards)>,
    ends: HashMap<u64, Answered>,
    /// Where whoever goes on begins.
    place: Option<Place>,
    looked: usize,
}

impl<'a> Acts<'a> {
    pub(super) fn new(log: &'a Log, query: &'a AuditQuery) -> Result<Acts<'a>, Error> {
        let mut months = log.months()?;
        if let Some(since) = query.since.map(month_of) {
            months.retain(|it| *it >= since);
        }
        let mut acts = Acts {
            log,
            query,
            months,
            lines: None,
            ends: HashMap::new(),
            place: None,
            looked: 0,
        };
        if let Some(before) = &query.before {
            let (month, end) = place(before)?;
            acts.months.retain(|it| *it <= month);
            if acts.months.last() == Some(&month) {
                acts.months.pop();
                acts.look_ahead(&month, end)?;
                let lines = Backwards::open(&log.file(&month), end)?;
                acts.lines = Some((month, lines));
            }
        }
        Ok(acts)
    }

    fn look_ahead(&mut self, month: &str, from: u64) -> io::Result<()> {
        let mut file = BufReader::new(File::open(self.log.file(month))?);
        file.seek(SeekFrom::Start(from))?;
        for line in file.split(b'\n').take(AHEAD) {
            if let Some((record, _)) = Record::of_line(&line?)
                && let What::Answered(answered) = record.what
            {
                self.ends.insert(answered.of, answered);
            }
        }
        Ok(())
    }

    pub(super) fn next(&mut self) -> io::Result<Option<AuditEntry>> {
        loop {
            let Some((month, lines)) = &mut self.lines else {
                let Some(month) = self.months.pop() else {
                    self.place = None;
                    return Ok(None);
                };
                let path = self.log.file(&month);
                let length = fs::metadata(&path)?.len();
                self.lines = Some((month, Backwards::open(&path, length)?));
                continue;
            };
            let Some((begin, line)) = lines.next()? else {
                self.lines = None;
                continue;
            };
            self.looked += 1;
            self.place = Some((month.clone(), begin));
            let Some((record, _)) = Record::of_line(&line) else {
                continue;
            };
            match record.what {
                What::Answered(answered) => drop(self.ends.insert(answered.of, answered)),
                What::Asked(asked) => {
                    let end = self.ends.remove(&record.n);
                    let entry = entry((record.n, record.at), asked, end);
                    if fits(&entry, self.query) {
                        return Ok(Some(entry));
                    }
                }
            }
            if self.looked.is_multiple_of(LOOKED) {
                return Ok(None);
            }
        }
    }

    /// Whether everything was looked at.
    pub(super) fn is_over(&self) -> bool {
        self.place.is_none()
    }
}

pub(super) fn page(log: &Log, query: &AuditQuery) -> Result<AuditPage, Error> {
    let limit = query.limit.unwrap_or(50).min(LONGEST);
    let mut acts = Acts::new(log, query)?;
    let mut page = AuditPage::default();
    while page.entries.len() < limit {
        match acts.next()? {
            Some(entry) => page.entries.push(entry),
            None => break,
        }
    }
    let place = acts
        .place
        .take()
        .filter(|(month, end)| *end > 0 || acts.months.iter().any(|it| it < month));
    page.next = place.map(|(month, end)| format!("{month}.{end}"));
    Ok(page)
}

fn place(text: &str) -> Result<Place, BadCursor> {
    let bad = || BadCursor(text.to_owned());
    let (month, end) = text.split_once('.').ok_or_else(bad)?;
    match is_month(month) {
        true => Ok((month.to_owned(), end.parse().map_err(|_| bad())?)),
        false => Err(bad()),
    }
}

fn entry((number, at): (u64, jiff::Timestamp), asked: Asked, end: Option<Answered>) -> AuditEntry {
    let outcome = match end.as_ref().map(|it| it.status) {
        // Nobody answers for what Botswain does by itself.
        None if asked.from.is_empty() => Outcome::Done,
        None => Outcome::Unknown,
        Some(..400) => Outcome::Done,
        Some(400..500) => Outcome::Refused,
        Some(_) => Outcome::Failed,
    };
    AuditEntry {
        number,
        at,
        by: asked.by,
        from: asked.from,
        act: asked.act,
        way: asked.way,
        on: asked.on,
        with: asked.with,
        outcome,
        status: end.as_ref().map(|it| it.status),
        problem: end.as_ref().and_then(|it| it.problem.clone()),
        again: end.is_some_and(|it| it.again),
    }
}

fn fits(entry: &AuditEntry, query: &AuditQuery) -> bool {
    let same = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|it| it == text);
    let about = |wanted: &Option<String>| {
        let about = entry.on.to_lowercase();
        wanted
            .as_ref()
            .is_none_or(|it| about.contains(&it.to_lowercase()))
    };
    same(&query.by, &entry.by)
        && query.act.is_none_or(|it| it == entry.act)
        && about(&query.on)
        && query.since.is_none_or(|it| entry.at >= it)
        && query.until.is_none_or(|it| entry.at < it)
}
