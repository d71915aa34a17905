//! What reaches the loop, and what it tells those who watch.

use std::sync::Arc;

use botswain_core::{
    RunId, StepId,
    engine::{
        Event,
        capacity::PoolView,
        event::{Reply, RequestId},
    },
    index::{Exception, State},
    run::fact::Fact,
};
use jiff::Timestamp;
use tokio::sync::oneshot;

/// What reaches the loop.
pub(super) enum Message {
    Event(Event),
    /// An event that somebody waits for the answer of; the number is filled in here.
    Ask(
        Box<dyn FnOnce(RequestId) -> Event + Send>,
        oneshot::Sender<Reply>,
    ),
    /// A bot is about to act.
    Announced(Announced),
    /// A batch could not be written.
    Failed(String),
    /// When each trigger fires next.
    Firings(oneshot::Sender<Vec<(String, u32, Timestamp)>>),
    /// How it stands with each connection and limit.
    Pools(oneshot::Sender<Vec<PoolView>>),
}

/// An attempt that acts once it is durable that it does.
pub(super) struct Announced {
    pub(super) run: RunId,
    pub(super) step: StepId,
    pub(super) attempt: u32,
    /// Dropped when it is not to act any more.
    pub(super) proceed: oneshot::Sender<()>,
}

/// Something that has happened, for whoever watches.
#[derive(Clone, Debug)]
pub enum Notice {
    Committed {
        run: RunId,
        facts: Arc<Vec<Fact>>,
        state: State,
    },
    Opened(Box<Exception>),
    Rested {
        run: RunId,
    },
    /// Somebody has proposed a version of this workflow, or decided about it.
    Proposed {
        workflow: String,
    },
}
