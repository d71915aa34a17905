//! What reaches the loop, and what it tells those who watch.

use botswain_core::{
    RunId,
    engine::{
        Event,
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
    /// A batch could not be written.
    Failed(String),
    /// When each trigger fires next.
    Firings(oneshot::Sender<Vec<(String, u32, Timestamp)>>),
}

/// Something that has happened, for whoever watches.
#[derive(Clone, Debug)]
pub enum Notice {
    Committed {
        run: RunId,
        facts: Vec<Fact>,
        state: State,
    },
    Opened(Box<Exception>),
    Rested {
        run: RunId,
    },
}
