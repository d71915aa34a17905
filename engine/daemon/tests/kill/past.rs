//! What has happened, from all who know: the store, the supplier, those who were answered.

use botswain_core::{
    Effect, Payload, RunId, StepId,
    index::{State, Summary},
    run::fact::{Fact, Origin, What},
};
use botswain_store::{Filter, ReadError, Store};
use jiff::Timestamp;

use crate::ledger::Ledger;

/// How many runs are read at a time.
const PAGE: usize = 500;

/// Somebody asked for a run, and was told that it is there.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) run: RunId,
    pub(crate) key: String,
    /// Of the orders in the list that was handed in.
    pub(crate) references: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub(crate) runs: Vec<Record>,
    pub(crate) ledger: Ledger,
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// When each daemon that was killed was dead for sure.
    pub(crate) deaths: Vec<Timestamp>,
    /// So many orders could be under way at the same time.
    pub(crate) sessions: u64,
}

/// A run or an item.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: RunId,
    pub(crate) workflow: String,
    pub(crate) state: State,
    pub(crate) key: Option<String>,
    pub(crate) facts: Vec<Fact>,
}

impl Record {
    fn read(store: &Store, summary: Summary) -> Result<Record, ReadError> {
        Ok(Record {
            facts: store.facts(&summary.id)?,
            id: summary.id,
            workflow: summary.workflow,
            state: summary.state,
            key: summary.key,
        })
    }

    /// The time for which a trigger made it.
    pub(crate) fn fired_for(&self) -> Option<Timestamp> {
        self.facts.iter().find_map(|fact| match &fact.what {
            What::Created(created) => {
                let fired = matches!(created.origin, Origin::Trigger { .. });
                fired.then_some(created.scheduled_for)
            }
            _ => None,
        })
    }

    /// The step that is to be done once, and the order that it is about.
    pub(crate) fn order(&self) -> Option<(&StepId, &str)> {
        self.facts.iter().find_map(|fact| match &fact.what {
            What::Entered {
                step,
                with: Payload::Inline(with),
                effect: Effect::Once,
                ..
            } => Some((step, with["json"]["reference"].as_str()?)),
            _ => None,
        })
    }

    /// The run that did the same under the same key before.
    pub(crate) fn duplicate_of(&self) -> Option<&RunId> {
        self.facts.iter().find_map(|fact| match &fact.what {
            What::Duplicate { of, .. } => Some(of),
            _ => None,
        })
    }

    /// How many items its loops have, by what it wrote down.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&StepId, u64)> {
        self.facts.iter().filter_map(|fact| match &fact.what {
            What::Opened { step, count, .. } => Some((step, *count)),
            _ => None,
        })
    }
}

/// Every run in the store and every item.
pub(crate) fn read_runs(store: &Store) -> Result<Vec<Record>, ReadError> {
    let (mut records, mut before) = (Vec::new(), None);
    loop {
        let page = store.runs(&Filter::default(), before, PAGE)?;
        before = page.last().map(|summary| summary.id.number());
        let last = page.len() < PAGE;
        for summary in page {
            let record = Record::read(store, summary)?;
            for (step, count) in record.items() {
                // One more than there may be would be seen.
                let items =
                    store.items(&record.id, step, 0, usize::try_from(count).unwrap() + 1)?;
                for item in items {
                    records.push(Record::read(store, item)?);
                }
            }
            records.push(record);
        }
        if last {
            return Ok(records);
        }
    }
}
