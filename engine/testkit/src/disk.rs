//! A disk that fails, fills up, or loses what was not synced.
//!
//! In goes a command that is about to be started; it gets a library in front of
//! the C library (`preload.c`, compiled here) that records what it does to its
//! disk and makes calls go wrong. Out comes a [`Journal`], from which a
//! [`Platter`] makes what a power cut at any moment would have left.

mod journal;
mod platter;

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

pub use self::{
    journal::{Event, Journal},
    platter::{Believed, Platter},
};

/// The library that stands between a process and its disk.
pub struct Preload {
    library: PathBuf,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The disk does not work.
    Eio,
    /// The disk is full.
    Enospc,
    /// The process has as many files open as it may.
    Emfile,
    /// A signal came in between: the call is to be repeated.
    Eintr,
    /// Only half of the bytes are taken.
    Short,
}

/// The n-th call of a kind that goes wrong, or all from the n-th on.
#[derive(Clone, Debug)]
pub struct Fault {
    pub call: &'static str,
    pub nth: usize,
    pub wrong: Wrong,
    pub lasting: bool,
}

impl Preload {
    /// Compiles it into `folder`; several test processes may do so at the same time.
    pub fn compile(folder: &Path) -> Preload {
        std::fs::create_dir_all(folder).expect("the folder for the library is made");
        let source = folder.join(format!("preload-{}.c", std::process::id()));
        let library = source.with_extension("so");
        std::fs::write(&source, include_str!("disk/preload.c")).expect("the source is written");
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&library)
            .arg(&source)
            .args(["-ldl", "-lpthread"])
            .output()
            .expect("`cc` is installed; `make tools` installs it");
        assert!(
            compiled.status.success(),
            "{}",
            String::from_utf8_lossy(&compiled.stderr)
        );
        let shared = folder.join("preload.so");
        std::fs::rename(&library, &shared).expect("the library gets its name");
        std::fs::remove_file(&source).expect("the source is removed");
        Preload { library: shared }
    }

    /// Watches what `command` does below `root`, and writes it into the file `journal`.
    pub fn record(&self, command: &mut Command, root: &Path, journal: &Path) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("DISK_ROOT", root)
            .env("DISK_JOURNAL", journal);
    }

    /// Makes a call go wrong; after [`Preload::record`].
    pub fn fail(&self, command: &mut Command, fault: &Fault) {
        command.env("DISK_FAULT", fault.to_string());
    }

    /// Lets nothing grow as long as the file `while_there` is there; after [`Preload::record`].
    pub fn fill(&self, command: &mut Command, while_there: &Path) {
        command.env("DISK_FULL", while_there);
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.wrong {
            Wrong::Eio => "EIO",
            Wrong::Enospc => "ENOSPC",
            Wrong::Emfile => "EMFILE",
            Wrong::Eintr => "EINTR",
            Wrong::Short => "short",
        };
        let lasting = if self.lasting { ":lasting" } else { "" };
        write!(f, "{}:{}:{what}{lasting}", self.call, self.nth)
    }
}
