//! Records in memory: for tests, dry runs and the simulator.
//!
//! It keeps every promise of [`Backend`] but survival: its records go with it.

use std::{
    collections::BTreeMap,
    ops::{Bound, Range},
    sync::{PoisonError, RwLock},
};

use super::{Backend, Entry, Error, Write};

#[derive(Debug, Default)]
pub struct Memory {
    records: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Backend for Memory {
    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in writes {
            match value {
                Some(value) => records.insert(key, value),
                None => records.remove(&key),
            };
        }
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        Ok(records.get(key).cloned())
    }

    fn scan(&self, range: Range<&[u8]>, limit: usize, reverse: bool) -> Result<Vec<Entry>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        let bounds = (Bound::Included(range.start), Bound::Excluded(range.end));
        let found = records.range::<[u8], _>(bounds);
        let copy = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        Ok(match reverse {
            false => found.take(limit).map(copy).collect(),
            true => found.rev().take(limit).map(copy).collect(),
        })
    }
}
