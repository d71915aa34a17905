//! Versions of a workflow, from the notes of when each was taken over and the store's texts.

use botswain_core::{Hash, plan::Version};
use indexmap::IndexMap;

use super::{Against, TextChange, VersionDetail, VersionView};
use crate::{daemon::Parts, difference, history::Taken};

impl Parts {
    /// One version with what is different; none when the store does not have it.
    pub(crate) fn version_detail(
        &self,
        (workflow, at): (&str, usize),
        all: &[VersionView],
        against: Option<Against>,
    ) -> Result<Option<VersionDetail>, String> {
        let version = all[at].clone();
        let text = |error: botswain_store::ReadError| error.to_string();
        let Some(stored) = self.store.version(&version.hash).map_err(text)? else {
            return Ok(None);
        };
        let other = match against {
            None => None,
            Some(Against::File) => self.with_file(workflow, &stored),
            Some(Against::Version(number)) => match all.iter().find(|it| it.number == number) {
                Some(other) => self.store.version(&other.hash).map_err(text)?,
                None => None,
            },
        };
        let changes = other.as_ref().map(|other| match against {
            Some(Against::Version(number)) if number < version.number => {
                self.changes(other, &stored)
            }
            _ => self.changes(&stored, other),
        });
        // They are the newest first.
        let beside = |at: Option<usize>| Some(all.get(at?)?.number);
        Ok(Some(VersionDetail {
            workflow: workflow.to_owned(),
            source: stored.source,
            against: against.filter(|_| other.is_some()),
            changes: changes.unwrap_or_default(),
            // Only the daemon that is asked knows.
            mended: Vec::new(),
            before: beside(Some(at + 1)),
            after: beside(at.checked_sub(1)),
            version,
        }))
    }

    /// The version as it would be with the file as it is now: of its text alone.
    fn with_file(&self, workflow: &str, version: &Version) -> Option<Version> {
        let file = self.instance.workflow_file(workflow).ok()??;
        Some(Version {
            source: self.instance.workflow_text(&file).ok()?,
            ..version.clone()
        })
    }

    /// What differs, each workflow's file called as it lies now.
    pub(crate) fn changes(&self, old: &Version, new: &Version) -> Vec<TextChange> {
        let folders = self.instance.workflow_folders().unwrap_or_default();
        let mut all = changes(old, new);
        for change in &mut all {
            let name = change.file.strip_prefix("workflows/");
            let name = name.and_then(|it| it.strip_suffix(".yaml"));
            if let Some(folder) = name
                .and_then(|it| folders.get(it))
                .filter(|it| !it.is_empty())
            {
                let within = format!("workflows/{folder}/");
                change.file = change.file.replacen("workflows/", &within, 1);
            }
        }
        all
    }
}

/// The versions as people are shown them, the newest first.
pub(crate) fn versions(taken: Vec<Taken>, current: Option<&Hash>) -> Vec<VersionView> {
    let last = taken.len();
    let view = |(place, it): (usize, Taken)| VersionView {
        is_current: place + 1 == last && Some(&it.hash) == current,
        number: it.number,
        hash: it.hash,
        at: it.at,
        by: it.by,
        proposed_by: it.proposed_by,
        note: it.note,
    };
    taken.into_iter().enumerate().map(view).rev().collect()
}

/// The texts that differ.
fn changes(old: &Version, new: &Version) -> Vec<TextChange> {
    let source = format!("workflows/{}.yaml", new.plan.name);
    let mut all = Vec::new();
    all.extend(change(source, &old.source, &new.source));
    for (folder, old, new) in [
        ("templates", &old.templates, &new.templates),
        ("pages", &old.pages, &new.pages),
    ] {
        all.extend(within(folder, old, new));
    }
    for name in old.calls.keys().chain(new.calls.keys()) {
        let file = format!("workflows/{name}.yaml");
        if old.calls.get(name) != new.calls.get(name) && !all.iter().any(|it| it.file == file) {
            // What the called workflow says is among its own versions.
            all.push(TextChange {
                file,
                is_called: true,
                lines: Vec::new(),
            });
        }
    }
    all
}

fn within(
    folder: &str,
    old: &IndexMap<String, String>,
    new: &IndexMap<String, String>,
) -> Vec<TextChange> {
    let added = new.keys().filter(|name| !old.contains_key(*name));
    let text = |of: &IndexMap<String, String>, name: &str| of.get(name).cloned();
    let each = old.keys().chain(added).filter_map(|name| {
        let (old, new) = (text(old, name), text(new, name));
        let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
        change(format!("{folder}/{name}"), &old, &new)
    });
    each.collect()
}

fn change(file: String, old: &str, new: &str) -> Option<TextChange> {
    (old != new).then(|| TextChange {
        file,
        is_called: false,
        lines: difference::views(old, new),
    })
}
