//! Verifying, backing up, restoring, pruning, and a disk that gets full.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use botswain_core::{
    ArtifactRef, RunId, StepId,
    engine::event::claim_key,
    index::{Batch, Change, Reached, State},
};
use botswain_store::{
    Artifacts, Filter, Store,
    backend::{Backend, memory::Memory},
    backup::{self, Label},
    restore,
    room::Limits,
};
use serde_json::json;

use crate::{
    common::{append, time},
    journal::{Journal, stored},
};

struct Place {
    dir: tempfile::TempDir,
    artifacts: Artifacts,
}

impl Place {
    fn new() -> Place {
        let dir = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open_folder(&dir.path().join("artifacts")).unwrap();
        Place { dir, artifacts }
    }

    fn open(&self) -> Store {
        Store::open(&self.store()).unwrap()
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    fn file(&self, artifact: &ArtifactRef) -> PathBuf {
        let hash = artifact.hash.as_str();
        self.dir
            .path()
            .join("artifacts")
            .join(&hash[..2])
            .join(hash)
    }

    fn put(&self, text: &str) -> ArtifactRef {
        self.artifacts
            .put("a.txt", "text/plain", text.as_bytes())
            .unwrap()
    }
}

/// Run 1 has ended with a file, run 2 is open with a parked item, run 3 has just begun.
fn fill(store: &Store, file: &ArtifactRef) {
    let journal = Journal::of(store);
    let first = journal.begin(1, 10);
    journal.order(&first, 20, stored(file));
    journal.end(&first, 30, json!({ "done": 1 }).into());
    let second = journal.begin(2, 40);
    journal.order(&second, 50, json!({ "number": 1 }).into());
    journal.items(&second, 60, 1);
    journal.begin(3, 70);
    let change = Change::Fired {
        workflow: "orders".to_owned(),
        schedule: "@daily".to_owned(),
        at: time(5),
    };
    let reached = Change::Reached(Reached {
        workflow: "orders".to_owned(),
        source: "mail office INBOX".to_owned(),
        series: "1700000000".to_owned(),
        number: 57,
    });
    let batch = Batch {
        facts: Vec::new(),
        changes: vec![change, reached],
    };
    append(store, batch).unwrap();
}

fn label(second: i64) -> Label {
    Label {
        name: "office".to_owned(),
        version: "0.1.0".to_owned(),
        made: time(second),
        beside: std::collections::BTreeMap::from([("pauses".to_owned(), "{}".to_owned())]),
        files: Vec::new(),
    }
}

#[test]
fn a_whole_store_has_no_findings() {
    let place = Place::new();
    let store = place.open();
    let file = place.put("content");
    fill(&store, &file);
    place.put("of a step that was cut short");
    let report = store.verify(&place.artifacts).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(
        (report.runs, report.artifacts, report.orphans.len()),
        (5, 1, 1)
    );
    assert_eq!(report.facts, store.check().unwrap().facts);
}

/// Each record that is lost or changed behind the store's back is named, with what it should be.
#[test]
fn every_wrong_record_is_named() {
    let told = |damage: &dyn Fn(&Memory)| {
        let place = Place::new();
        let memory = Arc::new(Memory::default());
        let store = Store::on(Arc::clone(&memory) as Arc<dyn Backend>).unwrap();
        let file = place.put("content");
        fill(&store, &file);
        damage(&memory);
        let report = store.verify(&place.artifacts).unwrap();
        let findings = report.findings.iter().filter(|it| it.about != "the ledger");
        findings
            .map(|it| format!("{}: {}", it.about, it.problem))
            .collect::<Vec<_>>()
    };
    let remove = |prefix: &'static str| {
        move |memory: &Memory| {
            let end = [prefix.as_bytes(), &[0xff]].concat();
            let page = memory.scan(prefix.as_bytes()..&end, 1, false).unwrap();
            memory.write(vec![(page[0].0.clone(), None)]).unwrap();
        }
    };
    let copy = |from: &'static [u8], to: &'static [u8]| {
        move |memory: &Memory| {
            let value = memory.get(from).unwrap();
            memory.write(vec![(to.to_vec(), value)]).unwrap();
        }
    };
    let has = |found: &[String], words: &str| {
        assert!(
            found.iter().any(|it| it.contains(words)),
            "{words}: {found:?}"
        );
    };
    has(
        &told(&remove("s1\0")),
        "record `s1 `: it is missing; it should be {\"id\":\"1\"",
    );
    has(
        &told(&remove("e")),
        "it is missing; it should be {\"id\":1,\"run\":\"2.each.1\"",
    );
    has(
        &told(&remove("e")),
        "`m/counters`: `open` should be 0 and is 1",
    );
    has(
        &told(&remove("corders")),
        "it is missing; it should be {\"key\"",
    );
    has(
        &told(&remove("worders")),
        "it is missing; it should be \"1\"",
    );
    has(&told(&remove("o")), "it is missing; it should be \"2\"");
    has(&told(&remove("i2\0each\0")), "record `i2 each");
    has(&told(&remove("v")), "run 1: its version");
    has(
        &told(&remove("f2.each.1\0")),
        "fact 0 of run 2.each.1 is missing",
    );
    has(&told(&remove("f2.each.1\0")), "the facts: 1 of");
    has(
        &told(&copy(b"s1\0", b"s9\0")),
        "record `s9 ` has a wrong checksum",
    );
    let tally = |memory: &Memory| {
        let place = Place::new();
        let other = Arc::new(Memory::default());
        let store = Store::on(Arc::clone(&other) as Arc<dyn Backend>).unwrap();
        let journal = Journal::of(&store);
        fill(&store, &place.put("content"));
        let failed = botswain_core::run::fact::What::Ended {
            outcome: botswain_core::run::fact::Outcome::Failed,
            output: botswain_core::Payload::NULL,
        };
        journal.add(&RunId::root(2).item(&"each".into(), 1), 99, vec![failed]);
        for key in [&b"t2\0each\0"[..], b"s2.each.1\0"] {
            let value = other.get(key).unwrap();
            memory.write(vec![(key.to_vec(), value)]).unwrap();
        }
    };
    has(
        &told(&tally),
        "`state` should be \"parked\" and is \"failed\"",
    );
}

#[test]
fn every_wrong_file_is_named() {
    let place = Place::new();
    let store = place.open();
    let file = place.put("content");
    fill(&store, &file);
    fs::write(place.file(&file), "contenT").unwrap();
    let report = store.verify(&place.artifacts).unwrap();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].about, format!("artifact {}", file.hash));
    assert!(report.findings[0].problem.contains("another hash"));
    fs::remove_file(place.file(&file)).unwrap();
    let report = store.verify(&place.artifacts).unwrap();
    assert!(
        report.findings[0].problem.contains("is missing"),
        "{report:?}"
    );
}

/// What the store says of everything that a backup carries.
fn said(store: &Store) -> impl PartialEq + std::fmt::Debug + use<> {
    let runs = store.runs(&Filter::default(), None, 99).unwrap();
    let each = StepId::new("each");
    let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
    let facts: Vec<_> = ids.iter().map(|run| store.facts(run).unwrap()).collect();
    let items = store.items(&RunId::root(2), &each, 0, 9).unwrap();
    let tally = store.tally(&RunId::root(2), &each).unwrap();
    let open: Vec<_> = store.open_runs().map(Result::unwrap).collect();
    let claims: Vec<_> = ["order-1", "order-2", "order-3", "other"]
        .map(|text| store.claim(&claim_key("orders", None, text)).unwrap())
        .into();
    let exceptions = store.exceptions(None, 9).unwrap();
    (
        runs,
        facts,
        items,
        tally,
        open,
        claims,
        exceptions,
        (
            store.fired().unwrap(),
            store.reached("orders", "mail office INBOX").unwrap(),
        ),
    )
}

#[test]
fn a_backup_made_under_load_is_restored_whole_and_quarantined() {
    let place = Place::new();
    let store = place.open();
    let file = place.put("content");
    fill(&store, &file);
    let expected = said(&store);
    let to = place.dir.path().join("backups/one");
    let stop = AtomicU64::new(0);
    let manifest = std::thread::scope(|scope| {
        scope.spawn(|| {
            let journal = Journal::of(&store);
            let mut number = 100;
            while stop.load(Ordering::Relaxed) == 0 {
                journal.begin(number, 1000);
                number += 1;
            }
        });
        let manifest = store.backup(&place.artifacts, &to, label(900)).unwrap();
        stop.store(1, Ordering::Relaxed);
        manifest
    });
    assert_eq!(manifest.artifacts.len(), 1);

    let other = Place::new();
    let restored = restore::restore(&to, &other.store(), &other.artifacts, time(950)).unwrap();
    assert_eq!(restored, manifest);
    let again = other.open();
    let report = again.verify(&other.artifacts).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(report.facts, manifest.facts);
    let quarantine = again.quarantine().unwrap().unwrap();
    assert!(quarantine.holds());
    assert_eq!(
        (quarantine.made, quarantine.restored),
        (time(900), time(950))
    );
    // Numbers that may have been given since are not given again.
    assert!(again.counters().unwrap().run >= 1003);
    // It is what it was, but for the runs that came meanwhile.
    let journal = again.runs(&Filter::default(), None, 9999).unwrap();
    let newer = journal.iter().filter(|run| run.id.number() >= 100).count() as u64;
    assert_eq!(manifest.facts, 3 * newer + store_facts(&again, 99));
    if newer == 0 {
        assert_eq!(said(&again), expected);
    }
    for number in [1, 2, 3] {
        let run = RunId::root(number);
        assert_eq!(again.facts(&run).unwrap(), store.facts(&run).unwrap());
        assert_eq!(again.summary(&run).unwrap(), store.summary(&run).unwrap());
    }
}

fn store_facts(store: &Store, below: u64) -> u64 {
    let of = |run: &RunId| store.facts(run).unwrap().len() as u64;
    let each = StepId::new("each");
    let roots = (1..below)
        .map(|number| of(&RunId::root(number)))
        .sum::<u64>();
    roots
        + (0..2)
            .map(|index| of(&RunId::root(2).item(&each, index)))
            .sum::<u64>()
}

#[test]
fn a_restoration_is_refused_where_it_would_harm() {
    let place = Place::new();
    let store = place.open();
    fill(&store, &place.put("content"));
    let to = place.dir.path().join("backup");
    store.backup(&place.artifacts, &to, label(900)).unwrap();
    let twice = store.backup(&place.artifacts, &to, label(900)).unwrap_err();
    assert!(matches!(twice, backup::Error::NotEmpty(_)), "{twice}");
    drop(store);
    let restore = |place: &Place| {
        let told = restore::restore(&to, &place.store(), &place.artifacts, time(950));
        told.map_err(|error| error.to_string())
    };
    let facts = place.open().check().unwrap().facts;
    let full = restore(&place).unwrap_err();
    assert_eq!(
        full,
        format!("the instance is not empty: it holds {facts} facts")
    );

    let records = fs::read(to.join("records")).unwrap();
    let mut flipped = records.clone();
    flipped[records.len() / 2] ^= 1;
    for damaged in [&flipped, &records[..records.len() - 1].to_vec()] {
        fs::write(to.join("records"), damaged).unwrap();
        let other = Place::new();
        let told = restore(&other).unwrap_err();
        assert!(
            told.contains("damaged") || told.contains("checksum"),
            "{told}"
        );
        assert!(!other.store().exists());
    }
    fs::write(to.join("records"), &records).unwrap();

    let manifest = fs::read_to_string(to.join("manifest.json")).unwrap();
    let newer = manifest.replace("\"format\": 1", "\"format\": 2");
    fs::write(to.join("manifest.json"), newer).unwrap();
    assert_eq!(
        restore(&Place::new()).unwrap_err(),
        "the backup has layout 1 and format 2, made by Botswain 0.1.0; this one reads up to \
         layout 1 and format 1"
    );
    fs::remove_file(to.join("manifest.json")).unwrap();
    assert!(restore(&Place::new()).unwrap_err().contains("is no backup"));
}

fn make_old(path: &Path) {
    let old = SystemTime::now() - Duration::from_secs(90 * 86_400);
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_modified(old).unwrap();
}

#[test]
fn pruning_keeps_what_may_not_be_forgotten() {
    let place = Place::new();
    let store = place.open();
    let file = place.put("content");
    fill(&store, &file);
    make_old(&place.file(&file));
    let (first, claim) = (RunId::root(1), claim_key("orders", None, "order-1"));
    let before = store.claim(&claim).unwrap();
    assert!(!store.was_pruned(&first).unwrap());
    assert_eq!(store.prune(&place.artifacts, time(30), 99).unwrap().runs, 0);
    let freed = store.prune(&place.artifacts, time(1000), 99).unwrap();
    // Runs 2 and 3 are open, however old they are.
    assert_eq!(
        (freed.runs, freed.artifacts, freed.artifact_bytes),
        (1, 1, 7)
    );
    assert!(store.was_pruned(&first).unwrap());
    assert!(!store.was_pruned(&RunId::root(2)).unwrap());
    assert!(!store.was_pruned(&RunId::root(77)).unwrap());
    assert!(store.facts(&first).unwrap().is_empty());
    assert_eq!(store.summary(&first).unwrap(), None);
    assert_eq!(store.runs(&Filter::default(), None, 99).unwrap().len(), 2);
    assert_eq!(store.claim(&claim).unwrap(), before);
    assert_eq!(
        store.kept_output(&claim).unwrap(),
        Some(json!({ "done": 1 }).into())
    );
    let report = store.verify(&place.artifacts).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(report.orphans, []);
    // And all of it survives a backup.
    let to = place.dir.path().join("backup");
    store.backup(&place.artifacts, &to, label(900)).unwrap();
    let other = Place::new();
    restore::restore(&to, &other.store(), &other.artifacts, time(950)).unwrap();
    let again = other.open();
    assert!(again.was_pruned(&first).unwrap());
    assert_eq!(
        again.kept_output(&claim).unwrap(),
        Some(json!({ "done": 1 }).into())
    );
    assert_eq!(again.verify(&other.artifacts).unwrap().findings, []);
    drop(store);
    assert!(place.open().was_pruned(&first).unwrap());
}

#[test]
fn a_file_that_another_names_is_not_removed() {
    let place = Place::new();
    let store = place.open();
    let file = place.put("content");
    fill(&store, &file);
    let journal = Journal::of(&store);
    journal.order(&RunId::root(3), 80, stored(&file));
    make_old(&place.file(&file));
    let freed = store.prune(&place.artifacts, time(1000), 99).unwrap();
    assert_eq!((freed.runs, freed.artifacts), (1, 0));
    assert!(place.file(&file).exists());
}

#[test]
fn a_full_disk_gets_the_ballast_and_comes_back() {
    let place = Place::new();
    let free = Arc::new(AtomicU64::new(1 << 40));
    let probe = Arc::clone(&free);
    let limits = Limits {
        low_water: 1 << 20,
        ballast: 1 << 20,
        last: 1 << 18,
        probe: Arc::new(move |_| Ok(probe.load(Ordering::SeqCst))),
    };
    let ballast = place.dir.path().join("ballast");
    let store = Store::open_with(&place.store(), limits.clone()).unwrap();
    assert_eq!(fs::metadata(&ballast).unwrap().len(), 1 << 20);
    let room = store.room().unwrap();
    assert!(!room.is_low());
    free.store(1 << 19, Ordering::SeqCst);
    assert!(room.is_low());
    let journal = Journal::of(&store);
    journal.begin(1, 10);
    assert!(ballast.exists(), "low is not full");
    free.store(1 << 10, Ordering::SeqCst);
    journal.order(&RunId::root(1), 20, json!(1).into());
    assert!(
        !ballast.exists(),
        "outcomes are written on the ballast's room"
    );
    drop(store);
    // Full at the start: it opens all the same.
    fs::write(&ballast, "x").unwrap();
    let store = Store::open_with(&place.store(), limits).unwrap();
    assert!(!ballast.exists());
    assert_eq!(
        store.summary(&RunId::root(1)).unwrap().unwrap().state,
        State::Running
    );
    free.store(1 << 40, Ordering::SeqCst);
    store.room().unwrap().restore_ballast();
    assert_eq!(fs::metadata(&ballast).unwrap().len(), 1 << 20);
}
