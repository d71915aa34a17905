//! What a person can decide, and what follows.

use botswain_core::{
    Fault, RunId,
    engine::event::Reply,
    index::{ExceptionCategory, State},
    plan::{InputKind, Kind, Template},
    run::fact::{Edit, Resolution, What},
};
use serde_json::{Value, json};

use crate::{
    plans::{With, bot, each, workflow},
    world::{Reaction, World},
};

/// One order line; its form refuses SKU 9001 and the step after it records what it saw.
fn world() -> (World, RunId) {
    let steps = vec![
        bot("form", "world.order", json!({ "sku": "{{line.sku}}" })),
        bot(
            "note",
            "world.put",
            json!({ "sku": "{{line.sku}}", "form": "{{steps.form}}" }),
        ),
    ];
    let flow = workflow("w", vec![each("enter", "{{inputs.lines}}", None, steps)])
        .input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, with| match with["sku"].as_str() {
        Some("9001") => Reaction::Fail(Fault::business("browser.refused", "unknown product 9001")),
        Some("doubt") => Reaction::Fail(Fault::system("browser.lost", "no answer").in_doubt()),
        _ => Reaction::Succeed(with.clone()),
    });
    let run = world.start("w", json!({ "lines": [{ "sku": "9001", "order": "17" }] }));
    let item = run.item(&"enter".into(), 0);
    assert_eq!(world.state(&item), State::Parked);
    (world, item)
}

fn seen(world: &World, step: &str) -> Vec<Value> {
    let calls = world.calls.iter().filter(|call| call.step.as_str() == step);
    calls
        .map(|call| serde_json::to_value(call.with.as_ref()).unwrap()["inline"].clone())
        .collect()
}

fn edit(sku: &str) -> indexmap::IndexMap<String, Value> {
    [("sku".to_owned(), json!(sku))].into_iter().collect()
}

#[test]
fn retry_parks_again_while_nothing_has_changed() {
    let (mut world, item) = world();
    let first = world.disk.exceptions.values().next().unwrap().clone();
    assert_eq!(world.resolve(&item, Resolution::Retry), Reply::Resolved);
    let second = world.disk.exceptions.values().next().unwrap().clone();
    assert_ne!(first.id, second.id);
    assert_eq!(first.fingerprint, second.fingerprint);
    assert_eq!(
        world.calls[0].idempotency_key, world.calls[1].idempotency_key,
        "the same data, the same effect"
    );
    let late = world.resolve_exception(&first, Resolution::Skip);
    assert!(
        matches!(late, Reply::Refused { .. }),
        "the first exception is decided: {late:?}"
    );
    world.check_index();
}

#[test]
fn edited_data_are_seen_by_all_later_steps() {
    let (mut world, item) = world();
    world.resolve(&item, Resolution::Edit(Edit::Item(edit("0011"))));
    assert_eq!(world.state(&item), State::Succeeded);
    assert_eq!(
        seen(&world, "form"),
        [json!({ "sku": "9001" }), json!({ "sku": "0011" })]
    );
    assert_eq!(
        seen(&world, "note"),
        [json!({ "sku": "0011", "form": { "sku": "0011" } })]
    );
    assert_ne!(
        world.calls[0].idempotency_key, world.calls[1].idempotency_key,
        "other data, another effect"
    );
    world.check_index();
}

#[test]
fn edited_parameters_are_seen_by_their_step_alone() {
    let (mut world, item) = world();
    world.resolve(&item, Resolution::Edit(Edit::With(edit("0011"))));
    assert_eq!(seen(&world, "form")[1], json!({ "sku": "0011" }));
    // The note still sees the item's SKU, and so it is refused in its turn.
    assert_eq!(world.state(&item), State::Parked);
    assert_eq!(
        seen(&world, "note"),
        [json!({ "sku": "9001", "form": { "sku": "0011" } })]
    );
}

#[test]
fn what_happened_elsewhere_counts() {
    let (mut world, item) = world();
    let before = world.count("form");
    world.resolve(
        &item,
        Resolution::Happened {
            output: json!({ "number": "4711" }).into(),
        },
    );
    assert_eq!(world.count("form"), before);
    let What::Succeeded { .. } = &world.disk.facts[&item].iter().rev().nth(1).unwrap().what else {
        // The note was refused for its SKU; its data show that the form counts as done.
        assert_eq!(
            seen(&world, "note"),
            [json!({ "sku": "9001", "form": { "number": "4711" } })]
        );
        return;
    };
}

#[test]
fn skip_and_abandon_end_what_they_say() {
    let (mut world, item) = world();
    world.resolve(&item, Resolution::Abandon);
    assert_eq!(world.state(&item), State::Failed);
    assert_eq!(
        world.state(&RunId::root(1)),
        State::Succeeded,
        "the loop succeeds whatever its items do"
    );
    world.check_index();
}

#[test]
fn in_doubt_is_parked_whatever_attempts_are_left() {
    let (mut world, item) = world();
    world.resolve(&item, Resolution::Edit(Edit::Item(edit("doubt"))));
    let exception = world.disk.exceptions.values().next().unwrap().clone();
    assert_eq!(exception.category, ExceptionCategory::InDoubt);
    assert_eq!(world.count("form"), 2);
    world.run_out();
    assert_eq!(world.count("form"), 2, "nothing repeats it on a guess");
    world.check_index();
}

#[test]
fn a_resolution_outlives_the_daemon() {
    let (mut world, item) = world();
    world.crash();
    world.settle();
    assert_eq!(world.state(&item), State::Parked);
    world.resolve(&item, Resolution::Edit(Edit::Item(edit("0011"))));
    assert_eq!(world.state(&RunId::root(1)), State::Succeeded);
}

/// Items with a key that reads `order`, which leave `number`; neither need be there.
fn collecting(lines: Value) -> (World, RunId) {
    let form = bot("form", "world.order", json!({ "sku": "{{line.sku}}" }));
    let mut enter = each(
        "enter",
        "{{inputs.lines}}",
        Some("{{line.order}}"),
        vec![form],
    );
    if let Kind::ForEach(each) = &mut enter.kind {
        let number = Template("{{steps.form.number}}".to_owned());
        each.collect.insert("number".to_owned(), number);
        let path = ["steps", "form", "number"].map(str::to_owned);
        each.collect_reads.push(path.into());
    }
    let flow = workflow("w", vec![enter]).input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, with| match with["sku"] == "numbered" {
        true => Reaction::Succeed(json!({ "number": 4711 })),
        false => Reaction::Succeed(json!({})),
    });
    let run = world.start("w", json!({ "lines": lines }));
    (world, run.item(&"enter".into(), 0))
}

#[test]
fn an_item_without_its_key_begins_when_it_is_given_one() {
    let (mut world, item) = collecting(json!([{ "sku": "numbered" }]));
    assert_eq!(world.state(&item), State::Parked);
    assert!(matches!(
        world.resolve(
            &item,
            Resolution::Happened {
                output: Value::Null.into()
            }
        ),
        Reply::Refused { .. }
    ));
    world.resolve(&item, Resolution::Retry);
    assert_eq!(world.state(&item), State::Parked);
    assert_eq!(world.count("form"), 0);
    let edit = [("order".to_owned(), json!("17"))].into_iter().collect();
    world.resolve(&item, Resolution::Edit(Edit::Item(edit)));
    assert_eq!(world.state(&item), State::Succeeded);
    assert_eq!(world.disk.summaries[&item].key.as_deref(), Some("17"));
    world.check_index();
}

#[test]
fn what_an_item_cannot_leave_is_left_out_and_nothing_is_done_again() {
    let (mut world, item) = collecting(json!([{ "order": "17", "sku": "plain" }]));
    assert_eq!(world.state(&item), State::Parked);
    world.resolve(&item, Resolution::Retry);
    assert_eq!(world.state(&item), State::Parked);
    world.crash();
    world.resolve(&item, Resolution::Skip);
    assert_eq!(world.state(&item), State::Succeeded);
    assert_eq!(world.state(&RunId::root(1)), State::Succeeded);
    assert_eq!(world.count("form"), 1);
    world.check_index();
}

#[test]
fn an_item_given_up_after_it_acted_keeps_its_key() {
    let lines = json!([{ "order": "17", "sku": "plain" }]);
    let (mut world, item) = collecting(lines.clone());
    world.resolve(&item, Resolution::Abandon);
    assert_eq!(world.state(&item), State::Failed);
    world.start("w", json!({ "lines": lines }));
    assert_eq!(world.count("form"), 1);
    world.check_index();
}

#[test]
fn of_two_decisions_at_the_same_moment_the_first_one_counts() {
    let (mut world, item) = world();
    let exception = world.disk.exceptions.values().next().unwrap().clone();
    let first = world.ask_resolve(&exception, Resolution::Edit(Edit::Item(edit("0011"))));
    let second = world.ask_resolve(&exception, Resolution::Abandon);
    world.settle();
    assert_eq!(world.replies[&first], Reply::Resolved);
    assert!(matches!(world.replies[&second], Reply::Refused { .. }));
    assert_eq!(world.state(&item), State::Succeeded);
    world.check_index();
}
