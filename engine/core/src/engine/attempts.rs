//! How attempts get the place that they need, and give it back.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Command, Engine,
    capacity::{Place, PoolView, QUESTION, Resource, Standing},
    live::Live,
};
use crate::{
    fault::{Effect, Fault},
    ids::{RunId, StepId},
    plan::Kind,
    run::{Next, Run, fact::What},
};

impl Engine {
    /// How it stands with each connection and limit.
    pub fn pools(&self, now: Timestamp) -> Vec<PoolView> {
        self.pools.views(now)
    }

    /// Starts an attempt, at once when it needs no place or has one, or when its turn comes.
    pub(super) fn begin(&mut self, id: &RunId, step: &StepId, now: Timestamp) {
        let Some(live) = self.runs.get(id) else {
            return;
        };
        let record = live.run.record(step);
        let (attempts, effect) = record.map_or((0, Effect::None), |it| (it.attempts, it.effect));
        let attempt = attempts + 1;
        if self.is_held(effect) {
            return;
        }
        let resource = resource_of(&live.run, step);
        if let Some(parked) = self.doubt_restored(id, step, effect, now) {
            return self.propose(id, vec![parked], now);
        }
        match resource {
            Some(resource) => {
                self.pools
                    .wait(resource, (id.clone(), step.clone(), attempt));
                self.offer(now);
            }
            None => self.start_attempt(id, step, attempt, now),
        }
    }

    /// Hands out what is free, and lets connections be tried that may answer again.
    pub(super) fn offer(&mut self, now: Timestamp) {
        if !self.may_offer() {
            return;
        }
        while let Some((run, step, attempt)) = self
            .pools
            .next(now, |place| standing(&self.runs, place, now))
        {
            match attempt {
                QUESTION => self.begin_question(&run, &step, now),
                attempt => self.start_attempt(&run, &step, attempt, now),
            }
        }
        let due = self.pools.due_probes(now).into_iter();
        self.commands
            .extend(due.map(|connection| Command::Probe { connection }));
    }

    fn start_attempt(&mut self, id: &RunId, step: &StepId, attempt: u32, now: Timestamp) {
        let step = step.clone();
        self.propose(id, vec![What::Started { step, attempt }], now);
    }

    /// Takes the place of an attempt back; gives the connection that it is to wait for.
    pub(super) fn attempt_ended(
        &mut self,
        place: &Place,
        fault: Option<&Fault>,
        now: Timestamp,
    ) -> Option<String> {
        let returned = self.pools.give_back(place, fault, now);
        if let Some(connection) = returned.turned {
            self.tell_breaker(connection);
        }
        returned.awaits
    }

    /// A connection was tried.
    pub(super) fn probed(
        &mut self,
        connection: String,
        result: Result<(), Box<Fault>>,
        now: Timestamp,
    ) {
        let result = result.as_ref().copied().map_err(|fault| &**fault);
        if self.pools.probed(&connection, result, now) {
            self.tell_breaker(connection);
        }
        self.offer(now);
    }

    fn tell_breaker(&mut self, connection: String) {
        let open = self.pools.open_for(&connection).cloned().map(Box::new);
        self.commands.push(Command::Breaker { connection, open });
    }
}

fn standing(
    runs: &BTreeMap<RunId, Live>,
    (run, step, attempt): &Place,
    now: Timestamp,
) -> Standing {
    let wants = |next: &Next| match next {
        Next::Start { step: wanted } => wanted == step && *attempt != QUESTION,
        Next::Verify { step: wanted } => wanted == step && *attempt == QUESTION,
        _ => false,
    };
    match runs.get(run) {
        None => Standing::Gone,
        Some(live) if live.proposal.is_some() => Standing::Busy,
        Some(live) if live.run.next(now).iter().any(wants) => Standing::Ready,
        Some(_) => Standing::Gone,
    }
}

/// What an attempt of a step needs a place of.
pub(super) fn resource_of(run: &Run, step: &StepId) -> Option<Resource> {
    let step = run.step(step)?;
    let connection = match &step.kind {
        Kind::Bot(call) => call.connection.clone().map(Resource::Connection),
        _ => return None,
    };
    connection.or_else(|| step.limit.clone().map(Resource::Limit))
}
