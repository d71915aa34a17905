//! The files of an instance, read and checked together.
//!
//! Everything that starts something goes through here, so nothing runs that the
//! check has not seen, and `botswain check` finds what the daemon would.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use botswain_core::{
    diagnostic::{Diagnostic, Severity},
    language::{self, Source},
    plan::Version,
    testing::Test,
};

use crate::instance::{self, Config, Instance, secrets};

/// What the files say.
pub struct Checked {
    /// `botswain.yaml`, when it has no error.
    pub config: Option<Config>,
    /// The workflows without an error.
    pub versions: Vec<Arc<Version>>,
    pub diagnostics: Vec<Diagnostic>,
    /// The tests in the files that were asked for, of those without an error.
    pub tests: Vec<Test>,
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

/// Checks `botswain.yaml`, every workflow and every file of tests.
pub fn check(instance: &Instance) -> Result<Checked, Error> {
    let (mut files, warnings) = instance.workflow_files()?;
    files.extend(instance.test_files()?);
    files.sort();
    let mut checked = check_files(instance, &files)?;
    checked.diagnostics.extend(warnings);
    Ok(checked)
}

/// Checks `botswain.yaml` and these workflows; paths are relative to the instance. Of the
/// others only what these call, or test, is among the versions.
pub fn check_files(instance: &Instance, files: &[PathBuf]) -> Result<Checked, Error> {
    check_with(instance, files, None)
}

/// A text that is not saved yet.
#[derive(Clone, Copy, Debug)]
pub struct Unsaved<'a> {
    pub file: &'a Path,
    pub text: &'a str,
}

/// The same as if one of the files had another text, or were there.
pub fn check_unsaved(
    instance: &Instance,
    files: &[PathBuf],
    unsaved: Unsaved<'_>,
) -> Result<Checked, Error> {
    check_with(instance, files, Some(unsaved))
}

fn check_with(
    instance: &Instance,
    files: &[PathBuf],
    unsaved: Option<Unsaved<'_>>,
) -> Result<Checked, Error> {
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
    let texts = texts(instance, (files, unsaved), &mut diagnostics)?;
    let sources: Vec<Source<'_>> = texts.iter().map(Text::source).collect();
    let mut loaded = language::load_all(&sources, &gathered.catalogue);
    let mut tests = Vec::new();
    for (text, loaded) in texts.iter().zip(&mut loaded) {
        if text.asked {
            diagnostics.append(&mut loaded.diagnostics);
            tests.append(&mut loaded.tests);
        }
    }
    let is_tested = |version: &Version| tests.iter().any(|it| it.workflow == version.plan.name);
    let versions: Vec<_> = loaded.into_iter().map(|loaded| loaded.version).collect();
    let asked = texts
        .iter()
        .zip(&versions)
        .map(|(text, version)| text.asked || version.as_ref().is_some_and(is_tested));
    let asked: Vec<bool> = asked.collect();
    Ok(Checked {
        config: reading.config,
        versions: with_called(versions.into_iter().zip(asked)),
        diagnostics,
        tests,
        files: files.len(),
    })
}

/// A workflow's file, and whether it was asked for or only may be called.
struct Text {
    file: String,
    text: String,
    asked: bool,
}

impl Text {
    fn source(&self) -> Source<'_> {
        Source {
            file: &self.file,
            text: &self.text,
        }
    }
}

/// The files that are asked for, then the others of the instance.
fn texts(
    instance: &Instance,
    (files, unsaved): (&[PathBuf], Option<Unsaved<'_>>),
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<Text>, Error> {
    let (all, _) = instance.workflow_files()?;
    let others = all.iter().filter(|file| !files.contains(file));
    let asked = files.iter().map(|file| (file, true));
    let mut texts = Vec::new();
    for (file, asked) in asked.chain(others.map(|file| (file, false))) {
        let name = file.display().to_string();
        let text = match unsaved.filter(|it| it.file == file) {
            Some(unsaved) => Ok(unsaved.text.to_owned()),
            None => instance.workflow_text(file),
        };
        match text {
            Ok(text) => texts.push(Text {
                file: name,
                text,
                asked,
            }),
            Err(unread) if asked => diagnostics.push(*unread),
            Err(_) => (),
        }
    }
    Ok(texts)
}

/// The versions that are asked for, and those that they call.
fn with_called(versions: impl Iterator<Item = (Option<Version>, bool)>) -> Vec<Arc<Version>> {
    let versions = versions.filter_map(|(version, asked)| Some((Arc::new(version?), asked)));
    let (mut kept, mut others): (Vec<_>, Vec<_>) = versions.partition(|(_, asked)| *asked);
    loop {
        let called = |(other, _): &(Arc<Version>, bool)| {
            let name = &other.plan.name;
            kept.iter()
                .any(|(version, _)| version.calls.contains_key(name))
        };
        let (more, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(called);
        if more.is_empty() {
            return kept.into_iter().map(|(version, _)| version).collect();
        }
        kept.extend(more);
        others = rest;
    }
}
