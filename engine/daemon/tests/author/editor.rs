//! A workflow in an ordinary editor: the real yaml-language-server completes and
//! checks it by the schema that `botswain new` and `schema --write` put beside it.

use expect_test::expect;
use serde_json::Value;

use crate::{
    desk::Desk,
    server::{Place, Server},
};

const CONFIG: &str = "\
# yaml-language-server: $schema=schema/botswain.json
name: office
connections:
  backoffice: { kind: web, address: https://office.example.com }
groups:
  supervisors: [anna@example.com]
";

/// What is typed; `‸` is where the cursor stands.
const CURSOR: char = '‸';

struct Editor {
    desk: Desk,
    server: Server,
    files: usize,
}

impl Editor {
    fn new() -> Editor {
        let desk = Desk::with(CONFIG);
        desk.write(
            "workflows/stock-import.yaml",
            "steps: [{ id: a, wait: 1s }]\n",
        );
        let written = desk.says(&["schema", "--write"]);
        assert_eq!(
            written,
            "exit 0\n--- stdout\nwrote schema/workflow.json\nwrote schema/botswain.json\n--- stderr\n"
        );
        let server = Server::start(&desk.path(""));
        Editor {
            desk,
            server,
            files: 0,
        }
    }

    fn uri(&mut self) -> String {
        self.files += 1;
        let name = format!("workflows/edited-{}.yaml", self.files);
        format!("file://{}", self.desk.path(&name).display())
    }

    /// The labels that are offered at the cursor of a workflow.
    fn offers(&mut self, typed: &str) -> Vec<String> {
        let mut labels: Vec<String> = self
            .items(typed)
            .iter()
            .filter_map(|item| item["label"].as_str().map(str::to_owned))
            .collect();
        labels.sort();
        labels
    }

    fn items(&mut self, typed: &str) -> Vec<Value> {
        let text = headed(typed);
        let before = text.split(CURSOR).next().unwrap();
        let line = before.lines().last().unwrap();
        let at = Place {
            line: before.matches('\n').count(),
            character: if before.ends_with('\n') {
                0
            } else {
                line.chars().count()
            },
        };
        let uri = self.uri();
        self.server.open(&uri, &text.replace(CURSOR, ""));
        self.server.completes(&uri, at)
    }

    /// What is found wrong, with its place counted from 1, as editors show it.
    fn finds(&mut self, typed: &str) -> String {
        let uri = self.uri();
        let found = self.server.open(&uri, &headed(typed));
        let mut lines: Vec<String> = found.iter().map(shown).collect();
        lines.sort();
        lines.join("\n")
    }
}

fn headed(typed: &str) -> String {
    format!("# yaml-language-server: $schema=../schema/workflow.json\n{typed}")
}

fn shown(found: &Value) -> String {
    let start = &found["range"]["start"];
    let place = |key: &str| start[key].as_u64().unwrap() + 1;
    let message = found["message"].as_str().unwrap().replace('\n', " ");
    format!("{}:{} {message}", place("line"), place("character"))
}

#[test]
fn keys_are_completed() {
    let mut editor = Editor::new();
    let offered = editor.offers("ste‸\n");
    assert!(offered.contains(&"steps".to_owned()), "{offered:?}");
    let offered = editor.offers("steps:\n  - id: a\n    ‸\n");
    for key in [
        "bot",
        "call",
        "for_each",
        "approve",
        "wait_until",
        "on_fault",
        "when",
    ] {
        assert!(offered.contains(&key.to_owned()), "{key} in {offered:?}");
    }
    let offered = editor.offers("overlap: ‸\n");
    expect![[r#"
        [
            "allow",
            "cancel",
            "queue",
            "skip",
        ]
    "#]]
    .assert_debug_eq(&offered);
}

#[test]
fn bots_and_the_names_of_the_instance_are_completed() {
    let mut editor = Editor::new();
    let offered = editor.offers("steps:\n  - id: a\n    bot: ‸\n");
    let bots: Vec<&str> = botswain_bots::ALL.iter().map(|bot| bot.name).collect();
    assert_eq!(offered, bots);
    let offered = editor.offers("steps:\n  - id: a\n    bot: http.get\n    connection: ‸\n");
    assert_eq!(offered, ["backoffice"]);
    let offered = editor.offers("steps:\n  - id: a\n    call: ‸\n");
    assert_eq!(offered, ["stock-import"]);
    let offered = editor.offers("steps:\n  - id: a\n    approve: go on?\n    ask:\n      - ‸\n");
    assert_eq!(offered, ["supervisors"]);
}

#[test]
fn the_parameters_of_the_bot_at_hand_are_completed() {
    let mut editor = Editor::new();
    let with = |bot: &str| format!("steps:\n  - id: a\n    bot: {bot}\n    with:\n      ‸\n");
    let offered = editor.offers(&with("sheet.read"));
    for key in [
        "file",
        "columns",
        "sheet",
        "delimiter",
        "encoding",
        "decimals",
    ] {
        assert!(offered.contains(&key.to_owned()), "{key} in {offered:?}");
    }
    assert!(!offered.contains(&"subject".to_owned()), "{offered:?}");
    let offered = editor.offers(&with("mail.send"));
    assert!(offered.contains(&"subject".to_owned()), "{offered:?}");
    // Each comes with its manual.
    let items = editor.items(&with("file.drop"));
    let replace = items
        .iter()
        .find(|item| item["label"] == "replace")
        .unwrap();
    let manual = replace["documentation"].to_string();
    assert!(
        manual.contains("Whether a file of other content may be replaced"),
        "{manual}"
    );
}

#[test]
fn an_action_of_a_page_is_completed() {
    let mut editor = Editor::new();
    let typed = "steps:\n  - id: a\n    bot: browser.do\n    connection: backoffice\n    with:\n      actions:\n        - ‸\n";
    let offered = editor.offers(typed);
    for key in ["open", "fill", "submit", "expect", "read"] {
        assert!(offered.contains(&key.to_owned()), "{key} in {offered:?}");
    }
}

#[test]
fn a_mistake_is_shown_at_its_place() {
    let mut editor = Editor::new();
    assert_eq!(
        editor.finds("steps:\n  - id: a\n    bot: sheet.read\n    with: { file: a.csv }\n"),
        ""
    );
    let found = editor.finds("steps:\n  - id: a\n    bot: sheet.raed\n    with: { file: a.csv }\n");
    expect![[r#"4:10 Value is not accepted. Valid values: "browser.do", "document.render", "file.drop", "http.get", "http.request", "mail.send", "sheet.read"."#]].assert_eq(&found);
    let found = editor.finds("steps:\n  - id: a\n    bot: file.drop\n    with:\n      to: a.txt\n      replace: perhaps\n");
    expect![[r#"7:16 Incorrect type. Expected "boolean"."#]].assert_eq(&found);
    let found = editor.finds("step:\n  - id: a\n    wait: 1s\n");
    expect![[r#"
        2:1 Missing property "steps".
        2:1 Property step is not allowed."#]]
    .assert_eq(&found);
    // A template may stand for what is no text.
    assert_eq!(
        editor.finds("steps:\n  - id: a\n    bot: file.drop\n    with:\n      to: a.txt\n      content: x\n      replace: \"{{steps.b.yes}}\"\n"),
        ""
    );
}

#[test]
fn botswain_yaml_is_completed_too() {
    let mut editor = Editor::new();
    let text = "# yaml-language-server: $schema=schema/botswain.json\nname: office\nconnections:\n  shop:\n    kind: ";
    let uri = format!("file://{}", editor.desk.path("botswain.yaml").display());
    editor.server.open(&uri, text);
    let at = Place {
        line: 4,
        character: 10,
    };
    let offered = editor.server.completes(&uri, at);
    let offered: Vec<&str> = offered
        .iter()
        .filter_map(|it| it["label"].as_str())
        .collect();
    for connection in botswain_bots::CONNECTIONS {
        assert!(
            offered.contains(&connection.kind),
            "{} in {offered:?}",
            connection.kind
        );
    }
    let manual = editor.server.hovers(
        &uri,
        Place {
            line: 1,
            character: 1,
        },
    );
    assert!(
        manual.contains("What people call this instance"),
        "{manual}"
    );
}

#[test]
fn the_schema_is_kept_fresh_where_it_lies_and_written_nowhere_else() {
    let desk = Desk::with("name: office\n");
    desk.write("workflows/a.yaml", "steps: [{ id: a, wait: 1s }]\n");
    desk.says(&["check"]);
    assert!(!desk.path("schema").exists());
    desk.says(&["schema", "--write"]);
    assert!(!desk.read("schema/workflow.json").contains("backoffice"));
    desk.write("botswain.yaml", CONFIG);
    desk.says(&["check"]);
    assert!(desk.read("schema/workflow.json").contains("backoffice"));
}
