//! What the person does who sees to what was parked.

use expect_test::expect;

use crate::office::{GOOD, Office};

#[test]
fn one_is_listed_and_shown() {
    let office = Office::parked();
    expect![[r#"
        exit 0
        --- stdout
        id  age  workflow  run  step  key  code  message
        1  AGO  enter  1.each.1  drop  1002  file.forbidden  `out/../../up.txt` leads outside the allowed folders
        --- stderr
    "#]].assert_eq(&office.says(&["exceptions", "list"]));
    expect![[r#"
        exit 0
        --- stdout
        exception 1: business, file.forbidden
          `out/../../up.txt` leads outside the allowed folders
          hint: name the folder under `roots:` in botswain.yaml

        workflow  enter
        run  1.each.1
        step  drop (file.drop)
        waits since  DATE, AGO
        key  1002

        the item
        order  1002
        sku  ../../up
        amount  20.00

        the step was given
        to  out/../../up.txt
        content  1002 20.00

        attempts
        1  CLOCK  file.forbidden: `out/../../up.txt` leads outside the allowed folders

        steps
        drop (file.drop)  parked, exception 1: `out/../../up.txt` leads outside the allowed folders
        note (file.drop)  not yet

        what can be done
        botswain exceptions retry 1  the cause is gone: try again
        botswain exceptions edit 1 --set sku=…  correct the data and try again
        botswain exceptions happened 1 --output '{"path": …, "size": …, "hash": …, "existed": …}'  it has happened, or was done by hand
        botswain exceptions skip 1  go on without this step
        botswain exceptions abandon 1  give this item up
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "show", "1"]));
    let list = office.json(&["exceptions"]);
    assert_eq!(
        (&list[0]["id"], &list[0]["key"]),
        (&1.into(), &"1002".into())
    );
    let empty = Office::with(GOOD).says(&["exceptions"]);
    assert_eq!(
        empty,
        "exit 0\n--- stdout\nno exceptions wait; all is well\n--- stderr\n"
    );
}

#[test]
fn what_is_not_there_is_not_well() {
    let office = Office::parked();
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no workflow `nosuch`, and no run of one that was called so
        hint: there are: enter
    "#]]
    .assert_eq(&office.says(&["exceptions", "list", "--workflow", "nosuch"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no workflow `nosuch`, and no run of one that was called so
        hint: there are: enter
    "#]]
    .assert_eq(&office.says(&["runs", "--workflow", "nosuch"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: invalid value '0' for '--limit <LIMIT>': it is 1 at least

        For more information, try '--help'.
    "#]]
    .assert_eq(&office.says(&["exceptions", "list", "--limit", "0"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: invalid value 'abc' for '<ID>': `abc` is not the number of an exception

        For more information, try '--help'.
    "#]]
    .assert_eq(&office.says(&["exceptions", "show", "abc"]));
    // A file that was removed leaves its runs, and what waits in them.
    std::fs::remove_file(office.path("workflows/enter.yaml")).unwrap();
    let left = office.json(&["exceptions", "list", "--workflow", "enter"]);
    assert_eq!(left[0]["id"], 1);
}

#[test]
fn a_correction_is_seen_by_later_steps() {
    let office = Office::parked();
    let edit = [
        "exceptions",
        "edit",
        "1",
        "--set",
        "sku=0099",
        "--note",
        "a slip",
    ];
    expect![[r#"
        exit 0
        --- stdout
        run 1 of enter succeeded in LENGTH; each: 2 items: 2 succeeded
        --- stderr
        exception 1 is decided; run 1.each.1 goes on
          drop  to be tried again with corrections, by anna
          drop  file.drop (attempt 2)
          drop  done in LENGTH
          note  file.drop
          note  done in LENGTH
          each  done in LENGTH; 2 items: 2 succeeded
    "#]]
    .assert_eq(&office.says(&edit));
    assert_eq!(office.read("out/0099.txt"), "1002 20.00");
    assert_eq!(office.read("notes/1002.txt"), "0099");
    for run in ["1", "1.each.1"] {
        let shown = office.says(&["runs", "show", run]);
        let decisions = shown.split_once("decisions\n").unwrap().1;
        assert!(
            decisions.contains("anna  correct the item: sku=0099  a slip"),
            "{decisions}"
        );
    }
}

#[test]
fn a_correction_of_the_step_alone_is_not_seen_by_later_steps() {
    let office = Office::parked();
    let answer = office.says(&["exceptions", "edit", "1", "--with", "to=out/007.txt"]);
    assert!(answer.starts_with("exit 0"), "{answer}");
    assert_eq!(office.read("out/007.txt"), "1002 20.00");
    assert_eq!(office.read("notes/1002.txt"), "../../up");
}

#[test]
fn a_correction_that_does_not_fit_changes_nothing() {
    let office = Office::parked();
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no `skuu` in the item
        hint: there is: order, sku, amount
    "#]]
    .assert_eq(&office.says(&["exceptions", "edit", "1", "--set", "skuu=1"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `amount` is a number, and `ten` is not
    "#]]
    .assert_eq(&office.says(&["exceptions", "edit", "1", "--set", "amount=ten"]));
    assert_eq!(office.json(&["exceptions"]).as_array().unwrap().len(), 1);
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no exception 7
        hint: `botswain exceptions list` shows those that wait
    "#]]
    .assert_eq(&office.says(&["exceptions", "retry", "7"]));
}

#[test]
fn a_retry_that_changes_nothing_parks_it_again() {
    let office = Office::parked();
    expect![[r#"
        exit 3
        --- stdout
        run 1 of enter is parked; each: 2 items: 1 succeeded, 1 parked

        exception 2: each 1002, step drop, file.forbidden
          `out/../../up.txt` leads outside the allowed folders
          hint: name the folder under `roots:` in botswain.yaml
          botswain exceptions show 2
          botswain exceptions retry 2
          botswain exceptions edit 2 --set sku=…
          botswain exceptions happened 2 --output '{"path": …, "size": …, "hash": …, "existed": …}'
          botswain exceptions skip 2
          botswain exceptions abandon 2
        --- stderr
        exception 1 is decided; run 1.each.1 goes on
          drop  to be tried again, by anna
          drop  file.drop (attempt 2)
          drop  parked as exception 2: `out/../../up.txt` leads outside the allowed folders
    "#]]
    .assert_eq(&office.says(&["exceptions", "retry", "1"]));
}

#[test]
fn one_is_skipped_done_by_hand_or_given_up() {
    let office = Office::parked();
    expect![[r#"
        exit 0
        --- stdout
        run 1 of enter succeeded in LENGTH; each: 2 items: 2 succeeded
        --- stderr
        exception 1 is decided; run 1.each.1 goes on
          drop  to be skipped, by anna
          note  file.drop
          note  done in LENGTH
          each  done in LENGTH; 2 items: 2 succeeded
    "#]]
    .assert_eq(&office.says(&["exceptions", "skip", "1"]));
    let office = Office::parked();
    expect![[r#"
        exit 0
        --- stdout
        run 1 of enter succeeded in LENGTH; each: 2 items: 1 succeeded, 1 failed
        --- stderr
        exception 1 is decided; run 1.each.1 goes on
          drop  abandoned, by ben
          each  done in LENGTH; 2 items: 1 succeeded, 1 failed
    "#]]
    .assert_eq(&office.says(&["exceptions", "abandon", "1", "--by", "ben"]));
    let office = Office::parked();
    let happened = [
        "exceptions",
        "happened",
        "1",
        "--output",
        r#"{"path":"by hand"}"#,
    ];
    expect![[r#"
        exit 0
        --- stdout
        run 1 of enter succeeded in LENGTH; each: 2 items: 2 succeeded
        --- stderr
        exception 1 is decided; run 1.each.1 goes on
          drop  it has happened, by anna
          note  file.drop
          note  done in LENGTH
          each  done in LENGTH; 2 items: 2 succeeded
    "#]]
    .assert_eq(&office.says(&happened));
    assert_eq!(
        office.read("notes/1002.txt"),
        "../../up",
        "the step after it was done"
    );
}

#[test]
fn with_a_daemon_the_decision_is_enough() {
    let office = Office::parked();
    let _up = office.up();
    expect![[r#"
        exit 0
        --- stdout
        exception 1 is decided; run 1.each.1 goes on in the daemon
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "retry", "1"]));
    crate::office::wait_for("it to be parked again", || {
        office.json(&["exceptions"])[0]["id"] == 2
    });
    expect![[r#"
        exit 0
        --- stdout
        run 1 of enter succeeded in LENGTH; each: 2 items: 2 succeeded
        --- stderr
        exception 2 is decided; run 1.each.1 goes on
          drop  to be tried again with corrections, by anna
          drop  file.drop (attempt 3)
          drop  done in LENGTH
          note  file.drop
          note  done in LENGTH
          each  done in LENGTH; 2 items: 2 succeeded
    "#]]
    .assert_eq(&office.says(&["exceptions", "edit", "2", "--wait", "--set", "sku=0099"]));
}

#[test]
fn who_says_that_it_has_happened_says_what_came_of_it() {
    let office = Office::with("steps: [{ id: a, wait: 1s }]\n");
    office.write(
        "workflows/note.yaml",
        "inputs: { to: { type: text } }\nsteps:\n  - { id: post, bot: file.drop, with: { to: \"{{inputs.to}}\", content: x } }\n  - { id: tell, bot: file.drop, with: { to: out/a.txt, content: \"{{steps.post.path}}\" } }\n",
    );
    let parked = office.says(&["run", "note", "--input", "to=../up.txt"]);
    assert!(parked.starts_with("exit 3"), "{parked}");
    let shown = office.says(&["exceptions", "show", "1"]);
    assert!(
        shown.contains(r#"exceptions happened 1 --output '{"path": …}'"#),
        "{shown}"
    );
    let happened = |output: &[&str]| {
        let words = ["exceptions", "happened", "1"];
        office.says(&[&words[..], output].concat())
    };
    for lacking in [&[][..], &["--output", r#"{"size":1}"#]] {
        let refused = happened(lacking);
        assert!(refused.starts_with("exit 2"), "{refused}");
        assert!(
            refused.contains("later steps read `path` of what `post` gives"),
            "{refused}"
        );
    }
    let done = happened(&["--output", r#"{"path":"by hand"}"#]);
    assert!(done.starts_with("exit 0"), "{done}");
    assert_eq!(office.read("out/a.txt"), "by hand");
}
