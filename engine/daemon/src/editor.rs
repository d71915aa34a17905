//! What an ordinary editor needs to complete and check the files of an instance.
//!
//! Out come the JSON Schemas of workflows and of `botswain.yaml`, in which the
//! names of the instance stand, as files in its folder `schema/`. Where they are,
//! `check` and `up` keep them fresh; where they are not, nothing is written.
//! They may be committed, and deleted at any time.

use std::path::Path;

use botswain_core::{catalogue::Catalogue, language};
use serde_json::Value;

use crate::{
    instance::{self, Config, Instance},
    workflows,
};

/// The first line of a workflow, by which editors find the schema.
pub const MODELINE: &str = "# yaml-language-server: $schema=../schema/workflow.json\n";

/// The first line of `botswain.yaml`, by which editors find the schema.
pub const CONFIG_MODELINE: &str = "# yaml-language-server: $schema=schema/botswain.json\n";

const FOLDER: &str = "schema";
const WORKFLOW: &str = "schema/workflow.json";
const CONFIG: &str = "schema/botswain.json";

/// The schema of `botswain.yaml`.
pub fn config_schema() -> Value {
    Config::schema(botswain_bots::CONNECTIONS)
}

/// The schema of workflows; with the names of an instance, as far as its files can be read.
pub fn workflow_schema(instance: Option<&Instance>) -> Result<Value, workflows::Error> {
    let bots_alone = || Catalogue {
        bots: botswain_bots::ALL
            .iter()
            .map(|bot| (bot.name, bot.schema()))
            .collect(),
        ..Catalogue::default()
    };
    let catalogue = match instance {
        None => bots_alone(),
        Some(instance) => {
            let reading = instance.config()?;
            match reading.config {
                Some(_) => instance.catalogue(&reading.outline)?.catalogue,
                None => bots_alone(),
            }
        }
    };
    Ok(language::schema(&catalogue))
}

/// Writes both schemas, and gives the files.
pub fn write(instance: &Instance) -> Result<[&'static str; 2], workflows::Error> {
    for (file, schema) in schemas(instance)? {
        let path = instance.folder().join(file);
        write_file(&path, &schema).map_err(|source| instance::Error::Unmakable { path, source })?;
    }
    Ok([WORKFLOW, CONFIG])
}

/// Writes them anew where they lie and are stale. What cannot be written stays as it is: nothing
/// but an editor's completion depends on it.
pub fn refresh(instance: &Instance) {
    let folder = instance.folder();
    if !folder.join(FOLDER).is_dir() {
        return;
    }
    let refreshed = schemas(instance).map(|schemas| {
        let present = schemas
            .iter()
            .filter(|(file, _)| folder.join(file).is_file());
        present
            .filter(|(file, schema)| {
                std::fs::read(folder.join(file)).is_ok_and(|is| is != schema.as_bytes())
            })
            .try_for_each(|(file, schema)| write_file(&folder.join(file), schema))
    });
    match refreshed {
        Ok(Ok(())) => (),
        Ok(Err(error)) => tracing::debug!("`{FOLDER}/` is not kept fresh: {error}"),
        Err(error) => tracing::debug!("`{FOLDER}/` is not kept fresh: {error}"),
    }
}

fn schemas(instance: &Instance) -> Result<[(&'static str, String); 2], workflows::Error> {
    Ok([
        (WORKFLOW, text(&workflow_schema(Some(instance))?)),
        (CONFIG, text(&config_schema())),
    ])
}

/// As `botswain schema` prints it.
pub fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// An editor that reads meanwhile sees the old file or the new one.
fn write_file(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(open)?;
    file.persist(path)?;
    Ok(())
}
