//! Runs listed: those that were started, newest first, and those that a step has made.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use botswain_core::{
    Hash, RunId, StepId,
    index::{State, Summary, Tally},
};

use crate::{
    Artifacts,
    artifacts::names::names_in,
    backend::Entry,
    error::ReadError,
    key::{self, Key},
    record,
    store::Store,
};

/// Which runs are listed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Those of these workflows; of all of them when this is none.
    pub workflows: Option<BTreeSet<String>>,
    pub state: Option<State>,
}

impl Filter {
    /// Those of one workflow.
    pub fn of(workflow: impl Into<String>) -> Filter {
        Filter {
            workflows: Some(BTreeSet::from([workflow.into()])),
            state: None,
        }
    }

    /// Those of them that are in this state.
    pub fn in_state(self, state: State) -> Filter {
        Filter {
            state: Some(state),
            ..self
        }
    }

    /// Each run that is listed stands in one of these.
    fn lists(&self) -> Vec<Key> {
        match &self.workflows {
            None => vec![key::list(None, self.state)],
            Some(workflows) => {
                let list = |it: &String| key::list(Some(it), self.state);
                workflows.iter().map(list).collect()
            }
        }
    }
}

impl Store {
    /// Runs that were started (no items), newest first: at most `limit` with a
    /// number below `before`. The number of the last one is the next page's `before`.
    pub fn runs(
        &self,
        filter: &Filter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Summary>, ReadError> {
        let lists = filter.lists();
        // As much as is needed when they have equal parts in it.
        let piece = limit.div_ceil(lists.len().max(1));
        let mut sources = Vec::new();
        for list in lists {
            sources.push(Source {
                list,
                piece,
                read: Vec::new().into_iter(),
                is_last: false,
            });
        }
        let (mut next, mut page) = (BinaryHeap::new(), Vec::new());
        for (at, source) in sources.iter_mut().enumerate() {
            next.extend(self.next_of(source, before)?.map(|it| (it, at)));
        }
        // A number is in one list alone.
        while let Some(((number, entry), at)) = next.pop().filter(|_| page.len() < limit) {
            page.push(entry);
            let more = self.next_of(&mut sources[at], Some(number))?;
            next.extend(more.map(|it| (it, at)));
        }
        self.listed(page.into_iter().map(Ok)).collect()
    }

    /// The newest run of a list with a number below `before`.
    fn next_of(
        &self,
        source: &mut Source,
        before: Option<u64>,
    ) -> Result<Option<(u64, Entry)>, ReadError> {
        if source.read.len() == 0 && !source.is_last {
            let mut range = key::below(&source.list);
            if let Some(before) = before {
                range.end = [&source.list[..], &before.to_be_bytes()].concat();
            }
            let range = &range.start[..]..&range.end[..];
            let read = self.backend.scan(range, source.piece, true)?;
            source.is_last = read.len() < source.piece;
            source.read = read.into_iter();
        }
        let entry = source.read.next();
        Ok(entry.and_then(|entry| Some((key::seq(&entry.0)?, entry))))
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

    /// Whether a run names this file or table: in a fact, or in what a fact names in turn.
    pub fn has_named(
        &self,
        run: &RunId,
        hash: &Hash,
        artifacts: &Artifacts,
    ) -> Result<bool, ReadError> {
        let mut names = BTreeMap::new();
        for entry in self.entries(key::below(&key::facts(run))) {
            let (key, bytes) = entry?;
            record::verify(&key, &bytes)?;
            let named = names_in(record::body(&bytes)).into_iter();
            names.extend(named.map(|named| (named.hash.clone(), named)));
        }
        Ok(names.contains_key(hash) || artifacts.closure(names).contains_key(hash))
    }
}

/// A list that is read from its end, a piece at a time.
struct Source {
    list: Key,
    piece: usize,
    read: std::vec::IntoIter<Entry>,
    is_last: bool,
}
