//! An instance in a folder of its own, and what its commands say.

use std::{
    cell::RefCell,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use regex::Regex;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Each line of a file becomes a file; `sku` is its name, and must stay in the instance.
const ENTER: &str = r#"
name: enter
description: Hands each line over as a file.
inputs:
  file: { type: file, description: The lines }
  folder: { type: text, default: out }
steps:
  - id: lines
    bot: sheet.read
    with:
      file: "{{inputs.file}}"
      columns: { order: text, sku: text, amount: decimal }
  - id: each
    for_each: "{{steps.lines.rows}}"
    as: line
    key: "{{line.order}}"
    steps:
      - id: drop
        bot: file.drop
        with:
          to: "{{inputs.folder}}/{{line.sku}}.txt"
          content: "{{line.order}} {{line.amount}}"
      - id: note
        bot: file.drop
        with: { to: "notes/{{item.key}}.txt", content: "{{line.sku}}" }
"#;

pub(crate) const GOOD: &str = "order,sku,amount\n1001,0011,10.10\n1002,0012,20.00\n";

/// The second line leads out of the instance.
pub(crate) const ONE_ODD: &str = "order,sku,amount\n1001,0011,10.10\n1002,../../up,20.00\n";

pub(crate) struct Office {
    dir: TempDir,
}

/// A daemon that was started, killed when it is dropped.
pub(crate) struct Up(Child);

impl Office {
    /// With the workflow `enter` and these lines in `lines.csv`.
    pub(crate) fn with(lines: &str) -> Office {
        let office = Office {
            dir: TempDir::new().unwrap(),
        };
        office.write("botswain.yaml", "name: office\ntimezone: Europe/Berlin\n");
        office.write("workflows/enter.yaml", ENTER);
        office.write("lines.csv", lines);
        office
    }

    /// Where the second line was parked by a run.
    pub(crate) fn parked() -> Office {
        let office = Office::with(ONE_ODD);
        let output = office
            .command(&["run", "enter", "--input", "file=lines.csv"])
            .output();
        assert_eq!(output.unwrap().status.code(), Some(3));
        office
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_botswain"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("RUST_LOG")
            .env_remove("BOTSWAIN_DIR")
            .env("USER", "anna")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    /// Exit code, stdout and stderr of a command, with what differs each time replaced.
    pub(crate) fn says(&self, args: &[&str]) -> String {
        self.finished(self.command(args))
    }

    /// The same with a text from a pipe.
    pub(crate) fn hears(&self, args: &[&str], input: &str) -> String {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        self.described(&child.wait_with_output().unwrap())
    }

    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let output = self.command(args).arg("--json").output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|err| panic!("{err}: {}", String::from_utf8_lossy(&output.stderr)))
    }

    /// A daemon, once it can be talked to; its log goes to the file `log`.
    pub(crate) fn up(&self) -> Up {
        self.listening(self.command(&["up"]))
    }

    /// The same where no file may grow over this many blocks of 512 bytes.
    pub(crate) fn up_within(&self, blocks: u32) -> Up {
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" up");
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &limited, env!("CARGO_BIN_EXE_botswain")])
            .current_dir(self.dir.path())
            .env_remove("RUST_LOG")
            .env_remove("BOTSWAIN_DIR")
            .stdin(Stdio::null());
        self.listening(command)
    }

    fn listening(&self, mut command: Command) -> Up {
        let log = std::fs::File::create(self.path("log")).unwrap();
        let child = command.stderr(log).spawn().unwrap();
        let mut up = Up(child);
        let socket = self.path(".botswain/api.sock");
        wait_for("the daemon to listen", || {
            assert!(up.0.try_wait().unwrap().is_none(), "{}", self.read("log"));
            UnixStream::connect(&socket).is_ok()
        });
        up
    }

    /// A command that goes on while the test does.
    pub(crate) fn started(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What a command says after Ctrl-C.
    pub(crate) fn interrupted(&self, child: Child) -> String {
        send(child.id(), Signal::SIGINT);
        self.described(&child.wait_with_output().unwrap())
    }

    fn finished(&self, mut command: Command) -> String {
        self.described(&command.output().unwrap())
    }

    pub(crate) fn described(&self, output: &std::process::Output) -> String {
        let out = self.plain(&String::from_utf8_lossy(&output.stdout));
        let err = self.plain(&String::from_utf8_lossy(&output.stderr));
        let code = output.status.code().unwrap();
        format!("exit {code}\n--- stdout\n{out}--- stderr\n{err}")
    }

    pub(crate) fn plain(&self, text: &str) -> String {
        static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
            let rules = [
                // Later today is told without its day.
                (r"until (\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)?", "until THEN"),
                (r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE"),
                (r"\b\d\d:\d\d:\d\d\b", "CLOCK"),
                (r"\bnow\b|\b\d+ (s|min) ago", "AGO"),
                (r"\b\d+(\.\d)? s\b", "LENGTH"),
                (r"\bin \d+ (min|h)\b", "LATER"),
                (r"process \d+", "process PID"),
                // Columns are as wide as the times that stand in them.
                (r"(\S) {2,}", "$1  "),
                (r"[0-9a-f]{64}", "HASH"),
            ];
            let rules = rules.map(|(pattern, word)| (Regex::new(pattern).unwrap(), word));
            rules.into()
        });
        let text = text.replace(&self.path("").display().to_string(), "HERE/");
        let text = text.replace(
            self.path("").display().to_string().trim_end_matches('/'),
            "HERE",
        );
        let plain = |text: String, (rule, word): &(Regex, &str)| {
            rule.replace_all(&text, *word).into_owned()
        };
        RULES.iter().fold(text, plain)
    }
}

impl Up {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        send(self.0.id(), signal);
    }

    /// The exit code after a signal.
    pub(crate) fn after(self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        self.ended()
    }

    /// The exit code, once it has ended.
    pub(crate) fn ended(mut self) -> Option<i32> {
        let mut status = None;
        wait_for("the daemon to stop", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn send(process: u32, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(process).unwrap()), signal).unwrap();
}

/// A server that takes calls and keeps them waiting.
pub(crate) struct Silent {
    address: String,
    calls: Receiver<TcpStream>,
    /// Calls stay open as long as it lives.
    open: RefCell<Vec<TcpStream>>,
}

impl Silent {
    pub(crate) fn listen() -> Silent {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (sender, calls) = channel();
        std::thread::spawn(move || {
            for call in listener.incoming() {
                if sender.send(call.unwrap()).is_err() {
                    return;
                }
            }
        });
        let open = RefCell::default();
        Silent {
            address,
            calls,
            open,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Until the request of somebody who has called begins to come in.
    pub(crate) fn wait_for_a_call(&self) {
        let mut call = self.calls.recv_timeout(PATIENCE).unwrap();
        call.set_read_timeout(Some(PATIENCE)).unwrap();
        call.read_exact(&mut [0]).unwrap();
        self.open.borrow_mut().push(call);
    }
}

pub(crate) fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
