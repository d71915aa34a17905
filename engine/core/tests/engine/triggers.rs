//! Each time that falls due is one run, or is passed over for a reason.

use botswain_core::plan::{InputKind, Missed, On, Overlap, Schedule, Template, Trigger, Version};
use indexmap::IndexMap;
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    plans::{With, bot, cron, workflow},
    world::{Reaction, World},
};

fn hourly(missed: Missed, overlap: Overlap) -> Version {
    let on = cron("0 * * * *", missed);
    let inputs: IndexMap<_, _> = [("day".to_owned(), Template("{{today}}".to_owned()))]
        .into_iter()
        .collect();
    workflow(
        "w",
        vec![bot(
            "put",
            "world.put",
            json!({ "day": "{{inputs.day}}", "now": "{{now}}" }),
        )],
    )
    .input("day", InputKind::Date)
    .overlap(overlap)
    .trigger(Trigger { on, inputs })
}

fn schedule(trigger: &mut Trigger) -> &mut Schedule {
    match &mut trigger.on {
        On::Schedule(schedule) => schedule,
        other => panic!("{other:?}"),
    }
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// The logical times at which runs exist.
fn times(world: &World) -> Vec<String> {
    let mut runs: Vec<_> = world.disk.summaries.values().collect();
    runs.sort_by_key(|run| run.id.number());
    runs.iter()
        .map(|run| run.scheduled_for.strftime("%H:%M").to_string())
        .collect()
}

fn world(missed: Missed) -> World {
    let mut world = World::new(vec![hourly(missed, Overlap::Queue)], |_, _| {
        Reaction::Succeed(json!({}))
    });
    world.settle();
    world
}

#[test]
fn it_fires_once_for_each_time() {
    let mut world = world(Missed::Last);
    for _ in 0..6 {
        world.pass(SignedDuration::from_mins(30));
    }
    assert_eq!(times(&world), ["04:00", "05:00", "06:00"]);
    let with = serde_json::to_value(world.calls[0].with.as_ref()).unwrap();
    assert_eq!(
        with["inline"],
        json!({ "day": "2026-11-23", "now": "2026-11-23T04:00:00+00:00" })
    );
}

#[test]
fn what_was_missed_is_made_up_for_as_the_file_says() {
    for (missed, expected) in [
        (Missed::None, vec![]),
        (Missed::Last, vec!["06:00"]),
        (Missed::All, vec!["04:00", "05:00", "06:00"]),
    ] {
        let mut world = world(missed);
        world.now += hours(3) + SignedDuration::from_mins(20);
        world.crash();
        world.pass(SignedDuration::from_secs(1));
        assert_eq!(times(&world), expected, "{missed:?}");
        world.crash();
        world.pass(SignedDuration::from_secs(1));
        assert_eq!(times(&world), expected, "{missed:?}: once is enough");
    }
}

#[test]
fn a_crash_between_the_firing_and_its_run_fires_again_and_only_once() {
    let mut world = world(Missed::Last);
    world.now += hours(1);
    world.tell(botswain_core::engine::Event::Tick);
    world.crash();
    world.pass(SignedDuration::from_secs(1));
    world.crash();
    world.pass(SignedDuration::from_secs(1));
    assert_eq!(times(&world), ["04:00"]);
}

#[test]
fn overlap_skip_drops_a_firing_but_records_it() {
    let mut world = World::new(vec![hourly(Missed::Last, Overlap::Skip)], |_, _| {
        Reaction::Vanish
    });
    world.settle();
    world.pass(hours(1));
    world.pass(hours(1));
    assert_eq!(times(&world), ["04:00", "05:00"]);
    let states: Vec<_> = world.disk.summaries.values().map(|run| run.state).collect();
    assert_eq!(
        states,
        [
            botswain_core::index::State::Running,
            botswain_core::index::State::Skipped
        ]
    );
}

#[test]
fn another_schedule_in_the_file_makes_up_for_nothing() {
    let mut world = world(Missed::All);
    world.pass(hours(1));
    world.now += hours(5);
    let mut changed = hourly(Missed::All, Overlap::Queue);
    schedule(&mut changed.plan.triggers[0]).cron = "30 * * * *".to_owned();
    changed.source.push_str("# every half past");
    world.replace(vec![changed]);
    assert_eq!(
        times(&world),
        ["04:00"],
        "what it says now was not due before"
    );
    world.pass(hours(1));
    assert_eq!(times(&world), ["04:00", "09:30"]);
}

#[test]
fn a_crash_in_the_middle_of_catching_up_leaves_none_out() {
    for steps in 0..40 {
        let mut world = world(Missed::All);
        world.now += hours(3) + SignedDuration::from_mins(20);
        world.tell(botswain_core::engine::Event::Tick);
        for _ in 0..steps {
            world.step();
        }
        world.crash();
        world.pass(SignedDuration::from_secs(1));
        assert_eq!(
            times(&world),
            ["04:00", "05:00", "06:00"],
            "after {steps} commands"
        );
    }
}

#[test]
fn a_clock_that_jumps_back_fires_nothing_twice() {
    let mut world = world(Missed::All);
    world.pass(hours(1));
    world.now -= hours(1);
    world.crash();
    world.pass(hours(1));
    assert_eq!(times(&world), ["04:00"]);
}

#[test]
fn a_new_order_of_the_triggers_neither_loses_nor_doubles_what_is_due() {
    for steps in 0..40 {
        let mut world = world(Missed::All);
        world.now += hours(3) + SignedDuration::from_mins(20);
        world.tell(botswain_core::engine::Event::Tick);
        for _ in 0..steps {
            world.step();
        }
        let mut changed = hourly(Missed::All, Overlap::Queue);
        let mut weekly = changed.plan.triggers[0].clone();
        schedule(&mut weekly).cron = "0 12 * * SUN".to_owned();
        changed.plan.triggers.insert(0, weekly);
        changed.source.push_str("# and on Sundays");
        world.replace(vec![changed]);
        let due = ["04:00", "05:00", "06:00"];
        assert_eq!(times(&world), due, "after {steps} commands");
        world.crash();
        world.pass(SignedDuration::from_secs(1));
        assert_eq!(times(&world), due, "after {steps} commands and a restart");
    }
}
