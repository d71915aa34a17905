//! What is asked of people before a run goes on, put off, and late.

use expect_test::expect;

use crate::office::{GOOD, Office, wait_for};

const GUARDED: &str = r#"
name: guarded
description: Drops a note, after a look at its amount.
inputs:
  amount: { type: decimal, description: How much }
exceptions: { due: 2h, assign: clerks }
steps:
  - id: guard
    approve: "{{inputs.amount}} is over the ceiling"
    show: { amount: "{{inputs.amount}}", for: a note }
    ask: [supervisors]
    escalate: { after: 4h, to: [managers] }
  - id: drop
    bot: file.drop
    with: { to: out/note.txt, content: "approved by {{steps.guard.approved_by}}" }
"#;

/// Nobody listens there, so it is tried again, later than its time allows.
const LATE: &str = r#"
name: late
description: Asks for what is not there.
steps:
  - id: both
    timeout: 1s
    parallel:
      one:
        - id: ask
          bot: http.get
          connection: nobody
          with: { path: / }
          retry: { attempts: 5, delay: 1h, max_delay: 2h }
      two:
        - { id: sum, set: { total: "{{add 1 2}}" } }
finally:
  - { id: tidy, bot: file.drop, with: { to: out/tidy.txt, content: done } }
"#;

fn office() -> Office {
    let office = Office::with(GOOD);
    office.write(
        "botswain.yaml",
        "name: office\ntimezone: Europe/Berlin\ngroups:\n  clerks: [cleo@example.com]\n  \
         supervisors: [anna@example.com]\n  managers: [max@example.com]\n\
         connections:\n  nobody: { kind: web, address: \"http://127.0.0.1:9\" }\n",
    );
    office.write("workflows/guarded.yaml", GUARDED);
    office
}

#[test]
fn an_approval_is_asked_and_given() {
    let office = office();
    expect![[r#"
        exit 3
        --- stdout
        run 1 of guarded is parked

        exception 1: step guard, asks for approval
          150.50 is over the ceiling
          botswain exceptions show 1
          botswain exceptions approve 1
          botswain exceptions reject 1 --note …
          botswain exceptions skip 1
          botswain exceptions abandon 1
        --- stderr
        run 1
          guard  asks for approval, exception 1: 150.50 is over the ceiling
    "#]]
    .assert_eq(&office.says(&["run", "guarded", "--input", "amount=150.50"]));
    let retried = office.says(&["exceptions", "retry", "1"]);
    assert!(
        retried.contains("approve or reject it, skip the step, or abandon it"),
        "{retried}"
    );
    expect![[r#"
        exit 0
        --- stdout
        id  age  due  workflow  run  step  for  code  message
        1  AGO  LATER  guarded  1  guard  supervisors  approval.asked  150.50 is over the ceiling
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "list"]));
    expect![[r#"
        exit 0
        --- stdout
        exception 1: asks for approval
          150.50 is over the ceiling

        workflow  guarded
        run  1
        step  guard
        waits since  DATE, AGO
        due  DATE, LATER
        for  supervisors

        what it is about
        amount  150.50
        for  a note

        inputs
        amount  150.50

        steps
        guard (approve)  asks for approval, exception 1: 150.50 is over the ceiling
        drop (file.drop)  not yet

        what can be done
        botswain exceptions approve 1  it may be done: go on
        botswain exceptions reject 1 --note …  it may not
        botswain exceptions skip 1  go on without this step
        botswain exceptions abandon 1  give the run up
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "show", "1"]));
    expect![[r#"
        exit 0
        --- stdout
        run  workflow  state  started  why
        1  guarded  parked  DATE, AGO  `guard` waits for a person; others are asked too LATER
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "list"]));
    // What waits for an answer cannot have happened, and is not overdue.
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: exception 1 is not overdue
        hint: see `botswain exceptions show 1`
    "#]]
    .assert_eq(&office.says(&["exceptions", "more-time", "1", "1h"]));
    expect![[r#"
        exit 0
        --- stdout
        run 1 of guarded succeeded in LENGTH
        --- stderr
        exception 1 is decided; run 1 goes on
          guard  approved, by anna
          drop  file.drop
          drop  done in LENGTH
    "#]]
    .assert_eq(&office.says(&["exceptions", "approve", "1", "--note", "he is known"]));
    assert_eq!(office.read("out/note.txt"), "approved by anna");
    let shown = office.says(&["runs", "show", "1"]);
    let decisions = shown.split_once("decisions\n").unwrap().1;
    assert!(
        decisions.contains("anna  approve  he is known"),
        "{decisions}"
    );
}

#[test]
fn a_rejection_fails_the_run() {
    let office = office();
    office.says(&["run", "guarded", "--input", "amount=150.50"]);
    expect![[r#"
        exit 1
        --- stdout
        run 1 of guarded failed: anna rejected `150.50 is over the ceiling`: too much
        --- stderr
        exception 1 is decided; run 1 goes on
          guard  rejected, by anna
          guard  failed: anna rejected `150.50 is over the ceiling`: too much
    "#]]
    .assert_eq(&office.says(&["exceptions", "reject", "1", "--note", "too much"]));
    assert!(!office.path("out/note.txt").exists());
}

#[test]
fn what_is_put_off_is_not_listed() {
    let office = office();
    office.says(&["run", "guarded", "--input", "amount=150.50"]);
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: it is put off until a time that has passed
    "#]]
    .assert_eq(&office.says(&["exceptions", "snooze", "1", "2020-01-01"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: invalid value 'whenever' for '<UNTIL>': `whenever` is no time: write `2h`, `17:00`, `2026-03-29` or `2026-03-29T10:00`

        For more information, try '--help'.
    "#]].assert_eq(&office.says(&["exceptions", "snooze", "1", "whenever"]));
    expect![[r#"
        exit 0
        --- stdout
        exception 1 is put off until THEN, LATER
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "snooze", "1", "90m"]));
    expect![[r#"
        exit 0
        --- stdout
        no exceptions wait at present
        --- stderr
        1 put off; `--all` shows them too
    "#]]
    .assert_eq(&office.says(&["exceptions", "list"]));
    expect![[r#"
        exit 0
        --- stdout
        id  age  due  put off  workflow  run  step  for  code  message
        1  AGO  LATER  LATER  guarded  1  guard  supervisors  approval.asked  150.50 is over the ceiling
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "list", "--all"]));
    // It can be decided all the same.
    let approved = office.says(&["exceptions", "approve", "1"]);
    assert!(approved.starts_with("exit 0"), "{approved}");
}

#[test]
fn what_is_late_is_given_more_time_or_brought_to_its_end() {
    let office = office();
    office.write("workflows/late.yaml", LATE);
    let _up = office.up();
    let ran = office.says(&["run", "late"]);
    assert!(ran.starts_with("exit 3"), "{ran}");
    expect![[r#"
        exit 0
        --- stdout
        id  age  workflow  run  step  code  message
        1  AGO  late  1  both  step.overdue  overdue: the step has been at work for longer than its `timeout`
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "list", "--category", "overdue"]));
    expect![[r#"
        exit 0
        --- stdout
        no such exceptions wait
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "list", "--category", "system"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: exception 1 does not ask for approval
        hint: see `botswain exceptions show 1`
    "#]]
    .assert_eq(&office.says(&["exceptions", "approve", "1"]));
    expect![[r#"
        exit 0
        --- stdout
        exception 1 is decided; run 1 goes on in the daemon
        --- stderr
    "#]]
    .assert_eq(&office.says(&["exceptions", "more-time", "1", "2h"]));
    expect![[r#"
        exit 0
        --- stdout
        run  workflow  state  started  why
        1  late  waiting  DATE, AGO  tries `ask` again (attempt 2), LATER
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "list"]));
    expect![[r#"
        exit 0
        --- stdout
        run 1 of late: waiting
          tries `ask` again (attempt 2)

        started  DATE, AGO
        by  anna
        goes on  DATE, LATER

        steps
        both (parallel)  at work
        - branch one
          ask (http.get)  tried again LATER
        - branch two
          sum (set)  succeeded
        - finally
          tidy (file.drop)  not yet

        decisions
        when  about  by  decided
        DATE  exception 1: both  anna  give it 2h more
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "show", "1"]));
    expect![[r#"
        exit 0
        --- stdout
        run 1 of late was cancelled
        --- stderr
          cancelled by anna
          tidy  file.drop
          tidy  done in LENGTH
    "#]]
    .assert_eq(&office.says(&["runs", "cancel", "1", "--note", "nobody is there", "--wait"]));
    assert_eq!(office.read("out/tidy.txt"), "done");
    expect![[r#"
        exit 0
        --- stdout
        run 1 of late: cancelled

        started  DATE, AGO
        by  anna
        ended  DATE
        took  LENGTH

        steps
        both (parallel)  cancelled
        - branch one
          ask (http.get)  cancelled
        - branch two
          sum (set)  succeeded
        - finally
          tidy (file.drop)  succeeded

        decisions
        when  about  by  decided  note
        DATE  exception 1: both  anna  give it 2h more
        DATE  run 1  anna  cancel  nobody is there
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "show", "1"]));
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error: run 1 has ended
    "#]]
    .assert_eq(&office.says(&["runs", "cancel", "1"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no run 77
        hint: `botswain runs` lists them
    "#]]
    .assert_eq(&office.says(&["runs", "cancel", "77"]));
}

#[test]
fn a_run_that_waits_is_brought_to_its_end() {
    let office = office();
    office.write(
        "workflows/nap.yaml",
        "name: nap\ndescription: Waits.\nsteps:\n  - { id: nap, wait: 1h }\n",
    );
    let _up = office.up();
    let running = office.started(&["run", "nap"]);
    wait_for("the run to wait", || {
        office.json(&["runs"])[0]["state"] == "waiting"
    });
    let list = office.says(&["runs", "list"]);
    assert!(list.contains("waits at `nap`, LATER"), "{list}");
    expect![[r#"
        exit 0
        --- stdout
        run 1 is being brought to its end; see `botswain runs show 1`
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "cancel", "1"]));
    let ended = office.described(&running.wait_with_output().unwrap());
    expect![[r#"
        exit 1
        --- stdout
        run 1 of nap was cancelled
        --- stderr
        run 1
          nap  waits until THEN
          cancelled by anna
    "#]]
    .assert_eq(&ended);
}
