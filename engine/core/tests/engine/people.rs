//! Approvals, going back, newer versions, more time.

use botswain_core::{
    Fault, RunId,
    engine::event::Reply,
    index::{ExceptionCategory, State},
    plan::{InputKind, Then},
    run::fact::{Edit, Resolution, What},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    plans::{With, approve, bot, by_others, each, on_fault, parallel, workflow},
    world::{Reaction, World},
};

/// A run that asks before it acts.
fn asking() -> (World, RunId) {
    let steps = vec![
        approve("guard", "{{inputs.amount}} is a lot. Go on?"),
        bot(
            "act",
            "world.order",
            json!({ "by": "{{steps.guard.approved_by}}" }),
        ),
    ];
    let flow = workflow("w", steps).input("amount", InputKind::Integer);
    let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
    let run = world.start("w", json!({ "amount": 900 }));
    assert_eq!(world.state(&run), State::Parked);
    (world, run)
}

#[test]
fn what_is_approved_goes_on_and_says_who() {
    let (mut world, run) = asking();
    let exception = world.disk.exceptions.values().next().unwrap().clone();
    assert_eq!(exception.category, ExceptionCategory::Approval);
    assert_eq!(exception.fault.message, "900 is a lot. Go on?");
    assert_eq!(exception.assigned, ["supervisors"]);
    world.crash();
    assert_eq!(world.resolve(&run, Resolution::Approve), Reply::Resolved);
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(
        world.with(&run, &"act".into()).unwrap(),
        json!({ "by": "ann" })
    );
    world.check_index();
}

#[test]
fn a_rejection_that_nobody_catches_fails_the_run() {
    let (mut world, run) = asking();
    assert_eq!(world.resolve(&run, Resolution::Reject), Reply::Resolved);
    assert_eq!(world.state(&run), State::Failed);
    assert_eq!(world.count("act"), 0);
    world.check_index();
}

#[test]
fn a_rejection_can_be_caught() {
    let instead = Then::Steps(vec![bot(
        "tell",
        "world.put",
        json!({ "why": "{{fault.message}}" }),
    )]);
    let guard = on_fault(
        approve("guard", "Go on?"),
        Some("approval.rejected"),
        instead,
    );
    let after = bot("after", "world.put", json!({}));
    let mut world = World::new(vec![workflow("w", vec![guard, after])], |_, _| {
        Reaction::Succeed(json!({}))
    });
    let run = world.start("w", json!({}));
    world.resolve(&run, Resolution::Reject);
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(
        world.with(&run, &"tell".into()).unwrap(),
        json!({ "why": "ann rejected `Go on?`" })
    );
    assert_eq!(world.count("after"), 1);
    world.check_index();
}

#[test]
fn what_was_asked_is_answered_by_yes_or_no_alone() {
    let (mut world, run) = asking();
    for wrong in [
        Resolution::Retry,
        Resolution::Happened {
            output: json!(1).into(),
        },
    ] {
        assert!(matches!(world.resolve(&run, wrong), Reply::Refused { .. }));
    }
    assert_eq!(world.disk.exceptions.len(), 1);
}

#[test]
fn others_are_asked_when_nobody_answers_whatever_the_daemon_does() {
    let (mut world, run) = asking();
    world.crash();
    world.pass(SignedDuration::from_hours(3));
    assert_eq!(
        world.disk.exceptions.values().next().unwrap().assigned,
        ["supervisors"]
    );
    world.pass(SignedDuration::from_hours(1));
    let exception = world.disk.exceptions.values().next().unwrap();
    assert_eq!(exception.assigned, ["supervisors", "managers"]);
    assert_eq!(world.state(&run), State::Parked);
    world.check_index();
    world.resolve(&run, Resolution::Approve);
    assert_eq!(world.state(&run), State::Succeeded);
}

#[test]
fn put_off_is_not_decided() {
    let (mut world, run) = asking();
    let until = "2026-11-24T08:00:00Z".parse().unwrap();
    assert_eq!(
        world.resolve(&run, Resolution::Snooze { until }),
        Reply::Resolved
    );
    let exception = world.disk.exceptions.values().next().unwrap();
    assert_eq!(exception.snoozed, Some(until));
    world.check_index();
    world.resolve(&run, Resolution::Approve);
    assert_eq!(world.state(&run), State::Succeeded);
}

#[test]
fn as_many_people_as_are_needed_approve_and_none_who_started_it() {
    let steps = vec![
        each(
            "lines",
            "{{inputs.lines}}",
            None,
            vec![by_others(approve("guard", "Go on?"), 2)],
        ),
        bot("act", "world.order", json!({})),
    ];
    let flow = workflow("w", steps).input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
    let run = world.start("w", json!({ "lines": [{ "sku": "A" }] }));
    let item = run.item(&"lines".into(), 0);
    let refused = |reply: Reply| match reply {
        Reply::Refused { reason } => reason,
        other => panic!("{other:?}"),
    };
    // `ann` has started it.
    let starter = refused(world.resolve(&item, Resolution::Approve));
    assert_eq!(
        starter,
        "ann has started the run, so somebody else approves it"
    );
    assert_eq!(
        world.resolve_as("ben", &item, Resolution::Approve),
        Reply::Resolved
    );
    assert_eq!(world.state(&item), State::Parked);
    let open = world.disk.exceptions.values().next().unwrap().clone();
    assert_eq!(
        (open.approved, open.about["sku"].as_str()),
        (vec!["ben".to_owned()], "A")
    );
    world.crash();
    let twice = refused(world.resolve_as("ben", &item, Resolution::Approve));
    assert_eq!(
        twice,
        "ben has approved it already; it takes 2 people, and 1 have"
    );
    world.check_index();
    assert_eq!(
        world.resolve_as("cleo", &item, Resolution::Approve),
        Reply::Resolved
    );
    assert_eq!(world.state(&run), State::Succeeded);
    let answer = world.output(&item, &"guard".into()).unwrap();
    assert_eq!(answer["approved_by"], "ben, cleo");
    world.check_index();
}

#[test]
fn what_is_taken_on_or_remarked_on_stays_open() {
    let (mut world, run) = asking();
    let to = Some("ben".to_owned());
    assert_eq!(
        world.resolve(&run, Resolution::Assign { to: to.clone() }),
        Reply::Resolved
    );
    assert_eq!(world.resolve(&run, Resolution::Remark), Reply::Resolved);
    world.crash();
    let assignee = |world: &World| {
        world
            .disk
            .exceptions
            .values()
            .next()
            .unwrap()
            .assignee
            .clone()
    };
    assert_eq!(assignee(&world), to);
    world.check_index();
    world.resolve(&run, Resolution::Assign { to: None });
    assert_eq!(assignee(&world), None);
    world.resolve(&run, Resolution::Approve);
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

/// Reads a price, orders, and fails until the price is another one.
fn priced() -> (World, RunId) {
    let steps = vec![
        bot("price", "world.read", json!({ "of": "{{inputs.sku}}" })),
        bot("order", "world.order", json!({ "sku": "{{inputs.sku}}" })),
        bot("book", "world.put", json!({ "sku": "{{inputs.sku}}" })),
    ];
    let flow = workflow("w", steps).input("sku", InputKind::Text);
    let mut world = World::new(vec![flow], |call, with| {
        match (call.step.as_str(), with["sku"].as_str()) {
            ("book", Some("old")) if call.attempt == 1 => {
                Reaction::Fail(Fault::business("book.closed", "no"))
            }
            _ => Reaction::Succeed(json!({})),
        }
    });
    let run = world.start("w", json!({ "sku": "old" }));
    assert_eq!(world.state(&run), State::Parked);
    (world, run)
}

fn back(to: &str, again: &[&str]) -> Resolution {
    let again = again.iter().map(|id| (*id).into()).collect();
    Resolution::Back {
        to: to.into(),
        again,
    }
}

#[test]
fn back_does_reading_again_and_keeps_what_took_place() {
    let (mut world, run) = priced();
    world.crash();
    assert_eq!(world.resolve(&run, back("price", &[])), Reply::Resolved);
    assert_eq!(world.state(&run), State::Succeeded);
    let count = |step| world.count(step);
    assert_eq!((count("price"), count("order"), count("book")), (2, 1, 2));
    world.check_index();
}

#[test]
fn back_with_a_tick_does_it_once_more_as_another_effect() {
    let (mut world, run) = priced();
    world.resolve(&run, back("price", &["order"]));
    assert_eq!(world.state(&run), State::Succeeded);
    let orders: Vec<_> = world
        .calls
        .iter()
        .filter(|call| call.step.as_str() == "order")
        .collect();
    assert_eq!(orders.len(), 2);
    assert_ne!(orders[0].idempotency_key, orders[1].idempotency_key);
}

#[test]
fn back_is_refused_where_nothing_was_or_where_runs_were_made() {
    let (mut world, run) = priced();
    let Reply::Refused { reason } = world.resolve(&run, back("nowhere", &[])) else {
        panic!("there is no such step");
    };
    assert!(reason.contains("`nowhere`"), "{reason}");
    let lines = vec![bot("do", "world.put", json!({}))];
    let steps = vec![
        bot("a", "world.put", json!({})),
        each("all", "{{inputs.lines}}", None, lines),
        bot("b", "world.put", json!({})),
    ];
    let flow = workflow("w", steps).input("lines", InputKind::List);
    let mut world = World::new(vec![flow], |call, _| match call.step.as_str() {
        "b" => Reaction::Fail(Fault::business("a.b", "no")),
        _ => Reaction::Succeed(json!({})),
    });
    let run = world.start("w", json!({ "lines": [1] }));
    assert!(matches!(
        world.resolve(&run, back("a", &[])),
        Reply::Refused { .. }
    ));
    assert!(matches!(
        world.resolve(&run, back("b", &[])),
        Reply::Resolved
    ));
}

fn version(bot_name: &str, more: bool) -> botswain_core::plan::Version {
    let mut steps = vec![
        bot("first", "world.put", json!({ "x": 1 })),
        bot("second", bot_name, json!({ "x": if more { 3 } else { 2 } })),
    ];
    if more {
        steps.push(bot("third", "world.put", json!({})));
    }
    let mut version = workflow("w", steps);
    version.source = format!("{bot_name} {more}");
    version
}

fn upgradable() -> (World, RunId) {
    let mut world = World::new(vec![version("world.put", false)], |call, with| {
        match call.step.as_str() {
            "second" if with["x"] == 2 => Reaction::Fail(Fault::business("a.b", "two is wrong")),
            _ => Reaction::Succeed(json!({})),
        }
    });
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Parked);
    (world, run)
}

#[test]
fn a_mended_file_serves_a_run_that_is_parked() {
    let (mut world, run) = upgradable();
    let mended = version("world.put", true);
    let hash = mended.hash();
    world.replace(vec![mended]);
    world.crash();
    assert_eq!(
        world.resolve(
            &run,
            Resolution::Upgrade {
                version: hash.clone()
            }
        ),
        Reply::Resolved
    );
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!((world.count("first"), world.count("third")), (1, 1));
    assert_eq!(world.disk.summaries[&run].version, hash);
    world.check_index();
    world.crash();
    world.check_index();
}

#[test]
fn a_version_that_does_not_fit_is_refused_with_the_step_named() {
    let (mut world, run) = upgradable();
    let other = version("world.read", true);
    let hash = other.hash();
    world.replace(vec![other]);
    let Reply::Refused { reason } = world.resolve(&run, Resolution::Upgrade { version: hash })
    else {
        panic!("the step calls another bot");
    };
    assert!(reason.contains("`second`"), "{reason}");
    let unknown = version("world.put", false).hash();
    assert!(matches!(
        world.resolve(&run, Resolution::Upgrade { version: unknown }),
        Reply::Refused { .. }
    ));
    assert_eq!(world.state(&run), State::Parked);
}

#[test]
fn back_into_an_open_branch_leaves_the_other_alone() {
    let left = vec![
        bot("a", "world.put", json!({})),
        bot("b", "world.put", json!({})),
    ];
    let right = vec![bot("c", "world.put", json!({}))];
    let steps = vec![parallel("both", [("left", left), ("right", right)])];
    let mut world = World::new(vec![workflow("w", steps)], |call, _| {
        match (call.step.as_str(), call.attempt) {
            ("b", 1) => Reaction::Fail(Fault::business("a.b", "no")),
            _ => Reaction::Succeed(json!({})),
        }
    });
    let run = world.start("w", json!({}));
    assert_eq!(world.resolve(&run, back("a", &[])), Reply::Resolved);
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!((world.count("a"), world.count("b")), (2, 2));
    world.check_index();
}

#[test]
fn of_an_edit_all_is_written_down() {
    let (mut world, run) = priced();
    let edit = [("sku".to_owned(), json!("new"))].into_iter().collect();
    world.resolve(&run, Resolution::Edit(Edit::Inputs(edit)));
    assert_eq!(world.state(&run), State::Succeeded);
    let resolved = world.disk.facts[&run]
        .iter()
        .find_map(|fact| match &fact.what {
            What::Resolved { by, .. } => Some(by.clone()),
            _ => None,
        });
    assert_eq!(resolved.as_deref(), Some("ann"));
}
