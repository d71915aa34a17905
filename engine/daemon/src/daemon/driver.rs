//! The loop that drives the engine: events in, commands out, in order.
//!
//! It decides nothing. An append is handed to the store's writer, an attempt and
//! a rendering that takes long to a task or a thread; each answers with an event. It
//! ends when it was told to stop and what had begun is done, or when the store
//! cannot write any more.

use std::{collections::HashMap, sync::Arc, time::Duration};

use botswain_core::{
    RunId,
    engine::{
        Command, Engine, Event,
        event::{Loaded, Reply, RequestId},
    },
};
use jiff::Timestamp;
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    holder,
    message::{Message, Notice},
    parts::Parts,
    rendering::Rendering,
    tasks::{self, Tasks},
};

/// How long `once` attempts may take to end once the daemon was told to stop.
const STOPPING: Duration = Duration::from_secs(30);

/// A clock that jumps is noticed after at most this long.
const NAP: Duration = Duration::from_secs(5);

/// How much later than an append the disk may be looked at: far too little to fill what is kept free.
const LOOKING: Duration = Duration::from_millis(10);

pub(super) struct Driver {
    engine: Engine,
    parts: Arc<Parts>,
    inbox: mpsc::UnboundedReceiver<Message>,
    sender: mpsc::UnboundedSender<Message>,
    notices: broadcast::Sender<Notice>,
    waiting: HashMap<RequestId, oneshot::Sender<Reply>>,
    last_request: RequestId,
    tasks: Tasks,
    stopping: Option<Instant>,
    /// Whether the disk is so full that nothing new is begun.
    low: bool,
    /// When that was found out.
    looked: Instant,
    /// When the engine was last told that time has passed.
    ticked: Instant,
}

impl Driver {
    pub(super) fn new(
        engine: Engine,
        parts: Arc<Parts>,
        notices: broadcast::Sender<Notice>,
    ) -> (Driver, mpsc::UnboundedSender<Message>) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let driver = Driver {
            engine,
            tasks: Tasks::new(parts.clone(), sender.clone()),
            parts,
            inbox,
            sender: sender.clone(),
            notices,
            waiting: HashMap::new(),
            last_request: 0,
            stopping: None,
            low: false,
            looked: Instant::now(),
            ticked: Instant::now(),
        };
        (driver, sender)
    }

    /// Goes on until everything has stopped. An error when the store gave up.
    pub(super) async fn run(mut self) -> Result<(), String> {
        self.look_at_the_disk();
        loop {
            if self.stopping.is_some_and(|until| self.has_stopped(until)) {
                return Ok(());
            }
            let wake = self.wake();
            let message = tokio::select! {
                message = self.inbox.recv() => message,
                () = sleep_until(wake) => Some(Message::Event(Event::Tick)),
            };
            match message {
                Some(Message::Event(event)) => self.handle(event),
                Some(Message::Ask(ask, reply)) => self.ask(ask, reply),
                Some(Message::Firings(reply)) => self.firings(reply),
                Some(Message::Announced(announced)) => {
                    if let Some(event) = self.tasks.announced(announced) {
                        self.handle(event);
                    }
                }
                // Whoever asked may have gone away.
                Some(Message::Pools(reply)) => {
                    drop(reply.send(self.engine.pools(Timestamp::now())));
                }
                Some(Message::Failed(reason)) => return Err(reason),
                None => return Ok(()),
            }
        }
    }

    fn ask(
        &mut self,
        ask: Box<dyn FnOnce(RequestId) -> Event + Send>,
        reply: oneshot::Sender<Reply>,
    ) {
        self.last_request += 1;
        self.waiting.insert(self.last_request, reply);
        self.handle(ask(self.last_request));
    }

    fn firings(&self, reply: oneshot::Sender<Vec<(String, u32, Timestamp)>>) {
        let firings = self
            .engine
            .firings()
            .map(|(workflow, trigger, at)| (workflow.to_owned(), trigger, at));
        // Whoever asked may have gone away.
        drop(reply.send(firings.collect()));
    }

    fn handle(&mut self, mut event: Event) {
        match &event {
            Event::Tick => self.ticked = Instant::now(),
            Event::Stop => self.stop(),
            Event::Outcome { run, step, .. } | Event::Verified { run, step, .. } => {
                self.tasks.ended(&(run.clone(), step.clone()));
            }
            _ => (),
        }
        let looks = match event {
            Event::Tick | Event::Appended { .. } | Event::Start(_) => {
                self.looked.elapsed() >= LOOKING
            }
            _ => false,
        };
        if looks {
            self.look_at_the_disk();
        }
        if let Err(error) = holder::look_up(&self.parts, self.engine.workflows(), &mut event) {
            return self.fail(error.to_string());
        }
        for command in self.engine.handle(event, Timestamp::now()) {
            self.carry_out(command);
        }
    }

    /// Tells the engine when the disk's room has run low, or has come back.
    fn look_at_the_disk(&mut self) {
        let Some(room) = self.parts.store.room() else {
            return;
        };
        self.looked = Instant::now();
        let low = room.is_low();
        if low == self.low {
            return;
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
        for command in self.engine.handle(Event::Room { low }, Timestamp::now()) {
            self.carry_out(command);
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Append { ticket, batch } => {
                let sender = self.sender.clone();
                self.parts.store.append(batch, move |result| {
                    let message = match result {
                        Ok(()) => Message::Event(Event::Appended { ticket }),
                        Err(error) => Message::Failed(error.to_string()),
                    };
                    // The loop may have ended; then nobody acts on it either.
                    drop(sender.send(message));
                });
            }
            Command::Evaluate {
                version,
                scope,
                edits,
                subject,
            } => self.tasks.render(Rendering {
                version,
                scope,
                edits,
                subject,
            }),
            Command::Spawn(call) => self.tasks.spawn(*call),
            Command::Proceed { run, step, attempt } => self.tasks.proceed((run, step), attempt),
            Command::Cancel { run, step, attempt } => self.tasks.cancel((run, step), attempt),
            Command::Probe { connection } => self.tasks.probe(connection),
            Command::Breaker { connection, open } => tasks::tell(&connection, open.as_deref()),
            Command::Load { run } => self.load(&run),
            Command::Reply { request, reply } => {
                if let Some(waiting) = self.waiting.remove(&request) {
                    drop(waiting.send(reply));
                }
            }
            Command::Committed {
                run,
                facts,
                summary,
            } => {
                self.tell(Notice::Committed {
                    run,
                    facts: Arc::new(facts),
                    state: summary.state,
                });
            }
            Command::Opened(exception) => self.tell(Notice::Opened(exception)),
            Command::Rested { run } => self.tell(Notice::Rested { run }),
            Command::Fire { .. }
            | Command::Count { .. }
            | Command::Gather { .. }
            | Command::Return { .. }
            | Command::Children { .. } => self.tasks.aside(command),
        }
    }

    /// Reads a run at once: whoever is loaded first is there first.
    fn load(&mut self, run: &RunId) {
        match self.parts.load(run) {
            Ok(loaded) => self.loaded(loaded),
            Err(reason) => self.fail(reason),
        }
    }

    pub(super) fn loaded(&mut self, loaded: Loaded) {
        self.handle(Event::Loaded(Box::new(loaded)));
    }

    /// A store that cannot be read is a reason to stop, like one that cannot be written.
    fn fail(&self, reason: String) {
        drop(self.sender.send(Message::Failed(reason)));
    }

    fn tell(&self, notice: Notice) {
        // Nobody watching is no fault.
        drop(self.notices.send(notice));
    }

    /// Whatever may be done again is stopped at once, a `once` effect gets its time.
    fn stop(&mut self) {
        self.stopping
            .get_or_insert_with(|| Instant::now() + STOPPING);
        self.tasks.stop();
    }

    fn has_stopped(&self, until: Instant) -> bool {
        (self.tasks.are_done() && self.engine.is_idle()) || Instant::now() >= until
    }

    /// When the next tick is, however many messages come before it.
    fn wake(&self) -> Instant {
        let now = Timestamp::now();
        let due = self.engine.deadline().map_or(NAP, |at| {
            let wait = at.duration_since(now).max(jiff::SignedDuration::ZERO);
            Duration::try_from(wait).map_or(NAP, |wait| wait.min(NAP))
        });
        let wake = (Instant::now() + due).min(self.ticked + NAP);
        self.stopping.map_or(wake, |until| wake.min(until))
    }
}
