//! Proposals on the command line: at the machine everybody is the user who runs the daemon, and says
//! who they are.

use expect_test::expect;

use crate::office::{GOOD, Office};

const SETTINGS: &str = "name: office
timezone: Europe/Berlin
console: { listen: \"127.0.0.1:8088\", activation: { self_approval: false } }
";

#[test]
fn what_is_pushed_waits_for_another_and_goes_into_a_backup() {
    let office = Office::with(GOOD);
    office.write("botswain.yaml", SETTINGS);
    let before = office.read("workflows/enter.yaml");
    office.write(
        "desk/enter.yaml",
        &before.replace("Hands each", "Gives each"),
    );
    let file = office.path("desk/enter.yaml");
    let push = || office.says(&["push", file.to_str().unwrap(), "--note", "plainer"]);
    expect![[r#"
        exit 3
        --- stdout
        proposed, and not followed yet: new runs of `enter` go by the file as before; it waits for another author, and nobody else has an account that may
        --- stderr
        hint: `botswain proposals show enter` shows what differs
    "#]].assert_eq(&push());
    assert_eq!(office.read("workflows/enter.yaml"), before);
    expect![[r#"
        exit 0
        --- stdout
        workflow  proposed by  since  state  note
        enter  anna  AGO  waits  plainer
        --- stderr
    "#]]
    .assert_eq(&office.says(&["proposals"]));
    expect![[r#"
        exit 0
        --- stdout
        proposed for `enter` by anna, AGO; it waits for another author, and nobody else has an account that may
        note: plainer
        workflows/enter.yaml

            name: enter
          - description: Hands each line over as a file.
          + description: Gives each line over as a file.
            inputs:
              file: { type: file, description: The lines }
        --- stderr
        hint: another than anna activates it: `botswain proposals approve enter --hash 4a7632da13`
    "#]].assert_eq(&office.says(&["proposals", "show", "enter"]));
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error: anna has proposed this for `enter`, so somebody else decides about it
        hint: withdraw it, or ask another author
    "#]]
    .assert_eq(&office.says(&["proposals", "approve", "enter"]));
    expect![[r#"
        exit 2
        --- stdout
        --- stderr
        error: nothing is proposed for `other`
        hint: `botswain proposals` lists what is
    "#]]
    .assert_eq(&office.says(&["proposals", "show", "other"]));

    // It comes back with a backup.
    assert!(office.says(&["backup", "copy"]).starts_with("exit 0"));
    let restored = Office::with(GOOD);
    restored.write("botswain.yaml", SETTINGS);
    let copy = office.path("copy");
    let from = copy.to_str().unwrap();
    assert!(restored.says(&["restore", from]).starts_with("exit 0"));
    assert_eq!(restored.json(&["proposals"])[0]["by"], "anna");

    let reject = [
        "proposals",
        "reject",
        "enter",
        "--by",
        "ben",
        "--note",
        "say where to",
    ];
    expect![[r#"
        exit 0
        --- stdout
        what anna has proposed for `enter` is rejected, and they see why
        --- stderr
    "#]]
    .assert_eq(&office.says(&reject));
    expect![[r#"
        exit 0
        --- stdout
        workflow  proposed by  since  state  note
        enter  anna  AGO  rejected  ben: say where to
        --- stderr
    "#]]
    .assert_eq(&office.says(&["proposals"]));
    assert!(push().starts_with("exit 3"));
    let approve = ["proposals", "approve", "enter", "--by", "ben"];
    expect![[r#"
        exit 1
        --- stdout
        --- stderr
        error: anna proposes another text for `enter` by AGO
        hint: `botswain proposals show enter` shows it
    "#]]
    .assert_eq(&office.says(&[&approve[..], &["--hash", "0123"]].concat()));
    expect![[r#"
        exit 0
        --- stdout
        new runs of `enter` follow version 2 from AGO on
        workflows/enter.yaml

            name: enter
          - description: Hands each line over as a file.
          + description: Gives each line over as a file.
            inputs:
              file: { type: file, description: The lines }
        --- stderr
    "#]]
    .assert_eq(&office.says(&approve));
    expect![[r#"
        exit 0
        --- stdout
        version  since  proposed by  activated by  hash  note
        2  CLOCK  anna  ben  current  b62d8963dc  plainer
        1  CLOCK  fb7cab29cf
        --- stderr
    "#]]
    .assert_eq(&office.says(&["workflows", "versions", "enter"]));
    assert_eq!(
        office.read("workflows/enter.yaml"),
        office.read("desk/enter.yaml")
    );

    // Over another file it is refused, and shown.
    office.write(
        "desk/enter.yaml",
        &before.replace("Hands each", "Passes each"),
    );
    assert!(push().starts_with("exit 3"));
    office.write("workflows/enter.yaml", &before);
    expect![[r#"
        exit 1
        --- stdout
        proposed for `enter` by anna, AGO; out of date: the file was changed since, so it has to be proposed anew
        note: plainer
        workflows/enter.yaml

            name: enter
          - description: Hands each line over as a file.
          + description: Passes each line over as a file.
            inputs:
              file: { type: file, description: The lines }
        --- stderr
        error: the file was changed since this was proposed
        hint: look at what differs AGO, and let it be proposed anew
    "#]].assert_eq(&office.says(&approve));
    expect![[r#"
        exit 0
        --- stdout
        nothing is proposed for `enter` any more
        --- stderr
    "#]]
    .assert_eq(&office.says(&["proposals", "withdraw", "enter"]));
}
