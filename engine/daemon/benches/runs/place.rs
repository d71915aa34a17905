//! An instance in a folder of its own, on the disk that holds the build folder.

use std::path::{Path, PathBuf};

use botswain::{
    daemon::{Daemon, Mode},
    instance::Instance,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::bots;

pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    /// An instance with these workflows, by name.
    pub(crate) fn new(workflows: &[(&str, String)]) -> Place {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let place = Place { dir };
        place.write("botswain.yaml", "name: bench\n");
        for (name, text) in workflows {
            place.write(&format!("workflows/{name}.yaml"), text);
        }
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A folder for whatever is measured against.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) async fn start(&self) -> Daemon {
        start(self.dir.path()).await
    }
}

/// A daemon as `botswain up` has it, with the bots of this measurement.
pub(crate) async fn start(folder: &Path) -> Daemon {
    let instance = Instance::at(folder).unwrap().with_bots(&bots::ALL);
    let daemon = Daemon::start(instance, Mode::Lasting).await.unwrap();
    let mistakes = &daemon.checked.diagnostics;
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    daemon
}

/// The runtime as the binary has it.
pub(crate) fn runtime() -> Runtime {
    Runtime::new().unwrap()
}
