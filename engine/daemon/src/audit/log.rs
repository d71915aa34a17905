//! The files of the audit: records are put at the end, and nowhere else.
//!
//! Each is durable when its call has returned. Whoever writes holds a lock on
//! `head`, so the daemon and a command beside it never write at once, and nothing
//! is remembered between two calls. A line that a power cut has torn was never
//! relied on and is cut off; one that is complete, but was not told to `head`, counts.
//! When what `head` tells of is gone, the next record follows it all the same, so
//! the gap stays to be seen.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use botswain_core::Hash;
use botswain_views::Act;
use jiff::{Timestamp, tz::TimeZone};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::{
    backwards::Backwards,
    record::{Asked, Record, What, is_whole, nothing},
};

pub(super) const HEAD: &str = "head";
const ENDING: &str = ".log";

#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) folder: PathBuf,
}

/// Where the audit ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The number and the hash of the last record.
    pub(super) n: u64,
    pub(super) hash: Hash,
    /// The month it is in, and how long its file is.
    pub(super) month: String,
    pub(super) length: u64,
}

/// What a backup takes along: files with how much of each, and the head.
pub(crate) struct Copied {
    pub(crate) files: Vec<(String, PathBuf, u64)>,
    pub(crate) head: String,
}

impl Head {
    pub(super) fn begin() -> Head {
        Head {
            n: 0,
            hash: nothing(),
            month: String::new(),
            length: 0,
        }
    }
}

impl Log {
    pub(super) fn file(&self, month: &str) -> PathBuf {
        self.folder.join(format!("{month}{ENDING}"))
    }

    /// The months that there are, in order.
    pub(super) fn months(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.map(|it| it.map(|it| it.file_name().to_string_lossy().into_owned()));
        let names = names.collect::<io::Result<Vec<_>>>()?;
        let months = names.iter().filter_map(|it| it.strip_suffix(ENDING));
        let mut months: Vec<String> = months
            .filter(|it| is_month(it))
            .map(str::to_owned)
            .collect();
        months.sort();
        Ok(months)
    }

    /// Puts a record at the end; gives its number.
    pub(super) fn append(&self, at: Timestamp, what: What) -> io::Result<u64> {
        let head_file = self.lock()?;
        let (mut head, is_known) = self.head(&head_file)?;
        if !is_known {
            self.put(&head_file, &mut head, (at, What::Asked(no_head())))?;
        }
        self.put(&head_file, &mut head, (at, what))
    }

    /// The head as it says, or as the files have it when nothing says it.
    fn head(&self, file: &File) -> io::Result<(Head, bool)> {
        if let Some(mut head) = told(file)? {
            self.catch_up(&mut head)?;
            return Ok((head, true));
        }
        let Some(month) = self.months()?.pop() else {
            return Ok((Head::begin(), true));
        };
        let path = self.file(&month);
        let length = fs::metadata(&path)?.len();
        let mut lines = Backwards::open(&path, length)?;
        let mut head = Head {
            month,
            length,
            ..Head::begin()
        };
        while let Some((_, line)) = lines.next()? {
            if let Some((record, hash)) = Record::of_line(&line) {
                head = Head {
                    n: record.n,
                    hash,
                    ..head
                };
                break;
            }
        }
        Ok((head, false))
    }

    /// Takes in what was written completely after the head, and cuts off what was torn.
    fn catch_up(&self, head: &mut Head) -> io::Result<()> {
        // The head may not have heard of a month that has begun since.
        let mut months = self.months()?;
        months.retain(|it| *it >= head.month);
        months
            .iter()
            .try_for_each(|month| self.catch_up_in(month, head))
    }

    fn catch_up_in(&self, month: &str, head: &mut Head) -> io::Result<()> {
        let from = if head.month == month { head.length } else { 0 };
        let mut file = match OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.file(month))
        {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        if file.metadata()?.len() <= from {
            return Ok(());
        }
        let mut rest = Vec::new();
        file.seek(SeekFrom::Start(from))?;
        file.read_to_end(&mut rest)?;
        let mut end = from;
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            let whole = line.strip_suffix(b"\n").filter(|it| is_whole(it));
            let Some((record, hash)) = whole.and_then(Record::of_line) else {
                break;
            };
            if record.prev != head.hash {
                break;
            }
            end += line.len() as u64;
            *head = Head {
                n: record.n,
                hash,
                month: month.to_owned(),
                length: end,
            };
        }
        // Only the line that was being written can be torn; whatever more there is was changed.
        let left = &rest[usize::try_from(end - from).unwrap_or(rest.len())..];
        let line = left.strip_suffix(b"\n").unwrap_or(left);
        if !left.is_empty() && !line.contains(&b'\n') {
            file.set_len(end)?;
        }
        Ok(())
    }

    fn put(&self, file: &File, head: &mut Head, (at, what): (Timestamp, What)) -> io::Result<u64> {
        let record = Record {
            n: head.n + 1,
            at,
            prev: head.hash.clone(),
            what,
        };
        // A clock that was set back begins no earlier month: the files stand in the chain's order.
        let month = month_of(at).max(head.month.clone());
        let (line, hash) = record.line()?;
        let length = self.write(&month, &line)?;
        *head = Head {
            n: record.n,
            hash,
            month,
            length,
        };
        self.tell(file, head)?;
        Ok(record.n)
    }

    /// Once it is there it need not be durable: what is durable in the files is found when it
    /// lags behind.
    fn tell(&self, file: &File, head: &Head) -> io::Result<()> {
        let is_new = file.metadata()?.len() == 0;
        let text = serde_json::to_vec(head)?;
        file.write_all_at(&text, 0)?;
        file.set_len(text.len() as u64)?;
        if is_new {
            file.sync_all()?;
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Gives how long the file is then.
    fn write(&self, month: &str, line: &str) -> io::Result<u64> {
        let path = self.file(month);
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true).mode(0o600);
        let mut file = options.open(&path)?;
        let length = file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            file.read_exact_at(&mut last, length - 1)?;
        }
        // What somebody has cut in the middle of a line does not spoil the next one.
        let begin = if last == *b"\n" { "" } else { "\n" };
        file.write_all(format!("{begin}{line}\n").as_bytes())?;
        file.sync_data()?;
        if is_new {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(file.metadata()?.len())
    }

    fn lock(&self) -> io::Result<Flock<File>> {
        if !self.folder.exists() {
            let made = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder);
            made?;
            let around = self.folder.parent().unwrap_or_else(|| Path::new("."));
            File::open(around)?.sync_all()?;
        }
        let mut options = OpenOptions::new();
        options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600);
        let file = options.open(self.folder.join(HEAD))?;
        Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error.into())
    }

    /// The head as it stands, with what was written completely after it; none when it does not say.
    pub(super) fn standing(&self) -> io::Result<Option<Head>> {
        if !self.folder.join(HEAD).exists() {
            return Ok(None);
        }
        let file = self.lock()?;
        let Some(mut head) = told(&file)? else {
            return Ok(None);
        };
        self.catch_up(&mut head)?;
        self.tell(&file, &head)?;
        Ok(Some(head))
    }

    /// Removes months whose last record is older, all but the last month; gives how many records.
    /// The last record that goes is noted first, and what follows it is known by that.
    pub(super) fn prune(&self, older_than: Timestamp) -> io::Result<u64> {
        let mut months = self.months()?;
        months.pop();
        let (mut gone, mut end) = (Vec::new(), None);
        for month in months {
            let path = self.file(&month);
            let Some((record, hash)) = last_of(&path)? else {
                break;
            };
            if record.at >= older_than {
                break;
            }
            end = Some((record.n, hash));
            gone.push(path);
        }
        let Some((last, hash)) = end else {
            return Ok(0);
        };
        self.append(Timestamp::now(), What::Asked(pruned(last, &hash)))?;
        for path in &gone {
            fs::remove_file(path)?;
        }
        File::open(&self.folder)?.sync_all()?;
        Ok(last)
    }

    pub(super) fn copied(&self) -> io::Result<Copied> {
        let head = self.standing()?;
        let mut files = Vec::new();
        for month in self.months()? {
            let path = self.file(&month);
            let ends = head.as_ref().filter(|head| head.month == month);
            let length = match ends {
                Some(head) => head.length.min(fs::metadata(&path)?.len()),
                None => fs::metadata(&path)?.len(),
            };
            files.push((format!("{month}{ENDING}"), path, length));
        }
        let head = head.map(|it| serde_json::to_string(&it)).transpose()?;
        Ok(Copied {
            files,
            head: head.unwrap_or_default(),
        })
    }

    pub(super) fn restore(&self, from: &Path, head: &str) -> io::Result<bool> {
        if !self.months()?.is_empty() {
            return Ok(false);
        }
        let file = self.lock()?;
        let others = Log {
            folder: from.to_owned(),
        };
        for month in others.months()? {
            let mut options = OpenOptions::new();
            let mut copy = options
                .create_new(true)
                .write(true)
                .mode(0o600)
                .open(self.file(&month))?;
            io::copy(&mut File::open(others.file(&month))?, &mut copy)?;
            copy.sync_all()?;
        }
        file.set_len(0)?;
        file.write_all_at(head.as_bytes(), 0)?;
        file.sync_all()?;
        File::open(&self.folder)?.sync_all()?;
        Ok(true)
    }
}

/// What the file of the head says.
fn told(mut file: &File) -> io::Result<Option<Head>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}

fn last_of(path: &Path) -> io::Result<Option<(Record, Hash)>> {
    let mut lines = Backwards::open(path, fs::metadata(path)?.len())?;
    let line = lines.next()?;
    Ok(line.and_then(|(_, line)| Record::of_line(&line)))
}

/// `2026-11`, in UTC.
pub(super) fn month_of(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}

pub(super) fn is_month(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: &usize| bytes[*at].is_ascii_digit();
    bytes.len() == 7 && bytes[4] == b'-' && [0, 1, 2, 3, 5, 6].iter().all(is_digit)
}

fn own(act: Act) -> Asked {
    Asked {
        by: crate::daemon::SELF.to_owned(),
        from: String::new(),
        act,
        way: String::new(),
        on: "audit".to_owned(),
        with: Default::default(),
    }
}

fn no_head() -> Asked {
    own(Act::Damage)
}

fn pruned(last: u64, hash: &Hash) -> Asked {
    Asked {
        with: [
            ("last".to_owned(), last.to_string()),
            ("hash".to_owned(), hash.to_string()),
        ]
        .into(),
        ..own(Act::PruneAudit)
    }
}
