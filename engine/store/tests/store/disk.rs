//! What is on the disk: the lock, other formats, damage.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
};

use crate::common::{Book, append, changes, fact, opens, resolves};
use botswain_core::{ExceptionId, RunId, index::State, run::fact::Fact};
use botswain_store::{Artifacts, Filter, Lock, LockError, OpenError, Store};

const RUNS: u64 = 40;
/// Of each run: enough that the log has several segments.
const FACTS: u64 = 150;

#[test]
fn the_lock_names_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let refused = Store::open(&dir.path().join("store")).err().unwrap();
    let expected = format!(
        "process {} is at work on `{}`",
        process::id(),
        dir.path().display()
    );
    assert_eq!(refused.to_string(), expected);
    assert_eq!(
        refused.hint(),
        "use it through that process, or end it first"
    );
    drop(store);
    Store::open(&dir.path().join("store")).unwrap();
}

#[test]
fn the_lock_vanishes_with_its_process() {
    let dir = tempfile::tempdir().unwrap();
    let me = std::env::current_exe().unwrap();
    let mut child = Command::new(me)
        .args([
            "--exact",
            "disk::holds_the_lock_for_another_test",
            "--nocapture",
        ])
        .env("LOCK_DIR", dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let held = output.lines().any(|line| line.unwrap().contains("held"));
    assert!(held);
    match Lock::take(dir.path()) {
        Err(LockError::Held { pid, .. }) => assert_eq!(pid, child.id()),
        other => panic!("{other:?}"),
    }
    child.kill().unwrap();
    child.wait().unwrap();
    Lock::take(dir.path()).unwrap();
}

/// By itself a small test; the one above runs it in a process of its own.
#[test]
fn holds_the_lock_for_another_test() {
    let Some(dir) = std::env::var_os("LOCK_DIR") else {
        let dir = tempfile::tempdir().unwrap();
        let lock = Lock::take(dir.path()).unwrap();
        assert!(Lock::take(dir.path()).is_err());
        drop(lock);
        Lock::take(dir.path()).unwrap();
        return;
    };
    let _lock = Lock::take(Path::new(&dir)).unwrap();
    writeln!(std::io::stdout(), "held").unwrap();
    // Waits to be killed.
    std::io::stdin().lines().for_each(drop);
}

#[test]
fn a_mark_ahead_of_the_records_is_noticed() {
    let (dir, _) = filled();
    let old = dir.path().join("old");
    copy(&dir.path().join("store/sled"), &old);
    {
        let store = Store::open(&dir.path().join("store")).unwrap();
        append(&store, changes(vec![opens(500)])).unwrap();
    }
    fs::remove_dir_all(dir.path().join("store/sled")).unwrap();
    fs::rename(old, dir.path().join("store/sled")).unwrap();
    let refused = Store::open(&dir.path().join("store")).err().unwrap();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().ends_with(
        "is damaged: its last 1 writes, with 0 facts, were acknowledged and are missing"
    ));
}

#[test]
fn records_that_are_gone_altogether_are_noticed() {
    let (dir, _) = filled();
    fs::remove_dir_all(dir.path().join("store/sled")).unwrap();
    let refused = Store::open(&dir.path().join("store")).err().unwrap();
    assert!(
        refused
            .to_string()
            .ends_with("writes, with 6000 facts, were acknowledged and are missing")
    );
    assert_eq!(
        refused.hint(),
        "keep a copy of the folder, then restore the newest backup into its place"
    );
}

#[test]
fn a_lost_mark_is_no_damage() {
    let (dir, kept) = filled();
    fs::write(dir.path().join("store/high-water"), "nonsense").unwrap();
    kept.compare(&Store::open(&dir.path().join("store")).unwrap());
}

#[test]
fn a_damaged_store_is_left_as_it_was_found() {
    let (dir, kept) = filled();
    let store = dir.path().join("store");
    let evidence = dir.path().join("store.damaged-1");
    let healthy = fs::read(store.join("sled/db")).unwrap();
    let mut bytes = with_one_bit_that_matters(&store);
    fs::write(store.join("sled/db"), &bytes).unwrap();
    let found = files(&store);
    // The seal is of no use to anybody who looks at what was damaged.
    let mut records = found.clone();
    records.retain(|(name, _)| name != "sealed");
    // Half-made copies of a start that was killed.
    fs::create_dir(store.join("unfinished")).unwrap();
    fs::create_dir(dir.path().join("store.damaged.unfinished")).unwrap();
    let mut said = Vec::new();
    for _ in 0..3 {
        let refused = Store::open(&store).err().unwrap();
        assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
        said.push((refused.to_string(), refused.hint().into_owned()));
        assert!(files(&store) == found, "{:?}", names(&store));
        assert!(files(&evidence) == records, "{:?}", names(&evidence));
    }
    assert_eq!((&said[0], &said[1]), (&said[1], &said[2]));
    assert_eq!(
        said[0].1,
        format!(
            "`{}` keeps it as it was found; restore the newest backup into the store's place",
            evidence.display()
        )
    );
    assert_eq!(
        names(dir.path()),
        ["ballast", "daemon.lock", "store", "store.damaged-1"]
    );
    // Other damage is other evidence.
    bytes[0] ^= 1;
    fs::write(store.join("sled/db"), &bytes).unwrap();
    let refused = Store::open(&store).err().unwrap();
    assert!(refused.hint().contains("store.damaged-2"), "{refused}");
    assert!(files(&evidence) == records);
    fs::write(store.join("sled/db"), &healthy).unwrap();
    kept.compare(&Store::open(&store).unwrap());
    assert_eq!(names(&store), ["high-water", "sealed", "sled"]);
}

#[test]
fn a_store_that_opens_leaves_no_copy() {
    let (dir, kept) = filled();
    let store = dir.path().join("store");
    for _ in 0..2 {
        kept.compare(&Store::open(&store).unwrap());
        assert_eq!(names(&store), ["high-water", "sealed", "sled"]);
        assert_eq!(names(dir.path()), ["ballast", "daemon.lock", "store"]);
    }
}

#[test]
fn a_copy_of_an_earlier_time_never_replaces_anything() {
    let (dir, kept) = filled();
    let store = dir.path().join("store");
    let old = store.join("as-found");
    fs::create_dir(&old).unwrap();
    copy(&store.join("sled"), &old.join("sled"));
    fs::write(old.join("sled/db"), "an older log").unwrap();
    fs::copy("/proc/sys/kernel/random/boot_id", old.join("boot")).unwrap();
    fs::write(old.join("high-water"), "an older mark").unwrap();
    let healthy = fs::read(store.join("sled/db")).unwrap();
    let bytes = with_one_bit_that_matters(&store);
    fs::write(store.join("sled/db"), &bytes).unwrap();
    assert!(Store::open(&store).is_err());
    assert!(fs::read(store.join("sled/db")).unwrap() == bytes);
    fs::write(store.join("sled/db"), &healthy).unwrap();
    kept.compare(&Store::open(&store).unwrap());
}

#[test]
fn what_a_killed_start_left_is_taken_up() {
    let (dir, kept) = filled();
    let store = dir.path().join("store");
    let copied = store.join("as-found");
    let healthy = fs::read(store.join("sled/db")).unwrap();
    // Killed between the two renames of a restoration.
    fs::create_dir(&copied).unwrap();
    fs::rename(store.join("sled"), copied.join("sled")).unwrap();
    kept.compare(&Store::open(&store).unwrap());
    assert_eq!(names(&store), ["high-water", "sealed", "sled"]);
    // Killed while sled was cutting the log: what was found first is what is kept.
    fs::create_dir(&copied).unwrap();
    copy(&store.join("sled"), &copied.join("sled"));
    fs::write(copied.join("sled/db"), &healthy).unwrap();
    fs::copy(store.join("high-water"), copied.join("high-water")).unwrap();
    fs::copy("/proc/sys/kernel/random/boot_id", copied.join("boot")).unwrap();
    fs::write(store.join("sled/db"), &healthy[..20_000]).unwrap();
    let refused = Store::open(&store).err().unwrap();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(fs::read(store.join("sled/db")).unwrap() == healthy);
}

/// That a copy has no place, here because a file has its name, keeps nothing closed.
#[test]
fn a_store_opens_without_a_copy_of_it() {
    let (dir, kept) = filled();
    let store = dir.path().join("store");
    fs::write(store.join("unfinished"), "in the way").unwrap();
    kept.compare(&Store::open(&store).unwrap());
}

/// Flipped bits, zeroed blocks and cut tails, at places that a fixed seed chooses.
#[test]
fn damage_is_reported_or_harmless() {
    let (dir, kept) = filled();
    let mut random = Random(42);
    let mut reported = 0;
    for round in 0..32 {
        let copied = tempfile::tempdir().unwrap();
        copy(&dir.path().join("store"), &copied.path().join("store"));
        let what = damage(&copied.path().join("store/sled"), round, &mut random);
        match Store::open(&copied.path().join("store")) {
            Ok(store) => kept.compare(&store),
            Err(error) => {
                reported += 1;
                let text = error.to_string();
                assert!(matches!(error, OpenError::Damaged { .. }), "{what}: {text}");
                assert!(
                    !text.contains("panicked") && !text.contains(".rs"),
                    "{text}"
                );
            }
        }
    }
    assert!(reported > 0, "no damage did any damage");
}

/// Of a store that does not open it is still told what is missing.
#[test]
fn what_is_missing_from_a_store_that_does_not_open_is_told() {
    let (dir, _) = filled();
    let store = dir.path().join("store");
    let old = dir.path().join("old");
    copy(&store.join("sled"), &old);
    {
        let store = Store::open(&store).unwrap();
        append(&store, changes(vec![opens(500)])).unwrap();
    }
    fs::remove_dir_all(store.join("sled")).unwrap();
    fs::rename(old, store.join("sled")).unwrap();
    assert!(Store::open(&store).is_err());
    let found = files(&store);
    let artifacts = Artifacts::open_folder(&dir.path().join("artifacts")).unwrap();
    let report = Store::examine(&store, &artifacts).unwrap();
    assert_eq!((report.facts, report.runs), (RUNS * FACTS, RUNS));
    assert!(!report.is_good());
    assert!(files(&store) == found);
    assert!(!dir.path().join("store.examined").exists());
}

/// What the damaged store must say, if it says anything.
struct Kept {
    facts: Vec<Vec<Fact>>,
    exceptions: Vec<ExceptionId>,
}

impl Kept {
    fn compare(&self, store: &Store) {
        for (facts, number) in self.facts.iter().zip(1..) {
            assert_eq!(store.facts(&RunId::root(number)).unwrap(), *facts);
        }
        let exceptions = store.exceptions(None, 999).unwrap();
        let exceptions: Vec<_> = exceptions.iter().map(|found| found.id).collect();
        assert_eq!(exceptions, self.exceptions);
        let parked = Filter::default().in_state(State::Parked);
        let parked = store.runs(&parked, None, 999).unwrap();
        assert_eq!(parked.len() as u64, RUNS / 2);
        store.check().unwrap();
    }
}

fn filled() -> (tempfile::TempDir, Kept) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    let mut book = Book::default();
    for number in 1..=RUNS {
        let run = RunId::root(number);
        append(&store, book.step(&run, "a", State::Running, FACTS - 1)).unwrap();
        append(&store, changes(vec![opens(number)])).unwrap();
        let state = match number % 2 {
            0 => State::Parked,
            _ => State::Succeeded,
        };
        append(&store, book.step(&run, "a", state, 1)).unwrap();
        if state == State::Succeeded {
            append(&store, changes(vec![resolves(number)])).unwrap();
        }
    }
    let kept = Kept {
        facts: (0..RUNS).map(|_| (0..FACTS).map(fact).collect()).collect(),
        exceptions: (1..=RUNS / 2).map(|half| ExceptionId(half * 2)).collect(),
    };
    kept.compare(&store);
    (dir, kept)
}

fn damage(dir: &Path, round: u64, random: &mut Random) -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && fs::metadata(path).unwrap().len() > 0)
        .collect();
    files.sort();
    let file = match round % 8 {
        0 => files[random.below(files.len() as u64) as usize].clone(),
        _ => dir.join("db"),
    };
    let mut bytes = fs::read(&file).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64 + 1;
    let place = random.below(used) as usize;
    match round % 4 {
        1 => bytes[place..]
            .iter_mut()
            .take(4096)
            .for_each(|byte| *byte = 0),
        2 => bytes.truncate(place),
        _ => bytes[place] ^= 1 << random.below(8),
    }
    fs::write(&file, bytes).unwrap();
    format!("round {round}: byte {place} of {}", file.display())
}

/// The log of a store with one bit flipped, the first of some places that does damage.
///
/// Where pages lie in it is not the same each time, and much of it is out of date.
fn with_one_bit_that_matters(store: &Path) -> Vec<u8> {
    let healthy = fs::read(store.join("sled/db")).unwrap();
    let flipped = |place: usize| {
        let mut bytes = healthy.clone();
        bytes[place] ^= 1;
        bytes
    };
    let matters = |bytes: &Vec<u8>| {
        let tried = tempfile::tempdir().unwrap();
        copy(store, &tried.path().join("store"));
        fs::write(tried.path().join("store/sled/db"), bytes).unwrap();
        Store::open(&tried.path().join("store")).is_err()
    };
    let places = (1000..healthy.len()).step_by(50_021);
    places.map(flipped).find(matters).unwrap()
}

/// The names in a folder, sorted.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every file below a folder with its bytes, sorted.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let of = |name: String| {
        let path = dir.join(&name);
        match path.is_dir() {
            true => files(&path)
                .into_iter()
                .map(|(below, bytes)| (format!("{name}/{below}"), bytes))
                .collect(),
            false => vec![(name, fs::read(path).unwrap())],
        }
    };
    names(dir).into_iter().flat_map(of).collect()
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

/// xorshift64 (Marsaglia 2003): the same places on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
