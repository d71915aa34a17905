//! An instance in a folder of its own, with an office and a mail sink beside it.

use std::{
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use botswain::instance::Instance;
use botswain_demo::{
    office::{Hiccups, Office, Options},
    sink::{self, Sink},
};
use jiff::Timestamp;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Nothing that is waited for here takes longer.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

pub(crate) struct Place {
    pub(crate) office: Office,
    pub(crate) sink: Sink,
    dir: TempDir,
}

/// A daemon that was started, killed when it is dropped.
pub(crate) struct Up(Child);

impl Place {
    /// The shipped workflows, on these order lines.
    pub(crate) fn with_orders(lines: &str) -> Place {
        let dir = TempDir::new().unwrap();
        let book = dir.path().join("orders.jsonl");
        let hiccups = Hiccups {
            slow_every: 7,
            slow_for: Duration::from_millis(200),
            ..Hiccups::default()
        };
        let options = Options {
            orders: Some(book),
            hiccups,
            ..Options::default()
        };
        let office = RUNTIME.block_on(Office::start(options)).unwrap();
        let sink = RUNTIME
            .block_on(Sink::start(sink::Options::new(dir.path().join("mail"))))
            .unwrap();
        let place = Place { office, sink, dir };
        for folder in ["workflows", "templates"] {
            copy(&root().join(folder), &place.path(folder));
        }
        place.write("samples/orders/week-2014-05.csv", lines);
        place.write("botswain.yaml", &place.settings());
        for (name, value) in [
            ("office_user", "clerk"),
            ("office_password", "seaworthy"),
            ("office_token", "office-token"),
        ] {
            place.set_secret(name, value);
        }
        place
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
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

    pub(crate) fn botswain(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What a command prints with `--json`.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let output = self.botswain(&args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|err| panic!("{args:?}: {err}: {told}"))
    }

    /// A daemon, once it can be talked to.
    pub(crate) fn up(&self) -> Up {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let mut child = self
            .command(&["up"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let socket = self.path(".botswain/api.sock");
        wait_for("the daemon to answer", || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the daemon ended with {status}: {}", self.log());
            }
            UnixStream::connect(&socket).is_ok()
        });
        Up(child)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The run as the daemon shows it, once it has ended or waits for people alone.
    pub(crate) fn rested(&self, run: &str) -> Value {
        let mut detail = Value::Null;
        wait_for(&format!("run {run} to come to rest"), || {
            detail = self.json(&["runs", "show", run]);
            let state = detail["run"]["state"].as_str().unwrap_or_default();
            matches!(
                state,
                "succeeded" | "skipped" | "failed" | "cancelled" | "parked"
            )
        });
        detail
    }

    /// Open exceptions, the oldest first.
    pub(crate) fn exceptions(&self) -> Vec<Value> {
        self.json(&["exceptions", "list"])
            .as_array()
            .unwrap()
            .clone()
    }

    /// Processes that name this instance's folder, as the drivers and browsers of its daemon do.
    pub(crate) fn processes(&self) -> Vec<String> {
        let here = self
            .path(".botswain")
            .canonicalize()
            .unwrap()
            .display()
            .to_string();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        lines.filter(|line| line.contains(&here)).collect()
    }

    pub(crate) fn set_secret(&self, name: &str, value: &str) {
        let instance = Instance::at(self.dir.path()).unwrap();
        instance.prepare().unwrap();
        instance
            .secrets()
            .set(name, value, Timestamp::now())
            .unwrap();
    }

    fn settings(&self) -> String {
        let (office, mail) = (self.office.address(), self.sink.address().port());
        format!(
            r#"name: voyage
timezone: Europe/Berlin
connections:
  backoffice:
    kind: web
    address: {office}
    sessions: 2
    auth: {{ bearer: "{{{{secrets.office_token}}}}" }}
    login:
      - open: /login
      - fill: {{ User: "{{{{secrets.office_user}}}}", Password: "{{{{secrets.office_password}}}}" }}
      - submit: Sign in
    logged_in: Sign out
  office-mail: {{ kind: smtp, host: 127.0.0.1, port: {mail}, tls: none, from: orders@northwind.example }}
"#
        )
    }
}

impl Up {
    /// As a power cut would end it.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// As an operator ends it; it must end by itself, and well.
    pub(crate) fn terminate(mut self) {
        kill(
            Pid::from_raw(i32::try_from(self.0.id()).unwrap()),
            Signal::SIGTERM,
        )
        .unwrap();
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

pub(crate) fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}
