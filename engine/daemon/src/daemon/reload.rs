//! Follows the files: what an author saves is what the next run does.
//!
//! A workflow that has mistakes now keeps its last good version, and the log
//! says why; runs under way keep theirs in any case.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use botswain_core::{diagnostic::Severity, engine::Event, plan::Version};
use tokio::sync::Mutex;

use super::{Handle, Mode, settings};
use crate::{
    editor,
    workflows::{self, Checked},
};

const EVERY: Duration = Duration::from_secs(2);

pub(super) type Stamp = BTreeMap<std::path::PathBuf, (Option<SystemTime>, u64)>;

/// The files as they were taken over; nothing while they are not followed.
pub(super) type Followed = Arc<Mutex<Option<Stamp>>>;

/// Looks every two seconds, for as long as the daemon lives.
pub(super) async fn follow(handle: Handle) {
    *handle.files.lock().await = Some(stamp(handle.parts.instance.folder()));
    while !handle.messages.is_closed() {
        tokio::time::sleep(EVERY).await;
        refresh(&handle).await;
    }
}

/// Takes over what has been saved by now, for what is asked for right after it.
pub(super) async fn refresh(handle: &Handle) {
    let mut files = handle.files.lock().await;
    let Some(seen) = files.as_mut() else { return };
    let now = stamp(handle.parts.instance.folder());
    if now != *seen {
        *seen = now;
        reload(handle).await;
    }
}

async fn reload(handle: &Handle) {
    match workflows::check(&handle.parts.instance) {
        Ok(checked) => {
            report(&checked);
            editor::refresh(&handle.parts.instance);
            take_over(handle, checked).await;
        }
        Err(error) => tracing::error!("the files cannot be read, so nothing has changed: {error}"),
    }
}

fn report(checked: &Checked) {
    for found in checked
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error)
    {
        tracing::error!(
            "{}:{}:{}: {}",
            found.file,
            found.line,
            found.column,
            found.message
        );
    }
    match checked.config {
        Some(_) => tracing::info!(
            workflows = checked.versions.len(),
            errors = checked.errors(),
            "read the files again"
        ),
        None => tracing::error!("botswain.yaml has mistakes, so nothing has changed"),
    }
}

async fn take_over(handle: &Handle, checked: Checked) {
    let Some(config) = checked.config else { return };
    let parts = &handle.parts;
    match settings(&parts.instance, config.clone()) {
        Ok(new) => {
            parts.connections.replace(&config, new.roots.clone()).await;
            *parts
                .settings
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = new;
            handle.tell(Event::Capacities(config.capacities()));
        }
        Err(error) => tracing::error!("botswain.yaml is not taken over: {error}"),
    }
    let versions = with_last_good(handle, checked.versions);
    if let Err(error) = handle.replace_workflows(&versions, Mode::Lasting) {
        tracing::error!("the workflows are not taken over: {error}");
    }
}

/// The new versions, and the old one of each file that is still there but has mistakes.
fn with_last_good(handle: &Handle, mut versions: Vec<Arc<Version>>) -> Vec<Arc<Version>> {
    for old in handle.workflows() {
        let name = &old.plan.name;
        let file = handle
            .parts
            .instance
            .folder()
            .join("workflows")
            .join(format!("{name}.yaml"));
        if file.exists() && !versions.iter().any(|new| new.plan.name == *name) {
            versions.push(old);
        }
    }
    versions
}

/// When each file that matters was changed, and how long it is.
fn stamp(folder: &Path) -> Stamp {
    let mut stamp = Stamp::new();
    let mut folders = ["workflows", "templates", "pages"]
        .map(|it| folder.join(it))
        .to_vec();
    note(&folder.join("botswain.yaml"), &mut stamp);
    for calendar in crate::instance::calendar_files(folder) {
        note(&calendar, &mut stamp);
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => note(&entry.path(), &mut stamp),
            }
        }
    }
    stamp
}

fn note(path: &Path, stamp: &mut Stamp) {
    if let Ok(metadata) = path.metadata() {
        stamp.insert(path.to_owned(), (metadata.modified().ok(), metadata.len()));
    }
}
