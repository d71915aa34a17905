//! A `for_each` inside a `for_each`: orders with lines.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use botswain_core::{
    Fault, RunId,
    index::{ExceptionCategory, State},
    plan::{InputKind, Kind, Overlap, Step, Template, Version},
    run::fact::{Edit, Resolution},
};
use serde_json::{Value, json};

use crate::{
    plans::{With, bot, each, on, workflow},
    world::{Reaction, World},
};

type Ledger = Rc<RefCell<BTreeMap<String, u32>>>;

/// `each` whose item has another name than `line`.
fn called(mut step: Step, name: &str, at_once: u32) -> Step {
    if let Kind::ForEach(each) = &mut step.kind {
        each.item = name.to_owned();
        each.at_once = at_once;
    }
    step
}

fn collecting(mut step: Step, name: &str, template: &str, reads: &[&str]) -> Step {
    if let Kind::ForEach(each) = &mut step.kind {
        let template = Template(template.to_owned());
        each.collect.insert(name.to_owned(), template);
        let path = reads.iter().map(|part| (*part).to_owned());
        each.collect_reads.push(path.collect());
    }
    step
}

/// Orders of the shop `inputs.shop`; each is looked up, its lines are typed, then it is confirmed.
fn flow(at_once: u32) -> Version {
    let form = bot(
        "form",
        "world.order",
        json!({
            "key": "{{item.key}}", "sku": "{{line.sku}}", "customer": "{{order.customer}}",
            "found": "{{steps.look.found}}", "shop": "{{inputs.shop}}",
        }),
    );
    let lines = each(
        "lines",
        "{{order.lines}}",
        Some("{{order.id}}-{{line.id}}"),
        vec![on(form, "office")],
    );
    let lines = collecting(lines, "done", "{{steps.form.typed}}", &["steps", "form"]);
    let orders = each(
        "orders",
        "{{inputs.orders}}",
        Some("{{order.id}}"),
        vec![
            bot(
                "look",
                "world.read",
                json!({ "customer": "{{order.customer}}" }),
            ),
            lines,
            bot(
                "confirm",
                "world.put",
                json!({ "lines": "{{steps.lines.total}}" }),
            ),
        ],
    );
    workflow(
        "w",
        vec![
            called(orders, "order", at_once),
            bot(
                "tell",
                "world.put",
                json!({ "orders": "{{steps.orders.total}}" }),
            ),
        ],
    )
    .input("orders", InputKind::List)
    .input("shop", InputKind::Text)
    .overlap(Overlap::Queue)
}

/// The office refuses SKU 9001 and keeps a ledger of what was typed, by key.
fn world(at_once: u32) -> (World, Ledger) {
    let ledger = Ledger::default();
    let office = ledger.clone();
    let world = World::new(vec![flow(at_once)], move |call, with| {
        match call.step.as_str() {
            "look" => Reaction::Succeed(json!({ "found": format!("c-{}", with["customer"]) })),
            "form" if with["sku"] == "9001" => {
                Reaction::Fail(Fault::business("browser.refused", "unknown product"))
            }
            "form" => {
                let key = with["key"].as_str().unwrap().to_owned();
                *office.borrow_mut().entry(key).or_default() += 1;
                Reaction::Succeed(json!({ "typed": with }))
            }
            _ => Reaction::Succeed(with.clone()),
        }
    })
    .with_sessions("office", 1);
    (world, ledger)
}

fn order(id: &str, skus: &[&str]) -> Value {
    let line = |(index, sku): (usize, &&str)| json!({ "id": index + 1, "sku": sku });
    let lines: Vec<Value> = skus.iter().enumerate().map(line).collect();
    json!({ "id": id, "customer": format!("of {id}"), "lines": lines })
}

fn orders(orders: &[Value]) -> Value {
    json!({ "orders": orders, "shop": "north" })
}

fn line(run: &RunId, order: u64, line: u64) -> RunId {
    run.item(&"orders".into(), order)
        .item(&"lines".into(), line)
}

#[test]
fn an_inner_item_sees_all_that_is_around_it() {
    let (mut world, ledger) = world(2);
    let run = world.start("w", orders(&[order("a", &["1", "2"]), order("b", &[])]));
    assert_eq!(world.state(&run), State::Succeeded);
    let keys: Vec<String> = ledger.borrow().keys().cloned().collect();
    assert_eq!(keys, ["a-1", "a-2"]);
    let collected = world.disk.summaries[&line(&run, 0, 1)].collected.clone();
    let expected = json!({ "done": {
        "key": "a-2", "sku": "2", "customer": "of a", "found": "c-\"of a\"", "shop": "north",
    } });
    assert_eq!(collected, Some(expected.into()));
    world.check_index();
}

#[test]
fn an_order_whose_lines_wait_for_people_leaves_its_place_to_the_next() {
    let (mut world, _) = world(1);
    let all = orders(&[
        order("a", &["9001"]),
        order("b", &["1"]),
        order("c", &["9001", "2"]),
    ]);
    let run = world.start("w", all);
    assert_eq!(world.state(&line(&run, 1, 0)), State::Succeeded);
    assert_eq!(world.state(&line(&run, 2, 1)), State::Succeeded);
    assert_eq!(
        world.rested,
        std::slice::from_ref(&run),
        "only people can let it go on"
    );
    // So it has no place under `overlap` either.
    let next = world.start("w", orders(&[order("d", &["1"])]));
    assert_eq!(world.state(&next), State::Succeeded);
    for order in [0, 2] {
        world.resolve(&line(&run, order, 0), Resolution::Abandon);
    }
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn what_rests_still_rests_after_a_restart() {
    let (mut world, _) = world(1);
    let run = world.start("w", orders(&[order("a", &["9001"]), order("b", &["9001"])]));
    world.rested.clear();
    world.crash();
    world.settle();
    assert_eq!(world.rested, std::slice::from_ref(&run));
    let next = world.start("w", orders(&[order("d", &["1"])]));
    assert_eq!(world.state(&next), State::Succeeded);
    let edit = [("sku".to_owned(), json!("0011"))].into_iter().collect();
    world.resolve(&line(&run, 0, 0), Resolution::Edit(Edit::Item(edit)));
    assert_eq!(
        world.state(&run.item(&"orders".into(), 0)),
        State::Succeeded
    );
    world.resolve(&line(&run, 1, 0), Resolution::Abandon);
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

/// Two orders of which one line is refused; a third that a person corrects as soon as it is parked.
fn accepted() -> Value {
    orders(&[
        order("a", &["1", "9001", "3"]),
        order("b", &["9001"]),
        order("c", &["6"]),
    ])
}

fn drive(kills: &BTreeSet<usize>) -> (World, Ledger, usize) {
    let (mut world, ledger) = world(2);
    world.ask_start("w", accepted(), None);
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
    (world, ledger, count)
}

fn check(kills: &BTreeSet<usize>) {
    let (mut world, ledger, _) = drive(kills);
    world.check_index();
    if world.disk.facts.is_empty() {
        return;
    }
    let open: Vec<_> = world.disk.exceptions.values().cloned().collect();
    for exception in &open {
        let key = exception.key.clone().unwrap();
        let resolution = match exception.category {
            ExceptionCategory::InDoubt if ledger.borrow().contains_key(&key) => {
                let output = json!({ "typed": "by hand" }).into();
                Resolution::Happened { output }
            }
            ExceptionCategory::InDoubt => Resolution::Retry,
            _ => {
                let edit = [("sku".to_owned(), json!("0011"))].into_iter().collect();
                Resolution::Edit(Edit::Item(edit))
            }
        };
        world.resolve_exception(exception, resolution);
    }
    world.run_out();
    // What was in doubt and not done yet is refused in its turn when its product is unknown.
    for exception in world.disk.exceptions.clone().values() {
        let edit = [("sku".to_owned(), json!("0011"))].into_iter().collect();
        world.resolve_exception(exception, Resolution::Edit(Edit::Item(edit)));
    }
    world.run_out();
    let all: BTreeMap<String, u32> = ["a-1", "a-2", "a-3", "b-1", "c-1"]
        .map(|key| (key.to_owned(), 1))
        .into();
    assert_eq!(*ledger.borrow(), all, "killed at {kills:?}");
    assert_eq!(
        world.state(&RunId::root(1)),
        State::Succeeded,
        "killed at {kills:?}"
    );
    world.check_index();
}

#[test]
fn a_kill_after_any_command_loses_nothing_and_repeats_nothing() {
    let (_, _, commands) = drive(&BTreeSet::new());
    for at in 0..=commands {
        check(&BTreeSet::from([at]));
    }
}

#[test]
fn two_kills_do_not_either() {
    let (_, _, commands) = drive(&BTreeSet::new());
    for first in (0..commands).step_by(5) {
        for second in (first + 1..=commands).step_by(11) {
            check(&BTreeSet::from([first, second]));
        }
    }
}
