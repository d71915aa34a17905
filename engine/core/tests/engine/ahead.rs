//! What only reads begins before its start is durable; nothing else does.

use botswain_core::{Fault, engine::Event, index::State};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    plans::{bot, workflow},
    world::{Reaction, World},
};

/// A run of one step of this bot, up to the moment at which the bot is called.
fn called(name: &str) -> World {
    let flow = workflow("w", vec![bot("step", name, json!({}))]);
    let bots = |_: &_, _: &_| Reaction::Succeed(json!({ "number": 1 }));
    let mut world = World::new(vec![flow], bots).on_a_slow_disk();
    world.ask_start("w", json!({}), None);
    up_to_the_call(&mut world, 1);
    world
}

fn up_to_the_call(world: &mut World, nth: usize) {
    while world.calls.len() < nth {
        assert!(world.step(), "it is never called");
    }
}

/// A run of one step that reads and gives no answer yet.
fn reading() -> World {
    let flow = workflow("w", vec![bot("step", "world.read", json!({}))]);
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish);
    world.start("w", json!({}));
    assert!(!world.is_durable(&world.calls[0]));
    world
}

#[test]
fn a_read_does_not_wait_for_its_start_to_be_durable() {
    let mut world = called("world.read");
    let call = world.calls[0].clone();
    assert!(!world.is_durable(&call));
    world.settle();
    assert!(world.is_durable(&call));
    assert_eq!(world.state(&call.run), State::Succeeded);
    world.check_index();
}

#[test]
fn an_effect_waits_for_its_start_to_be_durable() {
    for name in ["world.order", "world.put"] {
        let mut world = called(name);
        assert!(world.is_durable(&world.calls[0]), "{name}");
        world.settle();
        assert_eq!(world.count("step"), 1);
        world.check_index();
    }
}

#[test]
fn a_read_whose_start_was_lost_is_begun_again_as_if_never_begun() {
    let mut world = called("world.read");
    world.crash();
    world.settle();
    let attempts: Vec<_> = world.calls.iter().map(|call| call.attempt).collect();
    assert_eq!(attempts, [1, 1]);
    assert_eq!(world.state(&world.calls[0].run), State::Succeeded);
    world.check_index();
}

#[test]
fn a_start_that_is_not_waited_for_is_written_with_what_comes_next() {
    let reads = |step| bot(step, "world.read", json!({}));
    let flow = workflow("w", vec![reads("a"), reads("b"), reads("c")]);
    let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(world.appends, 4, "its creation, and one of each step");
    world.check_index();
}

#[test]
fn of_a_read_that_takes_longer_the_start_is_written_by_itself() {
    let mut world = reading();
    world.pass(SignedDuration::from_millis(24));
    assert!(!world.is_durable(&world.calls[0]));
    world.pass(SignedDuration::from_millis(1));
    assert!(world.is_durable(&world.calls[0]));
    world.check_index();
}

#[test]
fn a_clock_that_is_set_back_keeps_no_start_from_being_written() {
    let mut world = reading();
    world.pass(SignedDuration::from_hours(-3));
    assert!(world.is_durable(&world.calls[0]));
}

#[test]
fn a_stop_leaves_no_start_unwritten() {
    let mut world = reading();
    world.tell(Event::Stop);
    world.settle();
    assert!(world.is_durable(&world.calls[0]));
}

#[test]
fn what_is_told_of_an_attempt_whose_start_is_not_durable_is_of_an_earlier_one() {
    let mut world = called("world.read");
    let call = world.calls[0].clone();
    world.crash();
    let late = Event::Outcome {
        run: call.run.clone(),
        step: call.step.clone(),
        attempt: call.attempt,
        result: Err(Box::new(Fault::system("world.late", "of an earlier life"))),
    };
    while !world.is_durable(&call) {
        world.tell(late.clone());
        assert!(world.step(), "it is never begun");
    }
    world.settle();
    assert_eq!(world.count("step"), 2);
    assert_eq!(world.state(&call.run), State::Succeeded);
    world.check_index();
}

#[test]
fn of_a_run_that_may_have_ended_the_daemon_each_start_is_waited_for() {
    let mut world = called("world.read");
    world.crash();
    up_to_the_call(&mut world, 2);
    assert!(world.is_durable(&world.calls[1]));
}
