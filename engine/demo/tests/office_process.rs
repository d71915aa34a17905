//! The office as a process: what it has answered for survives a SIGKILL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use botswain_demo::office::read_orders;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// Killed when the test ends, however it ends.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(book: &Path) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_botswain-office"))
            .arg("--orders")
            .arg(book)
            .args(["--token", "secret"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let address = told["address"].as_str().unwrap().to_owned();
        Process { child, address }
    }

    async fn enter(&self, reference: &str) -> StatusCode {
        let order =
            json!({ "reference": reference, "customer": "VINET", "sku": "0011", "quantity": 1 });
        let request = Client::new().post(format!("{}/api/orders", self.address));
        let request = request.bearer_auth("secret").json(&order);
        request.send().await.unwrap().status()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; there is nothing more to do then.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[tokio::test]
async fn orders_survive_a_kill_and_can_be_counted_from_outside() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("orders.jsonl");
    let mut office = Process::start(&book);
    assert_eq!(office.enter("a").await, StatusCode::CREATED);
    assert_eq!(office.enter("b").await, StatusCode::CREATED);
    office.child.kill().unwrap();
    office.child.wait().unwrap();

    let office = Process::start(&book);
    assert_eq!(office.enter("a").await, StatusCode::CREATED);
    let references: Vec<String> = read_orders(&book)
        .unwrap()
        .into_iter()
        .map(|order| order.reference)
        .collect();
    assert_eq!(references, ["a", "b", "a"]);
}

#[test]
fn what_it_cannot_do_is_said_and_it_exits() {
    let refused = |arguments: &[&str]| {
        let office = Command::new(env!("CARGO_BIN_EXE_botswain-office"))
            .args(arguments)
            .output()
            .unwrap();
        assert!(!office.status.success() && office.stdout.is_empty());
        String::from_utf8(office.stderr).unwrap()
    };
    assert!(refused(&["--data", "/nowhere"]).contains("`/nowhere/customers.csv` cannot be opened"));
    assert!(refused(&["--unavailable", "save:1"]).contains("`save:1` is not `form:N` or `api:N`"));
}
