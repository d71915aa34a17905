//! Room on the disk: what is kept free, and who still gets it when it runs out.
//!
//! Below the low-water mark nothing new is begun; whoever drives the engine asks
//! [`Room::is_low`]. What already acted must still be written down: for that a
//! file full of nothing, the ballast, is made in advance and given up when the
//! disk is as good as full. It is made again when there is room for it.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes that outcomes and a start need at most before the ballast would be given up.
const LAST: u64 = 16 * 1024 * 1024;

type Probe = Arc<dyn Fn(&Path) -> io::Result<u64> + Send + Sync>;

/// How much is kept free, and how that is found out.
#[derive(Clone)]
pub struct Limits {
    /// In bytes; below it nothing new is begun.
    pub low_water: u64,
    /// In bytes.
    pub ballast: u64,
    /// In bytes; below it the ballast is given up.
    pub last: u64,
    /// How many bytes are free where a path lies.
    pub probe: Probe,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            low_water: 128 * 1024 * 1024,
            ballast: 64 * 1024 * 1024,
            last: LAST,
            probe: Arc::new(free),
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("low_water", &self.low_water)
            .field("ballast", &self.ballast)
            .finish_non_exhaustive()
    }
}

/// The room where one store lies.
#[derive(Clone, Debug)]
pub struct Room {
    folder: PathBuf,
    limits: Limits,
}

impl Room {
    /// The room in `folder`, where the ballast lies.
    pub(crate) fn of(folder: &Path, limits: Limits) -> Room {
        Room {
            folder: folder.to_owned(),
            limits,
        }
    }

    /// Whether nothing new should be begun. What cannot be found out is no reason to stop.
    pub fn is_low(&self) -> bool {
        self.free() < self.limits.low_water
    }

    /// In bytes, the ballast not counted.
    pub fn free(&self) -> u64 {
        (self.limits.probe)(&self.folder).unwrap_or(u64::MAX)
    }

    /// Gives the ballast up when so many bytes could not be written otherwise.
    pub(crate) fn make(&self, bytes: u64) {
        if self.free() >= self.limits.last.saturating_add(bytes) || !self.ballast().exists() {
            return;
        }
        match fs::remove_file(self.ballast()) {
            Ok(()) => tracing::error!(
                "the disk is full: the ballast is given up, so that outcomes can be written"
            ),
            Err(error) => {
                tracing::error!(%error, "the disk is full and the ballast cannot be removed")
            }
        }
    }

    /// Makes the ballast when there is room for it and for more.
    pub fn restore_ballast(&self) {
        let wanted = self.limits.ballast;
        let there = fs::metadata(self.ballast()).map_or(0, |it| it.len());
        let room = self.limits.low_water.saturating_add(wanted);
        if there >= wanted || self.free() < room {
            return;
        }
        if let Err(error) = self.make_ballast() {
            tracing::warn!(%error, "the ballast was not made");
            fs::remove_file(self.ballast()).ok();
        }
    }

    fn make_ballast(&self) -> io::Result<()> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.ballast())?;
        let length = i64::try_from(self.limits.ballast).map_err(io::Error::other)?;
        nix::fcntl::posix_fallocate(&file, 0, length)?;
        file.sync_all()
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

fn free(path: &Path) -> io::Result<u64> {
    let found = nix::sys::statvfs::statvfs(path)?;
    Ok(found.blocks_available() * found.fragment_size())
}
