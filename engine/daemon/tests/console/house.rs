//! An instance with a console, and its daemon.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse battery";

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const SETTINGS: &str = r#"
name: northwind-office
timezone: Europe/Berlin
console: { listen: "127.0.0.1:0" }
groups: { buyers: [buyers@example.com] }
"#;

/// An order line of a product that is not known waits for somebody who corrects it.
const LINES: &str = r#"
name: lines
inputs:
  lines: { type: list }
steps:
  - id: enter
    for_each: "{{inputs.lines}}"
    as: line
    key: "{{line.order}}"
    steps:
      - id: known
        when: "{{not (eq line.sku \"0099\")}}"
        fail: "unknown product `{{line.sku}}`"
      - id: note
        bot: file.drop
        with: { to: "entered/{{line.order}}.txt", content: "{{line.sku}} {{line.amount}}" }
"#;

/// Two others than the one who started it have to agree.
const BUY: &str = r#"
name: buy
inputs:
  amount: { type: decimal }
  supplier: { type: text }
steps:
  - id: guard
    approve: "Order for {{inputs.amount}} EUR from {{inputs.supplier}}?"
    show: { supplier: "{{inputs.supplier}}", amount: "{{inputs.amount}}" }
    ask: [buyers]
    required: 2
    self_approval: false
"#;

pub(crate) struct House {
    dir: TempDir,
    daemon: Option<Child>,
    /// `http://127.0.0.1:1234`
    pub(crate) url: String,
}

impl House {
    /// With its daemon at work and nobody who may sign in.
    pub(crate) fn open() -> House {
        House::with(SETTINGS)
    }

    /// The same, with another botswain.yaml.
    pub(crate) fn with(settings: &str) -> House {
        let mut house = House {
            dir: TempDir::new().unwrap(),
            daemon: None,
            url: String::new(),
        };
        house.write("botswain.yaml", settings);
        house.write("workflows/lines.yaml", LINES);
        house.write("workflows/buy.yaml", BUY);
        house.start();
        house
    }

    /// Ends the daemon, if there is one, and starts another.
    pub(crate) fn start(&mut self) {
        self.stop();
        let log = File::create(self.path("log")).unwrap();
        let mut command = self.command(&["up"]);
        self.daemon = Some(command.stderr(log).spawn().unwrap());
        let found = wait_for("the console", || {
            let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
            let (_, after) = log.split_once("the console is at ")?;
            let end = after.find(|c: char| c == '"' || c.is_whitespace())?;
            Some(after[..end].to_owned())
        });
        self.url = found;
    }

    fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            drop(daemon.kill());
            drop(daemon.wait());
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_botswain"));
        command
            .arg("--dir")
            .arg(self.dir.path())
            .args(args)
            .env_remove("RUST_LOG")
            .env("USER", "clerk")
            .stdin(Stdio::null());
        command
    }

    /// Begins a command and lets it go on.
    pub(crate) fn begin(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    pub(crate) fn botswain(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.command(args).arg("--json").output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|err| panic!("{err}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Lets somebody sign in.
    pub(crate) fn admit(&self, name: &str, role: &str, groups: &[&str]) {
        let mut command = self.command(&["user", "add", name, "--role", role]);
        for group in groups {
            command.args(["--group", group]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(PASSWORD.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// Sets a secret.
    pub(crate) fn keep(&self, name: &str, value: &str) {
        let mut command = self.command(&["secret", "set", name]);
        let command = command.stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(value.as_bytes()).unwrap();
        drop(input);
        assert!(child.wait().unwrap().success());
    }

    /// Parks a line for each of these.
    pub(crate) fn park(&self, lines: &[Value]) {
        let lines = format!("lines={}", json!(lines));
        let output = self.botswain(&["run", "lines", "--input", &lines]);
        assert_eq!(
            output.status.code(),
            Some(3),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Asks whether something may be bought.
    pub(crate) fn ask(&self, supplier: &str) {
        let supplier = format!("supplier={supplier}");
        let args = [
            "run",
            "buy",
            "--input",
            "amount=12480.00",
            "--input",
            &supplier,
        ];
        assert_eq!(self.botswain(&args).status.code(), Some(3));
    }

    /// The numbers of those that are open, the oldest first.
    pub(crate) fn open_exceptions(&self) -> Vec<u64> {
        let listed = self.json(&["exceptions", "list", "--all"]);
        let ids = listed.as_array().unwrap().iter();
        ids.map(|it| it["id"].as_u64().unwrap()).collect()
    }

    /// Waits until a run has ended or waits for a person.
    pub(crate) fn until_ended(&self, run: &str) {
        wait_for("the run to come to rest", || {
            let state = self.json(&["runs", "show", run])["run"]["state"].clone();
            let rests = ["succeeded", "failed", "cancelled", "skipped", "parked"];
            rests.contains(&state.as_str()?).then_some(())
        });
    }

    pub(crate) fn entered(&self, order: &str) -> Option<String> {
        std::fs::read_to_string(self.path(&format!("entered/{order}.txt"))).ok()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What npm has installed for the tests.
pub(crate) fn npm(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/editor/node_modules");
    let path = folder.join(path);
    std::fs::read_to_string(&path)
        .unwrap_or_else(|err| panic!("`{}`: {err}; `make tools` installs it", path.display()))
}

pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn line(order: &str, sku: &str, customer: &str) -> Value {
    json!({ "order": order, "sku": sku, "customer": customer, "amount": 3 })
}
