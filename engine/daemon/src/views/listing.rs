//! A page of runs, by workflow, state, time and key.
//!
//! Workflow and state are lists of the index. Runs are numbered as they are
//! made, so a time is found by halving; only a key is looked for in one run after
//! the other, in so many of them for one page.

use botswain_store::{Filter, ReadError};
use jiff::Timestamp;

use super::{RunView, RunsQuery, Sight};
use crate::daemon::Parts;

/// How many are read at a time.
const PIECE: usize = 100;

/// Runs that fit, newest first.
#[derive(Clone, Debug, Default)]
pub struct RunsPage {
    pub runs: Vec<RunView>,
    /// The number below which the next page begins; none when there is nothing more.
    pub next: Option<u64>,
}

impl Parts {
    /// A page of those that were started; at most `most` are looked at.
    pub fn runs_page(
        &self,
        query: &RunsQuery,
        (sight, most): (&Sight, usize),
    ) -> Result<RunsPage, ReadError> {
        let limit = query.limit.unwrap_or(50);
        let filter = Filter {
            workflows: sight.within(query.workflow.as_deref()),
            state: query.state,
        };
        let newest = query
            .until
            .map(|until| self.first_since(until))
            .transpose()?;
        let mut before = match (query.before, newest.flatten()) {
            (Some(before), Some(newest)) => Some(before.min(newest)),
            (before, newest) => before.or(newest),
        };
        let (mut page, mut looked) = (RunsPage::default(), 0);
        let size = match query.key {
            Some(_) => PIECE,
            // One more tells whether there is a next page.
            None => limit.saturating_add(1),
        };
        loop {
            let piece = self.runs(&filter, before, size)?;
            let is_last = piece.len() < size;
            for run in piece {
                if query.since.is_some_and(|since| run.created < since) {
                    return Ok(page);
                }
                let fits = fits(&run, query);
                if looked == most || fits && page.runs.len() == limit {
                    page.next = before;
                    return Ok(page);
                }
                before = Some(run.id.number());
                looked += 1;
                if fits {
                    page.runs.push(run);
                }
            }
            if is_last {
                return Ok(page);
            }
        }
    }

    /// The number of the first run that was made at this time or later; none when all are older.
    pub(super) fn first_since(&self, at: Timestamp) -> Result<Option<u64>, ReadError> {
        let highest = self.store.counters()?.run;
        let (mut low, mut high) = (0, highest + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            // Some are no more there: the nearest one below tells as much.
            let nearest = self.store.runs(&Filter::default(), Some(middle + 1), 1)?;
            let is_older = nearest.first().is_none_or(|run| run.created < at);
            match is_older {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok((low <= highest).then_some(low))
    }
}

fn fits(run: &RunView, query: &RunsQuery) -> bool {
    let Some(wanted) = &query.key else {
        return true;
    };
    let key = run.key.as_deref().unwrap_or_default().to_lowercase();
    key.contains(&wanted.to_lowercase())
}
