//! After a restored backup: what may have happened since it was made.
//!
//! The facts end where the backup was made, the world does not. Until a person
//! says from when on work was lost, nothing fires and no `once` step starts.
//! From then on a `once` step of a run that the backup holds, and a firing that
//! was due in the lost time, are in doubt before they begin: a person looks
//! whether they took place. His answer is a decision about an exception like any
//! other. What he has answered is known for as long as the engine lives; a step
//! that was answered and had not begun when the daemon ended is asked about again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Engine, event::Resolve, outcome::attempt};
use crate::{
    fault::{Effect, Fault},
    ids::{RunId, StepId},
    run::fact::{Origin, Resolution, Verdict, What},
};

/// That an instance was made from a backup, and what a person said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Quarantine {
    /// When the backup was made.
    pub made: Timestamp,
    /// When it was restored: work was lost up to here at the latest.
    pub restored: Timestamp,
    /// The highest number of a run in the backup.
    pub runs: u64,
    /// Missing while nothing fires.
    pub resumed: Option<Resumed>,
}

/// From when on work was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Resumed {
    pub lost_since: Timestamp,
    pub at: Timestamp,
    pub by: String,
}

impl Quarantine {
    /// Whether nobody has said yet from when on work was lost.
    pub fn holds(&self) -> bool {
        self.resumed.is_none()
    }

    /// Whether work was lost at all.
    fn lost(&self) -> Option<Timestamp> {
        let since = self.resumed.as_ref()?.lost_since;
        (since < self.restored).then_some(since)
    }

    fn is_in_doubt(&self, run: &RunId) -> bool {
        run.number() <= self.runs && self.lost().is_some()
    }

    fn covers(&self, firing: Timestamp) -> bool {
        firing <= self.restored && self.lost().is_some_and(|since| firing >= since)
    }
}

/// The quarantine as the engine keeps it.
#[derive(Default)]
pub(super) struct Restored {
    quarantine: Option<Quarantine>,
    /// Steps of which a person has said that they did not take place.
    answered: BTreeSet<(RunId, StepId)>,
}

impl Restored {
    pub(super) fn holds(&self) -> bool {
        self.quarantine.as_ref().is_some_and(Quarantine::holds)
    }

    /// Whether a `once` step may have taken place after the backup was made.
    fn doubts(&self, run: &RunId, step: &StepId) -> bool {
        let quarantine = self.quarantine.as_ref();
        quarantine.is_some_and(|it| it.is_in_doubt(run))
            && !self.answered.contains(&(run.clone(), step.clone()))
    }
}

impl Engine {
    /// Takes over what was said about a restored backup.
    pub(super) fn quarantine(&mut self, quarantine: Quarantine, now: Timestamp) {
        self.restored.quarantine = Some(quarantine);
        let runs: Vec<RunId> = self.runs.keys().cloned().collect();
        for run in runs {
            self.advance(&run, now);
        }
    }

    /// Whether a step that is about to start has to wait for a person's word about the backup.
    pub(super) fn is_held(&self, effect: Effect) -> bool {
        effect == Effect::Once && self.restored.holds()
    }

    /// What is to be written of a step that may have taken place in the time that was lost: the
    /// world is asked where it can be, else a person is.
    pub(super) fn doubt_restored(
        &mut self,
        id: &RunId,
        step: &StepId,
        effect: Effect,
        now: Timestamp,
    ) -> Option<What> {
        if effect != Effect::Once || !self.restored.doubts(id, step) {
            return None;
        }
        let fault = Fault::system(
            "run.restored",
            "this step may have taken place after the backup was made",
        );
        let run = &self.runs.get(id)?.run;
        let record = run.record(step).cloned().unwrap_or_default();
        match attempt(run, step, &record, now).settle {
            Some(_) => Some(What::Failed {
                step: step.clone(),
                attempt: 0,
                fault: Box::new(fault.in_doubt()),
                then: Verdict::Verify { at: now },
            }),
            None => Some(self.in_doubt(step.clone(), fault)),
        }
    }

    /// The fact that parks a run whose firing fell into the time that was lost.
    pub(super) fn doubt_firing(&mut self, origin: &Origin, at: Timestamp) -> Option<What> {
        let covered = self
            .restored
            .quarantine
            .as_ref()
            .is_some_and(|it| it.covers(at));
        if !covered || !matches!(origin, Origin::Trigger { .. }) {
            return None;
        }
        let fault = Fault::system(
            "run.restored",
            "this firing fell due after the backup was made, and may have done its work",
        );
        Some(self.in_doubt(StepId::new("run"), fault))
    }

    fn in_doubt(&mut self, step: StepId, fault: Fault) -> What {
        let fault = fault
            .in_doubt()
            .hint("look whether it took place, then say so");
        let then = Verdict::Doubt {
            exception: self.new_exception(),
        };
        What::Failed {
            step,
            attempt: 0,
            fault: Box::new(fault),
            then,
        }
    }

    /// The world said so.
    pub(super) fn note_denial(&mut self, run: &RunId, step: &StepId) {
        if self.restored.doubts(run, step) {
            self.restored.answered.insert((run.clone(), step.clone()));
        }
    }

    /// Notes that a person said of a step in doubt: it did not take place.
    pub(super) fn note_answer(&mut self, resolve: &Resolve) {
        let again = matches!(resolve.resolution, Resolution::Retry | Resolution::Edit(_));
        let parked = self
            .runs
            .get(&resolve.run)
            .and_then(|live| live.run.record(&resolve.step));
        let doubted = parked.is_some_and(|record| record.status.is_in_doubt());
        if again && doubted {
            let step = (resolve.run.clone(), resolve.step.clone());
            self.restored.answered.insert(step);
        }
    }
}
