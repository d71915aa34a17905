//! An instance: the folder that holds everything of one Botswain.
//!
//! In goes a place on disk; out come the typed `botswain.yaml`, the private
//! folder `.botswain/`, the secrets, the workflows' files and the catalogue for
//! the check. Nothing here runs anything, and nothing is made or changed on disk
//! before [`Instance::prepare`] or the first secret.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::Read,
    path::{Path, PathBuf},
};

use botswain_bot::{BotSpec, Roots};
use botswain_core::diagnostic::Diagnostic;

mod by_name;
pub mod catalogue;
pub mod config;
pub mod connections;
mod folder;
pub mod key;
pub mod private;
pub mod prompt;
pub mod secrets;
mod yaml;

pub use by_name::ByName;
pub(crate) use catalogue::calendar_files;
pub use config::Config;
use config::Reading;
pub use connections::{ConnectionHost, Setting};
pub(crate) use private::{Private, replace_file, replace_file_as};
use secrets::Secrets;

/// The file by which a folder is known as an instance.
pub const CONFIG_FILE: &str = "botswain.yaml";

/// The largest text that is read as a workflow, a template or `botswain.yaml`, in bytes.
pub const TEXT_LIMIT: u64 = 1024 * 1024;

/// Why an instance cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no `botswain.yaml` in `{}`", .0.display())]
    NotThere(PathBuf),
    #[error("there is no `botswain.yaml` in `{}` or any folder above it", .0.display())]
    NotFound(PathBuf),
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{}` is larger than {} KiB", .0.display(), TEXT_LIMIT / 1024)]
    TooLarge(PathBuf),
    #[error("`{}` is not text in UTF-8", path.display())]
    NotText {
        path: PathBuf,
        /// Everything before the first byte that is none.
        good: String,
        /// Whether it says of itself that it is UTF-16.
        wide: bool,
    },
    #[error("`{}` cannot be made: {source}", path.display())]
    Unmakable {
        path: PathBuf,
        source: std::io::Error,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::NotThere(_) | Error::NotFound(_) => Some(
                "change into your instance's folder, name it with `--dir` or `BOTSWAIN_DIR`, \
                 make one by `botswain new NAME` in an empty folder, or try `botswain demo`",
            ),
            Error::NotText { wide: true, .. } => {
                Some("the file is in UTF-16: save it anew, with the encoding UTF-8")
            }
            Error::NotText { .. } => Some("save the file as UTF-8"),
            Error::TooLarge(_) | Error::Unreadable { .. } | Error::Unmakable { .. } => None,
        }
    }
}

/// The folder and what lies where in it.
#[derive(Clone)]
pub struct Instance {
    folder: PathBuf,
    /// What its steps can do: the check and the daemon know no other bots.
    bots: &'static [BotSpec],
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Instance").field(&self.folder).finish()
    }
}

impl Instance {
    /// The instance at `dir` (`--dir`), else at `BOTSWAIN_DIR`, else around the working directory.
    pub fn find(dir: Option<&Path>) -> Result<Instance, Error> {
        let working = std::env::current_dir().map_err(|source| Error::Unreadable {
            path: ".".into(),
            source,
        })?;
        Instance::find_from(dir, std::env::var_os("BOTSWAIN_DIR"), &working)
    }

    fn find_from(
        dir: Option<&Path>,
        variable: Option<OsString>,
        working: &Path,
    ) -> Result<Instance, Error> {
        let variable = variable.filter(|value| !value.is_empty());
        match dir
            .map(Path::to_owned)
            .or_else(|| variable.map(PathBuf::from))
        {
            Some(named) => Instance::at(&working.join(named)),
            None => {
                let folder = working
                    .ancestors()
                    .find(|folder| folder.join(CONFIG_FILE).is_file());
                Instance::at(folder.ok_or_else(|| Error::NotFound(working.to_owned()))?)
            }
        }
    }

    /// The instance in exactly this folder.
    pub fn at(folder: &Path) -> Result<Instance, Error> {
        match folder.join(CONFIG_FILE).is_file() {
            true => Ok(Instance {
                folder: folder
                    .canonicalize()
                    .map_err(|source| unreadable(folder, source))?,
                bots: botswain_bots::ALL,
            }),
            false => Err(Error::NotThere(folder.to_owned())),
        }
    }

    /// The same folder, with other bots than Botswain's own.
    pub fn with_bots(self, bots: &'static [BotSpec]) -> Instance {
        Instance { bots, ..self }
    }

    pub fn bots(&self) -> &'static [BotSpec] {
        self.bots
    }

    /// The bot of this name.
    pub fn bot(&self, name: &str) -> Option<&'static BotSpec> {
        self.bots.iter().find(|bot| bot.name == name)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where `.botswain/` and the parts of it are.
    pub fn private(&self) -> Private {
        Private::of(&self.folder)
    }

    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.private())
    }

    /// Reads `botswain.yaml`; every mistake in it is among the diagnostics.
    pub fn config(&self) -> Result<Reading, Error> {
        let text = self.read_text(Path::new(CONFIG_FILE))?;
        Ok(Config::read(
            &text,
            botswain_bots::CONNECTIONS,
            &self.folder,
        ))
    }

    /// The folders that bots may use.
    pub fn roots(&self, config: &Config) -> Result<Roots, Error> {
        Roots::new(&self.folder, &config.roots).map_err(|source| unreadable(&self.folder, source))
    }

    /// Makes `.botswain/` with its parts.
    pub fn prepare(&self) -> Result<Private, Error> {
        let private = self.private();
        private.make()?;
        Ok(private)
    }

    /// Where the file of a workflow lies, relative to the instance; none when there is none. Of
    /// several, which the check refuses, the first.
    pub fn workflow_file(&self, name: &str) -> Result<Option<PathBuf>, Error> {
        let (files, _) = self.workflow_files()?;
        let named = |file: &PathBuf| file.file_stem().is_some_and(|it| it == name);
        Ok(files.into_iter().find(named))
    }

    /// In which folder of `workflows/` each workflow lies, by its name: `sales/export`, or nothing
    /// for `workflows/` itself. One that is there twice lies in none.
    pub fn workflow_folders(&self) -> Result<BTreeMap<String, String>, Error> {
        let (mut folders, mut twice) = (BTreeMap::new(), Vec::new());
        for file in self.workflow_files()?.0 {
            let Some(name) = file.file_stem().and_then(|it| it.to_str()) else {
                continue;
            };
            let folder = catalogue::folder_of(&file);
            if folders.insert(name.to_owned(), folder).is_some() {
                twice.push(name.to_owned());
            }
        }
        folders.retain(|name, _| !twice.contains(name));
        Ok(folders)
    }

    /// The workflows' files (`workflows/**/*.yaml`), relative to the instance, sorted, with a
    /// warning for each that looks like one and is not read.
    pub fn workflow_files(&self) -> Result<(Vec<PathBuf>, Vec<Diagnostic>), Error> {
        catalogue::workflow_files(&self.folder)
    }

    /// The files of tests beside the workflows (`workflows/**/*.test.yaml`), relative to the instance,
    /// sorted.
    pub fn test_files(&self) -> Result<Vec<PathBuf>, Error> {
        catalogue::test_files(&self.folder)
    }

    /// A workflow's text, or what keeps it from being read; `path` is relative to the instance.
    pub fn workflow_text(&self, path: &Path) -> Result<String, Box<Diagnostic>> {
        self.read_text(path)
            .map_err(|err| Box::new(catalogue::unread(path, &err)))
    }

    /// Reads a text of at most [`TEXT_LIMIT`] bytes; `path` is relative to the instance.
    pub fn read_text(&self, path: &Path) -> Result<String, Error> {
        read_text(&self.folder.join(path))
    }
}

fn read_text(path: &Path) -> Result<String, Error> {
    let file = std::fs::File::open(path).map_err(|source| unreadable(path, source))?;
    let mut bytes = Vec::new();
    // One byte more than allowed shows that it is too large, whatever the folder says its size is.
    file.take(TEXT_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(path, source))?;
    match bytes.len() as u64 > TEXT_LIMIT {
        true => Err(Error::TooLarge(path.to_owned())),
        false => String::from_utf8(bytes).map_err(|err| {
            let good = err.utf8_error().valid_up_to();
            Error::NotText {
                path: path.to_owned(),
                good: String::from_utf8_lossy(&err.as_bytes()[..good]).into_owned(),
                wide: matches!(err.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]),
            }
        }),
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::Unreadable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CONFIG_FILE), "name: office\n").unwrap();
        folder
    }

    #[test]
    fn it_is_found_from_a_folder_within() {
        let (folder, other) = (instance(), instance());
        let deep = folder.path().join("workflows/deep");
        std::fs::create_dir_all(&deep).unwrap();
        let real = |dir: &tempfile::TempDir| dir.path().canonicalize().unwrap();

        let found = Instance::find_from(None, None, &deep).unwrap();
        assert_eq!(found.folder(), real(&folder));
        let found = Instance::find_from(None, Some(other.path().into()), &deep).unwrap();
        assert_eq!(found.folder(), real(&other));
        let found = Instance::find_from(Some(Path::new("../..")), Some("/x".into()), &deep);
        assert_eq!(found.unwrap().folder(), real(&folder));
        let found = Instance::find_from(None, Some(OsString::new()), &deep).unwrap();
        assert_eq!(found.folder(), real(&folder), "an empty variable is none");
    }

    #[test]
    fn where_there_is_none_it_says_what_to_do() {
        let (folder, empty) = (instance(), tempfile::tempdir().unwrap());
        let nowhere = Instance::find_from(None, None, empty.path()).err().unwrap();
        assert!(matches!(nowhere, Error::NotFound(_)), "{nowhere}");
        assert!(nowhere.hint().unwrap().contains("botswain demo"));
        // A folder that was named is meant exactly, even inside an instance.
        let inside = folder.path().join("workflows");
        std::fs::create_dir(&inside).unwrap();
        let named = Instance::find_from(Some(&inside), None, empty.path())
            .err()
            .unwrap();
        assert!(matches!(named, Error::NotThere(_)), "{named}");
    }

    #[test]
    fn a_text_is_bounded_and_utf8() {
        let folder = instance();
        let it = Instance::at(folder.path()).unwrap();
        std::fs::write(folder.path().join("big"), vec![b'a'; 1024 * 1024 + 1]).unwrap();
        std::fs::write(folder.path().join("latin"), b"M\xfcller").unwrap();
        let message = |path: &str| it.read_text(Path::new(path)).unwrap_err().to_string();
        assert!(message("big").ends_with("is larger than 1024 KiB"));
        assert!(message("latin").ends_with("is not text in UTF-8"));
        assert!(message("none").contains("cannot be read: No such file"));
    }
}
