//! `check --format`: findings for GitHub Actions and for code scanning.

use std::{fs, path::Path};

use expect_test::expect;
use serde_json::Value;

use crate::Office;

/// Two findings; the name and the message of the first have what has to be escaped.
const BROKEN: &str = "steps:\n  - { id: rest, name: \"100 %, 订单\", wiat: 1m }\n  - id: \"a, b: 100%\"\n    wait: 1m\n  - { id: stop, fail: no }\n";

fn says(format: &str) -> (Option<i32>, String) {
    let office = Office::new();
    let place = office.folder().join("workflows/a b,c.yaml");
    fs::write(place, BROKEN).unwrap();
    let output = office
        .command(&["check", "workflows/a b,c.yaml", "--format", format])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text)
}

#[test]
fn github_shows_each_at_its_line() {
    let (code, text) = says("github");
    assert_eq!(code, Some(2));
    expect![[r#"
        ::error file=workflows/a b%2Cc.yaml,line=1,endLine=1,col=1,endColumn=1,title=language.name::`a b,c` cannot be the name of a workflow%0Ahint: call the file with lower-case letters, digits and `-`, as in `order-entry.yaml`
        ::error file=workflows/a b%2Cc.yaml,line=2,endLine=2,col=36,endColumn=40,title=language.unknown_key::a step has no key `wiat`%0Ahint: did you mean `wait`?
        ::error file=workflows/a b%2Cc.yaml,line=3,endLine=3,col=9,endColumn=21,title=steps.id::`a, b: 100%25` cannot be the id of a step%0Ahint: use letters, digits, `-` and `_`, beginning with a letter
        ::warning file=workflows/a b%2Cc.yaml,line=5,endLine=5,col=23,endColumn=25,title=yaml.unquoted::`no` is text here, but many programs read it as true or false%0Ahint: write `"no"`
    "#]].assert_eq(&text);
}

#[test]
fn sarif_names_rules_regions_and_help() {
    let (code, text) = says("sarif");
    assert_eq!(code, Some(2));
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        let region = &result["locations"][0]["physicalLocation"]["region"];
        for key in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(region[key].as_u64().unwrap() >= 1, "{region}");
        }
    }
    for rule in rules {
        for text in ["/shortDescription/text", "/help/text", "/help/markdown"] {
            assert!(!rule.pointer(text).unwrap().as_str().unwrap().is_empty());
        }
    }
    let first = serde_json::to_string_pretty(&run["results"][0]).unwrap();
    expect![[r#"
        {
          "ruleId": "language.name",
          "ruleIndex": 0,
          "level": "error",
          "message": {
            "text": "`a b,c` cannot be the name of a workflow\nhint: call the file with lower-case letters, digits and `-`, as in `order-entry.yaml`"
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "workflows/a%20b%2Cc.yaml"
                },
                "region": {
                  "startLine": 1,
                  "startColumn": 1,
                  "endLine": 1,
                  "endColumn": 1
                }
              }
            }
          ]
        }"#]].assert_eq(&first);
}

/// The official schema, as `make tools` installs it.
const SCHEMA: &str =
    "../../target/editor/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json";

#[test]
fn sarif_is_as_its_schema_wants_it() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA);
    let schema = fs::read_to_string(schema);
    let schema = schema.expect("`make tools` installs the schema of SARIF");
    // A bracket that closes nothing: some engines take it for itself, that of Rust does not.
    let schema = schema.replace("{2}]?$", r"{2}\\]?$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    let valid = options.build(&schema).unwrap();
    let clean = "steps: [{ id: rest, wait: 1m }]\n";
    let warned = "steps: [{ id: stop, fail: no }]\n";
    for text in [BROKEN, clean, warned] {
        let office = Office::new();
        fs::write(office.folder().join("workflows/a b,c.yaml"), text).unwrap();
        let mut command = office.command(&["check", "--format", "sarif"]);
        let output = command.output().unwrap();
        let log: Value = serde_json::from_slice(&output.stdout).unwrap();
        let wrong: Vec<String> = valid
            .iter_errors(&log)
            .map(|it| format!("{}: {it}", it.instance_path()))
            .collect();
        assert_eq!(wrong, [] as [&str; 0]);
    }
    // It would notice.
    assert!(!valid.is_valid(&serde_json::json!({ "version": "2.1.0" })));
}

#[test]
fn files_are_named_from_where_the_command_is_given() {
    let office = Office::new();
    fs::write(office.folder().join("workflows/a.yaml"), BROKEN).unwrap();
    let (parent, name) = split(office.folder());
    let mut command = office.command(&["--dir", &name, "check", "--format", "github"]);
    let output = command.current_dir(parent).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let start = format!("::error file={name}/workflows/a.yaml,line=2");
    assert!(text.lines().any(|line| line.starts_with(&start)), "{text}");
}

#[test]
fn warnings_alone_are_no_failure() {
    let office = Office::new();
    let text = "steps:\n  - { id: stop, fail: no }\n";
    fs::write(office.folder().join("workflows/a.yaml"), text).unwrap();
    for format in ["text", "github", "sarif"] {
        let mut command = office.command(&["check", "workflows/a.yaml", "--format", format]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("yaml.unquoted"), "{text}");
    }
}

fn split(folder: &Path) -> (&Path, String) {
    let name = folder.file_name().unwrap().display().to_string();
    (folder.parent().unwrap(), name)
}
