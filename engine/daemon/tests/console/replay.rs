//! A run is played again: what differs is shown, and nothing is sent, changed or remembered.

use std::{io::ErrorKind, net::TcpListener};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    house::{House, line, wait_for},
    session::Session,
};

/// Its recording has many steps, though few of them are done.
fn many() -> String {
    let steps = (0..150).map(|it| format!("{{ id: s{it}, set: {{ a: b }} }}"));
    let steps = steps.collect::<Vec<_>>().join(", ");
    format!(
        "name: many
inputs: {{ lines: {{ type: list }}, long: {{ type: text }} }}
steps:
  - id: each
    for_each: \"{{{{inputs.lines}}}}\"
    as: line
    steps:
      - {{ id: note, set: {{ text: \"{{{{line.order}}}}\" }} }}
      - {{ id: which, switch: \"{{{{line.order}}}}\", cases: {{ never: [{steps}] }}, default: [{{ id: other, set: {{ a: b }} }}] }}
"
    )
}

/// The same, and for each line much is sent.
const MUCH: &str = r#"
name: many
inputs: { lines: { type: list }, long: { type: text } }
steps:
  - id: each
    for_each: "{{inputs.lines}}"
    as: line
    steps:
      - { id: note, bot: file.drop, with: { to: "out/{{line.order}}.txt", content: "{{inputs.long}}" } }
"#;

const WAITS: &str = "steps: [{ id: pause, wait: 1h }]\n";

async fn replayed(session: &Session, run: &str, body: Value) -> (StatusCode, Value) {
    let path = format!("/api/v1/runs/{run}/replay");
    let answer = session.post(&path, &body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_shows_step_by_step_what_differs_and_touches_nothing() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.admit("vic", "viewer", &[]);
    house.park(&[
        line("10850", "9001", "ACME Ltd"),
        line("10851", "0099", "<img src=x onerror=alert(1)>"),
    ]);
    let lines = std::fs::read_to_string(house.path("workflows/lines.yaml")).unwrap();
    let changed = lines
        .replace("entered/{{line.order}}", "sent/{{line.order}}")
        .replace("{{line.amount}}\"", "{{line.customer}}\"")
        .replace("(eq line.sku \\\"0099\\\")", "(eq line.sku line.sku)");
    // The file of today asks somebody who was not asked then, and is not asked now.
    let office = TcpListener::bind("127.0.0.1:0").unwrap();
    office.set_nonblocking(true).unwrap();
    let settings = std::fs::read_to_string(house.path("botswain.yaml")).unwrap();
    let address = office.local_addr().unwrap();
    let shop = format!("connections:\n  shop: {{ kind: web, address: \"http://{address}\" }}\n");
    house.write("botswain.yaml", &format!("{settings}{shop}"));
    wait_for("the connection", || {
        house.json(&["connections"])[0].is_object().then_some(())
    });
    let asks = "steps:\n  - { id: ask, bot: http.get, connection: shop, with: { path: /stock } }\n";
    let changed = changed.replacen("steps:\n", asks, 1);
    house.write("workflows/lines.yaml", &changed);
    let mut browser = Browser::open(&house).await;
    browser.sign_in("vic").await;
    browser.go("/runs/1").await;
    assert!(!browser.is_there("[data-replay]").await);

    browser.sign_in("ann").await;
    browser.go("/runs/1").await;
    browser.click("[data-replay] [value=current]").await;
    let different = browser.text("[data-change=different]").await;
    assert!(different.contains("enter[10851].note"), "{different}");
    assert!(different.contains("File: entered/10851.txt"), "{different}");
    assert!(different.contains("File: sent/10851.txt"), "{different}");
    assert!(
        different.contains("<img src=x onerror=alert(1)>"),
        "{different}"
    );
    let new = browser.text("[data-change=new]").await;
    assert!(
        new.contains("enter[10850].note") && new.contains("9001"),
        "{new}"
    );
    let side = browser.text(".side").await;
    assert!(side.contains("Version 2"), "{side}");
    let states = browser.text(".side .facts").await;
    assert!(states.contains("succeeded"), "{states}");

    // By its own version it is what it was.
    browser.click(".side [value=pinned]").await;
    let told = browser.text("main").await;
    assert!(told.contains("The same would be sent as then"), "{told}");
    assert!(told.contains("unknown product"), "{told}");
    browser.close().await;

    let asked = office.accept().map(|_| ()).map_err(|error| error.kind());
    assert_eq!(asked, Err(ErrorKind::WouldBlock), "nobody is asked");
    assert!(!house.path("sent").exists(), "nothing is sent");
    assert_eq!(house.open_exceptions(), [1], "nothing is decided");
    let runs = house.json(&["runs"]);
    assert_eq!(runs.as_array().unwrap().len(), 1, "a replay is no run");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_played_in_bounds_is_refused_or_cut_off() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.write("workflows/many.yaml", &many());
    house.write("workflows/waits.yaml", WAITS);
    let session = Session::open(&house, "ann").await;
    let start = async |workflow: &str, inputs: Value| {
        let body = json!({ "workflow": workflow, "inputs": inputs });
        let started = session.post("/api/v1/runs", &body).send().await.unwrap();
        assert_eq!(started.status(), StatusCode::CREATED);
        let started: Value = started.json().await.unwrap();
        started["run"].as_str().unwrap().to_owned()
    };
    let lines = |count: usize| {
        let each = (0..count).map(|it| json!({ "order": it.to_string() }));
        json!({ "lines": each.collect::<Vec<_>>(), "long": "x".repeat(500_000) })
    };
    let waits = start("waits", json!({})).await;
    let (status, problem) = replayed(&session, &waits, json!({})).await;
    assert_eq!(
        (status, &problem["type"]),
        (StatusCode::CONFLICT, &json!("replay.running"))
    );

    let large = start("many", lines(70)).await;
    let cut = start("many", lines(60)).await;
    for run in [&large, &cut] {
        house.until_ended(run);
    }
    let (status, problem) = replayed(&session, &large, json!({})).await;
    let unfit = StatusCode::UNPROCESSABLE_ENTITY;
    assert_eq!((status, &problem["type"]), (unfit, &json!("replay.large")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains(&format!("run --replay {large}")),
        "{detail}"
    );

    let (status, view) = replayed(&session, &cut, json!({ "version": "pinned" })).await;
    assert_eq!((status, &view["is_whole"]), (StatusCode::OK, &json!(true)));
    // The file of today would send more than is held.
    house.write("workflows/many.yaml", MUCH);
    let (status, view) = replayed(&session, &cut, json!({})).await;
    assert_eq!(
        (status, &view["is_whole"]),
        (StatusCode::OK, &json!(false)),
        "{}",
        view["title"]
    );
    assert!(!house.path("out").exists());

    let (status, problem) = replayed(&session, "1.enter.0", json!({})).await;
    assert_eq!((status, &problem["type"]), (unfit, &json!("replay.part")));
    let (status, _) = replayed(&session, "99", json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    // The recording is there; the file is not, and then has a mistake.
    std::fs::remove_file(house.path("workflows/many.yaml")).unwrap();
    let small = start("lines", json!({ "lines": [line("1", "9001", "ACME")] })).await;
    house.until_ended(&small);
    house.write("workflows/lines.yaml", "steps: nothing\n");
    let (status, problem) = replayed(&session, &small, json!({})).await;
    assert_eq!(
        (status, &problem["type"]),
        (unfit, &json!("workflow.mistakes"))
    );
    let (status, view) = replayed(&session, &small, json!({ "version": "pinned" })).await;
    assert_eq!((status, &view["then"]), (StatusCode::OK, &view["now"]));
    std::fs::remove_file(house.path("workflows/lines.yaml")).unwrap();
    let (status, _) = replayed(&session, &small, json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
