//! One process at a time: `daemon.lock`, which names its holder.
//!
//! In goes the folder that holds the store, out comes a lock or the pid of the
//! one who has it. The lock is the kernel's (`flock`), so it vanishes with the
//! process, however that ends; the file stays and means nothing by itself.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    process,
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    // The order matters: the lock is given back before it counts as such.
    _file: File,
    _held: Held,
}

/// How many locks this process holds.
static HELD: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

#[derive(Debug)]
struct Held;

impl Held {
    fn begin() -> Held {
        *HELD.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *HELD.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        HELD.1.notify_all();
    }
}

/// Waits until this process holds no lock any more, so every store of it is closed; false when
/// that takes longer than `most`.
pub fn wait_until_closed(most: Duration) -> bool {
    let held = HELD.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = HELD.1.wait_timeout_while(held, most, |held| *held > 0);
    let (_held, waited) = waited.unwrap_or_else(PoisonError::into_inner);
    !waited.timed_out()
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("process {pid} is at work on `{}`", dir.display())]
    Held { dir: PathBuf, pid: u32 },
    /// Its holder has not yet written its pid.
    #[error("another process is at work on `{}`", dir.display())]
    HeldByUnknown { dir: PathBuf },
    #[error("`{}` cannot be locked: {source}", dir.display())]
    Io { dir: PathBuf, source: io::Error },
}

impl LockError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            LockError::Held { .. } | LockError::HeldByUnknown { .. } => {
                "use it through that process, or end it first"
            }
            LockError::Io { source, .. } if is_full(source) => {
                "free some space, then start again; nothing is lost"
            }
            LockError::Io { .. } => "the folder must belong to the user who runs Botswain",
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

impl Lock {
    /// Takes `dir/daemon.lock` without waiting; `dir` is made when it is missing.
    pub fn take(dir: &Path) -> Result<Lock, LockError> {
        let failed = |source| LockError::Io {
            dir: dir.to_owned(),
            source,
        };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(dir.join("daemon.lock"))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(dir, &mut file)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        sign(&mut file).map_err(failed)?;
        Ok(Lock {
            _file: file,
            _held: Held::begin(),
        })
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", process::id())
}

fn held(dir: &Path, file: &mut File) -> LockError {
    let mut text = String::new();
    let dir = dir.to_owned();
    match file.read_to_string(&mut text).map(|_| text.trim().parse()) {
        Ok(Ok(pid)) => LockError::Held { dir, pid },
        Ok(Err(_)) | Err(_) => LockError::HeldByUnknown { dir },
    }
}
