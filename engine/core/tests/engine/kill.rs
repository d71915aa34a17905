//! The daemon may end after any command, any number of times.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use botswain_core::{
    Fault,
    index::{ExceptionCategory, State},
    plan::InputKind,
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    plans::{With, bot, each, workflow},
    world::{Reaction, World},
};

type Ledger = Rc<RefCell<BTreeMap<String, u32>>>;

/// Five keyed order lines; the second fails once before it acts. The ledger is the back office.
fn orders(slow_disk: bool) -> (World, Ledger) {
    let steps = vec![
        bot("look", "world.read", json!({})),
        bot("form", "world.order", json!({ "order": "{{line.order}}" })),
        bot("file", "world.put", json!({ "order": "{{line.order}}" })),
    ];
    let flow = workflow(
        "w",
        vec![
            bot("read", "world.read", json!({})),
            each("enter", "{{inputs.lines}}", Some("{{line.order}}"), steps),
            bot("tell", "world.put", json!({})),
        ],
    )
    .input("lines", InputKind::List);
    let ledger = Ledger::default();
    let office = ledger.clone();
    let world = World::new(vec![flow], move |call, with| {
        if call.step.as_str() != "form" {
            return Reaction::Succeed(json!({}));
        }
        let order = with["order"].as_str().unwrap().to_owned();
        if order == "1002" && call.attempt == 1 {
            return Reaction::Fail(Fault::system("http.refused", "nobody there"));
        }
        *office.borrow_mut().entry(order).or_default() += 1;
        Reaction::Succeed(json!({}))
    });
    match slow_disk {
        true => (world.on_a_slow_disk(), ledger),
        false => (world, ledger),
    }
}

fn lines() -> serde_json::Value {
    let orders = ["1001", "1002", "1003", "1004", "1005"];
    json!({ "lines": orders.map(|order| json!({ "order": order })) })
}

/// How many commands an undisturbed run takes.
fn commands(slow_disk: bool) -> usize {
    let (mut world, _) = orders(slow_disk);
    world.ask_start("w", lines(), None);
    let mut count = 0;
    loop {
        while world.step() {
            count += 1;
        }
        if world.state(&botswain_core::RunId::root(1)) == State::Succeeded {
            return count;
        }
        world.run_out();
    }
}

fn check(kills: &BTreeSet<usize>, slow_disk: bool) {
    let (mut world, ledger) = orders(slow_disk);
    let request = world.ask_start("w", lines(), None);
    let mut count = 0;
    loop {
        if kills.contains(&count) {
            world.crash();
        }
        count += 1;
        if !world.step() {
            break;
        }
    }
    world.run_out();
    let accepted = world.replies.contains_key(&request);
    let ledger = ledger.borrow();
    assert!(
        ledger.values().all(|count| *count == 1),
        "killed at {kills:?}: {ledger:?}"
    );
    let doubts: BTreeSet<_> = world
        .disk
        .exceptions
        .values()
        .map(|it| {
            assert_eq!(
                it.category,
                ExceptionCategory::InDoubt,
                "killed at {kills:?}: {it:?}"
            );
            it.key.clone().unwrap()
        })
        .collect();
    if accepted {
        for order in ["1001", "1002", "1003", "1004", "1005"] {
            let known = ledger.contains_key(order) || doubts.contains(order);
            assert!(known, "killed at {kills:?}: {order} is lost");
        }
    }
    assert!(
        doubts.len() <= 2 * kills.len(),
        "no more in doubt than were at work: {doubts:?}"
    );
    world.check_index();
}

#[test]
fn a_kill_after_any_command_loses_nothing_and_repeats_nothing() {
    for slow_disk in [false, true] {
        for at in 0..=commands(slow_disk) {
            check(&BTreeSet::from([at]), slow_disk);
        }
    }
}

#[test]
fn two_kills_at_any_two_moments_do_not_either() {
    for slow_disk in [false, true] {
        let all = commands(slow_disk);
        for first in (0..all).step_by(3) {
            for second in (first + 1..=all).step_by(7) {
                check(&BTreeSet::from([first, second]), slow_disk);
            }
        }
    }
}

#[test]
fn a_step_that_is_always_cut_short_is_parked() {
    let flow = workflow("w", vec![bot("read", "world.read", json!({}))]);
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish);
    let run = world.start("w", json!({}));
    world.pass(SignedDuration::from_secs(1));
    for _ in 0..3 {
        assert_eq!(world.state(&run), State::Running);
        world.crash();
        world.settle();
    }
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!(world.opened[0].fault.code, "run.interrupted");
    world.check_index();
}
