//! A secret that a step needs is in nothing that a play of it shows.
//!
//! The server tells what it was sent, as some do: so the secrets were really
//! used, and came back in an answer.

use std::path::Path;

use crate::{
    office::{GOOD, Office},
    server::{json, serve},
};

const TOKEN: &str = "tok-4711-very-long";
const PASSWORD: &str = "Pass/word-0815=";

const WORKFLOW: &str = r#"
steps:
  - { id: look, bot: http.get, connection: shop, with: { path: /look } }
  - { id: ask, bot: http.get, connection: desk, with: { path: /ask } }
  - id: send
    bot: http.request
    connection: shop
    with: { method: POST, path: /orders, json: { seen: "{{steps.look.body}}", too: "{{steps.ask.body}}" } }
  - id: tell
    bot: mail.send
    retry: { attempts: 1 }
    connection: office-mail
    with: { to: ops@example.com, subject: done, text: "{{text steps.look.body.head}}" }
tests:
  - name: it is sent
    mocks:
      - { step: look, output: { status: 200, body: { head: x } } }
      - { step: ask, output: { status: 200, body: { head: x } } }
      - { step: send, output: { status: 201 } }
      - { step: tell, output: {} }
    expect: { state: failed }
"#;

/// A shop that answers with what it was sent.
fn echo() -> String {
    serve(|head| Some(json(&serde_json::json!({ "head": head }))))
}

fn office() -> Office {
    let office = Office::with(GOOD);
    let address = echo();
    office.write(
        "botswain.yaml",
        &format!(
            "name: office
connections:
  shop: {{ kind: web, address: \"{address}\", auth: {{ bearer: \"{{{{secrets.token}}}}\" }} }}
  desk: {{ kind: web, address: \"{address}\", auth: {{ header: {{ name: X-Api-Key, value: \"{{{{secrets.token}}}}\" }} }} }}
  office-mail: {{ kind: smtp, host: 127.0.0.1, tls: none, from: office@example.com, username: office, password: \"{{{{secrets.mail}}}}\" }}
"
        ),
    );
    office.write("workflows/order.yaml", WORKFLOW);
    for (name, value) in [("token", TOKEN), ("mail", PASSWORD)] {
        let said = office.hears(&["secret", "set", name], value);
        assert!(said.starts_with("exit 0"), "{said}");
    }
    office
}

#[track_caller]
fn hides(said: &str) {
    for secret in [TOKEN, PASSWORD] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn a_secret_is_in_nothing_that_is_shown() {
    let office = office();
    let dry = office.says(&["run", "order", "--dry-run"]);
    hides(&dry);
    // The server has it: what it echoed is masked.
    assert!(dry.contains("uthorization: Bearer •••"), "{dry}");
    assert!(dry.to_lowercase().contains("x-api-key: •••"), "{dry}");
    hides(&office.json(&["run", "order", "--dry-run"]).to_string());

    // The test fails, so that all that it could show is shown.
    let test = office.says(&["test"]);
    assert!(test.starts_with("exit 1"), "{test}");
    hides(&test);

    // The mail server is not there; what came before is rendered all the same.
    office.says(&["run", "order"]);
    let rendered = office.says(&["render", "order", "send", "--run", "1"]);
    assert!(rendered.starts_with("exit 0"), "{rendered}");
    assert!(rendered.contains("•••"), "{rendered}");
    hides(&rendered);
    hides(&office.says(&["run", "--replay", "1"]));

    // Nor in what is kept of it: the journal, the answers, the audit.
    let shown = office.says(&["runs", "show", "1"]);
    assert!(shown.contains("smtp") || shown.contains("mail"), "{shown}");
    hides(&shown);
    let told = office.json(&["runs", "show", "1"]).to_string();
    assert!(told.contains("Bearer •••"), "{told}");
    hides(&told);
    hides(&office.json(&["exceptions", "show", "1"]).to_string());
    is_nowhere(&office.path(".botswain"));
}

/// A refused answer is cut for its message; a secret in it must not be cut before it is masked.
#[test]
fn a_secret_is_not_cut_in_pieces() {
    let office = office();
    let address = serve(|head| {
        let before = head.split("/pad/").nth(1)?.split(' ').next()?;
        let text = format!("{}{TOKEN}", "x".repeat(before.parse().ok()?));
        let length = text.len();
        Some(format!(
            "HTTP/1.1 422 No\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
        ))
    });
    let config = office.read("botswain.yaml");
    let desk = config
        .lines()
        .find(|line| line.contains("  desk:"))
        .unwrap();
    let moved = format!(
        "  desk: {{ kind: web, address: \"{address}\", auth: {{ bearer: \"{{{{secrets.token}}}}\" }} }}"
    );
    office.write("botswain.yaml", &config.replace(desk, &moved));
    let steps = "inputs: { pad: { type: integer } }\nsteps:\n  - { id: ask, bot: http.get, connection: desk, retry: { attempts: 1 }, with: { path: \"/pad/{{inputs.pad}}\" } }\n";
    office.write("workflows/refused.yaml", steps);
    for pad in (482..=500).step_by(3) {
        let said = office.says(&["run", "refused", "--input", &format!("pad={pad}")]);
        assert!(said.contains("was answered 422"), "{said}");
        assert!(!said.contains(&TOKEN[..4]), "{pad}: {said}");
    }
    let detail = office.json(&["exceptions", "show", "1"]);
    let kept = &detail["exception"]["artifacts"];
    assert_eq!(kept.as_array().map(Vec::len), Some(1), "{kept}");
    is_nowhere(&office.path(".botswain"));
}

/// No file below this folder holds a secret as it is.
fn is_nowhere(folder: &Path) {
    let mut looked = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                hides(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
                looked += 1;
            }
        }
    }
    assert!(looked > 5, "{looked} files");
}
