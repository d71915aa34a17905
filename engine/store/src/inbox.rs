//! How what waits for people is found: by cause, list and word.
//!
//! In goes an open exception, out come the keys under which it stands, written
//! in the append that opens, changes or closes it. All of it follows from the
//! exceptions themselves but the order of causes, which remembers when each of
//! them last parked something. A store of an older Botswain is indexed when it
//! is opened.
//!
//! ```text
//! qc CAUSE            what is known of a cause
//! ql NUMBER           the cause that parked this one last
//! qm CAUSE NUMBER     the exceptions of a cause
//! qk CATEGORY NUMBER  those of a category
//! qd TIME NUMBER      those that should be decided by then
//! qz TIME NUMBER      those put off until then
//! qa NAME NUMBER      those that somebody has taken on
//! qw WORD NUMBER      those in which a word stands
//! ```

use std::collections::BTreeSet;

use botswain_core::{
    ExceptionId, Hash, StepId,
    index::{Exception, ExceptionCategory},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    backend::Backend,
    draft::Writes,
    error::ReadError,
    key::{self, Key},
    record,
    store::Entries,
};

/// Words beyond are not indexed; those of key, code and data come first.
const WORDS: usize = 64;

/// The longest word, in characters; a longer one is found by its beginning.
const WORD: usize = 40;

/// What waits for one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    pub fingerprint: Hash,
    pub workflow: String,
    pub step: StepId,
    pub category: ExceptionCategory,
    pub code: String,
    pub count: u64,
    /// How many are put off, and until when the last of them is at most.
    pub snoozed: u64,
    pub wakes: Option<Timestamp>,
    /// The one parked last, open or not.
    pub last: ExceptionId,
    pub newest: Timestamp,
}

impl Cluster {
    /// With this exception in it.
    pub(crate) fn with(before: Option<Cluster>, exception: &Exception) -> Cluster {
        let mut cluster = before.unwrap_or_else(|| Cluster {
            fingerprint: exception.fingerprint.clone(),
            workflow: exception.workflow.clone(),
            step: exception.step.clone(),
            category: exception.category,
            code: exception.fault.code.clone(),
            count: 0,
            snoozed: 0,
            wakes: None,
            last: exception.id,
            newest: exception.opened,
        });
        cluster.count += 1;
        if exception.snoozed.is_some() {
            cluster.snoozed += 1;
            cluster.wakes = cluster.wakes.max(exception.snoozed);
        }
        if exception.id > cluster.last {
            (cluster.last, cluster.newest) = (exception.id, exception.opened);
        }
        cluster
    }

    /// Without it; perhaps it was the last one.
    pub(crate) fn without(mut self, exception: &Exception) -> Cluster {
        self.count = self.count.saturating_sub(1);
        if exception.snoozed.is_some() {
            self.snoozed = self.snoozed.saturating_sub(1);
        }
        if self.snoozed == 0 {
            self.wakes = None;
        }
        self
    }

    /// Whether nobody wants to see any of them before some later time.
    pub fn sleeps(&self, now: Timestamp) -> bool {
        self.snoozed == self.count && self.wakes.is_some_and(|wakes| wakes > now)
    }
}

/// One of the lists in which an exception can stand.
#[derive(Clone, Debug, PartialEq)]
pub enum List {
    /// For one cause, the one that waits longest first.
    Cause(Hash),
    Category(ExceptionCategory),
    /// Those that should be decided by this time, the earliest first.
    DueBy(Timestamp),
    /// Put off, the next to come back first.
    Snoozed,
    /// Taken on by somebody.
    Assignee(String),
}

impl List {
    /// Begins the keys of its members.
    pub(crate) fn prefix(&self) -> Key {
        match self {
            List::Cause(cause) => named(b'm', cause.as_str()),
            List::Category(category) => vec![b'q', b'k', code(*category)],
            List::DueBy(_) => b"qd".to_vec(),
            List::Snoozed => b"qz".to_vec(),
            List::Assignee(name) => named(b'a', name),
        }
    }

    /// The keys of its members.
    pub(crate) fn range(&self) -> std::ops::Range<Key> {
        let mut range = key::below(&self.prefix());
        if let List::DueBy(time) = self {
            range.end = [&self.prefix()[..], &ordered(*time)].concat();
        }
        range
    }
}

pub(crate) fn cluster(cause: &Hash) -> Key {
    [b"qc", cause.as_str().as_bytes()].concat()
}

pub(crate) fn latest(last: ExceptionId) -> Key {
    [b"ql", &last.0.to_be_bytes()[..]].concat()
}

/// Begins the keys of all words that begin so.
pub(crate) fn words_from(beginning: &str) -> Key {
    [b"qw", beginning.as_bytes()].concat()
}

/// The exception that a key of a list or a word stands for.
pub(crate) fn member(key: &[u8]) -> Option<ExceptionId> {
    Some(ExceptionId(key::seq(key)?))
}

/// Under which keys an exception stands, but for its cause's own.
pub(crate) fn keys(exception: &Exception) -> BTreeSet<Key> {
    let of = |list: List, time: Option<Timestamp>| {
        let mut key = list.prefix();
        key.extend(time.map(ordered).into_iter().flatten());
        key
    };
    let lists = [
        Some(of(List::Cause(exception.fingerprint.clone()), None)),
        Some(of(List::Category(exception.category), None)),
        exception.due.map(|due| of(List::DueBy(due), Some(due))),
        exception
            .snoozed
            .map(|until| of(List::Snoozed, Some(until))),
        exception
            .assignee
            .as_ref()
            .map(|name| of(List::Assignee(name.clone()), None)),
    ];
    let words = words_of(exception)
        .into_iter()
        .map(|word| named(b'w', &word));
    let all = lists.into_iter().flatten().chain(words);
    let numbered = |mut key: Key| {
        key.extend(exception.id.0.to_be_bytes());
        key
    };
    all.map(numbered).collect()
}

/// The words by which an exception is found.
pub(crate) fn words_of(exception: &Exception) -> BTreeSet<String> {
    let id = exception.id.to_string();
    let texts = [
        Some(id.as_str()),
        Some(exception.run.as_str()),
        exception.key.as_deref(),
        Some(exception.fault.code.as_str()),
        Some(exception.workflow.as_str()),
        Some(exception.step.as_str()),
    ];
    let about = exception.about.values().map(String::as_str);
    let texts = texts.into_iter().flatten().chain(about);
    let texts = texts.chain([exception.fault.message.as_str()]);
    texts.flat_map(words).take(WORDS).collect()
}

/// A text as words that can be looked up: lower case, letters and digits; what is written without
/// spaces in pairs, for nobody says where its words end.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()) {
        let chars: Vec<char> = part.chars().flat_map(char::to_lowercase).collect();
        for run in chars.chunk_by(|a, b| is_unspaced(*a) == is_unspaced(*b)) {
            match is_unspaced(run[0]) {
                true if run.len() > 1 => found.extend(run.windows(2).map(String::from_iter)),
                _ => found.push(run.iter().take(WORD).collect()),
            }
        }
    }
    found
}

/// Chinese and Japanese are written without spaces.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// What indexes the exceptions of a store that has none indexed; nothing when there is nothing to do.
pub(crate) fn of_older(backend: &dyn Backend) -> Result<Writes, ReadError> {
    let mut writes = Writes::new();
    if Entries::new(backend, key::below(b"q")).next().is_some() {
        return Ok(writes);
    }
    let mut clusters = std::collections::BTreeMap::<Hash, Cluster>::new();
    for entry in Entries::new(backend, key::below(b"e")) {
        let (key, bytes) = entry?;
        let exception: Exception = record::decode(&key, &bytes)?;
        let before = clusters.remove(&exception.fingerprint);
        let cluster = Cluster::with(before, &exception);
        clusters.insert(exception.fingerprint.clone(), cluster);
        writes.extend(keys(&exception).into_iter().map(|key| entry_of(key, &())));
    }
    for (cause, found) in &clusters {
        writes.extend([entry_of(cluster(cause), found)]);
        writes.extend([entry_of(latest(found.last), cause)]);
    }
    Ok(writes)
}

fn entry_of(key: Key, body: &impl Serialize) -> (Key, Option<Vec<u8>>) {
    let bytes = record::encode(&key, 0, body);
    (key, Some(bytes))
}

fn named(list: u8, name: &str) -> Key {
    [&[b'q', list], name.as_bytes(), &[0]].concat()
}

/// In the order of their bytes as times are in theirs.
fn ordered(time: Timestamp) -> [u8; 8] {
    (time.as_second().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

// Stored: a category keeps its number for ever.
fn code(category: ExceptionCategory) -> u8 {
    match category {
        ExceptionCategory::Business => 1,
        ExceptionCategory::System => 2,
        ExceptionCategory::InDoubt => 3,
        ExceptionCategory::Approval => 4,
        ExceptionCategory::Overdue => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_looked_up_by_its_words() {
        assert_eq!(
            words("ACME Ltd., No 10853-1"),
            ["acme", "ltd", "no", "10853", "1"]
        );
        assert_eq!(words("深圳市 ABC公司"), ["深圳", "圳市", "abc", "公司"]);
        assert_eq!(words("中"), ["中"]);
        assert!(words(" .,-\0 ").is_empty());
    }

    #[test]
    fn times_are_in_the_order_of_their_bytes() {
        let times = [-5, -1, 0, 1, 300].map(|at| ordered(Timestamp::from_second(at).unwrap()));
        assert!(times.is_sorted());
    }
}
