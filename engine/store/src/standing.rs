//! What no fact gives again: where schedules and sources stand, what is still to become a run, and
//! what people have corrected.

use std::collections::BTreeMap;

use botswain_core::index::{Fired, Pending, Reached};
use jiff::Timestamp;

use crate::{
    Store,
    draft::{Mapped, Place},
    error::ReadError,
    key, record,
};

impl Store {
    /// Where each schedule stands.
    pub fn fired(&self) -> Result<Fired, ReadError> {
        let mut fired = Fired::new();
        for entry in self.entries(key::below(b"g")) {
            let (key, bytes) = entry?;
            let place: Place = record::decode(&key, &bytes)?;
            fired.insert((place.workflow, place.schedule), place.at);
        }
        Ok(fired)
    }

    /// How far a source has gone through each of its series, by their names.
    pub fn reached(
        &self,
        workflow: &str,
        source: &str,
    ) -> Result<BTreeMap<String, u32>, ReadError> {
        let mut found = self.reached_before(workflow, source)?;
        for entry in self.entries(key::below(&key::series(workflow))) {
            let (key, bytes) = entry?;
            let it: Reached = record::decode(&key, &bytes)?;
            if it.source == source {
                found.insert(it.series, it.number);
            }
        }
        Ok(found)
    }

    /// The same as it was once written: as the place of a schedule called `SOURCE of SERIES`, with
    /// the number as a moment so many seconds after 1970.
    fn reached_before(
        &self,
        workflow: &str,
        source: &str,
    ) -> Result<BTreeMap<String, u32>, ReadError> {
        let series = |((of, name), at): ((String, String), Timestamp)| {
            let series = name.strip_prefix(source)?.strip_prefix(" of ")?;
            let number = u32::try_from(at.as_second()).ok()?;
            (of == workflow).then(|| (series.to_owned(), number))
        };
        Ok(self.fired()?.into_iter().filter_map(series).collect())
    }

    /// What is still to become a run, the oldest first.
    pub fn pending(&self) -> Result<Vec<Pending>, ReadError> {
        let mut found = Vec::new();
        for entry in self.entries(key::below(b"p")) {
            let (key, bytes) = entry?;
            found.push(record::decode::<Pending>(&key, &bytes)?);
        }
        found.sort_by(|a, b| (a.at, &a.happening.key).cmp(&(b.at, &b.happening.key)));
        Ok(found)
    }

    /// What a text stands for in a table of corrections, if anybody has corrected it.
    pub fn mapping(&self, table: &str, from: &str) -> Result<Option<Mapped>, ReadError> {
        self.get(&key::mapping(table, from))
    }

    /// The corrections of one table, or of all, by table and text.
    pub fn mappings(&self, table: Option<&str>) -> Result<Vec<Mapped>, ReadError> {
        let entries = self.entries(key::below(&key::mappings(table)));
        let mut found = Vec::new();
        for entry in entries {
            let (key, bytes) = entry?;
            found.push(record::decode::<Mapped>(&key, &bytes)?);
        }
        found.sort_by(|a, b| (&a.table, &a.from).cmp(&(&b.table, &b.from)));
        Ok(found)
    }
}
