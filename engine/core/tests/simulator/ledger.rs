//! What was done in the world, which no crash and no restored backup takes back.

use std::collections::{BTreeMap, BTreeSet};

use botswain_core::{Effect, RunId, StepId, engine::event::Call, index::ClaimKey, run::fact::What};

use crate::store::Disk;

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// What was done under each idempotency key.
    acts: BTreeMap<String, Act>,
    /// Which run did something under which key.
    under: BTreeMap<ClaimKey, RunId>,
    /// Steps that did something of which the restored backup knows nothing.
    lost: BTreeSet<(RunId, StepId)>,
    /// Of what it was denied once that it took place.
    denied: BTreeSet<(RunId, StepId)>,
}

#[derive(Debug)]
struct Act {
    run: RunId,
    step: StepId,
    attempt: u32,
    announced: bool,
}

impl Ledger {
    /// Writes down an act under the keys of the runs around it, if it is one that counts.
    pub(crate) fn record(&mut self, call: &Call, keys: &[(ClaimKey, RunId)]) {
        if call.effect != Effect::Once {
            return;
        }
        let (run, step) = (&call.run, &call.step);
        let act = Act {
            run: run.clone(),
            step: step.clone(),
            attempt: call.attempt,
            announced: call.announces,
        };
        let lost = self.lost.contains(&(run.clone(), step.clone()));
        let before = self.acts.insert(call.idempotency_key.clone(), act);
        assert!(
            before.is_none() && !lost,
            "`{step}` of {run} happens twice, the second time in attempt {}",
            call.attempt
        );
        for (key, by) in keys {
            let first = self.under.entry(key.clone()).or_insert_with(|| by.clone());
            assert_eq!(first, by, "two runs do something under {key:?}");
        }
    }

    /// Whether a step did something, under this key or in the time that was lost.
    pub(crate) fn has(&self, run: &RunId, step: &StepId, idempotency_key: &str) -> bool {
        self.acts.contains_key(idempotency_key) || self.lost.contains(&(run.clone(), step.clone()))
    }

    /// Denies once that something took place; false when that was done before.
    pub(crate) fn deny(&mut self, run: &RunId, step: &StepId) -> bool {
        self.denied.insert((run.clone(), step.clone()))
    }

    /// The facts are those of a backup: what they do not know of is lost to them.
    pub(crate) fn lose(&mut self, disk: &Disk) {
        let unknown = self.acts.values().filter(|act| !act.is_known(disk));
        let unknown = unknown.map(|act| (act.run.clone(), act.step.clone()));
        self.lost.extend(unknown);
        let lost = &self.lost;
        let holds = |claim: &ClaimKey, by: &RunId| {
            disk.claims.get(claim).is_some_and(|it| it.run == *by)
                && !lost.iter().any(|(run, _)| run.number() == by.number())
        };
        self.under.retain(|claim, by| holds(claim, by));
    }
}

impl Act {
    fn is_known(&self, disk: &Disk) -> bool {
        let facts = disk.facts.get(&self.run).map_or(&[][..], Vec::as_slice);
        facts.iter().any(|fact| match &fact.what {
            What::Started { step, attempt } if !self.announced => self.is(step, *attempt),
            What::Acting { step, attempt } => self.is(step, *attempt),
            _ => false,
        })
    }

    fn is(&self, step: &StepId, attempt: u32) -> bool {
        self.step == *step && self.attempt == attempt
    }
}
