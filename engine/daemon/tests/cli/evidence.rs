//! The evidence of a run, saved from the command line.

use std::fs::File;

use expect_test::expect;

use crate::office::Office;

/// The names of what is in it; an archive that is not whole has none.
fn names(office: &Office, path: &str) -> Vec<String> {
    let file = File::open(office.path(path)).unwrap();
    let archive = zip::ZipArchive::new(file).unwrap();
    archive
        .file_names()
        .map(|it| it.unwrap().into_owned())
        .collect()
}

#[test]
fn evidence_is_saved_with_and_without_a_daemon_and_over_nothing() {
    let office = Office::parked();
    expect![[r#"
        exit 0
        --- stdout
        saved evidence-1.zip
        --- stderr
    "#]]
    .assert_eq(&office.says(&["runs", "evidence", "1"]));
    let alone = names(&office, "evidence-1.zip");
    assert!(
        alone.iter().any(|name| name.ends_with("index.html")),
        "{alone:?}"
    );
    assert!(
        alone.iter().any(|name| name.ends_with("SHA256SUMS")),
        "{alone:?}"
    );

    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `evidence-1.zip` is there already
        hint: give it another name with `--output`
    "#]]
    .assert_eq(&office.says(&["runs", "evidence", "1"]));

    let up = office.up();
    let saved = office.json(&["runs", "evidence", "1", "--output", "out/run.zip"]);
    assert_eq!(saved["file"], "out/run.zip");
    assert_eq!(names(&office, "out/run.zip"), alone);
    drop(up);
}

#[test]
fn of_a_run_that_never_was_nothing_is_left() {
    let office = Office::parked();
    let before = std::fs::read_dir(office.path("")).unwrap().count();
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no run 99
        hint: `botswain runs` lists them
    "#]]
    .assert_eq(&office.says(&["runs", "evidence", "99"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no folder `no/such`
        hint: make it first, or name a file elsewhere with `--output`
    "#]]
    .assert_eq(&office.says(&["runs", "evidence", "1", "--output", "no/such/x.zip"]));
    assert_eq!(std::fs::read_dir(office.path("")).unwrap().count(), before);
}
