//! Facts and events in orders in which they never come: nothing panics, and what cannot be is
//! refused as `Illegal`.

use std::sync::Arc;

use botswain_core::{
    ExceptionId, Fault, Payload, RunId, StepId,
    engine::{
        Command, Engine, Event,
        event::{Cancel, Resolve},
    },
    plan::Version,
    run::{
        Run,
        fact::{Fact, Resolution, What},
    },
};
use jiff::{SignedDuration, Timestamp};

use crate::{dice::Dice, outside::Outside, reads, world::World};

/// Worlds from which facts and runs are taken.
const WORLDS: u64 = 150;

#[test]
fn facts_in_any_order_are_believed_or_refused() {
    let (mut believed, mut refused) = (0, 0);
    each_world(|outside, dice| {
        let pool: Vec<&Fact> = outside.store.disk.facts.values().flatten().collect();
        for (run, facts) in &outside.store.disk.facts {
            let first = Run::create(run.clone(), outside.version_of(run), &facts[0]);
            let mut run = first.unwrap();
            for _ in 0..40 {
                let own = &facts[dice.place(facts.len())];
                let fact = if dice.once_in(4) {
                    *dice.pick(&pool)
                } else {
                    own
                };
                let before = format!("{run:?}");
                let mut copy = run.clone();
                match copy.apply(fact) {
                    Ok(()) => {
                        assert_eq!(copy.facts, run.facts + 1);
                        believed += 1;
                        run = copy;
                    }
                    Err(illegal) => {
                        assert_eq!((&illegal.run, &*illegal.fact), (&run.id, &fact.what));
                        assert_eq!(format!("{run:?}"), before, "{illegal} was tried on a copy");
                        refused += 1;
                    }
                }
                drop((run.summary(), run.next(fact.at)));
            }
        }
    });
    assert!(
        believed > 1000 && refused > 1000,
        "{believed} believed, {refused} refused"
    );
}

#[test]
fn events_in_any_order_are_taken() {
    let mut commands = 0;
    each_world(|outside, dice| {
        let disk = &outside.store.disk;
        let mut engine = Engine::new(disk.counters(), disk.fired.clone(), "UTC");
        let mut now = outside.clock.now();
        let versions: Vec<Arc<Version>> = outside.files.current.clone();
        engine.handle(Event::Workflows(versions), now);
        for run in reads::open(outside) {
            let loaded = Box::new(reads::load(&run, outside));
            commands += engine.handle(Event::Loaded(loaded), now).len();
        }
        for _ in 0..200 {
            now += SignedDuration::from_secs(dice.below(100) as i64 - 20);
            let given = engine.handle(event(outside, dice, now), now);
            commands += given.len();
            let appended = given.into_iter().filter_map(|command| match command {
                Command::Append { ticket, .. } => Some(ticket),
                _ => None,
            });
            for ticket in appended.filter(|_| !dice.once_in(4)) {
                commands += engine.handle(Event::Appended { ticket }, now).len();
            }
        }
    });
    assert!(commands > 1000, "{commands} commands");
}

/// Worlds that were disturbed and left as they were then.
fn each_world(mut look: impl FnMut(&Outside, &Dice)) {
    for seed in 1..=WORLDS {
        let mut world = World::new(seed, None, false);
        world.disturb_all();
        if !world.outside.store.disk.facts.is_empty() {
            look(&world.outside, &Dice::new(seed));
        }
    }
}

/// Any event about a run, a step and an attempt that exist, or do not.
fn event(outside: &Outside, dice: &Dice, now: Timestamp) -> Event {
    let runs: Vec<&RunId> = outside.store.disk.facts.keys().collect();
    let known = (*dice.pick(&runs)).clone();
    let facts = &outside.store.disk.facts[&known];
    let steps: Vec<&StepId> = facts.iter().filter_map(|fact| step(&fact.what)).collect();
    let step = match steps.is_empty() || dice.once_in(8) {
        true => StepId::new("nowhere"),
        false => (*dice.pick(&steps)).clone(),
    };
    let run = if dice.once_in(8) {
        RunId::root(9999)
    } else {
        known.clone()
    };
    let (attempt, request) = (dice.below(4) as u32, dice.next());
    let result = match dice.below(3) {
        0 => Err(Box::new(Fault::system("sim.lost", "no answer").in_doubt())),
        1 => Err(Box::new(Fault::business("sim.refused", "no"))),
        _ => Ok(Payload::NULL),
    };
    let (by, note) = ("ann".to_owned(), None);
    match dice.below(12) {
        0 => Event::Tick,
        1 => Event::Appended {
            ticket: dice.below(40),
        },
        2 | 3 => Event::Outcome {
            run,
            step,
            attempt,
            result,
        },
        4 => Event::Verified { run, step, result },
        5 => Event::Gathered {
            run,
            step,
            output: result,
        },
        6 => Event::Acting { run, step, attempt },
        7 => Event::Children {
            children: vec![run.item(&step, 0)],
            run,
            step,
        },
        8 => Event::Asleep { run, until: now },
        9 => Event::Cancel(Box::new(Cancel {
            request,
            run,
            by,
            note,
        })),
        10 => {
            let exception = ExceptionId(dice.below(6));
            let resolution = Resolution::Retry;
            Event::Resolve(Box::new(Resolve {
                request,
                exception,
                run,
                step,
                resolution,
                by,
                note,
                remember: Vec::new(),
            }))
        }
        _ => Event::Returned {
            run,
            step,
            result: Err(Box::new(Fault::system("sim.lost", "no answer"))),
        },
    }
}

/// The step that a fact is about, of those whose events can come late.
fn step(what: &What) -> Option<&StepId> {
    match what {
        What::Started { step, .. } | What::Opened { step, .. } | What::Called { step, .. } => {
            Some(step)
        }
        _ => None,
    }
}
