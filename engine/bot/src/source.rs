//! What a trigger listens to: a folder, a mailbox.
//!
//! It is asked again and again for what is there. It may tell of the same thing
//! as often as it likes: whoever asks knows by the key what there is a run for.

use std::{future::Future, sync::Arc};

use botswain_core::Fault;
use serde_json::{Map, Value};

use crate::{artifacts::Artifacts, connection::Connections, roots::Roots};

pub trait Source: Send + 'static {
    /// What is there and ready, the oldest first.
    fn look(&mut self, around: &Around)
    -> impl Future<Output = Result<Vec<Arrival>, Fault>> + Send;

    /// There is a run for it now: it need not be told again.
    fn taken(
        &mut self,
        _key: &str,
        _around: &Around,
    ) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }
}

/// Something that a run is to be started for.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// What it is, in words that no other thing has, ever: the key of its run.
    pub key: String,
    /// What `trigger` has in the inputs of the run.
    pub data: Map<String, Value>,
}

/// The world as a source may see it.
#[derive(Clone)]
pub struct Around {
    pub roots: Arc<Roots>,
    pub artifacts: Arc<dyn Artifacts>,
    pub connections: Arc<dyn Connections>,
}
