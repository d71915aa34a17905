//! What has to hold of every command as it leaves.

use botswain_core::{
    Effect, RunId, StepId,
    engine::{
        Command,
        event::{Call, Reply, RequestId},
    },
    index::{Exception, Summary},
    run::fact::{Fact, Origin, What},
};

use crate::{handlers, outside::Outside};

/// These facts cannot be lost any more, and the run that had them in memory is the run that a
/// recovery gives.
pub(crate) fn is_durable(run: &RunId, facts: &[Fact], summary: &Summary, outside: &Outside) {
    let durable = outside.store.durable(run);
    let length = summary.facts as usize;
    assert!(
        length <= durable.len(),
        "facts of {run} are told before they are durable"
    );
    assert_eq!(&durable[length - facts.len()..length], facts);
    let recovered = outside.fold(run, &durable[..length]).summary();
    assert_eq!(
        recovered, *summary,
        "the facts of {run} give another run than the one alive"
    );
}

/// An attempt leaves only after its intent is durable, with the data that were written down.
pub(crate) fn was_started(call: &Call, outside: &Outside) {
    if call.verifies {
        return assert_eq!(call.effect, Effect::None, "a question changes nothing");
    }
    // What only reads may begin before its intent is durable.
    if call.effect == Effect::None {
        return;
    }
    let durable = outside.store.durable(&call.run);
    let of_step = |what: &What| match what {
        What::Started { step, .. } | What::Entered { step, .. } => *step == call.step,
        What::Interrupted { step, .. } | What::Failed { step, .. } => *step == call.step,
        What::Succeeded { step, .. } | What::Resolved { step, .. } => *step == call.step,
        What::Acting { step, .. } | What::Withdrawn { step, .. } => *step == call.step,
        _ => false,
    };
    let last = durable.iter().rev().find(|fact| of_step(&fact.what));
    let started = last.is_some_and(
        |fact| matches!(&fact.what, What::Started { attempt, .. } if *attempt == call.attempt),
    );
    assert!(
        started,
        "attempt {} of `{}` in {} leaves after {last:?}",
        call.attempt, call.step, call.run
    );
    let entered = durable.iter().rev().find_map(|fact| match &fact.what {
        What::Entered { step, with, .. } if *step == call.step => Some(with),
        _ => None,
    });
    assert_eq!(
        entered,
        Some(call.with.as_ref()),
        "it acts with what was written down"
    );
}

/// A bot that announces acts only after that is durable.
pub(crate) fn was_announced((run, step, attempt): (&RunId, &StepId, u32), outside: &Outside) {
    let announced = outside.store.durable(run).iter().any(|fact| {
        matches!(&fact.what, What::Acting { step: of, attempt: by } if of == step && *by == attempt)
    });
    assert!(
        announced,
        "attempt {attempt} of `{step}` in {run} may act before that is durable"
    );
}

/// Nothing begins on a disk that is nearly full, and nothing acts once while nobody has said what
/// a backup lacks.
pub(crate) fn may_begin(command: &Command, low: bool, outside: &Outside) {
    match command {
        Command::Append { batch, .. } => {
            for (run, _, fact) in &batch.facts {
                let what = &fact.what;
                // What only reads has begun before its start is written down.
                let begins = match what {
                    What::Created(_) => true,
                    What::Started { step, .. } => {
                        let own = batch.facts.iter().filter(|(of, _, _)| of == run);
                        let own = own.map(|(_, _, fact)| fact);
                        let facts = outside.store.durable(run).iter().chain(own);
                        !facts
                            .rev()
                            .find_map(|fact| only_reads(fact, step))
                            .unwrap_or(false)
                    }
                    _ => false,
                };
                assert!(!low || !begins, "the disk is nearly full, and {what:?}");
                assert!(
                    !outside.is_held() || !is_fired(what),
                    "{what:?} of a backup"
                );
            }
        }
        Command::Spawn(call) => {
            let is_written = outside.store.durable(&call.run).iter().any(|fact| {
                matches!(&fact.what, What::Started { step, attempt } if *step == call.step && *attempt == call.attempt)
            });
            let begins = !call.verifies && !is_written;
            assert!(!low || !begins, "the disk is nearly full, and {call:?}");
            let acts = call.effect == Effect::Once;
            assert!(!outside.is_held() || !acts, "{call:?} acts by a backup");
        }
        _ => (),
    }
}

/// Whether a step whose data are written down here may begin before that is durable.
fn only_reads(fact: &Fact, of: &StepId) -> Option<bool> {
    match &fact.what {
        What::Entered {
            step, effect, key, ..
        } if step == of => Some(*effect == Effect::None && key.is_none()),
        _ => None,
    }
}

/// Nobody is called to an exception that a crash could undo.
pub(crate) fn is_open(exception: &Exception, outside: &Outside) {
    let opened = outside
        .store
        .durable(&exception.run)
        .iter()
        .any(|fact| opens(&fact.what) == Some(exception.id.0));
    assert!(
        opened,
        "exception {} is told before it is durable",
        exception.id
    );
}

pub(crate) fn rests(run: &RunId, outside: &Outside) {
    assert!(
        !outside.store.durable(run).is_empty(),
        "run {run} rests before it exists"
    );
}

/// What was accepted is written down.
pub(crate) fn is_kept(request: RequestId, reply: &Reply, outside: &Outside) {
    assert!(
        kept(request, reply, outside),
        "request {request} was answered {reply:?}, and the facts say otherwise"
    );
}

/// Whether the facts say what somebody was told.
pub(crate) fn kept(request: RequestId, reply: &Reply, outside: &Outside) -> bool {
    let name = handlers::name(request);
    if outside.inbox.told.contains_key(&request) {
        return match reply {
            Reply::Started { run } => outside
                .store
                .durable(run)
                .first()
                .is_some_and(|fact| is_fired(&fact.what)),
            // It is told again until there is a run.
            Reply::Refused { .. } => true,
            Reply::Resolved => false,
        };
    }
    match reply {
        Reply::Started { run } => outside
            .store
            .durable(run)
            .first()
            .is_some_and(|fact| is_by(&fact.what, &name)),
        Reply::Resolved => {
            let facts = outside.store.durable(&outside.decided[&request]);
            facts.iter().any(|fact| is_by(&fact.what, &name))
        }
        Reply::Refused { .. } => {
            let run = outside.decided.get(&request);
            let facts = run.map_or(&[][..], |run| outside.store.durable(run));
            !facts.iter().any(|fact| is_by(&fact.what, &name))
        }
    }
}

pub(crate) fn nothing_is_lost(outside: &Outside) {
    for (request, reply) in &outside.accepted {
        is_kept(*request, reply, outside);
    }
}

fn is_fired(what: &What) -> bool {
    matches!(what, What::Created(it) if matches!(it.origin, Origin::Trigger { .. }))
}

fn is_by(what: &What, name: &str) -> bool {
    match what {
        What::Created(created) => matches!(&created.origin, Origin::Person { by } if by == name),
        What::Resolved { by, .. } | What::Cancelled { by, .. } => by == name,
        _ => false,
    }
}

pub(crate) fn opens(what: &What) -> Option<u64> {
    match what {
        What::Failed { then, .. } | What::Interrupted { then, .. } => {
            then.exception().map(|it| it.0)
        }
        What::Verified { then, .. } => then.as_ref()?.exception().map(|it| it.0),
        What::Asked { exception, .. }
        | What::Overdue { exception, .. }
        | What::Blocked { exception, .. } => Some(exception.0),
        _ => None,
    }
}
