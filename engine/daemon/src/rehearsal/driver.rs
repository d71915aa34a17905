//! The third thin driver of the engine: events in, commands out, in virtual time.
//!
//! It decides nothing. Batches go to the store in memory and are durable at
//! once; bots and people are answered for by the cast; when nothing is left to
//! do, the clock jumps to whatever is due next. The same play goes the same way.

mod attempts;
mod stubs;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, mpsc::channel},
};

use botswain_core::{
    Effect, RunId, StepId,
    engine::{
        Command, Counters, Engine, Event,
        event::{Reply, Resolve, Start, Subject},
    },
    index::{Batch, Change, Exception, Fired, State},
    plan::Version,
};
use indexmap::IndexSet;
use jiff::Timestamp;
use serde_json::Value;

use super::{cast::Cast, stage::Stage};
use crate::daemon::{answer, holder, rendering::Rendering};

/// So many events are more than any play needs.
const EVENTS: usize = 500_000;

pub(crate) struct Driver<'s, C> {
    engine: Engine,
    stage: &'s Stage,
    cast: &'s mut C,
    now: Timestamp,
    events: VecDeque<Event>,
    /// What happens at a time, in the order in which it was begun.
    due: BTreeMap<(Timestamp, u64), Due>,
    begun: u64,
    /// Called workflows that are answered for, and what they leave.
    stubs: Vec<(Arc<Version>, Value)>,
    root: Option<Result<RunId, String>>,
    /// Every run that came of it, in order.
    runs: IndexSet<RunId>,
}

struct Due {
    event: Event,
    /// The attempt that is answered, and what it does to the world.
    attempt: Option<((RunId, StepId, u32), Effect)>,
}

impl<'s, C: Cast> Driver<'s, C> {
    /// With these workflows, which have no triggers, at this time.
    pub(crate) fn new(
        stage: &'s Stage,
        cast: &'s mut C,
        versions: &[Arc<Version>],
        now: Timestamp,
    ) -> Result<Driver<'s, C>, String> {
        Driver::numbered(stage, cast, versions, (now, 0))
    }

    /// The same; the run has the number after this one.
    pub(crate) fn numbered(
        stage: &'s Stage,
        cast: &'s mut C,
        versions: &[Arc<Version>],
        (now, before): (Timestamp, u64),
    ) -> Result<Driver<'s, C>, String> {
        for version in versions {
            let kept = stage.parts.store.put_version(version);
            kept.map_err(|error| error.to_string())?;
        }
        let zone = stage.parts.config().timezone.clone();
        let counters = Counters {
            run: before,
            exception: 0,
        };
        Ok(Driver {
            engine: Engine::new(counters, Fired::new(), &zone),
            stage,
            cast,
            now,
            events: VecDeque::from([Event::Workflows(versions.to_vec())]),
            due: BTreeMap::new(),
            begun: 0,
            stubs: Vec::new(),
            root: None,
            runs: IndexSet::new(),
        })
    }

    /// Plays a run until it has ended or waits for nobody but people, or its cast has enough;
    /// gives all runs of it.
    pub(crate) fn play(mut self, start: Start) -> Result<IndexSet<RunId>, String> {
        self.events.push_back(Event::Start(Box::new(start)));
        for _ in 0..EVENTS {
            if self.cast.has_enough() {
                return Ok(self.runs);
            }
            match self.events.pop_front() {
                Some(event) => self.handle(event)?,
                None if self.passes_time()? => (),
                None => return Ok(self.runs),
            }
        }
        Err(format!("it goes on and on: {EVENTS} events and no end"))
    }

    /// Lets what is due next happen; false when there is nothing more to wait for.
    fn passes_time(&mut self) -> Result<bool, String> {
        let root = match &self.root {
            Some(Ok(root)) => root,
            Some(Err(reason)) => return Err(reason.clone()),
            None => return Err("the run did not begin".to_owned()),
        };
        let state = self.state(root)?;
        let due = self.due.first_key_value().map(|(at, _)| *at);
        let deadline = self.engine.deadline();
        let rests = state.has_ended() || state == State::Parked && due.is_none();
        match (due, deadline) {
            _ if rests => Ok(false),
            (Some(at), deadline) if deadline.is_none_or(|deadline| at.0 <= deadline) => {
                self.now = self.now.max(at.0);
                let due = self.due.remove(&at);
                self.events.extend(due.map(|due| due.event));
                Ok(true)
            }
            (_, Some(deadline)) => {
                self.now = self.now.max(deadline);
                self.events.push_back(Event::Tick);
                Ok(true)
            }
            (_, None) => Ok(false),
        }
    }

    /// How the run stands; one whose items all wait for people waits for people.
    fn state(&self, run: &RunId) -> Result<State, String> {
        let parts = &self.stage.parts;
        let summary = parts.store.summary(run).map_err(|it| it.to_string())?;
        let summary = summary.ok_or_else(|| format!("there is no run {run}"))?;
        let view = parts.run_view(summary).map_err(|it| it.to_string())?;
        Ok(view.state)
    }

    fn handle(&mut self, mut event: Event) -> Result<(), String> {
        let parts = &self.stage.parts;
        let held = holder::look_up(parts, self.engine.workflows(), &mut event);
        held.map_err(|error| error.to_string())?;
        for command in self.engine.handle(event, self.now) {
            self.carry_out(command)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Append { ticket, batch } => {
                let asks_more = more_to_approve(&batch);
                append(self.stage, batch)?;
                self.events.push_back(Event::Appended { ticket });
                asks_more.into_iter().for_each(|it| self.opened(it));
            }
            Command::Evaluate {
                version,
                scope,
                edits,
                subject,
            } => self.evaluate(Rendering {
                version,
                scope,
                edits,
                subject,
            })?,
            Command::Spawn(call) => self.spawn(&call),
            Command::Cancel { run, step, attempt } => self.cancel(&(run, step, attempt)),
            Command::Probe { connection } => self.events.push_back(Event::Probed {
                connection,
                result: Ok(()),
            }),
            Command::Load { run } => {
                let loaded = self.stage.parts.load(&run)?;
                self.events.push_back(Event::Loaded(Box::new(loaded)));
            }
            Command::Reply { reply, .. } => self.reply(reply),
            Command::Committed { run, .. } => drop(self.runs.insert(run)),
            Command::Opened(exception) => self.opened(*exception),
            Command::Fire { .. }
            | Command::Count { .. }
            | Command::Gather { .. }
            | Command::Return { .. }
            | Command::Children { .. } => {
                let event = answer::to(&self.stage.parts, command)?;
                self.events.push_back(event);
            }
            Command::Proceed { .. } | Command::Breaker { .. } | Command::Rested { .. } => (),
        }
        Ok(())
    }

    /// Only the start is asked for; a decision that is refused is not a decision.
    fn reply(&mut self, reply: Reply) {
        let told = match reply {
            Reply::Started { run } => Ok(run),
            Reply::Refused { reason } => Err(reason),
            Reply::Resolved => return,
        };
        self.root.get_or_insert(told);
    }

    fn evaluate(&mut self, rendering: Rendering) -> Result<(), String> {
        let answer = match &rendering.subject {
            Subject::Callee(step) => self.callee(&rendering, &step.clone())?,
            Subject::Collect => self.left(&rendering.version),
            _ => None,
        };
        let event = match answer {
            Some(answer) => Event::Evaluated {
                run: rendering.scope.run,
                subject: rendering.subject,
                answer: Box::new(answer),
                holder: None,
            },
            None => rendering.answer(&self.stage.parts),
        };
        self.events.push_back(event);
        Ok(())
    }

    fn opened(&mut self, exception: Exception) {
        let Some(coming) = self.cast.decision(&exception, self.stage) else {
            return;
        };
        self.begun += 1;
        let event = Event::Resolve(Box::new(Resolve {
            request: self.begun,
            exception: exception.id,
            run: exception.run,
            step: exception.step,
            resolution: coming.what.resolution,
            by: coming.what.by,
            note: coming.what.note,
            remember: Vec::new(),
        }));
        self.later(coming.delay, event, None);
    }
}

/// Approvals that somebody has given, and that take more people.
fn more_to_approve(batch: &Batch) -> Vec<Exception> {
    let some = batch.changes.iter().filter_map(|change| match change {
        Change::Exception {
            after: Some(after), ..
        } if !after.approved.is_empty() => Some(after.as_ref().clone()),
        _ => None,
    });
    some.collect()
}

/// Writes down what concerns no run.
pub(crate) fn write(stage: &Stage, changes: Vec<Change>) -> Result<(), String> {
    let facts = Vec::new();
    append(stage, Batch { facts, changes })
}

fn append(stage: &Stage, batch: Batch) -> Result<(), String> {
    let (sender, receiver) = channel();
    let done = move |result| drop(sender.send(result));
    stage.parts.store.append(batch, done);
    let written = receiver.recv().map_err(|error| error.to_string())?;
    written.map_err(|error| error.to_string())
}
