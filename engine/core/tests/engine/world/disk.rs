//! What is written down in that world, and survives the daemon.

use std::collections::BTreeMap;

use botswain_core::{
    ExceptionId, Payload, RunId, StepId,
    engine::{Counters, event::Holder},
    index::{Change, Claim, ClaimKey, Exception, Fired, Pending, Summary, Tally},
    run::fact::{Fact, What},
};

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

impl Disk {
    pub(super) fn write(&mut self, facts: Vec<(RunId, u64, Fact)>, changes: Vec<Change>) {
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
                // Nothing of this world asks for corrections, or numbers what comes.
                Change::Mapping { .. } | Change::Reached(_) => (),
            }
        }
    }

    pub(super) fn counters(&self) -> Counters {
        let opened = |fact: &Fact| match &fact.what {
            What::Failed { then, .. } | What::Interrupted { then, .. } => {
                then.exception().map(|it| it.0)
            }
            What::Verified {
                then: Some(then), ..
            } => then.exception().map(|it| it.0),
            What::Asked { exception, .. }
            | What::Overdue { exception, .. }
            | What::Blocked { exception, .. } => Some(exception.0),
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

    pub(super) fn holder(&self, claim: &ClaimKey) -> Option<Holder> {
        let claim = self.claims.get(claim)?.clone();
        Some(Holder {
            claim,
            output: Payload::NULL,
        })
    }

    pub(super) fn tallies(&self, parent: &RunId) -> BTreeMap<StepId, Tally> {
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
