//! `audit`: what the command line did stands there, and whoever changes that is found out.

use serde_json::Value;

use crate::office::{GOOD, Office};

fn acts(office: &Office, args: &[&str]) -> Vec<(String, String, String, String)> {
    let listed = office.json(&[&["audit"], args].concat());
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    let told = |it: &Value| {
        (
            text(it, "by"),
            text(it, "act"),
            text(it, "on"),
            text(it, "outcome"),
        )
    };
    listed.as_array().unwrap().iter().map(told).collect()
}

fn act(by: &str, act: &str, on: &str, outcome: &str) -> (String, String, String, String) {
    let owned = [by, act, on, outcome].map(str::to_owned);
    owned.into()
}

#[test]
fn what_was_done_stands_there_and_a_change_of_it_is_told() {
    let office = Office::with(GOOD);
    let run = ["run", "enter", "--input", "file=lines.csv", "--by", "ann"];
    assert!(office.says(&run).starts_with("exit 0"));
    assert!(
        !office
            .says(&["run", "nothing", "--by", "ann"])
            .starts_with("exit 0")
    );
    let mut set = office.command(&["secret", "set", "shop"]);
    set.env("USER", "ben").stdin(std::process::Stdio::piped());
    let mut set = set.spawn().unwrap();
    std::io::Write::write_all(&mut set.stdin.take().unwrap(), b"open sesame").unwrap();
    assert!(set.wait().unwrap().success());
    assert_eq!(
        acts(&office, &[]),
        [
            act("ben", "set_secret", "secret shop", "done"),
            act("ann", "start", "workflow nothing", "refused"),
            act("ann", "start", "workflow enter", "done"),
        ]
    );
    assert_eq!(
        acts(&office, &["--by", "ben", "--since", "2020-01-01T00:00"]).len(),
        1
    );
    assert_eq!(acts(&office, &["--act", "start", "--on", "noth"]).len(), 1);
    assert_eq!(acts(&office, &["--until", "2020-01-01T00:00"]).len(), 0);
    let csv = office.says(&["audit", "--csv", "--act", "set_secret"]);
    assert!(
        csv.contains("\"ben\",\"desk\",\"set_secret\",\"secret shop\""),
        "{csv}"
    );
    assert!(office.says(&["verify"]).starts_with("exit 0"));

    // Where nothing says who it is, the operating system does.
    let add = ["user", "add", "ann", "--role", "viewer"];
    let added = office.hears(&add, "a long pass phrase");
    assert!(added.starts_with("exit 0"), "{added}");
    assert!(added.contains("nobody is an admin yet"), "{added}");
    let user = nix::unistd::Uid::effective();
    let known = nix::unistd::User::from_uid(user).unwrap();
    let user = known.map_or_else(|| format!("user {user}"), |it| it.name);
    assert_eq!(
        acts(&office, &["--act", "add_person"]),
        [act(&user, "add_person", "person ann", "done")]
    );

    // A backup takes it along, and says what was there.
    let folder = office.path("backup").display().to_string();
    assert!(office.says(&["backup", "backup"]).starts_with("exit 0"));
    let other = Office::with(GOOD);
    assert!(other.says(&["restore", &folder]).starts_with("exit 0"));
    let brought = acts(&other, &["--limit", "3"]);
    assert_eq!(brought[0].1, "restore");
    assert_eq!(brought[1].1, "backup");
    assert!(other.says(&["verify"]).starts_with("exit 0"));

    let folder = office.path(".botswain/audit");
    let file = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path());
    let file = file.filter(|it| it.extension().is_some()).max().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("open sesame"));
    std::fs::write(&file, text.replacen("\"ann\"", "\"eve\"", 1)).unwrap();
    let told = office.says(&["verify"]);
    assert!(told.starts_with("exit 1"), "{told}");
    assert!(told.contains("line 1: record 1 was changed"), "{told}");
}
