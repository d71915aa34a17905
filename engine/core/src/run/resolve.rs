//! What a person's decision makes of a run.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{
    Illegal, Record, Run, Status, Why,
    approval::{self, Yes},
    fact::{Edit, Fact, Outcome, Resolution, What},
};
use crate::{
    fault::Effect,
    ids::StepId,
    plan::{Kind, Step, Version},
    value::Payload,
};

/// Why a run cannot go on by another version of its workflow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("the step `{0}` is not there any more, and the run has been at it")]
    Gone(StepId),
    #[error(
        "the step `{0}` is of another kind or calls another bot now, and the run has been at it"
    )]
    Changed(StepId),
}

impl Run {
    /// Whether it could go on by another version: every step that it has been at must be the same
    /// step there.
    pub fn fits(&self, version: &Arc<Version>) -> Result<(), Misfit> {
        let mut other = self.clone();
        other.version = version.clone();
        if let Some((_, step, _)) = self.item_of()
            && other.loop_of().is_none()
        {
            return Err(Misfit::Gone(step.clone()));
        }
        for id in self.steps.keys() {
            let here = self.step(id);
            let there = other.step(id).ok_or_else(|| Misfit::Gone(id.clone()))?;
            if !here.is_some_and(|here| is_same(here, there)) {
                return Err(Misfit::Changed(id.clone()));
            }
        }
        Ok(())
    }

    /// Makes a newer version known, so that a fact may move the run to it.
    pub(crate) fn learn(&mut self, version: (crate::ids::Hash, Arc<Version>)) {
        self.newer.push(version);
    }

    pub(super) fn resolved(&mut self, fact: &Fact) -> Result<(), Illegal> {
        let What::Resolved {
            step,
            exception,
            resolution,
            ..
        } = &fact.what
        else {
            return Err(self.illegal(&fact.what));
        };
        if self.parked_as(*exception) != Some(step) {
            return Err(self.illegal(&fact.what));
        }
        self.decide(step, resolution, fact)?;
        self.give_up_again(step);
        Ok(())
    }

    fn decide(
        &mut self,
        step: &StepId,
        resolution: &Resolution,
        fact: &Fact,
    ) -> Result<(), Illegal> {
        let whole = step == self.frame_id();
        match resolution {
            Resolution::Back { to, again } => return self.back(step, (to, again), fact),
            Resolution::Upgrade { version } => self.upgrade(version, fact)?,
            Resolution::Edit(edit) => self.edit(step, edit),
            _ => (),
        }
        let paused = self.paused_until(fact.at);
        let record = self.record_mut(step, &fact.what)?;
        if !record.decided(resolution, (whole, paused), fact) {
            return Err(self.illegal(&fact.what));
        }
        if *resolution == Resolution::Abandon {
            self.halt_with(Outcome::Failed, Some(step));
        }
        Ok(())
    }

    /// A step that was to be tried again is not when the run is being brought to its end.
    fn give_up_again(&mut self, step: &StepId) {
        if !self.gives_up(step) {
            return;
        }
        if let Some(record) = self.steps.get_mut(step)
            && matches!(record.status, Status::Pending | Status::Ready { .. })
        {
            Arc::make_mut(record).status = Status::Cancelled;
        }
    }

    fn edit(&mut self, step: &StepId, edit: &Edit) {
        let (into, from) = match edit {
            Edit::Item(from) => (&mut self.edits.item, from),
            Edit::Inputs(from) => (&mut self.edits.inputs, from),
            Edit::With(from) => (self.edits.with.entry(step.clone()).or_default(), from),
        };
        into.extend(from.iter().map(|(key, value)| (key.clone(), value.clone())));
    }

    fn upgrade(&mut self, hash: &crate::ids::Hash, fact: &Fact) -> Result<(), Illegal> {
        let known = self.newer.iter().find(|(known, _)| known == hash);
        let Some((_, version)) = known.cloned() else {
            return Err(self.illegal(&fact.what));
        };
        if self.fits(&version).is_err() {
            return Err(self.illegal(&fact.what));
        }
        self.version = version;
        self.version_hash = hash.clone();
        Ok(())
    }

    /// Back to an earlier step: it and all after it are done again. What took place once, or may
    /// have, keeps its outcome unless it is named.
    fn back(
        &mut self,
        parked: &StepId,
        (to, again): (&StepId, &[StepId]),
        fact: &Fact,
    ) -> Result<(), Illegal> {
        let undone = self
            .from(to, parked)
            .filter(|undone| undone.contains(parked));
        let Some(undone) = undone else {
            return Err(self.illegal(&fact.what));
        };
        for id in undone {
            let Some(record) = self.steps.get_mut(&id).map(Arc::make_mut) else {
                continue;
            };
            // Of what was left out in doubt nobody has said that it did not take place.
            let left_in_doubt = record.may_have_acted && id != *parked;
            let happened = record.effect == Effect::Once
                && (record.status == Status::Succeeded || left_in_doubt);
            if happened && !again.contains(&id) {
                continue;
            }
            record.again();
            // An effect that took place and is wanted again is another effect.
            record.may_have_acted = happened;
            record.renewed = true;
            record.opened = None;
        }
        Ok(())
    }

    /// The steps from this one on that have been reached, if the run can go back to it: not into
    /// what is closed, not over runs that were made, and not over what is open in another branch
    /// than that of the step that a person decides about.
    pub fn from(&self, to: &StepId, parked: &StepId) -> Option<Vec<StepId>> {
        let body = self.body();
        let target = crate::plan::find_in_run(body, to)?;
        let around = self.around(body, target)?;
        let is_open = |step: &&Step| matches!(self.status(step), Status::Open(_));
        if self.halt.is_some() || !around.iter().all(is_open) || !self.steps.contains_key(to) {
            return None;
        }
        let mut all = Vec::new();
        flatten(body, &mut all);
        let after = all.into_iter().skip_while(|step| step.id != *to);
        let after = after.filter(|step| self.steps.contains_key(&step.id));
        let after: Vec<&Step> = after.collect();
        let made_runs = |step: &&Step| {
            matches!(step.kind, Kind::ForEach(_) | Kind::Call(_))
                && !matches!(self.status(step), Status::Pending | Status::Skipped)
        };
        let is_busy = |step: &&Step| {
            let status = self.status(step);
            let open = matches!(status, Status::Running { .. }) || status.is_in_doubt();
            open && step.id != *parked
        };
        if after.iter().any(made_runs) || after.iter().any(is_busy) {
            return None;
        }
        Some(after.into_iter().map(|step| step.id.clone()).collect())
    }
}

impl Record {
    /// Whether the decision is one that this step waits for; it is taken.
    fn decided(
        &mut self,
        resolution: &Resolution,
        (whole, paused): (bool, SignedDuration),
        fact: &Fact,
    ) -> bool {
        if *resolution == Resolution::Approve {
            match self.approved_by(fact) {
                Some(Yes::Enough) => (),
                Some(Yes::OneOfSeveral) => return true,
                None => return false,
            }
        }
        let Status::Parked { why, fault, .. } = &self.status else {
            return false;
        };
        let (why, fault) = (why.clone(), fault.clone());
        match (why, resolution) {
            (_, Resolution::Snooze { until }) => self.snoozed = Some(*until),
            (_, Resolution::Assign { to }) => self.assignee = to.clone(),
            (_, Resolution::Remark) => (),
            (Why::Fault | Why::Doubt | Why::Approval { .. }, Resolution::Abandon) => {
                self.fault = Some(fault);
                self.status = Status::Skipped;
            }
            (Why::Overdue(before), Resolution::MoreTime { millis }) => {
                self.more = Some(*millis);
                self.opened = Some((fact.at, paused));
                self.status = *before;
            }
            // Its runs are as they are; only what could not be read is asked for again.
            (Why::Blocked(before), Resolution::Retry) => {
                self.opened = Some((fact.at, paused));
                self.status = *before;
            }
            // What it had begun still has to be stopped.
            (Why::Overdue(before) | Why::Blocked(before), Resolution::Abandon) => {
                self.status = *before;
            }
            (Why::Approval { approved, .. }, Resolution::Approve) => {
                self.output = Some(Arc::new(approval::answer(&approved, fact)));
                self.status = Status::Succeeded;
            }
            (Why::Approval { .. }, Resolution::Reject) => self.again(),
            (
                Why::Fault | Why::Doubt,
                Resolution::Retry | Resolution::Edit(_) | Resolution::Upgrade { .. },
            ) => self.again(),
            (
                Why::Fault | Why::Doubt | Why::Approval { .. } | Why::Blocked(_),
                Resolution::Skip,
            ) => {
                self.output = Some(Arc::new(Payload::NULL));
                self.status = Status::Skipped;
            }
            (Why::Fault | Why::Doubt | Why::Blocked(_), Resolution::Happened { output })
                if !whole =>
            {
                self.may_have_acted |= self.effect == Effect::Once;
                self.output = Some(Arc::new(output.clone()));
                self.status = Status::Succeeded;
            }
            _ => return false,
        }
        if !resolution.leaves_open() {
            self.snoozed = None;
            self.assignee = None;
        }
        true
    }
}

fn is_same(here: &Step, there: &Step) -> bool {
    match (&here.kind, &there.kind) {
        (Kind::Bot(here), Kind::Bot(there)) => here.bot == there.bot,
        (here, there) => std::mem::discriminant(here) == std::mem::discriminant(there),
    }
}

/// All steps of the run in the order of the file.
fn flatten<'a>(steps: &'a [Step], into: &mut Vec<&'a Step>) {
    for step in steps {
        into.push(step);
        step.bodies().for_each(|steps| flatten(steps, into));
    }
}
