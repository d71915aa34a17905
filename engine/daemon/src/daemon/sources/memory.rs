//! What a source remembers, in the store.
//!
//! There is a run for whatever claims its key. How far a series of numbers has
//! been gone through stands where it stands how far schedules are settled, under
//! the name of the series: the number is a moment, so many seconds after 1970. So
//! it is in a backup like them, and needs no record of its own.

use std::collections::BTreeMap;

use botswain_bot::{Memory, connection::Boxed};
use botswain_core::{Fault, engine::event::claim_key, index::Change};
use jiff::Timestamp;

use crate::daemon::Handle;

pub(super) struct Remembered {
    handle: Handle,
    workflow: String,
    /// What the names of its series begin with.
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
        let fired = self.handle.parts.store.fired().map_err(unreadable)?;
        let own = fired
            .into_iter()
            .filter(|((of, _), _)| *of == self.workflow);
        let series = own.filter_map(|((_, name), at)| {
            let series = name.strip_prefix(&self.place)?.strip_prefix(" of ")?;
            Some((series.to_owned(), u32::try_from(at.as_second()).ok()?))
        });
        Ok(series.collect())
    }

    fn reach<'a>(&'a self, series: &'a str, number: u32) -> Boxed<'a, Result<(), Fault>> {
        Box::pin(async move {
            let at = Timestamp::from_second(i64::from(number));
            self.handle
                .write(Change::Fired {
                    workflow: self.workflow.clone(),
                    schedule: format!("{} of {series}", self.place),
                    at: at.map_err(|err| Fault::system("store.unwritable", err.to_string()))?,
                })
                .await
        })
    }
}
