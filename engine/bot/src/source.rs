//! What a trigger listens to: a folder, a mailbox.
//!
//! It is asked again and again for what is there. It may tell of the same thing
//! as often as it likes: whoever asks knows by the key what there is a run for.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use botswain_core::Fault;
use serde_json::{Map, Value};

use crate::{
    artifacts::Artifacts,
    connection::{Boxed, Connections},
    roots::Roots,
};

pub trait Source: Send + Sync + 'static {
    /// How long it is left alone between two looks.
    fn pause(&self) -> Duration {
        Duration::from_secs(1)
    }

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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrival {
    /// What it is, in words that no other thing has, ever: the key of its run.
    pub key: String,
    /// What `trigger` has in the inputs of the run.
    pub data: Map<String, Value>,
    /// Why it cannot be taken as it is: then its run waits for a person before it begins.
    pub fault: Option<Fault>,
}

/// The world as a source may see it.
#[derive(Clone)]
pub struct Around {
    pub roots: Arc<Roots>,
    pub artifacts: Arc<dyn Artifacts>,
    pub connections: Arc<dyn Connections>,
    pub memory: Arc<dyn Memory>,
}

/// What is known of a trigger from earlier, also from other daemons.
pub trait Memory: Send + Sync {
    /// Whether there is a run for what has this key; what cannot be read is not known.
    fn has_run(&self, key: &str) -> bool;

    /// How far each series of numbers has been gone through, by the name of the series.
    fn reached(&self) -> Result<BTreeMap<String, u32>, Fault>;

    /// Everything in this series below a number is done with; durable on return.
    fn reach<'a>(&'a self, series: &'a str, number: u32) -> Boxed<'a, Result<(), Fault>>;
}
