//! Where two things meet: a decision, a time-out or a full disk in the middle of something else.

use botswain_core::{
    Fault, RunId,
    engine::{
        Event,
        capacity::{Capacity, Resource},
        event::Reply,
        quarantine::{Quarantine, Resumed},
    },
    index::{ExceptionCategory, State},
    plan::{InputKind, Kind, Step, Then, Verify, Version, WaitFor, WorkflowCall},
    run::fact::{Edit, Resolution},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    plans::{With, bot, each, keyed, on, on_fault, parallel, step, verified, within, workflow},
    world::{Reaction, World},
};

const MINUTE: u64 = 60_000;

fn order(id: &str) -> Step {
    bot(id, "world.order", json!({}))
}

fn put(id: &str) -> Step {
    bot(id, "world.put", json!({}))
}

fn refused() -> Fault {
    Fault::business("world.refused", "no")
}

fn in_doubt() -> Fault {
    Fault::system("http.timeout", "no answer").in_doubt()
}

/// Bots do as the step is called: `refuse…` is refused at first, `hang…` never answers, `doubt…`
/// leaves it open at first. Whoever asks the world is told that nothing took place.
fn world(flows: Vec<Version>) -> World {
    World::new(flows, |call, _| match call.step.as_str() {
        _ if call.verifies => Reaction::Succeed(json!({ "count": 0 })),
        step if step.starts_with("hang") => Reaction::Vanish,
        step if step.starts_with("refuse") && call.attempt == 1 => Reaction::Fail(refused()),
        step if step.starts_with("doubt") && call.attempt == 1 => Reaction::Fail(in_doubt()),
        _ => Reaction::Succeed(json!({})),
    })
}

fn ends(world: &mut World, run: &RunId, step: &str, result: Result<Value, Fault>) {
    world.tell(Event::Outcome {
        run: run.clone(),
        step: step.into(),
        attempt: 1,
        result: result.map(Into::into).map_err(Box::new),
    });
    world.settle();
}

/// Its question goes to the connection `office`.
fn asked_there(mut step: Step) -> Step {
    if let Kind::Bot(call) = &mut step.kind {
        let verify = call.verify.take();
        let connection = Some("office".to_owned());
        call.verify = verify.map(|verify| Verify {
            connection,
            ..verify
        });
    }
    step
}

#[test]
fn an_overdue_step_hears_what_its_branches_come_to() {
    let branches = [("left", vec![order("hang")]), ("right", vec![put("right")])];
    let both = within(parallel("both", branches), 10 * MINUTE);
    let mut world = world(vec![workflow("w", vec![both])]);
    let run = world.start("w", json!({}));
    world.pass(SignedDuration::from_mins(11));
    assert_eq!(world.state(&run), State::Parked);
    ends(&mut world, &run, "hang", Ok(json!({})));
    let more = Resolution::MoreTime { millis: MINUTE };
    assert_eq!(world.resolve(&run, more), Reply::Resolved);
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(world.count("hang"), 1);
    world.check_index();
}

#[test]
fn an_item_that_goes_on_after_its_run_has_ended_still_sees_it() {
    let with = json!({ "fail": "{{line.fail}}", "who": "{{inputs.who}}" });
    let mut all = each(
        "all",
        "{{inputs.lines}}",
        None,
        vec![bot("refuse", "world.put", with)],
    );
    if let Kind::ForEach(each) = &mut all.kind {
        each.wait_for = WaitFor::Unparked;
    }
    let flow = workflow("w", vec![all]).input("lines", InputKind::List);
    let mut world = world(vec![flow.input("who", InputKind::Text)]);
    let run = world.start("w", json!({ "lines": [{ "fail": "x" }], "who": "ann" }));
    assert_eq!(world.state(&run), State::Succeeded);
    let item = run.item(&"all".into(), 0);
    let edit = [("fail".to_owned(), json!("y"))].into_iter().collect();
    world.resolve(&item, Resolution::Edit(Edit::Item(edit)));
    assert_eq!(
        world.with(&item, &"refuse".into()),
        Some(json!({ "fail": "y", "who": "ann" }))
    );
    assert_eq!(world.state(&item), State::Succeeded);
    world.check_index();
}

#[test]
fn what_a_call_left_is_asked_for_in_a_while_when_it_cannot_be_read() {
    let inner = workflow("inner", vec![put("hang")]);
    let call = WorkflowCall {
        workflow: "inner".to_owned(),
        with: json!({}),
    };
    let mut outer = workflow("outer", vec![step("call", Kind::Call(call), &[])]);
    outer.calls = [("inner".to_owned(), inner.hash())].into();
    let mut world = world(vec![inner, outer]);
    let run = world.start("outer", json!({}));
    world.readable = false;
    let child = run.item(&"call".into(), 0);
    world.tell(Event::Outcome {
        run: child,
        step: "hang".into(),
        attempt: 1,
        result: Ok(Value::Null.into()),
    });
    let steps = (0..100).take_while(|_| world.step()).count();
    assert!(steps < 100, "it is asked for without an end");
    world.readable = true;
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn while_the_disk_is_full_no_time_that_has_come_is_waited_for() {
    let steps = vec![on(put("a"), "office"), on(put("b"), "office")];
    let mut world = world(vec![workflow("w", steps)]);
    let capacity = Capacity {
        per_minute: Some(1),
        ..Capacity::default()
    };
    world.bears(Resource::Connection("office".to_owned()), capacity);
    let run = world.start("w", json!({}));
    assert_eq!(world.count("b"), 0);
    world.tell(Event::Room { low: true });
    world.pass(SignedDuration::from_mins(2));
    let now = world.now;
    assert!(!world.tick_before(now), "there is nothing to be done now");
    world.tell(Event::Room { low: false });
    world.settle();
    assert_eq!(world.state(&run), State::Succeeded);
}

#[test]
fn a_disk_that_is_full_for_a_while_at_any_moment_holds_nothing_up() {
    for moment in 0.. {
        let steps = vec![
            asked_there(verified(order("doubt"))),
            on(put("b"), "office"),
        ];
        let all = each("all", "{{inputs.lines}}", None, steps);
        let flow = workflow("w", vec![all]).input("lines", InputKind::List);
        let mut world = world(vec![flow]).with_sessions("office", 1);
        world.ask_start("w", json!({ "lines": [1, 2] }), None);
        let mut done = 0;
        while done < moment && (world.step() || world.let_time_pass()) {
            done += 1;
        }
        if done < moment {
            break;
        }
        world.tell(Event::Room { low: true });
        world.settle();
        world.tell(Event::Room { low: false });
        world.run_out();
        let run = RunId::root(1);
        assert_eq!(world.state(&run), State::Succeeded, "at moment {moment}");
        assert_eq!(world.count("b"), 2, "at moment {moment}");
        let office = world.pool(&Resource::Connection("office".to_owned()));
        assert_eq!(office.used, 0, "at moment {moment}");
        world.check_index();
    }
}

#[test]
fn what_the_world_denies_after_a_restore_is_done() {
    let mut world = world(vec![workflow("w", vec![verified(order("order"))])]);
    let resumed = Resumed {
        lost_since: world.now - SignedDuration::from_mins(90),
        at: world.now,
        by: "ann".to_owned(),
    };
    world.tell(Event::Quarantine(Box::new(Quarantine {
        made: world.now - SignedDuration::from_hours(2),
        restored: world.now,
        runs: 1,
        resumed: Some(resumed),
    })));
    let run = world.start("w", json!({}));
    world.run_out();
    let asked = world.calls.iter().filter(|call| call.verifies).count();
    assert_eq!(
        (asked, world.calls.len()),
        (3, 4),
        "denied twice, then done"
    );
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn a_cancel_during_the_cleanup_leaves_it_its_time() {
    let mut flow = workflow("w", vec![put("a")]);
    let branches = [("left", vec![order("hang")]), ("right", vec![put("b")])];
    flow.plan.finally = vec![parallel("tidy", branches), put("last")];
    let mut world = world(vec![flow]);
    let run = world.start("w", json!({}));
    assert_eq!(world.cancel(&run), Reply::Resolved);
    assert_eq!(world.state(&run), State::Running, "an order is under way");
    ends(&mut world, &run, "hang", Ok(json!({})));
    assert_eq!(world.state(&run), State::Cancelled);
    assert_eq!(world.count("last"), 1);
    world.check_index();
}

#[test]
fn what_follows_a_fault_in_the_cleanup_sees_that_fault() {
    let instead = bot("instead", "world.put", json!({ "why": "{{fault.code}}" }));
    for body in ["a", "refuse-body"] {
        let body = on_fault(put(body), None, Then::Fail);
        let mut flow = workflow("w", vec![body]);
        let tidy = bot("refuse", "world.put", json!({}));
        flow.plan.finally = vec![on_fault(tidy, None, Then::Steps(vec![instead.clone()]))];
        let mut world = World::new(vec![flow], |call, _| match call.step.as_str() {
            "refuse-body" => Reaction::Fail(refused()),
            "refuse" => Reaction::Fail(Fault::business("tidy.refused", "no")),
            _ => Reaction::Succeed(json!({})),
        });
        let run = world.start("w", json!({}));
        assert_eq!(
            world.with(&run, &"instead".into()),
            Some(json!({ "why": "tidy.refused" }))
        );
        assert_eq!(world.disk.exceptions.len(), 0);
        world.check_index();
    }
}

#[test]
fn back_does_not_repeat_what_was_left_out_in_doubt() {
    for (again, orders) in [(vec![], 1), (vec!["doubt".into()], 2)] {
        let steps = vec![put("a"), order("doubt"), put("refuse")];
        let mut world = world(vec![workflow("w", steps)]);
        let run = world.start("w", json!({}));
        world.resolve(&run, Resolution::Skip);
        assert_eq!(world.state(&run), State::Parked);
        let to = "a".into();
        let reply = world.resolve(&run, Resolution::Back { to, again });
        assert_eq!(reply, Reply::Resolved);
        assert_eq!(world.state(&run), State::Succeeded);
        assert_eq!(world.count("doubt"), orders);
        assert_eq!((world.count("a"), world.count("refuse")), (2, 2));
        world.check_index();
    }
}

#[test]
fn a_step_that_was_to_be_tried_again_leaves_its_key_when_the_run_is_cancelled() {
    let left = vec![order("order")];
    let right = vec![keyed(order("refuse"), "{{inputs.key}}")];
    let both = parallel("both", [("left", left), ("right", right)]);
    let flow = workflow("w", vec![both]).input("key", InputKind::Text);
    let mut world = world(vec![flow]);
    let run = world.start("w", json!({ "key": "k" }));
    let parked = world.disk.exceptions.values().next().unwrap().clone();
    assert_eq!(world.disk.claims.len(), 1);
    world.ask_resolve(&parked, Resolution::Retry);
    assert!(world.step(), "the decision is written down");
    world.cancel(&run);
    assert_eq!(world.state(&run), State::Cancelled);
    assert_eq!(world.count("refuse"), 1);
    assert_eq!(world.disk.claims.len(), 0, "nothing was done for it");
    world.check_index();
}

#[test]
fn a_version_that_asks_the_world_no_more_leaves_it_to_a_person() {
    let version = |ordered: Step, source: &str| {
        let branches = [("left", vec![ordered]), ("right", vec![put("refuse")])];
        let mut version = workflow("w", vec![parallel("both", branches)]);
        version.source = source.to_owned();
        version
    };
    let (with, without) = (verified(order("doubt")), order("doubt"));
    let mut world = world(vec![version(with, "with")]);
    let run = world.start("w", json!({}));
    let newer = version(without, "without");
    let hash = newer.hash();
    world.replace(vec![newer]);
    let reply = world.resolve(&run, Resolution::Upgrade { version: hash });
    assert_eq!(reply, Reply::Resolved);
    world.run_out();
    let open: Vec<_> = world.disk.exceptions.values().collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].category, ExceptionCategory::InDoubt);
    assert_eq!(world.state(&run), State::Parked);
    world.check_index();
}

#[test]
fn a_question_that_a_stop_cuts_short_counts_for_nothing() {
    let steps = vec![verified(order("doubt"))];
    let mut world = World::new(vec![workflow("w", steps)], |call, _| match call.verifies {
        true => Reaction::Vanish,
        false => Reaction::Fail(in_doubt()),
    });
    let run = world.start("w", json!({}));
    let facts = world.disk.facts[&run].len();
    world.tell(Event::Stop);
    let fault = Fault::system("step.cancelled", "the attempt was stopped");
    world.tell(Event::Verified {
        run: run.clone(),
        step: "doubt".into(),
        result: Err(Box::new(fault)),
    });
    world.settle();
    assert_eq!(world.disk.facts[&run].len(), facts);
    world.crash();
    world.settle();
    assert_eq!(
        world.count("doubt"),
        3,
        "an order, and a question of each daemon"
    );
}
