//! SIGINT and SIGTERM, as one wish to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::outcome::Failure;

pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves.
    pub(super) fn catch() -> Result<Signals, Failure> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::of)?,
            terminate: signal(SignalKind::terminate()).map_err(Failure::of)?,
        })
    }

    /// Completes at the next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
        }
    }
}
