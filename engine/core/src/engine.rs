//! All runs together: keys, sessions, timers, triggers, turns.
//!
//! [`Engine::handle`] takes one event and the time and gives the commands that
//! follow. It keeps in memory only the runs that have something to do. A run
//! moves like this: *next* says what should happen, the engine asks for it or
//! proposes facts; the facts are tried on a copy; the batch is appended; only
//! when it is durable does the copy take the run's place, and only then does
//! anything follow from it. One append of a run is in flight at a time; what
//! arrives meanwhile waits in its inbox.
//!
//! Invariant: no command that the world can see leaves before the fact that it
//! follows from is durable.

mod claims;
mod commit;
pub mod event;
mod inbox;
mod items;
mod scope;
mod sessions;
mod start;
mod triggers;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;

pub use self::event::{Command, Event};
use self::{
    claims::Claims,
    commit::Proposal,
    event::{Loaded, Named, Reply, RequestId, Resolve, Subject, Ticket},
    inbox::Input,
    items::Loop,
    sessions::Sessions,
    triggers::Triggers,
};
use crate::{
    fault::Fault,
    ids::{ExceptionId, RunId, StepId},
    index::Fired,
    plan::{Kind, Overlap, Version},
    run::{
        Next, Run, Status, decide,
        fact::{Outcome, Verdict, What},
    },
    value::Payload,
};

/// What whoever asks for something during a stop is told.
const STOPPING: &str = "the daemon is stopping; try again when it is back";

/// Where the numbering of runs and exceptions stands: the highest ever used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub run: u64,
    pub exception: u64,
}

pub struct Engine {
    workflows: BTreeMap<String, Named>,
    triggers: Triggers,
    runs: BTreeMap<RunId, Live>,
    /// Runs that were asked for, and what waits for them.
    loading: BTreeMap<RunId, Vec<Input>>,
    appends: BTreeMap<Ticket, RunId>,
    last_ticket: Ticket,
    timers: BTreeSet<(Timestamp, RunId)>,
    claims: Claims,
    sessions: Sessions,
    counters: Counters,
    stopping: bool,
    commands: Vec<Command>,
}

/// A run in memory.
struct Live {
    /// As it is written down; of a new run, as it will be.
    run: Run,
    /// The append in flight.
    proposal: Option<Proposal>,
    /// What came while an append was in flight.
    inbox: VecDeque<Input>,
    /// What is being rendered for it.
    evaluating: Option<Subject>,
    /// Its open `for_each`, with how its items do.
    loops: BTreeMap<StepId, Loop>,
    timer: Option<Timestamp>,
    /// Whether it has been reported to rest.
    rested: bool,
    /// Whether the run around it counts it among the items that rest.
    counted: bool,
}

impl Live {
    fn new(run: Run) -> Live {
        Live {
            run,
            proposal: None,
            inbox: VecDeque::new(),
            evaluating: None,
            loops: BTreeMap::new(),
            timer: None,
            rested: false,
            counted: false,
        }
    }

    /// Whether nothing in it, items included, is running or due.
    fn rests(&self) -> bool {
        let items_rest = |(step, status): (&StepId, &Status)| match status {
            Status::Opened { count, .. } => self.loops.get(step).is_some_and(|it| it.rests(*count)),
            _ => false,
        };
        self.run.end().is_some()
            || self.run.parked().is_some()
            || self.run.statuses().any(items_rest)
    }

    /// Whether only its turn under `overlap` is missing.
    fn is_queued(&self) -> bool {
        !self.run.is_admitted() && self.run.end().is_none() && self.run.parked().is_none()
    }
}

impl Engine {
    /// An engine that goes on where the store stands; the zone is that of schedules without one.
    pub fn new(counters: Counters, fired: Fired, timezone: &str) -> Engine {
        Engine {
            workflows: BTreeMap::new(),
            triggers: Triggers::new(fired, timezone),
            runs: BTreeMap::new(),
            loading: BTreeMap::new(),
            appends: BTreeMap::new(),
            last_ticket: 0,
            timers: BTreeSet::new(),
            claims: Claims::default(),
            sessions: Sessions::default(),
            counters,
            stopping: false,
            commands: Vec::new(),
        }
    }

    /// Takes one event; the commands are to be carried out in order.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Command> {
        match event {
            Event::Workflows(versions) => self.replace_workflows(versions, now),
            Event::Connections(sessions) => {
                self.sessions.replace(sessions);
                self.offer_sessions(now);
            }
            Event::Loaded(loaded) => self.loaded(*loaded, now),
            Event::Start(start) => self.start(*start, now),
            Event::Fired {
                workflow,
                trigger,
                at,
                inputs,
            } => self.fired((workflow, trigger), at, inputs, now),
            Event::Appended { ticket } => self.commit(ticket, now),
            Event::Evaluated {
                run,
                subject,
                answer,
                holder,
            } => {
                self.receive(
                    &run,
                    Input::Evaluated {
                        subject,
                        answer,
                        holder,
                    },
                    now,
                );
            }
            Event::Outcome {
                run,
                step,
                attempt,
                result,
            } => {
                self.sessions.give_back(&run, &step);
                self.receive(
                    &run,
                    Input::Outcome {
                        step,
                        attempt,
                        result,
                    },
                    now,
                );
                self.offer_sessions(now);
            }
            Event::Gathered { run, step, output } => {
                self.receive(&run, Input::Gathered { step, output }, now);
            }
            Event::Resolve(resolve) => self.resolve(*resolve, now),
            Event::Tick => self.tick(now),
            Event::Stop => self.stopping = true,
        }
        std::mem::take(&mut self.commands)
    }

    /// When [`Event::Tick`] is due next.
    pub fn deadline(&self) -> Option<Timestamp> {
        let timer = self.timers.first().map(|(at, _)| *at);
        let firing = self.triggers.next().filter(|_| !self.stopping);
        timer.into_iter().chain(firing).min()
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

    fn loaded(&mut self, loaded: Loaded, now: Timestamp) {
        let waiting = self.loading.remove(&loaded.run).unwrap_or_default();
        if self.runs.contains_key(&loaded.run) {
            return;
        }
        let run = Run::recover(loaded.run.clone(), loaded.version, &loaded.facts)
            .expect("what was written down was legal when it was written");
        let mut live = Live::new(run);
        for (step, tally) in loaded.tallies {
            live.loops.insert(step, Loop::recovered(tally));
        }
        live.inbox.extend(self.interruptions(&live.run));
        live.inbox.extend(waiting);
        self.runs.insert(loaded.run.clone(), live);
        self.advance(&loaded.run, now);
    }

    /// A run that is loaded while a step of it runs was cut short: nobody is working on it.
    fn interruptions(&self, run: &Run) -> Vec<Input> {
        let cut = |(step, attempt): (&StepId, u32)| Input::Interrupted {
            step: step.clone(),
            attempt,
        };
        run.running().map(cut).collect()
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
            if let Some(live) = self.runs.get_mut(&run) {
                live.timer = None;
            }
            self.advance(&run, now);
        }
        if !self.stopping {
            self.fire(now);
        }
    }

    /// For a run that must be in memory; otherwise the input is stale and dropped.
    fn receive(&mut self, run: &RunId, input: Input, now: Timestamp) {
        if let Some(live) = self.runs.get_mut(run) {
            live.inbox.push_back(input);
            self.advance(run, now);
        }
    }

    /// For a run that may have been let go of. The runs around it are there before it is, for
    /// its templates see theirs.
    fn receive_or_load(&mut self, run: &RunId, input: Input, now: Timestamp) {
        if self.runs.contains_key(run) {
            return self.receive(run, input, now);
        }
        let around = std::iter::successors(run.parent(), |(parent, _)| parent.parent());
        let mut lineage: Vec<RunId> = around.map(|(parent, _)| parent).collect();
        lineage.insert(0, run.clone());
        for run in lineage.into_iter().rev() {
            if !self.runs.contains_key(&run) && !self.loading.contains_key(&run) {
                self.loading.insert(run.clone(), Vec::new());
                self.commands.push(Command::Load { run });
            }
        }
        self.loading.entry(run.clone()).or_default().push(input);
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
        self.rest(id, now);
    }

    fn act(&mut self, id: &RunId, next: Next, now: Timestamp) {
        match next {
            Next::End { outcome } => self.end(id, outcome, Payload::NULL, now),
            Next::Sleep { until } => self.sleep(id, until),
            _ if self.stopping => (),
            Next::Identify => self.evaluate(id, Subject::Identity),
            Next::Collect => self.evaluate(id, Subject::Collect),
            Next::Evaluate { step } => self.evaluate(id, Subject::Step(step)),
            Next::Start { step } => self.begin(id, &step, now),
            Next::Items { step } => self.items(id, &step, now),
        }
    }

    fn end(&mut self, id: &RunId, outcome: Outcome, output: Payload, now: Timestamp) {
        self.propose(id, vec![What::Ended { outcome, output }], now);
    }

    fn sleep(&mut self, id: &RunId, until: Timestamp) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        if let Some(timer) = live.timer.replace(until) {
            self.timers.remove(&(timer, id.clone()));
        }
        self.timers.insert((until, id.clone()));
    }

    /// Starts an attempt when a session is free; otherwise it is started when one is.
    fn begin(&mut self, id: &RunId, step: &StepId, now: Timestamp) {
        let Some(live) = self.runs.get(id) else {
            return;
        };
        let connection = connection_of(&live.run, step);
        let attempt = live.run.record(step).map_or(0, |record| record.attempts) + 1;
        if self.sessions.take(connection.as_deref(), id, step) {
            self.propose(
                id,
                vec![What::Started {
                    step: step.clone(),
                    attempt,
                }],
                now,
            );
        }
    }

    fn offer_sessions(&mut self, now: Timestamp) {
        while let Some(run) = self.sessions.next_in_line() {
            self.advance(&run, now);
        }
    }

    /// Lets go of a run that has nothing to do, and lets the next one have its turn.
    fn rest(&mut self, id: &RunId, now: Timestamp) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        if live.proposal.is_some() || !live.inbox.is_empty() {
            return;
        }
        let rests = live.rests();
        let newly = rests && !live.rested;
        live.rested = rests;
        let (is_root, is_queued) = (live.run.parent().is_none(), live.is_queued());
        let workflow = live.run.version.plan.name.clone();
        let is_out = live.run.end().is_some() || live.run.parked().is_some();
        self.count_resting(id, rests && !is_out, now);
        if is_out {
            self.runs.remove(id);
        }
        if newly && is_root {
            self.commands.push(Command::Rested { run: id.clone() });
        }
        if is_root && (newly || is_queued) {
            self.admit(&workflow, now);
        }
    }

    /// Tells the run around an item that all the item's own items wait for people, or no longer.
    /// An item that has ended or is parked itself is counted by its state.
    fn count_resting(&mut self, id: &RunId, rests: bool, now: Timestamp) {
        let counted = self.runs.get(id).is_some_and(|live| live.counted);
        let Some((parent, step)) = id.parent().filter(|_| counted != rests) else {
            return;
        };
        let around = self.runs.get_mut(&parent);
        let Some(this) = around.and_then(|live| live.loops.get_mut(&step)) else {
            return;
        };
        this.count_resting(rests);
        if let Some(live) = self.runs.get_mut(id) {
            live.counted = rests;
        }
        self.advance(&parent, now);
    }

    /// Lets the oldest run that waits for its turn begin, if it is its turn.
    fn admit(&mut self, workflow: &str, now: Timestamp) {
        let overlap = self
            .workflows
            .get(workflow)
            .map_or(Overlap::Queue, |it| it.version.plan.overlap);
        let mut queued: Vec<(u64, RunId)> = self
            .roots(workflow)
            .filter(|live| live.is_queued() && live.proposal.is_none())
            .map(|live| (live.run.id.number(), live.run.id.clone()))
            .collect();
        queued.sort();
        for (_, run) in queued {
            if overlap != Overlap::Allow && self.is_at_work(workflow) {
                return;
            }
            self.propose(&run, vec![What::Admitted], now);
        }
    }

    /// Whether a run of this workflow is under way, or about to be.
    fn is_at_work(&self, workflow: &str) -> bool {
        self.roots(workflow).any(|live| {
            let admitted =
                live.run.is_admitted() || live.proposal.as_ref().is_some_and(Proposal::admits);
            admitted && !live.rests()
        })
    }

    fn roots<'a>(&'a self, workflow: &'a str) -> impl Iterator<Item = &'a Live> {
        self.runs.values().filter(move |live| {
            live.run.parent().is_none() && live.run.version.plan.name == workflow
        })
    }

    fn new_exception(&mut self) -> ExceptionId {
        self.counters.exception += 1;
        ExceptionId(self.counters.exception)
    }

    fn new_run(&mut self) -> RunId {
        self.counters.run += 1;
        RunId::root(self.counters.run)
    }

    fn verdict(&mut self, decision: decide::Decision) -> Verdict {
        match decision {
            decide::Decision::Retry { at } => Verdict::Retry { at },
            decide::Decision::Park => Verdict::Park {
                exception: self.new_exception(),
            },
            decide::Decision::Doubt => Verdict::Doubt {
                exception: self.new_exception(),
            },
        }
    }

    /// Parks a step, or the run itself, before a bot was called.
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

fn connection_of(run: &Run, step: &StepId) -> Option<String> {
    match &run.step(step)?.kind {
        Kind::Bot(call) => call.connection.clone(),
        Kind::ForEach(_) => None,
    }
}
