//! What has a key is done once, ever.

use botswain_core::{
    Fault, RunId,
    engine::event::Reply,
    index::State,
    plan::InputKind,
    run::fact::{Edit, Resolution},
};
use serde_json::{Value, json};

use crate::{
    plans::{With, bot, each, keyed, workflow},
    world::{Reaction, World},
};

fn orders(refused: &'static str) -> World {
    let steps = vec![bot("form", "world.order", json!({ "sku": "{{line.sku}}" }))];
    let flow = workflow(
        "w",
        vec![each(
            "enter",
            "{{inputs.lines}}",
            Some("{{line.order}}"),
            steps,
        )],
    )
    .input("lines", InputKind::List)
    .overlap(botswain_core::plan::Overlap::Allow);
    World::new(vec![flow], move |_, with| {
        match with["sku"].as_str() == Some(refused) {
            true => Reaction::Fail(Fault::business("browser.refused", "unknown product")),
            false => Reaction::Succeed(json!({})),
        }
    })
}

fn lines(lines: &[(&str, &str)]) -> Value {
    let line = |(order, sku): &(&str, &str)| json!({ "order": order, "sku": sku });
    json!({ "lines": lines.iter().map(line).collect::<Vec<_>>() })
}

fn item(run: &RunId, index: u64) -> RunId {
    run.item(&"enter".into(), index)
}

#[test]
fn a_second_use_is_skipped_and_linked() {
    let mut world = orders("");
    let first = world.start("w", lines(&[("1001", "a"), ("1002", "b")]));
    let second = world.start("w", lines(&[("1002", "b"), ("1003", "c"), ("1003", "c")]));
    assert_eq!(world.count("form"), 3);
    assert_eq!(world.state(&item(&second, 0)), State::Skipped);
    assert_eq!(
        world.state(&item(&second, 2)),
        State::Skipped,
        "twice in one file is once"
    );
    assert_eq!(world.state(&first), State::Succeeded);
    assert_eq!(world.state(&second), State::Succeeded);
    world.check_index();
}

#[test]
fn two_at_the_same_moment_are_one() {
    let mut world = orders("");
    world.ask_start("w", lines(&[("1001", "a")]), None);
    world.ask_start("w", lines(&[("1001", "a")]), None);
    world.settle();
    assert_eq!(world.count("form"), 1);
}

#[test]
fn the_same_key_with_other_data_goes_to_a_person() {
    let mut world = orders("");
    world.start("w", lines(&[("1001", "a")]));
    let second = world.start("w", lines(&[("1001", "b")]));
    let item = item(&second, 0);
    assert_eq!(world.state(&item), State::Parked);
    assert_eq!(world.opened[0].fault.code, "key.conflict");
    assert_eq!(world.count("form"), 1);
    // Trying again is the same conflict; a corrected order number is another order.
    world.resolve(&item, Resolution::Retry);
    assert_eq!(world.state(&item), State::Parked);
    let edit = [("order".to_owned(), json!("1009"))].into_iter().collect();
    world.resolve(&item, Resolution::Edit(Edit::Item(edit)));
    assert_eq!(world.state(&item), State::Succeeded);
    assert_eq!(world.count("form"), 2);
    world.check_index();
}

#[test]
fn what_was_given_up_before_it_did_anything_may_come_again() {
    let mut world = orders("9001");
    let first = world.start("w", lines(&[("1001", "9001")]));
    world.resolve(&item(&first, 0), Resolution::Abandon);
    let second = world.start("w", lines(&[("1001", "0011")]));
    assert_eq!(world.state(&item(&second, 0)), State::Succeeded);
    assert_eq!(world.count("form"), 2);
    world.check_index();
}

#[test]
fn keys_outlive_the_daemon() {
    let mut world = orders("");
    world.start("w", lines(&[("1001", "a")]));
    world.crash();
    world.start("w", lines(&[("1001", "a")]));
    assert_eq!(world.count("form"), 1);
}

#[test]
fn a_run_with_a_key_runs_once() {
    let flow = workflow(
        "w",
        vec![bot("put", "world.put", json!({ "n": "{{inputs.n}}" }))],
    )
    .input("n", InputKind::Integer);
    let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
    world.start_keyed("w", json!({ "n": 1 }), Some("monday"));
    let again = world.start_keyed("w", json!({ "n": 1 }), Some("monday"));
    let other = world.start_keyed("w", json!({ "n": 2 }), Some("monday"));
    assert_eq!(world.state(&again), State::Skipped);
    assert_eq!(world.state(&other), State::Parked);
    assert_eq!(world.count("put"), 1);
    assert_eq!(world.resolve(&other, Resolution::Skip), Reply::Resolved);
    assert_eq!(world.state(&other), State::Skipped);
}

#[test]
fn a_step_with_a_key_acts_once_over_all_runs() {
    let step = keyed(
        bot("mail", "world.order", json!({ "to": "{{inputs.to}}" })),
        "{{today}}-{{inputs.to}}",
    );
    let flow = workflow("w", vec![step]).input("to", InputKind::Text);
    let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
    for to in ["a", "b", "a"] {
        let run = world.start("w", json!({ "to": to }));
        assert_eq!(world.state(&run), State::Succeeded);
    }
    assert_eq!(world.count("mail"), 2);
    world.check_index();
}

/// A mail for `inputs.to`, once a day for each; `blocked` is refused.
fn mails() -> World {
    let step = keyed(
        bot("mail", "world.order", json!({ "to": "{{inputs.to}}" })),
        "{{today}}-{{inputs.to}}",
    );
    let flow = workflow("w", vec![step]).input("to", InputKind::Text);
    let mut refused = true;
    World::new(vec![flow], move |_, with| {
        match with["to"] == "ann" && std::mem::take(&mut refused) {
            true => Reaction::Fail(Fault::business("mail.refused", "no such mailbox")),
            false => Reaction::Succeed(json!({})),
        }
    })
}

#[test]
fn a_corrected_step_leaves_its_first_key_to_others() {
    let mut world = mails();
    let first = world.start("w", json!({ "to": "ann" }));
    let edit = [("to".to_owned(), json!("ben"))].into_iter().collect();
    world.resolve(&first, Resolution::Edit(Edit::Inputs(edit)));
    assert_eq!(world.state(&first), State::Succeeded);
    world.start("w", json!({ "to": "ann" }));
    assert_eq!(world.count("mail"), 3, "nobody had written to ann");
    world.start("w", json!({ "to": "ben" }));
    world.start("w", json!({ "to": "ann" }));
    assert_eq!(world.count("mail"), 3, "both were written to once");
    world.check_index();
}

#[test]
fn a_step_that_a_person_left_out_leaves_its_key_to_others() {
    let mut world = mails();
    let first = world.start("w", json!({ "to": "ann" }));
    world.resolve(&first, Resolution::Skip);
    assert_eq!(world.state(&first), State::Succeeded);
    world.start("w", json!({ "to": "ann" }));
    assert_eq!(world.count("mail"), 2);
    world.start("w", json!({ "to": "ann" }));
    assert_eq!(world.count("mail"), 2);
    world.check_index();
}

#[test]
fn a_step_in_doubt_keeps_its_key_when_it_is_left_out() {
    let step = keyed(bot("mail", "world.order", json!({})), "{{today}}");
    let mut world = World::new(vec![workflow("w", vec![step])], |_, _| {
        Reaction::Fail(Fault::system("mail.lost", "no answer").in_doubt())
    });
    let first = world.start("w", json!({}));
    world.resolve(&first, Resolution::Skip);
    assert_eq!(world.state(&first), State::Succeeded);
    world.start("w", json!({}));
    assert_eq!(world.count("mail"), 1, "it may have been sent");
}
