//! Calls to the disk that fail, one at a time, from the first of a run to its last.
//!
//! In go the calls that a run makes; each, or a sample of them, is made to go wrong in
//! a run of its own, in an instance of its own. The run ends by itself and says so, the
//! next daemon goes on with it, and no effect takes place twice. What a call may do on
//! every system (take half of the bytes, be interrupted) is not noticed at all.

use std::process::{Output, Stdio};

use botswain_testkit::disk::{Fault, Journal, Wrong};

use crate::{
    chance::{Chance, is_night, tell},
    errands::{Errand, Errands, PRELOAD, said, wait_for},
    finish::finish,
    ledger::Ledger,
};

/// Two effects, a file, an answer that is kept as an artifact.
const STEPS: usize = 7;

/// How many of each sort are tried by day.
const BY_DAY: usize = 2;

/// What may go wrong with each call.
const SORTS: &[(&str, &[Wrong])] = &[
    ("write", &[Wrong::Eio, Wrong::Enospc]),
    ("pwrite", &[Wrong::Eio, Wrong::Enospc]),
    ("fsync", &[Wrong::Eio]),
    ("fdatasync", &[Wrong::Eio]),
    ("sync_file_range", &[Wrong::Eio]),
    ("ftruncate", &[Wrong::Enospc]),
    ("open", &[Wrong::Eio, Wrong::Enospc, Wrong::Emfile]),
    ("mkdir", &[Wrong::Enospc]),
    ("rename", &[Wrong::Eio]),
    ("unlink", &[Wrong::Eio]),
];

const TRANSPARENT: &[(&str, &[Wrong])] = &[
    ("write", &[Wrong::Short, Wrong::Eintr]),
    ("pwrite", &[Wrong::Short, Wrong::Eintr]),
    ("fsync", &[Wrong::Eintr]),
    ("fdatasync", &[Wrong::Eintr]),
    ("open", &[Wrong::Eintr]),
];

#[test]
fn a_call_that_fails_loses_nothing_and_repeats_nothing() {
    let mut chance = Chance::new();
    for fault in faults(SORTS, &mut chance) {
        tell(&format!("{fault}"));
        let ledger = Ledger::open([]);
        let errands = Errands::in_memory(STEPS, &ledger);
        let output = run(&errands, &fault);
        let journal = Journal::read(&errands.journal());
        let on = format!("{fault} on {:?}: {}", journal.injected(), said(&output));
        is_clear(&output, &on);
        let accepted = String::from_utf8_lossy(&output.stderr).contains("run 1\n");
        if output.status.success() {
            for number in Errand::effects(STEPS) {
                assert_eq!(ledger.times(number), 1, "effect {number}: {on}");
            }
        }
        tell(&on);
        finish(&errands, &ledger, STEPS, accepted);
    }
}

#[test]
fn a_call_that_takes_less_or_is_interrupted_is_not_noticed() {
    let mut chance = Chance::new();
    for fault in faults(TRANSPARENT, &mut chance) {
        let ledger = Ledger::open([]);
        let errands = Errands::in_memory(STEPS, &ledger);
        let output = run(&errands, &fault);
        let journal = Journal::read(&errands.journal());
        let on = format!("{fault} on {:?}: {}", journal.injected(), said(&output));
        assert!(output.status.success(), "{on}");
        finish(&errands, &ledger, STEPS, true);
    }
}

/// Every call of a run that goes well, in each way in which it can go wrong; or some of them.
fn faults(sorts: &[(&'static str, &[Wrong])], chance: &mut Chance) -> Vec<Fault> {
    let ledger = Ledger::open([]);
    let errands = Errands::in_memory(STEPS, &ledger);
    let output = errands.watched(&["run", "errands"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let journal = Journal::read(&errands.journal());
    let mut faults = Vec::new();
    for (call, wrongs) in sorts {
        let count = journal.calls(call);
        assert!(count > 0, "no `{call}` was seen");
        for wrong in *wrongs {
            // Later ones are the run's own; at the start there are many of them.
            let by_day = if is_night() { count } else { BY_DAY };
            for nth in chance.some((1..=count).collect(), by_day) {
                let lasting = matches!(wrong, Wrong::Eio | Wrong::Enospc) && chance.below(3) == 0;
                let (call, wrong) = (*call, *wrong);
                faults.push(Fault {
                    call,
                    nth,
                    wrong,
                    lasting,
                });
            }
        }
    }
    faults
}

/// A run on a disk that fails; it must end by itself.
fn run(errands: &Errands, fault: &Fault) -> Output {
    let mut command = errands.watched(&["run", "errands"]);
    PRELOAD.fail(&mut command, fault);
    let (out, err) = (errands.beside("out"), errands.beside("err"));
    let mut child = command
        .stdout(Stdio::from(std::fs::File::create(&out).unwrap()))
        .stderr(Stdio::from(std::fs::File::create(&err).unwrap()))
        .spawn()
        .unwrap();
    let mut status = None;
    wait_for(&format!("the run with {fault} to end"), || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    Output {
        status: status.unwrap(),
        stdout: std::fs::read(out).unwrap(),
        stderr: std::fs::read(err).unwrap(),
    }
}

/// Succeeded, parked, or an error in words for people.
fn is_clear(output: &Output, on: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!told.contains("panicked") && !told.contains(".rs:"), "{on}");
    assert!(!told.contains("a defect"), "{on}");
    match output.status.code() {
        Some(0 | 3) => (),
        Some(_) => assert!(told.contains("error: "), "{on}"),
        None => panic!("ended by a signal: {on}"),
    }
}
