//! A batch as it goes to the writer: written out by whoever appends it.
//!
//! In goes a batch, out come its facts and summaries as records that only lack their numbers.
//! The writer is one thread for everybody, and the narrowest place of all.

use std::sync::Arc;

use botswain_core::{
    RunId,
    index::{Batch, Change, State, Summary},
};

use crate::record::{Place, Unnumbered};

pub(crate) struct Ready {
    pub(crate) records: Unnumbered,
    /// Each with its run and its number in it.
    pub(crate) facts: Vec<(RunId, u64, Place)>,
    pub(crate) changes: Vec<ReadyChange>,
}

/// A change, of a run with the record of its summary.
pub(crate) enum ReadyChange {
    Run {
        before: Option<State>,
        after: Arc<Summary>,
        record: Place,
    },
    Other(Change),
}

impl Ready {
    pub(crate) fn of(batch: Batch) -> Ready {
        let mut records = Unnumbered::new();
        let facts = batch.facts.into_iter();
        let facts = facts.map(|(run, seq, fact)| (run, seq, records.add(&fact)));
        let facts = facts.collect();
        let changes = batch.changes.into_iter();
        let changes = changes.map(|change| match change {
            Change::Run { before, after } => ReadyChange::Run {
                before,
                record: records.add(&after),
                after,
            },
            other => ReadyChange::Other(other),
        });
        Ready {
            facts,
            changes: changes.collect(),
            records,
        }
    }
}
