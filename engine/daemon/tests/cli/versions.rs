//! Versions of a workflow on the command line: which there have been, and what differs.

use expect_test::expect;

use crate::office::{GOOD, Office};

#[test]
fn versions_are_counted_and_compared() {
    let office = Office::with(GOOD);
    assert_eq!(
        office.json(&["workflows", "versions", "enter"])[0]["number"],
        1
    );
    let file = "workflows/enter.yaml";
    let text = office.read(file);
    office.write(
        file,
        &text.replace("Hands each line over", "Gives each line away"),
    );
    expect![[r#"
        exit 0
        --- stdout
        version 2 of `enter`, compared with version 1:
        workflows/enter.yaml

            name: enter
          - description: Hands each line over as a file.
          + description: Gives each line away as a file.
            inputs:
              file: { type: file, description: The lines }
        --- stderr
    "#]]
    .assert_eq(&office.says(&["workflows", "diff", "enter"]));
    office.write(file, &text);
    let versions = office.json(&["workflows", "versions", "enter"]);
    let told: Vec<_> = versions.as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 3, "a text that comes back is another version");
    assert_eq!(told[0]["hash"], told[2]["hash"]);
    assert_eq!(
        (&told[0]["is_current"], &told[2]["is_current"]),
        (&true.into(), &false.into())
    );
    expect![[r#"
        exit 0
        --- stdout
        version  since  hash
        3  CLOCK  current  fb7cab29cf
        2  CLOCK  9c9540c36d
        1  CLOCK  fb7cab29cf
        --- stderr
    "#]]
    .assert_eq(&office.says(&["workflows", "versions", "enter"]));
    expect![[r#"
        exit 0
        --- stdout
        version 3 of `enter`, compared with version 1: nothing is different
        --- stderr
    "#]]
    .assert_eq(&office.says(&["workflows", "diff", "enter", "3", "--against", "1"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `enter` has no version 7
        hint: `botswain workflows versions enter` lists them
    "#]]
    .assert_eq(&office.says(&["workflows", "diff", "enter", "7"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: there is no workflow `entr`
        hint: `botswain new NAME` begins one
    "#]]
    .assert_eq(&office.says(&["workflows", "versions", "entr"]));

    // What is broken is no version, and can be seen beside the last that was none.
    office.write(file, &text.replace("file.drop", "file.dropp"));
    let broken = office.json(&["workflows", "diff", "enter", "--file"]);
    assert_eq!(broken["version"]["number"], 3);
    assert_eq!(broken["against"], "file");
    let lines = broken["changes"][0]["lines"].to_string();
    assert!(lines.contains("file.dropp"), "{lines}");

    // They go into a backup, and come back with it.
    office.write(file, &text);
    assert!(office.says(&["backup", "copy"]).starts_with("exit 0"));
    let restored = Office::with(GOOD);
    let copy = office.path("copy");
    let from = copy.to_str().unwrap();
    assert!(restored.says(&["restore", from]).starts_with("exit 0"));
    let versions = restored.json(&["workflows", "versions", "enter"]);
    assert_eq!(versions.as_array().map(Vec::len), Some(3), "{versions}");
}

#[test]
fn a_file_from_a_desk_is_pushed_and_what_was_parked_goes_on_by_it() {
    let office = Office::parked();
    let text = office.read("workflows/enter.yaml");
    let desk = |text: &str| office.write("desk/enter.yaml", text);
    let file = office.path("desk/enter.yaml");
    let push = |more: &[&str]| office.says(&[&["push", file.to_str().unwrap()], more].concat());
    desk(&text.replace("file.drop", "file.dropp"));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: HERE/desk/enter.yaml:19: there is no bot `file.dropp`
        hint: did you mean `file.drop`?
        error: HERE/desk/enter.yaml:24: there is no bot `file.dropp`
        hint: did you mean `file.drop`?
        error: nothing is pushed as long as the file has mistakes
    "#]]
    .assert_eq(&push(&[]));
    desk(&text);
    expect![[r#"
        exit 0
        --- stdout
        `enter` is so already: new runs follow version 1
        --- stderr
    "#]]
    .assert_eq(&push(&[]));
    desk(&text.replace(
        "{{inputs.folder}}/{{line.sku}}.txt",
        "{{inputs.folder}}/{{line.order}}.txt",
    ));
    expect![[r#"
        exit 0
        --- stdout
        new runs of `enter` follow version 2 from AGO on
        workflows/enter.yaml
          …
                    bot: file.drop
                    with:
          -  to: "{{inputs.folder}}/{{line.sku}}.txt"
          +  to: "{{inputs.folder}}/{{line.order}}.txt"
                      content: "{{line.order}} {{line.amount}}"
                  - id: note
        1 open exception can be tried again by it, as in:
          botswain exceptions retry 1 --current
        --- stderr
    "#]]
    .assert_eq(&push(&["--note", "the order is its name"]));
    expect![[r#"
        exit 0
        --- stdout
        version  since  activated by  hash  note
        2  CLOCK  anna  current  0fd9349637  the order is its name
        1  CLOCK  fb7cab29cf
        --- stderr
    "#]]
    .assert_eq(&office.says(&["workflows", "versions", "enter"]));
    let retried = office.says(&["exceptions", "retry", "1", "--current"]);
    assert!(retried.starts_with("exit 0"), "{retried}");
    assert_eq!(office.read("out/1002.txt"), "1002 20.00");

    // A workflow of another name is a new one; what is no workflow's file is told apart.
    desk(&text);
    let other = office.path("desk/other.yaml");
    let other = other.to_str().unwrap();
    office.write(
        "desk/other.yaml",
        &text.replace("name: enter", "name: other"),
    );
    expect![[r#"
        exit 0
        --- stdout
        new runs of `other` follow version 1 from AGO on
        --- stderr
    "#]]
    .assert_eq(&office.says(&["push", other]));
    assert_eq!(
        office.read("workflows/other.yaml"),
        office.read("desk/other.yaml")
    );
    office.write("desk/Odd Name.yaml", &text);
    let odd = office.path("desk/Odd Name.yaml");
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `Odd Name` cannot be the name of a workflow
        hint: it begins with a letter and has small letters, digits, `-` and `_`
    "#]]
    .assert_eq(&office.says(&["push", odd.to_str().unwrap()]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: `enter` is not called as a workflow is
        hint: a workflow is a file `NAME.yaml`
    "#]]
    .assert_eq(&office.says(&["push", "enter"]));
}
