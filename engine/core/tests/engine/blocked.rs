//! What a loop or a call needs cannot be read: a person hears of it, and it goes on from there.

use std::collections::BTreeSet;

use botswain_core::{
    RunId, StepId,
    engine::{Event, event::Reply},
    index::{ExceptionCategory, State},
    plan::{InputKind, Kind, Step, Version, WorkflowCall},
    run::fact::{Resolution, What},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    plans::{With, bot, each, step, within, workflow},
    world::{Reaction, World},
};

/// A line at a time is typed, then it is told; a line of which the id begins with `hang` is not
/// answered.
fn flow(change: impl FnOnce(Step) -> Step) -> Version {
    let form = bot("form", "world.order", json!({ "id": "{{line.id}}" }));
    let mut enter = each("enter", "{{inputs.lines}}", Some("{{line.id}}"), vec![form]);
    if let Kind::ForEach(each) = &mut enter.kind {
        each.at_once = 1;
    }
    let tell = bot("tell", "world.put", json!({}));
    workflow("w", vec![change(enter), tell]).input("lines", InputKind::List)
}

fn world(flow: Version) -> World {
    World::new(vec![flow], |_, with| match with["id"].as_str() {
        Some(id) if id.starts_with("hang") => Reaction::Vanish,
        _ => Reaction::Succeed(json!({})),
    })
}

fn lines<const N: usize>(ids: [&str; N]) -> Value {
    json!({ "lines": Vec::from(ids.map(|id| json!({ "id": id }))) })
}

fn enter() -> StepId {
    "enter".into()
}

/// Carries out commands until a fact of the first run is written down; then nothing can be read.
fn goes_blind_at(world: &mut World, is_it: impl Fn(&What) -> bool) {
    let come = |world: &World| {
        let facts = world.disk.facts.get(&RunId::root(1));
        facts.is_some_and(|facts| facts.iter().any(|fact| is_it(&fact.what)))
    };
    while !come(world) {
        assert!(world.step());
    }
    world.readable = false;
    world.run_out();
}

/// The first of three lines is typed; the row of the second is never read.
fn blocked_at_the_second_line(world: &mut World) -> RunId {
    let run = world.start("w", lines(["hang", "2", "3"]));
    world.readable = false;
    ends_the_first(world, &run);
    world.run_out();
    run
}

fn ends_the_first(world: &mut World, run: &RunId) {
    let first = world.calls[0].clone();
    assert_eq!(first.run, run.item(&enter(), 0));
    world.tell(Event::Outcome {
        run: first.run,
        step: first.step,
        attempt: 1,
        result: Ok(json!({}).into()),
    });
}

#[test]
fn a_row_that_is_never_read_reaches_a_person() {
    let mut world = world(flow(|enter| enter));
    let run = blocked_at_the_second_line(&mut world);
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!(world.rested, std::slice::from_ref(&run));
    let (_, exception) = world.disk.exceptions.first_key_value().unwrap();
    assert_eq!((&exception.run, &exception.step), (&run, &enter()));
    assert_eq!(exception.category, ExceptionCategory::System);
    assert_eq!(exception.fault.code, "artifact.store");
    assert_eq!(world.opened.len(), 1, "whoever is to be told is told");
    world.check_index();
}

#[test]
fn it_goes_on_from_there_when_it_can_be_read_again_also_after_a_restart() {
    for crash in [false, true] {
        let mut world = world(flow(|enter| enter));
        let run = blocked_at_the_second_line(&mut world);
        if crash {
            world.crash();
            world.run_out();
        }
        world.readable = true;
        assert_eq!(world.resolve(&run, Resolution::Retry), Reply::Resolved);
        assert_eq!(world.state(&run), State::Succeeded);
        let typed: Vec<&str> = world.calls.iter().map(|call| call.run.as_str()).collect();
        assert_eq!(typed, ["1.enter.0", "1.enter.1", "1.enter.2", "1"]);
        world.check_index();
    }
}

#[test]
fn a_retry_before_the_mend_parks_it_again() {
    let mut world = world(flow(|enter| enter));
    let run = blocked_at_the_second_line(&mut world);
    world.resolve(&run, Resolution::Retry);
    world.run_out();
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!(world.opened.len(), 2);
    world.readable = true;
    world.resolve(&run, Resolution::Retry);
    assert_eq!(
        (world.state(&run), world.count("form")),
        (State::Succeeded, 3)
    );
}

#[test]
fn an_output_that_cannot_be_put_together_reaches_a_person_and_no_item_is_repeated() {
    let mut world = world(flow(|enter| enter));
    let run = world.start("w", lines(["1", "hang"]));
    world.readable = false;
    let second = world.calls[1].clone();
    world.tell(Event::Outcome {
        run: second.run,
        step: second.step,
        attempt: 1,
        result: Ok(json!({}).into()),
    });
    world.run_out();
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!(world.gathered, 3, "it was asked for a few times");
    world.readable = true;
    world.resolve(&run, Resolution::Retry);
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!((world.count("form"), world.count("tell")), (2, 1));
    world.check_index();
}

#[test]
fn items_at_work_go_on_and_the_run_rests_when_they_have_ended() {
    let two = |mut enter: Step| {
        if let Kind::ForEach(each) = &mut enter.kind {
            each.at_once = 2;
        }
        enter
    };
    let mut world = world(flow(two));
    let run = world.start("w", lines(["hang", "hang-2", "3"]));
    world.readable = false;
    ends_the_first(&mut world, &run);
    world.run_out();
    assert_eq!(world.state(&run), State::Parked);
    assert!(world.rested.is_empty(), "an item is still at work");
    let second = run.item(&enter(), 1);
    world.tell(Event::Outcome {
        run: second.clone(),
        step: "form".into(),
        attempt: 1,
        result: Ok(json!({}).into()),
    });
    world.settle();
    assert_eq!(world.state(&second), State::Succeeded);
    assert_eq!(world.rested, std::slice::from_ref(&run));
    world.readable = true;
    world.resolve(&run, Resolution::Retry);
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn the_time_that_a_person_took_is_not_counted() {
    let mut world = world(flow(|enter| within(enter, 60_000)));
    let run = blocked_at_the_second_line(&mut world);
    world.pass(SignedDuration::from_hours(9));
    world.readable = true;
    world.resolve(&run, Resolution::Retry);
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
}

#[test]
fn who_has_lost_the_rows_for_good_goes_on_without_them_or_gives_the_run_up() {
    let output = json!({ "total": 3 }).into();
    let decisions = [
        (Resolution::Skip, State::Succeeded),
        (Resolution::Happened { output }, State::Succeeded),
        (Resolution::Abandon, State::Failed),
    ];
    for (resolution, state) in decisions {
        let mut world = world(flow(|enter| enter));
        let run = blocked_at_the_second_line(&mut world);
        world.readable = true;
        assert_eq!(world.resolve(&run, resolution), Reply::Resolved);
        assert_eq!(world.state(&run), state);
        assert_eq!(world.count("form"), 1);
        assert!(world.disk.exceptions.is_empty());
        world.check_index();
    }
}

#[test]
fn a_run_that_waits_for_its_rows_can_be_cancelled_with_its_items() {
    let mut world = world(flow(|enter| enter));
    let run = blocked_at_the_second_line(&mut world);
    assert_eq!(world.cancel(&run), Reply::Resolved);
    world.run_out();
    assert_eq!(world.state(&run), State::Cancelled);
    assert!(world.disk.exceptions.is_empty());
    world.check_index();
}

/// `outer` calls `inner`, which orders.
fn calling() -> World {
    let inner = workflow("inner", vec![bot("form", "world.order", json!({}))]);
    let call = WorkflowCall {
        workflow: "inner".to_owned(),
        with: json!({}),
    };
    let mut outer = workflow("outer", vec![step("call", Kind::Call(call), &[])]);
    outer.calls = [("inner".to_owned(), inner.hash())].into();
    World::new(vec![inner, outer], |_, _| Reaction::Succeed(json!({})))
}

#[test]
fn a_workflow_that_cannot_be_read_is_called_once_when_it_can() {
    let mut world = calling();
    world.ask_start("outer", json!({}), None);
    goes_blind_at(&mut world, |what| matches!(what, What::Called { .. }));
    let run = RunId::root(1);
    assert_eq!((world.state(&run), world.count("form")), (State::Parked, 0));
    world.readable = true;
    world.resolve(&run, Resolution::Retry);
    world.run_out();
    assert_eq!(
        (world.state(&run), world.count("form")),
        (State::Succeeded, 1)
    );
    world.check_index();
}

#[test]
fn what_a_call_left_is_asked_for_again_and_not_done_again() {
    let mut world = calling();
    world.ask_start("outer", json!({}), None);
    while world.count("form") == 0 {
        assert!(world.step());
    }
    world.readable = false;
    world.run_out();
    let run = RunId::root(1);
    assert_eq!(world.state(&run), State::Parked);
    world.crash();
    world.readable = true;
    world.resolve(&run, Resolution::Retry);
    assert_eq!(
        (world.state(&run), world.count("form")),
        (State::Succeeded, 1)
    );
    world.check_index();
}

/// As [`blocked_at_the_second_line`], then mended, with the daemon ending before these commands.
fn drive(kills: &BTreeSet<usize>) -> (World, usize) {
    let mut world = world(flow(|enter| enter));
    let (mut count, mut mended) = (0, false);
    world.ask_start("w", lines(["1", "2", "3"]), None);
    loop {
        if kills.contains(&count) {
            world.crash();
        }
        count += 1;
        world.readable = mended || world.count("form") == 0;
        if world.step() || world.let_time_pass() {
            continue;
        }
        let Some((_, exception)) = world.disk.exceptions.first_key_value() else {
            return (world, count);
        };
        let exception = exception.clone();
        let was_typed = world.calls.iter().any(|call| call.run == exception.run);
        let resolution = match exception.category {
            ExceptionCategory::InDoubt if was_typed => Resolution::Happened {
                output: json!({}).into(),
            },
            _ => Resolution::Retry,
        };
        mended = true;
        world.ask_resolve(&exception, resolution);
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_and_repeats_nothing() {
    let (_, commands) = drive(&BTreeSet::new());
    for at in 0..commands {
        let (world, _) = drive(&BTreeSet::from([at]));
        if !world.disk.facts.is_empty() {
            assert_eq!(world.state(&RunId::root(1)), State::Succeeded, "at {at}");
            assert_eq!(world.count("form"), 3, "killed at {at}");
        }
        world.check_index();
    }
}
