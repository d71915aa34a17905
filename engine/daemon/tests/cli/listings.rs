//! What there is, with and without a daemon.

use expect_test::expect;

use crate::office::{GOOD, Office};

#[test]
fn runs_are_the_same_with_and_without_a_daemon() {
    let office = Office::parked();
    let alone = [office.says(&["runs"]), office.says(&["runs", "show", "1"])];
    expect![[r#"
        exit 0
        --- stdout
        run  workflow  state  started  why
        1  enter  parked  DATE, AGO  1 of its items waits for a person at `each`
        --- stderr
    "#]]
    .assert_eq(&alone[0]);
    expect![[r#"
        exit 0
        --- stdout
        run 1 of enter: parked
          1 of its items waits for a person at `each`

        started  DATE, AGO
        by  anna

        inputs
        file  lines.csv
        folder  out

        steps
        lines (sheet.read)  succeeded
        each (for_each)  open; 2 items: 1 succeeded, 1 parked

        items of each
        item  key  state  took  why
        1.each.0  1001  succeeded  LENGTH
        1.each.1  1002  parked  `drop` waits for a person

        exceptions
        id  run  step  key  message
        1  1.each.1  drop  1002  `out/../../up.txt` leads outside the allowed folders
        --- stderr
    "#]]
    .assert_eq(&alone[1]);
    let up = office.up();
    let served = [office.says(&["runs"]), office.says(&["runs", "show", "1"])];
    assert_eq!(alone, served);
    drop(up);
    let none = office.json(&["runs", "--state", "succeeded"]);
    assert_eq!(none, serde_json::json!([]));
    let items = &office.json(&["runs", "show", "1"])["items"]["each"];
    assert_eq!(
        (&items[0]["state"], &items[1]["state"]),
        (&"succeeded".into(), &"parked".into())
    );
}

#[test]
fn a_page_of_runs_goes_on_where_the_last_one_ended() {
    let office = Office::with(GOOD);
    let up = office.up();
    for _ in 0..3 {
        office.says(&["run", "enter", "-i", "file=lines.csv"]);
    }
    let ids = |args: &[&str]| -> Vec<String> {
        let runs = office.json(args);
        let ids = runs.as_array().unwrap().iter();
        ids.map(|run| run["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&["runs"]), ["3", "2", "1"]);
    assert_eq!(ids(&["runs", "list", "--limit", "2"]), ["3", "2"]);
    drop(up);
}

#[test]
fn a_secret_comes_from_a_pipe_and_is_never_shown() {
    let office = Office::with(GOOD);
    let set = office.hears(&["secret", "set", "shop"], "canary-value\n");
    expect![[r#"
        exit 0
        --- stdout
        --- stderr
        `shop` is set (version 1)
    "#]]
    .assert_eq(&set);
    let list = office.says(&["secret", "list"]);
    expect![[r#"
        exit 0
        --- stdout
        secret  version  set
        shop  1  DATE, AGO
        --- stderr
    "#]]
    .assert_eq(&list);
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error: the value has fewer than 4 characters and could not be masked in logs
    "#]]
    .assert_eq(&office.hears(&["secret", "set", "pin"], "abc"));
    expect![[r#"
        exit 0
        --- stdout
        --- stderr
        `shop` is removed
    "#]]
    .assert_eq(&office.says(&["secret", "remove", "shop"]));
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error: there is no secret `shop`
        hint: run `botswain secret set shop`
    "#]]
    .assert_eq(&office.says(&["secret", "remove", "shop"]));
}

#[test]
fn workflows_schedules_and_connections() {
    let office = Office::with(GOOD);
    expect![[r#"
        exit 0
        --- stdout
        workflow  inputs  description
        enter  file: file, folder?: text  Hands each line over as a file.
        --- stderr
    "#]]
    .assert_eq(&office.says(&["workflows"]));
    expect![[r#"
        exit 0
        --- stdout
        no workflow has a trigger
        --- stderr
        hint: give one what starts it, as in `triggers: [{ cron: "0 7 * * MON-FRI" }]`
    "#]]
    .assert_eq(&office.says(&["schedule"]));
    office.write("workflows/wrong.yaml", "name: wrong\nstep: []\n");
    expect![[r#"
        exit 0
        --- stdout
        no workflow has a trigger
        --- stderr
        hint: some files have mistakes and are missing here; see `botswain check`
    "#]]
    .assert_eq(&office.says(&["schedule"]));
    std::fs::remove_file(office.path("workflows/wrong.yaml")).unwrap();
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: botswain.yaml has no connection `shop`
        hint: `botswain connections` lists them
    "#]]
    .assert_eq(&office.says(&["connections", "test", "shop"]));
    office.write("botswain.yaml", "nam: office\n");
    expect![[r#"
        exit 2
        --- stdout
        workflow  inputs  description
        enter  file: file, folder?: text  Hands each line over as a file.
        --- stderr
        error: `botswain.yaml` has mistakes, and no workflow runs before they are mended
        hint: see `botswain check`
    "#]]
    .assert_eq(&office.says(&["workflows"]));
    let settings = "name: office\nconnections:\n  post: { kind: smtp, host: 127.0.0.1, port: 1, tls: none, from: a@example.com }\n";
    office.write("botswain.yaml", settings);
    let answer = office.says(&["connections", "test"]);
    assert!(
        answer.starts_with("exit 1\n--- stdout\npost  fails"),
        "{answer}"
    );
}

#[test]
fn the_manual_of_a_bot() {
    let office = Office::with(GOOD);
    expect![[r#"
        exit 0
        --- stdout
        document.render
        Fills a template and keeps the document as an artifact.

        A template whose name ends in `.html.hbs` gives HTML and escapes what is put in; any other
        gives plain text, CSV, EDI and the like.

        Effect: none (it reads).

        parameters
        template  name of a template file (required)  A file in `templates/`.
        data  map  What the template sees, beside `run` and `today`.
        name  text  What the document is called, as in `order-1001.html`; the name of the template without `.hbs` when absent.

        output
        text  text  The document itself; null when it is larger than a step's output may be.
        file  file  The document as a file.

        faults
        document.name  business  `name` is not the name of a file

        example
        id: order
        bot: document.render
        with:
          template: purchase-order.html.hbs
          data: { order: "{{line}}" }
          name: "order-{{line.order}}.html"
        --- stderr
    "#]].assert_eq(&office.says(&["bots", "document.render"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no bot `sheet.raed`
        hint: did you mean `sheet.read`?
    "#]]
    .assert_eq(&office.says(&["bots", "sheet.raed"]));
    let all = office.says(&["bots"]);
    for bot in botswain_bots::ALL {
        assert!(all.contains(bot.name));
        let manual = office.says(&["bots", bot.name]);
        assert!(
            manual.contains("\nEffect: ")
                && manual.contains("\nparameters\n")
                && manual.contains("\nfaults\n")
                && manual.contains("\nexample\n"),
            "{manual}"
        );
    }
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let office = Office::parked();
    let found = |about: &str| {
        let findings = office.json(&["doctor"]);
        let findings = findings.as_array().unwrap().clone();
        findings
            .into_iter()
            .find(|it| it["about"] == about)
            .unwrap()
    };
    assert_eq!(found("store")["state"], "good");
    assert_eq!(found("daemon")["state"], "doubtful");
    let up = office.up();
    let daemon = found("daemon");
    assert!(
        daemon["message"]
            .as_str()
            .unwrap()
            .contains(&up.id().to_string()),
        "{daemon}"
    );
    drop(up);
    office.hears(&["secret", "set", "shop"], "canary-value");
    std::fs::write(office.path(".botswain/key"), "nonsense").unwrap();
    assert_eq!(found("secrets")["state"], "wrong");
    let answer = office.says(&["doctor"]);
    assert!(answer.starts_with("exit 1"), "{answer}");
}

#[test]
fn a_driver_of_another_version_is_told_in_one_sentence() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::with(GOOD);
    let driver = office.path("bin/chromedriver");
    office.write(
        "bin/chromedriver",
        "#!/bin/sh\necho 'ChromeDriver 7.0.1 (a fake)'\n",
    );
    std::fs::set_permissions(&driver, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", office.path("bin").display());
    let output = office
        .command(&["doctor", "--json"])
        .env("PATH", path)
        .output()
        .unwrap();
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let told = findings
        .iter()
        .filter(|it| it["about"] == "chromedriver" && it["state"] != "good");
    let told: Vec<&serde_json::Value> = told.collect();
    assert_eq!(told.len(), 1, "{findings:?}");
    let message = told[0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("version ")
            && message.ends_with(" of Chromium and 7 of its driver do not fit"),
        "{message}"
    );
    assert_eq!(
        told[0]["hint"],
        "install `chromium` and `chromium-driver` of the same version"
    );
}

#[test]
fn completions_and_schemas_are_for_programs() {
    let office = Office::with(GOOD);
    assert!(
        office
            .says(&["completions", "bash"])
            .contains("_botswain()")
    );
    assert!(office.json(&["schema"])["properties"]["steps"].is_object());
    assert!(office.json(&["schema", "instance"])["properties"]["connections"].is_object());
}
