//! What connections and limits bear: never more at once or within a minute, runs in turn, and
//! nothing behind a breaker that is open.

use std::{cell::RefCell, rc::Rc};

use botswain_core::{
    Fault, RunId,
    engine::{
        Event,
        capacity::{BreakerView, Capacity, Resource, Rule},
        event::Call,
    },
    index::State,
    plan::{InputKind, Kind, Overlap, Step, Version},
    run::fact::{Fact, Verdict, What},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    dice::{Dice, seeds},
    plans::{With, bot, each, limited, on, workflow},
    world::{Reaction, World},
};

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

fn office() -> Resource {
    Resource::Connection("office".to_owned())
}

fn forms() -> Resource {
    Resource::Limit("forms".to_owned())
}

fn lines(count: u64) -> Value {
    json!({ "lines": (0..count).map(|id| json!({ "id": id })).collect::<Vec<_>>() })
}

/// A loop over these steps, with all of its items at once.
fn flow(steps: Vec<Step>) -> Version {
    let mut lines = each("lines", "{{inputs.lines}}", None, steps);
    if let Kind::ForEach(each) = &mut lines.kind {
        each.at_once = 100;
    }
    workflow("w", vec![lines])
        .input("lines", InputKind::List)
        .overlap(Overlap::Allow)
}

fn form() -> Step {
    on(bot("form", "world.put", json!({})), "office")
}

fn end(world: &mut World, call: &Call, result: Result<(), Fault>) {
    let result = result.map(|()| json!({}).into()).map_err(Box::new);
    world.tell(Event::Outcome {
        run: call.run.clone(),
        step: call.step.clone(),
        attempt: call.attempt,
        result,
    });
}

fn bearing(sessions: u32, per_minute: u32) -> Capacity {
    Capacity {
        sessions: Some(sessions),
        per_minute: Some(per_minute),
        breaker: None,
    }
}

/// When attempts of a step started, since that moment.
fn starts(world: &World, name: &str, since: Timestamp) -> Vec<Timestamp> {
    let is_start =
        |fact: &&Fact| matches!(&fact.what, What::Started { step, .. } if step.as_str() == name);
    let facts = world.disk.facts.values().flatten().filter(is_start);
    let mut times: Vec<_> = facts
        .map(|fact| fact.at)
        .filter(|at| *at >= since)
        .collect();
    times.sort();
    times
}

fn check_minutes(times: &[Timestamp], most: usize, seed: u64) {
    for minute in times.windows(most + 1) {
        let length = minute[most].duration_since(minute[0]);
        assert!(
            length >= MINUTE,
            "seed {seed}: {most} and one more within {length}"
        );
    }
}

/// Starts, ends, faults, time and kills in an order drawn from a seed.
fn stress(seed: u64) {
    let dice = Dice::new(seed);
    let most = [("form", 2, 7), ("note", 3, 11)];
    let note = limited(bot("note", "world.put", json!({})), "forms");
    let mut world = World::new(vec![flow(vec![form(), note])], |_, _| Reaction::Vanish);
    world.bears(office(), bearing(2, 7));
    world.bears(forms(), bearing(3, 11));
    let (mut under_way, mut seen): (Vec<Call>, usize) = (Vec::new(), 0);
    // What started in a minute is counted by each daemon for itself.
    let mut booted = world.now;
    let mut turns = 0;
    loop {
        turns += 1;
        let all_ended = world.disk.summaries.values().all(|it| it.state.has_ended());
        if turns > 1500 && all_ended && !world.step() {
            break;
        }
        assert!(turns < 40_000, "seed {seed} comes to no end");
        match dice.below(30) {
            0 if turns < 1500 && world.disk.facts.len() < 60 => {
                world.ask_start("w", lines(1 + dice.below(6)), None);
            }
            1 if turns < 1500 && dice.below(8) == 0 => {
                world.crash();
                under_way.clear();
                world.now += SignedDuration::from_secs(1);
                booted = world.now;
            }
            2 | 3 => world.elapse(SignedDuration::from_secs(dice.below(12) as i64)),
            4..=6 if !under_way.is_empty() => {
                let call = under_way.remove(dice.below(under_way.len() as u64) as usize);
                let fails = turns < 1500 && dice.below(4) == 0 && call.attempt < 3;
                let result = match fails {
                    true => Err(Fault::system("w.away", "nobody there")),
                    false => Ok(()),
                };
                end(&mut world, &call, result);
            }
            _ => drop(world.step()),
        }
        under_way.extend(world.calls[seen..].iter().cloned());
        seen = world.calls.len();
        for (step, sessions, per_minute) in most {
            let busy = under_way.iter().filter(|call| call.step.as_str() == step);
            let busy = busy.count();
            assert!(busy <= sessions, "seed {seed}: {busy} × {step} at once");
            check_minutes(&starts(&world, step, booted), per_minute, seed);
        }
        // Whose attempt was cut short too often waits for a person.
        let open: Vec<_> = world.disk.exceptions.values().cloned().collect();
        for exception in open {
            world.ask_resolve(&exception, botswain_core::run::fact::Resolution::Skip);
        }
    }
    world.check_index();
    let pools = [world.pool(&office()), world.pool(&forms())];
    for pool in pools {
        assert_eq!(
            (pool.used, pool.waiting.len()),
            (0, 0),
            "seed {seed}: {pool:?}"
        );
    }
}

#[test]
fn at_no_moment_and_in_no_minute_is_there_more_than_they_bear() {
    for seed in seeds(6) {
        stress(seed);
    }
}

#[test]
fn runs_take_turns_however_much_each_wants() {
    for seed in seeds(20) {
        let dice = Dice::new(seed);
        let mut world = World::new(vec![flow(vec![form()])], |_, _| Reaction::Vanish)
            .with_sessions("office", 1);
        let counts: Vec<u64> = (0..4).map(|_| 1 + dice.below(9)).collect();
        for count in &counts {
            world.start("w", lines(*count));
        }
        let all: u64 = counts.iter().sum();
        for at in 0..all as usize {
            let call = world.calls[at].clone();
            end(&mut world, &call, Ok(()));
            world.settle();
        }
        let order: Vec<u64> = world.calls.iter().map(|call| call.run.number()).collect();
        assert_eq!(order.len(), all as usize, "seed {seed}");
        // The first was served before the others came; from then on each has one turn a round.
        for run in 1..=4 {
            let turns = (1..order.len()).filter(|at| order[*at] == run);
            let turns: Vec<usize> = std::iter::once(0).chain(turns).collect();
            for between in turns.windows(2) {
                let others = &order[between[0] + 1..between[1]];
                let mut once = others.to_vec();
                once.sort_unstable();
                once.dedup();
                assert_eq!(once.len(), others.len(), "seed {seed}: {order:?}");
            }
        }
        // And within a run the items come in their order.
        let items = world.calls.iter().filter(|call| call.run.number() == 1);
        let items: Vec<RunId> = items.map(|call| call.run.clone()).collect();
        let expected = (0..counts[0]).map(|at| RunId::root(1).item(&"lines".into(), at));
        assert_eq!(items, expected.collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn who_is_parked_or_waits_for_a_retry_holds_nothing() {
    let mut world = World::new(vec![flow(vec![form()])], |call, _| {
        match call.run.as_str() {
            "1.lines.0" => Reaction::Fail(Fault::business("w.refused", "not like this")),
            "1.lines.1" if call.attempt == 1 => Reaction::Fail(Fault::system("w.away", "nobody")),
            _ => Reaction::Vanish,
        }
    })
    .with_sessions("office", 1);
    world.start("w", lines(3));
    let last = world.calls.last().unwrap();
    assert_eq!(last.run.as_str(), "1.lines.2", "both have made room");
    assert_eq!(world.pool(&office()).used, 1);
    world.pass(SignedDuration::from_secs(5));
    let waiting = world.pool(&office()).waiting;
    assert_eq!(waiting.len(), 1, "the second waits for its retry's turn");
}

#[test]
fn the_next_of_a_minute_starts_by_itself() {
    let mut world = World::new(vec![flow(vec![form()])], |_, _| {
        Reaction::Succeed(json!({}))
    });
    world.bears(office(), bearing(8, 2));
    let begun = world.now;
    let run = world.start("w", lines(5));
    let pool = world.pool(&office());
    assert_eq!((pool.started, pool.waiting.len(), pool.used), (2, 3, 0));
    assert_eq!(pool.until, Some(begun + MINUTE));
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    let seconds = starts(&world, "form", begun);
    let seconds = seconds.iter().map(|at| at.duration_since(begun).as_secs());
    assert_eq!(seconds.collect::<Vec<_>>(), [0, 0, 60, 60, 120]);
}

#[test]
fn a_changed_file_lets_go_on_who_waits() {
    let mut world =
        World::new(vec![flow(vec![form()])], |_, _| Reaction::Vanish).with_sessions("office", 1);
    world.start("w", lines(4));
    assert_eq!(world.calls.len(), 1);
    world.bears(office(), bearing(3, 9));
    world.settle();
    assert_eq!(world.calls.len(), 3);
    world.bears(office(), bearing(1, 9));
    for at in 0..2 {
        let call = world.calls[at].clone();
        end(&mut world, &call, Ok(()));
        world.settle();
        assert_eq!(world.calls.len(), 3, "there are more than it bears now");
    }
    let call = world.calls[2].clone();
    end(&mut world, &call, Ok(()));
    world.settle();
    assert_eq!(world.calls.len(), 4);
}

const RULE: Rule = Rule {
    after: 3,
    probe: 30_000,
    has_test: true,
};

fn guarded(sessions: u32, rule: Rule) -> Capacity {
    Capacity {
        sessions: Some(sessions),
        per_minute: None,
        breaker: Some(rule),
    }
}

fn refused() -> Fault {
    Fault::system("http.refused", "nobody there")
}

/// An office that is open or not, and its tests that say which.
fn closable(steps: Vec<Step>, rule: Rule) -> (World, Rc<RefCell<bool>>) {
    let open = Rc::new(RefCell::new(false));
    let (bots, tests) = (open.clone(), open.clone());
    let mut world = World::new(vec![flow(steps)], move |_, _| match *bots.borrow() {
        true => Reaction::Succeed(json!({})),
        false => Reaction::Fail(refused()),
    });
    world.bears(office(), guarded(2, rule));
    world.tests = Some(Box::new(move |_| match *tests.borrow() {
        true => Ok(()),
        false => Err(refused()),
    }));
    (world, open)
}

fn tests_after(world: &World, begun: Timestamp) -> Vec<i64> {
    let times = world.probes.iter();
    times
        .map(|(_, at)| at.duration_since(begun).as_secs())
        .collect()
}

/// Time passes to what is due, as long as it is due within so many seconds.
fn pass_to_due(world: &mut World, seconds: i64) {
    let until = world.now + SignedDuration::from_secs(seconds);
    world.settle();
    while world.tick_before(until) {
        world.settle();
    }
}

#[test]
fn an_outage_uses_up_no_attempts_and_parks_nothing() {
    let (mut world, open) = closable(vec![form()], RULE);
    let begun = world.now;
    let run = world.start("w", lines(10));
    pass_to_due(&mut world, 3600);
    // Three opened it, and one was under way.
    assert_eq!(world.calls.len(), 4, "nobody else is sent against it");
    assert_eq!(
        world.turned,
        [("office".to_owned(), Some("http.refused".to_owned()))]
    );
    let gaps: Vec<i64> = tests_after(&world, begun)
        .windows(2)
        .map(|it| it[1] - it[0])
        .collect();
    assert_eq!(
        gaps[..6],
        [60, 120, 240, 480, 600, 600],
        "tests become rare"
    );
    let pool = world.pool(&office());
    assert_eq!((pool.waiting.len(), pool.used), (10, 0));
    let Some(BreakerView::Open {
        faults: 3,
        fault,
        next_probe: Some(_),
        ..
    }) = pool.breaker
    else {
        panic!("{pool:?}")
    };
    assert_eq!(fault.code, "http.refused");

    *open.borrow_mut() = true;
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(world.turned.last(), Some(&("office".to_owned(), None)));
    assert!(world.opened.is_empty(), "{:?}", world.opened);
    assert_eq!(world.calls.len(), 14, "ten, and those that found nobody");
    world.check_index();
}

#[test]
fn one_by_one_an_outage_parks_nothing_either() {
    // With the usual three attempts of a step the third fault opens the breaker.
    let (mut world, open) = closable(vec![form()], RULE);
    world.bears(office(), guarded(1, RULE));
    let run = world.start("w", lines(1));
    pass_to_due(&mut world, 600);
    let failed = world
        .disk
        .facts
        .values()
        .flatten()
        .filter_map(|fact| match &fact.what {
            What::Failed { then, .. } => Some(then),
            _ => None,
        });
    let failed: Vec<&Verdict> = failed.collect();
    let expected = |it: &[&Verdict]| {
        matches!(
            it,
            [
                Verdict::Retry { .. },
                Verdict::Retry { .. },
                Verdict::Wait { .. }
            ]
        )
    };
    assert!(expected(&failed), "{failed:?}");
    *open.borrow_mut() = true;
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
}

#[test]
fn a_test_that_knows_less_than_the_attempts_ends_with_a_person() {
    let (mut world, _) = closable(vec![form()], RULE);
    world.tests = Some(Box::new(|_| Ok(())));
    let run = world.start("w", lines(2));
    world.run_out();
    assert_eq!(world.disk.exceptions.len(), 2);
    assert_eq!(world.state(&run), State::Running, "its items are parked");
    let attempts: u32 = world.disk.exceptions.values().map(|it| it.attempts).sum();
    // Three each, and the one that was forgiven.
    assert_eq!(attempts, 7);
}

#[test]
fn what_was_under_way_when_it_opened_waits_too() {
    let mut world = World::new(vec![flow(vec![form()])], |_, _| Reaction::Vanish);
    world.bears(office(), guarded(5, RULE));
    world.start("w", lines(5));
    let calls = world.calls.clone();
    for call in &calls {
        end(&mut world, call, Err(refused()));
        world.settle();
    }
    let waits = |call: &Call| {
        let fact = world.disk.facts[&call.run].last().unwrap();
        matches!(&fact.what, What::Failed { then: Verdict::Wait { connection }, .. } if connection == "office")
    };
    assert_eq!(
        calls.iter().map(waits).collect::<Vec<_>>(),
        [false, false, true, true, true]
    );
}

#[test]
fn only_equal_faults_of_the_outside_in_a_row_open_it() {
    let fault = |code: &str| Err(Fault::system(code, "no"));
    let rows = [
        (
            vec![fault("a.b"), fault("a.c"), fault("a.b"), fault("a.b")],
            false,
        ),
        (
            vec![fault("a.b"), fault("a.b"), Ok(()), fault("a.b")],
            false,
        ),
        (
            vec![
                fault("a.b"),
                fault("a.b"),
                Err(Fault::business("a.b", "no")),
                fault("a.b"),
            ],
            false,
        ),
        (
            vec![
                fault("artifact.store"),
                fault("artifact.store"),
                fault("artifact.store"),
            ],
            false,
        ),
        (
            vec![
                fault("step.cancelled"),
                fault("step.cancelled"),
                fault("step.cancelled"),
            ],
            false,
        ),
        (
            vec![
                fault("a.b"),
                fault("a.b"),
                fault("artifact.store"),
                fault("a.b"),
            ],
            true,
        ),
        (
            vec![fault("a.c"), fault("a.b"), fault("a.b"), fault("a.b")],
            true,
        ),
    ];
    for (row, opens) in rows {
        let mut world = World::new(vec![flow(vec![form()])], |_, _| Reaction::Vanish);
        world.bears(office(), guarded(8, RULE));
        world.start("w", lines(row.len() as u64));
        for (call, result) in world.calls.clone().iter().zip(row.clone()) {
            end(&mut world, call, result);
            world.settle();
        }
        assert_eq!(!world.turned.is_empty(), opens, "{row:?}");
    }
}

#[test]
fn a_doubt_is_for_a_person_whatever_the_breaker_says() {
    let order = on(bot("order", "world.order", json!({})), "office");
    let mut world = World::new(vec![flow(vec![order])], |_, _| {
        Reaction::Fail(refused().in_doubt())
    });
    world.bears(office(), guarded(1, RULE));
    world.start("w", lines(4));
    assert_eq!(world.calls.len(), 3, "the third has opened it");
    assert_eq!(world.disk.exceptions.len(), 3);
}

#[test]
fn without_a_test_one_attempt_tries() {
    let rule = Rule {
        has_test: false,
        ..RULE
    };
    let (mut world, open) = closable(vec![form()], rule);
    let run = world.start("w", lines(6));
    pass_to_due(&mut world, 300);
    assert!(world.probes.is_empty());
    // Three opened it, one was under way; one more after 30 s, 60 s, 120 s.
    assert_eq!(world.calls.len(), 7);
    *open.borrow_mut() = true;
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    assert!(world.opened.is_empty());
}

#[test]
fn the_other_side_says_when_it_may_be_tried() {
    let mut world = World::new(vec![flow(vec![form()])], |_, _| {
        Reaction::Fail(refused().retry_after(90_000))
    });
    world.bears(office(), guarded(3, RULE));
    let begun = world.now;
    world.start("w", lines(3));
    pass_to_due(&mut world, 100);
    assert_eq!(tests_after(&world, begun), [90]);
}

#[test]
fn a_person_who_finds_that_it_answers_closes_it() {
    let (mut world, open) = closable(vec![form()], RULE);
    let run = world.start("w", lines(3));
    world.settle();
    let told = |world: &mut World, result: Result<(), Fault>| {
        let (connection, result) = ("office".to_owned(), result.map_err(Box::new));
        world.tell(Event::Probed { connection, result });
        world.pass(SignedDuration::from_secs(2));
    };
    told(&mut world, Err(refused()));
    assert_eq!(world.turned.len(), 1, "it stays open");
    *open.borrow_mut() = true;
    told(
        &mut world,
        Err(Fault::business("http.status", "who are you?")),
    );
    assert_eq!(world.turned.len(), 2, "whoever asks that is there");
    assert_eq!(world.state(&run), State::Succeeded);
    assert!(world.probes.is_empty(), "its own test was not due yet");
}

#[test]
fn a_breaker_that_is_taken_out_of_the_file_holds_nobody() {
    let (mut world, open) = closable(vec![form()], RULE);
    let run = world.start("w", lines(3));
    *open.borrow_mut() = true;
    world.bears(office(), Capacity::default());
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    assert!(world.probes.is_empty());
}

#[test]
fn an_outage_ends_well_whenever_the_daemon_dies() {
    for kill in 0..120 {
        let (mut world, open) = closable(vec![form()], RULE);
        world.ask_start("w", lines(4), None);
        for _ in 0..kill {
            if !world.step() && !world.tick_before(world.now + MINUTE) {
                break;
            }
        }
        *open.borrow_mut() = true;
        world.crash();
        world.run_out();
        if world.disk.facts.is_empty() {
            continue;
        }
        assert_eq!(
            world.state(&RunId::root(1)),
            State::Succeeded,
            "killed at {kill}"
        );
        assert!(
            world.opened.is_empty(),
            "killed at {kill}: {:?}",
            world.opened
        );
        world.check_index();
    }
}
