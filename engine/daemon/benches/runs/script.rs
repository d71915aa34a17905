//! What one run writes: its batches, as the engine appends them and the store encodes them.
//!
//! The engine is driven by hand over a store that only notes its writes. A wave are the batches
//! that it appends without waiting for one another.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, mpsc::channel},
};

use botswain::daemon::Handle;
use botswain_core::{
    Payload, RunId, StepId,
    engine::{Command, Counters, Engine, Event, event::Start},
    index::Fired,
    plan::Version,
    run::fact::What,
};
use botswain_store::{
    Store,
    backend::{Backend, Entry, Error, Write, memory::Memory},
};
use jiff::Timestamp;
use serde_json::json;

/// The number of the run that is noted; those that follow it have as many digits.
pub(crate) const FIRST: u64 = 10_001;

pub(crate) struct Script {
    /// Of the run with the number [`FIRST`].
    pub(crate) waves: Vec<Vec<Vec<Write>>>,
}

impl Script {
    /// Notes what a run of this workflow writes, its steps answering as they did in `like`.
    pub(crate) fn of(handle: &Handle, workflow: &str, like: &RunId) -> Script {
        let facts = handle.parts.store.facts(like).unwrap();
        let outputs = facts.into_iter().filter_map(|fact| match fact.what {
            What::Succeeded { step, output, .. } => Some((step, output)),
            _ => None,
        });
        let version = handle.workflow(workflow).unwrap();
        Desk::new(handle.clone(), &version, outputs.collect()).play(&version)
    }

    pub(crate) fn bytes(&self) -> usize {
        let size = |(key, value): &Write| key.len() + value.as_ref().map_or(0, Vec::len);
        self.waves.iter().flatten().flatten().map(size).sum()
    }
}

/// The engine with what it needs around it.
struct Desk {
    handle: Handle,
    engine: Engine,
    noted: Arc<Noted>,
    store: Store,
    outputs: HashMap<StepId, Payload>,
    queue: VecDeque<Command>,
    /// Appends that have not been acknowledged.
    wave: Vec<u64>,
}

impl Desk {
    fn new(handle: Handle, version: &Arc<Version>, outputs: HashMap<StepId, Payload>) -> Desk {
        let counters = Counters {
            run: FIRST - 1,
            exception: 0,
        };
        let noted = Arc::new(Noted::default());
        let store = Store::on(noted.clone()).unwrap();
        noted.groups.lock().unwrap().clear();
        let mut desk = Desk {
            handle,
            engine: Engine::new(counters, Fired::new(), "UTC"),
            noted,
            store,
            outputs,
            queue: VecDeque::new(),
            wave: Vec::new(),
        };
        desk.tell(Event::Workflows(vec![version.clone()]));
        desk
    }

    fn play(mut self, version: &Version) -> Script {
        self.tell(Event::Start(Box::new(Start {
            request: 1,
            workflow: version.plan.name.clone(),
            inputs: Payload::Inline(json!({})),
            key: None,
            holder: None,
            by: "bench".to_owned(),
        })));
        let mut waves = Vec::new();
        loop {
            while let Some(command) = self.queue.pop_front() {
                self.carry_out(command);
            }
            if self.wave.is_empty() {
                break;
            }
            waves.push(std::mem::take(&mut *self.noted.groups.lock().unwrap()));
            for ticket in std::mem::take(&mut self.wave) {
                self.tell(Event::Appended { ticket });
            }
        }
        Script { waves }
    }

    fn tell(&mut self, event: Event) {
        self.queue
            .extend(self.engine.handle(event, Timestamp::now()));
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Append { ticket, batch } => {
                let (reply, answer) = channel();
                self.store
                    .append(batch, move |result| reply.send(result).unwrap());
                answer.recv().unwrap().unwrap();
                self.wave.push(ticket);
            }
            Command::Evaluate {
                version,
                scope,
                edits,
                subject,
            } => {
                let parts = &self.handle.parts;
                let answer = parts.evaluator(|it| it.answer(&version, &scope, &edits, &subject));
                self.tell(Event::Evaluated {
                    run: scope.run.clone(),
                    subject,
                    answer: Box::new(answer.unwrap()),
                    holder: None,
                });
            }
            Command::Spawn(call) => self.tell(Event::Outcome {
                result: Ok(self.outputs[&call.step].clone()),
                run: call.run,
                step: call.step,
                attempt: call.attempt,
            }),
            Command::Reply { .. } | Command::Committed { .. } | Command::Rested { .. } => (),
            other => panic!("{other:?} is not expected of a run that only succeeds"),
        }
    }
}

/// Keeps in memory, and notes each durable write.
#[derive(Default)]
struct Noted {
    memory: Memory,
    groups: Mutex<Vec<Vec<Write>>>,
}

impl Backend for Noted {
    fn write(&self, writes: Vec<Write>) -> Result<(), Error> {
        self.groups.lock().unwrap().push(writes.clone());
        self.memory.write(writes)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.memory.get(key)
    }

    fn scan(
        &self,
        range: std::ops::Range<&[u8]>,
        limit: usize,
        reverse: bool,
    ) -> Result<Vec<Entry>, Error> {
        self.memory.scan(range, limit, reverse)
    }
}
