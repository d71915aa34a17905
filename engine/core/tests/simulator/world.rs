//! One seed: a driver on a world that works against it, then calm.
//!
//! First everything happens in any order: runs are started, people decide, the
//! clock jumps, files change, the disk dawdles, the process is killed. Then
//! nothing works against it any more, and everything has to come to rest, and
//! once people have decided what is theirs to decide, to an end.

use botswain_core::{
    Fault, RunId,
    engine::{
        Event,
        event::{Cancel, RequestId, Start},
    },
    index::Exception,
    run::fact::Key,
    value,
};

use crate::{
    driver::Driver,
    handlers::{self, People},
    invariants,
    mutations::Mutation,
    outside::Outside,
    whole,
    workflows::{self, CONNECTIONS},
};

/// How many steps everything may take to come to rest, or to an end, once it is calm.
const PATIENCE: u32 = 20_000;

/// How many decisions people may have to take until everything has ended.
const DECISIONS: u32 = 500;

pub(crate) struct World {
    pub(crate) outside: Outside,
    driver: Driver,
    people: People,
    requests: RequestId,
    /// How many runs people will still start.
    wishes: u64,
}

impl World {
    pub(crate) fn new(seed: u64, mutation: Option<Mutation>, told: bool) -> World {
        let mut outside = Outside::new(seed, mutation, told);
        let driver = Driver::boot(&mut outside);
        let wishes = 1 + outside.dice.below(4);
        World {
            outside,
            driver,
            people: People::default(),
            requests: 0,
            wishes,
        }
    }

    /// Plays it to its end.
    pub(crate) fn play(&mut self) {
        self.disturb_all();
        self.calm_down();
        self.come_to_rest();
        whole::everything_rests(&self.outside);
        whole::agrees(&self.outside);
        if self.outside.dice.once_in(4) {
            return whole::is_quiet_after_a_crash(&self.outside);
        }
        self.come_to_an_end();
        whole::everything_has_ended(&self.outside);
        whole::agrees(&self.outside);
        whole::is_quiet_after_a_crash(&self.outside);
    }

    /// The part in which everything works against it.
    pub(crate) fn disturb_all(&mut self) {
        self.start();
        for _ in 0..100 + self.outside.dice.below(150) {
            self.disturb();
            if self.driver.dead {
                self.crash();
            }
        }
    }

    /// Anything may happen next.
    fn disturb(&mut self) {
        let (driver, outside) = (&mut self.driver, &mut self.outside);
        match outside.dice.below(100) {
            0..=2 => self.start(),
            3..=8 => drop(self.decide(1)),
            9 => drop(self.decide(2)),
            10 if outside.dice.once_in(3) => self.cancel(),
            10 => self.decide_again(),
            11..=16 => self.pass_time(),
            17 if outside.dice.once_in(2) => self.crash(),
            18 if outside.dice.once_in(3) => {
                outside.rewrite_files();
                driver.handle(Event::Workflows(outside.files.current.clone()), outside);
            }
            19 if outside.dice.once_in(2) => {
                outside.draw_capacities();
                driver.bear(outside);
            }
            20 if outside.dice.once_in(4) => driver.handle(Event::Stop, outside),
            21 if outside.dice.once_in(8) => self.restore(),
            22 => self.resume(),
            23 => {
                let low = outside.dice.once_in(2);
                driver.handle(Event::Room { low }, outside);
            }
            24 => self.probe(),
            25..=30 => outside.store.write(outside.dice.place(3)),
            31..=45 => self.flush(),
            46..=62 => drop(driver.acknowledge(outside)),
            63..=80 => drop(driver.finish_aside(outside)),
            81 => outside.receive(),
            82..=84 => drop(self.tell_of_a_file()),
            _ => drop(self.work()),
        }
    }

    /// Somebody wants a run.
    fn start(&mut self) {
        if self.wishes == 0 {
            return;
        }
        let outside = &mut self.outside;
        let dice = &outside.dice;
        self.wishes -= 1;
        self.requests += 1;
        let version = dice.pick(&outside.files.current).clone();
        let inputs = workflows::inputs(&version, dice);
        let key = dice.once_in(3).then(|| Key {
            text: format!("k{}", dice.below(2)),
            data: value::hash(&inputs),
        });
        let start = Start {
            request: self.requests,
            workflow: version.plan.name.clone(),
            inputs: inputs.into(),
            key,
            holder: None,
            by: handlers::name(self.requests),
        };
        self.driver.handle(Event::Start(Box::new(start)), outside);
    }

    /// A source tells of a file; false when there is nothing to tell.
    fn tell_of_a_file(&mut self) -> bool {
        self.requests += 1;
        let Some(event) = self.outside.tell_of_a_file(self.requests) else {
            return false;
        };
        self.driver.handle(event, &mut self.outside);
        true
    }

    /// Some people decide one of the open exceptions at the same time; false when there is none.
    fn decide(&mut self, people: u32) -> bool {
        let outside = &self.outside;
        let open: Vec<&Exception> = outside.store.disk.exceptions.values().collect();
        if open.is_empty() {
            return false;
        }
        let exception = (*outside.dice.pick(&open)).clone();
        for _ in 0..people {
            self.submit(&exception);
        }
        true
    }

    /// Somebody decides what he has had on his screen for long.
    fn decide_again(&mut self) {
        if let Some(exception) = self.people.remember(&self.outside) {
            self.submit(&exception);
        }
    }

    fn submit(&mut self, exception: &Exception) {
        self.requests += 1;
        let outside = &mut self.outside;
        let run = outside.recover(&exception.run);
        let mutation = outside.mutation;
        let decision = self.people.decide(exception, &run, outside, mutation);
        outside.decided.insert(self.requests, exception.run.clone());
        let resolve = handlers::resolve(self.requests, exception, decision);
        self.driver
            .handle(Event::Resolve(Box::new(resolve)), outside);
    }

    /// Somebody wants a run to end, or one of its items.
    fn cancel(&mut self) {
        let outside = &mut self.outside;
        let runs: Vec<&RunId> = outside.store.disk.facts.keys().collect();
        if runs.is_empty() {
            return;
        }
        let run = (*outside.dice.pick(&runs)).clone();
        self.requests += 1;
        outside.decided.insert(self.requests, run.clone());
        let (request, by) = (self.requests, handlers::name(self.requests));
        let cancel = Cancel {
            request,
            run,
            by,
            note: None,
        };
        self.driver.handle(Event::Cancel(Box::new(cancel)), outside);
    }

    fn pass_time(&mut self) {
        let deadline = self.driver.engine.deadline();
        self.outside.jump(deadline);
        self.driver.handle(Event::Tick, &mut self.outside);
    }

    fn flush(&mut self) {
        let store = &mut self.outside.store;
        store.write(self.outside.dice.place(store.queued() + 1));
        let durable = store.flush();
        self.driver.hear(durable, &self.outside);
    }

    /// Lets the bots go on; whether there was anything to do.
    fn work(&mut self) -> bool {
        if self.outside.office.is_idle() {
            return false;
        }
        if let Some(event) = self.outside.office.proceed(&self.outside.dice) {
            self.driver.handle(event, &mut self.outside);
        }
        true
    }

    /// The process ends here, and another begins.
    fn crash(&mut self) {
        let outside = &mut self.outside;
        outside.story.tell("crash", &outside.clock.now());
        outside.tally.add("crash");
        outside.office.crash(&outside.dice);
        let luck = outside.dice.place(outside.store.at_risk() + 1);
        outside.store.crash(luck);
        if outside.is(Mutation::LoseDurable) && outside.dice.once_in(4) {
            outside.store.lose_last();
        }
        invariants::nothing_is_lost(outside);
        self.driver = Driver::boot(outside);
    }

    /// The machine is lost, and another takes over with a backup that lacks the newest facts.
    fn restore(&mut self) {
        let outside = &mut self.outside;
        outside.story.tell("restore", &outside.clock.now());
        outside.office.crash(&outside.dice);
        outside.store.crash(0);
        outside.restore();
        self.driver = Driver::boot(outside);
    }

    fn resume(&mut self) {
        if self.outside.is_held()
            && let Some(event) = self.outside.resume()
        {
            self.driver.handle(event, &mut self.outside);
        }
    }

    /// Somebody wants to know whether a connection answers.
    fn probe(&mut self) {
        let dice = &self.outside.dice;
        let connection = (*dice.pick(&CONNECTIONS)).to_owned();
        let away = || Box::new(Fault::system("sim.away", "nobody there"));
        let result = if dice.once_in(2) { Err(away()) } else { Ok(()) };
        let event = Event::Probed { connection, result };
        self.driver.handle(event, &mut self.outside);
    }

    fn calm_down(&mut self) {
        let outside = &mut self.outside;
        outside.story.tell("calm", &outside.clock.now());
        outside.calm = true;
        outside.office.calm_down();
        if self.driver.stopping || self.driver.dead {
            self.crash();
        }
        self.resume();
        self.driver
            .handle(Event::Room { low: false }, &mut self.outside);
        let outside = &mut self.outside;
        outside.files.without_schedules();
        self.driver
            .handle(Event::Workflows(outside.files.current.clone()), outside);
    }

    /// Everything goes on until nothing does.
    fn come_to_rest(&mut self) {
        for _ in 0..PATIENCE {
            if self.goes_on() || self.tell_of_a_file() {
                continue;
            }
            let Some(deadline) = self.driver.engine.deadline() else {
                assert!(
                    self.driver.waiting.is_empty(),
                    "nobody answers {:?}",
                    self.driver.waiting
                );
                return;
            };
            self.outside.pass_to(deadline);
            if !self.outside.is(Mutation::SkipTicks) {
                self.driver.handle(Event::Tick, &mut self.outside);
            }
        }
        panic!("it does not come to rest");
    }

    /// Whether anything could go on without time or people.
    fn goes_on(&mut self) -> bool {
        if !self.outside.store.is_idle() {
            self.flush();
        }
        let work = self.work();
        let (driver, outside) = (&mut self.driver, &mut self.outside);
        let heard = driver.acknowledge(outside);
        let finished = driver.finish_aside(outside);
        work || heard || finished || !driver.is_idle() || !outside.store.is_idle()
    }

    /// People decide until there is nothing left to decide.
    fn come_to_an_end(&mut self) {
        for _ in 0..DECISIONS {
            if !self.decide(1) {
                return;
            }
            self.come_to_rest();
        }
        panic!("it does not come to an end");
    }
}
