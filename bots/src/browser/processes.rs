//! Finds and ends the processes of a browser, whoever they hang on by now.
//!
//! Chromium's processes leave their group (its crash handlers) and lose their
//! parent, so neither is enough. What stays with each is our folder: as
//! `--user-data-dir`, or in the environment that the driver was started with.
//! What a browser of ours has forked (Firefox's children lose both) goes with it. Nothing else is
//! ever touched.

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

/// The processes of a browser that works in or below `folder`, and what these have started.
pub(crate) fn working_in(folder: &Path, spared: Option<&Path>) -> Vec<i32> {
    let ours = std::process::id();
    let all: Vec<u32> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != ours)
        .collect();
    let is_spared = |pid: u32| spared.is_some_and(|spared| works_in(pid, spared));
    let works = |pid: &u32| works_in(*pid, folder) && !is_spared(*pid);
    let mut found: BTreeSet<u32> = all.iter().copied().filter(works).collect();
    if !found.is_empty() {
        let parents: Vec<(u32, u32)> = all
            .iter()
            .filter_map(|pid| Some((*pid, parent(*pid)?)))
            .collect();
        let mut known = 0;
        while known < found.len() {
            known = found.len();
            let children = parents.iter().filter(|(_, parent)| found.contains(parent));
            let children: Vec<u32> = children.map(|(pid, _)| *pid).collect();
            found.extend(children);
        }
    }
    found
        .into_iter()
        .filter_map(|pid| i32::try_from(pid).ok())
        .collect()
}

/// By what follows on the name in `stat` (proc(5)); none for one that has ended and was not asked
/// for its end yet.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    match rest.next()? {
        "Z" | "X" => None,
        _ => rest.next()?.parse().ok(),
    }
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
