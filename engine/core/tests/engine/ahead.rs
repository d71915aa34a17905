//! What only reads begins before its start is durable; nothing else does.

use botswain_core::index::State;
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
    while world.calls.is_empty() {
        assert!(world.step(), "it is never called");
    }
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
