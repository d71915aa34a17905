//! The engine in a world of memory: a disk, a clock and bots that do as a test says.
//!
//! Commands are carried out one by one in their order, so a test can end the
//! "daemon" between any two of them and start another on what the disk holds.

mod carry;
mod disk;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use botswain_core::{
    Fault, Hash, Payload, RunId, StepId,
    engine::{
        Command, Counters, Engine, Event,
        capacity::{Capacity, PoolView, Resource},
        event::{Call, Cancel, Reply, Resolve, Start, Ticket, claim_key},
    },
    evaluate::complete_inputs,
    index::{Batch, Exception, Fired, State, Summary},
    plan::Version,
    run::{
        Run,
        fact::{Key, Resolution, What},
    },
    template::Renderer,
    value,
};
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub(crate) use self::disk::Disk;
use self::values::NoTables;

/// What a bot does when it is called.
pub(crate) enum Reaction {
    Succeed(Value),
    Fail(Fault),
    /// It acts, but its outcome never arrives.
    Vanish,
}

type Test = Box<dyn FnMut(&str) -> Result<(), Fault>>;

type Bots = Box<dyn FnMut(&Call, &Value) -> Reaction>;

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
    /// How many appends there were.
    pub(crate) appends: usize,
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
            appends: 0,
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
}
