//! Facts, the index beside them, artifacts and tables: what Botswain remembers.
//!
//! In go batches of facts with the changes of the index that follow from them;
//! out comes an acknowledgement once they would survive a power cut, and later
//! the same facts again. What was acknowledged is either read back as it was
//! written or the damage is reported: never is a part of it silently missing.
//!
//! ```text
//! DIR/daemon.lock      held by the one process that may open DIR/store
//! DIR/ballast          given up when the disk is full
//! DIR/store/sled/      every record: facts, index, versions, counters
//! DIR/store/high-water how far the acknowledgements went
//! DIR/store/sealed     what the records were when they were closed; gone while they are open
//! DIR/store/as-found/  the records before sled opened them, while it is unsure that they are whole
//! DIR/store.damaged-1/ a damaged store as it was found
//! DIR/artifacts/ab/    files and tables, each under the hash of its content
//! ```

pub mod artifacts;
mod as_found;
pub mod backend;
pub mod backup;
pub mod compact;
mod draft;
mod error;
mod inbox;
mod key;
mod ledger;
mod lock;
pub mod prune;
mod queue;
mod rebuilt;
mod record;
pub mod restore;
pub mod room;
mod runs;
mod seal;
mod standing;
mod store;
pub mod verify;
mod writer;

pub use artifacts::{Artifacts, TableWriter};
pub use draft::Mapped;
pub use error::{AppendError, OpenError, ReadError};
pub use inbox::{Cluster, List};
pub use lock::{Lock, LockError, wait_until_closed};
pub use queue::{Cursor, Page};
pub use record::FORMAT;
pub use runs::Filter;
pub use store::Store;
pub use writer::Checked;
