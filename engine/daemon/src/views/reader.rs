//! For whom a view is made: what is theirs, and of which workflows they are shown anything.

use std::collections::BTreeSet;

use botswain_core::RunId;
use botswain_store::ReadError;

use crate::daemon::Parts;

/// Who is shown something.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Under which name they take things on.
    pub name: String,
    pub sight: Sight,
}

impl Reader {
    /// One who is shown everything, and has taken on nothing.
    pub fn nobody() -> Reader {
        Reader {
            name: String::new(),
            sight: Sight::All,
        }
    }
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

impl Parts {
    /// Whether somebody is shown a run: it, or one that it is a part of, is of a workflow that they
    /// see.
    pub fn shows(&self, sight: &Sight, run: &RunId) -> Result<bool, ReadError> {
        if *sight == Sight::All {
            return Ok(true);
        }
        let around = std::iter::successors(Some(run.clone()), |it| Some(it.parent()?.0));
        for run in around {
            let summary = self.store.summary(&run)?;
            if summary.is_some_and(|it| sight.shows(&it.workflow)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
