//! A workflow that is paused from the command line, and goes on.

use expect_test::expect;
use serde_json::json;

use crate::office::{GOOD, Office, wait_for};

/// Takes each file that comes into its folder.
fn taker(name: &str) -> String {
    format!(
        "name: {name}\ndescription: Takes what comes.\ntriggers:\n  - files: {name}/*.csv\n    settle: 1s\n    inputs: {{ file: \"{{{{trigger.file}}}}\" }}\ninputs: {{ file: {{ type: file }} }}\nsteps:\n  - {{ id: rows, bot: sheet.read, with: {{ file: \"{{{{inputs.file}}}}\", columns: {{ sku: text }} }} }}\n"
    )
}

fn ended(office: &Office, workflow: &str) -> bool {
    let runs = office.json(&["runs", "--workflow", workflow]);
    let mut runs = runs.as_array().unwrap().iter();
    runs.any(|run| run["state"] == "succeeded")
}

#[test]
fn what_is_paused_starts_nothing_by_itself_until_it_is_resumed() {
    let office = Office::with(GOOD);
    office.write("workflows/intake.yaml", &taker("intake"));
    office.write("workflows/other.yaml", &taker("other"));
    let pause = ["workflows", "pause", "intake", "--note", "the shop is down"];
    let alone = office.says(&pause);
    expect![[r#"
        exit 0
        --- stdout
        `intake` starts nothing by itself since CLOCK (anna: the shop is down); see `botswain workflows resume intake`
        --- stderr
    "#]]
    .assert_eq(&alone);
    expect![[r#"
        exit 0
        --- stdout
        workflow  inputs  starts  paused  description
        enter  file: file, folder?: text  Hands each line over as a file.
        intake  file: file  files intake/*.csv  by anna since CLOCK  Takes what comes.
        other  file: file  files other/*.csv  Takes what comes.
        --- stderr
    "#]]
    .assert_eq(&office.says(&["workflows"]));
    assert_eq!(office.json(&["workflows"])[1]["paused"]["by"], "anna");
    let schedules = office.json(&["schedule"]);
    let paused: Vec<_> = schedules.as_array().unwrap().iter().collect();
    let paused = paused
        .iter()
        .map(|it| (it["workflow"].as_str().unwrap(), &it["is_paused"]));
    assert_eq!(
        paused.collect::<Vec<_>>(),
        [("intake", &json!(true)), ("other", &json!(false))]
    );
    let told = office.says(&["schedule"]);
    assert!(told.contains("paused"), "{told}");

    // What one command has said holds for the daemon that comes; the other workflow does not wait.
    let up = office.up();
    office.write("intake/a.csv", "sku\n1\n");
    office.write("other/a.csv", "sku\n1\n");
    wait_for("the other workflow", || ended(&office, "other"));
    assert_eq!(office.json(&["runs", "--workflow", "intake"]), json!([]));

    let resumed = office.json(&["workflows", "resume", "intake"]);
    assert_eq!(
        (&resumed["name"], &resumed["paused"]),
        (&json!("intake"), &json!(null))
    );
    wait_for("what has waited", || ended(&office, "intake"));
    assert_eq!(
        office.json(&["workflows", "pause", "intake"])["paused"]["by"],
        "anna"
    );
    drop(up);
}

#[test]
fn nothing_is_paused_that_is_not_there() {
    let office = Office::with(GOOD);
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no workflow `entr`
        hint: `botswain new NAME` begins one
    "#]]
    .assert_eq(&office.says(&["workflows", "pause", "entr"]));
}

#[test]
fn a_file_of_pauses_that_cannot_be_read_is_told_with_a_way_out() {
    let office = Office::with(GOOD);
    office.says(&["workflows", "pause", "enter", "--note", "the shop is down"]);
    office.write(".botswain/pauses.json", "{");
    let said = office.says(&["workflows"]);
    assert!(said.starts_with("exit 1\n"), "{said}");
    assert!(said.contains("pauses.json` cannot be read: "), "{said}");
    let hint = "hint: mend `.botswain/pauses.json`, or remove it: then nothing is paused\n";
    assert!(said.ends_with(hint), "{said}");
}
