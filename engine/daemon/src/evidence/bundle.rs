//! What is in a bundle: facts as JSON lines, the workflows as they were, files, and an index.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use botswain_console::{Evidence, Frame};
use botswain_core::{
    ArtifactRef, Hash, RunId,
    run::fact::{Fact, What},
};
use botswain_views::RunDetail;
use jiff::Timestamp;
use serde_json::json;

use super::archive::{Archive, Entry};
use crate::{daemon::Parts, views::files::collect};

/// How many items are listed at a time.
const PAGE: usize = 500;

/// The longest name of a file that is kept as it was, in characters.
const NAME: usize = 80;

/// What is found on the way through the facts.
#[derive(Default)]
struct Found {
    runs: u64,
    seen: BTreeSet<Hash>,
    artifacts: Vec<ArtifactRef>,
    versions: BTreeSet<Hash>,
}

/// Writes the whole bundle of a run.
pub(super) fn write(
    parts: &Parts,
    frame: &Frame,
    detail: &RunDetail,
    out: impl Write,
) -> io::Result<()> {
    let mut archive = Archive::new(out);
    let mut found = Found::default();
    archive.add("facts.jsonl", 0, |entry| {
        facts(parts, &detail.run.id, &mut found, entry)
    })?;
    for hash in &found.versions {
        let version = parts.store.version(hash).map_err(io::Error::other)?;
        let Some(version) = version else { continue };
        let name = safe(&version.plan.name);
        let path = format!("workflows/{name}.{}.yaml", hash.short());
        archive.add(&path, 0, |entry| entry.write_all(version.source.as_bytes()))?;
    }
    let (mut page, mut lost) = (Vec::new(), Vec::new());
    for artifact in &found.artifacts {
        // What is damaged is no evidence; what is missing cannot be added.
        if parts.kept.0.verify(&artifact.hash).is_err() {
            lost.push(format!("{} ({})", artifact.name, artifact.hash.as_str()));
            continue;
        }
        let file = parts
            .kept
            .0
            .open_hash(&artifact.hash)
            .map_err(io::Error::other)?;
        let path = format!("files/{}-{}", artifact.hash.short(), safe(&artifact.name));
        archive.add(&path, artifact.size, |entry| entry.copy(file))?;
        page.push((artifact.hash.clone(), path));
    }
    let evidence = Evidence {
        detail,
        runs: found.runs,
        files: &archive.files,
        lost: &lost,
        made: Timestamp::now(),
    };
    let mut index = botswain_console::evidence(frame, &evidence);
    for (hash, path) in page {
        // On the pages of the console a file is at its address, here it lies beside the page.
        index = index.replace(
            &format!("\"/artifacts/{}\"", hash.as_str()),
            &format!("\"{path}\""),
        );
    }
    archive.add("index.html", 0, |entry| entry.write_all(index.as_bytes()))?;
    archive.finish()
}

/// The facts of a run, then those of the runs that it made, each a line.
fn facts(
    parts: &Parts,
    run: &RunId,
    found: &mut Found,
    out: &mut Entry<'_, impl Write>,
) -> io::Result<()> {
    let facts = parts.store.facts(run).map_err(io::Error::other)?;
    found.runs += 1;
    for (number, fact) in facts.iter().enumerate() {
        let line = json!({ "run": run, "number": number, "at": fact.at, "what": fact.what });
        writeln!(out, "{line}")?;
        note(fact, found);
    }
    for fact in &facts {
        let (What::Opened { step, .. } | What::Called { step, .. }) = &fact.what else {
            continue;
        };
        let mut from = 0;
        loop {
            let page = parts.store.items(run, step, from, PAGE);
            let page = page.map_err(io::Error::other)?;
            for child in &page {
                from = child.id.index() + 1;
                self::facts(parts, &child.id, found, out)?;
            }
            if page.len() < PAGE {
                break;
            }
        }
    }
    Ok(())
}

fn note(fact: &Fact, found: &mut Found) {
    collect(fact, &mut found.seen, &mut found.artifacts);
    match &fact.what {
        What::Created(created) => drop(found.versions.insert(created.version.clone())),
        what => found.versions.extend(what.upgrade().cloned()),
    }
}

/// A name that is a file in this folder on every system, whoever has given it.
fn safe(name: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let text: String = name
        .chars()
        .map(|c| if kept(c) { c } else { '_' })
        .take(NAME)
        .collect();
    text.trim_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(safe("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe("C:\\con"), "C__con");
        assert_eq!(safe("销售 1.csv"), "销售_1.csv");
        assert_eq!(safe(".."), "");
    }
}
