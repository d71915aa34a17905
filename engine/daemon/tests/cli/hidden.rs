//! A secret that a step needs is in nothing that a play of it shows.
//!
//! The server tells what it was sent, as some do: so the secrets were really
//! used, and came back in an answer.

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
}
