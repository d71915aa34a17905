//! The loop that drives the engine: events in, commands out, in order.
//!
//! It decides nothing. An append is handed to the store's writer, an attempt and
//! a rendering that takes long to a task or a thread; each answers with an event. It
//! ends when it was told to stop and what had begun is done, or when the store
//! cannot write any more.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use botswain_core::{
    RunId,
    engine::{
        Command, Engine, Event,
        event::{Reply, RequestId},
    },
};
use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    disk::Disk,
    holder,
    message::{Durable, Message, Notice, Watching},
    parts::Parts,
    rendering::Rendering,
    tasks::{self, Tasks},
};

/// How long `once` attempts may take to end once the daemon was told to stop.
const STOPPING: Duration = Duration::from_secs(30);

/// A clock that jumps is noticed after at most this long.
const NAP: Duration = Duration::from_secs(5);

pub(super) struct Driver {
    engine: Engine,
    parts: Arc<Parts>,
    inbox: mpsc::UnboundedReceiver<Message>,
    sender: mpsc::UnboundedSender<Message>,
    watching: Watching,
    waiting: HashMap<RequestId, oneshot::Sender<Reply>>,
    last_request: RequestId,
    tasks: Tasks,
    durable: Durable,
    /// What was rendered on the loop, for the engine to be told before anything else.
    rendered: VecDeque<Event>,
    stopping: Option<Instant>,
    disk: Disk,
    /// When the engine was last told that time has passed.
    ticked: Instant,
}

impl Driver {
    pub(super) fn new(
        engine: Engine,
        parts: Arc<Parts>,
        watching: Watching,
    ) -> (Driver, mpsc::UnboundedSender<Message>) {
        let (sender, inbox) = mpsc::unbounded_channel();
        let driver = Driver {
            engine,
            tasks: Tasks::new(parts.clone(), sender.clone()),
            parts,
            inbox,
            durable: Durable::new(sender.clone()),
            rendered: VecDeque::new(),
            sender: sender.clone(),
            watching,
            waiting: HashMap::new(),
            last_request: 0,
            stopping: None,
            disk: Disk::new(),
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
            // Others on this thread have to have their turn too.
            tokio::task::consume_budget().await;
            if self.is_due() {
                self.handle(Event::Tick);
            }
            // No timer is set while there is something to do.
            let message = match self.inbox.try_recv() {
                Ok(message) => Some(message),
                Err(_) => self.wait().await,
            };
            let Some(message) = message else { continue };
            match message {
                Message::Event(event) => self.handle(event),
                Message::Durable => {
                    for ticket in self.durable.take() {
                        self.handle(Event::Appended { ticket });
                    }
                }
                Message::Ask(ask, reply) => self.ask(ask, reply),
                Message::Firings(reply) => self.firings(reply),
                Message::Announced(announced) => {
                    if let Some(event) = self.tasks.announced(announced) {
                        self.handle(event);
                    }
                }
                // Whoever asked may have gone away.
                Message::Pools(reply) => {
                    drop(reply.send(self.engine.pools(Timestamp::now())));
                }
                Message::Failed(reason) => return Err(reason),
            }
        }
    }

    /// Waits for a message, or until something is due.
    async fn wait(&mut self) -> Option<Message> {
        let wake = self.wake();
        tokio::select! {
            message = self.inbox.recv() => message,
            () = sleep_until(wake) => None,
        }
    }

    /// Whether it is time for a tick.
    fn is_due(&self) -> bool {
        let due = self.engine.deadline();
        due.is_some_and(|at| at <= Timestamp::now()) || self.ticked.elapsed() >= NAP
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

    /// Tells the engine, and then what it lets be rendered here for that.
    fn handle(&mut self, event: Event) {
        self.tell_engine(event);
        while let Some(rendered) = self.rendered.pop_front() {
            self.tell_engine(rendered);
        }
    }

    fn tell_engine(&mut self, mut event: Event) {
        match &event {
            Event::Tick => self.ticked = Instant::now(),
            Event::Stop => self.stop(),
            Event::Outcome { run, step, .. } | Event::Verified { run, step, .. } => {
                self.tasks.ended(&(run.clone(), step.clone()));
            }
            _ => (),
        }
        let looks = match event {
            Event::Tick | Event::Appended { .. } | Event::Start(_) => self.disk.is_due(),
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
        let Some(low) = self.disk.look(&self.parts.store) else {
            return;
        };
        for command in self.engine.handle(Event::Room { low }, Timestamp::now()) {
            self.carry_out(command);
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Append { ticket, batch } => {
                let (durable, sender) = (self.durable.clone(), self.sender.clone());
                self.parts.store.append(batch, move |result| match result {
                    Ok(()) => durable.add(ticket),
                    // The loop may have ended; then nobody acts on it either.
                    Err(error) => drop(sender.send(Message::Failed(error.to_string()))),
                });
            }
            Command::Evaluate {
                version,
                scope,
                edits,
                subject,
            } => self.rendered.extend(self.tasks.render(Rendering {
                version,
                scope,
                edits,
                subject,
            })),
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
                self.watching.tell(Notice::Committed {
                    run,
                    facts: Arc::new(facts),
                    state: summary.state,
                });
            }
            Command::Opened(exception) => self.watching.opened(exception),
            Command::Rested { run } => self.watching.tell(Notice::Rested { run }),
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
            Ok(loaded) => self.tell_engine(Event::Loaded(Box::new(loaded))),
            Err(reason) => self.fail(reason),
        }
    }

    /// A store that cannot be read is a reason to stop, like one that cannot be written.
    fn fail(&self, reason: String) {
        drop(self.sender.send(Message::Failed(reason)));
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
