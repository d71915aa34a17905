//! A folder to work in, and the real binary in it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// What the folder is called, and so the instance that is made in it.
const NAME: &str = "office";

pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn empty() -> Desk {
        let desk = Desk(TempDir::new().unwrap());
        std::fs::create_dir(desk.path("")).unwrap();
        desk
    }

    /// With a `botswain.yaml`.
    pub(crate) fn with(config: &str) -> Desk {
        let desk = Desk::empty();
        desk.write("botswain.yaml", config);
        desk
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        let folder = self.0.path().canonicalize().unwrap();
        folder.join(NAME).join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// Every file, by its path in the folder, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let base = self.path("");
        let (mut files, mut open) = (Vec::new(), vec![base.clone()]);
        while let Some(here) = open.pop() {
            for entry in std::fs::read_dir(here).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => open.push(path),
                    false => files.push(relative(&base, &path)),
                }
            }
        }
        files.sort();
        files
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_botswain"));
        command.args(args);
        self.plain(&mut command);
        command
    }

    /// A line of a shell, in which the binary is found by its name.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_botswain"));
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]).env(
            "PATH",
            format!("{}:{path}", binary.parent().unwrap().display()),
        );
        self.plain(&mut command);
        command
    }

    fn plain(&self, command: &mut Command) {
        command
            .current_dir(self.path(""))
            .env_remove("RUST_LOG")
            .env_remove("BOTSWAIN_DIR")
            .env("USER", "anna")
            .env("TZ", "Europe/Berlin")
            .stdin(Stdio::null());
    }

    /// What was said, with the folder as the documentation calls it.
    pub(crate) fn text(&self, bytes: &[u8]) -> String {
        let here = self.path("").display().to_string();
        let text = String::from_utf8_lossy(bytes);
        text.replace(here.trim_end_matches('/'), "/home/anna/office")
    }

    /// Exit code, stdout and stderr.
    pub(crate) fn says(&self, args: &[&str]) -> String {
        self.described(&self.command(args).output().unwrap())
    }

    pub(crate) fn described(&self, output: &Output) -> String {
        let (out, err) = (self.text(&output.stdout), self.text(&output.stderr));
        let code = output.status.code().unwrap();
        format!("exit {code}\n--- stdout\n{out}--- stderr\n{err}")
    }
}

fn relative(base: &Path, path: &Path) -> String {
    path.strip_prefix(base).unwrap().display().to_string()
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}
