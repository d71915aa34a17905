//! What reaches the loop, and what it tells those who watch.

use std::sync::{Arc, Mutex, PoisonError};

use botswain_core::{
    RunId, StepId,
    engine::{
        Event,
        capacity::PoolView,
        event::{Reply, RequestId, Ticket},
    },
    index::{Exception, State},
    run::fact::Fact,
};
use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc, oneshot};

/// What reaches the loop.
pub(super) enum Message {
    Event(Event),
    /// An event that somebody waits for the answer of; the number is filled in here.
    Ask(
        Box<dyn FnOnce(RequestId) -> Event + Send>,
        oneshot::Sender<Reply>,
    ),
    /// Appends have become durable: those of [`Durable`].
    Durable,
    /// A bot is about to act.
    Announced(Announced),
    /// A batch could not be written.
    Failed(String),
    /// When each trigger fires next.
    Firings(oneshot::Sender<Vec<(String, u32, Timestamp)>>),
    /// How it stands with each connection and limit.
    Pools(oneshot::Sender<Vec<PoolView>>),
}

/// Appends that are durable, and of which the loop was not told yet.
///
/// Many become so together, and the loop is woken once for all of them.
#[derive(Clone)]
pub(super) struct Durable {
    tickets: Arc<Mutex<Vec<Ticket>>>,
    sender: mpsc::UnboundedSender<Message>,
}

impl Durable {
    pub(super) fn new(sender: mpsc::UnboundedSender<Message>) -> Durable {
        Durable {
            tickets: Arc::default(),
            sender,
        }
    }

    pub(super) fn add(&self, ticket: Ticket) {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.push(ticket);
        let is_first = tickets.len() == 1;
        drop(tickets);
        if is_first {
            // The loop may have ended; then nobody acts on it either.
            drop(self.sender.send(Message::Durable));
        }
    }

    /// In their order.
    pub(super) fn take(&self) -> Vec<Ticket> {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *tickets)
    }
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

/// Those who watch.
pub(super) struct Watching {
    pub(super) notices: broadcast::Sender<Notice>,
    /// Who tells people of exceptions need not look at everything that happens, nor miss one for it.
    pub(super) opened: mpsc::Sender<Box<Exception>>,
}

impl Watching {
    pub(super) fn tell(&self, notice: Notice) {
        // Nobody watching is no fault.
        drop(self.notices.send(notice));
    }

    pub(super) fn opened(&self, exception: Box<Exception>) {
        // So many at once are mostly of one cause, of which people are told once.
        drop(self.opened.try_send(exception.clone()));
        self.tell(Notice::Opened(exception));
    }
}
