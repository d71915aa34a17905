//! Finds and ends the processes of a browser, whoever they hang on by now.
//!
//! Chromium's processes leave their group (its crash handlers) and lose their
//! parent, so neither is enough. What stays with each is our folder: as
//! `--user-data-dir`, or in the environment that the driver was started with.
//! Nothing else is ever touched.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Set for the driver to its folder, and so for everything it starts.
pub(crate) const MARK: &str = "BOTSWAIN_BROWSER";

/// Ends every process of a browser that works in or below `folder`, unless it is `spared`.
///
/// Returns how many there were. It is repeated until none is left, for they fork.
pub(crate) fn end(folder: &Path, spared: Option<&Path>) -> usize {
    let mut ended = BTreeSet::new();
    let patience = Instant::now() + Duration::from_secs(3);
    while Instant::now() < patience {
        let found = working_in(folder, spared);
        if found.is_empty() {
            break;
        }
        for pid in found {
            // One that is gone meanwhile is what we want.
            kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
            ended.insert(pid);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    ended.len()
}

/// The processes of a browser that works in or below `folder`.
pub(crate) fn working_in(folder: &Path, spared: Option<&Path>) -> Vec<i32> {
    let ours = std::process::id();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| *pid != ours)
        .filter(|pid| works_in(*pid, folder) && !spared.is_some_and(|it| works_in(*pid, it)))
        .filter_map(|pid| i32::try_from(pid).ok())
        .collect()
}

fn works_in(pid: u32, folder: &Path) -> bool {
    let Some(folder) = folder.to_str() else {
        return false;
    };
    let names = |file: &str, keys: &[&str]| {
        let content = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        // Chromium's zygotes overwrite their arguments with one text, so they are not split.
        let content = String::from_utf8_lossy(&content);
        let mut named = keys.iter().map(|key| format!("{key}={folder}"));
        named.any(|named| content.contains(&named))
    };
    let arguments = ["--user-data-dir", "--database", "--log-path"];
    names("cmdline", &arguments) || names("environ", &[MARK])
}
