//! Back, by the current version, a whole cluster at once, and what is remembered.

use expect_test::expect;

use crate::office::{GOOD, Office};

const TWO: &str = r#"
name: two
description: Drops two files.
inputs:
  to: { type: text, description: Where the second goes }
steps:
  - { id: first, bot: file.drop, with: { to: "out/first-{{inputs.to}}.txt", content: "1" } }
  - { id: second, bot: file.drop, with: { to: "../up-{{inputs.to}}.txt", content: "2" } }
"#;

/// A file for each line, called after its customer as people have corrected it.
const CUSTOMERS: &str = r#"
name: customers
description: Hands each line over under its customer.
inputs:
  lines: { type: list, description: The lines }
steps:
  - id: each
    for_each: "{{inputs.lines}}"
    as: line
    key: "{{line.order}}"
    steps:
      - id: drop
        bot: file.drop
        with:
          to: "{{mapped \"customers\" line.customer}}/{{line.order}}.txt"
          content: "{{line.order}}"
"#;

fn line(order: &str, customer: &str) -> String {
    format!(r#"{{"order": "{order}", "customer": "{customer}"}}"#)
}

fn run(office: &Office, lines: &[String]) -> String {
    let lines = format!("lines=[{}]", lines.join(", "));
    office.says(&["run", "customers", "--input", &lines])
}

fn customers() -> Office {
    let office = Office::with(GOOD);
    office.write("workflows/customers.yaml", CUSTOMERS);
    office
}

#[test]
fn back_does_earlier_steps_again() {
    let office = Office::with(GOOD);
    office.write("workflows/two.yaml", TWO);
    let ran = office.says(&["run", "two", "--input", "to=a"]);
    assert!(ran.starts_with("exit 3"), "{ran}");
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: the run cannot go back to `third`
        hint: it can go back to: first
    "#]]
    .assert_eq(&office.says(&["exceptions", "back", "1", "third"]));
    std::fs::remove_file(office.path("out/first-a.txt")).unwrap();
    expect![[r#"
        exit 3
        --- stdout
        run 1 of two is parked

        exception 2: step second, file.forbidden
          `../up-a.txt` leads outside the allowed folders
          hint: name the folder under `roots:` in botswain.yaml
          botswain exceptions show 2
          botswain exceptions retry 2
          botswain exceptions edit 2 --set to=…
          botswain exceptions happened 2 --output '{"path": …, "size": …, "hash": …, "existed": …}'
          botswain exceptions back 2 first
          botswain exceptions skip 2
          botswain exceptions abandon 2
        --- stderr
        exception 1 is decided; run 1 goes on
          second  back to first, by anna
          first  file.drop (attempt 2)
          first  done in LENGTH
          second  file.drop (attempt 2)
          second  parked as exception 2: `../up-a.txt` leads outside the allowed folders
    "#]]
    .assert_eq(&office.says(&["exceptions", "back", "1", "first"]));
    assert_eq!(office.read("out/first-a.txt"), "1", "it was done again");
}

#[test]
fn a_mended_file_is_followed_by_retry_current() {
    let office = Office::with(GOOD);
    office.write("workflows/two.yaml", TWO);
    office.says(&["run", "two", "--input", "to=a"]);
    office.write("workflows/two.yaml", &TWO.replace("id: first", "id: other"));
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error: run 1 cannot go on by the current version: the step `first` is not there any more, and the run has been at it
    "#]].assert_eq(&office.says(&["exceptions", "retry", "1", "--current"]));
    office.write("workflows/two.yaml", &TWO.replace("../up-", "out/up-"));
    let shown = office.says(&["exceptions", "show", "1"]);
    assert!(
        shown.contains("botswain exceptions retry 1 --current  the workflow was mended"),
        "{shown}"
    );
    let parked = office.says(&["exceptions", "retry", "1"]);
    assert!(parked.starts_with("exit 3"), "the old version: {parked}");
    expect![[r#"
        exit 0
        --- stdout
        run 1 of two succeeded in LENGTH
        --- stderr
        exception 2 is decided; run 1 goes on
          second  to be tried again by the current version, by anna
          second  file.drop (attempt 3)
          second  done in LENGTH
    "#]]
    .assert_eq(&office.says(&["exceptions", "retry", "2", "--current"]));
    assert_eq!(office.read("out/up-a.txt"), "2");
}

#[test]
fn a_cluster_is_decided_at_once() {
    let office = customers();
    let odd = ["1", "2", "3"].map(|order| line(order, "../ACME"));
    assert!(run(&office, &odd).starts_with("exit 3"));
    office.write("workflows/two.yaml", TWO);
    office.says(&["run", "two", "--input", "to=a"]);
    expect![[r#"
        exit 0
        --- stdout
        count  first  age  workflow  step  code  message
        3  1  AGO  customers  drop  file.forbidden  `../ACME/1.txt` leads outside the allowed folders
        1  4  AGO  two  second  file.forbidden  `../up-a.txt` leads outside the allowed folders
        --- stderr
    "#]].assert_eq(&office.says(&["exceptions", "list", "--cluster"]));
    let first = office.says(&["exceptions", "list", "--cluster", "--limit", "1"]);
    assert!(
        first.contains("the first 1; `--limit` shows more"),
        "{first}"
    );
    let json = office.json(&["exceptions", "list", "--cluster"]);
    assert_eq!(json[0]["exceptions"], serde_json::json!([1, 2, 3]));
    let edit = [
        "exceptions",
        "edit",
        "2",
        "--set",
        "customer=C001",
        "--cluster",
    ];
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        3 exceptions of one cause (file.forbidden, step drop): correct customer=C001 and try again
          1  1.each.0  1  `../ACME/1.txt` leads outside the allowed folders
          2  1.each.1  2  `../ACME/2.txt` leads outside the allowed folders
          3  1.each.2  3  `../ACME/3.txt` leads outside the allowed folders
        error: nobody is there to say whether all of them are meant
        hint: add `--yes` to decide without being asked
    "#]]
    .assert_eq(&office.says(&edit));
    let sure = [&edit[..], &["--yes", "--note", "it moved"]].concat();
    expect![[r#"
        exit 0
        --- stdout
        id  run  key  result
        1  1.each.0  1  decided
        2  1.each.1  2  decided
        3  1.each.2  3  decided
        --- stderr
        3 exceptions of one cause (file.forbidden, step drop): correct customer=C001 and try again
          1  1.each.0  1  `../ACME/1.txt` leads outside the allowed folders
          2  1.each.1  2  `../ACME/2.txt` leads outside the allowed folders
          3  1.each.2  3  `../ACME/3.txt` leads outside the allowed folders
        run 1.each.0
          drop  to be tried again with corrections, by anna
          drop  file.drop (attempt 2)
          drop  done in LENGTH
        run 1.each.1
          drop  to be tried again with corrections, by anna
          drop  file.drop (attempt 2)
          drop  done in LENGTH
        run 1.each.2
          drop  to be tried again with corrections, by anna
          drop  file.drop (attempt 2)
          drop  done in LENGTH
        run 1
          each  done in LENGTH; 3 items: 3 succeeded
        run 1 of customers succeeded in LENGTH; each: 3 items: 3 succeeded
    "#]]
    .assert_eq(&office.says(&sure));
    for order in ["1", "2", "3"] {
        assert_eq!(office.read(&format!("C001/{order}.txt")), order);
    }
    let left = office.json(&["exceptions", "list"]);
    assert_eq!(
        left.as_array().unwrap().len(),
        1,
        "of another cause: {left}"
    );
    let done = office.json(&["exceptions", "skip", "4", "--cluster", "--yes"]);
    assert_eq!(done[0]["resolved"], true, "{done}");
}

#[test]
fn all_that_one_person_has_taken_on_is_handed_over() {
    let office = customers();
    let odd = ["1", "2", "3"].map(|order| line(order, "../ACME"));
    assert!(run(&office, &odd).starts_with("exit 3"));
    for (id, to) in [("1", "ann"), ("2", "eve"), ("3", "ann")] {
        office.says(&["exceptions", "assign", id, to]);
    }
    let shown = office.says(&["exceptions", "show", "2"]);
    assert!(shown.contains("taken on by  eve"), "{shown}");
    let hand_over = ["exceptions", "hand-over", "ann", "ben"];
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        2 exceptions that ann has taken on: give it to ben
          1  1.each.0  1  `../ACME/1.txt` leads outside the allowed folders
          3  1.each.2  3  `../ACME/3.txt` leads outside the allowed folders
        error: nobody is there to say whether all of them are meant
        hint: add `--yes` to decide without being asked
    "#]]
    .assert_eq(&office.says(&hand_over));
    let nobody = office.says(&["exceptions", "hand-over", " ", "ben", "--yes"]);
    assert!(nobody.contains("the name is empty"), "{nobody}");
    let nobody = office.says(&["exceptions", "assign", "1", ""]);
    assert!(nobody.contains("the name is empty"), "{nobody}");
    let same = office.says(&["exceptions", "hand-over", "ann", "ann", "--yes"]);
    assert!(same.contains("what is ann's stays so"), "{same}");
    // Also what is put off.
    office.says(&["exceptions", "snooze", "3", "2h"]);
    let sure = [&hand_over[..], &["--yes", "--note", "on leave"]].concat();
    expect![[r#"
        exit 0
        --- stdout
        id  run  key  result
        1  1.each.0  1  given to ben
        3  1.each.2  3  given to ben
        --- stderr
        2 exceptions that ann has taken on, 1 of them put off: give it to ben
          1  1.each.0  1  `../ACME/1.txt` leads outside the allowed folders
          3  1.each.2  3  `../ACME/3.txt` leads outside the allowed folders
    "#]]
    .assert_eq(&office.says(&sure));
    let shown = office.says(&["exceptions", "show", "1"]);
    assert!(shown.contains("give it to ben  on leave"), "{shown}");
    let ids = |name: &str| {
        let found = office.json(&["exceptions", "list", "--all", "--assignee", name]);
        let found = found.as_array().unwrap().clone();
        found
            .iter()
            .map(|it| it["id"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    expect![[r#"
        exit 0
        --- stdout
        id  age  put off  workflow  run  step  key  for  code  message
        1  AGO  customers  1.each.0  drop  1  ben  file.forbidden  `../ACME/1.txt` leads outside the allowed folders
        2  AGO  customers  1.each.1  drop  2  eve  file.forbidden  `../ACME/2.txt` leads outside the allowed folders
        3  AGO  LATER  customers  1.each.2  drop  3  ben  file.forbidden  `../ACME/3.txt` leads outside the allowed folders
        --- stderr
    "#]].assert_eq(&office.says(&["exceptions", "list", "--all"]));
    assert_eq!(
        (ids("ben"), ids("eve"), ids("ann")),
        (vec![1, 3], vec![2], vec![])
    );
    expect![[r#"
        exit 0
        --- stdout
        --- stderr
        nothing that waits is ann's
    "#]]
    .assert_eq(&office.says(&sure));
    // Where people have accounts, a name without one is most likely a slip.
    office.hears(
        &["user", "add", "ben", "--role", "admin"],
        "a long pass phrase",
    );
    let given = |to: &str| office.says(&["exceptions", "assign", "2", to]);
    assert!(!given("ben").contains("hint:"));
    let stranger = given("bne");
    assert!(stranger.starts_with("exit 0"), "{stranger}");
    assert!(
        stranger.contains("hint: nobody has an account `bne`"),
        "{stranger}"
    );
}

#[test]
fn a_correction_is_remembered_until_it_is_revoked() {
    let office = customers();
    assert!(run(&office, &[line("1", "../ACME Ltd")]).starts_with("exit 3"));
    let edit = ["exceptions", "edit", "1", "--set", "customer=C001"];
    let with = |rest: &[&str]| office.says(&[&edit[..], rest].concat());
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `our customers` cannot be the name of a mapping
        hint: it is a letter, then letters, digits, `-` and `_`
    "#]]
    .assert_eq(&with(&["--remember", "our customers"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: only the correction of one text can be remembered
        hint: as in `--set customer=C001 --remember customers`; others are set by `botswain mappings set`
    "#]].assert_eq(&with(&["--set", "order=7", "--remember", "customers"]));
    assert_eq!(
        office.json(&["mappings"]),
        serde_json::json!([]),
        "it was refused"
    );
    let remembered = with(&["--remember", "customers", "--note", "as they sign"]);
    assert!(remembered.starts_with("exit 0"), "{remembered}");
    assert_eq!(office.read("C001/1.txt"), "1");
    expect![[r#"
        exit 0
        --- stdout
        mapping  text  stands for  by  since  from  note
        customers  ../ACME Ltd  C001  anna  DATE, AGO  exception 1  as they sign
        --- stderr
    "#]]
    .assert_eq(&office.says(&["mappings", "list"]));
    let next = run(&office, &[line("2", "../ACME Ltd"), line("3", "C003")]);
    assert!(next.starts_with("exit 0"), "{next}");
    assert_eq!(office.read("C001/2.txt"), "2");
    assert_eq!(
        office.read("C003/3.txt"),
        "3",
        "what nobody corrected stays"
    );

    expect![[r#"
        exit 0
        --- stdout
        --- stderr
        `../ACME Ltd` stands for itself again in `customers`
    "#]]
    .assert_eq(&office.says(&["mappings", "remove", "customers", "../ACME Ltd"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: the mapping `customers` says nothing of `../ACME Ltd`
        hint: see `botswain mappings list customers`
    "#]]
    .assert_eq(&office.says(&["mappings", "remove", "customers", "../ACME Ltd"]));
    assert!(run(&office, &[line("4", "../ACME Ltd")]).starts_with("exit 3"));
    let set = ["mappings", "set", "customers", "../ACME Ltd", "C/9 & Söhne"];
    expect![[r#"
        exit 0
        --- stdout
        --- stderr
        `../ACME Ltd` stands for `C/9 & Söhne` in `customers`
    "#]]
    .assert_eq(&office.says(&set));
    let retried = office.says(&["exceptions", "retry", "2"]);
    assert!(retried.starts_with("exit 0"), "{retried}");
    assert_eq!(office.read("C/9 & Söhne/4.txt"), "4");
    expect![[r#"
        exit 0
        --- stdout
        no corrections are remembered in `suppliers`
        --- stderr
    "#]]
    .assert_eq(&office.says(&["mappings", "list", "suppliers"]));
}

#[test]
fn a_key_that_was_claimed_under_a_former_name_counts() {
    let office = customers();
    let lines = [line("1", "A"), line("2", "B")];
    assert!(run(&office, &lines).starts_with("exit 0"));
    std::fs::remove_file(office.path("workflows/customers.yaml")).unwrap();
    let renamed = CUSTOMERS.replace(
        "name: customers\n",
        "name: clients\nformerly: [customers]\n",
    );
    office.write("workflows/clients.yaml", &renamed);
    let lines = format!("lines=[{}, {}]", lines[1], line("3", "C"));
    let ran = office.says(&["run", "clients", "--input", &lines]);
    expect![[r#"
        exit 0
        --- stdout
        run 2 of clients succeeded in LENGTH; each: 2 items: 1 succeeded, 1 skipped
        --- stderr
        run 2
          each  2 items
          each  done in LENGTH; 2 items: 1 succeeded, 1 skipped
    "#]]
    .assert_eq(&ran);
}
