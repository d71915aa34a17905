//! A disk that is nearly full: nothing new begins until there is room again.
//!
//! Runs that are asked for are refused, nothing fires, and no step or item starts.
//! What already acts ends, and its outcome is written down; what people decide is
//! taken. When room has come back, everything goes on where it waited.

use jiff::Timestamp;

use super::Engine;
use crate::ids::RunId;

impl Engine {
    /// Takes over how the disk stands.
    pub(super) fn room(&mut self, low: bool, now: Timestamp) {
        self.low = low;
        if low {
            return;
        }
        let runs: Vec<RunId> = self.runs.keys().cloned().collect();
        for run in runs {
            self.advance(&run, now);
        }
        if self.may_fire() {
            self.send_firings();
        }
    }
}
