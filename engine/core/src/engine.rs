//! All runs together: keys, sessions, timers, triggers, turns.
//!
//! [`Engine::handle`] takes one event and the time and gives the commands that
//! follow. It keeps in memory only the runs that have something to do. A run
//! moves like this: *next* says what should happen, the engine asks for it or
//! proposes facts; the facts are tried on a copy; the batch is appended; only
//! when it is durable does the copy take the run's place, and only then does
//! anything follow from it. One append of a run is in flight at a time; what
//! arrives meanwhile waits in its inbox. Only the start of an attempt that reads
//! is not waited for, and written with what comes next ([`ahead`]).
//!
//! Invariant: no command that changes the world leaves before the fact that it
//! follows from is durable.

mod ahead;
mod attempts;
mod calls;
mod cancel;
pub mod capacity;
mod claims;
mod commit;
pub mod event;
mod happenings;
mod inbox;
mod items;
mod live;
mod memory;
mod outcome;
mod promises;
pub mod quarantine;
pub mod rebuild;
mod resolve;
mod room;
mod scope;
mod start;
mod triggers;
mod turns;
mod verify;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

pub use self::event::{Command, Event};
use self::{
    capacity::{Pools, QUESTION},
    claims::Claims,
    event::{Named, Reply, RequestId, Resolve, Subject, Ticket},
    inbox::Input,
    live::Live,
    quarantine::Restored,
    triggers::Triggers,
};
use crate::{
    fault::Fault,
    ids::{ExceptionId, RunId, StepId},
    index::{Fired, Pending},
    plan::Version,
    run::{
        Next,
        decide::Decision,
        fact::{Outcome, Verdict, What},
    },
    value::Payload,
};

/// What whoever asks for something during a stop is told.
const STOPPING: &str = "the daemon is stopping; try again when it is back";

/// What whoever asks for a run is told when the disk is nearly full.
pub const NO_ROOM: &str = "the disk is nearly full, so nothing new is begun";

/// Where the numbering of runs and exceptions stands: the highest ever used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub run: u64,
    pub exception: u64,
}

pub struct Engine {
    workflows: BTreeMap<String, Named>,
    triggers: Triggers,
    /// What is still to become a run, of workflows that are not there.
    pending: Vec<Pending>,
    /// Whether workflows start by themselves.
    fires: bool,
    runs: BTreeMap<RunId, Live>,
    /// Runs that were asked for, and what waits for them.
    loading: BTreeMap<RunId, Vec<Input>>,
    appends: BTreeMap<Ticket, RunId>,
    last_ticket: Ticket,
    timers: BTreeSet<(Timestamp, RunId)>,
    /// Until when something is kept back of which run.
    kept: BTreeSet<(Timestamp, RunId)>,
    /// Runs that were seen to wait for their turn; some may have had it since.
    queued: BTreeSet<RunId>,
    claims: Claims,
    pools: Pools,
    restored: Restored,
    /// Whether the disk has too little room for anything new.
    low: bool,
    counters: Counters,
    stopping: bool,
    commands: Vec<Command>,
}

impl Engine {
    /// An engine that goes on where the store stands; the zone is that of schedules without one.
    pub fn new(counters: Counters, fired: Fired, timezone: &str) -> Engine {
        Engine {
            workflows: BTreeMap::new(),
            triggers: Triggers::new(fired, timezone),
            pending: Vec::new(),
            fires: true,
            runs: BTreeMap::new(),
            loading: BTreeMap::new(),
            appends: BTreeMap::new(),
            last_ticket: 0,
            timers: BTreeSet::new(),
            kept: BTreeSet::new(),
            queued: BTreeSet::new(),
            claims: Claims::default(),
            pools: Pools::default(),
            restored: Restored::default(),
            low: false,
            counters,
            stopping: false,
            commands: Vec::new(),
        }
    }

    /// An engine that starts nothing by itself, for the length of one command.
    #[must_use]
    pub fn without_firing(self) -> Engine {
        Engine {
            fires: false,
            ..self
        }
    }

    /// Takes one event; the commands are to be carried out in order.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Command> {
        match event {
            Event::Workflows(versions) => self.replace_workflows(versions, now),
            Event::Capacities(capacities) => {
                self.pools.replace(capacities, now);
                self.offer(now);
            }
            Event::Loaded(loaded) => self.loaded(*loaded, now),
            Event::Asleep { run, until } => {
                self.timers.insert((until, run));
            }
            Event::Start(start) => self.start(*start, now),
            Event::Happened(happened) => self.happened(*happened),
            Event::Pending(pending) => self.take_up(pending),
            Event::Fired {
                firing,
                workflow,
                inputs,
                holder,
                ..
            } => self.fired(workflow, firing, inputs, holder, now),
            Event::Counted(counted) => self.counted(counted, now),
            Event::Appended { ticket } => self.commit(ticket, now),
            Event::Evaluated {
                run,
                subject,
                answer,
                holder,
            } => {
                // Who holds the key may be another by the time it can be taken: asked for again.
                if answer.key().is_some() && self.is_writing(&run) {
                    self.forget(&run, &subject);
                } else {
                    let input = Input::Evaluated {
                        subject,
                        answer,
                        holder,
                    };
                    self.receive(&run, input, now);
                }
            }
            Event::Warned {
                run,
                step,
                attempt,
                warnings,
            } => {
                let fact = What::Warned {
                    step,
                    attempt,
                    warnings,
                };
                self.receive(&run, Input::Warned(fact), now);
            }
            Event::Outcome {
                run,
                step,
                attempt,
                result,
            } => {
                // Of one that a daemon before this had begun, and whose start was lost.
                if self.is_to_begin(&run, &step, attempt) {
                    return std::mem::take(&mut self.commands);
                }
                let place = (run.clone(), step.clone(), attempt);
                let fault = result.as_ref().err().map(|fault| &**fault);
                let awaits = self.attempt_ended(&place, fault, now);
                self.receive(
                    &run,
                    Input::Outcome {
                        step,
                        attempt,
                        result,
                        awaits,
                    },
                    now,
                );
                self.offer(now);
            }
            Event::Probed { connection, result } => self.probed(connection, result, now),
            Event::Gathered { run, step, output } => {
                self.receive(&run, Input::Gathered { step, output }, now);
            }
            Event::Acting { run, step, attempt } => {
                self.receive(&run, Input::Acting { step, attempt }, now);
            }
            Event::Verified { run, step, result } => {
                let place = (run.clone(), step.clone(), QUESTION);
                let fault = result.as_ref().err().map(|fault| &**fault);
                self.attempt_ended(&place, fault, now);
                self.receive(&run, Input::Verified { step, result }, now);
                self.offer(now);
            }
            Event::Returned { run, step, result } => {
                self.receive(&run, Input::Returned { step, result }, now);
            }
            Event::Children {
                run,
                step,
                children,
            } => self.stop_children(&run, &step, children, now),
            Event::Resolve(resolve) => self.resolve(*resolve, now),
            Event::Cancel(cancel) => self.cancel(*cancel, now),
            Event::Quarantine(quarantine) => self.quarantine(*quarantine, now),
            Event::Room { low } => self.room(low, now),
            Event::Tick => {
                self.write_kept(now);
                self.tick(now);
                self.offer(now);
            }
            Event::Stop => {
                self.stopping = true;
                self.write_all_kept();
            }
        }
        std::mem::take(&mut self.commands)
    }

    /// When [`Event::Tick`] is due next.
    pub fn deadline(&self) -> Option<Timestamp> {
        let timer = self.timers.first().map(|(at, _)| *at);
        let kept = self.kept.first().map(|(at, _)| *at);
        let firing = self.triggers.next().filter(|_| self.may_fire());
        let place = self.pools.deadline().filter(|_| self.may_offer());
        let times = [timer, kept, firing, place];
        times.into_iter().flatten().min()
    }

    /// Whether nothing is on its way to the disk.
    pub fn is_idle(&self) -> bool {
        self.appends.is_empty()
    }

    /// The workflows that can be started.
    pub fn workflows(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.workflows.values().map(|named| &named.version)
    }

    /// When each trigger fires next.
    pub fn firings(&self) -> impl Iterator<Item = (&str, u32, Timestamp)> {
        self.triggers.firings()
    }

    fn replace_workflows(&mut self, versions: Vec<Arc<Version>>, now: Timestamp) {
        let named = |version: Arc<Version>| {
            (
                version.plan.name.clone(),
                Named {
                    hash: version.hash(),
                    version,
                },
            )
        };
        self.workflows = versions.into_iter().map(named).collect();
        self.plan_triggers(now);
    }

    fn resolve(&mut self, resolve: Resolve, now: Timestamp) {
        match self.stopping {
            true => self.refuse(resolve.request, STOPPING.to_owned()),
            false => {
                self.receive_or_load(&resolve.run.clone(), Input::Resolve(Box::new(resolve)), now)
            }
        }
    }

    fn refuse(&mut self, request: RequestId, reason: String) {
        self.commands.push(Command::Reply {
            request,
            reply: Reply::Refused { reason },
        });
    }

    fn tick(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.timers.first()
            && *at <= now
        {
            let (_, run) = self.timers.pop_first().expect("it was looked at");
            match self.runs.get_mut(&run) {
                Some(live) => {
                    live.timer = None;
                    self.advance(&run, now);
                }
                None => self.receive_or_load(&run, Input::Wake, now),
            }
        }
        if self.may_fire() {
            self.fire(now);
        }
    }

    fn may_fire(&self) -> bool {
        self.fires && !self.stopping && !self.low && !self.restored.holds()
    }

    /// Whether a place that is free may be given to somebody who waits.
    fn may_offer(&self) -> bool {
        !self.stopping && !self.low
    }

    /// Whether an append of a run is in flight, so that what arrives for it waits.
    fn is_writing(&self, run: &RunId) -> bool {
        self.runs
            .get(run)
            .is_some_and(|live| live.proposal.is_some())
    }

    /// What was rendered is not wanted; `next` asks for it anew.
    fn forget(&mut self, run: &RunId, subject: &Subject) {
        if let Some(live) = self.runs.get_mut(run) {
            live.evaluating.retain(|asked| asked != subject);
        }
    }

    /// For a run that must be in memory; otherwise the input is stale and dropped.
    fn receive(&mut self, run: &RunId, input: Input, now: Timestamp) {
        if let Some(live) = self.runs.get_mut(run) {
            live.inbox.push_back(input);
            self.advance(run, now);
        }
    }

    /// Lets a run do what it can: first what has arrived, then what should happen next.
    fn advance(&mut self, id: &RunId, now: Timestamp) {
        loop {
            let Some(live) = self.runs.get_mut(id) else {
                return;
            };
            if live.proposal.is_some() {
                return;
            }
            let Some(input) = live.inbox.pop_front() else {
                break;
            };
            self.take(id, input, now);
        }
        let nexts = self
            .runs
            .get(id)
            .map(|live| live.run.next(now))
            .unwrap_or_default();
        for next in nexts {
            self.act(id, next, now);
        }
        self.keep_time(id, now);
        self.rest(id, now);
    }

    fn act(&mut self, id: &RunId, next: Next, now: Timestamp) {
        let in_flight = self.runs.get(id).is_none_or(|live| live.proposal.is_some());
        match next {
            Next::Sleep { until } => self.sleep(id, until),
            Next::Stop { step } => self.stop_step(id, &step, now),
            // It is asked for again when the append in flight is durable.
            _ if in_flight => (),
            Next::End { outcome } => self.end(id, outcome, Payload::NULL, now),
            Next::Close { step } => self.propose(id, vec![closed(step)], now),
            Next::Wake { step } => self.propose(id, vec![awake(step)], now),
            Next::Escalate { step } => self.propose(id, vec![What::Escalated { step }], now),
            Next::Overdue { step } => self.is_overdue(id, step, now),
            _ if self.stopping || self.low => (),
            Next::Identify => self.evaluate(id, Subject::Identity),
            Next::Collect => self.evaluate(id, Subject::Collect),
            Next::Evaluate { step } => self.evaluate(id, Subject::Step(step)),
            Next::Start { step } => self.begin(id, &step, now),
            Next::Items { step } => self.items(id, &step, now),
            Next::Call { step } => self.call(id, &step, now),
            Next::Verify { step } => self.verify(id, &step, now),
        }
    }

    fn is_overdue(&mut self, id: &RunId, step: StepId, now: Timestamp) {
        let exception = self.new_exception();
        self.propose(id, vec![What::Overdue { step, exception }], now);
    }

    /// Writes down when only people can let anything go on, where a time-out has to know.
    fn keep_time(&mut self, id: &RunId, now: Timestamp) {
        let Some(live) = self.runs.get(id) else {
            return;
        };
        let busy = live.proposal.is_some() || live.run.end().is_some() || !live.run.is_admitted();
        match (live.run.is_paused(), live.rests()) {
            _ if busy => (),
            (false, true) if live.run.has_clock() => self.propose(id, vec![What::Paused], now),
            (true, false) => self.propose(id, vec![What::Resumed], now),
            _ => (),
        }
    }

    fn end(&mut self, id: &RunId, outcome: Outcome, output: Payload, now: Timestamp) {
        self.propose(id, vec![What::Ended { outcome, output }], now);
    }

    fn sleep(&mut self, id: &RunId, until: Timestamp) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        // Of several times to wait for the first counts; the others are asked for again then.
        let until = live.timer.map_or(until, |timer| timer.min(until));
        if let Some(timer) = live.timer.replace(until) {
            self.timers.remove(&(timer, id.clone()));
        }
        self.timers.insert((until, id.clone()));
    }

    fn new_exception(&mut self) -> ExceptionId {
        self.counters.exception += 1;
        ExceptionId(self.counters.exception)
    }

    fn new_run(&mut self) -> RunId {
        self.counters.run += 1;
        RunId::root(self.counters.run)
    }

    fn verdict(&mut self, decision: Decision) -> Verdict {
        match decision {
            Decision::Retry { at } => Verdict::Retry { at },
            Decision::Wait { connection } => Verdict::Wait { connection },
            Decision::Park => Verdict::Park {
                exception: self.new_exception(),
            },
            Decision::Doubt => Verdict::Doubt {
                exception: self.new_exception(),
            },
            Decision::Verify { at } => Verdict::Verify { at },
            Decision::Continue => Verdict::Continue,
            Decision::Fail => Verdict::Fail,
            Decision::Handle { entry } => Verdict::Handle { entry },
            Decision::Cancel => Verdict::Cancel,
        }
    }

    /// Parks a run itself, before it has begun or when its steps are done.
    fn park(&mut self, step: StepId, fault: Fault) -> What {
        let then = Verdict::Park {
            exception: self.new_exception(),
        };
        What::Failed {
            step,
            attempt: 0,
            fault: Box::new(fault),
            then,
        }
    }
}

fn closed(step: StepId) -> What {
    let output = Payload::NULL;
    What::Closed { step, output }
}

fn awake(step: StepId) -> What {
    let (attempt, output) = (0, Payload::NULL);
    What::Succeeded {
        step,
        attempt,
        output,
    }
}
