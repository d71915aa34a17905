//! `up`: alone, watched, stopped, and on a store that is damaged.

use expect_test::expect;
use nix::sys::signal::Signal;

use crate::office::{GOOD, Office, Silent, wait_for};

const FETCH: &str = "
name: fetch
steps:
  - { id: ask, bot: http.get, connection: shop, with: { path: / } }
";

const ORDER: &str = "
name: order
steps:
  - { id: ask, bot: http.request, connection: shop, with: { method: POST, path: / } }
";

#[test]
fn a_second_daemon_names_the_first() {
    let office = Office::with(GOOD);
    let up = office.up();
    let answer = office.command(&["up"]).output().unwrap();
    let told = String::from_utf8_lossy(&answer.stderr);
    assert!(told.contains(&format!("process {}", up.id())), "{told}");
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error: process PID is at work on `HERE/.botswain`
        hint: use it through that process, or end it first
    "#]]
    .assert_eq(&office.says(&["up"]));
}

#[test]
fn a_parked_item_does_not_stop_the_next_firing() {
    let office = Office::with(GOOD);
    let lines = r#"[ { n: "1" }, { n: x } ]"#;
    office.write(
        "workflows/tick.yaml",
        &format!(
            "name: tick\ntriggers: [ {{ cron: \"* * * * * *\" }} ]\ninputs: {{ lines: {{ type: list, default: {lines} }} }}\nsteps:\n  - id: each\n    for_each: \"{{{{inputs.lines}}}}\"\n    as: line\n    steps: [ {{ id: put, bot: file.drop, with: {{ to: \"out/{{{{run.id}}}}.txt\", content: \"{{{{text (number line.n)}}}}\" }} }} ]\n"
        ),
    );
    let _up = office.up();
    wait_for("two firings, each parked with one of its items", || {
        let runs = office.json(&["runs", "--workflow", "tick", "--state", "parked"]);
        runs.as_array().is_some_and(|runs| runs.len() >= 2)
    });
    for item in ["1.each.0", "2.each.0"] {
        assert!(office.path(&format!("out/{item}.txt")).exists(), "{item}");
    }
    let open = office.json(&["exceptions", "list"]);
    let keys: Vec<_> = open
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["run"].clone())
        .collect();
    assert!(
        keys.contains(&"1.each.1".into()) && keys.contains(&"2.each.1".into()),
        "{keys:?}"
    );
}

#[test]
fn it_says_what_there_is_and_stops_when_it_is_told_to() {
    let office = Office::parked();
    let timed = "name: nightly\ntriggers: [ { cron: \"0 18 * * *\" } ]\nsteps:\n  - { id: a, bot: file.drop, with: { to: a.txt, content: x } }\n";
    office.write("workflows/nightly.yaml", timed);
    office.write("workflows/wrong.yaml", "name: wrong\nstep: []\n");
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let up = office.up();
        let answer = office.says(&["run", "enter", "-i", "file=lines.csv"]);
        assert!(answer.starts_with("exit 0"), "{answer}");
        assert_eq!(up.after(signal), Some(0));
        let log = office.read("log");
        for told in [
            "botswain is up",
            "workflows: enter, nightly",
            "do not run: workflows/wrong.yaml",
            "error[language.unknown_key]",
            "fires next: nightly at",
            "\"exceptions\":1",
            "api.sock",
            "has stopped",
        ] {
            assert!(log.contains(told), "{told}: {log}");
        }
        assert!(!office.path(".botswain/api.sock").exists());
    }
}

/// With a shop that takes every call and never answers.
fn with_a_silent_shop(workflow: (&str, &str)) -> (Office, Silent) {
    let (office, shop) = (Office::with(GOOD), Silent::listen());
    let connection = format!(
        "connections:\n  shop: {{ kind: web, address: {:?} }}\n",
        shop.address()
    );
    office.write("botswain.yaml", &format!("name: office\n{connection}"));
    office.write(&format!("workflows/{}.yaml", workflow.0), workflow.1);
    (office, shop)
}

#[test]
fn whoever_stops_watching_leaves_the_run_to_the_daemon() {
    let (office, shop) = with_a_silent_shop(("fetch", FETCH));
    let up = office.up();
    let run = office.started(&["run", "fetch"]);
    shop.wait_for_a_call();
    // Whether the step's start was told already is a matter of moments.
    let told = office.interrupted(run);
    assert!(
        told.starts_with("exit 130\n--- stdout\n--- stderr\nrun 1\n"),
        "{told}"
    );
    let left = "run 1 goes on in the daemon; see `botswain runs show 1`\n";
    assert!(told.ends_with(left), "{told}");
    assert_eq!(office.json(&["runs"])[0]["state"], "running");
    assert_eq!(
        up.after(Signal::SIGTERM),
        Some(0),
        "what only reads does not hold it up"
    );
}

#[test]
fn a_run_that_was_stopped_goes_on_with_the_next_daemon() {
    let (office, shop) = with_a_silent_shop(("fetch", FETCH));
    let run = office.started(&["run", "fetch"]);
    shop.wait_for_a_call();
    // Whether the step's start was told already is a matter of moments.
    let told = office.interrupted(run);
    assert!(
        told.starts_with("exit 130\n--- stdout\n--- stderr\nrun 1\n"),
        "{told}"
    );
    let left = "run 1 stops here, and nothing is lost; `botswain up` goes on with it\n";
    assert!(told.ends_with(left), "{told}");
    // What was cut short is tried again when its time has come.
    let up = office.up();
    let run = office.json(&["runs"])[0].clone();
    assert!(run["ended"].is_null() && run["state"] != "parked", "{run}");
    drop(up);
}

#[test]
fn a_second_signal_stops_it_at_once() {
    let (office, shop) = with_a_silent_shop(("order", ORDER));
    let up = office.up();
    let run = office.started(&["run", "order"]);
    shop.wait_for_a_call();
    up.signal(Signal::SIGTERM);
    crate::office::wait_for("it to hear", || {
        office.read("log").contains("a second signal")
    });
    // An order gets its time to end; stopped at once the daemon could not wait for it.
    assert_eq!(up.after(Signal::SIGTERM), Some(1));
    let told = office.described(&run.wait_with_output().unwrap());
    assert!(told.starts_with("exit 1\n"), "{told}");
    let ended = "error: the daemon ended while run 1 was followed; the run is kept: `botswain up` \
                 goes on with it\n";
    assert!(told.ends_with(ended), "{told}");
    let up = office.up();
    crate::office::wait_for("the order to be in doubt", || {
        office.json(&["exceptions"])[0]["category"] == "in_doubt"
    });
    drop(up);
    expect![[r#"
        exit 0
        --- stdout
        id  age  workflow  run  step  code  message
        1  AGO  order  1  ask  run.interrupted  in doubt: the daemon ended while this step was at work
        --- stderr
    "#]].assert_eq(&office.says(&["exceptions"]));
    let shown = office.says(&["exceptions", "show", "1"]);
    let ways = shown.split_once("what can be done\n").unwrap().1;
    expect![[r#"
        botswain exceptions happened 1 --output '{"status": …, "headers": …, "body": …, "file": …}'  it has happened, or was done by hand
        botswain exceptions retry 1  it did not happen: do it (again)
        botswain exceptions edit 1 --with method=…  correct the data and try again
        botswain exceptions skip 1  go on without this step
        botswain exceptions abandon 1  give the run up
        --- stderr
    "#]].assert_eq(ways);
    let happened = ["exceptions", "happened", "1", "--output"];
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: the output is a JSON object, and `4711` is not
        hint: write it as `--output '{"number": "4711"}'`
    "#]]
    .assert_eq(&office.says(&[&happened[..], &["4711"]].concat()));
    let told = office.says(
        &[
            &happened[..],
            &["{\"status\": 201}", "--note", "seen there"],
        ]
        .concat(),
    );
    assert!(told.starts_with("exit 0\n"), "{told}");
    let shown = office.says(&["runs", "show", "1"]);
    let decisions = shown.split_once("decisions\n").unwrap().1;
    expect![[r#"
        when  about  by  decided  note
        DATE  exception 1: ask  anna  it has happened: {"status":201}  seen there
        --- stderr
    "#]]
    .assert_eq(decisions);
}

#[test]
fn a_secret_is_never_in_the_log() {
    let office = Office::with("order,sku,amount\n1,../../hunter-22,1\n");
    office.hears(&["secret", "set", "shop"], "hunter-22");
    let up = office.up();
    let answer = office.says(&["run", "enter", "-i", "file=lines.csv"]);
    assert!(answer.starts_with("exit 3"), "{answer}");
    up.after(Signal::SIGTERM);
    let log = office.read("log");
    assert!(log.contains("•••") && !log.contains("hunter-22"), "{log}");
}

#[test]
fn a_damaged_store_says_what_to_do() {
    let office = Office::parked();
    for entry in walk(&office.path(".botswain/store")) {
        let length = std::fs::metadata(&entry).unwrap().len();
        std::fs::write(&entry, vec![0x5a; usize::try_from(length).unwrap()]).unwrap();
    }
    for args in [["up"].as_slice(), &["runs", "list"], &["doctor"]] {
        let answer = office.says(args);
        assert!(answer.starts_with("exit 1"), "{answer}");
        assert!(
            answer.contains("the store `HERE/.botswain/store` is damaged"),
            "{answer}"
        );
        assert!(answer.contains("restore the newest backup"), "{answer}");
        assert!(
            answer.contains("`HERE/.botswain/store.damaged-1` keeps it as it was found"),
            "{answer}"
        );
        assert!(!answer.contains("panic"), "{answer}");
        // sled's own words stay inside.
        assert!(!answer.contains("corrupt"), "{answer}");
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| walk(folder)));
    files
}

#[test]
fn what_was_saved_a_moment_ago_is_what_runs() {
    let office = Office::with(GOOD);
    let up = office.up();
    // Over and over, so that no look at the files by chance comes in between each time.
    for number in 1..=5 {
        let drop = format!(
            "steps:\n  - {{ id: drop, bot: file.drop, with: {{ to: out/{number}.txt, content: x }} }}\n"
        );
        office.write("workflows/fresh.yaml", &drop);
        let told = office.says(&["run", "fresh"]);
        assert!(told.starts_with("exit 0"), "{told}");
        assert_eq!(office.read(&format!("out/{number}.txt")), "x");
    }
    office.write(
        "workflows/fresh.yaml",
        "steps:\n  - { id: no, fail: stop }\n",
    );
    assert!(office.says(&["run", "fresh"]).starts_with("exit 3"));
    let mended = "steps:\n  - { id: no, fail: stop, on_fault: { then: continue } }\n";
    office.write("workflows/fresh.yaml", mended);
    let told = office.says(&["exceptions", "retry", "1", "--current", "--wait"]);
    assert!(told.starts_with("exit 0"), "{told}");
    assert_eq!(up.after(Signal::SIGTERM), Some(0));
}
