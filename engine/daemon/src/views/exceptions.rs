//! Makes the views of what waits for people.

use std::{collections::BTreeMap, sync::Arc};

use botswain_core::{
    ExceptionId, Fault, Hash, RunId, StepId,
    index::Exception,
    plan::Version,
    run::{Run, fact::Origin},
    value,
};
use botswain_store::{List, ReadError};
use botswain_views::{ExceptionDetail, ExceptionView, ExceptionsQuery};

use super::{
    Sight,
    past::{approval, history, tries},
    recovered,
    steps::flat,
};
use crate::daemon::Parts;

/// How many records are read at a time.
const PAGE: usize = 1000;

impl Parts {
    /// Open exceptions that fit, the oldest first.
    pub fn exceptions(
        &self,
        query: &ExceptionsQuery,
        (sight, limit): (&Sight, usize),
    ) -> Result<Vec<ExceptionView>, ReadError> {
        if let Some(name) = &query.assignee {
            return self.taken_on_by(name, query, (sight, limit));
        }
        let (mut found, mut after) = (Vec::new(), query.after);
        loop {
            let page = self.store.exceptions(after, PAGE)?;
            after = page.last().map(|it| it.id);
            let is_last = page.len() < PAGE;
            let fitting = page
                .into_iter()
                .filter(|it| query.fits(it) && sight.shows(&it.workflow));
            found.extend(fitting.map(exception_view));
            if is_last || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// Those that fit among what somebody has taken on.
    fn taken_on_by(
        &self,
        name: &str,
        query: &ExceptionsQuery,
        (sight, limit): (&Sight, usize),
    ) -> Result<Vec<ExceptionView>, ReadError> {
        let list = List::Assignee(name.to_owned());
        let (mut found, mut place) = (Vec::new(), None);
        loop {
            let page = self.store.listed_exceptions(&list, place.as_ref(), PAGE)?;
            let fitting = page.entries.into_iter().filter(|it| {
                query.after.is_none_or(|last| it.id > last)
                    && query.fits(it)
                    && sight.shows(&it.workflow)
            });
            found.extend(fitting.map(exception_view));
            place = page.next;
            if place.is_none() || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// One open exception as lists show it; none when it is not open.
    pub fn exception_view(&self, id: ExceptionId) -> Result<Option<ExceptionView>, ReadError> {
        Ok(self.store.exception(id)?.map(exception_view))
    }

    /// One open exception; none when it is not open.
    pub fn exception_detail(&self, id: ExceptionId) -> Result<Option<ExceptionDetail>, String> {
        let exception = self.store.exception(id);
        let Some(exception) = exception.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let loaded = self.load(&exception.run)?;
        let run = recovered(&loaded)?;
        let cluster = self.store.cluster(&exception.fingerprint);
        let cluster = cluster.map_err(|error| error.to_string())?;
        let others = cluster.map_or(0, |it| it.count.saturating_sub(1));
        let root = self.root_of(&run)?;
        let given = match &run.created.origin {
            Origin::Item { item, .. } => self.shown(item),
            _ => self.shown(&root.created.inputs),
        };
        let item = run
            .item_of()
            .map(|_| value::merged(given.clone(), &run.edits().item));
        let mut inputs = value::merged(self.shown(&root.created.inputs), &root.edits().inputs);
        inputs = value::merged(inputs, &run.edits().inputs);
        // A firing whose inputs could not be rendered has none, but a person can give them.
        if let Some(inputs) = inputs.as_object_mut() {
            for name in root.version.plan.inputs.keys() {
                inputs
                    .entry(name.clone())
                    .or_insert(serde_json::Value::Null);
            }
        }
        let record = run.record(&exception.step);
        let with = record.and_then(|record| record.with.clone());
        let show = exception.show.as_ref().map(|show| self.shown(show));
        let exception = exception_view(exception);
        let (step, bot) = (&exception.step.clone(), exception.bot.clone());
        let read = run.version.plan.read_of(step).into_iter();
        Ok(Some(ExceptionDetail {
            steps: self.step_views(&run),
            with: with.map(|with| self.shown(&with)),
            read: read.map(str::to_owned).collect(),
            show,
            back: back(&run, &exception.step),
            item,
            inputs,
            given,
            newer: None,
            changed: None,
            tries: tries(&loaded.facts, step),
            history: history(&loaded.facts, step),
            others,
            parameters: bot
                .and_then(|bot| self.instance.bot(&bot))
                .map(|bot| bot.schema().parameters),
            approval: approval(&run, step),
            blocked: record.is_some_and(|record| record.is_blocked()),
            exception,
        }))
    }

    /// The hash of this version of its workflow, when it is another than that which a run
    /// follows and the run can go on by it.
    pub fn newer(&self, run: &RunId, version: &Arc<Version>) -> Result<Option<Hash>, String> {
        let (run, hash) = (self.recover(run)?, version.hash());
        Ok(Some(hash).filter(|hash| *hash != run.version_hash && run.fits(version).is_ok()))
    }

    /// Whether the run of one of these follows another version than new runs do.
    pub fn outdated(&self, exceptions: &[ExceptionView], versions: &[Arc<Version>]) -> bool {
        let mut hashes = BTreeMap::new();
        exceptions.iter().any(|it| {
            let of = |name: &str| versions.iter().find(|version| version.plan.name == name);
            let current = hashes.entry(&it.workflow);
            let current = current.or_insert_with(|| of(&it.workflow).map(|it| it.hash()));
            let run = self.store.summary(&it.run).ok().flatten();
            let run = run.map(|run| run.version);
            current
                .as_ref()
                .zip(run)
                .is_some_and(|(now, then)| *now != then)
        })
    }

    /// The run whose inputs this one sees: the one around its items.
    fn root_of(&self, run: &Run) -> Result<Run, String> {
        let mut at = run.clone();
        while let Some((parent, _, _)) = at.item_of() {
            at = self.recover(&parent.clone())?;
        }
        Ok(at)
    }
}

/// The steps before the parked one to which the run can go back.
fn back(run: &Run, parked: &StepId) -> Vec<StepId> {
    let before = flat(run.body()).into_iter().map(|placed| &placed.step.id);
    let before = before.take_while(|id| *id != parked);
    let fits = |id: &&StepId| {
        run.from(id, parked)
            .is_some_and(|undone| undone.contains(parked))
    };
    before.filter(fits).cloned().collect()
}

pub(super) fn exception_view(exception: Exception) -> ExceptionView {
    let Fault {
        code,
        message,
        hint,
        artifacts,
        ..
    } = exception.fault;
    ExceptionView {
        id: exception.id,
        workflow: exception.workflow,
        run: exception.run,
        step: exception.step,
        bot: exception.bot,
        key: exception.key,
        category: exception.category,
        code,
        message,
        hint,
        attempts: exception.attempts,
        opened: exception.opened,
        due: exception.due,
        snoozed: exception.snoozed,
        assigned: exception.assigned,
        assignee: exception.assignee,
        approved: exception.approved,
        about: exception.about,
        fingerprint: exception.fingerprint,
        artifacts,
    }
}
