//! A loop whose rows are gone waits for a person, and goes on when they are back.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::channel,
    },
};

use serde_json::json;

use crate::{
    office::{Office, wait_for},
    server::{self, serve},
};

const ORDERS: &str = r#"
name: orders
inputs: { file: { type: file } }
steps:
  - id: lines
    bot: sheet.read
    with: { file: "{{inputs.file}}", columns: { order: text, note: text } }
  - id: each
    for_each: "{{steps.lines.rows}}"
    as: line
    key: "{{line.order}}"
    at_once: 1
    steps:
      - id: place
        bot: http.request
        connection: shop
        with: { method: POST, path: "/orders/{{line.order}}" }
"#;

const LINES: usize = 20;

/// So long that no fact holds all rows.
fn sheet() -> String {
    let lines = (1..=LINES).map(|order| format!("{order},{}\n", "x".repeat(1000)));
    format!("order,note\n{}", lines.collect::<String>())
}

/// The rows of the table, among all artifacts.
fn rows(office: &Office) -> PathBuf {
    let folders = fs::read_dir(office.path(".botswain/artifacts")).unwrap();
    let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
    let mut files = files.map(|file| file.unwrap().path());
    let is_table = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.starts_with('{') && text.lines().count() == LINES
    };
    files.find(is_table).expect("a table")
}

#[test]
fn a_loop_whose_rows_are_gone_is_parked_and_goes_on_when_they_are_back() {
    let (go, gate) = channel::<()>();
    let (gate, placed) = (Mutex::new(gate), Arc::new(AtomicUsize::new(0)));
    let orders = placed.clone();
    let address = serve(move |_| {
        orders.fetch_add(1, Ordering::SeqCst);
        // The first waits for a word, the others for nothing: nobody is there to give one.
        gate.lock().unwrap().recv().ok();
        Some(server::json(&json!({})))
    });
    let office = Office::with(&sheet());
    office.write(
        "botswain.yaml",
        &format!("name: office\nconnections:\n  shop: {{ kind: web, address: {address:?} }}\n"),
    );
    office.write("workflows/orders.yaml", ORDERS);
    let _up = office.up();
    let running = office.started(&["run", "orders", "--input", "file=lines.csv"]);
    wait_for("the first order", || placed.load(Ordering::SeqCst) == 1);
    let (there, aside) = (rows(&office), office.path("aside"));
    fs::rename(&there, &aside).unwrap();
    drop(go);
    let ended = running.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(3), "{}", office.described(&ended));

    let open = office.json(&["exceptions", "list"]);
    let exception = &open[0];
    assert_eq!(exception["step"], "each", "{open}");
    assert_eq!(exception["code"], "artifact.store");
    let message = exception["message"].as_str().unwrap();
    assert!(message.contains(there.to_str().unwrap()), "{message}");
    assert!(message.ends_with("is missing"), "{message}");
    let hint = exception["hint"].as_str().unwrap();
    assert!(hint.starts_with("put the file back"), "{hint}");
    assert_eq!(placed.load(Ordering::SeqCst), 1);
    let shown = office.says(&["runs", "show", "1"]);
    assert!(shown.contains("parked"), "{shown}");

    fs::rename(&aside, &there).unwrap();
    let said = office.says(&["exceptions", "retry", "1", "--note", "the file is back"]);
    assert!(said.starts_with("exit 0"), "{said}");
    wait_for("the run to succeed", || {
        office.json(&["runs"])[0]["state"] == "succeeded"
    });
    assert_eq!(placed.load(Ordering::SeqCst), LINES, "each order once");
}
