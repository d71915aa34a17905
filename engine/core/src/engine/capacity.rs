//! What connections and named limits bear, who uses them, and who waits.
//!
//! A place is taken when an attempt starts and returned when it ends; a run
//! that is parked or waits for a time holds none. Whoever finds no place waits
//! in line. Nothing here reads a clock: the time comes with each question.
//!
//! Invariant: no more places are held than `sessions`, no more are taken
//! within any minute than `per_minute`, and none behind an open breaker but
//! the one that tries it.

mod breaker;
mod line;
mod window;

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::breaker::{BreakerView, Rule};
pub(super) use self::line::Standing;
use self::{breaker::Breaker, line::Line, window::Window};
use crate::{
    fault::Fault,
    ids::{RunId, StepId},
};

/// What an attempt needs a place of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// An outside system, under `connections:`.
    Connection(String),
    /// Something that steps without a connection share, under `limits:`.
    Limit(String),
}

impl Resource {
    pub fn name(&self) -> &str {
        match self {
            Resource::Connection(name) | Resource::Limit(name) => name,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::Connection(name) => write!(f, "connection `{name}`"),
            Resource::Limit(name) => write!(f, "limit `{name}`"),
        }
    }
}

/// How much one of them bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Attempts at once; no matter how many when absent.
    pub sessions: Option<u32>,
    /// Attempts that start within any minute.
    pub per_minute: Option<u32>,
    /// When to leave it alone; never when absent.
    pub breaker: Option<Rule>,
}

impl Default for Capacity {
    /// What is assumed where nothing is said: an old run may name what the file has lost.
    fn default() -> Capacity {
        Capacity {
            sessions: Some(8),
            per_minute: None,
            breaker: None,
        }
    }
}

/// One attempt of a step of a run. A late outcome of one that was given up gives back nothing of
/// the one under way.
pub(super) type Place = (RunId, StepId, u32);

/// The number of no attempt: the world is asked whether an effect took place.
pub(super) const QUESTION: u32 = 0;

/// How it stands with one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolView {
    pub resource: Resource,
    pub sessions: Option<u32>,
    /// Attempts under way.
    pub used: u32,
    pub per_minute: Option<u32>,
    /// Attempts that started within the last minute; counted when `per_minute` is given.
    pub started: u32,
    /// Who waits for a place, in no order that means anything.
    pub waiting: Vec<(RunId, StepId)>,
    /// When `per_minute` lets the next one start, if it is that which is in the way.
    pub until: Option<Timestamp>,
    pub breaker: Option<BreakerView>,
}

#[derive(Default)]
pub(super) struct Pools {
    pools: BTreeMap<Resource, Pool>,
    held: BTreeMap<Place, Resource>,
    waiting: BTreeMap<Place, Resource>,
    /// When places were offered last.
    offered: Timestamp,
}

#[derive(Default)]
struct Pool {
    capacity: Capacity,
    used: u32,
    window: Window,
    line: Line,
    breaker: Option<Breaker>,
}

/// What the end of an attempt means for its connection, and for itself.
#[derive(Default)]
pub(super) struct Returned {
    /// The connection whose answer it waits for, without having used up an attempt.
    pub(super) awaits: Option<String>,
    /// The connection whose breaker has opened or closed by it.
    pub(super) turned: Option<String>,
}

impl Pools {
    /// The file has changed. What is open is tried soon: it may have been mended.
    pub(super) fn replace(&mut self, mut capacities: BTreeMap<Resource, Capacity>, now: Timestamp) {
        for (resource, pool) in &mut self.pools {
            let capacity = capacities.remove(resource);
            pool.replace(capacity.unwrap_or_default(), now);
        }
        for (resource, capacity) in capacities {
            self.pools
                .entry(resource)
                .or_default()
                .replace(capacity, now);
        }
    }

    /// Takes a place that is free now and that nobody waits for.
    pub(super) fn take(
        &mut self,
        resource: Option<&Resource>,
        place: Place,
        now: Timestamp,
    ) -> bool {
        let Some(resource) = resource else {
            return true;
        };
        let pool = self.pools.entry(resource.clone()).or_default();
        pool.window.see(now);
        let free = pool.line.is_empty() && pool.is_free(now);
        if free {
            pool.begin(&place, now);
            self.held.insert(place, resource.clone());
        }
        free
    }

    /// Waits for a place, unless it does already.
    pub(super) fn wait(&mut self, resource: Resource, place: Place) {
        if self.waiting.contains_key(&place) || self.held.contains_key(&place) {
            return;
        }
        let pool = self.pools.entry(resource.clone()).or_default();
        pool.line.push(place.clone());
        self.waiting.insert(place, resource);
    }

    /// Gives a place that is free to whose turn it is.
    pub(super) fn next(
        &mut self,
        now: Timestamp,
        mut standing: impl FnMut(&Place) -> Standing,
    ) -> Option<Place> {
        self.offered = now;
        for (resource, pool) in &mut self.pools {
            pool.window.see(now);
            if pool.line.is_empty() || !pool.is_free(now) {
                continue;
            }
            let (next, gone) = pool.line.take(&mut standing);
            for place in gone {
                self.waiting.remove(&place);
            }
            if let Some(place) = next {
                pool.begin(&place, now);
                self.waiting.remove(&place);
                self.held.insert(place.clone(), resource.clone());
                return Some(place);
            }
        }
        None
    }

    /// An attempt has ended. Of one that holds no place nothing is learnt.
    pub(super) fn give_back(
        &mut self,
        place: &Place,
        fault: Option<&Fault>,
        now: Timestamp,
    ) -> Returned {
        let Some(resource) = self.held.remove(place) else {
            return Returned::default();
        };
        let Some(pool) = self.pools.get_mut(&resource) else {
            return Returned::default();
        };
        pool.used -= 1;
        let Some(breaker) = &mut pool.breaker else {
            return Returned::default();
        };
        let noted = breaker.note(place, fault, now);
        let name = || resource.name().to_owned();
        Returned {
            awaits: noted.awaits.then(name),
            turned: noted.turned.then(name),
        }
    }

    /// A run has ended or waits for a person: none of its steps waits for a place.
    pub(super) fn leave(&mut self, run: &RunId) {
        let from = (run.clone(), StepId::new(""), 0);
        let of_run = self.waiting.range(from..);
        let of_run = of_run.take_while(|((of, _, _), _)| of == run);
        let places: Vec<Place> = of_run.map(|(place, _)| place.clone()).collect();
        for place in places {
            let resource = self.waiting.remove(&place);
            if let Some(pool) = resource.and_then(|resource| self.pools.get_mut(&resource)) {
                pool.line.remove(&place);
            }
        }
    }

    /// The connections whose test is due, for somebody waits for them.
    pub(super) fn due_probes(&mut self, now: Timestamp) -> Vec<String> {
        let mut due = Vec::new();
        for (resource, pool) in &mut self.pools {
            if let Some(breaker) = &mut pool.breaker
                && !pool.line.is_empty()
                && breaker.begin_probe(now)
            {
                due.push(resource.name().to_owned());
            }
        }
        due
    }

    /// The test of a connection has ended; whether its breaker has closed by it.
    pub(super) fn probed(
        &mut self,
        connection: &str,
        result: Result<(), &Fault>,
        now: Timestamp,
    ) -> bool {
        let resource = Resource::Connection(connection.to_owned());
        let pool = self.pools.get_mut(&resource);
        let breaker = pool.and_then(|pool| pool.breaker.as_mut());
        breaker.is_some_and(|breaker| breaker.probed(result, now))
    }

    /// The fault for which the breaker of a connection is open.
    pub(super) fn open_for(&self, connection: &str) -> Option<&Fault> {
        let resource = Resource::Connection(connection.to_owned());
        self.pools.get(&resource)?.breaker.as_ref()?.open_for()
    }

    /// When time alone lets somebody who waits go on. What was due at the last offer and was not
    /// taken waits for something else.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let waited_for = self.pools.values().filter(|pool| !pool.line.is_empty());
        let times = waited_for.filter_map(|pool| pool.opens_at(self.offered));
        times.filter(|at| *at > self.offered).min()
    }

    pub(super) fn views(&self, now: Timestamp) -> Vec<PoolView> {
        let view = |(resource, pool): (&Resource, &Pool)| PoolView {
            resource: resource.clone(),
            sessions: pool.capacity.sessions,
            used: pool.used,
            per_minute: pool.capacity.per_minute,
            started: pool.window.count(now),
            waiting: waiting(&pool.line),
            until: pool.window.opens_at(pool.capacity.per_minute, now),
            breaker: pool.breaker.as_ref().map(Breaker::view),
        };
        self.pools.iter().map(view).collect()
    }
}

fn waiting(line: &Line) -> Vec<(RunId, StepId)> {
    let places = line.places();
    places
        .map(|(run, step, _)| (run.clone(), step.clone()))
        .collect()
}

impl Pool {
    fn replace(&mut self, capacity: Capacity, now: Timestamp) {
        match (&mut self.breaker, &capacity.breaker) {
            (Some(breaker), Some(rule)) => breaker.replace(*rule, now),
            (breaker, rule) => *breaker = rule.map(Breaker::new),
        }
        self.capacity = capacity;
    }

    fn is_free(&self, now: Timestamp) -> bool {
        self.has_session()
            && self.window.has_room(self.capacity.per_minute, now)
            && self.breaker.as_ref().is_none_or(|it| it.lets_through(now))
    }

    fn has_session(&self) -> bool {
        self.capacity.sessions.is_none_or(|most| self.used < most)
    }

    fn begin(&mut self, place: &Place, now: Timestamp) {
        self.used += 1;
        if self.capacity.per_minute.is_some() {
            self.window.note(now);
        }
        if let Some(breaker) = &mut self.breaker {
            breaker.begin_attempt(place);
        }
    }

    /// When the next place comes free by itself.
    fn opens_at(&self, now: Timestamp) -> Option<Timestamp> {
        if let Some(breaker) = &self.breaker
            && !breaker.lets_through(now)
        {
            return breaker.due();
        }
        let opens_at = self.window.opens_at(self.capacity.per_minute, now);
        opens_at.filter(|_| self.has_session())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_leaves_takes_all_its_steps_out_of_the_line_and_no_others() {
        let office = Resource::Connection("office".to_owned());
        let place = |run: &str, step: &str| (run.parse().expect("a run"), StepId::new(step));
        let mut pools = Pools::default();
        let all = [("1", "a"), ("1", "b"), ("1.lines.0", "a"), ("10", "a")];
        for (run, step) in all {
            let (run, step) = place(run, step);
            pools.wait(office.clone(), (run, step, 1));
        }
        pools.leave(&"1".parse().expect("a run"));
        let waiting = pools.views(Timestamp::UNIX_EPOCH).remove(0).waiting;
        assert_eq!(waiting, [place("1.lines.0", "a"), place("10", "a")]);
        assert_eq!(pools.waiting.len(), 2);
    }
}
