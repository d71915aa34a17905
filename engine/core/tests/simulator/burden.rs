//! What connections and limits bear, and what a process lays on them.

use std::collections::BTreeMap;

use botswain_core::{
    RunId, StepId,
    engine::{
        Command,
        capacity::{Capacity, Resource, Rule},
        event::{Call, Subject},
    },
    run::fact::What,
};
use jiff::SignedDuration;

use crate::{
    dice::Dice,
    workflows::{CONNECTIONS, LIMIT},
};

/// An attempt of a step by its number; 0 is a bot that is asked what another did.
pub(crate) type Attempt = (RunId, StepId, u32);

pub(crate) type Capacities = BTreeMap<Resource, Capacity>;

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

#[derive(Default)]
pub(crate) struct Burden {
    /// Attempts whose outcome has not come, with what they need a place of.
    works: BTreeMap<Attempt, Option<Resource>>,
    /// The most sessions that each has borne in this process.
    sessions: BTreeMap<Resource, u32>,
    /// So many may start within a minute, from the first moment to the last.
    rates: BTreeMap<Resource, u32>,
    /// When each attempt was given its place.
    taken: BTreeMap<Attempt, SignedDuration>,
    /// When attempts were given places, in order.
    starts: BTreeMap<Resource, Vec<SignedDuration>>,
}

impl Burden {
    /// They bear so much from now on; what is under way goes on.
    pub(crate) fn allow(&mut self, capacities: &Capacities) {
        for (resource, capacity) in capacities {
            let most = self.sessions.entry(resource.clone()).or_default();
            *most = (*most).max(capacity.sessions.unwrap_or(u32::MAX));
            let rate = capacity.per_minute.map(|rate| (resource.clone(), rate));
            self.rates.extend(rate);
        }
    }

    /// Notes who is given a place by this command.
    pub(crate) fn note(&mut self, command: &Command, elapsed: SignedDuration) {
        match command {
            Command::Append { batch, .. } => {
                for (run, _, fact) in &batch.facts {
                    if let What::Started { step, attempt } = &fact.what {
                        let attempt = (run.clone(), step.clone(), *attempt);
                        self.taken.insert(attempt, elapsed);
                    }
                }
            }
            Command::Evaluate {
                scope,
                subject: Subject::Verify(step),
                ..
            } => {
                let question = (scope.run.clone(), step.clone(), 0);
                self.taken.insert(question, elapsed);
            }
            _ => (),
        }
    }

    /// An attempt begins, and there is room for it.
    pub(crate) fn begin(&mut self, attempt: Attempt, call: &Call) {
        let resource = resource(call);
        let taken = self.taken.remove(&attempt);
        self.works.insert(attempt, resource.clone());
        let Some(resource) = resource else { return };
        let held = self.works.values().flatten().filter(|it| **it == resource);
        let (held, most) = (held.count(), self.sessions.get(&resource));
        let fits = most.is_none_or(|most| held <= *most as usize);
        assert!(fits, "{held} attempts on {resource}, which bears {most:?}");
        let starts = self.starts.entry(resource.clone()).or_default();
        starts.extend(taken);
        starts.sort_unstable();
        if let Some(rate) = self.rates.get(&resource) {
            let of_a_minute = |it: &[SignedDuration]| it[it.len() - 1] - it[0] < MINUTE;
            let crowded = starts.windows(*rate as usize + 1).any(of_a_minute);
            assert!(!crowded, "more than {rate} a minute start on {resource}");
        }
    }

    pub(crate) fn end(&mut self, attempt: &Attempt) {
        self.works.remove(attempt);
    }
}

fn resource(call: &Call) -> Option<Resource> {
    let connection = call.connection.clone().map(Resource::Connection);
    let limit = || {
        let step = call.version.plan.step(&call.step)?;
        let limit = step.limit.clone().filter(|_| !call.verifies);
        limit.map(Resource::Limit)
    };
    connection.or_else(limit)
}

/// What everything bears from now on; how much within a minute never changes.
pub(crate) fn draw(before: &Capacities, dice: &Dice) -> Capacities {
    let connections = CONNECTIONS.map(|name| Resource::Connection(name.to_owned()));
    let limit = Resource::Limit(LIMIT.to_owned());
    let all = connections.into_iter().chain([limit]);
    all.map(|resource| {
        let per_minute = match before.get(&resource) {
            Some(before) => before.per_minute,
            None => dice.once_in(3).then(|| 1 + dice.below(5) as u32),
        };
        let breaks = matches!(resource, Resource::Connection(_)) && dice.once_in(2);
        let capacity = Capacity {
            sessions: Some(1 + dice.below(3) as u32),
            per_minute,
            breaker: breaks.then(|| rule(dice)),
        };
        (resource, capacity)
    })
    .collect()
}

fn rule(dice: &Dice) -> Rule {
    Rule {
        after: 1 + dice.below(3) as u32,
        probe: 1000 * (1 + dice.below(60)),
        has_test: dice.once_in(2),
    }
}
