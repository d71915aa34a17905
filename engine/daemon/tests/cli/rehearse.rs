//! `run --dry-run`, `--replay`, `--again` and `render`: shown, and not done.

use expect_test::expect;

use crate::office::{GOOD, Office};

#[test]
fn a_dry_run_shows_what_would_be_done() {
    let office = Office::with(GOOD);
    expect![[r#"
        exit 0
        --- stdout
        lines  sheet.read has read
            file: lines.csv
            columns: { order: text, sku: text, amount: decimal }

        drop@1001  file.drop would do
            File: out/0011.txt

            1001 10.10

        note@1001  file.drop would do
            File: notes/1001.txt

            0011

        drop@1002  file.drop would do
            File: out/0012.txt

            1002 20.00

        note@1002  file.drop would do
            File: notes/1002.txt

            0012

        enter would succeed; nothing was sent or changed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["run", "enter", "--dry-run", "--input", "file=lines.csv"]));
    assert!(!office.path("out").exists(), "nothing is written");
    assert!(!office.path(".botswain").exists(), "nothing is remembered");
    expect![[r#"
        exit 3
        --- stdout
        lines  sheet.read has read
            file: none.csv
            columns: { order: text, sku: text, amount: decimal }

        enter would wait for a person; nothing was sent or changed
          waits: lines: file.missing (business): there is no file `none.csv`
        --- stderr
    "#]]
    .assert_eq(&office.says(&["run", "enter", "--dry-run", "--input", "file=none.csv"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `file` is missing
    "#]]
    .assert_eq(&office.says(&["run", "enter", "--dry-run"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no workflow `entre`
        hint: did you mean `enter`?
    "#]]
    .assert_eq(&office.says(&["run", "entre", "--dry-run"]));
    let json = office.json(&["run", "enter", "--dry-run", "--input", "file=lines.csv"]);
    assert_eq!(json["state"], "succeeded");
    assert_eq!(json["steps"][1]["preview"]["kind"], "file");
    assert_eq!(json["steps"][1]["did"], "shown");
}

/// What a dry run has to invent is recognised; corrections are those of the instance.
#[test]
fn an_output_that_nobody_knows() {
    let office = Office::with(GOOD);
    office.write(
        "workflows/odd.yaml",
        "steps:
  - { id: place, bot: http.request, connection: shop, with: { method: POST, path: /x, json: { a: 1 } } }
  - { id: note, bot: file.drop, with: { to: note.txt, content: \"{{steps.place.body}} {{steps.place.status}} {{mapped \\\"t\\\" \\\"a\\\"}}\" } }
",
    );
    office.write(
        "botswain.yaml",
        "name: office\nconnections:\n  shop: { kind: web, address: https://shop.example }\n",
    );
    office.says(&["mappings", "set", "t", "a", "mended"]);
    expect![[r#"
        exit 0
        --- stdout
        place  http.request at shop would do
            Request: POST /x
            Connection: shop

            {
              "a": 1
            }

        note  file.drop would do
            File: note.txt

            ‹place.body› 0 mended

        odd would succeed; nothing was sent or changed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["run", "odd", "--dry-run"]));
}

#[test]
fn a_replay_holds_the_file_of_today_against_then() {
    let office = Office::parked();
    let same = office.says(&["run", "--replay", "1"]);
    expect![[r#"
        exit 3
        --- stdout
        lines  sheet.read, as it was recorded
            file: lines.csv
            columns: { order: text, sku: text, amount: decimal }

        drop@1001  file.drop would do
            File: out/0011.txt

            1001 10.10

        note@1001  file.drop would do
            File: notes/1001.txt

            0011

        drop@1002  file.drop would do
            to: out/../../up.txt
            content: "1002 20.00"

        enter would wait for a person; nothing was sent or changed
          waits: drop@1002: file.forbidden (business): `out/../../up.txt` leads outside the allowed folders
        the same would be sent as then
        --- stderr
    "#]]
    .assert_eq(&same);
    // The sheet is gone: what was read then is read now.
    std::fs::remove_file(office.path("lines.csv")).unwrap();
    let text = office.read("workflows/enter.yaml");
    let text = text.replace("{{line.order}} {{line.amount}}", "order {{line.order}}");
    let text = text.replace("notes/{{item.key}}.txt", "remarks/{{item.key}}.txt");
    office.write("workflows/enter.yaml", &text);
    expect![[r#"
        exit 3
        --- stdout
        lines  sheet.read, as it was recorded
            file: lines.csv
            columns: { order: text, sku: text, amount: decimal }

        drop@1001  file.drop would do
            File: out/0011.txt

            order 1001

        note@1001  file.drop would do
            File: remarks/1001.txt

            0011

        drop@1002  file.drop would do
            to: out/../../up.txt
            content: "order 1002"

        enter would wait for a person; nothing was sent or changed
          waits: drop@1002: file.forbidden (business): `out/../../up.txt` leads outside the allowed folders
        against then:
        each[1001].drop is different
          File: out/0011.txt

        - 1001 10.10
        + order 1001
        each[1001].note is different
        - File: notes/1001.txt
        + File: remarks/1001.txt

          0011
        each[1002].drop is different
          to: out/../../up.txt
        - content: "1002 20.00"
        + content: "order 1002"
        --- stderr
    "#]]
    .assert_eq(&office.says(&["run", "--replay", "1"]));
    // By the version of then nothing is different.
    assert_eq!(office.says(&["run", "--replay", "1", "--pinned"]), same);
    expect![[r#"
        exit 0
        --- stdout
        drop@1001  file.drop would do
            File: out/0011.txt

            order 1001

        --- stderr
    "#]]
    .assert_eq(&office.says(&["render", "enter", "drop", "--run", "1", "--item", "1001"]));
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error: run 1 does not come to `drop` of the item `1003`
        hint: its items are: 1001, 1002
    "#]]
    .assert_eq(&office.says(&["render", "enter", "drop", "--run", "1", "--item", "1003"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: 1.each.0 is a part of a run
        hint: name the run that was started: 1
    "#]]
    .assert_eq(&office.says(&["run", "--replay", "1.each.0"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: run 1 is of `enter`, not of `other`
    "#]]
    .assert_eq(&office.says(&["run", "other", "--replay", "1"]));
    let runs = office.json(&["runs"]);
    assert_eq!(runs.as_array().unwrap().len(), 1, "a replay is no run");
    assert!(!office.path("remarks").exists());
}

#[test]
fn a_replay_reads_tables_and_files_of_then() {
    let mut lines = String::from("order,sku,amount\n");
    lines.extend((0..2000).map(|n| format!("{n},{n},1.00\n")));
    let office = Office::with(&lines);
    office.write(
        "workflows/sum.yaml",
        "inputs: { file: { type: file } }
steps:
  - { id: lines, bot: sheet.read, with: { file: \"{{inputs.file}}\", columns: { order: text, amount: decimal } } }
  - { id: list, bot: document.render, with: { template: list.txt.hbs, data: { n: \"{{len steps.lines.rows}}\" } } }
  - { id: out, bot: file.drop, with: { to: \"sum/{{run.id}}.txt\", from: \"{{steps.list.file}}\" } }
  - { id: total, bot: file.drop, with: { to: \"sum/total.txt\", content: \"{{text (sum steps.lines.rows \\\"amount\\\")}}\" } }
",
    );
    office.write("templates/list.txt.hbs", "{{n}} lines in run {{run.id}}\n");
    assert!(
        office
            .says(&["run", "sum", "--input", "file=lines.csv"])
            .starts_with("exit 0")
    );
    std::fs::remove_file(office.path("lines.csv")).unwrap();
    let said = office.says(&["run", "--replay", "1"]);
    assert!(
        said.ends_with("the same would be sent as then\n--- stderr\n"),
        "{said}"
    );
    assert!(said.contains("2000 lines in run 1"), "{said}");
    assert!(said.contains("2000.00"), "{said}");
}

#[test]
fn again_with_the_same_inputs_and_another_key() {
    let office = Office::with(GOOD);
    office.says(&["run", "enter", "--input", "file=lines.csv", "--key", "may"]);
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: run 1 had the key `may`, which is used
        hint: give the new run a key of its own with `--key`
    "#]]
    .assert_eq(&office.says(&["run", "--again", "1"]));
    expect![[r#"
        exit 0
        --- stdout
        run 2 of enter succeeded in LENGTH; each: 2 items: 2 skipped
        --- stderr
        run 2
          lines  sheet.read
          lines  done in LENGTH
          each  2 items
          each  done in LENGTH; 2 items: 2 skipped
    "#]]
    .assert_eq(&office.says(&["run", "--again", "1", "--key", "june"]));
    expect![[r#"
        exit 0
        --- stdout
        run 3 of enter succeeded in LENGTH; each: 2 items: 2 skipped
        --- stderr
        run 3
          lines  sheet.read
          lines  done in LENGTH
          each  2 items
          each  done in LENGTH; 2 items: 2 skipped
    "#]]
    .assert_eq(&office.says(&[
        "run",
        "--again",
        "2",
        "--key",
        "july",
        "--input",
        "folder=july",
    ]));
    let detail = office.json(&["runs", "show", "3"]);
    assert_eq!(detail["inputs"]["folder"], "july");
    assert_eq!(detail["inputs"]["file"], "lines.csv");
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no run 9
        hint: `botswain runs` lists them
    "#]]
    .assert_eq(&office.says(&["run", "--again", "9"]));
}
