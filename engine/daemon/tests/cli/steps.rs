//! Runs with steps inside of others, and runs that other runs have called.

use expect_test::expect;

use crate::office::{GOOD, Office};

const OUTER: &str = r#"
name: outer
description: Every kind of step around another workflow.
inputs:
  country: { type: text, description: Where it goes }
steps:
  - id: where
    switch: "{{inputs.country}}"
    cases:
      DE: [ { id: near, set: { days: "2" } } ]
    default:
      - { id: far, set: { days: "21" } }
  - id: both
    parallel:
      paper:
        - { id: print, bot: file.drop, with: { to: "out/{{inputs.country}}.txt", content: x } }
      mail:
        - id: lost
          bot: file.drop
          with: { to: "../{{lower 'UP.TXT'}}", content: x }
          on_fault:
            - code: file.*
              then: [ { id: sorry, set: { why: "{{fault.code}}" } } ]
  - { id: other, call: inner, with: { to: "../{{inputs.country}}" } }
on_failure:
  - { id: tell, set: { said: "1" } }
finally:
  - { id: tidy, set: { tidied: "1" } }
"#;

const INNER: &str = r#"
name: inner
description: Drops a file.
inputs:
  to: { type: text, description: Where to }
steps:
  - { id: drop, bot: file.drop, with: { to: "{{inputs.to}}.txt", content: x } }
outputs: { path: "{{steps.drop.path}}" }
"#;

#[test]
fn steps_stand_under_those_that_they_belong_to() {
    let office = Office::with(GOOD);
    office.write("workflows/outer.yaml", OUTER);
    office.write("workflows/inner.yaml", INNER);
    let ran = office.says(&["run", "outer", "--input", "country=DE"]);
    // Which branch is told first is left to chance.
    let (said, told) = ran.split_once("--- stderr\n").unwrap();
    let last = "  other, step drop: parked as exception 1: `../DE.txt` leads outside the allowed folders\n";
    assert!(told.ends_with(last), "{told}");
    assert!(told.contains("sorry  done"), "{told}");
    expect![[r#"
        exit 3
        --- stdout
        run 1 of outer is parked

        exception 1: other, step drop, file.forbidden
          `../DE.txt` leads outside the allowed folders
          hint: name the folder under `roots:` in botswain.yaml
          botswain exceptions show 1
          botswain exceptions retry 1
          botswain exceptions edit 1 --set to=…
          botswain exceptions happened 1 --output '{"path": …}'
          botswain exceptions skip 1
          botswain exceptions abandon 1
    "#]]
    .assert_eq(said);
    expect![[r#"
        exit 0
        --- stdout
        run  workflow  state  started  why
        1  outer  parked  DATE, AGO  the run that `other` called waits for a person
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "list"]));
    expect![[r#"
        exit 0
        --- stdout
        run 1 of outer: parked
          the run that `other` called waits for a person

        started  DATE, AGO
        by  anna

        inputs
        country  DE

        steps
        where (switch)  succeeded
        - case DE
          near (set)  succeeded
        - default
          far (set)  left out
        both (parallel)  succeeded
        - branch paper
          print (file.drop)  succeeded
        - branch mail
          lost (file.drop)  failed
          - on_fault file.*
            sorry (set)  succeeded
        other (call)  at work; run 1.other.0
        - on_failure
          tell (set)  not yet
        - finally
          tidy (set)  not yet

        exceptions
        id  run  step  message
        1  1.other.0  drop  `../DE.txt` leads outside the allowed folders
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "show", "1"]));
    expect![[r#"
        exit 0
        --- stdout
        run 1.other.0 of inner: parked
          `drop` waits for a person

        started  DATE, AGO
        by  step other of run 1

        inputs
        to  ../DE

        steps
        drop (file.drop)  parked, exception 1: `../DE.txt` leads outside the allowed folders
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "show", "1.other.0"]));
    expect![[r#"
        exit 0
        --- stdout
        run 1 of outer succeeded in LENGTH
        --- stderr
        exception 1 is decided; run 1.other.0 goes on
          drop  to be tried again with corrections, by anna
          drop  file.drop (attempt 2)
          drop  done in LENGTH
          other  done
          tidy  done
    "#]]
    .assert_eq(&office.says(&["exceptions", "edit", "1", "--set", "to=out/called"]));
    assert_eq!(office.read("out/called.txt"), "x");
    expect![[r#"
        exit 0
        --- stdout
        run 1 of outer: succeeded

        started  DATE, AGO
        by  anna
        ended  DATE
        took  LENGTH

        inputs
        country  DE

        steps
        where (switch)  succeeded
        - case DE
          near (set)  succeeded
        - default
          far (set)  left out
        both (parallel)  succeeded
        - branch paper
          print (file.drop)  succeeded
        - branch mail
          lost (file.drop)  failed
          - on_fault file.*
            sorry (set)  succeeded
        other (call)  succeeded; run 1.other.0
        - on_failure
          tell (set)  left out
        - finally
          tidy (set)  succeeded
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "show", "1"]));
}

const FAILING: &str = r#"
name: failing
description: Cannot go on, in each way that there is.
inputs:
  how: { type: text, description: Which way }
steps:
  - id: fails
    when: "{{eq inputs.how \"fails\"}}"
    fail: "it is over for {{inputs.how}}"
    on_fault: { then: fail }
  - id: instead
    when: "{{eq inputs.how \"instead\"}}"
    fail: "it goes on"
    on_fault:
      code: step.failed
      then: [ { id: sorry, set: { why: "{{fault.message}}" } } ]
  - id: parks
    when: "{{eq inputs.how \"parks\"}}"
    fail: "it waits"
    category: system
"#;

#[test]
fn a_fail_step_parks_unless_its_author_says_otherwise() {
    let office = Office::with(GOOD);
    office.write("workflows/failing.yaml", FAILING);
    expect![[r#"
        exit 1
        --- stdout
        run 1 of failing failed: it is over for fails
        --- stderr
        run 1
          fails  failed: it is over for fails
    "#]]
    .assert_eq(&office.says(&["run", "failing", "--input", "how=fails"]));
    expect![[r#"
        exit 0
        --- stdout
        run 2 of failing succeeded in LENGTH
        --- stderr
        run 2
          fails  skipped: its condition does not hold
          instead  failed: it goes on; does what `on_fault` says
          sorry  done
          instead  done
          parks  skipped: its condition does not hold
    "#]]
    .assert_eq(&office.says(&["run", "failing", "--input", "how=instead"]));
    expect![[r#"
        exit 3
        --- stdout
        run 3 of failing is parked

        exception 1: step parks, step.failed
          it waits
          botswain exceptions show 1
          botswain exceptions retry 1
          botswain exceptions edit 1 --set how=…
          botswain exceptions back 1 instead
          botswain exceptions skip 1
          botswain exceptions abandon 1
        --- stderr
        run 3
          fails  skipped: its condition does not hold
          instead  skipped: its condition does not hold
          parks  parked as exception 1: it waits
    "#]]
    .assert_eq(&office.says(&["run", "failing", "--input", "how=parks"]));
}

/// The loop is done when its items wait for people; the first reads what its run was given.
const UNPARKED: &str = r#"
name: unparked
description: Goes on without what waits for people.
inputs:
  folder: { type: text, description: Where the files go }
steps:
  - id: lines
    bot: sheet.read
    with: { file: lines.csv, columns: { order: text, sku: text } }
  - id: each
    for_each: "{{steps.lines.rows}}"
    as: line
    key: "{{line.order}}"
    wait_for: unparked
    steps:
      - id: blocked
        when: "{{eq line.sku \"bad\"}}"
        fail: "{{line.sku}} is blocked"
      - id: drop
        bot: file.drop
        with:
          to: "{{inputs.folder}}/{{line.order}}.txt"
          content: "{{line.sku}} of {{steps.lines.count}}"
  - { id: last, bot: file.drop, with: { to: "{{inputs.folder}}/last.txt", content: "{{steps.each.open}} wait" } }
"#;

#[test]
fn items_go_on_by_themselves_after_their_run_has_ended() {
    let office = Office::with("order,sku\n1,bad\n2,bad\n");
    office.write("workflows/unparked.yaml", UNPARKED);
    let ran = office.says(&["run", "unparked", "--input", "folder=out"]);
    // When its items are told is left to chance.
    let (said, told) = ran.split_once("--- stderr\n").unwrap();
    expect![[r#"
        exit 0
        --- stdout
        run 1 of unparked succeeded in LENGTH; each: 2 items: 2 parked

        exception 1: each 1, step blocked, step.failed
          bad is blocked
          botswain exceptions show 1
          botswain exceptions retry 1
          botswain exceptions edit 1 --set sku=…
          botswain exceptions skip 1
          botswain exceptions abandon 1

        exception 2: each 2, step blocked, step.failed
          bad is blocked
          botswain exceptions show 2
          botswain exceptions retry 2
          botswain exceptions edit 2 --set sku=…
          botswain exceptions skip 2
          botswain exceptions abandon 2
    "#]]
    .assert_eq(said);
    let told_of = "  each 1, step blocked: parked as exception 1: bad is blocked\n";
    assert!(told.contains(told_of), "{told}");
    assert_eq!(office.read("out/last.txt"), "2 wait");
    expect![[r#"
        exit 0
        --- stdout
        run 1 of unparked: succeeded

        started  DATE, AGO
        by  anna
        ended  DATE
        took  LENGTH

        inputs
        folder  out

        steps
        lines (sheet.read)  succeeded
        each (for_each)  succeeded; 2 items: 2 parked
        last (file.drop)  succeeded

        items of each
        item  key  state  why
        1.each.0  1  parked  `blocked` waits for a person
        1.each.1  2  parked  `blocked` waits for a person

        exceptions
        id  run  step  key  message
        1  1.each.0  blocked  1  bad is blocked
        2  1.each.1  blocked  2  bad is blocked
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "show", "1"]));
    expect![[r#"
        exit 0
        --- stdout
        run 1 of unparked succeeded in LENGTH; each: 2 items: 1 succeeded, 1 parked

        exception 2: each 2, step blocked, step.failed
          bad is blocked
          botswain exceptions show 2
          botswain exceptions retry 2
          botswain exceptions edit 2 --set sku=…
          botswain exceptions skip 2
          botswain exceptions abandon 2
        --- stderr
        exception 1 is decided; run 1.each.0 goes on
          blocked  to be tried again with corrections, by anna
          blocked  skipped: its condition does not hold
          drop  file.drop
          drop  done in LENGTH
    "#]]
    .assert_eq(&office.says(&["exceptions", "edit", "1", "--set", "sku=good"]));
    assert_eq!(office.read("out/1.txt"), "good of 2");
    let up = office.up();
    let told = office.says(&["exceptions", "edit", "2", "--set", "sku=fine", "--wait"]);
    assert!(told.starts_with("exit 0"), "{told}");
    assert_eq!(office.read("out/2.txt"), "fine of 2");
    assert_eq!(up.after(nix::sys::signal::Signal::SIGTERM), Some(0));
}
