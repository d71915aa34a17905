//! The store's artifacts as the core, the templates and the bots want to see them.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use botswain_bot::{Artifacts as BotArtifacts, Attempt, TableWriter, Templates};
use botswain_core::{
    ArtifactRef, Fault, Hash, Payload, TableRef,
    evaluate::{Values, times},
    plan::Version,
    template::{Renderer, Tables},
    value::INLINE_LIMIT,
};
use botswain_store::{Artifacts, Store, artifacts};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Artifacts and tables of one instance.
#[derive(Clone)]
pub struct Kept(pub Artifacts);

/// Whether a fact holds this value itself; a large one is not written out to find that.
pub(super) fn is_small(value: &Value) -> bool {
    serde_json::to_writer(Room(INLINE_LIMIT), value).is_ok()
}

/// Takes so many bytes and forgets them.
struct Room(usize);

impl std::io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let left = self.0.checked_sub(bytes.len());
        self.0 = left.ok_or(std::io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(super) fn fault(error: artifacts::Error) -> Fault {
    Fault::system("artifact.store", error.to_string()).hint(error.hint())
}

impl Values for Kept {
    fn load(&self, artifact: &ArtifactRef) -> Result<Value, Fault> {
        let mut file = self.0.open(artifact).map_err(fault)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .map_err(|err| Fault::system("artifact.store", err.to_string()))?;
        // What a bot would be given must be what was kept, to the last bit.
        if Hash::of(&text) != artifact.hash {
            let damaged = format!("the content of `{}` has another hash", artifact.name);
            return Err(Fault::system("artifact.damaged", damaged)
                .hint("restore it from a backup, or run the step again"));
        }
        serde_json::from_slice(&text).map_err(|err| {
            Fault::system(
                "artifact.damaged",
                format!("`{}` is no JSON: {err}", artifact.name),
            )
        })
    }

    fn keep(&self, value: Value) -> Result<Payload, Fault> {
        if is_small(&value) {
            return Ok(Payload::Inline(value));
        }
        let text = value.to_string();
        let kept = self
            .0
            .put("value.json", "application/json", text.as_bytes())
            .map_err(fault)?;
        Ok(Payload::Stored(kept))
    }

    fn row(&self, table: &TableRef, index: u64) -> Result<Value, Fault> {
        let rows = self.0.rows(table, index, 1).map_err(fault)?;
        rows.into_iter().next().ok_or_else(|| {
            Fault::business("for_each.no_item", format!("the table has no row {index}"))
        })
    }

    fn table(&self, items: &[Value]) -> Result<TableRef, Fault> {
        let mut table = self.0.table().map_err(fault)?;
        for item in items {
            table.push(item).map_err(fault)?;
        }
        table.finish().map_err(fault)
    }
}

/// What templates may ask for: the rows of tables, and what people have corrected.
pub(super) struct Known {
    kept: Kept,
    store: Arc<Store>,
}

impl Known {
    pub(super) fn of(kept: &Kept, store: &Arc<Store>) -> Known {
        Known {
            kept: kept.clone(),
            store: store.clone(),
        }
    }
}

impl Tables for Known {
    fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, String> {
        let rows = self.kept.0.rows(table, from, limit);
        rows.map_err(|error| error.to_string())
    }

    fn mapped(&self, table: &str, from: &str) -> Result<Option<String>, String> {
        let found = self.store.mapping(table, from);
        let found = found.map_err(|error| error.to_string())?;
        Ok(found.map(|it| it.mapping.to))
    }
}

impl BotArtifacts for Kept {
    fn put(&self, name: &str, media: &str, content: &[u8]) -> Result<ArtifactRef, Fault> {
        self.0.put(name, media, content).map_err(fault)
    }

    fn put_file(&self, name: &str, media: &str, path: &Path) -> Result<ArtifactRef, Fault> {
        self.0.put_file(name, media, path).map_err(fault)
    }

    fn open(&self, artifact: &ArtifactRef) -> Result<File, Fault> {
        self.0.verify(&artifact.hash).map_err(fault)?;
        self.0.open(artifact).map_err(fault)
    }

    fn table(&self) -> Result<Box<dyn TableWriter>, Fault> {
        Ok(Box::new(Growing(self.0.table().map_err(fault)?)))
    }

    fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, Fault> {
        self.0.rows(table, from, limit).map_err(fault)
    }
}

struct Growing(botswain_store::TableWriter);

impl TableWriter for Growing {
    fn push(&mut self, item: &Value) -> Result<(), Fault> {
        self.0.push(item).map_err(fault)
    }

    fn finish(self: Box<Self>) -> Result<TableRef, Fault> {
        self.0.finish().map_err(fault)
    }
}

/// The template files of one version.
pub(super) struct VersionTemplates {
    pub(super) version: Arc<Version>,
    pub(super) renderer: Arc<Renderer>,
    pub(super) timezone: TimeZone,
}

impl Templates for VersionTemplates {
    fn render(&self, name: &str, data: &Value, attempt: &Attempt) -> Result<String, Fault> {
        let Some(source) = self.version.templates.get(name) else {
            return Err(Fault::business(
                "template.unknown",
                format!("this version has no template `{name}`"),
            ));
        };
        let mut context = times(attempt.scheduled_for, &self.timezone);
        context.insert(
            "run".to_owned(),
            json!({ "id": attempt.run, "workflow": self.version.plan.name }),
        );
        match data {
            Value::Object(data) => context.extend(data.clone()),
            Value::Null => (),
            _ => {
                return Err(Fault::business(
                    "template.data",
                    format!("the data of `{name}` must have names"),
                )
                .hint("write `data: { name: … }`"));
            }
        }
        Ok(self
            .renderer
            .render_file(name, source, &Value::Object(context))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_flipped_bit_is_not_given_to_anybody() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept(Artifacts::open_folder(dir.path()).unwrap());
        let value = json!("a".repeat(2 * INLINE_LIMIT));
        let Payload::Stored(artifact) = kept.keep(value.clone()).unwrap() else {
            panic!("it is small");
        };
        assert_eq!(kept.load(&artifact).unwrap(), value);
        let hash = artifact.hash.as_str();
        let path = dir.path().join(&hash[..2]).join(hash);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[1000] ^= 2;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(kept.load(&artifact).unwrap_err().code, "artifact.damaged");
        assert!(BotArtifacts::open(&kept, &artifact).is_err());
    }

    #[test]
    fn a_value_is_small_up_to_the_limit_of_a_fact() {
        let text = |length: usize| json!("x".repeat(length));
        assert!(is_small(&text(INLINE_LIMIT - 2)), "its quotes count too");
        assert!(!is_small(&text(INLINE_LIMIT - 1)));
        assert!(!is_small(&json!([
            text(INLINE_LIMIT / 2),
            text(INLINE_LIMIT / 2)
        ])));
    }
}
