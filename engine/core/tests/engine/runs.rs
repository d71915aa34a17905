//! One run after the other: steps, retries, parking, items, turns.

use std::{cell::RefCell, rc::Rc};

use botswain_core::{
    Fault, RunId,
    engine::Event,
    index::State,
    plan::{InputKind, Overlap},
    run::fact::{Resolution, What},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    plans::{With, bot, each, on, when, workflow},
    world::{Reaction, World},
};

#[test]
fn steps_see_what_earlier_steps_gave() {
    let flow = workflow(
        "w",
        vec![
            bot("read", "world.read", json!({ "n": "{{inputs.n}}" })),
            when(
                bot("never", "world.read", json!({})),
                "{{gt steps.read.n 5}}",
            ),
            bot(
                "put",
                "world.put",
                json!({ "text": "n is {{steps.read.n}}", "n": "{{steps.read.n}}" }),
            ),
        ],
    )
    .input("n", InputKind::Integer);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let log = seen.clone();
    let mut world = World::new(vec![flow], move |call, with| {
        log.borrow_mut().push((call.step.to_string(), with.clone()));
        Reaction::Succeed(with.clone())
    });
    let run = world.start("w", json!({ "n": "3" }));
    assert_eq!(world.state(&run), State::Succeeded);
    let expected = [
        ("read", json!({ "n": 3 })),
        ("put", json!({ "text": "n is 3", "n": 3 })),
    ];
    assert_eq!(
        *seen.borrow(),
        expected.map(|(step, with)| (step.to_owned(), with))
    );
    world.check_index();
}

#[test]
fn a_system_fault_is_tried_again_and_then_parked() {
    let flow = workflow("w", vec![bot("read", "world.read", json!({}))]);
    let mut world = World::new(vec![flow], |_, _| {
        Reaction::Fail(Fault::system("http.refused", "nobody there"))
    });
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Waiting);
    let before = world.now;
    world.run_out();
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!(world.count("read"), 3);
    let waited = world.now.duration_since(before).as_millis();
    assert!(
        (2400..=3600).contains(&waited),
        "1 s and 2 s with jitter, not {waited} ms"
    );
    world.check_index();
}

#[test]
fn a_template_that_cannot_be_rendered_parks_and_is_mended() {
    let flow = workflow(
        "w",
        vec![bot(
            "put",
            "world.put",
            json!({ "x": "{{inputs.data.name}}" }),
        )],
    )
    .input("data", InputKind::Object);
    let mut world = World::new(vec![flow], |_, with| Reaction::Succeed(with.clone()));
    let run = world.start("w", json!({ "data": {} }));
    assert_eq!(world.state(&run), State::Parked);
    assert!(world.calls.is_empty());
    let edit = [("data".to_owned(), json!({ "name": "Ann" }))]
        .into_iter()
        .collect();
    world.resolve(
        &run,
        Resolution::Edit(botswain_core::run::fact::Edit::Inputs(edit)),
    );
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn a_parked_item_stops_neither_its_neighbours_nor_the_next_run() {
    let flow = workflow(
        "w",
        vec![
            each(
                "enter",
                "{{inputs.lines}}",
                None,
                vec![bot("form", "world.order", json!({ "sku": "{{line.sku}}" }))],
            ),
            bot(
                "tell",
                "world.put",
                json!({ "done": "{{steps.enter.succeeded}}" }),
            ),
        ],
    )
    .input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, with| match with["sku"] == "9001" {
        true => Reaction::Fail(Fault::business("browser.refused", "unknown product 9001")),
        false => Reaction::Succeed(json!({})),
    });
    let lines =
        json!({ "lines": [{ "sku": "1" }, { "sku": "9001" }, { "sku": "3" }, { "sku": "4" }] });
    let first = world.start("w", lines.clone());
    assert_eq!(world.count("form"), 4);
    assert_eq!(world.count("tell"), 0, "the loop waits for its parked item");
    assert_eq!(
        world.rested,
        std::slice::from_ref(&first),
        "it waits for nobody but people"
    );
    let second = world.start("w", lines);
    assert_eq!(world.count("form"), 8, "the next one has its turn");
    for run in [&first, &second] {
        let item: RunId = format!("{run}.enter.1").parse().unwrap();
        assert_eq!(world.state(&item), State::Parked);
        world.resolve(&item, Resolution::Skip);
        assert_eq!(world.state(run), State::Succeeded);
    }
    world.check_index();
}

#[test]
fn an_empty_list_is_done_at_once() {
    let flow = workflow("w", vec![each("enter", "{{inputs.lines}}", None, vec![])])
        .input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish);
    let run = world.start("w", json!({ "lines": [] }));
    assert_eq!(world.state(&run), State::Succeeded);
}

#[test]
fn no_more_items_are_under_way_than_at_once_allows() {
    let flow = workflow(
        "w",
        vec![each(
            "enter",
            "{{inputs.lines}}",
            None,
            vec![bot("form", "world.order", json!({}))],
        )],
    )
    .input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish);
    world.start("w", json!({ "lines": [1, 2, 3, 4, 5] }));
    assert_eq!(world.count("form"), 2);
}

#[test]
fn a_connection_bears_no_more_than_its_sessions() {
    let form = on(bot("form", "world.order", json!({})), "office");
    let flow = workflow(
        "w",
        vec![each("enter", "{{inputs.lines}}", None, vec![form])],
    )
    .input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, _| Reaction::Vanish).with_sessions("office", 1);
    let run = world.start("w", json!({ "lines": [1, 2, 3] }));
    assert_eq!(world.count("form"), 1);
    let call = world.calls[0].clone();
    world.tell(Event::Outcome {
        run: call.run,
        step: call.step,
        attempt: call.attempt,
        result: Ok(json!({}).into()),
    });
    world.settle();
    assert_eq!(
        world.count("form"),
        2,
        "the session went to the next in line"
    );
    assert_eq!(world.state(&run), State::Running);
}

#[test]
fn a_run_waits_for_its_turn() {
    let flow = |overlap| workflow("w", vec![bot("put", "world.put", json!({}))]).overlap(overlap);
    let mut world = World::new(vec![flow(Overlap::Queue)], |_, _| Reaction::Vanish);
    let first = world.start("w", json!({}));
    let second = world.start("w", json!({}));
    assert_eq!(world.state(&second), State::Queued);
    let call = world.calls[0].clone();
    let result = Ok(json!({}).into());
    world.tell(Event::Outcome {
        run: first,
        step: call.step,
        attempt: 1,
        result,
    });
    world.settle();
    assert_eq!(world.state(&second), State::Running);

    let mut world = World::new(vec![flow(Overlap::Allow)], |_, _| Reaction::Vanish);
    world.start("w", json!({}));
    let second = world.start("w", json!({}));
    assert_eq!(world.state(&second), State::Running);
}

#[test]
fn a_late_or_doubled_outcome_is_refused_and_not_written() {
    let flow = workflow(
        "w",
        vec![
            bot("put", "world.put", json!({})),
            bot("then", "world.put", json!({})),
        ],
    );
    let mut world = World::new(vec![flow], |call, _| match call.step.as_str() {
        "put" => Reaction::Succeed(json!({})),
        _ => Reaction::Vanish,
    });
    let run = world.start("w", json!({}));
    let facts = world.disk.facts[&run].len();
    for attempt in [1, 2] {
        let result = Ok(json!({ "again": true }).into());
        world.tell(Event::Outcome {
            run: run.clone(),
            step: "put".into(),
            attempt,
            result,
        });
        world.settle();
    }
    assert_eq!(world.disk.facts[&run].len(), facts);
}

#[test]
fn a_stop_begins_nothing_more_and_loses_nothing() {
    let flow = workflow(
        "w",
        vec![
            bot("put", "world.put", json!({})),
            bot("then", "world.put", json!({})),
        ],
    );
    let mut world = World::new(vec![flow], |call, _| match call.attempt {
        1 if call.step.as_str() == "put" => Reaction::Vanish,
        _ => Reaction::Succeed(json!({})),
    });
    let run = world.start("w", json!({}));
    world.tell(Event::Stop);
    let result = Ok(json!({}).into());
    world.tell(Event::Outcome {
        run: run.clone(),
        step: "put".into(),
        attempt: 1,
        result,
    });
    world.settle();
    assert_eq!(world.count("then"), 0);
    world.crash();
    world.settle();
    assert_eq!(world.state(&run), State::Succeeded);
    world.pass(SignedDuration::from_secs(1));
    world.check_index();
}

#[test]
fn what_a_bot_warns_of_stands_in_the_run_and_changes_nothing() {
    let steps = ["put", "then"].map(|id| bot(id, "world.put", json!({})));
    let mut world = World::new(vec![workflow("w", steps.into())], |call, _| {
        match call.step.as_str() {
            "put" => Reaction::Vanish,
            _ => Reaction::Succeed(json!({})),
        }
    });
    let run = world.start("w", json!({}));
    let warned = |step: &str, attempt| Event::Warned {
        run: run.clone(),
        step: step.into(),
        attempt,
        warnings: vec!["`A` was not found, `B` was".to_owned()],
    };
    // Of an attempt that there never was.
    world.tell(warned("put", 9));
    world.tell(warned("then", 1));
    world.tell(warned("put", 1));
    world.tell(Event::Outcome {
        run: run.clone(),
        step: "put".into(),
        attempt: 1,
        result: Ok(json!({}).into()),
    });
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    let facts = &world.disk.facts[&run];
    let warnings = facts
        .iter()
        .filter(|fact| matches!(&fact.what, What::Warned { .. }));
    assert_eq!(warnings.count(), 1);
    world.check_index();
    world.crash();
    world.run_out();
    assert_eq!(
        (world.state(&run), world.count("then")),
        (State::Succeeded, 1)
    );
    // The run is over: nobody waits for it any more.
    world.tell(warned("put", 1));
    world.run_out();
    world.check_index();
}
