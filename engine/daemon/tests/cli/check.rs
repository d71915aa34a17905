//! Mistakes in files, and wrong usage.

use expect_test::expect;

use crate::office::{GOOD, Office};

const MISTAKES: &str = r#"name: wrong
inputs:
  file: { type: fil }
steps:
  - id: lines
    bot: sheet.reed
    with: { file: x }
  - id: größe
    bot: file.drop
    with: { to: "{{steps.lines.rowz}", content: x }
"#;

#[test]
fn every_mistake_is_shown_at_its_place() {
    let office = Office::with(GOOD);
    office.write("workflows/wrong.yaml", MISTAKES);
    expect![[r#"
        exit 2
        --- stdout
        error[language.value]: `type` cannot be `fil`
         --> workflows/wrong.yaml:3:17
          |
        3 |  file: { type: fil }
          |  ^^^
          |
          = hint: did you mean `file`?

        error[steps.unknown_bot]: there is no bot `sheet.reed`
         --> workflows/wrong.yaml:6:10
          |
        6 |  bot: sheet.reed
          |  ^^^^^^^^^^
          |
          = hint: did you mean `sheet.read`?

        error[steps.id]: `größe` cannot be the id of a step
         --> workflows/wrong.yaml:8:9
          |
        8 |  - id: größe
          |  ^^^^^
          |
          = hint: use letters, digits, `-` and `_`, beginning with a letter

        error[template.syntax]: `}` has no meaning in an expression
          --> workflows/wrong.yaml:10:36
           |
        10 |  with: { to: "{{steps.lines.rowz}", content: x }
           |  ^
           |
           = hint: an expression stands between `{{` and `}}`

        4 errors in 1 of 3 files
        --- stderr
    "#]]
    .assert_eq(&office.says(&["check"]));
    // Only what is asked for, from wherever one stands.
    expect![[r#"
        exit 0
        --- stdout
        no mistakes in 2 files
        --- stderr
    "#]]
    .assert_eq(&office.says(&["check", "workflows/enter.yaml"]));
    let report = office.json(&["check", "workflows"]);
    assert_eq!(report["diagnostics"][0]["line"], 3);
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `workflows/none.yaml` does not exist
        hint: give a path, or the name of a workflow; there are: enter, wrong
    "#]]
    .assert_eq(&office.says(&["check", "workflows/none.yaml"]));
    let outside = tempfile::NamedTempFile::new().unwrap();
    let answer = office.says(&["check", outside.path().to_str().unwrap()]);
    assert!(answer.contains("is not in the instance `HERE`"), "{answer}");
}

#[test]
fn a_workflow_with_mistakes_does_not_run() {
    let office = Office::with(GOOD);
    office.write("workflows/wrong.yaml", MISTAKES);
    let answer = office.says(&["run", "wrong"]);
    assert!(
        answer.starts_with("exit 2\n--- stdout\n--- stderr\nerror[language.value]"),
        "{answer}"
    );
    // The others do.
    let answer = office.says(&["run", "enter", "-i", "file=lines.csv"]);
    assert!(answer.starts_with("exit 0"), "{answer}");
}

#[test]
fn wrong_usage_is_2_and_says_what_to_do() {
    let office = Office::with(GOOD);
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no workflow `enetr`
        hint: did you mean `enter`?
    "#]]
    .assert_eq(&office.says(&["run", "enetr"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `file` is missing; there is no input `fle`
        hint: `enter` takes: file, folder
    "#]]
    .assert_eq(&office.says(&["run", "enter", "-i", "fle=x"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: invalid value 'file' for '--input <NAME=VALUE>': write it as `name=value`

        For more information, try '--help'.
    "#]]
    .assert_eq(&office.says(&["run", "enter", "-i", "file"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `=x=` says nothing that could be logged: invalid filter directive
        hint: write it as `debug`, or as `botswain=debug,info`
    "#]]
    .assert_eq(&office.says(&["--log", "=x=", "runs"]));
    office.write("botswain.yaml", "name: office\ntimezon: UTC\n");
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error[config.unknown_key]: `timezon` is not known here
         --> botswain.yaml:2:1
          |
        2 | timezon: UTC
          | ^^^^^^^
          |
          = hint: did you mean `timezone`?

        error: `botswain.yaml` has mistakes
        hint: mend them, then start again; `botswain check` shows them
    "#]]
    .assert_eq(&office.says(&["up"]));
    std::fs::remove_file(office.path("botswain.yaml")).unwrap();
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no `botswain.yaml` in `HERE/.`
        hint: change into your instance's folder, name it with `--dir` or `BOTSWAIN_DIR`, make one by `botswain new NAME` in an empty folder, or try `botswain demo`
    "#]].assert_eq(&office.says(&["--dir", ".", "runs"]));
}

#[test]
fn mistakes_in_botswain_yaml_hide_none_in_the_workflows() {
    let office = Office::with(GOOD);
    office.write(
        "workflows/tell.yaml",
        r#"steps:
  - id: tell
    bot: mail.send
    connection: mail
    with: { to: a@example.com, subject: x, text: "{{inputs.none}}" }
  - id: ask
    bot: http.get
    connection: mail
    with: { path: / }
  - id: other
    bot: http.get
    connection: nobody
    with: { path: / }
"#,
    );
    let mail = "connections: { mail: { kind: smtp } }\n";
    office.write("botswain.yaml", &format!("name: office\n{mail}"));
    let found = || {
        let report = office.json(&["check"]);
        let found = report["diagnostics"].as_array().unwrap().iter();
        let words = found.map(|one| {
            format!(
                "{}:{}: {}\n",
                one["file"].as_str().unwrap(),
                one["line"],
                one["message"].as_str().unwrap()
            )
        });
        words.collect::<String>()
    };
    expect![[r#"
        botswain.yaml:2: `host` is missing
        botswain.yaml:2: `from` is missing
        workflows/tell.yaml:5: there is no input `none`
        workflows/tell.yaml:8: `mail` is a connection of kind `smtp`
        workflows/tell.yaml:12: there is no connection `nobody`
    "#]]
    .assert_eq(&found());
    // Which connections there are is not known.
    let misspelt = "name: office\nconections: {}\n";
    let kind = "connections: { mail: { kind: smpt } }\n";
    for config in ["name: [office\n", misspelt, kind] {
        office.write("botswain.yaml", config);
        let found = found();
        assert!(found.contains("tell.yaml:5"), "{found}");
        assert!(!found.contains("tell.yaml:12"), "{found}");
    }
    office.write("botswain.yaml", "name: office\n");
    let found = found();
    assert!(found.contains("no connection `nobody`"), "{found}");
}

#[test]
fn a_file_that_is_no_text_stops_no_other() {
    let office = Office::with(GOOD);
    let latin = b"# Auftr\xe4ge\nsteps: []\n";
    std::fs::write(office.path("workflows/latin.yaml"), latin).unwrap();
    let large = "#".repeat(1024 * 1024 + 1);
    office.write("workflows/large.yaml", &large);
    expect![[r#"
        exit 2
        --- stdout
        error[instance.file]: the file is larger than 1024 KiB
        --> workflows/large.yaml:1:1
         = hint: mend it, or move it elsewhere

        error[instance.file]: the file is not text in UTF-8
        --> workflows/latin.yaml:1:8
         = hint: save the file as UTF-8

        2 errors in 2 of 4 files
        --- stderr
    "#]]
    .assert_eq(&office.says(&["check"]));
    let answer = office.says(&["run", "enter", "-i", "file=lines.csv"]);
    assert!(answer.starts_with("exit 0"), "{answer}");
    let answer = office.says(&["run", "latin"]);
    assert!(answer.contains("the file is not text in UTF-8"), "{answer}");
}

#[test]
fn a_secret_that_is_not_set_is_a_warning() {
    let office = Office::with(GOOD);
    office.write(
        "botswain.yaml",
        r#"name: office
connections:
  shop:
    kind: web
    address: https://shop.example.com
    auth: { bearer: "{{secrets.shop}}" }
"#,
    );
    expect![[r#"
        exit 0
        --- stdout
        warning[config.secret_unset]: the secret `shop` is not set
         --> botswain.yaml:6:21
          |
        6 |  auth: { bearer: "{{secrets.shop}}" }
          |  ^^^^^^^^^^^^^^^^^^
          |
          = hint: run `botswain secret set shop`

        1 warning in 1 of 2 files
        --- stderr
    "#]]
    .assert_eq(&office.says(&["check"]));
    let text = std::fs::read_to_string(office.path("botswain.yaml")).unwrap();
    office.write("botswain.yaml", &text.replace("kind: web", "kind: http"));
    let report = office.json(&["check"]);
    assert_eq!(report["diagnostics"][0]["hint"], "did you mean `web`?");
}

#[test]
fn what_a_workflow_calls_is_checked_with_it() {
    let office = Office::with(GOOD);
    office.write(
        "workflows/caller.yaml",
        "steps:\n  - { id: a, call: called, with: { dya: \"{{today}}\" } }\n  - { id: ask, approve: \"{{steps.a.cuont}}?\", ask: [bosses] }\n",
    );
    let called = "inputs: { day: { type: date } }\nsteps: [{ id: a, wait: 1s }]\noutputs: { count: \"{{len inputs.day}}\" }\n";
    office.write("workflows/called.yaml", called);
    let messages = |path: &str| {
        let report = office.json(&["check", path]);
        let found = report["diagnostics"].as_array().unwrap().iter();
        let found = found.map(|it| format!("{}: {} ({})", it["file"], it["message"], it["hint"]));
        found.collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        "workflows/caller.yaml": "the called workflow has no input `dya`" ("did you mean `day`?")
        "workflows/caller.yaml": "`steps.a` has no `cuont`" ("did you mean `count`?")
        "workflows/caller.yaml": "there is no group `bosses`" ("name its people in botswain.yaml: `groups: { bosses: [anna@example.com] }`")"#]].assert_eq(&messages("workflows/caller.yaml"));
    // What is wrong with the other is told when it is asked for.
    office.write("workflows/called.yaml", "steps: [{ id: a, wiat: 1s }]\n");
    expect![[r#"
        "workflows/caller.yaml": "`called` has mistakes, so it cannot be called" ("see `botswain check called`")
        "workflows/caller.yaml": "there is no group `bosses`" ("name its people in botswain.yaml: `groups: { bosses: [anna@example.com] }`")"#]].assert_eq(&messages("workflows/caller.yaml"));
    office.write("workflows/called.yaml", called);
    office.write(
        "workflows/caller.yaml",
        "steps: [{ id: a, call: called, with: { day: \"{{today}}\" } }]\n",
    );
    assert_eq!(messages("workflows"), "");
}
