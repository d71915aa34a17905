//! Retention: runs that ended long ago go, what may never be forgotten stays.
//!
//! A run goes with all its items when none of them is open. What its keys stand
//! for is kept with the claims first, so that a later run with the same key still
//! gets its output. That it is being pruned is written before its first record is
//! removed: a run half removed by a crash is removed to its end, and a run that was
//! pruned is told apart from one that never was.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use botswain_core::{Hash, RunId, index::Summary};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Artifacts, Store,
    artifacts::{
        self,
        names::{Named, names_in},
    },
    draft::{Claimed, Writes},
    error::{AppendError, ReadError},
    key::{self, Key},
    rebuilt::Rebuilder,
    record,
    store::Entries,
};

/// How many records one batch removes.
const BATCH: usize = 512;
/// A file that was kept later than this may be about to be named by a fact.
const GRACE: Duration = Duration::from_secs(48 * 3600);

/// Which runs are gone for good.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pruned {
    /// Numbers of started runs, both ends included, in order and never touching.
    ranges: Vec<(u64, u64)>,
    /// How many facts they had.
    facts: u64,
    /// The run whose removal has begun and not ended.
    unfinished: Option<u64>,
}

impl Pruned {
    pub(crate) fn facts(&self) -> u64 {
        self.facts
    }

    fn contains(&self, number: u64) -> bool {
        self.ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&number))
    }

    fn add(&mut self, number: u64) {
        let at = self.ranges.partition_point(|(_, to)| *to < number);
        self.ranges.insert(at, (number, number));
        self.ranges.dedup_by(|next, range| {
            let touches = next.0 <= range.1 + 1;
            if touches {
                range.1 = range.1.max(next.1);
            }
            touches
        });
    }
}

/// What was given back.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Freed {
    /// Runs that were started; their items went with them.
    pub runs: u64,
    pub artifacts: u64,
    pub artifact_bytes: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Artifacts(#[from] artifacts::Error),
}

impl Store {
    /// Removes at most `most` started runs that ended before `then`, with their items, and the
    /// artifacts that nothing else names. Blocks; appends go on between its small batches.
    pub fn prune(&self, artifacts: &Artifacts, then: Timestamp, most: u64) -> Result<Freed, Error> {
        let mut freed = Freed::default();
        let mut names = BTreeMap::new();
        let mut from = 0;
        loop {
            let _alone = self.alone();
            self.finish_pruning(&mut names)?;
            let next = self
                .next_to_prune(from, then)?
                .filter(|_| freed.runs < most);
            let Some(number) = next else { break };
            self.prune_run(number, &mut names)?;
            freed.runs += 1;
            from = number + 1;
        }
        let _alone = self.alone();
        self.remove_unnamed(artifacts, names, &mut freed)?;
        Ok(freed)
    }

    /// Whether there was such a run, which has been pruned.
    pub fn was_pruned(&self, run: &RunId) -> Result<bool, ReadError> {
        Ok(self.pruned()?.contains(run.number()))
    }

    pub(crate) fn pruned(&self) -> Result<Pruned, ReadError> {
        Ok(self.get(key::PRUNED)?.unwrap_or_default())
    }

    /// Ends what a crash has cut short.
    pub(crate) fn finish_pruning(&self, names: &mut BTreeMap<Hash, Named>) -> Result<(), Error> {
        match self.pruned()?.unfinished {
            Some(number) => self.remove(number, names),
            None => Ok(()),
        }
    }

    /// The first started run, from number `from` on, that ended before `then` with all its items.
    fn next_to_prune(&self, from: u64, then: Timestamp) -> Result<Option<u64>, ReadError> {
        let mut range = key::below(&key::list(None, None));
        range.start = [&range.start[..], &from.to_be_bytes()].concat();
        for entry in Entries::new(&*self.backend, range) {
            let (key, bytes) = entry?;
            let run: RunId = record::decode(&key, &bytes)?;
            let Some(summary) = self.summary(&run)? else {
                continue;
            };
            // Numbers are given in the order of time, so the rest is younger.
            if summary.created >= then {
                return Ok(None);
            }
            if summary.ended.is_some_and(|ended| ended < then) && !self.has_open(run.number())? {
                return Ok(Some(run.number()));
            }
        }
        Ok(None)
    }

    /// Whether anything below a started run is open, as with `wait_for: unparked`.
    fn has_open(&self, number: u64) -> Result<bool, ReadError> {
        let range = key::below(&key::open_below(number));
        Ok(!self
            .backend
            .scan(&range.start..&range.end, 1, false)?
            .is_empty())
    }

    fn prune_run(&self, number: u64, names: &mut BTreeMap<Hash, Named>) -> Result<(), Error> {
        self.keep_claims(number)?;
        let mut pruned = self.pruned()?;
        pruned.add(number);
        pruned.unfinished = Some(number);
        let mut writes = Writes::from([encoded(&pruned)]);
        // From here on no list shows it.
        let run = RunId::root(number);
        let lists = self.summary(&run)?.map(|summary| key::lists(&summary));
        writes.extend(lists.into_iter().flatten().map(|list| (list, None)));
        self.put_raw(writes, None)?;
        self.remove(number, names)
    }

    /// Writes down with each claim of a run and its items what came of it.
    fn keep_claims(&self, number: u64) -> Result<(), Error> {
        let mut writes = Writes::new();
        let mut runs = Rebuilder::new(&*self.backend);
        for prefix in key::tree(number)
            .into_iter()
            .filter(|prefix| prefix.starts_with(b"s"))
        {
            for entry in Entries::new(&*self.backend, key::below(&prefix)) {
                let (key, bytes) = entry?;
                let summary: Summary = record::decode(&key, &bytes)?;
                let rebuilt = runs.of(&summary.id)?.map_err(ReadError::Damaged)?;
                for (claim, (by, output)) in rebuilt.claims {
                    let key = key::claim(&claim);
                    let kept = Claimed {
                        output: Some(output),
                        ..Claimed::of(&claim, &by)
                    };
                    let bytes = record::encode(&key, 0, &kept);
                    writes.insert(key, Some(bytes));
                }
                if writes.len() >= BATCH {
                    self.put_raw(std::mem::take(&mut writes), None)?;
                }
            }
        }
        Ok(self.put_raw(writes, None)?)
    }

    /// Removes all records of a run that is marked as pruned; facts last, for they name the files.
    fn remove(&self, number: u64, names: &mut BTreeMap<Hash, Named>) -> Result<(), Error> {
        for prefix in key::tree(number) {
            let range = key::below(&prefix);
            loop {
                let page = self.backend.scan(&range.start..&range.end, BATCH, false);
                let page = page.map_err(ReadError::from)?;
                if page.is_empty() {
                    break;
                }
                for (key, bytes) in page.iter().filter(|(key, _)| key::is_fact(key)) {
                    record::verify(key, bytes)?;
                    let named = names_in(record::body(bytes)).into_iter();
                    names.extend(named.map(|named| (named.hash.clone(), named)));
                }
                self.remove_page(page.into_iter().map(|(key, _)| key).collect())?;
            }
        }
        let mut pruned = self.pruned()?;
        pruned.unfinished = None;
        Ok(self.put_raw(Writes::from([encoded(&pruned)]), None)?)
    }

    fn remove_page(&self, keys: Vec<Key>) -> Result<(), Error> {
        let mut pruned = self.pruned()?;
        pruned.facts += keys.iter().filter(|key| key::is_fact(key)).count() as u64;
        let mut writes: Writes = keys.into_iter().map(|key| (key, None)).collect();
        writes.extend([encoded(&pruned)]);
        Ok(self.put_raw(writes, None)?)
    }

    /// Removes those of the named files that no fact and no claim names any more.
    fn remove_unnamed(
        &self,
        artifacts: &Artifacts,
        names: BTreeMap<Hash, Named>,
        freed: &mut Freed,
    ) -> Result<(), Error> {
        if names.is_empty() {
            return Ok(());
        }
        let still = artifacts.closure(self.names()?);
        let old = artifacts.list_before(SystemTime::now() - GRACE)?;
        let candidates = artifacts.closure(names);
        let gone = |hash: &&Hash| candidates.contains_key(*hash) && !still.contains_key(*hash);
        for hash in old.iter().filter(gone) {
            freed.artifact_bytes += artifacts.remove(hash)?;
            freed.artifacts += 1;
        }
        Ok(())
    }

    /// Everything that facts and claims name.
    pub(crate) fn names(&self) -> Result<BTreeMap<Hash, Named>, ReadError> {
        let mut names = BTreeMap::new();
        for kind in [b"f", b"c"] {
            for entry in Entries::new(&*self.backend, key::below(kind)) {
                let (key, bytes) = entry?;
                record::verify(&key, &bytes)?;
                let named = names_in(record::body(&bytes)).into_iter();
                names.extend(named.map(|named| (named.hash.clone(), named)));
            }
        }
        Ok(names)
    }
}

fn encoded(pruned: &Pruned) -> (Key, Option<Vec<u8>>) {
    let bytes = record::encode(key::PRUNED, 0, pruned);
    (key::PRUNED.to_vec(), Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_grow_together() {
        let mut pruned = Pruned::default();
        for number in [5, 1, 2, 9, 4, 3] {
            pruned.add(number);
        }
        assert_eq!(pruned.ranges, [(1, 5), (9, 9)]);
        assert!(pruned.contains(3) && !pruned.contains(6));
    }
}
