//! What a source remembers, in the store.
//!
//! There is a run for whatever claims its key. How far a series of numbers has
//! been gone through is a record of its own, under the source and the name of the
//! series, and so in every backup.

use std::collections::BTreeMap;

use botswain_bot::{Memory, connection::Boxed};
use botswain_core::{
    Fault,
    engine::event::claim_key,
    index::{Change, Reached},
};

use crate::daemon::Handle;

pub(super) struct Remembered {
    handle: Handle,
    workflow: String,
    /// Whose series they are.
    place: String,
}

impl Remembered {
    pub(super) fn new(handle: &Handle, workflow: &str, place: String) -> Remembered {
        Remembered {
            handle: handle.clone(),
            workflow: workflow.to_owned(),
            place,
        }
    }
}

impl Memory for Remembered {
    fn has_run(&self, key: &str) -> bool {
        let claim = claim_key(&self.workflow, None, key);
        let held = self.handle.parts.store.claim(&claim);
        held.is_ok_and(|held| held.is_some())
    }

    fn reached(&self) -> Result<BTreeMap<String, u32>, Fault> {
        let unreadable =
            |error: botswain_store::ReadError| Fault::system("store.unreadable", error.to_string());
        let store = &self.handle.parts.store;
        let reached = store.reached(&self.workflow, &self.place);
        reached.map_err(unreadable)
    }

    fn reach<'a>(&'a self, series: &'a str, number: u32) -> Boxed<'a, Result<(), Fault>> {
        Box::pin(async move {
            let reached = Reached {
                workflow: self.workflow.clone(),
                source: self.place.clone(),
                series: series.to_owned(),
                number,
            };
            self.handle.write(Change::Reached(reached)).await
        })
    }
}
