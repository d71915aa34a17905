//! How runs end before their steps are done, and what is done then.

use botswain_core::{
    Category, Fault, RunId,
    engine::{Event, event::Reply},
    index::{ExceptionCategory, State},
    plan::{InputKind, Missed, OnFault, Overlap, Step, Then, Trigger, Version},
    run::fact::Resolution,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    plans::{With, approve, bot, cron, each, on_fault, parallel, workflow},
    world::{Reaction, World},
};

fn put(id: &str) -> Step {
    bot(id, "world.put", json!({}))
}

fn with_cleanup(steps: Vec<Step>) -> Version {
    let mut flow = workflow("w", steps);
    flow.plan.on_failure = vec![bot(
        "sorry",
        "world.put",
        json!({ "why": "{{fault.code}}" }),
    )];
    flow.plan.finally = vec![put("tidy")];
    flow
}

/// Bots do as the step is called: `refuse…` fails, `hang…` never answers.
fn world(flow: Version) -> World {
    World::new(vec![flow], |call, _| match call.step.as_str() {
        step if step.starts_with("refuse") => {
            Reaction::Fail(Fault::business("world.refused", "no"))
        }
        step if step.starts_with("fall") => Reaction::Fail(Fault::system("world.down", "down")),
        step if step.starts_with("hang") => Reaction::Vanish,
        _ => Reaction::Succeed(json!({})),
    })
}

fn called(world: &World) -> Vec<&str> {
    world.calls.iter().map(|call| call.step.as_str()).collect()
}

#[test]
fn on_fault_goes_on_fails_or_does_something_else() {
    let refuse = |id: &str, then: Then| on_fault(put(id), Some("world.*"), then);
    let steps = vec![
        refuse("refuse-1", Then::Continue),
        refuse(
            "refuse-2",
            Then::Steps(vec![bot(
                "instead",
                "world.put",
                json!({ "why": "{{fault.message}}" }),
            )]),
        ),
        refuse("refuse-3", Then::Fail),
        put("never"),
    ];
    let mut world = world(with_cleanup(steps));
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Failed);
    assert_eq!(
        called(&world),
        [
            "refuse-1", "refuse-2", "instead", "refuse-3", "sorry", "tidy"
        ]
    );
    assert_eq!(
        world.with(&run, &"instead".into()).unwrap(),
        json!({ "why": "no" })
    );
    assert_eq!(
        world.with(&run, &"sorry".into()).unwrap(),
        json!({ "why": "world.refused" })
    );
    world.check_index();
}

#[test]
fn the_first_entry_that_fits_counts() {
    let mut step = on_fault(put("refuse"), Some("other.code"), Then::Fail);
    step.on_fault.push(OnFault {
        code: None,
        category: Some(Category::System),
        then: Then::Fail,
    });
    let step = on_fault(step, None, Then::Continue);
    let mut world = world(with_cleanup(vec![step]));
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(called(&world), ["refuse", "tidy"]);
}

#[test]
fn a_business_fault_is_tried_again_when_the_author_says_so() {
    let mut world = world(workflow(
        "w",
        vec![on_fault(put("refuse"), None, Then::Retry)],
    ));
    let run = world.start("w", json!({}));
    world.run_out();
    assert_eq!(world.count("refuse"), 3);
    assert_eq!(world.state(&run), State::Parked);
}

#[test]
fn a_fault_does_not_clean_up_while_it_is_parked() {
    let mut world = world(with_cleanup(vec![put("refuse")]));
    let run = world.start("w", json!({}));
    assert_eq!(called(&world), ["refuse"]);
    world.crash();
    world.resolve(&run, Resolution::Abandon);
    assert_eq!(called(&world), ["refuse", "sorry", "tidy"]);
    assert_eq!(world.state(&run), State::Failed);
    world.check_index();
}

#[test]
fn what_goes_wrong_in_the_cleanup_is_parked_and_can_be_given_up() {
    let mut flow = with_cleanup(vec![on_fault(put("refuse"), None, Then::Fail)]);
    flow.plan.finally = vec![put("refuse-too"), put("last")];
    let mut world = world(flow);
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Parked);
    world.crash();
    world.resolve(&run, Resolution::Abandon);
    assert_eq!(world.state(&run), State::Failed);
    assert_eq!(called(&world), ["refuse", "sorry", "refuse-too"]);
    world.check_index();
}

#[test]
fn a_run_that_waits_for_people_is_cancelled_at_once() {
    for step in [put("refuse"), approve("ask", "Well?")] {
        let mut world = world(with_cleanup(vec![step]));
        let run = world.start("w", json!({}));
        assert_eq!(world.state(&run), State::Parked);
        world.crash();
        assert_eq!(world.cancel(&run), Reply::Resolved);
        assert_eq!(world.state(&run), State::Cancelled);
        assert_eq!(world.disk.exceptions.len(), 0);
        assert_eq!(called(&world).last(), Some(&"tidy"));
        assert!(matches!(world.cancel(&run), Reply::Refused { .. }));
        world.check_index();
    }
}

#[test]
fn what_reads_is_stopped_at_once_and_what_acts_once_gets_its_time() {
    let right = vec![bot("hang-2", "world.order", json!({}))];
    let both = parallel("both", [("left", vec![put("hang-1")]), ("right", right)]);
    let mut world = world(with_cleanup(vec![both]));
    let run = world.start("w", json!({}));
    assert_eq!(world.cancel(&run), Reply::Resolved);
    assert_eq!(world.state(&run), State::Running);
    world.pass(SignedDuration::from_secs(29));
    assert_eq!(world.state(&run), State::Running);
    world.pass(SignedDuration::from_secs(1));
    assert_eq!(world.state(&run), State::Parked);
    let exception = world.disk.exceptions.values().next().unwrap();
    assert_eq!(exception.category, ExceptionCategory::InDoubt);
    assert_eq!(called(&world), ["hang-1", "hang-2"]);
    world.check_index();
    world.resolve(&run, Resolution::Retry);
    assert_eq!(world.state(&run), State::Cancelled);
    assert_eq!(called(&world), ["hang-1", "hang-2", "tidy"]);
    world.check_index();
}

#[test]
fn an_effect_that_ends_in_its_time_leaves_no_doubt() {
    let mut world = world(with_cleanup(vec![
        bot("hang", "world.order", json!({})),
        put("never"),
    ]));
    let run = world.start("w", json!({}));
    world.cancel(&run);
    world.pass(SignedDuration::from_secs(10));
    world.tell(Event::Outcome {
        run: run.clone(),
        step: "hang".into(),
        attempt: 1,
        result: Ok(Value::Null.into()),
    });
    world.settle();
    assert_eq!(world.state(&run), State::Cancelled);
    assert_eq!(called(&world), ["hang", "tidy"]);
}

fn looping() -> World {
    let steps = vec![put("hang"), put("after")];
    let mut flow = with_cleanup(vec![each(
        "all",
        "{{inputs.lines}}",
        Some("{{line}}"),
        steps,
    )]);
    flow = flow.input("lines", InputKind::List);
    World::new(vec![flow], |call, _| {
        match (call.step.as_str(), call.run.index()) {
            ("hang", 0) => Reaction::Fail(Fault::business("world.refused", "no")),
            ("hang", _) => Reaction::Vanish,
            _ => Reaction::Succeed(json!({})),
        }
    })
}

#[test]
fn a_loop_is_cancelled_with_all_its_items() {
    let mut world = looping();
    let run = world.start("w", json!({ "lines": ["a", "b", "c", "d", "e"] }));
    let item = |index| run.item(&"all".into(), index);
    assert_eq!(
        (world.state(&item(0)), world.state(&item(1))),
        (State::Parked, State::Running)
    );
    assert_eq!(world.cancel(&run), Reply::Resolved);
    for index in 0..3 {
        assert_eq!(world.state(&item(index)), State::Cancelled);
    }
    assert!(!world.disk.summaries.contains_key(&item(4)));
    assert_eq!(world.state(&run), State::Cancelled);
    assert_eq!(called(&world).last(), Some(&"tidy"));
    assert_eq!(world.disk.exceptions.len(), 0);
    world.check_index();
}

#[test]
fn a_kill_at_any_moment_of_a_cancel_ends_it_all_the_same() {
    for kill in 0.. {
        let mut world = looping();
        let run = world.start("w", json!({ "lines": ["a", "b", "c", "d"] }));
        let request = world.ask_cancel(&run);
        let mut done = 0;
        while done < kill && world.step() {
            done += 1;
        }
        if done < kill {
            break;
        }
        let acknowledged = world.replies.contains_key(&request);
        world.crash();
        world.run_out();
        world.check_index();
        let halted = world.disk.facts[&run]
            .iter()
            .any(|fact| matches!(fact.what, botswain_core::run::fact::What::Cancelled { .. }));
        assert!(halted || !acknowledged, "killed after {kill} commands");
        if halted {
            assert_eq!(
                world.state(&run),
                State::Cancelled,
                "killed after {kill} commands"
            );
            assert!(world.count("tidy") >= 1, "killed after {kill} commands");
        }
    }
}

#[test]
fn a_firing_takes_the_place_of_the_run_at_work() {
    let flow = with_cleanup(vec![put("hang")]).overlap(Overlap::Cancel);
    let on = cron("@hourly", Missed::Last);
    let inputs = Default::default();
    let flow = flow.trigger(Trigger { on, inputs });
    let mut world = world(flow);
    world.pass(SignedDuration::from_hours(1));
    let first = RunId::root(1);
    assert_eq!(world.state(&first), State::Running);
    world.pass(SignedDuration::from_hours(1));
    assert_eq!(world.state(&first), State::Cancelled);
    assert_eq!(world.state(&RunId::root(2)), State::Running);
    assert_eq!(called(&world), ["hang", "tidy", "hang"]);
    world.check_index();
}

#[test]
fn a_run_that_waits_for_its_turn_is_cancelled_without_having_begun() {
    let mut world = world(with_cleanup(vec![put("hang")]));
    world.start("w", json!({}));
    let second = world.start("w", json!({}));
    assert_eq!(world.state(&second), State::Queued);
    world.cancel(&second);
    assert_eq!(world.state(&second), State::Cancelled);
    assert_eq!(called(&world), ["hang"]);
    world.check_index();
}
