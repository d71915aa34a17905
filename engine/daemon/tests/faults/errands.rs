//! An instance whose one workflow does errands, and the real binary in it.

use std::{
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use botswain_testkit::disk::Preload;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::ledger::Ledger;

/// Nothing that is waited for here takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) static PRELOAD: LazyLock<Preload> =
    LazyLock::new(|| Preload::compile(Path::new(env!("CARGO_TARGET_TMPDIR"))));

/// What the step with this number does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    Read,
    /// Done once, ever.
    Effect,
    File,
}

impl Errand {
    pub(crate) fn of(number: usize) -> Errand {
        match number % 5 {
            0 | 1 | 3 => Errand::Read,
            2 => Errand::Effect,
            _ if number % 10 == 4 => Errand::File,
            _ => Errand::Effect,
        }
    }

    pub(crate) fn step(number: usize) -> String {
        match Errand::of(number) {
            Errand::Read => format!("read{number}"),
            Errand::Effect => format!("effect{number}"),
            Errand::File => format!("file{number}"),
        }
    }

    pub(crate) fn effects(steps: usize) -> Vec<usize> {
        let all = 1..=steps;
        all.filter(|number| Errand::of(*number) == Errand::Effect)
            .collect()
    }
}

/// An instance in a folder of its own.
pub(crate) struct Errands {
    dir: TempDir,
    outside: TempDir,
}

impl Errands {
    /// With that many steps to do.
    pub(crate) fn new(steps: usize, ledger: &Ledger) -> Errands {
        Errands::at(TempDir::new().unwrap(), steps, ledger)
    }

    /// In memory, where syncs cost nothing.
    pub(crate) fn in_memory(steps: usize, ledger: &Ledger) -> Errands {
        Errands::at(memory_dir(), steps, ledger)
    }

    pub(crate) fn at(dir: TempDir, steps: usize, ledger: &Ledger) -> Errands {
        let outside = TempDir::new().unwrap();
        let errands = Errands { dir, outside };
        let address = ledger.address();
        let settings = format!(
            "name: errands\nconnections:\n  office: {{ kind: web, address: \"{address}\" }}\n"
        );
        errands.write("botswain.yaml", &settings);
        errands.write("workflows/errands.yaml", &workflow(steps));
        errands
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// `botswain --dir HERE ARGS`, not yet started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_botswain"));
        command
            .arg("--dir")
            .arg(self.folder())
            .args(args)
            .env_remove("RUST_LOG")
            .env_remove("BOTSWAIN_DIR")
            .stdin(Stdio::null());
        command
    }

    /// The same on a disk that is watched; [`Errands::journal`] is where it is told.
    pub(crate) fn watched(&self, args: &[&str]) -> Command {
        let mut command = self.command(args);
        std::fs::remove_file(self.journal()).ok();
        PRELOAD.record(&mut command, &self.folder(), &self.journal());
        command
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.beside("journal")
    }

    /// Not in the instance: what is written there is not watched.
    pub(crate) fn beside(&self, what: &str) -> PathBuf {
        self.outside.path().join(what)
    }

    pub(crate) fn botswain(&self, args: &[&str]) -> Output {
        let mut command = self.command(args);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        ended(piped.spawn().unwrap())
    }

    /// What a command prints with `--json`.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let output = self.botswain(&args);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|err| panic!("{args:?}: {err}: {}", said(&output)))
    }

    pub(crate) fn up(&self) -> Up {
        Up::start(self, self.command(&["up"]))
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.beside("log")).unwrap_or_default()
    }
}

/// A daemon, killed when it is dropped.
pub(crate) struct Up(Child);

impl Up {
    /// Once it can be talked to.
    pub(crate) fn start(errands: &Errands, mut command: Command) -> Up {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(errands.beside("log"));
        let child = command
            .stdout(Stdio::null())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        let mut up = Up(child);
        let socket = errands.path(".botswain/api.sock");
        wait_for("the daemon to answer", || {
            if let Some(status) = up.0.try_wait().unwrap() {
                panic!("the daemon ended with {status}: {}", errands.log());
            }
            UnixStream::connect(&socket).is_ok()
        });
        up
    }

    /// It must end by itself, and well.
    pub(crate) fn terminate(mut self) {
        let process = Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        kill(process, Signal::SIGTERM).unwrap();
        assert!(self.ended().success());
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        wait_for("the daemon to end", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A folder in memory, where there is one.
pub(crate) fn memory_dir() -> TempDir {
    match Path::new("/dev/shm").is_dir() {
        true => TempDir::new_in("/dev/shm").unwrap(),
        false => TempDir::new().unwrap(),
    }
}

/// What a process that was started has come to; it must end by itself.
pub(crate) fn ended(child: Child) -> Output {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let ended = receiver.recv_timeout(PATIENCE);
    ended.expect("a command ends by itself").unwrap()
}

pub(crate) fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

pub(crate) fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn workflow(steps: usize) -> String {
    let steps: String = (1..=steps).map(step).collect();
    format!("name: errands\nsteps:\n{steps}")
}

fn step(number: usize) -> String {
    let id = Errand::step(number);
    let what = match Errand::of(number) {
        Errand::Read => {
            format!("bot: http.get, connection: office, with: {{ path: /read/{number} }}")
        }
        Errand::Effect => format!(
            "bot: http.request, connection: office, with: {{ method: POST, path: /effect/{number}, json: {{ after: \"{{{{steps.{}.body.number}}}}\" }} }}",
            Errand::step(number - 1)
        ),
        Errand::File => {
            format!("bot: file.drop, with: {{ to: out/{number}.txt, content: errand {number} }}")
        }
    };
    // What fails is parked at once: a person is faster here than a retry.
    format!("  - {{ id: {id}, retry: {{ attempts: 1 }}, {what} }}\n")
}
