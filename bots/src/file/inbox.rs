//! A folder into which files come, for the trigger `files`.
//!
//! A file is told of once it has not changed for a while; while it is written it
//! is left alone, and so is what programs call a file that is not yet whole. What
//! it is, is its path, its size and when it was changed: a file that is written
//! anew under the same name is another one.

use std::{
    collections::HashMap,
    fs::{self, Metadata},
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use botswain_bot::{Around, Arrival, Fault, Roots, Source};
use botswain_core::plan::Files;
use glob::Pattern;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Endings of files that are still on their way.
const UNFINISHED: [&str; 5] = ["part", "tmp", "temp", "crdownload", "filepart"];

/// No folder is looked through further than this.
const MOST: usize = 100_000;

pub struct Inbox {
    folder: String,
    pattern: Pattern,
    settle: Duration,
    /// How each file was found, and since when it is so.
    seen: Arc<std::sync::Mutex<HashMap<String, (Look, Instant)>>>,
}

/// By what a file is known again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    modified: SystemTime,
    size: u64,
}

impl Inbox {
    /// The folder and the pattern of a trigger.
    pub fn new(files: &Files) -> Result<Inbox, Fault> {
        let (folder, name) = files
            .pattern
            .rsplit_once('/')
            .unwrap_or((".", &files.pattern));
        let pattern = Pattern::new(name).map_err(|err| {
            let message = format!("`{}` is no pattern: {err}", files.pattern);
            Fault::business("file.pattern", message)
        })?;
        Ok(Inbox {
            folder: folder.to_owned(),
            pattern,
            settle: Duration::from_millis(files.settle),
            seen: Arc::default(),
        })
    }
}

impl Source for Inbox {
    async fn look(&mut self, around: &Around) -> Result<Vec<Arrival>, Fault> {
        let (folder, pattern) = (self.folder.clone(), self.pattern.clone());
        let (roots, seen, settle) = (around.roots.clone(), self.seen.clone(), self.settle);
        let looked = tokio::task::spawn_blocking(move || {
            let found = found(&roots, &folder, &pattern)?;
            let mut seen = seen
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            Ok(settled(&mut seen, (found, settle), Instant::now()))
        });
        let looked = looked
            .await
            .map_err(|err| Fault::system("file.unreadable", err.to_string()))?;
        looked.map(|files: Vec<(String, Look)>| files.into_iter().map(arrival).collect())
    }
}

/// The files that are there, by path. A folder that is not there is made, so that one sees where
/// to put them.
fn found(roots: &Roots, folder: &str, pattern: &Pattern) -> Result<Vec<(String, Look)>, Fault> {
    let real = match roots.existing(folder) {
        Err(fault) if fault.code == "file.missing" => {
            let inside = roots.writable(&format!("{folder}/.here"))?;
            inside.parent().unwrap_or(&inside).to_owned()
        }
        real => real?,
    };
    let failed = |err: io::Error| {
        let message = format!("the folder `{folder}` cannot be read: {err}");
        Fault::system("file.unreadable", message)
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(&real).map_err(failed)?.take(MOST) {
        let name = entry.map_err(failed)?.file_name();
        let Some(name) = name
            .to_str()
            .filter(|name| is_whole(name) && pattern.matches(name))
        else {
            continue;
        };
        let path = match folder {
            "." => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        // A link that leads out is no file of the instance; one that has gone was taken away.
        let metadata = roots
            .existing(&path)
            .ok()
            .and_then(|real| fs::metadata(real).ok());
        if let Some(look) = metadata.as_ref().and_then(look_of) {
            files.push((path, look));
        }
    }
    Ok(files)
}

fn is_whole(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|end| end.to_str());
    let unfinished =
        ending.is_some_and(|end| UNFINISHED.iter().any(|it| end.eq_ignore_ascii_case(it)));
    !unfinished && !name.starts_with(['.', '~']) && !name.ends_with('~')
}

fn look_of(metadata: &Metadata) -> Option<Look> {
    let modified = metadata.modified().ok()?;
    let size = metadata.len();
    metadata.is_file().then_some(Look { modified, size })
}

/// Those that have looked the same for long enough, the oldest first; the others are noted.
fn settled(
    seen: &mut HashMap<String, (Look, Instant)>,
    (found, settle): (Vec<(String, Look)>, Duration),
    now: Instant,
) -> Vec<(String, Look)> {
    let before = std::mem::take(seen);
    let mut ready = Vec::new();
    for (path, look) in found {
        let same = before.get(&path).filter(|(known, _)| *known == look);
        let since = same.map_or(now, |(_, since)| *since);
        seen.insert(path.clone(), (look, since));
        if now.duration_since(since) >= settle {
            ready.push((path, look));
        }
    }
    ready.sort_by(|(a, at), (b, bt)| (at.modified, a).cmp(&(bt.modified, b)));
    ready
}

fn arrival((path, look): (String, Look)) -> Arrival {
    let modified = Timestamp::try_from(look.modified).unwrap_or(Timestamp::UNIX_EPOCH);
    let name = path.rsplit('/').next().unwrap_or(&path);
    let mut data = Map::new();
    let fields: [(&str, Value); 4] = [
        ("file", json!(path)),
        ("name", json!(name)),
        ("size", json!(look.size)),
        ("modified", json!(modified.to_string())),
    ];
    data.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    let key = format!("{path}, {} bytes of {modified}", look.size);
    let fault = None;
    Arrival { key, data, fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(size: u64) -> Look {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(size);
        Look { modified, size }
    }

    #[test]
    fn a_file_that_still_changes_is_left_alone() {
        let (mut seen, settle) = (HashMap::new(), Duration::from_secs(2));
        let start = Instant::now();
        let mut at = |seconds: u64, size: u64| {
            let found = vec![("in/a.csv".to_owned(), look(size))];
            settled(
                &mut seen,
                (found, settle),
                start + Duration::from_secs(seconds),
            )
            .len()
        };
        assert_eq!(
            [at(0, 1), at(1, 1), at(2, 5), at(3, 5), at(4, 5), at(9, 5)],
            [0, 0, 0, 0, 1, 1]
        );
        assert_eq!([at(10, 6), at(12, 6)], [0, 1], "it was written anew");
    }

    #[test]
    fn what_is_on_its_way_is_no_file_yet() {
        let names = [
            ".a.csv.part",
            "a.csv.PART",
            "a.tmp",
            "~a.xlsx",
            "a.csv~",
            "a.csv",
        ];
        let whole: Vec<_> = names.into_iter().filter(|name| is_whole(name)).collect();
        assert_eq!(whole, ["a.csv"]);
    }
}
