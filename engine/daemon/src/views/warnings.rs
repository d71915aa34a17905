//! What the bots of a run and of its items have warned of, each thing once.
//!
//! An item says in its summary that it was warned of something, so only the facts
//! of those are read.

use botswain_core::{
    RunId, StepId,
    plan::Kind,
    run::{
        Run,
        fact::{Fact, What},
    },
};
use botswain_store::ReadError;
use botswain_views::WarningView;

use super::steps::flat;
use crate::daemon::Parts;

/// How many items of a step are looked through: what a page has changed shows in each of them.
const ITEMS: usize = 1000;
/// The facts of so many of them are read.
const READ: usize = 100;

impl Parts {
    pub(super) fn warnings(
        &self,
        run: &Run,
        facts: &[Fact],
    ) -> Result<Vec<WarningView>, ReadError> {
        let mut found = Vec::new();
        note(&mut found, &run.id, facts);
        let steps = flat(run.body()).into_iter().map(|placed| placed.step);
        for step in steps.filter(|step| matches!(step.kind, Kind::ForEach(_) | Kind::Call(_))) {
            let items = self.store.items(&run.id, &step.id, 0, ITEMS)?;
            for item in items.iter().filter(|item| item.warned).take(READ) {
                note(&mut found, &item.id, &self.store.facts(&item.id)?);
            }
        }
        Ok(found)
    }
}

fn note(found: &mut Vec<WarningView>, run: &RunId, facts: &[Fact]) {
    let mut own: Vec<(&StepId, &String)> = Vec::new();
    for fact in facts {
        if let What::Warned { step, warnings, .. } = &fact.what {
            own.extend(warnings.iter().map(|message| (step, message)));
        }
    }
    own.sort_unstable();
    own.dedup();
    for (step, message) in own {
        let same = |it: &&mut WarningView| it.step == *step && it.message == *message;
        match found.iter_mut().find(same) {
            Some(view) => view.runs += 1,
            None => found.push(WarningView {
                step: step.clone(),
                message: message.clone(),
                run: run.clone(),
                runs: 1,
            }),
        }
    }
}
