//! Bots for files in the instance's folders.
//!
//! `file.drop` puts a file where another program picks it up. That program sees
//! the whole file or none: it is written beside, made durable, then given its name.
//! [`Inbox`] is the folder where others put files for us.

mod inbox;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Cursor, Read, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use botswain_bot::{
    ArtifactRef, Artifacts, Bot, Context, Effect, Fault, KnownFault, Preview, PreviewKind, schema,
};
use botswain_core::Hash;
use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, OFlag, RenameFlags, renameat2},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use self::inbox::Inbox;

/// Puts a file into a folder, whole or not at all.
///
/// The same content twice is no fault: the file that is there is left, and `existed` is true.
/// Other content under the same name is a fault, unless `replace` is true.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    /// Where to, as in `outbox/order-1001.csv`; missing folders are made.
    #[schemars(extend("format" = "target"))]
    pub to: String,
    /// The text that the file shall hold; either this or `from`.
    pub content: Option<String>,
    /// The artifact of an earlier step that it shall hold; either this or `content`.
    #[serde(default)]
    #[schemars(schema_with = "schema::artifact_or_null")]
    pub from: Option<ArtifactRef>,
    /// Whether a file of other content may be replaced.
    #[serde(default)]
    pub replace: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dropped {
    /// Where it is, as the step has it in `to`.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of the content, in hexadecimal.
    #[schemars(with = "String")]
    pub hash: Hash,
    /// Whether it was there already.
    pub existed: bool,
}

const FAULTS: &[KnownFault] = &[
    KnownFault::business(
        "file.exists",
        "there is a file of that name with other content, and `replace` is not true",
    ),
    KnownFault::business("file.path", "the path names no file"),
    KnownFault::business(
        "file.forbidden",
        "the path leads outside the allowed folders, or to what is Botswain's own",
    ),
    KnownFault::system("file.busy", "somebody else is writing the same file"),
    KnownFault::system("file.disk_full", "the disk is full"),
    KnownFault::system(
        "file.unwritable",
        "the folder or the file cannot be written",
    ),
];

impl Bot for Drop {
    const NAME: &'static str = "file.drop";
    const EXAMPLE: &'static str = "\
id: hand-over
bot: file.drop
with:
  to: \"outbox/order-{{item.key}}.csv\"
  content: \"{{steps.csv.text}}\"
";
    const EXACTLY_ONE: &'static [&'static [&'static str]] = &[&["content", "from"]];
    const EFFECTS: &'static [(Effect, &'static str)] = &[(Effect::Repeatable, "")];
    const FAULTS: &'static [&'static [KnownFault]] = &[FAULTS];
    type Output = Dropped;

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    async fn run(self, context: &Context) -> Result<Dropped, Fault> {
        let target = Target {
            path: context.roots.writable(&self.to)?,
            name: self.to.clone(),
        };
        let artifacts = Arc::clone(&context.artifacts);
        context.begin_effect().await?;
        let done = tokio::task::spawn_blocking(move || self.drop_at(&target, &*artifacts)).await;
        done.unwrap_or_else(|panic| Err(Fault::business("bot.defect", panic.to_string())))
    }

    async fn preview(self, context: &Context) -> Result<Option<Preview>, Fault> {
        context.roots.target(&self.to)?;
        let content = match (self.content, &self.from) {
            (Some(text), None) => text,
            (None, Some(artifact)) => shown(artifact, &*context.artifacts)?,
            _ => return Err(one_source()),
        };
        let head = [("File", self.to)];
        Ok(Some(Preview::new(PreviewKind::File, &head, &content)))
    }
}

/// The text of an artifact, or what it is when it is none that people read here.
fn shown(artifact: &ArtifactRef, artifacts: &dyn Artifacts) -> Result<String, Fault> {
    const READ: u64 = 1024 * 1024;
    let mut text = String::new();
    let read = artifacts
        .open(artifact)?
        .take(READ)
        .read_to_string(&mut text);
    Ok(match read {
        Ok(_) if artifact.size <= READ => text,
        _ => format!(
            "{} ({}, {} bytes)",
            artifact.name, artifact.media, artifact.size
        ),
    })
}

impl Drop {
    fn drop_at(self, target: &Target, artifacts: &dyn Artifacts) -> Result<Dropped, Fault> {
        let mut source: Box<dyn Read> = match (self.content, &self.from) {
            (Some(text), None) => Box::new(Cursor::new(text)),
            (None, Some(artifact)) => Box::new(artifacts.open(artifact)?),
            _ => return Err(one_source()),
        };
        let mut part = Part::open(target)?;
        let (size, hash) = part
            .fill(&mut source)
            .map_err(|err| target.unwritable(&err))?;
        let existed = match self.replace {
            true => part.replace(&hash)?,
            false => part.publish(&hash)?,
        };
        Ok(Dropped {
            path: self.to,
            size,
            hash,
            existed,
        })
    }
}

fn one_source() -> Fault {
    Fault::business(
        "step.parameters",
        "`file.drop` takes exactly one of `content` and `from`",
    )
    .hint("`content` is a text, `from` the artifact of an earlier step")
}

/// Where the file shall be, and how the step calls that.
struct Target {
    path: PathBuf,
    name: String,
}

impl Target {
    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// The hash of what is there already; none when nothing is.
    fn present(&self) -> Result<Option<Hash>, Fault> {
        let kind = match fs::symlink_metadata(&self.path) {
            Ok(meta) => meta.file_type(),
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(self.unwritable(&err)),
        };
        if !kind.is_file() {
            return Err(Fault::business(
                "file.exists",
                format!("`{}` is there and is not an ordinary file", self.name),
            ));
        }
        let hashed = File::open(&self.path).and_then(|mut file| copy(&mut file, &mut io::sink()));
        hashed
            .map(|(_, hash)| Some(hash))
            .map_err(|err| self.unwritable(&err))
    }

    fn taken(&self) -> Fault {
        Fault::business(
            "file.exists",
            format!("`{}` is there already and holds something else", self.name),
        )
        .hint("drop it under another name, or write `replace: true`")
    }

    fn unwritable(&self, err: &io::Error) -> Fault {
        let (code, why) = match err.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ("file.disk_full", "the disk is full".to_owned())
            }
            _ => ("file.unwritable", err.to_string()),
        };
        Fault::system(code, format!("`{}` cannot be written: {why}", self.name))
    }

    /// Makes the name durable, not only the content.
    fn settle(&self) -> Result<(), Fault> {
        let synced = File::open(self.folder()).and_then(|folder| folder.sync_all());
        synced.map_err(|err| self.unwritable(&err))
    }
}

/// The file in the making, beside its target and under a lock; dropped unpublished it is gone.
struct Part<'a> {
    target: &'a Target,
    path: PathBuf,
    file: File,
    published: bool,
}

impl<'a> Part<'a> {
    /// What an attempt that was cut short has left is written over.
    fn open(target: &'a Target) -> Result<Part<'a>, Fault> {
        let name = target
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let path = target.folder().join(format!(".{name}.part"));
        let busy = || {
            Fault::system(
                "file.busy",
                format!("`{}` is being written by another step", target.name),
            )
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(&path)
            .map_err(|err| target.unwritable(&err))?;
        file.try_lock().map_err(|err| match err {
            TryLockError::WouldBlock => busy(),
            TryLockError::Error(err) => target.unwritable(&err),
        })?;
        // Another step may have published this very file before we had the lock.
        let ours = file.metadata().map(|meta| meta.ino());
        let there = fs::symlink_metadata(&path).map(|meta| meta.ino());
        match (ours, there) {
            (Ok(ours), Ok(there)) if ours == there => Ok(Part {
                target,
                path,
                file,
                published: false,
            }),
            _ => Err(busy()),
        }
    }

    /// Takes over all of `source`, durably.
    fn fill(&mut self, source: &mut dyn Read) -> io::Result<(u64, Hash)> {
        self.file.set_len(0)?;
        fill(&mut self.file, source)
    }

    /// Gives it its name unless that is taken; true when the same content was there.
    fn publish(mut self, hash: &Hash) -> Result<bool, Fault> {
        match rename_new(&self.path, &self.target.path) {
            Ok(()) => self.published = true,
            Err(Errno::EEXIST) => match self.target.present()? {
                Some(present) if present == *hash => (),
                Some(_) => return Err(self.target.taken()),
                // It was picked up in between; the next attempt finds the way free.
                None => return Err(self.target.unwritable(&Errno::EEXIST.into())),
            },
            Err(err) => return Err(self.target.unwritable(&err.into())),
        }
        self.target.settle()?;
        Ok(!self.published)
    }

    /// Gives it its name, whatever file has that; true when the same content was there.
    fn replace(mut self, hash: &Hash) -> Result<bool, Fault> {
        if self.target.present()?.as_ref() != Some(hash) {
            let renamed = fs::rename(&self.path, &self.target.path);
            renamed.map_err(|err| self.target.unwritable(&err))?;
            self.published = true;
        }
        self.target.settle()?;
        Ok(!self.published)
    }
}

impl std::ops::Drop for Part<'_> {
    fn drop(&mut self) {
        if !self.published
            && let Err(err) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %err, "a partial file stays");
        }
    }
}

fn fill(file: &mut File, source: &mut dyn Read) -> io::Result<(u64, Hash)> {
    let filled = copy(source, file)?;
    file.flush()?;
    file.sync_all()?;
    Ok(filled)
}

fn copy(source: &mut dyn Read, target: &mut dyn io::Write) -> io::Result<(u64, Hash)> {
    let (mut digest, mut size, mut buffer) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let got = match source.read(&mut buffer) {
            Ok(0) => return Ok((size, Hash::from_digest(&digest.finalize()))),
            Ok(got) => got,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            Err(err) => return Err(err),
        };
        digest.update(&buffer[..got]);
        target.write_all(&buffer[..got])?;
        size += got as u64;
    }
}

/// Renames without replacing; some network file systems can only link.
fn rename_new(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE) {
        Err(Errno::EINVAL | Errno::ENOSYS | Errno::ENOTSUP) => link_new(from, to),
        done => done,
    }
}

fn link_new(from: &Path, to: &Path) -> Result<(), Errno> {
    let number = |err: io::Error| Errno::from_raw(err.raw_os_error().unwrap_or_default());
    fs::hard_link(from, to).map_err(number)?;
    fs::remove_file(from).map_err(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_clear_fault() {
        let mut full = OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full");
        let err = fill(&mut full, &mut Cursor::new("x")).expect_err("it is full");
        let target = Target {
            path: PathBuf::from("/dev/full"),
            name: "outbox/a.csv".to_owned(),
        };
        let fault = target.unwritable(&err);
        assert_eq!(
            fault.to_string(),
            "file.disk_full: `outbox/a.csv` cannot be written: the disk is full"
        );
        assert_eq!(fault.category, botswain_bot::Category::System);
    }

    #[test]
    fn a_part_that_is_given_up_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = Target {
            path: folder.path().join("a.csv"),
            name: "a.csv".to_owned(),
        };
        let mut part = Part::open(&target).expect("a part");
        part.fill(&mut Cursor::new("half")).expect("written");
        assert!(folder.path().join(".a.csv.part").exists());
        assert_eq!(
            Part::open(&target).err().map(|fault| fault.code),
            Some("file.busy".to_owned())
        );
        drop(part);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn both_ways_of_renaming_replace_nothing() {
        for rename in [rename_new, link_new] {
            let folder = tempfile::tempdir().expect("a folder");
            let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
            fs::write(&from, "new").expect("written");
            rename(&from, &to).expect("renamed");
            assert!(!from.exists());
            fs::write(&from, "newer").expect("written");
            assert_eq!(rename(&from, &to), Err(Errno::EEXIST));
            assert_eq!(fs::read(&to).expect("there"), b"new");
        }
    }
}
