//! What the driver reads from the disk: for a new process, and with each key.

use std::collections::BTreeSet;

use botswain_core::{
    RunId, StepId,
    engine::{
        Event,
        event::{Call, Loaded, Subject, claim_key},
    },
    index::{ClaimKey, State, Summary, Tally},
    run::fact::What,
};
use jiff::Timestamp;

use crate::{mutations::Mutation, outside::Outside};

/// Runs that go on: begun ones before those that wait for their turn, each after the runs around it,
/// whatever those wait for.
pub(crate) fn open(outside: &Outside) -> Vec<RunId> {
    let summaries = outside.store.disk.summaries.values();
    let open = summaries.filter(|it| !it.state.has_ended() && it.state != State::Parked);
    let (queued, begun): (Vec<&Summary>, Vec<&Summary>) =
        open.partition(|it| it.state == State::Queued);
    let around =
        |run: &RunId| std::iter::successors(Some(run.clone()), |run| Some(run.parent()?.0));
    let begun: BTreeSet<RunId> = begun.iter().flat_map(|it| around(&it.id)).collect();
    let queued = queued.into_iter().map(|it| it.id.clone());
    begun.into_iter().chain(queued).collect()
}

/// Runs that wait for people, and have something to do by themselves at a time.
pub(crate) fn asleep(outside: &Outside) -> Vec<(RunId, Timestamp)> {
    let summaries = outside.store.disk.summaries.values();
    let parked = summaries.filter(|it| it.state == State::Parked);
    parked
        .filter_map(|it| Some((it.id.clone(), it.until?)))
        .collect()
}

pub(crate) fn load(run: &RunId, outside: &Outside) -> Loaded {
    let disk = &outside.store.disk;
    let of_run = |((parent, step), tally): (&(RunId, StepId), &Tally)| {
        (parent == run).then(|| (step.clone(), tally.clone()))
    };
    let facts = disk.facts[run].clone();
    Loaded {
        run: run.clone(),
        version: outside.version_of(run),
        newer: outside.newer(&facts),
        facts,
        tallies: disk.tallies.iter().filter_map(of_run).collect(),
    }
}

pub(crate) fn newest_attempt(run: &RunId, step: &StepId, outside: &Outside) -> Option<u32> {
    let started = |what: &What| match what {
        What::Started { step: of, attempt } if of == step => Some(*attempt),
        _ => None,
    };
    let facts = outside.store.disk.facts.get(run)?;
    facts.iter().rev().find_map(|fact| started(&fact.what))
}

/// The keys under which an attempt acts: its step's, its run's, and those of the runs around it.
pub(crate) fn keys(call: &Call, outside: &Outside) -> Vec<(ClaimKey, RunId)> {
    let mut keys = Vec::new();
    let mut around = Some(outside.recover(&call.run));
    if let Some(key) = around
        .as_ref()
        .and_then(|run| run.record(&call.step)?.key.clone())
    {
        let workflow = &call.version.plan.name;
        keys.push((
            claim_key(workflow, Some(&call.step), &key.text),
            call.run.clone(),
        ));
    }
    while let Some(run) = around {
        let (workflow, frame) = (
            &run.version.plan.name,
            run.item_of().map(|(_, step, _)| step),
        );
        keys.extend(
            run.claim()
                .map(|key| (claim_key(workflow, frame, &key.text), run.id.clone())),
        );
        around = run.parent().map(|(parent, _, _)| outside.recover(parent));
    }
    keys
}

/// Fills in who holds the key that an event carries, at the moment when it is handed over.
pub(crate) fn look_up(event: &mut Event, outside: &Outside) {
    let found = claimed(event, outside).and_then(|claim| outside.store.disk.holder(&claim));
    let found = found.filter(|_| !outside.is(Mutation::ForgetKeys));
    event.held_by(found);
}

fn claimed(event: &Event, outside: &Outside) -> Option<ClaimKey> {
    if let Some(claim) = event.run_claim() {
        return Some(claim);
    }
    let (run, subject, key) = event.key()?;
    let summary = outside.store.disk.summaries.get(run)?;
    let step = match subject {
        Subject::Step(step) | Subject::Item { step, .. } => Some(step),
        _ => summary.parent.as_ref().map(|(_, step, _)| step),
    };
    Some(claim_key(&summary.workflow, step, &key.text))
}
