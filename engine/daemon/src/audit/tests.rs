//! The chain: what was changed, removed, put in or cut off is told, at its place.

use std::{fs, path::PathBuf};

use botswain_views::{AuditFault, AuditFinding, Outcome};

use super::*;

struct House {
    _folder: tempfile::TempDir,
    audit: Audit,
}

impl House {
    fn open() -> House {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::at(folder.path().join("audit"));
        House {
            _folder: folder,
            audit,
        }
    }

    /// With an act of each of these; an act is two records.
    fn with(names: &[&str]) -> House {
        let house = House::open();
        for name in names {
            house.audit.note(asked(name)).unwrap();
        }
        house
    }

    fn file(&self) -> PathBuf {
        let month = self.audit.log.months().unwrap().pop().unwrap();
        self.audit.log.file(&month)
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn put(&self, lines: &[String]) {
        fs::write(self.file(), lines.join("\n") + "\n").unwrap();
    }

    /// What is wrong, and at which line.
    fn wrong(&self) -> Vec<(String, AuditFault)> {
        let report = self.audit.verify().unwrap();
        let told = |it: AuditFinding| {
            let (_, line) = it.place.rsplit_once(' ').unwrap_or(("", &it.place));
            (line.to_owned(), it.fault)
        };
        report.findings.into_iter().map(told).collect()
    }

    fn page(&self, query: &AuditQuery) -> AuditPage {
        self.audit.page(query).unwrap()
    }
}

fn asked(by: &str) -> Asked {
    Asked {
        by: by.to_owned(),
        ..at_desk(Act::Start, format!("workflow of {by}"))
    }
}

fn at(line: u64, fault: AuditFault) -> Vec<(String, AuditFault)> {
    vec![(line.to_string(), fault)]
}

#[test]
fn nothing_and_something_are_whole() {
    assert_eq!(House::open().wrong(), []);
    let house = House::with(&["ann", "ben"]);
    let report = house.audit.verify().unwrap();
    assert_eq!((report.records, report.last), (4, 4));
    assert!(report.is_good());
    let last = house.lines().pop().unwrap();
    assert!(last.starts_with(report.hash.as_str()));
}

#[test]
fn a_changed_record_is_told_at_its_line() {
    let house = House::with(&["ann", "ben"]);
    let mut lines = house.lines();
    lines[2] = lines[2].replace("\"ben\"", "\"eve\"");
    house.put(&lines);
    let record = Some(3);
    assert_eq!(house.wrong(), at(3, AuditFault::Changed { record }));
}

#[test]
fn whoever_makes_the_hash_anew_is_told_too() {
    let house = House::with(&["ann", "ben"]);
    let mut lines = house.lines();
    let (_, json) = lines[2].split_once(' ').unwrap();
    let json = json.replace("\"ben\"", "\"eve\"");
    lines[2] = format!("{} {json}", botswain_core::Hash::of(json.as_bytes()));
    house.put(&lines);
    assert_eq!(house.wrong(), at(3, AuditFault::Replaced { record: 3 }));
    // The last one is held by the head alone.
    let house = House::with(&["ann", "ben"]);
    let mut lines = house.lines();
    let (_, json) = lines[3].split_once(' ').unwrap();
    let json = json.replace("\"status\":200", "\"status\":204");
    lines[3] = format!("{} {json}", botswain_core::Hash::of(json.as_bytes()));
    house.put(&lines);
    assert_eq!(house.wrong(), at(4, AuditFault::Replaced { record: 4 }));
}

#[test]
fn what_was_taken_out_is_missing() {
    let missing = |from, to| AuditFault::Missing { from, to };
    for (gone, line, fault) in [
        (2..3, 3, missing(3, 3)),
        (1..4, 2, missing(2, 4)),
        (0..2, 1, missing(1, 2)),
    ] {
        let house = House::with(&["ann", "ben", "cid"]);
        let mut lines = house.lines();
        lines.drain(gone);
        house.put(&lines);
        assert_eq!(house.wrong(), at(line, fault));
    }
}

#[test]
fn a_cut_end_is_missing_and_stays_so() {
    let house = House::with(&["ann", "ben"]);
    let lines = house.lines();
    house.put(&lines[..2]);
    let gone = AuditFault::Missing { from: 3, to: 4 };
    let found = house.wrong();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1, gone);
    // Also in the middle of a line, and after others have gone on.
    let text = fs::read(house.file()).unwrap();
    fs::write(house.file(), &text[..text.len() - 30]).unwrap();
    house.audit.note(asked("cid")).unwrap();
    let changed = AuditFault::Changed { record: None };
    let faults: Vec<_> = house.wrong().into_iter().map(|it| it.1).collect();
    assert_eq!(faults, [changed, gone]);
}

#[test]
fn what_was_moved_does_not_belong_there() {
    let house = House::with(&["ann", "ben"]);
    let mut lines = house.lines();
    lines.swap(1, 2);
    house.put(&lines);
    let faults: Vec<_> = house.wrong().into_iter().map(|it| it.1).collect();
    assert!(
        faults.contains(&AuditFault::OutOfOrder { record: 2 }),
        "{faults:?}"
    );
}

#[test]
fn a_missing_head_is_told_and_written_down() {
    let house = House::with(&["ann"]);
    fs::remove_file(house.audit.log.folder.join("head")).unwrap();
    assert_eq!(house.wrong(), vec![("head".to_owned(), AuditFault::NoHead)]);
    house.audit.note(asked("ben")).unwrap();
    assert_eq!(house.wrong(), []);
    let page = house.page(&AuditQuery::default());
    let acts: Vec<Act> = page.entries.iter().map(|it| it.act).collect();
    assert_eq!(acts, [Act::Start, Act::Damage, Act::Start]);
}

#[test]
fn what_a_power_cut_has_torn_is_cut_off_and_what_was_whole_counts() {
    let house = House::with(&["ann"]);
    let head = fs::read(house.audit.log.folder.join("head")).unwrap();
    house.audit.note(asked("ben")).unwrap();
    // The head has not heard of the last two, and a third is not whole.
    fs::write(house.audit.log.folder.join("head"), &head).unwrap();
    let mut text = fs::read_to_string(house.file()).unwrap();
    let whole = text.clone();
    text.push_str(&text.clone()[..100]);
    fs::write(house.file(), &text).unwrap();
    assert_eq!(house.wrong(), []);
    house.audit.note(asked("cid")).unwrap();
    assert_eq!(house.wrong(), []);
    let after = fs::read_to_string(house.file()).unwrap();
    assert!(after.starts_with(&whole) && after.lines().count() == 6);
}

#[test]
fn many_who_write_at_once_make_one_chain() {
    let house = House::open();
    std::thread::scope(|threads| {
        for name in ["ann", "ben", "cid", "dan"] {
            // As a command beside the daemon does.
            let audit = Audit::at(house.audit.log.folder.clone());
            threads.spawn(move || {
                for _ in 0..10 {
                    audit.note(asked(name)).unwrap();
                }
            });
        }
    });
    let report = house.audit.verify().unwrap();
    assert!(report.is_good() && report.records == 80, "{report:?}");
}

#[test]
fn months_that_are_not_kept_any_more_are_no_damage() {
    let house = House::open();
    let log = &house.audit.log;
    let old: Timestamp = "2020-01-15T00:00:00Z".parse().unwrap();
    let newer: Timestamp = "2020-03-15T00:00:00Z".parse().unwrap();
    for at in [old, newer] {
        log.append(at, What::Asked(asked("ann"))).unwrap();
    }
    house.audit.note(asked("ben")).unwrap();
    let months = log.months().unwrap();
    assert_eq!(
        house
            .audit
            .prune("2020-02-15T00:00:00Z".parse().unwrap())
            .unwrap(),
        1
    );
    assert_eq!(log.months().unwrap(), months[1..]);
    assert_eq!(house.wrong(), []);
    // Somebody else takes the next one.
    fs::remove_file(log.file("2020-03")).unwrap();
    let found = house.wrong();
    assert_eq!(found[0].1, AuditFault::Missing { from: 1, to: 2 });
}

#[test]
fn pages_go_on_where_the_one_before_ended() {
    let names: Vec<String> = (0..120).map(|it| format!("p{it}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let house = House::with(&names);
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = house.page(&AuditQuery {
            before: before.take(),
            limit: Some(7),
            ..AuditQuery::default()
        });
        assert!(page.entries.iter().all(|it| it.outcome == Outcome::Done));
        found.extend(page.entries.into_iter().map(|it| it.by));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let wanted: Vec<&str> = names.iter().rev().copied().collect();
    assert_eq!(found, wanted);
    let one = house.page(&AuditQuery {
        on: Some("OF P17".to_owned()),
        by: Some("p17".to_owned()),
        ..AuditQuery::default()
    });
    assert_eq!(one.entries.len(), 1);
    let bad = AuditQuery {
        before: Some("../../etc.1".to_owned()),
        ..AuditQuery::default()
    };
    assert!(house.audit.page(&bad).is_err());
}

#[test]
fn what_did_not_end_is_not_known() {
    let house = House::open();
    let what = What::Asked(asked("ann"));
    house.audit.log.append(Timestamp::now(), what).unwrap();
    let page = house.page(&AuditQuery::default());
    assert_eq!(page.entries[0].outcome, Outcome::Unknown);
}

#[test]
fn no_cell_of_the_export_is_a_formula() {
    for (text, told) in [
        ("=1+1", "\"'=1+1\""),
        ("+4", "\"'+4\""),
        ("-4", "\"'-4\""),
        ("@SUM(A1)", "\"'@SUM(A1)\""),
        ("\t=1", "\"'\t=1\""),
        ("say \"hi\", ann", "\"say \"\"hi\"\", ann\""),
    ] {
        assert_eq!(export::cell(text), told);
    }
    let house = House::with(&["=cmd|' /C calc'!A0"]);
    let mut csv = Vec::new();
    write(&house.audit, &AuditQuery::default(), Format::Csv, &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("\"'=cmd|"), "{csv}");
    let mut json = Vec::new();
    write(
        &house.audit,
        &AuditQuery::default(),
        Format::Json,
        &mut json,
    )
    .unwrap();
    let json: Vec<botswain_views::AuditEntry> = serde_json::from_slice(&json).unwrap();
    assert_eq!(json.len(), 1);
}

#[test]
fn a_backup_brings_it_back_where_there_is_none() {
    let house = House::with(&["ann", "ben"]);
    let copied = house.audit.copied().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, from, length) in &copied.files {
        let text = fs::read(from).unwrap();
        assert_eq!(text.len() as u64, *length);
        fs::write(folder.path().join(name), text).unwrap();
    }
    let other = House::open();
    assert!(other.audit.restore(folder.path(), &copied.head).unwrap());
    other.audit.note(asked("cid")).unwrap();
    let report = other.audit.verify().unwrap();
    assert!(report.is_good() && report.records == 6, "{report:?}");
    assert!(!other.audit.restore(folder.path(), &copied.head).unwrap());
}

#[test]
fn those_who_are_not_known_fill_no_disk() {
    let audit = House::open().audit;
    let now = Timestamp::UNIX_EPOCH;
    let taken = (0..100).filter(|_| audit.takes_stranger(now) == Some(0));
    assert_eq!(taken.count(), 60);
    let later = now + SignedDuration::from_secs(61);
    assert_eq!(audit.takes_stranger(later), Some(40));
    assert_eq!(audit.takes_stranger(later), Some(0));
}
