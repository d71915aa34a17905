//! The folders a bot may read and write.

use std::path::{Component, Path, PathBuf};

use botswain_core::Fault;

/// The instance's folder and its allowed roots.
///
/// Every path in a workflow is relative to the instance; one that leaves every root, by `..`
/// or by a symbolic link, is refused. Nothing below `.botswain` is ever reachable, and what says
/// what is to be done (workflows, templates, settings) cannot be written.
#[derive(Clone, Debug)]
pub struct Roots {
    instance: PathBuf,
    allowed: Vec<PathBuf>,
}

impl Roots {
    /// `allowed` are absolute, or relative to `instance`; the instance itself is always one.
    pub fn new(instance: &Path, allowed: &[PathBuf]) -> std::io::Result<Roots> {
        let instance = instance.canonicalize()?;
        let mut roots = vec![instance.clone()];
        for root in allowed {
            roots.push(instance.join(root).canonicalize()?);
        }
        Ok(Roots {
            instance,
            allowed: roots,
        })
    }

    pub fn instance(&self) -> &Path {
        &self.instance
    }

    /// The path of an existing file or folder.
    pub fn existing(&self, path: &str) -> Result<PathBuf, Fault> {
        let full = self.instance.join(path);
        let real = full.canonicalize().map_err(|err| match err.kind() {
            std::io::ErrorKind::NotFound => {
                Fault::business("file.missing", format!("there is no file `{path}`"))
                    .hint(format!("it was looked for at `{}`", full.display()))
            }
            _ => Fault::system(
                "file.unreadable",
                format!("`{path}` cannot be opened: {err}"),
            ),
        })?;
        self.admit(path, real)
    }

    /// Refuses what [`Roots::existing`] would refuse, also of a file that is not there yet.
    pub fn source(&self, path: &str) -> Result<(), Fault> {
        match self.existing(path) {
            Err(fault) if fault.code == "file.missing" => {
                let place = lexical(&self.instance.join(path));
                self.admit(path, place).map(drop)
            }
            found => found.map(drop),
        }
    }

    /// The path of a file that is to be written; its folder is made when missing.
    pub fn writable(&self, path: &str) -> Result<PathBuf, Fault> {
        let full = self.instance.join(path);
        let (Some(folder), Some(name)) = (full.parent(), full.file_name()) else {
            return Err(Fault::business(
                "file.path",
                format!("`{path}` names no file"),
            ));
        };
        let lexical = self.admit(path, lexical(folder))?;
        let folder = self.make_folder(path, &lexical)?;
        let target = self.admit(path, folder)?.join(name);
        self.refuse_own_files(path, &target)?;
        Ok(target)
    }

    /// Refuses what [`Roots::writable`] would refuse, as far as that is known without making anything.
    pub fn target(&self, path: &str) -> Result<(), Fault> {
        let full = lexical(&self.instance.join(path));
        let folder = full.parent().map(Path::to_owned).unwrap_or_default();
        self.admit(path, folder)?;
        self.refuse_own_files(path, &full)
    }

    /// A workflow that could write workflows would escape every check.
    fn refuse_own_files(&self, path: &str, target: &Path) -> Result<(), Fault> {
        let own = [
            "workflows",
            "templates",
            "pages",
            "botswain.yaml",
            ".botswain",
        ];
        match own
            .iter()
            .any(|name| target.starts_with(self.instance.join(name)))
        {
            false => Ok(()),
            true => Err(Fault::business(
                "file.forbidden",
                format!("`{path}` belongs to Botswain itself, no step may write there"),
            )
            .hint("choose a folder of its own, such as `outbox/`")),
        }
    }

    /// Makes the folder piece by piece, so that a link on the way is seen before it is followed.
    fn make_folder(&self, path: &str, folder: &Path) -> Result<PathBuf, Fault> {
        let mut made = PathBuf::new();
        for part in folder.components() {
            made.push(part);
            if !made.exists() {
                self.admit(path, made.clone())?;
                create(&made).map_err(|err| unwritable(path, &err))?;
            }
            made = made.canonicalize().map_err(|err| unwritable(path, &err))?;
        }
        Ok(made)
    }

    fn admit(&self, path: &str, real: PathBuf) -> Result<PathBuf, Fault> {
        let inside = self.allowed.iter().any(|root| real.starts_with(root));
        let private = real
            .components()
            .any(|part| part.as_os_str() == ".botswain");
        match (inside, private) {
            (true, false) => Ok(real),
            (_, true) => Err(Fault::business(
                "file.forbidden",
                format!("`{path}` is in Botswain's private folder, which no step may see"),
            )),
            (false, false) => Err(Fault::business(
                "file.forbidden",
                format!("`{path}` leads outside the allowed folders"),
            )
            .hint("name the folder under `roots:` in botswain.yaml")),
        }
    }
}

/// Makes a folder whose name survives a power cut, as that of a file in it will.
fn create(folder: &Path) -> std::io::Result<()> {
    match std::fs::create_dir(folder) {
        Err(err) if err.kind() != std::io::ErrorKind::AlreadyExists => return Err(err),
        _ => (),
    }
    let parent = folder.parent().unwrap_or(folder);
    std::fs::File::open(parent)?.sync_all()
}

fn unwritable(path: &str, err: &std::io::Error) -> Fault {
    Fault::system(
        "file.unwritable",
        format!("the folder of `{path}` cannot be made: {err}"),
    )
}

/// Takes `.` and `..` out without looking at the disk.
fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => (),
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_step_reaches_what_belongs_to_botswain() {
        let dir = std::env::temp_dir().join(format!("botswain-roots-{}", std::process::id()));
        std::fs::create_dir_all(dir.join(".botswain")).unwrap();
        std::fs::create_dir_all(dir.join("workflows")).unwrap();
        std::fs::write(dir.join(".botswain/key"), "x").unwrap();
        std::fs::write(dir.join("workflows/a.yaml"), "x").unwrap();
        let roots = Roots::new(&dir, &[]).unwrap();
        let code = |result: Result<PathBuf, Fault>| result.unwrap_err().code;
        for path in [
            "workflows/x.yaml",
            "workflows/deep/x.yaml",
            "out/../workflows/x.yaml",
            "templates/x.hbs",
            "pages/x.yaml",
            "botswain.yaml",
            ".botswain/key",
            ".botswain",
        ] {
            assert_eq!(code(roots.writable(path)), "file.forbidden", "{path}");
        }
        for path in [".botswain/key", "../etc", "/etc/passwd"] {
            assert!(roots.existing(path).is_err(), "{path}");
        }
        assert!(
            roots.existing("workflows/a.yaml").is_ok(),
            "reading is harmless"
        );
        assert!(roots.writable("outbox/workflows/x.yaml").is_ok());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
