//! The thin driver: it polls, appends and spawns, as the daemon's does, and decides nothing.
//!
//! It is the process that can be killed: between any two commands, with all
//! that it has in memory. Whatever it lets the world see is held against what
//! is durable at that moment.

use std::collections::{BTreeSet, VecDeque};

use botswain_core::{
    Fault, RunId,
    engine::{
        Command, Engine, Event,
        event::{Call, Reply, RequestId, Ticket},
    },
    run::fact::What,
};

use crate::{
    asides::compute, burden::Burden, invariants, mutations::Mutation, outside::Outside, reads,
};

pub(crate) struct Driver {
    pub(crate) engine: Engine,
    /// What other threads have computed, or will have.
    asides: Vec<Event>,
    /// What the store has said, in its order.
    acknowledged: VecDeque<Ticket>,
    burden: Burden,
    /// The disk has too little room for anything new.
    low: bool,
    /// Who waits for an answer.
    pub(crate) waiting: BTreeSet<RequestId>,
    pub(crate) stopping: bool,
    /// It was killed; what it was doing is not finished.
    pub(crate) dead: bool,
}

impl Driver {
    /// A new process on what the disk holds: first runs, then their items, then who waits in line.
    pub(crate) fn boot(outside: &mut Outside) -> Driver {
        let counters = match outside.is(Mutation::ForgetCounters) {
            true => Default::default(),
            false => outside.store.disk.counters(),
        };
        let engine = Engine::new(counters, outside.store.disk.fired.clone(), "UTC");
        let mut driver = Driver {
            engine,
            asides: Vec::new(),
            acknowledged: VecDeque::new(),
            burden: Burden::default(),
            low: false,
            waiting: BTreeSet::new(),
            stopping: false,
            dead: false,
        };
        outside.story.tell("boot", &outside.clock.now());
        let hidden = outside.is(Mutation::HideRestore);
        if let Some(quarantine) = outside.quarantine.clone().filter(|_| !hidden) {
            driver.handle(Event::Quarantine(Box::new(quarantine)), outside);
        }
        driver.bear(outside);
        driver.handle(Event::Workflows(outside.files.current.clone()), outside);
        for run in reads::open(outside) {
            driver.load(&run, outside);
        }
        for (run, until) in reads::asleep(outside) {
            driver.handle(Event::Asleep { run, until }, outside);
        }
        if !outside.is(Mutation::ForgetPending) {
            let pending = outside.store.disk.pending.clone();
            driver.handle(Event::Pending(pending), outside);
        }
        driver
    }

    /// Tells what connections and limits bear from now on.
    pub(crate) fn bear(&mut self, outside: &mut Outside) {
        self.burden.allow(&outside.capacities);
        let mut told = outside.capacities.clone();
        for capacity in told.values_mut() {
            let sessions = u32::from(outside.is(Mutation::ExceedSessions));
            let rate = u32::from(outside.is(Mutation::ExceedRate));
            capacity.sessions = capacity.sessions.map(|it| it + sessions);
            capacity.per_minute = capacity.per_minute.map(|it| it + rate);
        }
        self.handle(Event::Capacities(told), outside);
    }

    /// Hands one event over and carries out what follows, unless killed in between.
    pub(crate) fn handle(&mut self, mut event: Event, outside: &mut Outside) {
        if self.dead {
            return;
        }
        self.prepare(&mut event, outside);
        outside.story.tell("->", &event);
        let commands = self.engine.handle(event, outside.clock.now());
        let killed = outside
            .draws_a_kill()
            .then(|| outside.dice.place(commands.len() + 1));
        for (place, command) in commands.into_iter().enumerate() {
            self.dead |= killed == Some(place);
            if !self.dead {
                outside.story.tell("   <-", &command);
                self.carry_out(command, outside);
            }
        }
    }

    fn prepare(&mut self, event: &mut Event, outside: &mut Outside) {
        match event {
            Event::Outcome {
                run, step, attempt, ..
            } => {
                self.burden.end(&(run.clone(), step.clone(), *attempt));
                if outside.is(Mutation::TakeOldForNew) {
                    *attempt = reads::newest_attempt(run, step, outside).unwrap_or(*attempt);
                }
            }
            Event::Verified { run, step, .. } => {
                self.burden.end(&(run.clone(), step.clone(), 0));
            }
            Event::Stop => self.stopping = true,
            Event::Room { low } => {
                let turn = if *low { "low disk" } else { "room again" };
                outside.tally.add(turn);
                self.low = *low;
            }
            Event::Cancel(cancel) => drop(self.waiting.insert(cancel.request)),
            Event::Start(start) => drop(self.waiting.insert(start.request)),
            Event::Resolve(resolve) => drop(self.waiting.insert(resolve.request)),
            Event::Happened(happened) => drop(self.waiting.insert(happened.request)),
            _ => (),
        }
        if !outside.is(Mutation::LookUpEarly) || matches!(event, Event::Start(_)) {
            reads::look_up(event, outside);
        }
    }

    fn carry_out(&mut self, command: Command, outside: &mut Outside) {
        self.burden.note(&command, outside.clock.elapsed());
        invariants::may_begin(&command, self.low, outside);
        match command {
            Command::Append { ticket, batch } => {
                if outside.is(Mutation::AcknowledgeUnwritten) {
                    self.acknowledged.push_back(ticket);
                }
                match outside.is(Mutation::DropInterrupted)
                    && batch
                        .facts
                        .iter()
                        .any(|(_, _, fact)| matches!(fact.what, What::Interrupted { .. }))
                {
                    true => self.acknowledged.push_back(ticket),
                    false => outside.store.append(ticket, batch),
                }
            }
            Command::Evaluate { .. }
            | Command::Fire { .. }
            | Command::Gather { .. }
            | Command::Return { .. }
            | Command::Children { .. } => {
                let mut event = compute(command, outside);
                reads::look_up(&mut event, outside);
                self.asides.push(event);
            }
            Command::Count { .. } => unreachable!("nothing is promised here"),
            Command::Spawn(call) => self.spawn(*call, outside),
            Command::Proceed { run, step, attempt } => {
                invariants::was_announced((&run, &step, attempt), outside);
                outside.office.let_act((&run, &step, attempt));
            }
            Command::Cancel { run, step, attempt } => {
                outside.office.cancel((&run, &step, attempt), &outside.dice);
            }
            Command::Probe { connection } => self.test(connection, outside),
            Command::Breaker { open, .. } => {
                let turn = if open.is_some() {
                    "breaker opened"
                } else {
                    "breaker closed"
                };
                outside.tally.add(turn);
            }
            Command::Load { run } => self.load(&run, outside),
            Command::Reply { request, reply } => self.reply(request, reply, outside),
            Command::Committed {
                run,
                facts,
                summary,
            } => {
                invariants::is_durable(&run, &facts, &summary, outside);
            }
            Command::Opened(exception) => invariants::is_open(&exception, outside),
            Command::Rested { run } => invariants::rests(&run, outside),
        }
    }

    fn spawn(&mut self, call: Call, outside: &mut Outside) {
        invariants::was_started(&call, outside);
        if outside.is(Mutation::LoseCalls) && outside.dice.once_in(20) {
            return;
        }
        let number = if call.verifies { 0 } else { call.attempt };
        let attempt = (call.run.clone(), call.step.clone(), number);
        self.burden.begin(attempt, &call);
        let keys = reads::keys(&call, outside);
        if outside.is(Mutation::CallTwice) && outside.dice.once_in(20) {
            outside
                .office
                .begin(call.clone(), keys.clone(), &outside.dice);
        }
        outside.office.begin(call, keys, &outside.dice);
    }

    /// Another thread lets a connection test itself.
    fn test(&mut self, connection: String, outside: &mut Outside) {
        let fails = !outside.calm && outside.dice.once_in(2);
        let away = || Box::new(Fault::system("sim.away", "nobody there"));
        let result = if fails { Err(away()) } else { Ok(()) };
        outside
            .tally
            .add(if fails { "failed probe" } else { "probe" });
        self.asides.push(Event::Probed { connection, result });
    }

    fn reply(&mut self, request: RequestId, reply: Reply, outside: &mut Outside) {
        assert!(
            self.waiting.remove(&request),
            "request {request} is answered twice, or never came"
        );
        invariants::is_kept(request, &reply, outside);
        outside.accepted.push((request, reply));
    }

    fn load(&mut self, run: &RunId, outside: &mut Outside) {
        let loaded = reads::load(run, outside);
        self.handle(Event::Loaded(Box::new(loaded)), outside);
    }

    /// What the store has made durable arrives here some time.
    pub(crate) fn hear(&mut self, tickets: Vec<Ticket>, outside: &Outside) {
        if !outside.is(Mutation::AcknowledgeUnwritten) {
            self.acknowledged.extend(tickets);
        }
    }

    /// Hands over the oldest acknowledgement.
    pub(crate) fn acknowledge(&mut self, outside: &mut Outside) -> bool {
        let Some(ticket) = self.acknowledged.pop_front() else {
            return false;
        };
        self.handle(Event::Appended { ticket }, outside);
        true
    }

    /// Lets another thread finish something.
    pub(crate) fn finish_aside(&mut self, outside: &mut Outside) -> bool {
        if self.asides.is_empty() {
            return false;
        }
        let place = outside.dice.place(self.asides.len());
        let event = self.asides.swap_remove(place);
        self.handle(event, outside);
        true
    }

    /// Whether nothing is under way but what the office does.
    pub(crate) fn is_idle(&self) -> bool {
        self.asides.is_empty() && self.acknowledged.is_empty()
    }
}
