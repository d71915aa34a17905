//! Whether the chain holds: every record is as it was written, and none is missing.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
};

use botswain_core::Hash;
use botswain_views::{Act, AuditFault, AuditFinding, AuditReport};
use jiff::Timestamp;

use super::{
    log::{HEAD, Head, Log},
    record::{Record, What, is_whole, nothing},
};

/// As many findings are told.
const MOST: usize = 100;

/// A record that the next one has to follow.
struct Last {
    n: u64,
    hash: Hash,
    place: String,
    /// It was told of already.
    is_told: bool,
}

struct Walk {
    report: AuditReport,
    last: Option<Last>,
    first: Option<(u64, Hash, String)>,
    /// Where earlier records were removed in order: the last of them.
    pruned: Vec<(u64, Hash)>,
}

pub(super) fn verify(log: &Log, now: Timestamp) -> io::Result<AuditReport> {
    let head = log.standing()?;
    let mut walk = Walk {
        report: AuditReport {
            checked: now,
            records: 0,
            last: 0,
            hash: nothing(),
            findings: Vec::new(),
            more: 0,
        },
        last: None,
        first: None,
        pruned: Vec::new(),
    };
    for month in log.months()? {
        let mut file = BufReader::new(File::open(log.file(&month))?);
        let (mut line, mut number, mut at) = (Vec::new(), 0, 0);
        while file.read_until(b'\n', &mut line)? > 0 {
            number += 1;
            at += line.len() as u64;
            let whole = line.strip_suffix(b"\n");
            // Somebody may be writing it at this moment, or was never told that it is there.
            let is_beyond = head
                .as_ref()
                .is_some_and(|it| month > it.month || month == it.month && at > it.length);
            if whole.is_some() || !is_beyond {
                walk.line(format!("{month}.log line {number}"), whole.unwrap_or(&line));
            }
            line.clear();
        }
    }
    walk.end(head)
}

impl Walk {
    fn tell(&mut self, place: String, fault: AuditFault) {
        match self.report.findings.len() < MOST {
            true => self.report.findings.push(AuditFinding { place, fault }),
            false => self.report.more += 1,
        }
    }

    fn line(&mut self, place: String, line: &[u8]) {
        let Some((record, hash)) = Record::of_line(line) else {
            self.tell(place, AuditFault::Changed { record: None });
            // It may have been the next one, or any number of them.
            if let Some(last) = &mut self.last {
                last.n += 1;
                last.is_told = true;
            }
            return;
        };
        self.report.records += 1;
        let is_whole = is_whole(line);
        if !is_whole {
            let record = Some(record.n);
            self.tell(place.clone(), AuditFault::Changed { record });
        }
        self.follow(&place, &record);
        if let What::Asked(asked) = &record.what
            && asked.act == Act::PruneAudit
            && let (Some(last), Some(hash)) = (asked.with.get("last"), asked.with.get("hash"))
            && let (Ok(last), Ok(hash)) = (last.parse(), Hash::try_from(hash.clone()))
        {
            self.pruned.push((last, hash));
        }
        if self.first.is_none() {
            self.first = Some((record.n, record.prev.clone(), place.clone()));
        }
        self.last = Some(Last {
            n: record.n,
            hash,
            place,
            is_told: !is_whole,
        });
    }

    /// Whether it is the one after the last.
    fn follow(&mut self, place: &str, record: &Record) {
        let Some(last) = self.last.take() else { return };
        if record.n <= last.n {
            let fault = AuditFault::OutOfOrder { record: record.n };
            self.tell(place.to_owned(), fault);
        } else if record.n > last.n + 1 {
            let (from, to) = (last.n + 1, record.n - 1);
            self.tell(place.to_owned(), AuditFault::Missing { from, to });
        } else if record.prev != last.hash && !last.is_told {
            self.tell(last.place, AuditFault::Replaced { record: last.n });
        }
    }

    fn end(mut self, head: Option<Head>) -> io::Result<AuditReport> {
        if let Some((n, prev, place)) = self.first.take() {
            let begins = n == 1 && prev == nothing();
            let was_pruned = self.pruned.contains(&(n - n.min(1), prev));
            if !begins && !was_pruned {
                let to = n.saturating_sub(1).max(1);
                self.tell(place, AuditFault::Missing { from: 1, to });
            }
        }
        let last = self.last.take();
        match (head, &last) {
            (None, None) => (),
            (None, Some(_)) => self.tell(HEAD.to_owned(), AuditFault::NoHead),
            (Some(head), last) => {
                let n = last.as_ref().map_or(0, |it| it.n);
                if n < head.n {
                    let place = format!("the end of {}.log", head.month);
                    let (from, to) = (n + 1, head.n);
                    self.tell(place, AuditFault::Missing { from, to });
                } else if let Some(last) = last
                    && n == head.n
                    && last.hash != head.hash
                    && !last.is_told
                {
                    self.tell(last.place.clone(), AuditFault::Replaced { record: n });
                }
            }
        }
        if let Some(last) = last {
            self.report.last = last.n;
            self.report.hash = last.hash;
        }
        Ok(self.report)
    }
}
