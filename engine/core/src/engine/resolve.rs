//! What a person decided about something parked.

use jiff::Timestamp;

use super::{Engine, event::Resolve, outcome::attempt};
use crate::{
    ids::{Hash, RunId, StepId},
    index::{Change, Mapping},
    run::{
        Run, Status, Why, barred, decide,
        fact::{Resolution, What},
        rejection,
    },
};

impl Engine {
    /// Writes the decision down with what follows from it, or says why it cannot be taken.
    pub(super) fn decide(&mut self, id: &RunId, resolve: Resolve, now: Timestamp) {
        self.note_answer(&resolve);
        let Resolve {
            request,
            exception,
            step,
            resolution,
            by,
            note,
            remember,
            ..
        } = resolve;
        let remembered = remember.into_iter().map(|it| Change::Mapping {
            table: it.table,
            from: it.from,
            after: Some(Mapping {
                to: it.to,
                by: by.clone(),
                at: now,
                note: note.clone(),
                exception: Some(exception),
            }),
        });
        let remembered = remembered.collect();
        let prepared = match &resolution {
            Resolution::Upgrade { version } => self.newer(id, version),
            Resolution::Back { to, .. } => self.goes_back(id, to, &step),
            Resolution::Approve => self.may_approve(id, &step, &by),
            _ => Ok(()),
        };
        if let Err(reason) = prepared {
            return self.refuse(request, reason);
        }
        let rejected = match resolution {
            Resolution::Reject => self.rejected(id, &step, (&by, note.as_deref()), now),
            _ => None,
        };
        let mut facts = vec![What::Resolved {
            step,
            exception,
            resolution,
            by,
            note,
        }];
        facts.extend(rejected);
        match self.try_propose_with(id, facts, remembered, now) {
            Ok(()) => self.answer(id, request),
            Err(_) => {
                let live = self.runs.get(id);
                let open = live.is_some_and(|live| live.run.parked_as(exception).is_some());
                let reason = match open {
                    true => format!("exception {exception} cannot be decided like this"),
                    false => format!("exception {exception} does not wait for a decision any more"),
                };
                self.refuse(request, reason);
            }
        }
    }

    /// Makes the current version known to a run that fits it.
    fn newer(&mut self, id: &RunId, wanted: &Hash) -> Result<(), String> {
        let Some(live) = self.runs.get_mut(id) else {
            return Ok(());
        };
        let name = &live.run.version.plan.name;
        let Some(named) = self.workflows.get(name).filter(|it| it.hash == *wanted) else {
            return Err(format!(
                "that is not the current version of `{name}` (any more)"
            ));
        };
        let version = (named.hash.clone(), named.version.clone());
        let fits = live.run.fits(&version.1);
        fits.map_err(|misfit| format!("run {id} cannot go on by the current version: {misfit}"))?;
        live.run.learn(version);
        Ok(())
    }

    fn goes_back(&self, id: &RunId, to: &StepId, parked: &StepId) -> Result<(), String> {
        let run = self.runs.get(id).map(|live| &live.run);
        match run.and_then(|run| run.from(to, parked)) {
            Some(_) => Ok(()),
            None => Err(format!(
                "run {id} cannot go back to `{to}`: it was not there, or what was done since cannot be undone"
            )),
        }
    }

    fn may_approve(&self, id: &RunId, step: &StepId, by: &str) -> Result<(), String> {
        let record = self.runs.get(id).and_then(|live| live.run.record(step));
        match record.map(|record| &record.status) {
            Some(Status::Parked {
                why: Why::Approval {
                    approval, approved, ..
                },
                ..
            }) => barred(approval, approved, by).map_or(Ok(()), Err),
            _ => Ok(()),
        }
    }

    /// What follows from a rejection.
    fn rejected(
        &mut self,
        id: &RunId,
        step: &StepId,
        (by, note): (&str, Option<&str>),
        now: Timestamp,
    ) -> Option<What> {
        let run = &self.runs.get(id)?.run;
        let question = question(run, step)?;
        let record = run.record(step)?;
        let fault = rejection(question, by, note);
        let decision = decide::after_rejection(&attempt(run, step, record, now), &fault);
        let then = self.verdict(decision);
        Some(What::Failed {
            step: step.clone(),
            attempt: 0,
            fault: Box::new(fault),
            then,
        })
    }
}

fn question<'a>(run: &'a Run, step: &StepId) -> Option<&'a str> {
    match &run.record(step)?.status {
        Status::Parked {
            why: Why::Approval { approval, .. },
            ..
        } => Some(&approval.question),
        _ => None,
    }
}
