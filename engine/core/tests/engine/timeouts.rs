//! Time-outs of what is no attempt: they count work, not people.

use botswain_core::{
    Fault, RunId,
    engine::event::Reply,
    index::{ExceptionCategory, State},
    plan::InputKind,
    run::fact::Resolution,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    plans::{With, bot, each, parallel, within, workflow},
    world::{Reaction, World},
};

const MINUTE: u64 = 60_000;

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// A run that may take ten minutes; its only step hangs.
fn hanging() -> (World, RunId) {
    let mut flow = workflow("w", vec![bot("hang", "world.put", json!({}))]);
    flow.plan.timeout = Some(10 * MINUTE);
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish);
    let run = world.start("w", json!({}));
    (world, run)
}

#[test]
fn a_run_that_takes_too_long_is_parked_as_overdue() {
    let (mut world, run) = hanging();
    world.pass(minutes(9));
    assert_eq!(world.state(&run), State::Running);
    world.pass(minutes(1));
    assert_eq!(world.state(&run), State::Parked);
    let exception = world.disk.exceptions.values().next().unwrap().clone();
    assert_eq!(exception.category, ExceptionCategory::Overdue);
    world.check_index();
    // It has more time from the decision on.
    world.pass(minutes(60));
    assert_eq!(
        world.resolve(&run, Resolution::MoreTime { millis: 5 * MINUTE }),
        Reply::Resolved
    );
    world.pass(minutes(4));
    assert_eq!(world.state(&run), State::Running);
    world.pass(minutes(1));
    assert_eq!(world.state(&run), State::Parked);
    world.check_index();
}

#[test]
fn time_that_waits_for_people_does_not_count() {
    let mut flow = workflow("w", vec![bot("refuse", "world.put", json!({}))]);
    flow.plan.timeout = Some(10 * MINUTE);
    let mut world = World::new(vec![flow], |call, _| match call.attempt {
        1 => Reaction::Fail(Fault::business("a.b", "no")),
        _ => Reaction::Vanish,
    });
    let run = world.start("w", json!({}));
    world.crash();
    world.pass(SignedDuration::from_hours(20));
    world.resolve(&run, Resolution::Retry);
    world.pass(minutes(9));
    assert_eq!(world.state(&run), State::Running);
    world.pass(minutes(2));
    assert_eq!(world.state(&run), State::Parked);
    let exception = world.disk.exceptions.values().next().unwrap();
    assert_eq!(exception.fault.code, "run.overdue");
    world.check_index();
}

#[test]
fn a_loop_counts_only_while_an_item_is_at_work() {
    let steps = vec![bot("do", "world.put", json!({}))];
    let all = within(each("all", "{{inputs.lines}}", None, steps), 10 * MINUTE);
    let flow = workflow("w", vec![all]).input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |call, _| match call.attempt {
        1 => Reaction::Fail(Fault::business("a.b", "no")),
        _ => Reaction::Vanish,
    });
    let run = world.start("w", json!({ "lines": [1] }));
    let item = run.item(&"all".into(), 0);
    world.pass(SignedDuration::from_hours(20));
    assert_eq!(world.state(&item), State::Parked);
    world.crash();
    world.settle();
    world.resolve(&item, Resolution::Retry);
    world.pass(minutes(9));
    assert_eq!(world.state(&run), State::Running);
    world.pass(minutes(2));
    let overdue = world
        .disk
        .exceptions
        .values()
        .find(|it| it.run == run)
        .unwrap()
        .clone();
    assert_eq!(overdue.fault.code, "step.overdue");
    world.check_index();
    // What has begun may still be given up as a whole.
    world.resolve_exception(&overdue, Resolution::Abandon);
    assert_eq!(world.state(&item), State::Cancelled);
    assert_eq!(world.state(&run), State::Failed);
    world.check_index();
}

#[test]
fn a_branch_that_waits_for_a_person_stops_no_clock_while_another_works() {
    let left = vec![bot("refuse", "world.put", json!({}))];
    let right = vec![bot("hang", "world.put", json!({}))];
    let both = within(
        parallel("both", [("left", left), ("right", right)]),
        10 * MINUTE,
    );
    let mut world = World::new(vec![workflow("w", vec![both])], |call, _| {
        match call.step.as_str() {
            "refuse" => Reaction::Fail(Fault::business("a.b", "no")),
            _ => Reaction::Vanish,
        }
    });
    let run = world.start("w", json!({}));
    world.pass(minutes(11));
    let codes: Vec<_> = world
        .disk
        .exceptions
        .values()
        .map(|it| it.fault.code.clone())
        .collect();
    assert_eq!(codes, ["a.b", "step.overdue"]);
    assert_eq!(world.state(&run), State::Parked);
    world.check_index();
}

#[test]
fn a_loop_whose_time_is_over_is_still_seen_by_the_items_that_go_on() {
    let steps = vec![
        bot("hang", "world.put", json!({})),
        bot("after", "world.put", json!({ "saw": "{{inputs.name}}" })),
    ];
    let lines = within(each("lines", "{{inputs.lines}}", None, steps), MINUTE);
    let flow = workflow("w", vec![lines])
        .input("lines", InputKind::List)
        .input("name", InputKind::Text);
    let mut world = World::new(vec![flow], |call, _| match call.attempt {
        1 if call.step == "hang".into() => Reaction::Vanish,
        _ => Reaction::Succeed(json!({})),
    });
    let run = world.start("w", json!({ "lines": [1], "name": "ann" }));
    world.pass(minutes(1));
    assert_eq!(world.state(&run), State::Parked);
    world.crash();
    world.run_out();
    let item = run.item(&"lines".into(), 0);
    assert_eq!(world.state(&item), State::Succeeded);
    assert_eq!(
        world.with(&item, &"after".into()).unwrap(),
        json!({ "saw": "ann" })
    );
    world.check_index();
}
