//! Nothing lost, nothing twice, nothing in doubt without a reason.
//!
//! In goes a [`Past`], out come complaints in words; none is the proof. It reads
//! facts as they stand and trusts no code of the engine: a rule that the engine
//! forgot is missed here.

use std::collections::{BTreeMap, BTreeSet};

use botswain_core::{
    Payload, RunId, StepId,
    index::State,
    run::fact::{Fact, Resolution, Verdict, What},
};

use crate::past::{Past, Record};

/// How much of everything there was, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) runs: usize,
    pub(crate) items: usize,
    pub(crate) facts: usize,
    pub(crate) counted: usize,
    /// Attempts that a kill cut short, of any effect.
    pub(crate) interrupted: usize,
    /// Those of them that left an order in doubt.
    pub(crate) doubts_by_kill: usize,
    /// Orders in doubt because the supplier gave no clear answer.
    pub(crate) doubts_by_supplier: usize,
    pub(crate) decisions: usize,
}

pub(crate) fn complaints(past: &Past) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(not_ended(past));
    all.extend(not_there(past));
    all.extend(not_made(past));
    all.extend(not_counted_once(past));
    all.extend(nobody_asked(past));
    all.extend(changed_keys(past));
    all.extend(missed_firings(past));
    all.extend(repeated(past));
    all.extend(doubted(past));
    all
}

pub(crate) fn tally(past: &Past) -> Tally {
    let facts = || past.runs.iter().flat_map(|run| &run.facts);
    let count = |fits: &dyn Fn(&What) -> bool| facts().filter(|fact| fits(&fact.what)).count();
    let doubt = |then: &Verdict| matches!(then, Verdict::Doubt { .. });
    Tally {
        runs: past
            .runs
            .iter()
            .filter(|run| run.id.parent().is_none())
            .count(),
        items: past
            .runs
            .iter()
            .filter(|run| run.id.parent().is_some())
            .count(),
        facts: facts().count(),
        counted: past
            .ledger
            .0
            .iter()
            .filter(|it| it.number.is_some())
            .count(),
        interrupted: count(&|what| matches!(what, What::Interrupted { .. })),
        doubts_by_kill: count(
            &|what| matches!(what, What::Interrupted { then, .. } if doubt(then)),
        ),
        doubts_by_supplier: count(&|what| matches!(what, What::Failed { then, .. } if doubt(then))),
        decisions: count(&|what| matches!(what, What::Resolved { .. })),
    }
}

/// Every run and every item came to its end, and a good one.
fn not_ended(past: &Past) -> Vec<String> {
    let succeeded: BTreeSet<&RunId> = past
        .runs
        .iter()
        .filter(|run| run.state == State::Succeeded)
        .map(|run| &run.id)
        .collect();
    let is_fine = |run: &Record| match run.state {
        State::Succeeded => true,
        State::Skipped => run.duplicate_of().is_some_and(|of| succeeded.contains(of)),
        _ => false,
    };
    let odd = past.runs.iter().filter(|run| !is_fine(run));
    odd.map(|run| format!("run {} is lost: it is {:?}", run.id, run.state))
        .collect()
}

/// Every run that was acknowledged is there, and its list was done.
fn not_there(past: &Past) -> Vec<String> {
    let runs: BTreeMap<&RunId, &Record> = past.runs.iter().map(|run| (&run.id, run)).collect();
    let mut lost = Vec::new();
    for told in &past.acknowledged {
        match runs.get(&told.run) {
            None => lost.push(format!("run {} of `{}` is lost", told.run, told.key)),
            Some(run) if run.key.as_ref() != Some(&told.key) => {
                lost.push(format!("run {} is not that of `{}`", told.run, told.key));
            }
            Some(_) => (),
        }
        let missing = |reference: &&String| past.ledger.numbers(reference).is_empty();
        let missing = told.references.iter().filter(missing);
        lost.extend(missing.map(|it| format!("order {it} of `{}` is lost", told.key)));
    }
    lost
}

/// A list has the items that it was opened with, not one more or less.
fn not_made(past: &Past) -> Vec<String> {
    let mut made: BTreeMap<(RunId, StepId), u64> = BTreeMap::new();
    for parent in past.runs.iter().filter_map(|run| run.id.parent()) {
        *made.entry(parent).or_default() += 1;
    }
    let lists = past.runs.iter().flat_map(|run| {
        let lists = run.items();
        lists.map(move |(step, count)| (&run.id, step, count))
    });
    let short = lists.filter_map(|(run, step, count)| {
        let made = made.get(&(run.clone(), step.clone())).copied();
        let made = made.unwrap_or(0);
        (made != count).then(|| format!("`{step}` of run {run} has {made} of {count} items"))
    });
    short.collect()
}

/// Whatever a run or an item did was counted by the supplier, and counted once.
fn not_counted_once(past: &Past) -> Vec<String> {
    let mut odd = Vec::new();
    for run in past.runs.iter().filter(|run| run.state == State::Succeeded) {
        let numbers = |reference: &str| past.ledger.numbers(reference);
        let Some((step, reference)) = run.order() else {
            continue;
        };
        match (&numbers(reference)[..], known_number(run, step)) {
            ([], _) => odd.push(format!("order {reference} is lost: it was never counted")),
            ([counted], Some(known)) if *counted == known => (),
            ([counted], known) => odd.push(format!(
                "order {reference} is number {counted}, the run {} has {known:?}",
                run.id
            )),
            (twice, _) => odd.push(format!("order {reference} was counted as {twice:?}")),
        }
    }
    odd
}

/// The number of the order, as the run has it.
fn known_number(run: &Record, placing: &StepId) -> Option<u64> {
    run.facts.iter().find_map(|fact| {
        let output = match &fact.what {
            What::Succeeded { step, output, .. } if step == placing => output,
            What::Resolved {
                step,
                resolution: Resolution::Happened { output },
                ..
            } if step == placing => output,
            _ => return None,
        };
        match output {
            Payload::Inline(value) => value["body"]["number"].as_u64(),
            Payload::Stored(_) => None,
        }
    })
}

/// The supplier got no order that nobody wanted.
fn nobody_asked(past: &Past) -> Vec<String> {
    let wanted: BTreeSet<&str> = past
        .runs
        .iter()
        .filter_map(|run| Some(run.order()?.1))
        .collect();
    let odd = past.ledger.0.iter();
    let odd = odd.filter(|entry| !wanted.contains(entry.reference.as_str()));
    odd.map(|entry| format!("nobody asked for order {}", entry.reference))
        .collect()
}

/// Every attempt at an order carries the same key, and no other order does.
fn changed_keys(past: &Past) -> Vec<String> {
    let pairs: BTreeSet<(&str, &str)> = past
        .ledger
        .0
        .iter()
        .map(|entry| (entry.reference.as_str(), entry.idempotency_key.as_str()))
        .collect();
    let (mut keys, mut orders) = (BTreeSet::new(), BTreeSet::new());
    let odd = pairs.iter().filter(|(order, key)| {
        let (new_order, new_key) = (orders.insert(*order), keys.insert(*key));
        !new_order || !new_key
    });
    odd.map(|(order, key)| format!("order {order} came with the key {key}, which is not its own"))
        .collect()
}

/// Each second became exactly one run of each workflow that fires each second.
fn missed_firings(past: &Past) -> Vec<String> {
    let mut fired: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for run in &past.runs {
        if let Some(at) = run.fired_for() {
            fired.entry(&run.workflow).or_default().push(at.as_second());
        }
    }
    let mut odd = Vec::new();
    for (workflow, mut seconds) in fired {
        seconds.sort_unstable();
        let gaps = seconds.windows(2).filter(|pair| pair[1] != pair[0] + 1);
        odd.extend(
            gaps.map(|pair| format!("`{workflow}` fired at {} and then at {}", pair[0], pair[1])),
        );
    }
    odd
}

/// What was in doubt was begun again only after somebody said that it had not happened.
fn repeated(past: &Past) -> Vec<String> {
    let mut odd = Vec::new();
    for run in &past.runs {
        let Some((placing, reference)) = run.order() else {
            continue;
        };
        let mut may_begin = true;
        for fact in of_step(run, placing) {
            match &fact.what {
                What::Started { attempt, .. } if !may_begin => odd.push(format!(
                    "order {reference} was in doubt and attempt {attempt} began all the same"
                )),
                What::Started { .. } => may_begin = false,
                // Whatever the engine made of it: an attempt that was cut short is in doubt.
                What::Interrupted { .. } => may_begin = false,
                What::Failed { then, .. } => may_begin = !matches!(then, Verdict::Doubt { .. }),
                What::Resolved { resolution, .. } => {
                    may_begin = matches!(resolution, Resolution::Retry);
                }
                _ => (),
            }
        }
    }
    odd
}

/// An order is in doubt for a kill while it was under way, or for what the supplier did to it.
fn doubted(past: &Past) -> Vec<String> {
    let mut odd = Vec::new();
    let mut by_life: BTreeMap<usize, u64> = BTreeMap::new();
    for run in &past.runs {
        let Some((placing, reference)) = run.order() else {
            continue;
        };
        let (mut begun, mut unclear) = (None, 0);
        for fact in of_step(run, placing) {
            match &fact.what {
                What::Started { .. } => begun = Some(fact.at),
                What::Interrupted { .. } => {
                    // The life in which the attempt began must have ended by a kill before this.
                    let life = begun.map(|begun| past.deaths.partition_point(|it| *it < begun));
                    let death = life.and_then(|life| past.deaths.get(life));
                    match (life, death) {
                        (Some(life), Some(death)) if *death <= fact.at => {
                            *by_life.entry(life).or_default() += 1;
                        }
                        _ => odd.push(format!("order {reference} was cut short by no kill")),
                    }
                }
                What::Failed {
                    then: Verdict::Doubt { .. },
                    ..
                } => unclear += 1,
                _ => (),
            }
        }
        let answers = past.ledger.about(reference);
        let answers = answers
            .filter(|entry| entry.answer.leaves_in_doubt())
            .count();
        if unclear > answers {
            odd.push(format!(
                "order {reference} was in doubt {unclear} times, for {answers} unclear answers"
            ));
        }
    }
    let many = by_life.iter().filter(|(_, count)| **count > past.sessions);
    odd.extend(many.map(|(life, count)| format!("kill {life} left {count} orders in doubt")));
    odd
}

/// The facts about one step, in order.
fn of_step<'a>(run: &'a Record, wanted: &'a StepId) -> impl Iterator<Item = &'a Fact> {
    run.facts.iter().filter(move |fact| match &fact.what {
        What::Started { step, .. }
        | What::Succeeded { step, .. }
        | What::Failed { step, .. }
        | What::Interrupted { step, .. }
        | What::Resolved { step, .. } => step == wanted,
        _ => false,
    })
}
