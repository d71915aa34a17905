//! The files of an instance, read and checked together.
//!
//! Everything that starts something goes through here, so nothing runs that the
//! check has not seen, and `botswain check` finds what the daemon would.

use std::{path::PathBuf, sync::Arc};

use botswain_core::{
    diagnostic::{Diagnostic, Severity},
    language,
    plan::Version,
};

use crate::instance::{self, Config, Instance, secrets};

/// What the files say.
pub struct Checked {
    /// `botswain.yaml`, when it has no error.
    pub config: Option<Config>,
    /// The workflows without an error.
    pub versions: Vec<Arc<Version>>,
    pub diagnostics: Vec<Diagnostic>,
    /// How many workflow files were read.
    pub files: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Instance(#[from] instance::Error),
    #[error(transparent)]
    Secrets(#[from] secrets::Error),
}

impl Error {
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Instance(error) => error.hint().map(str::to_owned),
            Error::Secrets(error) => error.hint(),
        }
    }
}

impl Checked {
    pub fn errors(&self) -> usize {
        self.diagnostics
            .iter()
            .filter(|it| it.severity == Severity::Error)
            .count()
    }

    pub fn warnings(&self) -> usize {
        self.diagnostics.len() - self.errors()
    }
}

/// Checks `botswain.yaml` and every workflow.
pub fn check(instance: &Instance) -> Result<Checked, Error> {
    let (files, warnings) = instance.workflow_files()?;
    let mut checked = check_files(instance, &files)?;
    checked.diagnostics.extend(warnings);
    Ok(checked)
}

/// Checks `botswain.yaml` and these workflows; paths are relative to the instance.
pub fn check_files(instance: &Instance, files: &[PathBuf]) -> Result<Checked, Error> {
    let reading = instance.config()?;
    let mut diagnostics = reading.diagnostics;
    let gathered = instance.catalogue(&reading.outline)?;
    let is_set = |name: &String| gathered.catalogue.secrets.contains(name);
    let unset = reading
        .secrets
        .into_iter()
        .filter(|(name, _)| !is_set(name));
    diagnostics.extend(unset.map(|(_, warning)| warning));
    diagnostics.sort_by_key(|found| found.span.0);
    diagnostics.extend(gathered.diagnostics);
    let mut versions = Vec::new();
    for file in files {
        let text = match instance.workflow_text(file) {
            Ok(text) => text,
            Err(unread) => {
                diagnostics.push(*unread);
                continue;
            }
        };
        let name = file.display().to_string();
        let loaded = language::load(&name, &text, &gathered.catalogue);
        diagnostics.extend(loaded.diagnostics);
        versions.extend(loaded.version.map(Arc::new));
    }
    Ok(Checked {
        config: reading.config,
        versions,
        diagnostics,
        files: files.len(),
    })
}
