//! `verify`, `backup`, `restore`, `resume`, `compact`, and runs that were pruned.

use expect_test::expect;
use nix::sys::signal::Signal;

use crate::office::{GOOD, Office, wait_for};

/// An office like another, in which nothing has happened yet.
fn empty() -> Office {
    Office::with(GOOD)
}

fn has_run() -> Office {
    let office = Office::parked();
    let again = [
        "run",
        "enter",
        "--input",
        "file=lines.csv",
        "--key",
        "monday",
    ];
    // Its lines are taken already, so it ends at once.
    assert!(office.says(&again).starts_with("exit 0"));
    office
}

#[test]
fn a_whole_instance_is_well() {
    let office = has_run();
    let alone = office.says(&["verify"]);
    assert!(
        alone.starts_with("exit 0\n--- stdout\nlooked at 6 runs with"),
        "{alone}"
    );
    assert!(alone.ends_with("all is well\n--- stderr\n"), "{alone}");
    let _up = office.up();
    let watched = office.says(&["verify"]);
    assert!(watched.ends_with("all is well\n--- stderr\n"), "{watched}");
    assert_eq!(office.json(&["verify"])["findings"], serde_json::json!([]));
}

#[test]
fn what_is_lost_is_named() {
    let office = Office::with(GOOD);
    let long: String = (0..2000).map(|n| format!("{n},x{n},1.00\n")).collect();
    office.write("lines.csv", &format!("order,sku,amount\n{long}"));
    office.write(
        "workflows/read.yaml",
        "name: read\nsteps:\n  - { id: lines, bot: sheet.read, with: { file: lines.csv } }\n",
    );
    assert!(office.says(&["run", "read"]).starts_with("exit 0"));
    let kept = files(&office.path(".botswain/artifacts"));
    assert!(!kept.is_empty());
    for file in &kept {
        std::fs::write(file, "other").unwrap();
    }
    let told = office.says(&["verify"]);
    assert!(told.starts_with("exit 1"), "{told}");
    assert!(
        told.contains("wrong: artifact HASH: the file `HERE"),
        "{told}"
    );
    assert!(told.contains("its content has another hash"), "{told}");
}

#[test]
fn a_backup_of_a_running_instance_is_restored_and_waits_for_a_word() {
    let office = has_run();
    let paused = r#"{"enter":{"by":"ann","at":"2026-01-01T00:00:00Z","note":"the shop is down"}}"#;
    office.write(".botswain/pauses.json", paused);
    let up = office.up();
    let folder = office.path("backup").display().to_string();
    let told = office.says(&["backup", "backup"]);
    assert!(
        told.starts_with("exit 0\n--- stdout\n`HERE/backup` holds"),
        "{told}"
    );
    let twice = office.says(&["backup", "backup"]);
    assert!(
        twice.contains("error: `HERE/backup` is not empty"),
        "{twice}"
    );
    let full = office.says(&["restore", "backup"]);
    assert!(full.contains("is at work on"), "{full}");
    let runs = office.json(&["runs"]);
    let exceptions = office.json(&["exceptions"]);
    assert_eq!(up.after(Signal::SIGTERM), Some(0));
    let full = office.says(&["restore", "backup"]);
    assert!(
        full.contains("error: the instance is not empty: it holds"),
        "{full}"
    );

    let other = empty();
    let told = other.says(&["restore", &folder]);
    assert!(told.starts_with("exit 0\n--- stdout\nrestored"), "{told}");
    assert!(told.contains("resume --lost-since"), "{told}");
    for command in ["schedule", "doctor"] {
        let told = other.says(&[command]);
        assert!(told.contains("resume --lost-since"), "{told}");
    }
    // Nobody has said that it may start again.
    assert_eq!(other.read(".botswain/pauses.json"), paused);
    let up = other.up();
    wait_for("the daemon to say so", || {
        let log = other.read("log");
        log.contains("restored from a backup: nothing fires")
    });
    assert_eq!(other.json(&["runs"]), runs);
    assert_eq!(other.json(&["exceptions"]), exceptions);
    assert!(other.says(&["verify"]).starts_with("exit 0"));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `noon` is not a time
        hint: write it as `2026-03-29T14:00` or `2026-03-29T14:00:00Z`
    "#]]
    .assert_eq(&other.says(&["resume", "--lost-since", "noon"]));
    // In the zone of whoever writes it, as every time is shown to him.
    let mut resume = other.command(&["resume", "--lost-since", "2026-01-01T12:00", "--json"]);
    let resumed = resume.env("TZ", "America/New_York").output().unwrap();
    let resumed: serde_json::Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!(resumed["resumed"]["lost_since"], "2026-01-01T17:00:00Z");
    let told = other.says(&["schedule"]);
    assert!(!told.contains("resume --lost-since"), "{told}");
    let twice = other.says(&["resume", "--lost-since", "2026-01-01T12:00"]);
    assert!(twice.contains("the instance is not quarantined"), "{twice}");
    assert_eq!(up.after(Signal::SIGTERM), Some(0));
}

#[test]
fn compacting_prunes_and_keeps_what_keys_stand_for() {
    let office = Office::with(GOOD);
    let run = [
        "run",
        "enter",
        "--input",
        "file=lines.csv",
        "--key",
        "monday",
    ];
    assert!(office.says(&run).starts_with("exit 0"));
    office.write(
        "botswain.yaml",
        "name: office\ntimezone: Europe/Berlin\nretention: { runs: 1ms }\n",
    );
    let told = office.says(&["compact"]);
    assert!(
        told.starts_with("exit 0\n--- stdout\npruned 1 run;"),
        "{told}"
    );
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: run 1 was pruned
        hint: `retention:` in botswain.yaml says how long runs are kept
    "#]]
    .assert_eq(&office.says(&["runs", "show", "1"]));
    let unknown = office.says(&["runs", "show", "77"]);
    assert!(unknown.contains("there is no run 77"), "{unknown}");
    assert!(office.says(&["verify"]).starts_with("exit 0"));
    // The key is taken still, with what came of it.
    assert!(office.says(&run).starts_with("exit 0"));
    assert_eq!(office.json(&["runs"])[0]["state"], "skipped");
    let up = office.up();
    let told = office.says(&["compact"]);
    assert!(told.contains("process PID is at work on"), "{told}");
    drop(up);
}

/// After an orderly end the next start need not read every record.
#[test]
fn every_orderly_end_is_sealed() {
    let office = has_run();
    let seal = office.path(".botswain/store/sealed");
    assert!(seal.exists(), "after one command");
    let up = office.up();
    assert!(!seal.exists());
    assert_eq!(up.after(Signal::SIGTERM), Some(0));
    assert!(seal.exists(), "after a daemon");
    let up = office.up();
    assert_eq!(up.after(Signal::SIGKILL), None);
    assert!(!seal.exists());
    let up = office.up();
    wait_for("the daemon to be well again", || {
        office.says(&["verify"]).starts_with("exit 0")
    });
    drop(up);
}

/// A write that fails is the last one: nothing more is acknowledged, and nothing of it is lost.
#[test]
fn a_failed_write_ends_the_daemon() {
    let office = Office::with(GOOD);
    let put = "name: put\ninputs: { text: { type: text } }\nsteps:\n  - { id: put, bot: file.drop, \
               with: { to: \"out/{{run.id}}.txt\", content: \"{{inputs.text}}\" } }\n";
    office.write("workflows/put.yaml", put);
    let up = office.up_within(4096);
    let text = format!("text={}", "x".repeat(12_000));
    let mut done = 0;
    while office
        .says(&["run", "put", "-i", &text])
        .starts_with("exit 0")
    {
        done += 1;
        assert!(done < 1000, "no write has failed");
    }
    assert_eq!(up.ended(), Some(1));
    let log = office.read("log");
    assert!(log.contains("the daemon cannot go on"), "{log}");
    let up = office.up();
    assert!(office.says(&["verify"]).starts_with("exit 0"));
    let runs = office.json(&["runs", "--limit", "2000", "--state", "succeeded"]);
    assert!(runs.as_array().unwrap().len() >= done, "{done}");
    drop(up);
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.retain(|file| file.extension().is_none());
    files.extend(folders.iter().flat_map(|folder| self::files(folder)));
    files
}
