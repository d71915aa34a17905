//! The large values and the bots' effects of that world.

use std::{collections::BTreeMap, sync::Mutex};

use botswain_core::{
    ArtifactRef, Effect, Fault, Hash, Payload, TableRef, evaluate::Values, template::Tables, value,
};
use serde_json::Value;

/// Everything stays inline, on a disk that does not always answer.
#[derive(Default)]
pub(super) struct Memory {
    tables: Mutex<BTreeMap<Hash, Vec<Value>>>,
    readable: bool,
}

impl Values for Memory {
    fn load(&self, artifact: &ArtifactRef) -> Result<Value, Fault> {
        Err(Fault::system("artifact.missing", artifact.name.clone()))
    }

    fn keep(&self, value: Value) -> Result<Payload, Fault> {
        match self.readable {
            true => Ok(value.into()),
            false => Err(unreadable()),
        }
    }

    fn row(&self, table: &TableRef, index: u64) -> Result<Value, Fault> {
        let tables = self.tables.lock().unwrap();
        Ok(tables[&table.hash][usize::try_from(index).unwrap()].clone())
    }

    fn table(&self, items: &[Value]) -> Result<TableRef, Fault> {
        let hash = value::hash(&Value::Array(items.to_vec()));
        self.tables
            .lock()
            .unwrap()
            .insert(hash.clone(), items.to_vec());
        Ok(TableRef {
            hash,
            rows: items.len() as u64,
        })
    }
}

pub(super) fn unreadable() -> Fault {
    Fault::system("artifact.store", "the disk does not answer")
}

impl Memory {
    pub(super) fn new(readable: bool) -> Memory {
        Memory {
            readable,
            ..Memory::default()
        }
    }
}

pub(super) struct NoTables;

impl Tables for NoTables {
    fn rows(&self, _: &TableRef, _: u64, _: usize) -> Result<Vec<Value>, String> {
        Err("there are no tables here".to_owned())
    }
}

/// `world.read` reads, `world.put` may be repeated, `world.order` acts once.
pub(super) fn effect(bot: &str, _: &Value) -> Result<Effect, Fault> {
    Ok(match bot {
        "world.order" | "world.form" => Effect::Once,
        "world.put" => Effect::Repeatable,
        _ => Effect::None,
    })
}
