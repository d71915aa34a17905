//! A run begins with a file that somebody sends: from the form, also without scripts, and by the API.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    house::{House, wait_for},
    plain::NoScripts,
    session::Session,
};

const KEEP: &str = r#"
name: keep
inputs:
  file: { type: file }
  beside: { type: file, default: "" }
  copies: { type: integer }
steps:
  - id: rows
    bot: sheet.read
    with: { file: "{{inputs.file}}", columns: { sku: text, amount: integer } }
  - id: keep
    for_each: "{{steps.rows.rows}}"
    as: row
    steps:
      - id: note
        bot: file.drop
        with: { to: "kept/{{inputs.copies}}-{{row.sku}}.txt", content: "{{text row.amount}}" }
"#;

/// The form as a browser sends it, with files by field, name and content.
async fn sent(
    session: &Session,
    fields: &[(&str, &str)],
    files: &[(&str, &str, &[u8])],
) -> (StatusCode, String) {
    let mut body = Vec::new();
    let mut part = |about: String, content: &[u8]| {
        let head = format!("--7f\r\nContent-Disposition: form-data; {about}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    part("name=\"csrf\"".to_owned(), session.proof.as_bytes());
    for (name, value) in fields {
        part(format!("name=\"{name}\""), value.as_bytes());
    }
    for (name, file, content) in files {
        part(format!("name=\"{name}\"; filename=\"{file}\""), content);
    }
    body.extend_from_slice(b"--7f--\r\n");
    let request = session.form("/workflows/keep/start");
    let request = request.header("content-type", "multipart/form-data; boundary=7f");
    let answer = request.body(body).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_sent_from_the_form_and_stays_when_something_else_is_wrong() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.write("workflows/keep.yaml", KEEP);
    house.write("desk/订单 1.csv", "sku;amount\n0099;3\n");
    let mut browser = Browser::open(&house).await;
    browser.client.issue_cmd(NoScripts).await.unwrap();
    browser.sign_in("ann").await;
    browser.go("/workflows/keep").await;
    let loosen = "document.querySelector('[name=\"input.copies\"]').removeAttribute('pattern')";
    browser.client.execute(loosen, Vec::new()).await.unwrap();
    let file = browser.find("[name='upload.file']").await;
    let path = house.path("desk/订单 1.csv");
    file.send_keys(path.to_str().unwrap()).await.unwrap();
    browser.write("input.copies", "two").await;
    browser.click("#start button.primary").await;

    // The number is wrong; the file is there, and so is what was written.
    assert!(browser.text("#start .error").await.contains("copies"));
    assert!(browser.text("[data-kept]").await.contains("订单 1.csv"));
    let copies = browser.find("[name='input.copies']").await;
    assert_eq!(copies.prop("value").await.unwrap().unwrap(), "two");
    browser.write("input.copies", "2").await;
    browser.click("#start button.primary").await;
    assert_eq!(browser.path().await, "/runs/1");
    house.until_ended("1");
    let kept = std::fs::read_to_string(house.path("kept/2-0099.txt")).unwrap();
    assert_eq!(kept, "3");

    // Once more, with the same file.
    browser.go("/runs/1").await;
    browser.click_text("Run again").await;
    assert!(browser.text("[data-kept]").await.contains("订单 1.csv"));
    browser.write("input.copies", "3").await;
    browser.click("#start button.primary").await;
    house.until_ended("2");
    assert!(house.path("kept/3-0099.txt").exists());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_files_is_taken_from_this_session_alone_and_in_bounds() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.write("workflows/keep.yaml", KEEP);
    let mut ann = Session::open(&house, "ann").await;

    // One is too large: the other one and the texts are not lost.
    let large = vec![b'x'; 20 * 1024 * 1024];
    let files = [
        ("upload.beside", "b.txt", &b"beside"[..]),
        ("upload.file", "a.bin", &large),
    ];
    let (status, page) = sent(&ann, &[("input.copies", "7")], &files).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("`a.bin` is too large"), "{page}");
    assert!(
        page.contains("name=\"kept.beside\"") && page.contains("value=\"7\""),
        "{page}"
    );
    // So much is not even read.
    let more = vec![b'x'; 33 * 1024 * 1024];
    let path = "/api/v1/files/a.bin";
    let answer = ann.ask(Method::POST, path).body(more).send().await;
    assert!(answer.is_err() || answer.unwrap().status() == StatusCode::PAYLOAD_TOO_LARGE);
    let answer = ann
        .ask(Method::POST, path)
        .body([large, vec![b'x']].concat());
    let problem: Value = answer.send().await.unwrap().json().await.unwrap();
    assert_eq!(problem["type"], "file.large");

    // What another session knows proves nothing.
    let proof = std::mem::replace(&mut ann.proof, "another".to_owned());
    let files = [("upload.file", "a.csv", &b"sku;amount\n1;2\n"[..])];
    let (status, _) = sent(&ann, &[("input.copies", "1")], &files).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    ann.proof = proof;
    let (status, _) = sent(&ann, &[("input.copies", "1")], &files).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    house.until_ended("1");
    assert_eq!(std::fs::read(house.path("kept/1-1.txt")).unwrap(), b"2");
    let acts = house.json(&["audit", "--by", "ann", "--act", "start"]);
    assert_eq!(acts[0]["on"], "workflow keep", "{acts}");
    // What is no file that was sent is not one that a run begins with.
    let forged = json!({ "$artifact": "0".repeat(64), "name": "x", "media": "a/b", "size": 1 });
    let fields = [("input.copies", "1"), ("kept.file", &forged.to_string())];
    let (status, page) = sent(&ann, &fields, &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("is not there"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_sends_a_file_and_begins_a_run_with_it() {
    let house = House::open();
    house.admit("ann", "handler", &[]);
    house.write("workflows/keep.yaml", KEEP);
    let ann = Session::open(&house, "ann").await;
    let path = "/api/v1/files/..%2F..%2Forders%20%E2%80%AE1.csv";
    let request = ann
        .ask(Method::POST, path)
        .header("content-type", "text/csv");
    let answer = request.body("sku;amount\n0099;3\n").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let file: Value = answer.json().await.unwrap();
    assert_eq!(
        (&file["name"], &file["media"]),
        (&json!("orders 1.csv"), &json!("text/csv"))
    );
    let body = json!({ "workflow": "keep", "inputs": { "file": file, "copies": 1 } });
    let started = ann.post("/api/v1/runs", &body).send().await.unwrap();
    assert_eq!(started.status(), StatusCode::CREATED);
    wait_for("the file", || {
        let kept = std::fs::read_to_string(house.path("kept/1-0099.txt")).ok()?;
        (kept == "3").then_some(())
    });
    let acts = house.json(&["audit", "--by", "ann", "--act", "add_file"]);
    assert_eq!(
        acts[0]["on"], "file ../../orders \u{202e}1.csv",
        "as it was sent"
    );
    // Nothing that is larger is taken anywhere else.
    let long = json!({ "workflow": "keep", "inputs": { "copies": "x".repeat(1024 * 1024) } });
    let refused = ann.post("/api/v1/runs", &long).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
