//! `check`: every mistake in the files, before anything runs.

mod github;
mod place;
mod sarif;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{
    Global,
    arguments::Format,
    excerpt,
    outcome::{Code, Failure, Outcome},
    output::{self, Paint},
    table::plural,
};
use crate::{
    editor,
    instance::{CONFIG_FILE, Instance},
    meant,
    workflows::{self, Checked},
};

pub(super) fn check(global: &Global, paths: &[PathBuf], format: Format) -> Outcome {
    let instance = global.instance()?;
    editor::refresh(&instance);
    let checked = match paths {
        [] => workflows::check(&instance)?,
        paths => workflows::check_files(&instance, &files(&instance, paths)?)?,
    };
    let places = || place::places(&instance, &checked.diagnostics);
    match format {
        Format::Text if global.json => output::json(&json!({
            "files": files_of(&checked),
            "errors": checked.errors(),
            "warnings": checked.warnings(),
            "diagnostics": checked.diagnostics,
        })),
        Format::Text => show(&instance, &checked),
        Format::Github => {
            for (found, place) in places() {
                output::data(&github::command(found, &place));
            }
        }
        Format::Sarif => output::json(&sarif::log(&places())),
    }
    Ok(match checked.errors() {
        0 => Code::Done,
        _ => Code::Usage,
    })
}

fn show(instance: &Instance, checked: &Checked) {
    for text in excerpt::render_all(instance, &checked.diagnostics, Paint::of_stdout()) {
        output::data(&text);
    }
    output::data(&count(checked));
}

fn count(checked: &Checked) -> String {
    let files = files_of(checked);
    let (errors, warnings) = (checked.errors(), checked.warnings());
    let mut with: Vec<&str> = checked
        .diagnostics
        .iter()
        .map(|it| it.file.as_str())
        .collect();
    with.sort_unstable();
    with.dedup();
    let place = format!("in {} of {}", with.len(), plural(files, "file"));
    match (errors, warnings) {
        (0, 0) => format!("no mistakes in {}", plural(files, "file")),
        (0, _) => format!("{} {place}", plural(warnings, "warning")),
        (_, 0) => format!("{} {place}", plural(errors, "error")),
        _ => format!(
            "{}, {} {place}",
            plural(errors, "error"),
            plural(warnings, "warning")
        ),
    }
}

/// `botswain.yaml` is always read along.
fn files_of(checked: &Checked) -> usize {
    checked.files + 1
}

/// The workflow files that are meant, relative to the instance.
pub(super) fn files(instance: &Instance, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let relative = relative(instance, path)?;
        if instance.folder().join(&relative).is_dir() {
            let (mut all, _) = instance.workflow_files()?;
            all.extend(instance.test_files()?);
            files.extend(all.into_iter().filter(|file| file.starts_with(&relative)));
        } else if relative != Path::new(CONFIG_FILE) {
            files.push(relative);
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// The file that is meant, also by the name of its workflow.
fn relative(instance: &Instance, path: &Path) -> Result<PathBuf, Failure> {
    let (files, _) = instance.workflow_files()?;
    let named = |file: &&PathBuf| file.file_stem() == Some(path.as_os_str());
    if let (Some(file), false) = (files.iter().find(named), path.exists()) {
        return Ok(file.clone());
    }
    let real = path.canonicalize().map_err(|err| {
        let reason = match err.kind() {
            std::io::ErrorKind::NotFound => "does not exist".to_owned(),
            _ => format!("cannot be read: {err}"),
        };
        let failure = Failure::usage(format!("`{}` {reason}", path.display()));
        let names = files.iter().filter_map(|it| it.file_stem()?.to_str());
        let name = path
            .file_stem()
            .and_then(|it| it.to_str())
            .unwrap_or_default();
        match meant::workflow(name, &names.collect::<Vec<_>>()) {
            Some(hint) => failure.hint(format!("give a path, or the name of a workflow; {hint}")),
            None => failure,
        }
    })?;
    let relative = real.strip_prefix(instance.folder()).map_err(|_| {
        let folder = instance.folder().display();
        Failure::usage(format!(
            "`{}` is not in the instance `{folder}`",
            path.display()
        ))
        .hint("name its instance with `--dir`")
    })?;
    Ok(relative.to_owned())
}
