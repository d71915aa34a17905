//! Workflows to begin from: each kind passes the check and runs as far as it can.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use expect_test::expect;
use serde_json::Value;

use crate::desk::Desk;

const KINDS: [&str; 5] = [
    "order-entry",
    "mail-intake",
    "file-exchange",
    "api-to-sheet",
    "report",
];

#[test]
fn in_an_empty_folder_it_makes_an_instance_too() {
    let desk = Desk::empty();
    expect![[r#"
        exit 0
        --- stdout
        made an instance: botswain.yaml
        wrote samples/orders.csv
        wrote templates/orders.html.hbs
        wrote workflows/fixtures/orders.csv
        wrote workflows/orders.test.yaml
        wrote workflows/orders.yaml
        --- stderr

        next:
          put your own addresses into botswain.yaml
          botswain secret set office_mail
          botswain check
          botswain test workflows/orders.yaml
          botswain run orders
          botswain up
    "#]]
    .assert_eq(&desk.says(&["new", "orders", "--kind", "order-entry"]));
    expect![[r#"
        .gitignore
        botswain.yaml
        samples/orders.csv
        schema/botswain.json
        schema/workflow.json
        templates/orders.html.hbs
        workflows/fixtures/orders.csv
        workflows/orders.test.yaml
        workflows/orders.yaml"#]]
    .assert_eq(&desk.files().join("\n"));
    expect![[r##"
        # yaml-language-server: $schema=schema/botswain.json
        name: "office"
        timezone: Europe/Berlin

        # The outside systems. Put your own addresses here.
        connections:
          backoffice:
            kind: web
            address: https://office.example.com

          office-mail:
            kind: smtp
            host: smtp.example.com
            username: ops@example.com
            password: "{{secrets.office_mail}}"
            from: ops@example.com
    "##]]
    .assert_eq(&desk.read("botswain.yaml"));
}

#[test]
fn every_kind_passes_the_check_and_its_test_in_a_new_instance() {
    for kind in KINDS {
        let desk = Desk::empty();
        let made = desk.says(&["new", "work", "--kind", kind]);
        assert!(made.starts_with("exit 0"), "{kind}: {made}");
        let checked = desk.command(&["check", "--json"]).output().unwrap();
        let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!(checked["errors"], 0, "{kind}: {checked:#}");
        // The one warning is about a secret that is still to be set.
        let found = checked["diagnostics"].as_array().unwrap();
        let about_secrets = |it: &Value| it["message"].as_str().unwrap().contains("secret");
        assert!(found.iter().all(about_secrets), "{kind}: {checked:#}");
        let comes_by_file = kind == "file-exchange";
        let text = desk.read("workflows/work.yaml");
        let comes_by_mail = text.contains("- mail: orders-mail");
        assert_eq!(comes_by_mail, kind == "mail-intake", "{text}");
        assert_eq!(
            text.contains("files: inbox/work/*.csv"),
            comes_by_file,
            "{text}"
        );
        assert_eq!(desk.path("inbox/work").is_dir(), comes_by_file, "{kind}");
        let played = desk.says(&["test"]);
        assert!(played.starts_with("exit 0"), "{kind}: {played}");
        let workflow = desk.read("workflows/work.yaml");
        let line = "# yaml-language-server: $schema=../schema/workflow.json";
        assert_eq!(workflow.lines().next(), Some(line), "{kind}");
        assert!(
            !workflow.contains('@') || workflow.contains("@example.com"),
            "{workflow}"
        );
    }
}

#[test]
fn in_an_instance_what_is_lacking_is_printed_and_then_it_passes() {
    for kind in KINDS {
        let config = "name: office\nconnections:\n  site:\n    kind: web\n    address: https://shop.example.com\n";
        let desk = Desk::with(config);
        let made = desk
            .command(&["new", "work", "--kind", kind, "--cron", "@daily"])
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&made.stderr);
        assert_eq!(desk.read("botswain.yaml"), config, "it is left alone");
        // The web connection that is there is taken.
        assert!(!told.contains("backoffice"), "{told}");
        let lacking = told.split("connections:\n").nth(1).unwrap_or_default();
        let lacking = lacking.split("\n\n").next().unwrap();
        desk.write("botswain.yaml", &format!("{config}{lacking}\n"));
        let checked = desk.says(&["check"]);
        assert!(checked.starts_with("exit 0"), "{kind}: {checked}");
    }
}

#[test]
fn a_workflow_that_needs_nobody_else_runs_as_it_was_written() {
    let desk = Desk::empty();
    desk.says(&["new", "stock", "--kind", "file-exchange"]);
    let ran = desk.says(&["run", "stock"]);
    assert!(ran.starts_with("exit 0"), "{ran}");
    let files = desk.files();
    let dropped = files.iter().find(|file| file.starts_with("outbox/"));
    expect![[r#"
        article;available;price
        0042;12;"9,90"
        0007;0;"25,50"
    "#]]
    .assert_eq(&desk.read(dropped.unwrap()));
}

#[test]
fn nothing_is_overwritten() {
    let desk = Desk::empty();
    desk.says(&["new", "report", "--kind", "report"]);
    desk.write("workflows/report.yaml", "steps: [] # mine");
    let files = desk.files();
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `samples/report.csv` is there already, and nothing was written
        hint: take another name
    "#]]
    .assert_eq(&desk.says(&["new", "report", "--kind", "order-entry"]));
    assert_eq!(desk.read("workflows/report.yaml"), "steps: [] # mine");
    assert_eq!(desk.files(), files);
}

#[test]
fn what_it_cannot_do_it_says() {
    let desk = Desk::empty();
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: it is not said what the workflow does
        hint: write `--kind` with one of: order-entry, mail-intake, file-exchange, api-to-sheet, report
    "#]]
    .assert_eq(&desk.says(&["new", "orders"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `My Orders` cannot be a name (`NAME`)
        hint: use small letters, digits and dashes, beginning with a letter
    "#]]
    .assert_eq(&desk.says(&["new", "My Orders", "--kind", "report"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `--cron`: hour `25` is not between 0 and 23; the hour is 0 to 23, `*`, a range `a-b`, a list `a,b` or a step `*/n`
    "#]].assert_eq(&desk.says(&[
        "new",
        "orders",
        "--kind",
        "report",
        "--cron",
        "0 25 * * *",
    ]));
    assert_eq!(desk.files(), [] as [&str; 0], "nothing was written");
    desk.write("letter.txt", "");
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no `botswain.yaml` for `/home/anna/office`, and the folder is not empty
        hint: change into your instance's folder or an empty one, or name a new one with `--dir`
    "#]]
    .assert_eq(&desk.says(&["new", "orders", "--kind", "report"]));
    let made = desk.says(&["--dir", "office", "new", "orders", "--kind", "report"]);
    assert!(made.starts_with("exit 0"), "{made}");
    assert!(desk.path("office/workflows/orders.yaml").exists());
}

/// `script` (bsdutils, on every Debian) gives it a terminal.
#[test]
fn on_a_terminal_it_asks() {
    let desk = Desk::empty();
    let line = format!("{} new orders", env!("CARGO_BIN_EXE_botswain"));
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .current_dir(desk.path(""))
        .env_remove("BOTSWAIN_DIR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let answers = "5\n\n@weekly\nmy-mail\nboss@example.com\n";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(answers.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("Who gets the mail? [ops@example.com]"),
        "{said}"
    );
    let workflow = desk.read("workflows/orders.yaml");
    for part in [
        "cron: \"@weekly\"",
        "connection: my-mail",
        "to: \"boss@example.com\"",
    ] {
        assert!(workflow.contains(part), "{workflow}");
    }
}

#[test]
fn a_new_workflow_goes_into_its_folder_with_what_is_about_it() {
    let desk = Desk::with("name: office\n");
    let args = [
        "new",
        "parts",
        "--kind",
        "file-exchange",
        "--folder",
        "sales/export",
    ];
    let said = desk.says(&args);
    assert!(
        said.contains("botswain test workflows/sales/export/parts.yaml"),
        "{said}"
    );
    let files = desk.files().join("\n");
    for file in ["parts.yaml", "parts.test.yaml", "fixtures/parts.csv"] {
        assert!(
            files.contains(&format!("workflows/sales/export/{file}")),
            "{files}"
        );
    }
    let text = desk.read("workflows/sales/export/parts.yaml");
    assert!(
        text.contains("$schema=../../../schema/workflow.json"),
        "{text}"
    );
    let said = desk.says(&["test"]);
    assert!(said.starts_with("exit 0"), "{said}");
    let said = desk.says(&[
        "new",
        "parts",
        "--kind",
        "file-exchange",
        "--folder",
        "sales",
    ]);
    assert!(said.contains("is there already"), "{said}");
}
