//! This program once more, as a process of its own: what a daemon's memory is, and how it starts
//! where nobody has used the store before.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{items, place, start};

/// What a child is told to do, in a folder, by the word that asks for it.
type Task = (&'static str, fn(&Path, &[String]));

const TASKS: &[Task] = &[
    ("each", items::go_through),
    ("hold", hold),
    ("live", start::live),
    ("start", start::start_and_stop),
    ("open", start::open),
];

/// Does what another process has asked for with `told` or `Held::daemon`.
pub(crate) fn work(arguments: &[String]) {
    let (_, task) = TASKS
        .iter()
        .find(|(word, _)| *word == arguments[0])
        .unwrap();
    task(Path::new(&arguments[1]), &arguments[2..]);
}

/// The figures in which a child has told how it went.
pub(crate) fn told(task: &str, folder: &Path, more: &[&str]) -> Vec<f64> {
    let mut command = command(task, folder);
    let child = command.args(more).stderr(Stdio::inherit()).output();
    let child = child.unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{text}");
    let figures = text.split_whitespace().map(str::parse);
    figures.collect::<Result<_, _>>().unwrap()
}

fn command(task: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("child").arg(task).arg(folder);
    command
}

/// A daemon in another process.
pub(crate) struct Held(Child);

impl Held {
    /// It is ready.
    pub(crate) fn daemon(folder: &Path) -> Held {
        let child = command("hold", folder).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let mut ready = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
        Held(child)
    }

    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn hold(folder: &Path, _: &[String]) {
    place::runtime().block_on(async {
        let _daemon = place::start(folder).await;
        println!("ready");
        std::future::pending().await
    })
}
