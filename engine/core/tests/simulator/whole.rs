//! What has to hold of the whole at rest and at the end.

use std::collections::{BTreeMap, BTreeSet};

use botswain_core::{
    Effect, RunId, StepId,
    engine::{Command, Engine, Event, event::claim_key},
    index::{State, Summary, Tally},
    run::{
        Run, Status,
        fact::{Origin, Outcome, Resolution, What},
    },
};

use crate::{
    invariants::{nothing_is_lost, opens},
    outside::Outside,
    reads,
};

/// The facts and everything that was computed from them agree.
pub(crate) fn agrees(outside: &Outside) {
    nothing_is_lost(outside);
    let disk = &outside.store.disk;
    let runs: BTreeMap<&RunId, Run> = disk
        .facts
        .keys()
        .map(|id| (id, outside.recover(id)))
        .collect();
    let mut tallies: BTreeMap<(RunId, StepId), Tally> = BTreeMap::new();
    let mut open = BTreeMap::new();
    for (id, run) in &runs {
        assert_eq!(
            run.summary(),
            disk.summaries[*id],
            "the index of {id} is that of its facts"
        );
        open.extend(run.exceptions().map(|it| (it.id, it)));
        if let Some((parent, step, _)) = run.parent() {
            tallies
                .entry((parent.clone(), step.clone()))
                .or_default()
                .shift(None, run.state());
        }
        effects_took_place(run, outside);
    }
    assert_eq!(
        open, disk.exceptions,
        "every exception that is open can be found, and no other"
    );
    assert_eq!(tallies, disk.tallies, "items are counted as they are");
    claims_are_held(&runs, outside);
    each_thing_once(outside);
}

/// A `once` step that succeeded is in the world's ledger, unless a person said that it happened.
fn effects_took_place(run: &Run, outside: &Outside) {
    let facts = &outside.store.disk.facts[&run.id];
    for (id, status) in run.statuses() {
        let Some(record) = run.record(id) else {
            continue;
        };
        let said = facts.iter().any(|fact| matches!(&fact.what, What::Resolved { step, resolution: Resolution::Happened { .. }, .. } if step == id));
        if *status == Status::Succeeded && record.effect == Effect::Once && !said {
            assert!(
                outside.office.has_acted(run, id),
                "`{id}` of {} succeeded without having acted",
                run.id
            );
        }
    }
}

/// A run that succeeded under a key holds it, and what the index says to be held is.
fn claims_are_held(runs: &BTreeMap<&RunId, Run>, outside: &Outside) {
    let claims = &outside.store.disk.claims;
    for run in runs.values() {
        let succeeded = run
            .end()
            .is_some_and(|end| end.outcome == Outcome::Succeeded);
        if let Some(key) = run.claim().filter(|_| succeeded) {
            let frame = run.item_of().map(|(_, step, _)| step);
            let claim = claim_key(&run.version.plan.name, frame, &key.text);
            assert_eq!(
                claims.get(&claim).map(|it| &it.run),
                Some(&run.id),
                "{claim:?} is lost"
            );
        }
    }
    for (claim, by) in claims {
        let run = &runs[&by.run];
        let own = run.claim().is_some_and(|key| key.text == claim.text);
        let of_step = claim
            .step
            .as_ref()
            .and_then(|step| run.record(step)?.key.as_ref());
        let of_step = of_step.is_some_and(|key| key.text == claim.text);
        assert!(
            own || of_step,
            "{claim:?} is held by {by:?}, which does not know of it"
        );
    }
}

/// No exception is decided twice, and no time of a schedule starts two runs.
fn each_thing_once(outside: &Outside) {
    let (mut decided, mut opened, mut fired) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for fact in outside.store.disk.facts.values().flatten() {
        if let What::Resolved {
            exception,
            resolution,
            ..
        } = &fact.what
            && !resolution.leaves_open()
        {
            assert!(
                decided.insert(*exception),
                "exception {exception} is decided twice"
            );
        }
        if let Some(exception) = opens(&fact.what) {
            assert!(
                opened.insert(exception),
                "exception {exception} is opened twice"
            );
        }
        if let What::Created(created) = &fact.what
            && matches!(created.origin, Origin::Trigger { .. })
            && created.key.is_none()
        {
            let firing = (created.workflow.clone(), created.scheduled_for);
            assert!(
                fired.insert(firing),
                "`{}` starts twice for {}",
                created.workflow,
                created.scheduled_for
            );
        }
    }
}

/// Every run has ended, or people are all that it or its items wait for; whatever happened
/// has become a run.
pub(crate) fn everything_rests(outside: &Outside) {
    outside.assert_heard();
    let disk = &outside.store.disk;
    for summary in disk.summaries.values() {
        assert!(
            waits_for_people(summary, outside),
            "{} hangs: {summary:?}",
            summary.id
        );
    }
}

fn waits_for_people(summary: &Summary, outside: &Outside) -> bool {
    let disk = &outside.store.disk;
    let items = disk.summaries.values().filter(|item| {
        item.parent
            .as_ref()
            .is_some_and(|(run, _, _)| *run == summary.id)
    });
    let open: Vec<&Summary> = items.filter(|item| !item.state.has_ended()).collect();
    let waits = || !open.is_empty() && open.iter().all(|item| waits_for_people(item, outside));
    summary.state.has_ended() || summary.state == State::Parked || waits()
}

pub(crate) fn everything_has_ended(outside: &Outside) {
    outside.assert_heard();
    let open = outside
        .store
        .disk
        .summaries
        .values()
        .find(|it| !it.state.has_ended());
    assert_eq!(open, None, "it comes to no end");
}

/// Another process on the same disk has nothing to do either: it knows what the one alive knew.
pub(crate) fn is_quiet_after_a_crash(outside: &Outside) {
    let disk = &outside.store.disk;
    let mut engine = Engine::new(disk.counters(), disk.fired.clone(), "UTC");
    let mut tell = |event| {
        for command in engine.handle(event, outside.clock.now()) {
            assert!(is_quiet(&command), "a restart at rest gives {command:?}");
        }
    };
    if let Some(quarantine) = outside.quarantine.clone() {
        tell(Event::Quarantine(Box::new(quarantine)));
    }
    tell(Event::Capacities(outside.capacities.clone()));
    tell(Event::Workflows(outside.files.current.clone()));
    for run in reads::open(outside) {
        tell(Event::Loaded(Box::new(reads::load(&run, outside))));
    }
    for (run, until) in reads::asleep(outside) {
        tell(Event::Asleep { run, until });
    }
    tell(Event::Pending(disk.pending.clone()));
    assert_eq!(
        engine.deadline(),
        None,
        "nothing is due after a restart at rest"
    );
}

/// What a new process may do of its own: ask which items are left of a run that is being brought
/// to its end, and stop a run's clock again once it knows that its items wait for people.
fn is_quiet(command: &Command) -> bool {
    let of_the_clock = |what: &What| matches!(what, What::Paused | What::Resumed);
    match command {
        Command::Rested { .. } | Command::Children { .. } => true,
        Command::Append { batch, .. } => batch.facts.iter().all(|fact| of_the_clock(&fact.2.what)),
        _ => false,
    }
}
