//! A restored backup, and a disk that is nearly full: what must not begin does not.

use botswain_core::{
    Fault, RunId,
    engine::{
        Event,
        capacity::{Capacity, Resource},
        event::Reply,
        quarantine::{Quarantine, Resumed},
    },
    index::{ExceptionCategory, State},
    plan::{Missed, Overlap, Trigger},
    run::fact::Resolution,
};
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    plans::{With, bot, cron, on, verified, workflow},
    world::{Reaction, World},
};

fn quarantine(world: &World, runs: u64, lost_since: Option<Timestamp>) -> Event {
    let restored = world.now;
    Event::Quarantine(Box::new(Quarantine {
        made: restored - SignedDuration::from_hours(2),
        restored,
        runs,
        resumed: lost_since.map(|lost_since| Resumed {
            lost_since,
            at: restored,
            by: "ann".to_owned(),
        }),
    }))
}

/// `read`, then `order`, which acts once.
fn orders() -> World {
    let steps = vec![
        bot("read", "world.read", json!({})),
        bot("order", "world.order", json!({ "x": "{{steps.read.x}}" })),
    ];
    let hourly = Trigger {
        on: cron("0 * * * *", Missed::All),
        inputs: IndexMap::new(),
    };
    let plan = workflow("orders", steps);
    let timed = workflow("timed", vec![bot("read", "world.read", json!({}))]).trigger(hourly);
    World::new(vec![plan, timed], |_, _| {
        Reaction::Succeed(json!({ "x": 1 }))
    })
}

#[test]
fn nothing_fires_and_nothing_acts_until_a_person_says_what_was_lost() {
    let mut world = orders();
    world.tell(quarantine(&world, 0, None));
    let run = world.start("orders", json!({}));
    world.pass(SignedDuration::from_hours(5));
    assert_eq!((world.count("read"), world.count("order")), (1, 0));
    assert_eq!(world.disk.summaries.len(), 1, "nothing fired");
    // Nothing was lost: both go on, and what the schedule missed is made up for.
    let restored = world.now;
    world.tell(quarantine(&world, 0, Some(restored)));
    world.settle();
    world.tell(Event::Tick);
    world.settle();
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(world.count("order"), 1);
    assert!(world.disk.summaries.len() > 1, "it fires again");
    assert_eq!(world.disk.exceptions.len(), 0);
    world.check_index();
}

#[test]
fn what_may_have_been_done_since_is_asked_about_and_done_at_most_once() {
    for answer in ["retry", "happened", "abandon"] {
        let mut world = orders();
        world.tell(quarantine(&world, 1, None));
        let run = world.start("orders", json!({}));
        assert_eq!(run, RunId::root(1));
        world.pass(SignedDuration::from_hours(3));
        let since = world.now - SignedDuration::from_mins(90);
        world.tell(quarantine(&world, 1, Some(since)));
        world.settle();
        assert_eq!(
            (world.state(&run), world.count("order")),
            (State::Parked, 0)
        );
        let open = world
            .disk
            .exceptions
            .values()
            .find(|it| it.run == run)
            .unwrap();
        assert_eq!(open.category, ExceptionCategory::InDoubt);
        assert_eq!(
            (open.step.as_str(), open.fault.code.as_str()),
            ("order", "run.restored")
        );
        let resolution = match answer {
            "retry" => Resolution::Retry,
            "happened" => Resolution::Happened {
                output: json!({}).into(),
            },
            _ => Resolution::Abandon,
        };
        assert_eq!(world.resolve(&run, resolution), Reply::Resolved);
        let (state, orders) = match answer {
            "retry" => (State::Succeeded, 1),
            "happened" => (State::Succeeded, 0),
            _ => (State::Failed, 0),
        };
        assert_eq!(
            (world.state(&run), world.count("order")),
            (state, orders),
            "{answer}"
        );
        world.check_index();
        // A run that was begun afterwards is nobody's doubt.
        let later = world.start("orders", json!({}));
        assert_eq!(world.state(&later), State::Succeeded);
    }
}

#[test]
fn a_step_that_is_about_to_be_tried_again_is_asked_about_too() {
    let steps = vec![bot("order", "world.order", json!({}))];
    let mut world = World::new(vec![workflow("orders", steps)], |_, _| {
        Reaction::Fail(Fault::system("http.refused", "nobody there"))
    });
    let run = world.start("orders", json!({}));
    assert_eq!(world.state(&run), State::Waiting);
    let since = world.now - SignedDuration::from_mins(1);
    world.tell(quarantine(&world, 1, Some(since)));
    world.run_out();
    assert_eq!(
        (world.state(&run), world.count("order")),
        (State::Parked, 1)
    );
    world.check_index();
}

#[test]
fn a_firing_in_the_lost_time_is_in_doubt_and_others_are_not() {
    let mut world = orders();
    world.tell(quarantine(&world, 0, None));
    let start = world.now;
    world.pass(SignedDuration::from_hours(4));
    let since = start + SignedDuration::from_hours(2);
    world.tell(quarantine(&world, 0, Some(since)));
    world.tell(Event::Tick);
    world.settle();
    let timed = world.disk.summaries.values();
    let parked = timed.filter(|it| it.state == State::Parked);
    let due: Vec<Timestamp> = parked.map(|it| it.scheduled_for).collect();
    assert!(
        !due.is_empty() && due.iter().all(|at| *at >= since),
        "{due:?}"
    );
    let done = world
        .disk
        .summaries
        .values()
        .filter(|it| it.state == State::Succeeded);
    assert!(done.clone().count() > 0 && done.clone().all(|it| it.scheduled_for < since));
    let run = world.disk.exceptions.values().next().unwrap().run.clone();
    assert_eq!(world.resolve(&run, Resolution::Retry), Reply::Resolved);
    world.settle();
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn nothing_new_begins_while_the_disk_is_nearly_full() {
    let mut world = orders();
    let request = world.ask_start("orders", json!({}), None);
    world.step();
    world.tell(Event::Room { low: true });
    world.settle();
    world.pass(SignedDuration::from_hours(2));
    assert!(matches!(world.replies[&request], Reply::Started { .. }));
    assert_eq!(world.calls.len(), 0, "no step has begun");
    assert_eq!(world.disk.summaries.len(), 1, "nothing fired");
    let refused = world.ask_start("orders", json!({}), None);
    world.settle();
    let reason = "the disk is nearly full, so nothing new is begun".to_owned();
    assert_eq!(world.replies[&refused], Reply::Refused { reason });
    world.tell(Event::Room { low: false });
    world.settle();
    assert_eq!(world.state(&RunId::root(1)), State::Succeeded);
    world.tell(Event::Tick);
    world.settle();
    assert!(world.disk.summaries.len() > 1, "it fires again");
    world.check_index();
}

#[test]
fn a_firing_that_was_on_its_way_when_the_disk_filled_waits_for_room() {
    let mut world = orders();
    world.elapse(SignedDuration::from_hours(1));
    world.tell(Event::Room { low: true });
    world.settle();
    assert_eq!(world.disk.summaries.len(), 0, "nothing fired");
    world.tell(Event::Room { low: false });
    world.settle();
    assert_eq!(world.disk.summaries.len(), 1, "it fires once");
    world.check_index();
}

#[test]
fn a_question_to_the_world_comes_to_its_end_whenever_the_disk_fills() {
    for commands in 0..20 {
        let order = verified(bot("order", "world.order", json!({})));
        let mut world = World::new(vec![workflow("w", vec![order])], |call, _| {
            match call.bot.as_str() {
                "world.ask" => Reaction::Succeed(json!({ "count": 1 })),
                _ => Reaction::Fail(Fault::system("http.timeout", "no answer").in_doubt()),
            }
        });
        world.ask_start("w", json!({}), None);
        for _ in 0..commands {
            world.step();
        }
        world.tell(Event::Room { low: true });
        world.settle();
        world.tell(Event::Room { low: false });
        world.run_out();
        let state = world.state(&RunId::root(1));
        assert_eq!(state, State::Succeeded, "after {commands} commands");
        world.check_index();
    }
}

#[test]
fn nobody_is_woken_for_a_place_while_the_disk_is_nearly_full() {
    let office = Resource::Connection("office".to_owned());
    let read = on(bot("read", "world.put", json!({})), "office");
    let flow = workflow("w", vec![read]).overlap(Overlap::Allow);
    let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
    let rate = Capacity {
        per_minute: Some(1),
        ..Capacity::default()
    };
    world.bears(office, rate);
    world.start("w", json!({}));
    let second = world.start("w", json!({}));
    world.tell(Event::Room { low: true });
    assert!(!world.let_time_pass(), "there is nothing to wait for");
    world.pass(SignedDuration::from_mins(2));
    world.tell(Event::Room { low: false });
    world.settle();
    assert_eq!(world.state(&second), State::Succeeded);
}
