//! What starts workflows by itself, seen from outside: files, ends of others, periods.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::office::{Office, wait_for};

/// Copies each file that comes into `in/`, and says afterwards that it did.
fn office() -> Office {
    let office = Office::with("order,sku,amount\n1,a,1\n");
    office.write(
        "workflows/intake.yaml",
        "name: intake\ndescription: Takes what comes.\ntriggers:\n  - files: in/*.csv\n    settle: 1s\n    inputs: { file: \"{{trigger.file}}\" }\ninputs: { file: { type: file } }\nsteps:\n  - { id: rows, bot: sheet.read, with: { file: \"{{inputs.file}}\", columns: { sku: text } } }\n  - { id: put, bot: file.drop, with: { to: \"out/{{run.id}}.txt\", content: \"{{text (len steps.rows.rows)}}\" } }\noutputs: { rows: \"{{len steps.rows.rows}}\" }\n",
    );
    office.write(
        "workflows/report.yaml",
        "name: report\ndescription: Says what came of it.\ntriggers:\n  - finished: intake\n    inputs: { what: \"run {{trigger.run}} of {{trigger.workflow}} has {{trigger.state}} with {{trigger.outputs.rows}} rows\" }\ninputs: { what: { type: text } }\nsteps:\n  - { id: put, bot: file.drop, with: { to: \"reports/{{run.id}}.txt\", content: \"{{inputs.what}}\" } }\n",
    );
    office
}

/// The runs of a workflow, the newest first.
fn runs(office: &Office, workflow: &str) -> Vec<Value> {
    let runs = office.json(&["runs", "--workflow", workflow]);
    runs.as_array().unwrap().clone()
}

fn ended(office: &Office, workflow: &str, count: usize) -> bool {
    let runs = runs(office, workflow);
    let is_done = |run: &&Value| run["state"] == "succeeded";
    runs.iter().filter(is_done).count() == count
}

#[test]
fn each_file_that_comes_is_one_run_and_its_end_starts_another() {
    let office = office();
    office.write("in/a.csv", "sku\n1\n2\n");
    // Still on its way, and of no interest.
    office.write("in/b.csv.part", "sku\n");
    office.write("in/readme.txt", "hello");
    let up = office.up();
    wait_for("the file to be taken", || ended(&office, "intake", 1));
    wait_for("its follower", || ended(&office, "report", 1));
    let follower = runs(&office, "report")[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let report = office.read(&format!("reports/{follower}.txt"));
    assert_eq!(report, "run 1 of intake has succeeded with 2 rows");
    let key = runs(&office, "intake")[0]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(key.starts_with("in/a.csv, 8 bytes of 20"), "{key}");
    let shown = office.says(&["runs", "show", "1"]);
    assert!(shown.contains("the trigger `files in/*.csv`"), "{shown}");

    // Neither a second look nor another daemon takes it again; what is written anew is new.
    up.signal(Signal::SIGKILL);
    drop(up);
    let up = office.up();
    office.write("in/b.csv", "sku\n1\n");
    wait_for("the other file", || ended(&office, "intake", 2));
    office.write("in/a.csv", "sku\n1\n2\n3\n");
    wait_for("the file that was written anew", || {
        ended(&office, "intake", 3)
    });
    wait_for("their followers", || ended(&office, "report", 3));
    assert_eq!(runs(&office, "intake").len(), 3);
    assert_eq!(up.after(Signal::SIGTERM), Some(0));
}

#[test]
fn what_a_run_by_hand_starts_waits_for_the_daemon() {
    let office = office();
    office.write("lines/a.csv", "sku\n1\n");
    let told = office.says(&["run", "intake", "-i", "file=lines/a.csv"]);
    assert!(told.starts_with("exit 0"), "{told}");
    assert!(
        runs(&office, "report").is_empty(),
        "nothing was asked of it"
    );
    let _up = office.up();
    wait_for("the follower", || ended(&office, "report", 1));
}

#[test]
fn a_folder_that_cannot_be_read_is_told_to_a_person() {
    let office = office();
    // A file where the folder should be.
    office.write("in", "no folder");
    let _up = office.up();
    wait_for("the exception", || {
        let open = office.json(&["exceptions", "list"]);
        open.as_array().unwrap().len() == 1
    });
    let shown = office.says(&["exceptions", "show", "1"]);
    assert!(shown.contains("the folder `in` cannot be read"), "{shown}");
    assert!(shown.contains("intake"), "{shown}");
}

#[test]
fn what_starts_each_workflow_is_listed() {
    let office = office();
    office.write(
        "workflows/often.yaml",
        "name: often\ntriggers: [ { every: 6h } ]\nsteps: [ { id: a, wait: 1s } ]\n",
    );
    office.write("holidays.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    office.write(
        "workflows/workdays.yaml",
        "name: workdays\ntriggers: [ { cron: \"0 7 * * MON-FRI\", calendar: { skip: holidays.ics, shift: next } } ]\npromise: { before: \"10:00\" }\nsteps: [ { id: a, wait: 1s } ]\n",
    );
    assert!(office.says(&["check"]).starts_with("exit 0"));
    let schedule = office.json(&["schedule"]);
    let rows: Vec<(&str, &str, bool)> = schedule
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let next = it["next"].as_array().unwrap();
            let (workflow, trigger) = (&it["workflow"], &it["trigger"]);
            (
                workflow.as_str().unwrap(),
                trigger.as_str().unwrap(),
                next.is_empty(),
            )
        })
        .collect();
    assert!(rows.contains(&("often", "every 6h", false)), "{rows:?}");
    assert!(
        rows.contains(&("workdays", "0 7 * * MON-FRI", false)),
        "{rows:?}"
    );
    assert_eq!(
        rows[2..],
        [
            ("intake", "files in/*.csv", true),
            ("report", "finished intake", true)
        ]
    );
    let told = office.says(&["schedule"]);
    assert!(told.contains("when it happens"), "{told}");
    let told = office.says(&["workflows"]);
    assert!(told.contains("files in/*.csv"), "{told}");
}
