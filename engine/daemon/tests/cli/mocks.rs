//! `test`: mocks that nobody asks, and files that mocks name.

use expect_test::expect;

use crate::office::{GOOD, Office};

/// A page is fetched and handed on when it is wanted.
const FETCH: &str = r#"
inputs: { wanted: { type: boolean } }
steps:
  - id: page
    bot: http.get
    connection: shop
    with: { path: /list.csv, save: true }
  - id: lines
    bot: sheet.read
    with: { file: "{{steps.page.file}}", columns: { order: text } }
  - id: tell
    when: "{{inputs.wanted}}"
    bot: file.drop
    with: { to: out/list.csv, from: "{{steps.page.file}}" }
outputs: { count: "{{steps.lines.count}}" }
tests:
"#;

fn office(tests: &str) -> Office {
    let office = Office::with(GOOD);
    let settings =
        "name: office\nconnections: { shop: { kind: web, address: https://shop.example } }\n";
    office.write("botswain.yaml", settings);
    office.write("workflows/fetch.yaml", &format!("{FETCH}{tests}"));
    office.write("workflows/fixtures/list.csv", GOOD);
    office
}

#[test]
fn a_mock_that_no_step_asked_is_told_at_its_line() {
    let tests = r#"
  - name: nobody wants it
    inputs: { wanted: false }
    mocks:
      - { step: page, output: { file: fixtures/list.csv } }
      - { step: tell, output: { existed: true } }
    expect: { state: succeeded }
"#;
    expect![[r#"
        exit 0
        --- stdout
        ok  fetch: nobody wants it
              warning: mocks: tell: nothing asked for it (workflows/fetch.yaml:22)
              hint: take it out, or see why the run did not come to the step
        1 test passed
        --- stderr
    "#]]
    .assert_eq(&office(tests).says(&["test"]));
    let json = office(tests).json(&["test"]);
    assert_eq!(json["tests"][0]["warnings"][0]["what"], "mocks: tell");
}

#[test]
fn a_mock_gives_a_file_by_its_path() {
    let tests = r#"
  - name: beside the test, and what the file holds is read
    inputs: { wanted: true }
    mocks:
      - { step: page, output: { file: fixtures/list.csv } }
      - { step: tell, output: { existed: false } }
    expect: { state: succeeded, outputs: { count: 2 }, documents: [ tell ] }
  - name: in the instance
    inputs: { wanted: false }
    mocks: [ { step: page, output: { file: lines.csv } } ]
    expect: { outputs: { count: 2 } }
  - name: nowhere
    inputs: { wanted: false }
    mocks: [ { step: page, output: { file: fixtures/none.csv } } ]
    expect: { outputs: { count: 2 } }
  - name: outside
    inputs: { wanted: false }
    mocks: [ { step: page, output: { file: ../../lines.csv } } ]
    expect: { outputs: { count: 2 } }
"#;
    let office = office(tests);
    expect![[r#"
        exit 1
        --- stdout
        ok  fetch: beside the test, and what the file holds is read
                wrote workflows/snapshots/fetch/beside-the-test-and-what-the-file-holds-is-read/tell.txt
        ok  fetch: in the instance
        FAIL  fetch: nowhere (workflows/fetch.yaml:28)
              mocks: page: there is no file `fixtures/none.csv`
              hint: it is looked for beside the test's file, then in the instance
        FAIL  fetch: outside (workflows/fetch.yaml:32)
              mocks: page: `../../lines.csv` leads out of the instance
              hint: it is looked for beside the test's file, then in the instance
        2 of 4 tests failed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["test", "--update"]));
}

#[test]
fn a_workflow_is_meant_by_its_name_too() {
    let tests = "  - { name: it works, inputs: { wanted: false }, mocks: [ { step: page, output: { file: lines.csv } } ], expect: { state: succeeded } }\n";
    let office = office(tests);
    assert_eq!(
        office.says(&["test", "fetch"]),
        office.says(&["test", "workflows/fetch.yaml"])
    );
    assert!(office.says(&["check", "fetch"]).starts_with("exit 0"));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `fetsh` does not exist
        hint: give a path, or the name of a workflow; did you mean `fetch`?
    "#]]
    .assert_eq(&office.says(&["check", "fetsh"]));
}
