//! Where rows go: a list while they are few, a table from then on.
//!
//! At no time is more than [`INLINE_LIMIT`] of them in memory.

use std::sync::Arc;

use botswain_bot::{Artifacts, Fault, TableWriter};
use botswain_core::value::INLINE_LIMIT;
use serde_json::Value;

/// What `{"rows":[],"count":18446744073709551615}` takes beside the rows, and some air.
const AROUND: usize = 64;

pub(super) struct Rows {
    artifacts: Arc<dyn Artifacts>,
    inline: Vec<Value>,
    /// The bytes of the output's JSON so far.
    size: usize,
    table: Option<Box<dyn TableWriter>>,
    count: u64,
}

impl Rows {
    pub(super) fn new(artifacts: Arc<dyn Artifacts>) -> Rows {
        Rows {
            artifacts,
            inline: Vec::new(),
            size: AROUND,
            table: None,
            count: 0,
        }
    }

    pub(super) fn push(&mut self, row: Value) -> Result<(), Fault> {
        self.count += 1;
        if let Some(table) = &mut self.table {
            return table.push(&row);
        }
        self.size += row.to_string().len() + 1;
        self.inline.push(row);
        match self.size > INLINE_LIMIT {
            true => self.spill(),
            false => Ok(()),
        }
    }

    fn spill(&mut self) -> Result<(), Fault> {
        let mut table = self.artifacts.table()?;
        for row in self.inline.drain(..) {
            table.push(&row)?;
        }
        self.table = Some(table);
        Ok(())
    }

    /// The list or the table, and how many rows it has.
    pub(super) fn finish(self) -> Result<(Value, u64), Fault> {
        let rows = match self.table {
            Some(table) => table.finish()?.to_value(),
            None => Value::Array(self.inline),
        };
        Ok((rows, self.count))
    }
}
