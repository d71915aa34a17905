//! How full the disk is, looked at now and then.

use std::time::Duration;

use botswain_store::Store;
use tokio::time::Instant;

/// How much later than an append the disk may be looked at: far too little to fill what is kept free.
const LOOKING: Duration = Duration::from_millis(10);

pub(super) struct Disk {
    /// Whether it is so full that nothing new is begun.
    low: bool,
    /// When that was found out.
    looked: Instant,
}

impl Disk {
    pub(super) fn new() -> Disk {
        Disk {
            low: false,
            looked: Instant::now(),
        }
    }

    /// Whether it was not looked at for long.
    pub(super) fn is_due(&self) -> bool {
        self.looked.elapsed() >= LOOKING
    }

    /// Looks at it; whether its room is low, when it has run low or come back.
    pub(super) fn look(&mut self, store: &Store) -> Option<bool> {
        let room = store.room()?;
        self.looked = Instant::now();
        let low = room.is_low();
        if low == self.low {
            return None;
        }
        self.low = low;
        match low {
            true => tracing::error!(
                free = room.free(),
                "the disk is nearly full: nothing new begins"
            ),
            false => {
                tracing::info!(free = room.free(), "the disk has room again");
                room.restore_ballast();
            }
        }
        Some(low)
    }
}
