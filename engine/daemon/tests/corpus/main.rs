//! Broken files, each with what the check says of it.
//!
//! A case is a file in `cases/`, in a folder for its topic, and beside it the
//! words of the real `botswain check`. The file is put into the instance
//! `office/`: as a workflow, or as `botswain.yaml` if its topic is `config`.
//! `UPDATE_EXPECT=1` writes the words anew; read them as the author of the file
//! would.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be unwrapped fails the test"
)]

mod codes;
mod formats;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use expect_test::expect_file;
use tempfile::TempDir;

/// As many as there have to be at least.
const LEAST: usize = 150;

#[test]
fn every_broken_file_is_told_as_it_should_be() {
    let cases = files(&here().join("cases"), "yaml");
    assert!(cases.len() >= LEAST, "there are {} cases", cases.len());
    // Side by side, each in an instance of its own.
    let hands = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for some in cases.chunks(cases.len().div_ceil(hands)) {
            scope.spawn(move || {
                let office = Office::new();
                for case in some {
                    expect_file![case.with_extension("txt")].assert_eq(&office.says_of(case));
                }
            });
        }
    });
}

#[test]
fn no_words_are_left_of_a_file_that_is_gone() {
    for words in files(&here().join("cases"), "txt") {
        let case = words.with_extension("yaml");
        assert!(case.exists(), "{} has no file", words.display());
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The instance in which each file stands for a while.
struct Office(TempDir);

impl Office {
    fn new() -> Office {
        let office = Office(TempDir::new().unwrap());
        let from = here().join("office");
        for file in ["yaml", "hbs", "ics", "csv"]
            .iter()
            .flat_map(|end| files(&from, end))
        {
            let to = office.0.path().join(file.strip_prefix(&from).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&file, to).unwrap();
        }
        office.keep_secret("shop");
        office
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_botswain"));
        command
            .args(args)
            .current_dir(self.0.path())
            .env_remove("RUST_LOG")
            .env_remove("BOTSWAIN_DIR")
            .stdin(Stdio::null());
        command
    }

    fn keep_secret(&self, name: &str) {
        let mut child = self
            .command(&["secret", "set", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut typed = child.stdin.take().unwrap();
        typed.write_all(b"not in any file").unwrap();
        drop(typed);
        assert!(child.wait().unwrap().success());
    }

    /// Exit code and words for one file, which stands in the instance meanwhile.
    fn says_of(&self, case: &Path) -> String {
        let is_config = case.parent().unwrap().ends_with("config");
        let name = match is_config {
            true => "botswain.yaml".to_owned(),
            false => format!("workflows/{}", case.file_name().unwrap().display()),
        };
        let place = self.0.path().join(&name);
        let before = fs::read(&place).ok();
        fs::copy(case, &place).unwrap();
        let output = self.command(&["check", &name]).output().unwrap();
        match before {
            Some(before) => fs::write(&place, before).unwrap(),
            None => fs::remove_file(&place).unwrap(),
        }
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(stderr, "", "{}", case.display());
        let code = output.status.code().unwrap();
        format!(
            "{}\nexit {code}\n",
            String::from_utf8(output.stdout).unwrap().trim_end()
        )
    }
}

/// All files in a folder whose name ends so, in order.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path, end)),
            false if path.extension().is_some_and(|it| it == end) => found.push(path),
            false => (),
        }
    }
    found.sort();
    found
}
