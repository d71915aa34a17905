//! Workflows in folders: found, run, tested, pushed and written where they lie.

use expect_test::expect;

use crate::office::{GOOD, Office};

/// A workflow that does nothing outside.
fn quiet(name: &str) -> String {
    format!("name: {name}\nsteps: [{{ id: a, set: {{ b: \"1\" }} }}]\n")
}

#[test]
fn a_workflow_in_a_folder_is_one_as_any_other() {
    let office = Office::with(GOOD);
    office.write("workflows/purchasing/approvals/po.yaml", &quiet("po"));
    let tests = "tests:\n  - { name: it goes on, expect: { state: succeeded } }\n";
    office.write("workflows/purchasing/approvals/po.test.yaml", tests);
    office.write("workflows/.hidden/secret.yaml", "no workflow");
    office.write("workflows/fixtures/data.yaml", "no workflow");
    expect![[r#"
        exit 0
        --- stdout
        workflow  folder  inputs  description
        enter  file: file, folder?: text  Hands each line over as a file.
        po  purchasing/approvals
        --- stderr
    "#]]
    .assert_eq(&office.says(&["workflows"]));
    expect![[r#"
        exit 0
        --- stdout
        ok  po: it goes on
        1 test passed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["test"]));
    for way in [
        "po",
        "workflows/purchasing",
        "workflows/purchasing/approvals/po.yaml",
    ] {
        let said = office.says(&["check", way]);
        assert!(said.starts_with("exit 0"), "{way}: {said}");
        assert!(office.says(&["test", way]).contains("1 test"), "{way}");
    }
    let said = office.says(&["run", "po"]);
    assert!(said.starts_with("exit 0"), "{said}");
    assert_eq!(
        office.json(&["workflows"])[1]["folder"],
        "purchasing/approvals"
    );
    for dry in ["--dry-run", "--replay"] {
        let args: &[&str] = match dry {
            "--replay" => &["run", "--replay", "1"],
            _ => &["run", "po", dry],
        };
        let said = office.says(args);
        assert!(said.starts_with("exit 0"), "{said}");
    }
    let said = office.says(&["workflows", "diff", "po", "--file"]);
    assert!(said.starts_with("exit 0"), "{said}");
}

#[test]
fn a_name_is_there_once_in_all_folders() {
    let office = Office::with(GOOD);
    office.write("workflows/sales/po.yaml", &quiet("po"));
    office.write("workflows/purchasing/po.yaml", &quiet("po"));
    expect![[r#"
        exit 2
        --- stdout
        error[workflow.twice]: `workflows/sales/po.yaml` is called the same, and neither is followed
         --> workflows/purchasing/po.yaml:1:1
          |
        1 | name: po
          | ^
          |
          = hint: a name is there once in all folders: rename one of them

        error[workflow.twice]: `workflows/purchasing/po.yaml` is called the same, and neither is followed
         --> workflows/sales/po.yaml:1:1
          |
        1 | name: po
          | ^
          |
          = hint: a name is there once in all folders: rename one of them

        2 errors in 2 of 4 files
        --- stderr
    "#]].assert_eq(&office.says(&["check"]));
    let said = office.says(&["new", "po", "--kind", "report", "--folder", "third"]);
    assert!(
        said.contains("is there already, and nothing was written"),
        "{said}"
    );
    assert!(!office.path("workflows/third").exists());
}

/// What was followed goes on, and a file that has moved is followed still.
#[test]
fn the_daemon_follows_files_through_folders() {
    let office = Office::with(GOOD);
    office.write("workflows/po.yaml", &quiet("po"));
    let _up = office.up();
    let run = || office.says(&["run", "po"]);
    assert!(run().starts_with("exit 0"), "{}", run());
    std::fs::create_dir(office.path("workflows/sales")).unwrap();
    let (from, to) = ("workflows/po.yaml", "workflows/sales/po.yaml");
    std::fs::rename(office.path(from), office.path(to)).unwrap();
    assert!(run().starts_with("exit 0"), "{}", run());
    let versions = office.json(&["workflows", "versions", "po"]);
    assert_eq!(versions.as_array().unwrap().len(), 1, "{versions}");
    // What is saved there is what the next run does.
    office.write(to, &quiet("po").replace("\"1\"", "\"2\""));
    assert!(run().starts_with("exit 0"), "{}", run());
    let diff = office.says(&["workflows", "diff", "po"]);
    assert!(diff.contains("workflows/sales/po.yaml"), "{diff}");
    office.write("workflows/other/new-one.yaml", &quiet("new-one"));
    let said = office.says(&["run", "new-one"]);
    assert!(said.starts_with("exit 0"), "{said}");
}

#[test]
fn a_file_is_pushed_to_where_it_lies_and_a_new_one_into_a_folder() {
    let office = Office::with(GOOD);
    office.write("workflows/sales/po.yaml", &quiet("po"));
    let _up = office.up();
    let desk = tempfile::tempdir().unwrap();
    let push = |name: &str, text: &str, more: &[&str]| {
        let file = desk.path().join(format!("{name}.yaml"));
        std::fs::write(&file, text).unwrap();
        office.says(&[&["push", file.to_str().unwrap()], more].concat())
    };
    let text = quiet("po").replace("\"1\"", "\"2\"");
    let said = push("po", &text, &[]);
    assert!(said.starts_with("exit 0"), "{said}");
    assert_eq!(office.read("workflows/sales/po.yaml"), text);
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `po` is not in this folder
        hint: it is `workflows/sales/po.yaml`: leave the folder out, or move the file there
    "#]]
    .assert_eq(&push("po", &quiet("po"), &["--folder", "purchasing"]));
    let said = push("invoice", &quiet("invoice"), &["--folder", "sales/export"]);
    assert!(said.starts_with("exit 0"), "{said}");
    assert_eq!(
        office.read("workflows/sales/export/invoice.yaml"),
        quiet("invoice")
    );
    for folder in [
        "../out",
        "/tmp",
        "a//b",
        ".git",
        "Sales",
        "a/b/c/d/e/f/g/h/i",
        "fixtures",
    ] {
        let said = push("fresh", &quiet("fresh"), &["--folder", folder]);
        assert!(
            said.contains("cannot be a folder of workflows"),
            "{folder}: {said}"
        );
    }
    // No folder that is a link is gone through.
    std::os::unix::fs::symlink(desk.path(), office.path("workflows/linked")).unwrap();
    let said = push("fresh", &quiet("fresh"), &["--folder", "linked"]);
    assert!(
        said.contains("`workflows/linked` is no plain file"),
        "{said}"
    );
    assert!(
        office
            .says(&["check"])
            .contains("`workflows/linked` leads out")
    );
}

#[test]
fn roles_in_folders_are_given_and_listed() {
    let office = Office::with(GOOD);
    let password = "correct horse battery";
    let add = [
        "user",
        "add",
        "mia",
        "--role",
        "viewer",
        "--folder",
        "sales=author",
    ];
    let said = office.hears(&add, password);
    assert!(said.starts_with("exit 0"), "{said}");
    expect![[r#"
        exit 0
        --- stdout
        name  role  in folders  last seen
        mia  viewer  sales=author  never
        --- stderr
    "#]]
    .assert_eq(&office.says(&["user", "list"]));
    let change = ["user", "change", "mia", "--folder", "sales/export=handler"];
    assert!(office.says(&change).starts_with("exit 0"));
    let folders = || office.json(&["user", "list"])[0]["folders"].clone();
    assert_eq!(folders(), serde_json::json!({ "sales/export": "handler" }));
    for (folder, why) in [
        ("sales", "it is a folder and a role"),
        ("sales=admin", "viewer, handler or author"),
        ("sales=none", "viewer, handler or author"),
        ("../x=author", "cannot be a folder"),
        ("=author", "cannot be a folder"),
    ] {
        let said = office.says(&["user", "change", "mia", "--folder", folder]);
        assert!(
            said.contains(why) && !said.starts_with("exit 0"),
            "{folder}: {said}"
        );
    }
    assert!(
        office
            .says(&["user", "change", "mia", "--no-folders"])
            .starts_with("exit 0")
    );
    assert_eq!(folders(), serde_json::json!({}));
    let said = office.says(&["audit", "--act", "change_person", "--json"]);
    assert!(said.contains("sales/export: handler"), "{said}");
}
