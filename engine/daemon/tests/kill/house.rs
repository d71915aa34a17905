//! The instance: its folder, its workflows, its daemon, and the ways to talk to it.

use std::{
    fs::File,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use botswain::instance::{Instance, private::Private};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde::{Serialize, de::DeserializeOwned};
use tempfile::TempDir;

use crate::supplier::Supplier;

/// Nothing that is waited for here takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// So many orders can be under way at the same time, in all runs together.
pub(crate) const SESSIONS: u64 = 10;

const RETRY: &str = "retry: { attempts: 50, delay: 50ms, factor: 1, max_delay: 50ms }";
const EACH_SECOND: &str = "triggers: [ { cron: \"* * * * * *\", missed: all } ]\n";

/// What is done with each order: look, place it once, write down what came of it.
const ORDER: &str = r#"
- { id: stock, bot: http.get, connection: stock, with: { path: "/stock" } }
- id: place
  bot: http.request
  connection: orders
  with: { method: POST, path: /orders, json: { reference: REFERENCE } }
- id: note
  bot: file.drop
  with: { to: "outbox/{{steps.place.body.number}}.txt", content: REFERENCE }
"#;

/// A list of orders, each with its own key.
const LIST: &str = r#"
inputs: { file: { type: file, default: in/standing.csv } }
steps:
  - id: lines
    bot: sheet.read
    with: { file: "{{inputs.file}}", columns: { order: text, line: text } }
  - id: enter
    for_each: "{{steps.lines.rows}}"
    as: line
    key: "{{line.order}}-{{line.line}}"
    at_once: 8
    collect: { number: "{{steps.place.body.number}}" }
    steps:
"#;

pub(crate) struct House {
    dir: TempDir,
    private: Private,
    http: reqwest::Client,
}

/// A daemon that was started, killed when it is dropped.
pub(crate) struct Up(Child);

impl House {
    pub(crate) fn beside(supplier: &Supplier) -> House {
        let dir = TempDir::new().unwrap();
        let settings = format!(
            "name: kill\nconnections:\n  stock: {{ kind: web, address: \"http://{}\", sessions: 10 }}\n  \
             orders: {{ kind: web, address: \"http://{}\", sessions: {SESSIONS} }}\n",
            supplier.stock, supplier.orders
        );
        std::fs::write(dir.path().join("botswain.yaml"), settings).unwrap();
        let private = Instance::at(dir.path()).unwrap().private();
        let http = reqwest::Client::builder()
            .unix_socket(private.socket())
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let house = House { dir, private, http };
        house.write_workflows(EACH_SECOND);
        house
    }

    /// Lets nothing start by itself any more; a daemon that is up takes it over.
    pub(crate) fn stop_the_clock(&self) {
        self.write_workflows("");
    }

    fn write_workflows(&self, triggers: &str) {
        let list = format!("{LIST}{}", indented(&order("\"{{item.key}}\""), 6));
        let beat = format!("steps:\n{}", indented(&order("\"beat-{{now}}\""), 2));
        let allow = "overlap: allow\n";
        for (name, text) in [
            ("order-entry", format!("{allow}{RETRY}{list}")),
            ("standing", format!("{triggers}{RETRY}{list}")),
            ("heartbeat", format!("{triggers}{allow}{RETRY}\n{beat}")),
        ] {
            self.write(&format!("workflows/{name}.yaml"), &text);
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn private(&self) -> &Private {
        &self.private
    }

    /// Whole or not at all, for the daemon may be reading.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let beside = path.with_added_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(beside, path).unwrap();
    }

    /// `botswain --dir HERE ARGS`, not yet started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_botswain"));
        command
            .arg("--dir")
            .arg(self.dir.path())
            .args(args)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        command
    }

    /// A daemon that is about to be up.
    pub(crate) fn start(&self) -> Up {
        let mut log = File::options();
        let log = log.create(true).append(true).open(self.path("log"));
        let mut command = self.command(&["up"]);
        Up(command
            .stdout(Stdio::null())
            .stderr(log.unwrap())
            .spawn()
            .unwrap())
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        answered(self.http.get(url(path))).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, String> {
        answered(self.http.post(url(path)).json(body)).await
    }

    /// Processes that name this instance's folder, beside the daemon's own.
    pub(crate) fn processes(&self) -> Vec<String> {
        let here = self.dir.path().display().to_string();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        lines.filter(|line| line.contains(&here)).collect()
    }
}

impl Up {
    /// Waits until it answers; gives how long that took.
    pub(crate) fn answers(&mut self, house: &House) -> Duration {
        let begun = Instant::now();
        let socket = house.private().socket();
        wait_for("the daemon to answer", || {
            if let Some(status) = self.0.try_wait().unwrap() {
                panic!("the daemon ended with {status}: {}", house.log());
            }
            UnixStream::connect(&socket).is_ok()
        });
        begun.elapsed()
    }

    /// As a power cut would end it.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// As an operator ends it; it must end by itself, and well.
    pub(crate) fn terminate(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        let mut status = None;
        wait_for("the daemon to stop", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        assert!(status.unwrap().success());
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn order(reference: &str) -> String {
    ORDER.replace("REFERENCE", reference)
}

fn indented(text: &str, by: usize) -> String {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.map(|line| format!("{:by$}{line}\n", "")).collect()
}

fn url(path: &str) -> String {
    format!("http://botswain{path}")
}

async fn answered<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, String> {
    let response = request.send().await.map_err(|err| err.to_string())?;
    let status = response.status();
    let text = response.text().await.map_err(|err| err.to_string())?;
    match status.is_success() {
        true => serde_json::from_str(&text).map_err(|err| format!("{err}: {text}")),
        false => Err(format!("{status}: {text}")),
    }
}

pub(crate) fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
