//! A disk that is full in the middle of a run: one that is watched, and a small one in
//! memory where this process may mount one.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    chance::tell,
    errands::{Errands, PRELOAD, Up, ended, memory_dir, said, wait_for},
    finish::finish,
    ledger::Ledger,
};

const STEPS: usize = 30;

/// The disk is full once this effect has taken place.
const UNTIL: usize = 12;

#[test]
fn a_full_disk_loses_nothing_and_goes_on_when_there_is_room() {
    let outside = memory_dir();
    let full = outside.path().join("full");
    let ledger = Ledger::open([]);
    let errands = Errands::in_memory(STEPS, &ledger);
    let watched = |args: &[&str]| {
        let mut command = errands.watched(args);
        PRELOAD.fill(&mut command, &full);
        command
    };
    fill_up_and_go_on(&errands, &ledger, watched, || fs::write(&full, "").unwrap());
    fs::remove_file(&full).unwrap();
    finish(&errands, &ledger, STEPS, true);
}

/// Where nothing can be mounted this cannot be shown here; the store's own tests show it too.
#[test]
fn a_disk_that_runs_low_keeps_nothing_but_new_work_waiting() {
    let Some(disk) = Small::mount() else {
        tell("this process may not mount a disk");
        return;
    };
    let ledger = Ledger::open([]);
    let errands = Errands::at(TempDir::new_in(disk.folder()).unwrap(), STEPS, &ledger);
    let mut up = Up::start(&errands, errands.command(&["up"]));
    let mut asked = errands.command(&["run", "errands"]);
    let asked = asked.stdout(Stdio::piped()).stderr(Stdio::piped());
    let asked = asked.spawn().unwrap();
    wait_for("the run to be under way", || ledger.times(UNTIL) == 1);
    disk.fill_up();
    wait_for("the daemon to say so", || {
        errands.log().contains("the disk is nearly full")
    });
    let refused = errands.command(&["run", "errands"]).output().unwrap();
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(said(&refused).contains("nearly full"), "{}", said(&refused));
    let answer = start_over_http(&errands.path(".botswain/api.sock"));
    assert!(answer.starts_with("HTTP/1.1 507"), "{answer}");
    assert!(answer.contains("\"disk.full\""), "{answer}");
    assert!(up.is_running());

    disk.give_room();
    let asked = ended(asked);
    assert!(asked.status.success(), "{}", said(&asked));
    up.terminate();
    finish(&errands, &ledger, STEPS, true);
}

/// What a program is told that asks for a run.
fn start_over_http(socket: &Path) -> String {
    let mut api = UnixStream::connect(socket).unwrap();
    let body = r#"{"workflow":"errands"}"#;
    let head = "POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json";
    write!(
        api,
        "{head}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    api.read_to_string(&mut answer).unwrap();
    answer
}

/// Until the disk is full, and then as long as it is.
fn fill_up_and_go_on(
    errands: &Errands,
    ledger: &Ledger,
    command: impl Fn(&[&str]) -> Command,
    fill_up: impl FnOnce(),
) {
    let mut up = Up::start(errands, command(&["up"]));
    let asked = errands
        .command(&["run", "errands"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("the run to be under way", || ledger.times(UNTIL) == 1);
    fill_up();

    let asked = ended(asked);
    assert_ne!(asked.status.code(), Some(0), "{}", said(&asked));
    assert!(said(&asked).contains("run 1\n"), "{}", said(&asked));
    wait_for("the daemon to say so", || {
        errands.log().contains("the disk is full")
    });
    if !up.is_running() {
        assert_eq!(up.ended().code(), Some(1));
        assert!(errands.log().contains("hint: "), "{}", errands.log());
    }
    drop(up);

    // It either works without room or says what to do.
    let again = command(&["runs", "list"]).output().unwrap();
    if !again.status.success() {
        let again = said(&again);
        assert!(again.contains("hint: free some space"), "{again}");
    }
    let log = errands.log();
    assert!(!log.contains("panicked") && !log.contains(".rs:"), "{log}");
}

/// A disk of 300 MiB, unmounted when it is dropped.
struct Small {
    folder: TempDir,
}

impl Small {
    /// `None` where this process may not; whoever is root may.
    fn mount() -> Option<Small> {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=300m", "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        let is_mounted = mounted.is_ok_and(|status| status.success());
        let is_root = nix::unistd::Uid::effective().is_root();
        assert!(is_mounted || !is_root, "nothing can be mounted");
        is_mounted.then_some(Small { folder })
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    /// Leaves some 20 MiB, of which the daemon's ballast is no part.
    fn fill_up(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        for _ in 0..212 {
            filler.write_all(&vec![1; 1 << 20]).unwrap();
        }
    }

    fn give_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily, for the instance in it is dropped first but may still be closing.
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .status();
        assert!(std::thread::panicking() || unmounted.is_ok_and(|status| status.success()));
    }
}
