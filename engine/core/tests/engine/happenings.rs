//! What happens outside, and the ends of other workflows: each is one run, ever.

use botswain_core::{
    Payload, RunId,
    engine::{
        Event,
        event::{Call, Happened, Happening, Reply},
    },
    fault::Fault,
    index::State,
    plan::{Files, Finished, Missed, On, Promise, Schedule, Template, Trigger, Version},
    run::fact::{Outcome, Resolution},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    plans::{With, bot, cron, workflow},
    world::{Reaction, World},
};

fn trigger(on: On, input: &str) -> Trigger {
    let inputs = [("what".to_owned(), Template(input.to_owned()))];
    Trigger {
        on,
        inputs: inputs.into_iter().collect(),
    }
}

/// Takes each file that comes.
fn intake() -> Version {
    let files = On::Files(Files {
        pattern: "in/*.csv".to_owned(),
        settle: 2000,
    });
    let put = bot("put", "world.put", json!({ "what": "{{inputs.what}}" }));
    workflow("intake", vec![put])
        .input("what", botswain_core::plan::InputKind::Text)
        .trigger(trigger(files, "{{trigger.file}}"))
}

/// Follows each run of `intake` that succeeds.
fn report() -> Version {
    let finished = On::Finished(Finished {
        workflow: "intake".to_owned(),
        states: vec![Outcome::Succeeded],
    });
    let put = bot("put", "world.put", json!({ "what": "{{inputs.what}}" }));
    workflow("report", vec![put])
        .input("what", botswain_core::plan::InputKind::Text)
        .trigger(trigger(finished, "{{trigger.run}} {{trigger.state}}"))
}

fn world() -> World {
    let mut world = World::new(vec![intake(), report()], |_, _| {
        Reaction::Succeed(json!({}))
    });
    world.settle();
    world
}

fn arrives(world: &mut World, file: &str, fault: Option<Fault>) -> u64 {
    let request = 1000 + world.replies.len() as u64;
    let data = [("file".to_owned(), Payload::from(json!(file)))];
    world.tell(Event::Happened(Box::new(Happened {
        request,
        workflow: "intake".to_owned(),
        trigger: "files in/*.csv".to_owned(),
        at: world.now,
        happening: Happening {
            key: format!("{file}, 7 bytes"),
            data: data.into_iter().collect(),
        },
        fault,
    })));
    request
}

/// The states of the runs of a workflow, by number.
fn runs(world: &World, workflow: &str) -> Vec<State> {
    let mut runs: Vec<_> = world.disk.summaries.values().collect();
    runs.retain(|run| run.workflow == workflow);
    runs.sort_by_key(|run| run.id.number());
    runs.into_iter().map(|run| run.state).collect()
}

#[test]
fn each_file_is_one_run_however_often_it_is_told_of() {
    let mut world = world();
    let first = arrives(&mut world, "in/a.csv", None);
    world.settle();
    assert_eq!(
        world.replies[&first],
        Reply::Started {
            run: RunId::root(1)
        }
    );
    let with = serde_json::to_value(world.calls[0].with.as_ref()).unwrap();
    assert_eq!(with["inline"], json!({ "what": "in/a.csv" }));
    arrives(&mut world, "in/a.csv", None);
    arrives(&mut world, "in/b.csv", None);
    world.settle();
    let expected = [State::Succeeded, State::Skipped, State::Succeeded];
    assert_eq!(runs(&world, "intake"), expected);
    world.check_index();
}

#[test]
fn what_was_on_its_way_when_the_file_changed_takes_nobody_elses_place() {
    let hourly = trigger(cron("0 * * * *", Missed::Last), "the hour");
    let mut before = intake();
    before.plan.triggers.insert(0, hourly.clone());
    before.source.push_str("# hourly, too");
    let mut after = intake();
    after.plan.triggers.push(hourly);
    for (after, expected) in [
        (intake(), &["in/a.csv"][..]),
        (after, &["in/a.csv", "the hour"]),
    ] {
        let mut world = World::new(vec![before.clone()], |_, _| Reaction::Succeed(json!({})));
        world.settle();
        world.now += SignedDuration::from_hours(1);
        // The inputs for the hour are being made when the first of the triggers becomes another.
        world.tell(Event::Tick);
        world.change_files(vec![after]);
        arrives(&mut world, "in/a.csv", None);
        world.settle();
        let with = |call: &Call| serde_json::to_value(call.with.as_ref()).unwrap();
        let mut got: Vec<_> = world.calls.iter().map(with).collect();
        got.sort_by_key(ToString::to_string);
        let expected = expected.iter().map(|it| json!({ "what": it }));
        let expected: Vec<_> = expected.map(|it| json!({ "inline": it })).collect();
        assert_eq!(got, expected);
        world.check_index();
    }
}

#[test]
fn a_source_that_tells_again_after_any_crash_is_heard_once() {
    for steps in 0..60 {
        let mut world = world();
        arrives(&mut world, "in/a.csv", None);
        for _ in 0..steps {
            world.step();
        }
        world.crash();
        world.settle();
        arrives(&mut world, "in/a.csv", None);
        world.settle();
        let done = runs(&world, "intake");
        let done = done.iter().filter(|state| **state == State::Succeeded);
        assert_eq!(done.count(), 1, "killed after {steps} commands");
        let followed = runs(&world, "report");
        assert_eq!(
            followed,
            [State::Succeeded],
            "killed after {steps} commands"
        );
        assert!(
            world.disk.pending.is_empty(),
            "killed after {steps} commands"
        );
        world.check_index();
    }
}

#[test]
fn what_cannot_be_taken_waits_for_a_person_and_is_told_once() {
    let mut world = world();
    let fault = Fault::system("file.unreadable", "the folder cannot be read");
    arrives(&mut world, "in/a.csv", Some(fault));
    world.settle();
    assert_eq!(runs(&world, "intake"), [State::Parked]);
    let exception = world.opened[0].clone();
    world.resolve_exception(&exception, Resolution::Abandon);
    world.settle();
    assert_eq!(runs(&world, "intake"), [State::Failed]);
    arrives(&mut world, "in/a.csv", None);
    world.settle();
    assert_eq!(runs(&world, "intake"), [State::Failed, State::Skipped]);
    assert!(
        runs(&world, "report").is_empty(),
        "only success is followed"
    );
    world.check_index();
}

#[test]
fn what_is_still_to_be_started_is_dropped_with_its_trigger() {
    let mut world = world();
    arrives(&mut world, "in/a.csv", None);
    // To where the end of the run is durable, and its follower is not there yet.
    while world.disk.pending.is_empty() {
        world.step();
    }
    world.crash();
    assert_eq!(world.disk.pending.len(), 1);
    let mut without = report();
    without.plan.triggers.clear();
    without.source.push_str("# by hand");
    world.replace(vec![intake(), without]);
    assert!(runs(&world, "report").len() <= 1);
    assert!(world.disk.pending.is_empty());
}

#[test]
fn nobody_is_answered_for_a_trigger_that_is_not_there() {
    let mut world = World::new(vec![report()], |_, _| Reaction::Vanish);
    world.settle();
    let request = arrives(&mut world, "in/a.csv", None);
    world.settle();
    let Reply::Refused { reason } = &world.replies[&request] else {
        panic!("{:?}", world.replies);
    };
    assert_eq!(reason, "there is no such trigger");
}

/// One run a day is promised by 05:00; the world begins at 03:20 on a Monday.
fn promising(on: &str) -> World {
    let mut flow = workflow("daily", vec![bot("put", "world.put", json!({}))]);
    flow.plan.promise = Some(Promise {
        succeeded: 1,
        by: Schedule {
            cron: format!("0 5 * * {on}"),
            timezone: None,
            missed: Missed::Last,
            calendar: None,
        },
    });
    let mut world = World::new(vec![flow], |_, _| Reaction::Succeed(json!({})));
    world.settle();
    world
}

#[test]
fn a_promise_that_is_kept_says_nothing() {
    let mut world = promising("*");
    world.start("daily", json!({}));
    world.pass(SignedDuration::from_hours(5));
    assert_eq!(runs(&world, "daily"), [State::Succeeded]);
    world.crash();
    world.pass(SignedDuration::from_secs(1));
    assert_eq!(runs(&world, "daily"), [State::Succeeded]);
}

#[test]
fn a_promise_that_is_broken_opens_one_exception_and_a_retry_keeps_it() {
    for steps in 0..20 {
        let mut world = promising("*");
        world.now += SignedDuration::from_hours(5);
        world.tell(Event::Tick);
        for _ in 0..steps {
            world.step();
        }
        world.crash();
        world.pass(SignedDuration::from_secs(1));
        assert_eq!(
            runs(&world, "daily"),
            [State::Parked],
            "after {steps} commands"
        );
        let exception = world.disk.exceptions.values().next().unwrap().clone();
        assert_eq!(exception.fault.code, "promise.broken");
        world.resolve_exception(&exception, Resolution::Retry);
        world.settle();
        assert_eq!(runs(&world, "daily"), [State::Succeeded]);
        assert_eq!(world.calls.len(), 1);
        world.check_index();
    }
}

#[test]
fn nothing_is_promised_on_other_days() {
    let mut world = promising("SUN");
    world.pass(SignedDuration::from_hours(30));
    assert!(runs(&world, "daily").is_empty());
}
