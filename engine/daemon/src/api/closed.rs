//! What was decided lately, so that whoever comes second hears who was first.
//!
//! It is for people who look at a page that is old by now; what has to be known
//! for ever is in the facts of the run.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use botswain_core::{ExceptionId, RunId, run::fact::Resolution};
use jiff::Timestamp;
use serde::Serialize;

/// As many are remembered.
const KNOWN: usize = 5_000;

/// How an exception was closed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Closing {
    pub run: RunId,
    pub by: String,
    pub at: Timestamp,
    pub resolution: Resolution,
    pub note: Option<String>,
}

#[derive(Default)]
pub struct Closed(Mutex<BTreeMap<ExceptionId, Closing>>);

impl Closed {
    pub(super) fn note(&self, id: ExceptionId, closing: Closing) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(id, closing);
        if known.len() > KNOWN {
            known.pop_first();
        }
    }

    pub fn of(&self, id: ExceptionId) -> Option<Closing> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).cloned()
    }
}
