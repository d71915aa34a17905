//! Follows the files: what an author saves is what the next run does.
//!
//! A workflow that has mistakes now keeps its last good version, and the log
//! says why; runs under way keep theirs in any case.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use botswain_core::{diagnostic::Severity, engine::Event, plan::Version};
use tokio::sync::Mutex;

use super::{Handle, Mode, settings};
use crate::{
    editor,
    instance::{CONFIG_FILE, Instance},
    workflows::{self, Checked},
};

const EVERY: Duration = Duration::from_secs(2);

/// The files and folders that matter, and when each was changed.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    files: BTreeMap<PathBuf, Option<Change>>,
    /// A folder changes with the names in it.
    folders: BTreeMap<PathBuf, Option<Change>>,
}

/// When, and how long it is now.
type Change = (SystemTime, u64);

/// The files as they were before they were read last: what is saved while they are read, or while
/// the daemon starts, is seen the next time. Nothing if they are not followed.
pub(super) type Followed = Arc<Mutex<Option<Stamp>>>;

/// Looks every two seconds, for as long as the daemon lives.
pub(super) async fn follow(handle: Handle) {
    while !handle.messages.is_closed() {
        tokio::time::sleep(EVERY).await;
        // The clock of a file system can be too coarse to tell two changes of a folder apart.
        take_over_if(&handle, |_| true).await;
    }
}

/// Takes over what has been saved by now, for what is asked for right after it.
///
/// Every start of a run comes by here, so folders are listed only when they have changed.
pub(super) async fn refresh(handle: &Handle) {
    take_over_if(handle, Stamp::is_outdated).await;
}

/// Lists the files again if there is reason to, and reads them if one has changed.
async fn take_over_if(handle: &Handle, lists: impl Fn(&Stamp) -> bool) {
    let mut seen = handle.files.lock().await;
    let Some(seen) = seen.as_mut().filter(|seen| lists(seen)) else {
        return;
    };
    take_over_saved(handle, seen).await;
}

/// Reads the files if one has changed.
async fn take_over_saved(handle: &Handle, seen: &mut Stamp) {
    let now = Stamp::of(handle.parts.instance.folder());
    // Taken over is what has been read: whoever asked may go away before, or the disk may fail.
    if now.files == seen.files || reload(handle, Mode::Lasting).await {
        *seen = now;
    }
}

impl Handle {
    /// Lets somebody change the files while nobody takes them over, then takes them over: new runs
    /// follow them on return.
    pub async fn change_files<T: Send + 'static, E: Send + 'static>(
        &self,
        change: impl FnOnce(&Instance) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let mut seen = self.files.lock().await;
        // What others have saved until now is a version of its own.
        if let Some(seen) = seen.as_mut() {
            take_over_saved(self, seen).await;
        }
        let parts = self.parts.clone();
        let changed = tokio::task::spawn_blocking(move || change(&parts.instance)).await;
        let changed = changed.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        let changed = changed?;
        match seen.as_mut() {
            Some(seen) => take_over_saved(self, seen).await,
            None => drop(reload(self, Mode::Brief).await),
        }
        Ok(changed)
    }
}

/// Whether the files could be read.
async fn reload(handle: &Handle, mode: Mode) -> bool {
    match workflows::check(&handle.parts.instance) {
        Ok(checked) => {
            report(&checked);
            editor::refresh(&handle.parts.instance);
            take_over(handle, checked, mode).await;
            true
        }
        Err(error) => {
            tracing::error!("the files cannot be read, so nothing has changed: {error}");
            false
        }
    }
}

fn report(checked: &Checked) {
    for found in checked
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error)
    {
        tracing::error!(
            code = found.code,
            hint = found.hint,
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

async fn take_over(handle: &Handle, checked: Checked, mode: Mode) {
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
    if let Err(error) = handle.replace_workflows(&versions, mode) {
        tracing::error!("the workflows are not taken over: {error}");
    }
}

/// The new versions, and the old one of each file that is still there but has mistakes.
fn with_last_good(handle: &Handle, mut versions: Vec<Arc<Version>>) -> Vec<Arc<Version>> {
    let files = handle.parts.instance.workflow_files();
    let files = files.map(|(files, _)| files).unwrap_or_default();
    for old in handle.workflows() {
        let name = &old.plan.name;
        let has_file = files
            .iter()
            .any(|it| it.file_stem().is_some_and(|it| it == name.as_str()));
        if has_file && !versions.iter().any(|new| new.plan.name == *name) {
            tracing::warn!(
                workflow = name,
                "goes on as it was until its file is mended; a daemon that is started before that leaves it out"
            );
            versions.push(old);
        }
    }
    versions
}

impl Stamp {
    pub(super) fn of(folder: &Path) -> Stamp {
        let mut stamp = Stamp::default();
        // Calendars lie beside it, among whatever else.
        stamp.note_folder(folder);
        stamp.note_file(folder.join(CONFIG_FILE));
        for calendar in crate::instance::calendar_files(folder) {
            stamp.note_file(calendar);
        }
        let mut folders = ["workflows", "templates", "pages"]
            .map(|it| folder.join(it))
            .to_vec();
        while let Some(folder) = folders.pop() {
            // Before it is listed: what changes meanwhile is seen the next time.
            stamp.note_folder(&folder);
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && is_hidden => (),
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    _ => stamp.note_file(entry.path()),
                }
            }
        }
        stamp
    }

    fn is_outdated(&self) -> bool {
        let mut noted = self.files.iter().chain(&self.folders);
        noted.any(|(path, noted)| change(path) != *noted)
    }

    fn note_file(&mut self, path: PathBuf) {
        let change = change(&path);
        self.files.insert(path, change);
    }

    fn note_folder(&mut self, path: &Path) {
        self.folders.insert(path.to_owned(), change(path));
    }
}

/// Nothing of what is not there.
fn change(path: &Path) -> Option<Change> {
    let metadata = path.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use crate::{
        daemon::{Daemon, Mode},
        instance::Instance,
    };

    /// Nothing else comes in between here: what is spawned runs when this waits.
    #[tokio::test(flavor = "current_thread")]
    async fn what_is_saved_as_the_daemon_starts_is_what_runs() {
        let office = tempfile::tempdir().unwrap();
        std::fs::write(office.path().join("botswain.yaml"), "name: office\n").unwrap();
        let workflows = office.path().join("workflows");
        std::fs::create_dir(&workflows).unwrap();
        let instance = Instance::at(office.path()).unwrap();
        let daemon = Daemon::start(instance, Mode::Lasting).await.unwrap();
        let fresh = "steps:\n  - { id: no, fail: stop }\n";
        std::fs::write(workflows.join("fresh.yaml"), fresh).unwrap();
        daemon.handle.refresh().await;
        assert!(daemon.handle.workflow("fresh").is_some());
        daemon.stop().await.unwrap();
    }
}
