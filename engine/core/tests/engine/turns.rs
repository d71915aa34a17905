//! Whose turn it is under `overlap: queue`, whatever comes in between.

use botswain_core::{
    Fault, RunId,
    engine::Event,
    index::State,
    plan::{InputKind, Missed, Template, Trigger},
    run::fact::{Edit, Resolution},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    plans::{With, bot, cron, each, on, workflow},
    world::{Reaction, World},
};

/// One step that works until the test says that it is done.
fn world() -> World {
    let put = bot("put", "world.put", json!({ "n": "{{inputs.n}}" }));
    let flow = workflow("w", vec![put]).input("n", InputKind::Integer);
    World::new(vec![flow], |_, _| Reaction::Vanish)
}

fn done(world: &mut World, run: &RunId) {
    world.tell(Event::Outcome {
        run: run.clone(),
        step: "put".into(),
        attempt: 1,
        result: Ok(json!({}).into()),
    });
}

#[test]
fn a_run_asked_for_while_another_ends_has_its_turn() {
    // The second is accepted after so many commands of the end of the first.
    for commands in 0..6 {
        let mut world = world();
        let first = world.start("w", json!({ "n": 1 }));
        done(&mut world, &first);
        for _ in 0..commands {
            world.step();
        }
        world.ask_start("w", json!({ "n": 2 }), None);
        world.settle();
        let state = world.state(&RunId::root(2));
        assert_eq!(state, State::Running, "after {commands} commands");
    }
}

#[test]
fn a_queue_goes_on_after_a_restart_at_any_moment() {
    for commands in 0..8 {
        let mut world = world();
        let first = world.start("w", json!({ "n": 1 }));
        world.start("w", json!({ "n": 2 }));
        world.start("w", json!({ "n": 3 }));
        done(&mut world, &first);
        for _ in 0..commands {
            world.step();
        }
        world.crash();
        world.settle();
        let states = [1, 2, 3].map(|number| world.state(&RunId::root(number)));
        let at_work = states.iter().filter(|state| **state == State::Running);
        assert_eq!(at_work.count(), 1, "after {commands} commands: {states:?}");
        world.check_index();
    }
}

#[test]
fn a_run_whose_key_was_in_conflict_waits_for_its_turn_and_gets_it() {
    let mut world = world();
    let first = world.start_keyed("w", json!({ "n": 1 }), Some("monday"));
    let second = world.start_keyed("w", json!({ "n": 2 }), Some("monday"));
    assert_eq!(world.state(&second), State::Parked);
    done(&mut world, &first);
    world.settle();
    world.start("w", json!({ "n": 3 }));
    done(&mut world, &RunId::root(3));
    world.settle();
    let edit = [("n".to_owned(), json!(1))].into_iter().collect();
    world.resolve(&second, Resolution::Edit(Edit::Inputs(edit)));
    assert_eq!(
        world.state(&second),
        State::Skipped,
        "the data are the first one's now"
    );
    world.check_index();
}

/// A workflow whose schedule gives a day where a number is wanted.
fn mistaken() -> World {
    let put = bot("put", "world.put", json!({ "n": "{{inputs.n}}" }));
    let on = cron("0 * * * *", Missed::Last);
    let inputs = [("n".to_owned(), Template("{{today}}".to_owned()))];
    let inputs = inputs.into_iter().collect();
    let flow = workflow("w", vec![put])
        .input("n", InputKind::Integer)
        .trigger(Trigger { on, inputs });
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish);
    world.settle();
    world
}

#[test]
fn a_firing_whose_inputs_were_wrong_begins_once_they_are_mended() {
    let mut world = mistaken();
    let first = world.start("w", json!({ "n": 1 }));
    world.pass(SignedDuration::from_hours(1));
    let second = RunId::root(2);
    assert_eq!(world.state(&second), State::Parked);
    done(&mut world, &first);
    world.settle();
    let edit = [("n".to_owned(), json!(1))].into_iter().collect();
    world.resolve(&second, Resolution::Edit(Edit::Inputs(edit)));
    assert_eq!(world.state(&second), State::Running);
}

#[test]
fn what_never_began_was_skipped_and_did_not_succeed() {
    let steps = vec![bot("form", "world.order", json!({}))];
    let flow = workflow(
        "w",
        vec![each(
            "enter",
            "{{inputs.lines}}",
            Some("{{line.id}}"),
            steps,
        )],
    )
    .input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
    // The key of an item without an id cannot be had.
    let run = world.start("w", json!({ "lines": [{ "sku": "1" }] }));
    let item = run.item(&"enter".into(), 0);
    assert_eq!(world.state(&item), State::Parked);
    world.resolve(&item, Resolution::Skip);
    assert_eq!(world.state(&item), State::Skipped);
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn a_firing_that_could_not_begin_and_is_skipped_did_not_succeed() {
    let mut world = mistaken();
    world.pass(SignedDuration::from_hours(1));
    let run = RunId::root(1);
    assert_eq!(world.state(&run), State::Parked);
    world.resolve(&run, Resolution::Skip);
    assert_eq!(world.state(&run), State::Skipped);
    assert!(world.calls.is_empty());
    world.check_index();
}

fn lines(count: u32) -> Value {
    json!({ "lines": (0..count).map(|id| json!({ "id": id })).collect::<Vec<_>>() })
}

#[test]
fn a_session_is_given_back_whatever_the_daemon_does_in_between() {
    let form = on(bot("form", "world.put", json!({})), "office");
    let steps = || vec![each("enter", "{{inputs.lines}}", None, vec![form.clone()])];
    let flow = || workflow("w", steps()).input("lines", InputKind::List);
    for kill in 0..60 {
        let mut world = World::new(vec![flow()], |call, _| match call.attempt {
            1 => Reaction::Fail(Fault::system("http.refused", "nobody there")),
            _ => Reaction::Succeed(json!({})),
        })
        .with_sessions("office", 1);
        world.ask_start("w", lines(4), None);
        for _ in 0..kill {
            world.step();
        }
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
        world.check_index();
    }
}

#[test]
fn a_loop_waits_for_a_disk_that_does_not_answer() {
    let form = bot("form", "world.order", json!({ "id": "{{line.id}}" }));
    let steps = vec![each("enter", "{{inputs.lines}}", None, vec![form])];
    let flow = workflow("w", steps).input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish);
    world.start("w", lines(3));
    world.readable = false;
    let first = world.calls[0].clone();
    world.tell(Event::Outcome {
        run: first.run,
        step: first.step,
        attempt: 1,
        result: Ok(json!({}).into()),
    });
    world.settle();
    let third = RunId::root(1).item(&"enter".into(), 2);
    assert!(
        !world.disk.facts.contains_key(&third),
        "it does not begin without its data"
    );
    world.readable = true;
    world.pass(SignedDuration::from_secs(11));
    assert!(world.disk.facts.contains_key(&third));
    assert_eq!(world.calls.len(), 3);
}

#[test]
fn the_output_of_a_loop_is_asked_for_again_but_not_all_the_time() {
    let steps = vec![each("enter", "{{inputs.lines}}", None, vec![])];
    let flow = workflow("w", steps).input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish);
    let run = world.start("w", lines(0));
    assert_eq!(world.state(&run), State::Succeeded);

    world.gathered = 0;
    world.ask_start("w", lines(0), None);
    while world.gathered == 0 {
        // Only what is put together at the end cannot be had.
        world.readable = world
            .disk
            .facts
            .get(&RunId::root(2))
            .is_none_or(|facts| facts.len() < 3);
        assert!(world.step());
    }
    for _ in 0..20 {
        world.step();
    }
    assert_eq!(world.gathered, 1, "the disk is left alone for a while");
    world.readable = true;
    world.pass(SignedDuration::from_secs(11));
    assert_eq!(world.state(&RunId::root(2)), State::Succeeded);
}
