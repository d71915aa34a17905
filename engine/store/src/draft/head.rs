//! What the writer knows of a run from one append to the next.
//!
//! In goes a summary, out comes what the next one has to fit to: a change of a run starts
//! from the state in which it is, and a run keeps its parent and its workflow.

use std::sync::Arc;

use botswain_core::{
    RunId, StepId,
    index::{State, Summary},
};

use crate::{error::AppendError, key::Key, record::Trace};

/// What is known of a run from one append to the next, so that it need not be read again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// How many facts it has.
    pub(crate) facts: u64,
    /// It has begun, and nothing but facts is written of it yet.
    pub(crate) is_new: bool,
    pub(crate) stands: Option<Standing>,
}

/// The lists in which a run stands for its state, and what lies there.
pub(crate) type Listed = Arc<[(Key, Trace)]>;

/// What a summary says that the next one has to fit to.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) state: State,
    pub(crate) workflow: Arc<str>,
    pub(crate) parent: Option<(RunId, StepId, u64)>,
    /// Of the summary's record.
    pub(crate) trace: Trace,
    /// Nothing is known of a run that was there before the writer was.
    pub(crate) listed: Option<Listed>,
}

impl Standing {
    pub(crate) fn of(run: &Summary, trace: Trace, listed: Option<Listed>) -> Standing {
        Standing {
            state: run.state,
            workflow: run.workflow.as_str().into(),
            parent: run.parent.clone(),
            trace,
            listed,
        }
    }
}

// What leaves a list must be what entered it, or the lists and counters go wrong for ever.
pub(crate) fn check_run(
    (before, stored): (Option<State>, Option<&Standing>),
    after: &Summary,
    facts: u64,
) -> Result<(), AppendError> {
    let refuse = |why: String| AppendError::Change {
        run: after.id.clone(),
        why,
    };
    let state = stored.map(|stored| stored.state);
    if before != state {
        let why = format!("it was {state:?}, the change says {before:?}");
        return Err(refuse(why));
    }
    let keeps =
        |stored: &Standing| stored.parent == after.parent && *stored.workflow == *after.workflow;
    if !stored.is_none_or(keeps) {
        return Err(refuse("a run keeps its parent and its workflow".to_owned()));
    }
    if after.facts != facts {
        let why = format!("it has {facts} facts, its summary says {}", after.facts);
        return Err(refuse(why));
    }
    Ok(())
}
