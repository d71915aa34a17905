//! The inbox read: causes, lists and what a search finds, a page at a time.

use std::{collections::BTreeSet, ops::Range};

use botswain_core::{ExceptionId, Hash, index::Exception};

use crate::{
    backend::Entry,
    error::ReadError,
    inbox::{self, Cluster, List},
    key::{self, Key},
    record,
    store::Store,
};

/// How many exceptions a search looks at; more have all its words only when they are very common.
const LOOKED_AT: usize = 5_000;

/// Where the next page of a list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

impl Cursor {
    /// As `to_string` gave it.
    pub fn parse(text: &str) -> Option<Cursor> {
        let digits = text.as_bytes();
        if digits.is_empty() || digits.len() % 2 == 1 || digits.len() > 64 || !text.is_ascii() {
            return None;
        }
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).ok();
        let bytes = (0..digits.len()).step_by(2).map(byte);
        bytes.collect::<Option<Vec<u8>>>().map(Cursor)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A page, and where the next one begins if there may be one.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub entries: Vec<T>,
    pub next: Option<Cursor>,
}

impl Store {
    /// What waits, by cause: the one that parked something last first.
    pub fn clusters(
        &self,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Cluster>, ReadError> {
        let place = (b"ql".as_slice(), key::below(b"ql"));
        let (found, next) = self.page(place, true, (after, limit))?;
        let mut entries = Vec::new();
        for (key, bytes) in found {
            let cause: Hash = record::decode(&key, &bytes)?;
            // It may have been closed since.
            entries.extend(self.cluster(&cause)?);
        }
        Ok(Page { entries, next })
    }

    /// What is known of one cause, while anything waits for it.
    pub fn cluster(&self, cause: &Hash) -> Result<Option<Cluster>, ReadError> {
        self.get(&inbox::cluster(cause))
    }

    /// The exceptions of a list in its order.
    pub fn listed_exceptions(
        &self,
        list: &List,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Exception>, ReadError> {
        let place = (&list.prefix()[..], list.range());
        let (found, next) = self.page(place, false, (after, limit))?;
        let ids = found.iter().filter_map(|(key, _)| inbox::member(key));
        let entries = self.those(ids)?;
        Ok(Page { entries, next })
    }

    /// How many stand in a list, counted up to a number that is enough.
    pub fn count(&self, list: &List, enough: usize) -> Result<u64, ReadError> {
        let range = list.range();
        let found = self.backend.scan(&range.start..&range.end, enough, false)?;
        Ok(found.len() as u64)
    }

    /// All that is open, the newest or the oldest first.
    pub fn all_exceptions(
        &self,
        newest_first: bool,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page<Exception>, ReadError> {
        let place = (b"e".as_slice(), key::below(b"e"));
        let (found, next) = self.page(place, newest_first, (after, limit))?;
        let decode = |(key, bytes): &(Key, Vec<u8>)| record::decode(key, bytes);
        let entries = found.iter().map(decode).collect::<Result<_, _>>()?;
        Ok(Page { entries, next })
    }

    /// Those that fit and in which words stand that begin with all the words of `text`, the newest
    /// first.
    pub fn search(
        &self,
        text: &str,
        limit: usize,
        fits: impl Fn(&Exception) -> bool,
    ) -> Result<Vec<Exception>, ReadError> {
        let wanted = inbox::words(text);
        let mut candidates: Option<BTreeSet<ExceptionId>> = None;
        for word in &wanted {
            let range = key::below(&inbox::words_from(word));
            let keys = self
                .backend
                .scan(&range.start..&range.end, LOOKED_AT, false)?;
            let ids: BTreeSet<_> = keys
                .iter()
                .filter_map(|(key, _)| inbox::member(key))
                .collect();
            // The rarest word leaves the fewest to look at.
            if candidates
                .as_ref()
                .is_none_or(|best| ids.len() < best.len())
            {
                candidates = Some(ids);
            }
        }
        let mut found = Vec::new();
        for id in candidates.into_iter().flatten().rev() {
            let Some(exception) = self.exception(id)?.filter(&fits) else {
                continue;
            };
            let words = inbox::words_of(&exception);
            let is_there = |wanted: &String| words.iter().any(|word| word.starts_with(wanted));
            if wanted.iter().all(is_there) {
                found.push(exception);
            }
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    fn those(&self, ids: impl Iterator<Item = ExceptionId>) -> Result<Vec<Exception>, ReadError> {
        let found = ids.map(|id| self.exception(id));
        found.filter_map(Result::transpose).collect()
    }

    /// Entries of a range whose keys begin alike, from a cursor on, and where to go on.
    fn page(
        &self,
        (prefix, mut range): (&[u8], Range<Key>),
        reverse: bool,
        (after, limit): (Option<&Cursor>, usize),
    ) -> Result<(Vec<Entry>, Option<Cursor>), ReadError> {
        if let Some(Cursor(tail)) = after {
            let place = [prefix, tail].concat();
            match reverse {
                true => range.end = place,
                false => range.start = [&place[..], &[0]].concat(),
            }
        }
        let found = self
            .backend
            .scan(&range.start..&range.end, limit, reverse)?;
        let last = found.last().filter(|_| found.len() == limit);
        let next = last.map(|(key, _)| Cursor(key[prefix.len()..].to_vec()));
        Ok((found, next))
    }
}
