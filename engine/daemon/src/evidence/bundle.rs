//! What is in a bundle: facts as JSON lines, the workflows as they were, files, and an index.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use botswain_console::{Evidence, Frame};
use botswain_core::{
    Hash, RunId,
    run::fact::{Fact, What},
};
use botswain_views::RunDetail;
use jiff::Timestamp;
use serde_json::json;

use super::archive::{Archive, Entry};
use crate::{
    daemon::Parts,
    views::{
        Sight,
        files::{Kept, collect},
    },
};

/// How many items are listed at a time.
const PAGE: usize = 500;

/// The longest name of a file that is kept as it was, in characters.
const NAME: usize = 80;

/// How large something may be that nobody has counted.
const UNKNOWN: u64 = u64::MAX;

/// What is found on the way through the facts.
#[derive(Default)]
struct Found {
    runs: u64,
    seen: BTreeSet<Hash>,
    kept: Vec<Kept>,
    versions: BTreeSet<Hash>,
}

/// Writes the whole bundle of a run.
pub(super) fn write(
    parts: &Parts,
    (frame, sight): (&Frame, &Sight),
    detail: &RunDetail,
    out: impl Write,
) -> io::Result<()> {
    let mut archive = Archive::new(out);
    let mut found = Found::default();
    archive.add("facts.jsonl", UNKNOWN, |entry| {
        facts(parts, &detail.run.id, &mut found, entry)
    })?;
    let (mut page, mut lost) = (BTreeMap::new(), Vec::new());
    for hash in &found.versions {
        let version = parts.store.version(hash).map_err(io::Error::other)?;
        let Some(version) = version else {
            lost.push(format!("workflows/{}.yaml", hash.as_str()));
            continue;
        };
        if !sight.shows(&version.plan.name) {
            continue;
        }
        let name = safe(&version.plan.name);
        let path = format!("workflows/{name}.{}.yaml", hash.short());
        archive.add(&path, 0, |entry| entry.write_all(version.source.as_bytes()))?;
    }
    for kept in &found.kept {
        let hash = kept.hash();
        let (path, size) = match kept {
            Kept::File(file) => {
                let name = safe(&file.name);
                (format!("files/{}-{name}", hash.as_str()), file.size)
            }
            Kept::Table(_) => (format!("tables/{}.jsonl", hash.as_str()), UNKNOWN),
        };
        // What is damaged is no evidence; what is missing cannot be added.
        if parts.kept.0.verify(hash).is_err() {
            lost.push(path);
            continue;
        }
        let file = parts.kept.0.open_hash(hash).map_err(io::Error::other)?;
        archive.add(&path, size, |entry| entry.copy(file))?;
        page.insert(hash.as_str(), path);
    }
    let evidence = Evidence {
        detail,
        runs: found.runs,
        files: &archive.files,
        lost: &lost,
        made: Timestamp::now(),
    };
    let index = botswain_console::evidence(frame, &evidence);
    archive.add("index.html", 0, |entry| beside(&index, &page, entry))?;
    archive.finish()
}

/// The page with files as they lie beside it; on the pages of the console each has its address.
fn beside(index: &str, paths: &BTreeMap<&str, String>, mut out: impl Write) -> io::Result<()> {
    const ADDRESS: &str = "\"/artifacts/";
    let mut parts = index.split(ADDRESS);
    out.write_all(parts.next().unwrap_or_default().as_bytes())?;
    for part in parts {
        let file = part.split_once('"');
        match file.and_then(|(hash, rest)| Some((paths.get(hash)?, rest))) {
            Some((path, rest)) => write!(out, "\"{path}\"{rest}")?,
            None => write!(out, "{ADDRESS}{part}")?,
        }
    }
    Ok(())
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
    let made = facts.iter().filter_map(|fact| match &fact.what {
        What::Opened { step, .. } | What::Called { step, .. } => Some(step),
        _ => None,
    });
    // A step that was tried again is the same step.
    for step in made.collect::<BTreeSet<_>>() {
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
    collect(fact, &mut found.seen, &mut found.kept);
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
    fn a_file_is_named_as_it_lies_beside_the_page() {
        let index = r#"<a href="/artifacts/ab">a</a> <img src="/artifacts/cd"> "/artifacts/"#;
        let paths = BTreeMap::from([("ab", "files/ab-a.csv".to_owned())]);
        let mut page = Vec::new();
        beside(index, &paths, &mut page).unwrap();
        assert_eq!(
            String::from_utf8(page).unwrap(),
            r#"<a href="files/ab-a.csv">a</a> <img src="/artifacts/cd"> "/artifacts/"#
        );
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        assert_eq!(safe("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(safe("C:\\con"), "C__con");
        assert_eq!(safe("销售 1.csv"), "销售_1.csv");
        assert_eq!(safe(".."), "");
    }
}
