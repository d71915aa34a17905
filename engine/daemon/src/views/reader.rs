//! For whom a view is made: what is theirs, and of which workflows they are shown anything.

use std::collections::BTreeSet;

use botswain_core::{Hash, RunId};
use botswain_store::ReadError;

use crate::daemon::Parts;

/// Who is shown something.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Under which name they take things on.
    pub name: String,
    pub sight: Sight,
}

/// Of which workflows somebody is shown what they do.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    All,
    Those(BTreeSet<String>),
}

impl Sight {
    pub fn shows(&self, workflow: &str) -> bool {
        match self {
            Sight::All => true,
            Sight::Those(shown) => shown.contains(workflow),
        }
    }

    /// What a list has to keep to when this workflow is asked for, or any; none when it may have all.
    pub fn within(&self, asked: Option<&str>) -> Option<BTreeSet<String>> {
        match (self, asked) {
            (Sight::All, None) => None,
            (Sight::Those(shown), None) => Some(shown.clone()),
            (_, Some(asked)) => {
                let asked = BTreeSet::from([asked.to_owned()]);
                Some(asked.into_iter().filter(|it| self.shows(it)).collect())
            }
        }
    }
}

/// A run, and those that it is a part of.
pub fn around(run: &RunId) -> impl Iterator<Item = RunId> {
    std::iter::successors(Some(run.clone()), |it| Some(it.parent()?.0))
}

impl Parts {
    /// Whether somebody is shown a run: it, or one that it is a part of, is of a workflow that they
    /// see.
    pub fn shows(&self, sight: &Sight, run: &RunId) -> Result<bool, ReadError> {
        Ok(*sight == Sight::All || !self.shown_around(sight, run)?.is_empty())
    }

    /// A run, and those that it is a part of, as far as somebody is shown them.
    fn shown_around(&self, sight: &Sight, run: &RunId) -> Result<Vec<RunId>, ReadError> {
        let (mut all, mut shown) = (Vec::new(), 0);
        for run in around(run) {
            let summary = self.store.summary(&run)?;
            all.push(run);
            if summary.is_some_and(|it| sight.shows(&it.workflow)) {
                shown = all.len();
            }
        }
        all.truncate(shown);
        Ok(all)
    }

    /// Whether a run names this file or table, or one does that it is a part of; as far as somebody
    /// is shown them.
    pub fn names_for(&self, sight: &Sight, run: &RunId, hash: &Hash) -> Result<bool, ReadError> {
        for run in self.shown_around(sight, run)? {
            if self.store.has_named(&run, hash, &self.kept.0)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
