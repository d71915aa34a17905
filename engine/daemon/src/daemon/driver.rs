//! The loop that drives the engine: events in, commands out, in order.
//!
//! It decides nothing. An append is handed to the store's writer, a rendering
//! to a blocking thread, an attempt to a task; each answers with an event. It
//! ends when it was told to stop and what had begun is done, or when the store
//! cannot write any more.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use botswain_core::{
    Effect, Payload, RunId, StepId,
    engine::{
        Command, Engine, Event,
        event::{Answer, Loaded, Reply, RequestId},
    },
};
use jiff::Timestamp;
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    attempt::{self, Work},
    holder,
    message::{Message, Notice},
    parts::Parts,
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
    notices: broadcast::Sender<Notice>,
    waiting: HashMap<RequestId, oneshot::Sender<Reply>>,
    last_request: RequestId,
    works: BTreeMap<(RunId, StepId), Work>,
    stopping: Option<Instant>,
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
            parts,
            inbox,
            sender: sender.clone(),
            notices,
            waiting: HashMap::new(),
            last_request: 0,
            works: BTreeMap::new(),
            stopping: None,
        };
        (driver, sender)
    }

    /// Goes on until everything has stopped. An error when the store gave up.
    pub(super) async fn run(mut self) -> Result<(), String> {
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
            Event::Stop => self.stop(),
            Event::Outcome {
                run, step, result, ..
            } => {
                let work = self.works.remove(&(run.clone(), step.clone()));
                // Cut short by our own stop: the next daemon finds it interrupted, as after a crash.
                let cut = work.is_some_and(|work| work.is_cancelled()) && self.stopping.is_some();
                if cut && result.is_err() {
                    return;
                }
            }
            _ => (),
        }
        if let Err(error) = holder::look_up(&self.parts, &mut event) {
            return self.fail(error.to_string());
        }
        for command in self.engine.handle(event, Timestamp::now()) {
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
            } => self.aside(move |parts| {
                let answer = parts.evaluator(|it| it.answer(&version, &scope, &edits, &subject));
                let answer =
                    Box::new(answer.unwrap_or_else(|fault| Answer::Fault(Box::new(fault))));
                if let Answer::Fault(fault) = &*answer {
                    tracing::warn!(run = %scope.run, code = fault.code, "{}", fault.message);
                }
                Event::Evaluated {
                    run: scope.run.clone(),
                    subject,
                    answer,
                    holder: None,
                }
            }),
            Command::Fire {
                version,
                trigger,
                at,
            } => self.aside(move |parts| {
                let inputs = parts.evaluator(|it| it.trigger_inputs(&version, trigger, at));
                let inputs = inputs.flatten();
                let workflow = version.plan.name.clone();
                Event::Fired {
                    workflow,
                    trigger,
                    at,
                    inputs: inputs.map_err(Box::new),
                }
            }),
            Command::Gather { run, step, tally } => self.aside(move |parts| {
                let output = parts.gather(&run, &step, &tally).map_err(Box::new);
                if let Err(fault) = &output {
                    tracing::warn!(%run, %step, code = fault.code, "{}", fault.message);
                }
                Event::Gathered { run, step, output }
            }),
            Command::Spawn(call) => self.spawn(*call),
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
                    facts,
                    state: summary.state,
                });
            }
            Command::Opened(exception) => self.tell(Notice::Opened(exception)),
            Command::Rested { run } => self.tell(Notice::Rested { run }),
        }
    }

    fn spawn(&mut self, call: botswain_core::engine::event::Call) {
        let (run, step, attempt) = (call.run.clone(), call.step.clone(), call.attempt);
        tracing::info!(%run, %step, attempt, bot = call.bot, "starts");
        let (work, outcome) = attempt::prepare(&self.parts, call);
        self.works.insert((run.clone(), step.clone()), work);
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let result: Result<Payload, _> = outcome.await;
            if let Err(fault) = &result {
                tracing::warn!(%run, %step, attempt, code = fault.code, "{}", fault.message);
            }
            drop(sender.send(Message::Event(Event::Outcome {
                run,
                step,
                attempt,
                result,
            })));
        });
    }

    /// Work that blocks or computes, off the loop.
    fn aside(&self, work: impl FnOnce(&Parts) -> Event + Send + 'static) {
        let (parts, sender) = (self.parts.clone(), self.sender.clone());
        tokio::task::spawn_blocking(move || drop(sender.send(Message::Event(work(&parts)))));
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
        for work in self
            .works
            .values()
            .filter(|work| work.effect != Effect::Once)
        {
            work.cancel.cancel();
        }
    }

    fn has_stopped(&self, until: Instant) -> bool {
        (self.works.is_empty() && self.engine.is_idle()) || Instant::now() >= until
    }

    fn wake(&self) -> Instant {
        let now = Timestamp::now();
        let due = self.engine.deadline().map_or(NAP, |at| {
            let wait = at.duration_since(now).max(jiff::SignedDuration::ZERO);
            Duration::try_from(wait).map_or(NAP, |wait| wait.min(NAP))
        });
        let nap = Instant::now() + due;
        self.stopping.map_or(nap, |until| nap.min(until))
    }
}
