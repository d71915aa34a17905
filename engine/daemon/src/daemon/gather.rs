//! The output of a `for_each`: the counts, and what `collect` gathered of each item.
//!
//! The items are read page by page. Few stay a list in the fact, many become a table as they are
//! read, so a loop over any number of items is gathered in the memory of a page.

use botswain_core::{
    Fault, Payload, RunId, StepId,
    evaluate::Values,
    index::{Summary, Tally},
    value::INLINE_LIMIT,
};
use botswain_store::TableWriter;
use serde_json::{Map, Value, json};

use super::{
    parts::Parts,
    values::{Kept, fault},
};

/// How many items are read at a time.
const PAGE: usize = 500;

impl Parts {
    pub fn gather(&self, run: &RunId, step: &StepId, tally: &Tally) -> Result<Payload, Fault> {
        let failed =
            |error: botswain_store::ReadError| Fault::system("store.unreadable", error.to_string());
        let mut items = Items::Few(Vec::new(), 0);
        let mut from = 0;
        loop {
            let page = self.store.items(run, step, from, PAGE).map_err(failed)?;
            let (count, last) = (page.len(), page.len() < PAGE);
            for summary in page {
                items = items.push(self.gathered(summary)?, &self.kept)?;
            }
            if last {
                break;
            }
            from += count as u64;
        }
        self.kept.keep(json!({
            "total": tally.created(),
            "succeeded": tally.succeeded,
            "skipped": tally.skipped,
            "failed": tally.failed,
            "cancelled": tally.cancelled,
            "open": tally.active + tally.parked,
            "items": items.finish()?,
        }))
    }

    fn gathered(&self, summary: Summary) -> Result<Value, Fault> {
        let mut item = Map::new();
        let index = summary.parent.map(|(_, _, index)| index);
        item.insert("index".to_owned(), json!(index));
        item.insert("key".to_owned(), json!(summary.key));
        item.insert("state".to_owned(), json!(summary.state));
        let collected = match summary.collected {
            Some(Payload::Inline(value)) => value,
            Some(Payload::Stored(artifact)) => self.kept.load(&artifact)?,
            None => Value::Null,
        };
        if let Value::Object(collected) = collected {
            item.extend(collected);
        }
        Ok(Value::Object(item))
    }
}

/// The items so far.
enum Items {
    /// As a list, with the bytes that they take as JSON, a comma each.
    Few(Vec<Value>, usize),
    Many(Box<TableWriter>),
}

impl Items {
    fn push(self, item: Value, kept: &Kept) -> Result<Items, Fault> {
        match self {
            Items::Few(mut list, size) => {
                let size = size + item.to_string().len() + 1;
                list.push(item);
                match size < INLINE_LIMIT {
                    true => Ok(Items::Few(list, size)),
                    false => Items::many(&list, kept),
                }
            }
            Items::Many(mut table) => {
                table.push(&item).map_err(fault)?;
                Ok(Items::Many(table))
            }
        }
    }

    fn many(list: &[Value], kept: &Kept) -> Result<Items, Fault> {
        let mut table = kept.0.table().map_err(fault)?;
        for item in list {
            table.push(item).map_err(fault)?;
        }
        Ok(Items::Many(Box::new(table)))
    }

    fn finish(self) -> Result<Value, Fault> {
        match self {
            Items::Few(list, _) => Ok(Value::Array(list)),
            Items::Many(table) => Ok(table.finish().map_err(fault)?.to_value()),
        }
    }
}

#[cfg(test)]
mod tests {
    use botswain_core::TableRef;
    use botswain_store::Artifacts;

    use super::*;

    #[test]
    fn what_a_fact_cannot_hold_becomes_a_table_in_the_same_order() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept(Artifacts::open_folder(dir.path()).unwrap());
        let gather = |count: u64| {
            let push = |items: Items, index| items.push(json!({ "index": index }), &kept).unwrap();
            (0..count)
                .fold(Items::Few(Vec::new(), 0), push)
                .finish()
                .unwrap()
        };
        assert_eq!(gather(2), json!([{ "index": 0 }, { "index": 1 }]));
        let many = gather(5000);
        let table = TableRef::from_value(&many).expect("a table");
        assert_eq!(table.rows, 5000);
        for index in [0, 1, 2500, 4999] {
            assert_eq!(kept.row(&table, index).unwrap(), json!({ "index": index }));
        }
    }
}
