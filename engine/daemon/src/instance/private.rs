//! The layout of `.botswain/`, which nobody but the instance's user may enter.
//!
//! Only names and modes are decided here; what the parts hold is their owners'.
//! The folder and every folder in it have mode 0700.

use std::{
    fs::{DirBuilder, File, Permissions},
    io::Write,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use super::Error;

/// The paths in `.botswain/`.
#[derive(Clone, Debug)]
pub struct Private {
    folder: PathBuf,
}

impl Private {
    pub(super) fn of(instance: &Path) -> Private {
        Private {
            folder: instance.join(".botswain"),
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Facts and indexes.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Files under their hashes.
    pub fn artifacts(&self) -> PathBuf {
        self.folder.join("artifacts")
    }

    /// The key that the secrets are encrypted under.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key")
    }

    pub fn secrets(&self) -> PathBuf {
        self.folder.join("secrets.json")
    }

    /// Which workflows are paused.
    pub fn pauses(&self) -> PathBuf {
        self.folder.join("pauses.json")
    }

    /// Which versions of the workflows were taken over.
    pub fn versions(&self) -> PathBuf {
        self.folder.join("versions.json")
    }

    /// Which texts wait for somebody else to agree.
    pub fn proposals(&self) -> PathBuf {
        self.folder.join("proposals.json")
    }

    /// How the last test of each connection ended.
    pub fn tested(&self) -> PathBuf {
        self.folder.join("tested.json")
    }

    /// Who may sign in.
    pub fn accounts(&self) -> PathBuf {
        self.folder.join("accounts.json")
    }

    /// What people have done.
    pub fn audit(&self) -> PathBuf {
        self.folder.join("audit")
    }

    /// What the API was asked and has answered lately.
    pub fn answers(&self) -> PathBuf {
        self.folder.join("answers")
    }

    /// Held while the key or the secrets are changed.
    pub(super) fn secrets_lock(&self) -> PathBuf {
        self.folder.join("secrets.lock")
    }

    /// Where the daemon listens for the command line.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("api.sock")
    }

    /// What running bots leave lying about; worth nothing after a restart.
    pub fn scratch(&self) -> PathBuf {
        self.folder.join("scratch")
    }

    /// Makes the folders, and closes to others what was too open.
    pub(super) fn make(&self) -> Result<(), Error> {
        self.make_root()?;
        for folder in [self.store(), self.artifacts(), self.scratch()] {
            make_folder(&folder)?;
        }
        Ok(())
    }

    /// Makes the folder itself; its name survives a power cut once it has returned.
    pub(super) fn make_root(&self) -> Result<(), Error> {
        make_folder(&self.folder)?;
        // Without this all that is durable in it could be in no folder at all.
        let instance = self.folder.parent().unwrap_or_else(|| Path::new("."));
        let synced = File::open(instance).and_then(|folder| folder.sync_all());
        synced.map_err(|err| unmakable(&self.folder, err))
    }

    /// Removes what the last daemon left in `scratch/`; for the one that holds the lock.
    pub fn empty_scratch(&self) -> Result<(), Error> {
        let scratch = self.scratch();
        match std::fs::remove_dir_all(&scratch) {
            Err(err) if err.kind() != std::io::ErrorKind::NotFound => Err(unmakable(&scratch, err)),
            _ => make_folder(&scratch),
        }
    }
}

fn make_folder(path: &Path) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| std::fs::set_permissions(path, Permissions::from_mode(0o700)))
        .map_err(|err| unmakable(path, err))
}

fn unmakable(path: &Path, source: std::io::Error) -> Error {
    Error::Unmakable {
        path: path.to_owned(),
        source,
    }
}

/// Puts `content` (mode 0600) in the place of `path`, all or nothing, durable once it returned.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> std::io::Result<()> {
    replace_file_as(path, content, 0o600)
}

/// The same with another mode, for what is no secret.
pub(crate) fn replace_file_as(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    // A temporary file of this crate has mode 0600 from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    if mode != 0o600 {
        file.as_file()
            .set_permissions(Permissions::from_mode(mode))?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn nobody_else_may_enter() {
        let folder = tempfile::tempdir().unwrap();
        let private = Private::of(folder.path());
        std::fs::create_dir(private.folder()).unwrap();
        std::fs::set_permissions(private.folder(), Permissions::from_mode(0o755)).unwrap();
        private.make().unwrap();
        for part in [
            private.folder().to_owned(),
            private.store(),
            private.scratch(),
        ] {
            assert_eq!(mode(&part), 0o700, "{}", part.display());
        }
        replace_file(&private.secrets(), b"{}").unwrap();
        assert_eq!(mode(&private.secrets()), 0o600);
    }

    #[test]
    fn scratch_starts_empty() {
        let folder = tempfile::tempdir().unwrap();
        let private = Private::of(folder.path());
        private.make().unwrap();
        std::fs::create_dir(private.scratch().join("profile")).unwrap();
        std::fs::write(private.scratch().join("profile/cookie"), "x").unwrap();
        private.empty_scratch().unwrap();
        assert_eq!(std::fs::read_dir(private.scratch()).unwrap().count(), 0);
        assert_eq!(mode(&private.scratch()), 0o700);
    }
}
