//! `run` from its start to its exit code.

use expect_test::expect;

use crate::office::{GOOD, ONE_ODD, Office};

#[test]
fn a_run_that_succeeds() {
    let office = Office::with(GOOD);
    expect![[r#"
        exit 0
        --- stdout
        run 1 of enter succeeded in LENGTH; each: 2 items: 2 succeeded
        --- stderr
        run 1
          lines  sheet.read
          lines  done in LENGTH
          each  2 items
          each  done in LENGTH; 2 items: 2 succeeded
    "#]]
    .assert_eq(&office.says(&["run", "enter", "--input", "file=lines.csv", "--key", "may"]));
    assert_eq!(office.read("out/0011.txt"), "1001 10.10");
    // Once more with the same key is not once more.
    expect![[r#"
        exit 0
        --- stdout
        run 2 of enter was skipped: run 1 has done `may` already
        --- stderr
        run 2
    "#]]
    .assert_eq(&office.says(&["run", "enter", "--input", "file=lines.csv", "--key", "may"]));
}

#[test]
fn a_run_that_is_parked_says_how_to_go_on() {
    let office = Office::with(ONE_ODD);
    expect![[r#"
        exit 3
        --- stdout
        run 1 of enter is parked; each: 2 items: 1 succeeded, 1 parked

        exception 1: each 1002, step drop, file.forbidden
          `out/../../up.txt` leads outside the allowed folders
          hint: name the folder under `roots:` in botswain.yaml
          botswain exceptions show 1
          botswain exceptions retry 1
          botswain exceptions edit 1 --set sku=…
          botswain exceptions happened 1 --output '{"path": …, "size": …, "hash": …, "existed": …}'
          botswain exceptions skip 1
          botswain exceptions abandon 1
        --- stderr
        run 1
          lines  sheet.read
          lines  done in LENGTH
          each  2 items
          each 1002, step drop: parked as exception 1: `out/../../up.txt` leads outside the allowed folders
    "#]].assert_eq(&office.says(&["run", "enter", "--input", "file=lines.csv"]));
    assert_eq!(
        office.read("notes/1001.txt"),
        "0011",
        "the good line is done"
    );
}

#[test]
fn a_run_as_json() {
    let office = Office::with(GOOD);
    let detail = office.json(&["run", "enter", "--input", "file=lines.csv"]);
    assert_eq!(detail["run"]["state"], "succeeded");
    assert_eq!(detail["steps"][1]["items"]["succeeded"], 2);
}

#[test]
fn a_file_that_cannot_be_read_parks_the_run() {
    let office = Office::with(GOOD);
    let answer = office.says(&["run", "enter", "--input", "file=none.csv"]);
    expect![[r#"
        exit 3
        --- stdout
        run 1 of enter is parked

        exception 1: step lines, file.missing
          there is no file `none.csv`
          hint: it was looked for at `HERE/none.csv`
          botswain exceptions show 1
          botswain exceptions retry 1
          botswain exceptions edit 1 --set file=…
          botswain exceptions happened 1 --output '{"rows": …}'
          botswain exceptions skip 1
          botswain exceptions abandon 1
        --- stderr
        run 1
          lines  sheet.read
          lines  parked as exception 1: there is no file `none.csv`
    "#]]
    .assert_eq(&answer);
}
