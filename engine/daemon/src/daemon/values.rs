//! The store's artifacts as the core, the templates and the bots want to see them.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use botswain_bot::{Artifacts as BotArtifacts, Attempt, TableWriter, Templates};
use botswain_core::{
    ArtifactRef, Fault, Payload, TableRef,
    evaluate::{Values, times},
    plan::Version,
    template::{Renderer, Tables},
    value::INLINE_LIMIT,
};
use botswain_store::{Artifacts, artifacts};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Artifacts and tables of one instance.
#[derive(Clone)]
pub struct Kept(pub Artifacts);

fn fault(error: artifacts::Error) -> Fault {
    Fault::system("artifact.store", error.to_string()).hint(error.hint())
}

impl Values for Kept {
    fn load(&self, artifact: &ArtifactRef) -> Result<Value, Fault> {
        let mut file = self.0.open(artifact).map_err(fault)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .map_err(|err| Fault::system("artifact.store", err.to_string()))?;
        serde_json::from_slice(&text).map_err(|err| {
            Fault::system(
                "artifact.damaged",
                format!("`{}` is no JSON: {err}", artifact.name),
            )
        })
    }

    fn keep(&self, value: Value) -> Result<Payload, Fault> {
        let text = value.to_string();
        match text.len() <= INLINE_LIMIT {
            true => Ok(Payload::Inline(value)),
            false => {
                let kept = self
                    .0
                    .put("value.json", "application/json", text.as_bytes())
                    .map_err(fault)?;
                Ok(Payload::Stored(kept))
            }
        }
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

impl Tables for Kept {
    fn rows(&self, table: &TableRef, from: u64, limit: usize) -> Result<Vec<Value>, String> {
        self.0
            .rows(table, from, limit)
            .map_err(|error| error.to_string())
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
