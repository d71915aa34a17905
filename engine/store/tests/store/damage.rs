//! Flipped bits, zeroed blocks and cut files: harmless or reported, never a silent loss.
//!
//! In go whole stores, small and large, closed well and killed; each round damages a
//! copy of one at a place that a seed chooses, and compares everything that the store
//! can be asked with what it said before.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use botswain_core::{
    ArtifactRef, ExceptionId, Hash, RunId, StepId, TableRef,
    engine::Counters,
    index::{Change, Claim, ClaimKey, Exception, Fired, Reached, State, Summary, Tally},
    run::fact::Fact,
};
use botswain_store::{Artifacts, Filter, OpenError, ReadError, Store};
use serde_json::{Value, json};

use crate::common::{Book, append, changes, opens, resolves, time};

/// Rounds for each of the four stores.
fn rounds() -> u64 {
    match std::env::var_os("BOTSWAIN_NIGHTLY") {
        Some(_) => 2_500,
        None => 30,
    }
}

/// How much is in a store: few records are one segment of sled's log.
#[derive(Clone, Copy, Debug)]
struct Size {
    runs: u64,
    facts: u64,
}

const SMALL: Size = Size { runs: 6, facts: 4 };
const LARGE: Size = Size {
    runs: 30,
    facts: 120,
};
const ITEMS: u64 = 8;

#[test]
fn a_store_that_was_closed_loses_nothing_silently() {
    for size in [SMALL, LARGE] {
        let dir = folder();
        drop(fill(dir.path(), size));
        survive(dir.path(), size);
    }
}

#[test]
fn a_store_that_was_killed_loses_nothing_silently() {
    for size in [SMALL, LARGE] {
        let dir = folder();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "damage::fills_a_store_for_another_test",
                "--nocapture",
            ])
            .env("FILL_DIR", dir.path())
            .env("FILL_SIZE", format!("{} {}", size.runs, size.facts))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let filled = output.lines().any(|line| line.unwrap().contains("filled"));
        assert!(filled);
        child.kill().unwrap();
        child.wait().unwrap();
        survive(dir.path(), size);
    }
}

/// By itself a small test; the one above runs it in a process of its own, and kills it.
#[test]
fn fills_a_store_for_another_test() {
    let Some(dir) = std::env::var_os("FILL_DIR") else {
        let dir = folder();
        let store = fill(dir.path(), SMALL);
        let before = Picture::of(&store, SMALL).unwrap();
        drop(store);
        let store = Store::open(&dir.path().join("store")).unwrap();
        assert_eq!(Picture::of(&store, SMALL).unwrap(), before);
        return;
    };
    let size = std::env::var("FILL_SIZE").unwrap();
    let (runs, facts) = size.split_once(' ').unwrap();
    let size = Size {
        runs: runs.parse().unwrap(),
        facts: facts.parse().unwrap(),
    };
    let _store = fill(Path::new(&dir), size);
    writeln!(std::io::stdout(), "filled").unwrap();
    // Waits to be killed.
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn a_damaged_artifact_is_noticed() {
    let dir = folder();
    let kept = Kept::put(dir.path());
    let mut random = Random::new();
    let (mut reported, rounds) = (0, rounds() * 2);
    for round in 0..rounds {
        let copied = folder();
        copy(dir.path(), copied.path());
        let files = files(copied.path());
        let file = &files[random.below(files.len() as u64) as usize];
        let what = damage(file, &mut random);
        reported += u32::from(kept.is_noticed(copied.path(), &format!("round {round}: {what}")));
    }
    assert!(reported > 0, "no damage did any damage");
}

/// Damages copies of the store in `dir`, which nobody has open.
fn survive(dir: &Path, size: Size) {
    // What it says is asked of a copy: opening it here would change it.
    let before = {
        let copied = folder();
        copy(&dir.join("store"), &copied.path().join("store"));
        let store = Store::open(&copied.path().join("store")).unwrap();
        Picture::of(&store, size).unwrap()
    };
    let mut random = Random::new();
    let mut reported = 0;
    for round in 0..rounds() {
        let copied = folder();
        let store = copied.path().join("store");
        copy(&dir.join("store"), &store);
        let what = damage(&victim(&store, &mut random), &mut random);
        let what = format!("{size:?}, round {round}: {what}");
        match look(&store, size) {
            Ok(picture) => {
                assert!(picture == before, "{what}: silently {picture:#?}");
                goes_on(&store, size, &before, &what);
            }
            Err(refused) => {
                reported += 1;
                is_clear(&refused, &what);
            }
        }
    }
    assert!(reported > 0, "no damage did any damage");
}

/// Mostly the log; else any other file, the mark among them.
fn victim(store: &Path, random: &mut Random) -> PathBuf {
    let files = files(store);
    match random.below(3) {
        0 => files[random.below(files.len() as u64) as usize].clone(),
        _ => store.join("sled/db"),
    }
}

fn look(store: &Path, size: Size) -> Result<Picture, OpenError> {
    let opened = Store::open(store)?;
    Ok(Picture::of(&opened, size).unwrap())
}

/// A store whose damage was harmless takes more, and has it when it is opened again.
fn goes_on(dir: &Path, size: Size, before: &Picture, what: &str) {
    const LAST: u64 = 9_000;
    let store = Store::open(dir).unwrap_or_else(|err| panic!("{what}: once more: {err}"));
    append(&store, changes(vec![opens(LAST)])).unwrap();
    drop(store);
    let store = Store::open(dir).unwrap_or_else(|err| panic!("{what}: after a write: {err}"));
    assert!(store.exception(ExceptionId(LAST)).unwrap().is_some());
    append(&store, changes(vec![resolves(LAST)])).unwrap();
    let mut after = Picture::of(&store, size).unwrap();
    // The highest number that was given stays.
    after.counters = before.counters;
    assert!(after == *before, "{what}: after a write {after:#?}");
}

fn is_clear(refused: &OpenError, what: &str) {
    let text = refused.to_string();
    assert!(
        matches!(refused, OpenError::Damaged { .. }),
        "{what}: {text}"
    );
    assert!(
        !text.contains("panicked") && !text.contains(".rs"),
        "{what}: {text}"
    );
    assert!(refused.hint().contains("restore the newest backup"));
}

/// Everything that a store can be asked.
#[derive(Debug, PartialEq)]
struct Picture {
    facts: Vec<Vec<Fact>>,
    summaries: Vec<Option<Summary>>,
    open: Vec<Summary>,
    runs: Vec<Summary>,
    parked: Vec<Summary>,
    items: Vec<Summary>,
    tally: Tally,
    exceptions: Vec<Exception>,
    count: u64,
    claims: Vec<Option<Claim>>,
    fired: Fired,
    reached: BTreeMap<String, u32>,
    counters: Counters,
}

impl Picture {
    fn of(store: &Store, size: Size) -> Result<Picture, ReadError> {
        let (parent, step) = (RunId::root(1), StepId::new("each"));
        let runs = || (1..=size.runs).map(RunId::root);
        let parked = Filter::of("a").in_state(State::Parked);
        store.check()?;
        Ok(Picture {
            facts: runs()
                .map(|run| store.facts(&run))
                .collect::<Result<_, _>>()?,
            summaries: runs()
                .map(|run| store.summary(&run))
                .collect::<Result<_, _>>()?,
            open: store.open_runs().collect::<Result<_, _>>()?,
            runs: store.runs(&Filter::default(), None, 999)?,
            parked: store.runs(&parked, None, 999)?,
            items: store.items(&parent, &step, 0, 999)?,
            tally: store.tally(&parent, &step)?,
            exceptions: store.exceptions(None, 999)?,
            count: store.exception_count()?,
            claims: (1..=size.runs)
                .map(|number| store.claim(&key(number)))
                .collect::<Result<_, _>>()?,
            fired: store.fired()?,
            reached: store.reached("a", "mail office INBOX")?,
            counters: store.counters()?,
        })
    }
}

/// Runs, items, exceptions, claims and firings, of each kind some that were changed later.
fn fill(dir: &Path, size: Size) -> Store {
    let store = Store::open(&dir.join("store")).unwrap();
    let mut book = Book::default();
    for number in 1..=size.runs {
        let run = RunId::root(number);
        let first = book.step(&run, "a", State::Running, size.facts - 1);
        append(&store, first).unwrap();
        append(
            &store,
            changes(vec![
                opens(number),
                claims(number),
                fires(number),
                reaches(number),
            ]),
        )
        .unwrap();
        let state = match number % 2 {
            0 => State::Parked,
            _ => State::Succeeded,
        };
        append(&store, book.step(&run, "a", state, 1)).unwrap();
        if state == State::Succeeded {
            append(&store, changes(vec![resolves(number)])).unwrap();
        }
    }
    for index in 0..ITEMS {
        for state in [State::Running, State::Succeeded] {
            append(&store, book.item(&RunId::root(1), "each", index, state)).unwrap();
        }
    }
    store
}

fn key(number: u64) -> ClaimKey {
    ClaimKey {
        workflow: "a".to_owned(),
        step: None,
        text: format!("order {number}"),
    }
}

fn claims(number: u64) -> Change {
    Change::Claim {
        claim: key(number),
        after: Some(Claim {
            run: RunId::root(number),
            data: Hash::of(&number.to_be_bytes()),
        }),
    }
}

fn reaches(number: u64) -> Change {
    Change::Reached(Reached {
        workflow: "a".to_owned(),
        source: "mail office INBOX".to_owned(),
        series: "1700000000".to_owned(),
        number: number as u32,
    })
}

fn fires(number: u64) -> Change {
    Change::Fired {
        workflow: "a".to_owned(),
        schedule: "@daily".to_owned(),
        at: time(number as i64),
    }
}

/// What lies in a folder of artifacts.
struct Kept {
    content: Vec<u8>,
    artifact: ArtifactRef,
    rows: Vec<Value>,
    table: TableRef,
}

impl Kept {
    fn put(dir: &Path) -> Kept {
        let artifacts = Artifacts::open_folder(dir).unwrap();
        let content: Vec<u8> = (0..20_000_u32)
            .flat_map(|n| n.to_string().into_bytes())
            .collect();
        let artifact = artifacts.put("a.txt", "text/plain", &content).unwrap();
        let rows: Vec<Value> = (0..1_000).map(|n| json!({ "line": n })).collect();
        let mut table = artifacts.table().unwrap();
        rows.iter().for_each(|row| table.push(row).unwrap());
        let table = table.finish().unwrap();
        Kept {
            content,
            artifact,
            rows,
            table,
        }
    }

    /// Whether damage to the folder is reported; what is not must be as it was.
    fn is_noticed(&self, dir: &Path, what: &str) -> bool {
        let artifacts = Artifacts::open_folder(dir).unwrap();
        let hashes = [&self.artifact.hash, &self.table.hash];
        let errors: Vec<_> = hashes
            .iter()
            .filter_map(|hash| artifacts.verify(hash).err())
            .collect();
        for error in &errors {
            assert!(
                error.hint().contains("put the file back from a backup"),
                "{what}"
            );
        }
        if errors.is_empty() {
            let mut file = artifacts.open(&self.artifact).unwrap();
            let mut found = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut found).unwrap();
            assert!(found == self.content, "{what}");
            let rows = artifacts.rows(&self.table, 0, 2_000).unwrap();
            assert!(rows == self.rows, "{what}");
        }
        !errors.is_empty()
    }
}

/// In memory, where there is such a place: syncs cost nothing there.
fn folder() -> tempfile::TempDir {
    match Path::new("/dev/shm").is_dir() {
        true => tempfile::tempdir_in("/dev/shm").unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

/// Does something to a file that the disk should not have done.
fn damage(file: &Path, random: &mut Random) -> String {
    let mut bytes = fs::read(file).unwrap();
    let used = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last as u64 + 1);
    let place = random.below(used.max(1)) as usize;
    let kind = match random.below(3) {
        0 if !bytes.is_empty() => {
            bytes[place] ^= 1 << random.below(8);
            "a flipped bit"
        }
        1 => {
            let block = place - place % 4096;
            let zeroed = bytes[block..].iter_mut().take(4096);
            zeroed.for_each(|byte| *byte = 0);
            "a zeroed block"
        }
        _ => {
            bytes.truncate(place);
            "a cut"
        }
    };
    fs::write(file, bytes).unwrap();
    format!("{kind} at byte {place} of {}", file.display())
}

/// Every file below a folder that is not empty, sorted.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false if fs::metadata(&path).unwrap().len() > 0 => found.push(path),
            false => (),
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// xorshift64 (Marsaglia, "Xorshift RNGs", 2003), from a seed that is printed.
struct Random(u64);

impl Random {
    #[expect(
        clippy::print_stdout,
        reason = "the runner shows it when the test fails"
    )]
    fn new() -> Random {
        let given = std::env::var("BOTSWAIN_SEED").ok();
        let given = given.and_then(|seed| seed.parse().ok());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = given.unwrap_or_else(|| u64::from(now.subsec_nanos()) | 1);
        println!("BOTSWAIN_SEED={seed}");
        Random(seed)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
