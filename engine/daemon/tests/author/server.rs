//! A client of the Language Server Protocol, as an editor has one in it.
//!
//! It speaks to the real yaml-language-server over stdio (LSP 3.17, base
//! protocol: a header with the length, then JSON-RPC). What the server asks is
//! answered on the way; the store of public schemas stays off, so that nothing
//! but what the file names can help it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

use crate::desk::repository;

const PATIENCE: Duration = Duration::from_secs(60);

/// Where `make tools` puts it.
const PROGRAM: &str = "target/editor/node_modules/yaml-language-server/bin/yaml-language-server";

pub(crate) struct Server {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    next: u64,
}

/// A place in a document, counted from 0 as the protocol does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) character: usize,
}

impl Server {
    /// Started for a folder.
    pub(crate) fn start(folder: &Path) -> Server {
        let program = repository(PROGRAM);
        assert!(program.exists(), "`make tools` installs {PROGRAM}");
        let mut command = Command::new("node");
        command
            .arg(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("node");
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut from = BufReader::new(from);
            while let Some(message) = read(&mut from) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut server = Server {
            child,
            to,
            from: receiver,
            next: 0,
        };
        let root = format!("file://{}", folder.display());
        server.ask(
            "initialize",
            json!({
                "processId": null,
                "rootUri": root,
                "capabilities": {
                    "workspace": { "configuration": true },
                    "textDocument": { "completion": { "completionItem": { "documentationFormat": ["markdown"] } } },
                },
            }),
        );
        server.tell("initialized", json!({}));
        server
    }

    /// Opens a document, or gives it another text, and waits for what is found in it.
    pub(crate) fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        loop {
            let message = self.receive();
            let is_about_it = message["params"]["uri"] == uri;
            if message["method"] == "textDocument/publishDiagnostics" && is_about_it {
                return message["params"]["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    /// What an editor would offer at a place.
    pub(crate) fn completes(&mut self, uri: &str, at: Place) -> Vec<Value> {
        let given = self.ask("textDocument/completion", about(uri, at));
        let items = if given.is_array() {
            &given
        } else {
            &given["items"]
        };
        items
            .as_array()
            .unwrap_or_else(|| panic!("{given}"))
            .clone()
    }

    /// What an editor would show over a place.
    pub(crate) fn hovers(&mut self, uri: &str, at: Place) -> String {
        let given = self.ask("textDocument/hover", about(uri, at));
        given["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id && message["method"].is_null() {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The next message; a question of the server is answered first.
    fn receive(&mut self) -> Value {
        let message = self
            .from
            .recv_timeout(PATIENCE)
            .expect("the server is silent");
        if message["id"].is_null() || message["method"].is_null() {
            return message;
        }
        let sections = message["params"]["items"].as_array();
        let result = match sections {
            Some(items) => items
                .iter()
                .map(|it| settings(it["section"].as_str()))
                .collect(),
            None => Value::Null,
        };
        self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
        message
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let sent = write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len());
        sent.and_then(|()| self.to.flush()).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn about(uri: &str, at: Place) -> Value {
    json!({
        "textDocument": { "uri": uri },
        "position": { "line": at.line, "character": at.character },
    })
}

fn settings(section: Option<&str>) -> Value {
    match section {
        Some("yaml") => json!({
            "validate": true,
            "completion": true,
            "hover": true,
            "schemaStore": { "enable": false },
            "kubernetesCRDStore": { "enable": false },
        }),
        _ => json!({}),
    }
}

fn read(from: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            Some(_) => (),
            None => break,
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
