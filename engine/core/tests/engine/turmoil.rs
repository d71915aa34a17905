//! Everything at once, in an order drawn from a seed: starts, decisions, kills, faults, lost
//! outcomes, time. Whatever comes, nothing is done twice and everything comes to an end.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
};

use botswain_core::{
    Fault, StepId,
    index::{Exception, ExceptionCategory, State},
    plan::{InputKind, Overlap, Version},
    run::fact::{Edit, Resolution},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    plans::{With, bot, each, keyed, on, when, workflow},
    world::{Reaction, World},
};

/// xorshift64 (Marsaglia, "Xorshift RNGs", 2003).
#[derive(Clone)]
struct Dice(Rc<Cell<u64>>);

impl Dice {
    fn below(&self, limit: u64) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x % limit
    }
}

/// The keys of what was done and must not be done again, unless a person says that it was not.
type Done = Rc<RefCell<BTreeSet<String>>>;

/// Orders with lines; a line is typed once, a receipt written once for each order.
fn flow(overlap: Overlap) -> Version {
    let form = json!({ "key": "{{order.id}}-{{line.id}}", "sku": "{{line.sku}}" });
    let lines = each(
        "lines",
        "{{order.lines}}",
        Some("{{order.id}}-{{line.id}}"),
        vec![
            bot("look", "world.read", json!({ "sku": "{{line.sku}}" })),
            on(bot("form", "world.order", form), "office"),
        ],
    );
    let receipt = bot("receipt", "world.order", json!({ "key": "r-{{order.id}}" }));
    let mut orders = each(
        "orders",
        "{{inputs.orders}}",
        None,
        vec![
            when(lines, "{{gt (len order.lines) 0}}"),
            keyed(on(receipt, "post"), "{{order.id}}"),
        ],
    );
    if let botswain_core::plan::Kind::ForEach(each) = &mut orders.kind {
        each.item = "order".to_owned();
    }
    let tell = bot(
        "tell",
        "world.put",
        json!({ "n": "{{steps.orders.total}}" }),
    );
    workflow("w", vec![orders, tell])
        .input("orders", InputKind::List)
        .overlap(overlap)
}

fn inputs(dice: &Dice) -> Value {
    let line = |id: u64| json!({ "id": id, "sku": format!("{}", dice.below(2)) });
    let order = |_: u64| {
        let lines: Vec<Value> = (0..dice.below(4)).map(line).collect();
        json!({ "id": format!("o{}", dice.below(5)), "lines": lines })
    };
    json!({ "orders": (0..dice.below(4)).map(order).collect::<Vec<_>>() })
}

fn react(dice: &Dice, done: &Done, effect: bool, with: &Value) -> Reaction {
    let act = || {
        let key = with["key"].as_str().unwrap();
        assert!(
            done.borrow_mut().insert(key.to_owned()),
            "{key} is done twice"
        );
    };
    match dice.below(10) {
        0 => Reaction::Fail(Fault::business("w.refused", "not like this")),
        1 | 2 => Reaction::Fail(Fault::system("w.away", "nobody there")),
        3 if effect => Reaction::Fail(Fault::system("w.lost", "no answer").in_doubt()),
        4 if effect => {
            act();
            Reaction::Fail(Fault::system("w.lost", "no answer").in_doubt())
        }
        5 => {
            if effect {
                act();
            }
            Reaction::Vanish
        }
        _ => {
            if effect {
                act();
            }
            Reaction::Succeed(json!({}))
        }
    }
}

/// A person who looks before saying that something has not happened.
fn decision(dice: &Dice, done: &Done, it: &Exception, with: Option<&Value>) -> Resolution {
    let key = with.and_then(|with| with["key"].as_str());
    let acted = key.is_some_and(|key| done.borrow().contains(key));
    let sku = || [("sku".to_owned(), json!("7"))].into_iter().collect();
    match dice.below(5) {
        0 | 1 if it.category == ExceptionCategory::InDoubt && acted => Resolution::Happened {
            output: json!({}).into(),
        },
        2 => Resolution::Skip,
        3 => Resolution::Abandon,
        4 if !acted => Resolution::Edit(Edit::Item(sku())),
        _ if acted => Resolution::Happened {
            output: json!({}).into(),
        },
        _ => Resolution::Retry,
    }
}

fn decide(world: &mut World, dice: &Dice, done: &Done) {
    let open: Vec<Exception> = world.disk.exceptions.values().cloned().collect();
    if open.is_empty() {
        return;
    }
    let place = dice.below(open.len() as u64) as usize;
    let with = world.with(&open[place].run, &open[place].step);
    let resolution = decision(dice, done, &open[place], with.as_ref());
    world.ask_resolve(&open[place], resolution);
}

fn turmoil(seed: u64, overlap: Overlap) {
    let dice = Dice(Rc::new(Cell::new(
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
    )));
    let (done, bots) = (Done::default(), dice.clone());
    let office = done.clone();
    let effects = [StepId::new("form"), StepId::new("receipt")];
    let mut world = World::new(vec![flow(overlap)], move |call, with| {
        react(&bots, &office, effects.contains(&call.step), with)
    })
    .with_sessions("office", 1)
    .with_sessions("post", 2);
    for _ in 0..400 {
        match dice.below(40) {
            0 if world.disk.facts.len() < 40 => drop(world.ask_start("w", inputs(&dice), None)),
            1 | 2 => decide(&mut world, &dice, &done),
            3 if dice.below(4) == 0 => world.crash(),
            4 => world.elapse(SignedDuration::from_secs(dice.below(20) as i64)),
            _ => drop(world.step()),
        }
    }
    for _ in 0..200 {
        world.run_out();
        world.check_index();
        if world.disk.summaries.values().all(|it| it.state.has_ended()) {
            return;
        }
        // Whose outcome was lost is found out by a restart, all else waits for a person.
        let running = |world: &World| world.is_working();
        match running(&world) {
            true => world.crash(),
            false => {
                assert!(
                    !world.disk.exceptions.is_empty(),
                    "seed {seed}: {}",
                    stuck(&world)
                );
                decide(&mut world, &dice, &done);
            }
        }
    }
    panic!("seed {seed} comes to no end: {}", stuck(&world));
}

fn stuck(world: &World) -> String {
    let open = world.disk.summaries.values();
    let open = open.filter(|it| !it.state.has_ended() && it.state != State::Parked);
    open.map(|it| format!("{} {:?} {:?}; ", it.id, it.state, it.step))
        .collect()
}

#[test]
fn whatever_comes_nothing_is_done_twice_and_all_comes_to_an_end() {
    let seeds = match std::env::var_os("BOTSWAIN_NIGHTLY") {
        Some(_) => 300,
        None => 10,
    };
    for seed in 1..=seeds {
        turmoil(seed, Overlap::Queue);
        turmoil(seed, Overlap::Allow);
    }
}
