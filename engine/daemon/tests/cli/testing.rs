//! `test`: what passes, what is told about what does not, and what it leaves behind.

use expect_test::expect;

use crate::office::{GOOD, Office};

/// An order is approved, entered at a shop, and told.
const ORDER: &str = r#"
name: order
inputs:
  file: { type: file }
steps:
  - id: lines
    bot: sheet.read
    with: { file: "{{inputs.file}}", columns: { order: text, sku: text, amount: decimal } }
  - id: each
    for_each: "{{steps.lines.rows}}"
    as: line
    key: "{{line.order}}"
    collect: { number: "{{steps.place.body.number}}" }
    steps:
      - id: guard
        when: "{{gt line.amount 15}}"
        approve: "{{line.order}} is {{line.amount}}"
      - id: place
        bot: http.request
        connection: shop
        with: { method: POST, path: /orders, json: { sku: "{{line.sku}}", amount: "{{line.amount}}" } }
        verify:
          bot: http.get
          connection: shop
          with: { path: "/orders/{{line.order}}" }
          happened: "{{eq status 200}}"
          output: { body: "{{body}}" }
  - id: pause
    wait: 3d
  - id: tell
    bot: mail.send
    connection: office-mail
    with:
      to: ops@example.com
      subject: "{{steps.each.succeeded}} orders on {{today}}"
      text: "{{#each steps.each.items as |item|}}{{item.key}} {{default item.number \"-\"}}\n{{/each}}"
outputs: { placed: "{{steps.each.succeeded}}" }
"#;

const SETTINGS: &str = "name: office
timezone: Europe/Berlin
connections:
  shop: { kind: web, address: https://shop.example }
  office-mail: { kind: smtp, host: mail.example, tls: none, from: office@example.com }
";

fn office(tests: &str) -> Office {
    let office = Office::with(GOOD);
    office.write("botswain.yaml", SETTINGS);
    office.write("workflows/order.yaml", &format!("{ORDER}tests:\n{tests}"));
    office.write("workflows/fixtures/lines.csv", GOOD);
    office
}

const FINE: &str = r#"
  - name: both are placed
    inputs: { file: fixtures/lines.csv }
    mocks:
      - { step: guard, approve: anna, delay: 2h }
      - { step: place, output: { status: 201, body: { number: "77" } } }
      - { step: tell, output: { response: 250 ok } }
    expect:
      state: succeeded
      exceptions: 0
      steps: { guard@1001: skipped, guard@1002: succeeded, pause: succeeded }
      with: { place@1002: { json: { sku: "0012", amount: 20 } }, tell: { subject: 2 orders on 2026-01-05 } }
      outputs: { placed: 2 }
      mails: [ tell ]
"#;

#[test]
fn a_test_that_passes_and_its_snapshot() {
    let office = office(FINE);
    let missing = office.says(&["test"]);
    expect![[r#"
        exit 1
        --- stdout
        FAIL  order: both are placed (workflows/order.yaml:40)
              mails: tell: there is no `workflows/snapshots/order/both-are-placed/tell.txt` yet
              hint: `botswain test --update` writes it; look at it before you keep it
        1 of 1 test failed
        --- stderr
    "#]]
    .assert_eq(&missing);
    expect![[r#"
        exit 0
        --- stdout
        ok  order: both are placed
                wrote workflows/snapshots/order/both-are-placed/tell.txt
        1 test passed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["test", "--update"]));
    expect![[r#"
        From: the sender of the connection
        To: ops@example.com
        Subject: 2 orders on 2026-01-05

        1001 77
        1002 77
    "#]]
    .assert_eq(&office.read("workflows/snapshots/order/both-are-placed/tell.txt"));
    expect![[r#"
        exit 0
        --- stdout
        ok  order: both are placed
        1 test passed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["test"]));
    office.write(
        "workflows/snapshots/order/both-are-placed/tell.txt",
        &office
            .read("workflows/snapshots/order/both-are-placed/tell.txt")
            .replace("1002 77", "1002 78"),
    );
    expect![[r#"
        exit 1
        --- stdout
        FAIL  order: both are placed (workflows/order.yaml:40)
              mails: tell: is not as in `workflows/snapshots/order/both-are-placed/tell.txt`
                …

                1001 77
              - 1002 78
              + 1002 77
              hint: `botswain test --update` writes it; look at it before you keep it
        1 of 1 test failed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["test"]));
    assert!(!office.path(".botswain").exists(), "nothing is left behind");
    assert!(!office.path("out").exists());
}

#[test]
fn what_is_not_as_expected_is_shown() {
    let tests = r#"
  - name: all of it is wrong
    inputs: { file: fixtures/lines.csv }
    mocks:
      - { step: place, item: 1001, output: { body: { number: "77" } } }
      - { step: place, item: 1002, fault: { category: business, code: shop.closed } }
      - { step: place, item: 1009, output: { status: 200 } }
      - { step: guard, approve: anna }
    expect:
      state: succeeded
      exceptions: [ { step: tell, code: mail.refused } ]
      steps: { place@1002: succeeded, place@1009: succeeded, tell: succeeded }
      with: { place@1001: { json: { sku: "0012" } } }
      outputs: { placed: 2 }
"#;
    expect![[r#"
        exit 1
        --- stdout
        FAIL  order: all of it is wrong (workflows/order.yaml:40)
              mocks: place: there was no item `1009`
              state: is not as expected
              - succeeded
              + parked
              exceptions: is not as expected
              - tell: mail.refused
              + place@1002: shop.closed (business): `shop.closed`, as the test has it
              steps: place@1002: is not as expected
              - succeeded
              + parked
              steps: place@1009: there was no `place@1009`
              hint: the items were `1001`, `1002`
              steps: tell: is not as expected
              - succeeded
              + pending
              with: place@1001.json.sku: is not as expected
              - "0012"
              + "0011"
              outputs: is not as expected
              - { placed: 2 }
              + null
              what waited:
                place@1002: shop.closed (business): `shop.closed`, as the test has it
        1 of 1 test failed
        --- stderr
    "#]]
    .assert_eq(&office(tests).says(&["test"]));
}

#[test]
fn a_bot_that_nobody_answers_for() {
    let tests = r#"
  - name: forgotten
    inputs: { file: fixtures/lines.csv }
    expect: { state: succeeded }
"#;
    expect![[r#"
        exit 1
        --- stdout
        FAIL  order: forgotten (workflows/order.yaml:40)
              mocks: place: nothing answers for `place` (http.request)
              hint: add under `mocks:`
                - { step: place, output: { status: 0, headers: {}, body: "…" } }
        1 of 1 test failed
        --- stderr
    "#]]
    .assert_eq(&office(tests).says(&["test"]));
}

#[test]
fn attempts_doubts_and_time() {
    let tests = r#"
  - name: the shop comes back
    inputs: { file: fixtures/lines.csv }
    mocks:
      - { step: guard, approve: anna }
      - step: place
        attempts:
          - { fault: { category: system, code: http.unreachable } }
          - { fault: { category: system, code: http.status, retry_after: 1h } }
          - { output: { body: { number: "77" } } }
      - { step: tell, output: {} }
    expect: { state: succeeded }
  - name: the answer was lost, and the order is there
    inputs: { file: fixtures/lines.csv }
    mocks:
      - { step: guard, approve: anna }
      - { step: place, fault: { category: system, code: http.broken, effect: unknown } }
      - { step: place.verify, output: { status: 200, body: { number: "78" } } }
      - { step: tell, output: {} }
    expect: { state: succeeded, with: { tell: { text: "1001 78\n1002 78\n" } } }
  - name: the answer was lost, and the order is not there
    inputs: { file: fixtures/lines.csv }
    mocks:
      - { step: guard, approve: anna }
      - step: place
        attempts:
          - { fault: { category: system, code: http.broken, effect: unknown } }
          - { output: { body: { number: "79" } } }
      - { step: place.verify, output: { status: 404 } }
      - { step: tell, output: {} }
    expect: { state: succeeded, with: { tell: { text: "1001 79\n1002 79\n" } } }
  - name: it takes too long
    inputs: { file: fixtures/lines.csv }
    mocks:
      - { step: guard, approve: anna }
      - { step: place, output: { body: {} }, delay: 1h }
      - { step: place.verify, fault: { category: system, code: http.unreachable } }
    expect: { state: parked, exceptions: [ { step: place, item: 1001, category: in_doubt }, { step: place, item: 1002, category: in_doubt } ] }
  - name: it is rejected
    now: 2026-03-29T10:00
    inputs: { file: fixtures/lines.csv }
    mocks:
      - { step: guard, reject: ben, note: too much }
      - { step: place, output: { body: { number: "77" } } }
      - { step: tell, output: {} }
    expect: { state: succeeded, outputs: { placed: 1 }, with: { tell: { subject: 1 orders on 2026-03-29 } } }
  - name: nobody decides
    inputs: { file: fixtures/lines.csv }
    mocks:
      - { step: place, output: { body: { number: "77" } } }
    expect: { state: parked, exceptions: [ { step: guard, item: 1002, category: approval } ] }
"#;
    expect![[r#"
        exit 0
        --- stdout
        ok  order: the shop comes back
        ok  order: the answer was lost, and the order is there
        ok  order: the answer was lost, and the order is not there
        ok  order: it takes too long
        ok  order: it is rejected
        ok  order: nobody decides
        6 tests passed
        --- stderr
    "#]]
    .assert_eq(&office(tests).says(&["test"]));
}

#[test]
fn a_called_workflow_is_answered_for_or_played() {
    let office = Office::with(GOOD);
    office.write(
        "workflows/import.yaml",
        "inputs: { file: { type: text } }
steps:
  - { id: read, bot: sheet.read, with: { file: \"{{inputs.file}}\", columns: { order: text } } }
  - { id: drop, when: \"{{eq inputs.file \\\"other.csv\\\"}}\", bot: file.drop, with: { to: a, content: b } }
outputs: { count: \"{{steps.read.count}}\" }
",
    );
    office.write("other.csv", "order\n1\n");
    office.write(
        "workflows/outer.yaml",
        "inputs: { file: { type: text } }
steps:
  - { id: import, call: import, with: { file: \"{{inputs.file}}\" } }
outputs: { n: \"{{steps.import.count}}\" }
tests:
  - { name: answered, inputs: { file: x }, mocks: [ { step: import, output: { count: 7 }, delay: 1d } ], expect: { outputs: { n: 7 }, with: { import: { file: x } } } }
  - { name: failed, inputs: { file: x }, mocks: [ { step: import, fault: { category: business, code: a.b } } ], expect: { exceptions: [ { step: import, code: a.b } ] } }
  - { name: played, inputs: { file: lines.csv }, expect: { outputs: { n: 2 } } }
  - { name: forgotten, inputs: { file: other.csv }, expect: { outputs: { n: 2 } } }
",
    );
    expect![[r#"
        exit 1
        --- stdout
        ok  outer: answered
        ok  outer: failed
        ok  outer: played
        FAIL  outer: forgotten (workflows/outer.yaml:9)
              mocks: import: nothing answers for `import` (the workflow `import`)
              hint: add under `mocks:`
                - { step: import, output: { count: "…" } }
        1 of 4 tests failed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["test"]));
}

#[test]
fn tests_beside_filters_and_reports() {
    let office = office(FINE);
    office.says(&["test", "--update"]);
    office.write(
        "workflows/order.test.yaml",
        "tests:
  - name: one <odd> line
    inputs: { file: lines.csv }
    mocks: [ { step: guard, approve: anna }, { step: place, fault: { category: business, code: a.b } } ]
    expect: { exceptions: 1 }
",
    );
    expect![[r#"
        exit 1
        --- stdout
        FAIL  order: one <odd> line (workflows/order.test.yaml:2)
              exceptions: 2 wait in the end, expected 1
              + place@1001: a.b (business): `a.b`, as the test has it
              + place@1002: a.b (business): `a.b`, as the test has it
              what waited:
                place@1001: a.b (business): `a.b`, as the test has it
                place@1002: a.b (business): `a.b`, as the test has it
        1 of 1 test failed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["test", "workflows/order.test.yaml"]));
    expect![[r#"
        exit 0
        --- stdout
        ok  order: both are placed
        1 test passed
        --- stderr
    "#]]
    .assert_eq(&office.says(&["test", "--filter", "placed"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: no test has `nothing` in its name
        hint: there are: one <odd> line; both are placed
    "#]]
    .assert_eq(&office.says(&["test", "--filter", "nothing"]));
    let json = office.json(&["test", "workflows/order.yaml"]);
    assert_eq!((&json["passed"], &json["failed"]), (&1.into(), &1.into()));
    assert_eq!(json["tests"][0]["problems"][0]["what"], "exceptions");
    office.says(&["test", "--junit", "report.xml"]);
    let report = office.read("report.xml");
    let times = regex::Regex::new(r#"time="[0-9.]+""#).unwrap();
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="2" failures="1">
          <testsuite name="botswain" tests="2" failures="1">
            <testcase classname="order" name="one &lt;odd&gt; line" file="workflows/order.test.yaml" line="2" time="T">
              <failure message="exceptions: 2 wait in the end, expected 1">exceptions: 2 wait in the end, expected 1
        + place@1001: a.b (business): `a.b`, as the test has it
        + place@1002: a.b (business): `a.b`, as the test has it</failure>
            </testcase>
            <testcase classname="order" name="both are placed" file="workflows/order.yaml" line="40" time="T"/>
          </testsuite>
        </testsuites>
    "#]].assert_eq(&times.replace_all(&report, "time=\"T\""));
    office.write(
        "workflows/order.test.yaml",
        "tests: [ { name: a, expect: { stat: parked } } ]\n",
    );
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error[tests.missing_input]: this test does not give the input `file`
         --> workflows/order.test.yaml:1:12
          |
        1 | tests: [ { name: a, expect: { stat: parked } } ]
          |  ^^^^
          |
          = hint: add `file:` under `inputs:` of the test

        error[language.unknown_key]: `expect` has no key `stat`
         --> workflows/order.test.yaml:1:31
          |
        1 | tests: [ { name: a, expect: { stat: parked } } ]
          |  ^^^^
          |
          = hint: did you mean `state`?

        error: nothing is tested as long as the files have mistakes
    "#]]
    .assert_eq(&office.says(&["test"]));
}

#[test]
fn a_thousand_months_are_not_waited_for() {
    let office = Office::with(GOOD);
    let mut text = String::from(
        "inputs: { n: { type: integer } }\nsteps:\n  - { id: a, wait: 30d }\n  - { id: b, set: { n: \"{{inputs.n}}\" } }\noutputs: { n: \"{{steps.b.n}}\" }\ntests:\n",
    );
    text.extend((0..1000).map(|n| {
        format!(
            "  - {{ name: number {n}, inputs: {{ n: {n} }}, expect: {{ state: succeeded, outputs: {{ n: {n} }} }} }}\n"
        )
    }));
    office.write("workflows/many.yaml", &text);
    let said = office.says(&["test"]);
    // With a clock that is waited for it would take 82 years.
    assert!(said.contains("1000 tests passed"), "{said}");
}

#[test]
fn the_workflows_of_the_repository_pass_their_tests() {
    let office = Office::with(GOOD);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in ["workflows", "templates", "samples"] {
        copy(&root.join(folder), &office.path(folder));
    }
    std::fs::remove_file(office.path("workflows/enter.yaml")).unwrap();
    office.write(
        "botswain.yaml",
        "name: northwind
timezone: Europe/Berlin
connections:
  backoffice: { kind: web, address: http://office.example }
  office-mail: { kind: smtp, host: mail.example, tls: none, from: orders@northwind.example }
",
    );
    let said = office.says(&["test"]);
    assert!(said.starts_with("exit 0\n"), "{said}");
    for workflow in ["order-entry: ", "supplier-po: "] {
        assert!(said.contains(workflow), "{said}");
    }
}

#[test]
fn the_sample_of_the_changing_form_passes_its_check_and_its_tests() {
    let office = Office::with(GOOD);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::remove_file(office.path("workflows/enter.yaml")).unwrap();
    copy(&root.join("samples/rpa-challenge"), &office.path("."));
    let checked = office.says(&["check"]);
    assert!(checked.starts_with("exit 0"), "{checked}");
    let said = office.says(&["test"]);
    assert!(said.starts_with("exit 0\n"), "{said}");
    assert!(said.contains("2 tests passed"), "{said}");
}

#[test]
fn an_editor_knows_files_of_tests() {
    let schema = Office::with(GOOD).json(&["schema", "tests"]);
    assert_eq!(schema["required"], serde_json::json!(["tests"]));
    let mock = &schema["$defs"]["Mock"]["properties"];
    assert!(mock["attempts"]["description"].is_string(), "{mock}");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(std::fs::copy(&path, &target).unwrap()),
        }
    }
}
