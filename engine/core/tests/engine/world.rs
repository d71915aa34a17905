//! The engine in a world of memory: a disk, a clock and bots that do as a test says.
//!
//! Commands are carried out one by one in their order, so a test can end the
//! "daemon" between any two of them and start another on what the disk holds.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};

use botswain_core::{
    ArtifactRef, Effect, ExceptionId, Fault, Hash, Payload, RunId, StepId, TableRef,
    engine::{
        Command, Counters, Engine, Event,
        capacity::{Capacity, PoolView, Resource},
        event::{
            Call, Cancel, Counted, Holder, Loaded, Reply, Resolve, Return, Start, Subject, Ticket,
            claim_key,
        },
    },
    evaluate::{Evaluator, Values, complete_inputs},
    index::{Batch, Change, Claim, ClaimKey, Exception, Fired, Pending, State, Summary, Tally},
    plan::Version,
    run::{
        Run,
        fact::{Fact, Key, Resolution, What},
    },
    template::{Renderer, Tables},
    value,
};
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// What a bot does when it is called.
pub(crate) enum Reaction {
    Succeed(Value),
    Fail(Fault),
    /// It acts, but its outcome never arrives.
    Vanish,
}

type Test = Box<dyn FnMut(&str) -> Result<(), Fault>>;

type Bots = Box<dyn FnMut(&Call, &Value) -> Reaction>;

/// What is written down, and survives the daemon.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) facts: BTreeMap<RunId, Vec<Fact>>,
    pub(crate) summaries: BTreeMap<RunId, Summary>,
    pub(crate) exceptions: BTreeMap<ExceptionId, Exception>,
    pub(crate) claims: BTreeMap<ClaimKey, Claim>,
    pub(crate) fired: Fired,
    pub(crate) pending: Vec<Pending>,
    pub(crate) appends: usize,
}

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) disk: Disk,
    /// Every call of a bot: the run, the step, the attempt and the idempotency key.
    pub(crate) calls: Vec<Call>,
    pub(crate) replies: BTreeMap<u64, Reply>,
    pub(crate) rested: Vec<RunId>,
    pub(crate) opened: Vec<Exception>,
    /// Calls that wait for leave to act.
    working: Vec<Call>,
    engine: Engine,
    queue: VecDeque<Command>,
    /// Appends that are not durable yet, and only become so when nothing else is to be done.
    flying: VecDeque<(Ticket, Batch)>,
    slow_disk: bool,
    versions: BTreeMap<Hash, Arc<Version>>,
    current: Vec<Arc<Version>>,
    capacities: BTreeMap<Resource, Capacity>,
    /// What a connection says when it is tested; without it the test gives no answer yet.
    pub(crate) tests: Option<Test>,
    /// Every test of a connection, with its time.
    pub(crate) probes: Vec<(String, Timestamp)>,
    /// What was told of breakers: the connection, and the code for which it opened.
    pub(crate) turned: Vec<(String, Option<String>)>,
    bots: Bots,
    renderer: Renderer,
    requests: u64,
    /// Who decides.
    by: String,
    /// Whether large values can be read and the outputs of loops be put together.
    pub(crate) readable: bool,
    /// How often it was asked for the output of a loop.
    pub(crate) gathered: usize,
}

#[derive(Default)]
struct Memory {
    tables: Mutex<BTreeMap<Hash, Vec<Value>>>,
    readable: bool,
}

impl Values for Memory {
    fn load(&self, artifact: &ArtifactRef) -> Result<Value, Fault> {
        Err(Fault::system("artifact.missing", artifact.name.clone()))
    }

    fn keep(&self, value: Value) -> Result<Payload, Fault> {
        match self.readable {
            true => Ok(value.into()),
            false => Err(unreadable()),
        }
    }

    fn row(&self, table: &TableRef, index: u64) -> Result<Value, Fault> {
        let tables = self.tables.lock().unwrap();
        Ok(tables[&table.hash][usize::try_from(index).unwrap()].clone())
    }

    fn table(&self, items: &[Value]) -> Result<TableRef, Fault> {
        let hash = value::hash(&Value::Array(items.to_vec()));
        self.tables
            .lock()
            .unwrap()
            .insert(hash.clone(), items.to_vec());
        Ok(TableRef {
            hash,
            rows: items.len() as u64,
        })
    }
}

fn unreadable() -> Fault {
    Fault::system("artifact.store", "the disk does not answer")
}

struct NoTables;

impl Tables for NoTables {
    fn rows(&self, _: &TableRef, _: u64, _: usize) -> Result<Vec<Value>, String> {
        Err("there are no tables here".to_owned())
    }
}

/// `world.read` reads, `world.put` may be repeated, `world.order` acts once.
fn effect(bot: &str, _: &Value) -> Result<Effect, Fault> {
    Ok(match bot {
        "world.order" | "world.form" => Effect::Once,
        "world.put" => Effect::Repeatable,
        _ => Effect::None,
    })
}

impl World {
    pub(crate) fn new(
        workflows: Vec<Version>,
        bots: impl FnMut(&Call, &Value) -> Reaction + 'static,
    ) -> World {
        let current: Vec<_> = workflows.into_iter().map(Arc::new).collect();
        let mut world = World {
            now: "2026-11-23T03:00:00Z".parse().unwrap(),
            disk: Disk::default(),
            calls: Vec::new(),
            replies: BTreeMap::new(),
            rested: Vec::new(),
            opened: Vec::new(),
            engine: Engine::new(Counters::default(), Fired::new(), "UTC"),
            working: Vec::new(),
            queue: VecDeque::new(),
            flying: VecDeque::new(),
            slow_disk: false,
            versions: current
                .iter()
                .map(|version| (version.hash(), version.clone()))
                .collect(),
            current,
            capacities: BTreeMap::new(),
            tests: None,
            probes: Vec::new(),
            turned: Vec::new(),
            bots: Box::new(bots),
            renderer: Renderer::new(Arc::new(NoTables)),
            requests: 0,
            by: "ann".to_owned(),
            readable: true,
            gathered: 0,
        };
        world.boot();
        world
    }

    pub(crate) fn with_sessions(mut self, connection: &str, sessions: u32) -> World {
        let capacity = Capacity {
            sessions: Some(sessions),
            ..Capacity::default()
        };
        self.bears(Resource::Connection(connection.to_owned()), capacity);
        self
    }

    /// Nothing becomes durable as long as there is something else to do.
    pub(crate) fn on_a_slow_disk(mut self) -> World {
        self.slow_disk = true;
        self
    }

    /// The file says so from now on.
    pub(crate) fn bears(&mut self, resource: Resource, capacity: Capacity) {
        self.capacities.insert(resource, capacity);
        self.tell(Event::Capacities(self.capacities.clone()));
    }

    /// How it stands with one of them.
    pub(crate) fn pool(&self, resource: &Resource) -> PoolView {
        let pools = self.engine.pools(self.now).into_iter();
        let mut pools = pools.filter(|pool| pool.resource == *resource);
        pools.next().expect("a pool")
    }

    /// Ends the daemon here and starts another on what is written down.
    pub(crate) fn crash(&mut self) {
        self.queue.clear();
        self.working.clear();
        self.flying.clear();
        self.boot();
    }

    /// The files have changed, and everything goes on.
    pub(crate) fn replace(&mut self, workflows: Vec<Version>) {
        self.change_files(workflows);
        self.settle();
    }

    pub(crate) fn change_files(&mut self, workflows: Vec<Version>) {
        self.current = workflows.into_iter().map(Arc::new).collect();
        let named = self
            .current
            .iter()
            .map(|version| (version.hash(), version.clone()));
        self.versions.extend(named);
        self.tell(Event::Workflows(self.current.clone()));
    }

    /// The runs around it come first, as in the daemon.
    fn go_on_with(&mut self, run: &RunId, there: &mut BTreeSet<RunId>) {
        if !there.insert(run.clone()) {
            return;
        }
        if let Some((parent, _)) = run.parent() {
            self.go_on_with(&parent, there);
        }
        let loaded = self.load(run);
        self.tell(loaded);
    }

    fn boot(&mut self) {
        self.engine = Engine::new(self.disk.counters(), self.disk.fired.clone(), "UTC");
        self.tell(Event::Capacities(self.capacities.clone()));
        self.tell(Event::Workflows(self.current.clone()));
        let open =
            |summary: &&Summary| !summary.state.has_ended() && summary.state != State::Parked;
        let open = self.disk.summaries.values().filter(open);
        let (queued, begun): (Vec<&Summary>, Vec<&Summary>) =
            open.partition(|summary| summary.state == State::Queued);
        let ids: Vec<RunId> = begun
            .iter()
            .chain(&queued)
            .map(|it| it.id.clone())
            .collect();
        let mut there = BTreeSet::new();
        for run in ids {
            self.go_on_with(&run, &mut there);
        }
        let parked = self
            .disk
            .summaries
            .values()
            .filter(|it| it.state == State::Parked);
        let asleep: Vec<_> = parked
            .filter_map(|it| Some((it.id.clone(), it.until?)))
            .collect();
        for (run, until) in asleep {
            self.tell(Event::Asleep { run, until });
        }
        self.tell(Event::Pending(self.disk.pending.clone()));
    }

    /// Asks for a run, and goes on until nothing more happens at this time.
    pub(crate) fn start(&mut self, workflow: &str, inputs: Value) -> RunId {
        self.start_keyed(workflow, inputs, None)
    }

    pub(crate) fn start_keyed(
        &mut self,
        workflow: &str,
        inputs: Value,
        key: Option<&str>,
    ) -> RunId {
        let request = self.ask_start(workflow, inputs, key);
        self.settle();
        match &self.replies[&request] {
            Reply::Started { run } => run.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn ask_start(&mut self, workflow: &str, inputs: Value, key: Option<&str>) -> u64 {
        self.requests += 1;
        let plan = &self
            .current
            .iter()
            .find(|it| it.plan.name == workflow)
            .expect("a workflow")
            .plan;
        let given: IndexMap<String, Value> = serde_json::from_value(inputs).unwrap();
        let inputs = complete_inputs(plan, given).unwrap();
        let key = key.map(|text| Key {
            text: text.to_owned(),
            data: value::hash(&inputs),
        });
        let claim = key.as_ref().map(|key| claim_key(workflow, None, &key.text));
        let holder = claim.and_then(|claim| self.disk.holder(&claim));
        let start = Start {
            request: self.requests,
            workflow: workflow.to_owned(),
            inputs: inputs.into(),
            key,
            holder,
            by: "ann".to_owned(),
        };
        self.tell(Event::Start(Box::new(start)));
        self.requests
    }

    /// Decides the newest open exception of a run.
    pub(crate) fn resolve(&mut self, run: &RunId, resolution: Resolution) -> Reply {
        let open = self
            .disk
            .exceptions
            .values()
            .rev()
            .find(|it| it.run == *run);
        let exception = open.expect("an open exception").clone();
        self.resolve_exception(&exception, resolution)
    }

    pub(crate) fn resolve_exception(
        &mut self,
        exception: &Exception,
        resolution: Resolution,
    ) -> Reply {
        let request = self.ask_resolve(exception, resolution);
        self.settle();
        self.replies[&request].clone()
    }

    /// The same by somebody else than the one who decides and starts everything here.
    pub(crate) fn resolve_as(&mut self, by: &str, run: &RunId, resolution: Resolution) -> Reply {
        self.by = by.to_owned();
        let reply = self.resolve(run, resolution);
        self.by = "ann".to_owned();
        reply
    }

    pub(crate) fn ask_resolve(&mut self, exception: &Exception, resolution: Resolution) -> u64 {
        self.requests += 1;
        let request = self.requests;
        self.tell(Event::Resolve(Box::new(Resolve {
            request,
            exception: exception.id,
            run: exception.run.clone(),
            step: exception.step.clone(),
            resolution,
            by: self.by.clone(),
            note: None,
            remember: Vec::new(),
        })));
        request
    }

    /// Asks for the end of a run, and goes on until nothing more happens at this time.
    pub(crate) fn cancel(&mut self, run: &RunId) -> Reply {
        let request = self.ask_cancel(run);
        self.settle();
        self.replies[&request].clone()
    }

    pub(crate) fn ask_cancel(&mut self, run: &RunId) -> u64 {
        self.requests += 1;
        let request = self.requests;
        let (by, note) = ("ann".to_owned(), None);
        let run = run.clone();
        self.tell(Event::Cancel(Box::new(Cancel {
            request,
            run,
            by,
            note,
        })));
        request
    }

    pub(crate) fn tell(&mut self, event: Event) {
        let commands = self.engine.handle(event, self.now);
        self.queue.extend(commands);
    }

    /// Carries out commands until there are none, without letting time pass.
    pub(crate) fn settle(&mut self) {
        while self.step() {}
    }

    /// Lets time pass to whatever is due next, until nothing is.
    pub(crate) fn run_out(&mut self) {
        self.settle();
        while self.let_time_pass() {
            self.settle();
        }
    }

    /// Lets time pass to whatever is due next; false when nothing is.
    pub(crate) fn let_time_pass(&mut self) -> bool {
        let Some(at) = self.engine.deadline() else {
            return false;
        };
        self.now = self.now.max(at);
        self.tell(Event::Tick);
        true
    }

    pub(crate) fn pass(&mut self, time: SignedDuration) {
        self.elapse(time);
        self.settle();
    }

    /// Lets time pass while commands are still to be carried out.
    pub(crate) fn elapse(&mut self, time: SignedDuration) {
        self.now += time;
        self.tell(Event::Tick);
    }

    /// Lets time pass to what is due by then, if anything is.
    pub(crate) fn tick_before(&mut self, until: Timestamp) -> bool {
        let due = self.engine.deadline().filter(|at| *at <= until);
        if let Some(at) = due {
            self.now = self.now.max(at);
            self.tell(Event::Tick);
        }
        due.is_some()
    }

    /// Carries out one command; false when there is none.
    pub(crate) fn step(&mut self) -> bool {
        let Some(command) = self.queue.pop_front() else {
            return self.land();
        };
        match command {
            Command::Append { ticket, batch } => {
                self.flying.push_back((ticket, batch));
                if !self.slow_disk {
                    self.land();
                }
            }
            Command::Evaluate {
                version,
                scope,
                edits,
                subject,
            } => {
                let answer = self.evaluator(|it| it.answer(&version, &scope, &edits, &subject));
                let mut event = Event::Evaluated {
                    run: scope.run.clone(),
                    subject,
                    answer: Box::new(answer),
                    holder: None,
                };
                let holder = self.holder_for(&version.plan.name, &event);
                if let Event::Evaluated { holder: place, .. } = &mut event {
                    *place = holder;
                }
                self.tell(event);
            }
            Command::Fire {
                firing,
                version,
                trigger,
                at,
                happening,
            } => {
                let inputs = self
                    .evaluator(|it| {
                        it.trigger_inputs(&version, trigger, (at, happening.as_deref()))
                    })
                    .map_err(Box::new);
                let mut event = Event::Fired {
                    firing,
                    workflow: version.plan.name.clone(),
                    inputs,
                    happening,
                    holder: None,
                };
                let claim = event.run_claim();
                event.held_by(claim.and_then(|claim| self.disk.holder(&claim)));
                self.tell(event);
            }
            Command::Count {
                firing,
                version,
                since,
                at,
            } => {
                let workflow = version.plan.name.clone();
                let within = |run: &&Summary| {
                    let by = run.ended.is_some_and(|ended| ended >= since && ended <= at);
                    run.workflow == workflow && run.state == State::Succeeded && by
                };
                let succeeded = self.disk.summaries.values().filter(within).count() as u64;
                let inputs = complete_inputs(&version.plan, IndexMap::new());
                self.tell(Event::Counted(Counted {
                    firing,
                    workflow,
                    at,
                    succeeded,
                    inputs: inputs.ok().map(Into::into),
                }));
            }
            Command::Spawn(call) => self.call(*call),
            Command::Proceed { run, step, .. } => self.act(&run, &step),
            Command::Cancel { run, step, attempt } => {
                self.working
                    .retain(|call| (&call.run, &call.step) != (&run, &step));
                let fault = Fault::system("step.cancelled", "the attempt was stopped");
                let fault = match self
                    .calls
                    .iter()
                    .rev()
                    .find(|call| call.run == run && call.step == step)
                {
                    Some(call) if call.effect == Effect::Once && !call.announces => {
                        fault.in_doubt()
                    }
                    _ => fault,
                };
                let result = Err(Box::new(fault));
                self.tell(Event::Outcome {
                    run,
                    step,
                    attempt,
                    result,
                });
            }
            Command::Return { run, step, child } => {
                let summary = &self.disk.summaries[&child];
                let result = match self.readable {
                    true => Ok(Return {
                        state: summary.state,
                        output: summary.collected.clone().unwrap_or(Payload::NULL),
                        child,
                    }),
                    false => Err(Box::new(unreadable())),
                };
                self.tell(Event::Returned { run, step, result });
            }
            Command::Children { run, step } => {
                let of = |summary: &&Summary| {
                    let parent = summary.parent.as_ref();
                    parent.is_some_and(|(parent, by, _)| (parent, by) == (&run, &step))
                };
                let children = self.disk.summaries.values().filter(of);
                let open = children.filter(|summary| !summary.state.has_ended());
                let children = open.map(|summary| summary.id.clone()).collect();
                self.tell(Event::Children {
                    run,
                    step,
                    children,
                });
            }
            Command::Gather { run, step, tally } => {
                self.gathered += 1;
                let output = match self.readable {
                    true => Ok(json!({ "total": tally.ended(), "succeeded": tally.succeeded, "skipped": tally.skipped, "failed": tally.failed, "cancelled": tally.cancelled, "open": tally.active + tally.parked }).into()),
                    false => Err(Box::new(unreadable())),
                };
                self.tell(Event::Gathered { run, step, output });
            }
            Command::Load { run } => {
                let loaded = self.load(&run);
                self.tell(loaded);
            }
            Command::Probe { connection } => {
                self.probes.push((connection.clone(), self.now));
                if let Some(test) = &mut self.tests {
                    let result = test(&connection).map_err(Box::new);
                    self.tell(Event::Probed { connection, result });
                }
            }
            Command::Breaker { connection, open } => {
                self.turned.push((connection, open.map(|fault| fault.code)));
            }
            Command::Reply { request, reply } => drop(self.replies.insert(request, reply)),
            Command::Opened(exception) => self.opened.push(*exception),
            Command::Rested { run } => self.rested.push(run),
            Command::Committed { .. } => (),
        }
        true
    }

    /// Makes the oldest append durable; false when there is none.
    fn land(&mut self) -> bool {
        let Some((ticket, batch)) = self.flying.pop_front() else {
            return false;
        };
        self.disk.write(batch.facts, batch.changes);
        self.tell(Event::Appended { ticket });
        true
    }

    pub(crate) fn state(&self, run: &RunId) -> State {
        self.disk.summaries[run].state
    }

    /// The parameters that a step of a run was given last.
    pub(crate) fn output(&self, run: &RunId, step: &StepId) -> Option<Value> {
        let run = self.recovered(run);
        match run.record(step)?.output.as_deref()? {
            Payload::Inline(output) => Some(output.clone()),
            Payload::Stored(_) => None,
        }
    }

    pub(crate) fn with(&self, run: &RunId, step: &StepId) -> Option<Value> {
        let run = self.recovered(run);
        let with = run.record(step)?.with.as_ref()?;
        match with.as_ref() {
            Payload::Inline(with) => Some(with.clone()),
            Payload::Stored(_) => None,
        }
    }

    fn recovered(&self, run: &RunId) -> Run {
        let facts = &self.disk.facts[run];
        let What::Created(created) = &facts[0].what else {
            panic!("the first fact")
        };
        let version = self.versions[&created.version].clone();
        Run::recover(run.clone(), version, &self.newer(facts), facts).unwrap()
    }

    /// How often a step was started for an effect, over all runs.
    pub(crate) fn count(&self, step: &str) -> usize {
        self.calls
            .iter()
            .filter(|call| call.step.as_str() == step)
            .count()
    }

    /// The runs as they would be recovered equal the summaries that were written.
    pub(crate) fn check_index(&self) {
        for id in self.disk.facts.keys() {
            let run = self.recovered(id);
            assert_eq!(run.summary(), self.disk.summaries[id], "{id}");
            let open = self.disk.exceptions.values().filter(|it| it.run == *id);
            let mut parked: Vec<_> = run.exceptions().collect();
            parked.sort_by_key(|it| it.id);
            assert_eq!(parked, open.cloned().collect::<Vec<_>>());
        }
    }

    /// Whether the start of an attempt is written down.
    pub(crate) fn is_durable(&self, call: &Call) -> bool {
        let facts = self.disk.facts.get(&call.run);
        facts.into_iter().flatten().any(|fact| match &fact.what {
            What::Started { step, attempt } => (step, *attempt) == (&call.step, call.attempt),
            _ => false,
        })
    }

    fn call(&mut self, call: Call) {
        assert!(
            call.effect == Effect::None || self.is_durable(&call),
            "{call:?} may change the world and is written down nowhere"
        );
        let with = match call.with.as_ref() {
            Payload::Inline(value) => value.clone(),
            Payload::Stored(_) => panic!("this world keeps everything inline"),
        };
        self.calls.push(call.clone());
        if call.announces {
            let (run, step, attempt) = (call.run.clone(), call.step.clone(), call.attempt);
            self.working.push(call);
            return self.tell(Event::Acting { run, step, attempt });
        }
        self.react(call, &with);
    }

    /// What was announced is durable: the bot acts.
    fn act(&mut self, run: &RunId, step: &StepId) {
        let place = self
            .working
            .iter()
            .position(|call| (&call.run, &call.step) == (run, step));
        if let Some(place) = place {
            let call = self.working.swap_remove(place);
            let with = match call.with.as_ref() {
                Payload::Inline(value) => value.clone(),
                Payload::Stored(_) => panic!("this world keeps everything inline"),
            };
            self.react(call, &with);
        }
    }

    fn react(&mut self, call: Call, with: &Value) {
        let reaction = (self.bots)(&call, with);
        let (run, step, attempt) = (call.run, call.step, call.attempt);
        let result = match reaction {
            Reaction::Succeed(output) => Ok(output.into()),
            Reaction::Fail(fault) => Err(Box::new(fault)),
            Reaction::Vanish => return,
        };
        self.tell(match call.verifies {
            true => Event::Verified { run, step, result },
            false => Event::Outcome {
                run,
                step,
                attempt,
                result,
            },
        });
    }

    /// The versions to which people have moved a run.
    fn newer(&self, facts: &[Fact]) -> Vec<(Hash, Arc<Version>)> {
        let upgraded = facts.iter().filter_map(|fact| match &fact.what {
            What::Resolved {
                resolution: Resolution::Upgrade { version },
                ..
            } => Some(version),
            _ => None,
        });
        upgraded
            .map(|hash| (hash.clone(), self.versions[hash].clone()))
            .collect()
    }

    fn evaluator<T>(&self, ask: impl FnOnce(&Evaluator<'_>) -> T) -> T {
        let values = Memory {
            readable: self.readable,
            ..Memory::default()
        };
        ask(&Evaluator {
            renderer: &self.renderer,
            values: &values,
            effect: &effect,
            announces: &|bot| bot == "world.form",
            versions: &|hash| Ok(self.versions[hash].clone()),
            timezone: &TimeZone::UTC,
        })
    }

    fn holder_for(&self, workflow: &str, event: &Event) -> Option<Holder> {
        let (run, subject, key) = event.key()?;
        let claim = match subject {
            Subject::Step(step) | Subject::Item { step, .. } => {
                claim_key(workflow, Some(step), &key.text)
            }
            _ => {
                let step = self.disk.summaries[run]
                    .parent
                    .as_ref()
                    .map(|(_, step, _)| step);
                claim_key(workflow, step, &key.text)
            }
        };
        self.disk.holder(&claim)
    }

    fn load(&self, id: &RunId) -> Event {
        let facts = self.disk.facts[id].clone();
        let What::Created(created) = &facts[0].what else {
            panic!("the first fact")
        };
        let version = self.versions[&created.version].clone();
        let tallies = self.disk.tallies(id);
        Event::Loaded(Box::new(Loaded {
            run: id.clone(),
            version,
            newer: self.newer(&facts),
            facts,
            tallies,
        }))
    }
}

impl Disk {
    fn write(&mut self, facts: Vec<(RunId, u64, Fact)>, changes: Vec<Change>) {
        self.appends += 1;
        for (run, number, fact) in facts {
            let journal = self.facts.entry(run).or_default();
            assert_eq!(
                journal.len() as u64,
                number,
                "facts are numbered without a gap"
            );
            journal.push(fact);
        }
        for change in changes {
            match change {
                Change::Run { before, after } => {
                    let old = self.summaries.insert(after.id.clone(), (*after).clone());
                    assert_eq!(
                        before,
                        old.map(|it| it.state),
                        "a change starts from what is written"
                    );
                }
                Change::Exception {
                    id,
                    after: Some(after),
                } => drop(self.exceptions.insert(id, *after)),
                Change::Exception { id, after: None } => drop(self.exceptions.remove(&id)),
                Change::Claim {
                    claim,
                    after: Some(after),
                } => {
                    let old = self.claims.insert(claim.clone(), after.clone());
                    assert!(
                        old.is_none_or(|old| old.run == after.run),
                        "{claim:?} is claimed twice"
                    );
                }
                Change::Claim { claim, after: None } => drop(self.claims.remove(&claim)),
                Change::Fired {
                    workflow,
                    schedule,
                    at,
                } => drop(self.fired.insert((workflow, schedule), at)),
                Change::Pending { pending, open } => match open {
                    true => self.pending.push(*pending),
                    false => self.pending.retain(|it| *it != *pending),
                },
                // Nothing of this world asks for corrections.
                Change::Mapping { .. } => (),
            }
        }
    }

    fn counters(&self) -> Counters {
        let opened = |fact: &Fact| match &fact.what {
            What::Failed { then, .. } | What::Interrupted { then, .. } => {
                then.exception().map(|it| it.0)
            }
            What::Verified {
                then: Some(then), ..
            } => then.exception().map(|it| it.0),
            What::Asked { exception, .. } | What::Overdue { exception, .. } => Some(exception.0),
            _ => None,
        };
        Counters {
            run: self.facts.keys().map(RunId::number).max().unwrap_or(0),
            exception: self
                .facts
                .values()
                .flatten()
                .filter_map(opened)
                .max()
                .unwrap_or(0),
        }
    }

    fn holder(&self, claim: &ClaimKey) -> Option<Holder> {
        let claim = self.claims.get(claim)?.clone();
        Some(Holder {
            claim,
            output: Payload::NULL,
        })
    }

    fn tallies(&self, parent: &RunId) -> BTreeMap<StepId, Tally> {
        let mut tallies: BTreeMap<StepId, Tally> = BTreeMap::new();
        for summary in self.summaries.values() {
            if let Some((run, step, _)) = &summary.parent
                && run == parent
            {
                tallies
                    .entry(step.clone())
                    .or_default()
                    .shift(None, summary.state);
            }
        }
        tallies
    }
}
