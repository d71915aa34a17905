//! What is open: an effect that may have taken place, the question to the world, the announcement.

use std::{cell::RefCell, rc::Rc};

use botswain_core::{
    Fault, Payload, RunId,
    engine::Event,
    index::{ExceptionCategory, State},
    plan::{Step, Then},
    run::fact::{Resolution, Verdict, Verification, What},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    plans::{bot, on_fault, verified, workflow},
    world::{Reaction, World},
};

/// What the world says when it is asked, one answer after the other; the last one stays.
type Answers = Rc<RefCell<Vec<Result<u64, Fault>>>>;

/// An order whose first attempt leaves it open whether it took place.
fn doubtful(answers: Vec<Result<u64, Fault>>) -> (World, RunId, Answers) {
    let answers: Answers = Rc::new(RefCell::new(answers));
    let said = answers.clone();
    let steps = vec![
        verified(bot("form", "world.order", json!({}))),
        bot(
            "after",
            "world.put",
            json!({ "saw": "{{steps.form.number}}" }),
        ),
    ];
    let mut world = World::new(vec![workflow("w", steps)], move |call, _| {
        match call.bot.as_str() {
            "world.ask" => {
                let mut said = said.borrow_mut();
                let answer = match said.len() {
                    1 => said[0].clone(),
                    _ => said.remove(0),
                };
                match answer {
                    Ok(count) => Reaction::Succeed(json!({ "count": count })),
                    Err(fault) => Reaction::Fail(fault),
                }
            }
            "world.order" if call.attempt == 1 => {
                Reaction::Fail(Fault::system("http.timeout", "no answer").in_doubt())
            }
            _ => Reaction::Succeed(json!({ "number": 1 })),
        }
    });
    let run = world.start("w", json!({}));
    (world, run, answers)
}

fn asked(world: &World) -> usize {
    world.calls.iter().filter(|call| call.verifies).count()
}

fn orders(world: &World) -> usize {
    let orders = world.calls.iter();
    orders.filter(|call| call.bot == "world.order").count()
}

#[test]
fn a_yes_settles_it_with_its_output() {
    let (mut world, run, _) = doubtful(vec![Ok(1)]);
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!((asked(&world), orders(&world)), (1, 1));
    assert_eq!(
        world.with(&run, &"after".into()).unwrap(),
        json!({ "saw": 1 })
    );
    world.check_index();
    world.crash();
    assert_eq!(world.state(&run), State::Succeeded);
}

#[test]
fn a_no_counts_when_it_was_said_twice_and_late_enough() {
    let (mut world, run, _) = doubtful(vec![Ok(0)]);
    // Asked at once: too early for a no to count.
    assert_eq!((asked(&world), world.state(&run)), (1, State::Waiting));
    world.pass(SignedDuration::from_secs(29));
    assert_eq!(asked(&world), 1);
    world.pass(SignedDuration::from_secs(1));
    assert_eq!((asked(&world), orders(&world)), (2, 1));
    world.crash();
    world.settle();
    assert_eq!((asked(&world), orders(&world)), (2, 1));
    world.pass(SignedDuration::from_secs(30));
    assert_eq!(asked(&world), 3);
    world.run_out();
    assert_eq!(orders(&world), 2);
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn a_no_is_as_old_as_the_question() {
    let order = verified(bot("form", "world.order", json!({})));
    let mut world = World::new(vec![workflow("w", vec![order])], |call, _| {
        match call.bot.as_str() {
            "world.ask" => Reaction::Vanish,
            _ => Reaction::Fail(Fault::system("http.timeout", "no answer").in_doubt()),
        }
    });
    let run = world.start("w", json!({}));
    let answer = |world: &mut World| {
        let result = Ok(json!({ "count": 0 }).into());
        let (run, step) = (run.clone(), "form".into());
        world.tell(Event::Verified { run, step, result });
        world.settle();
    };
    // Asked at once, and heard of when it could be believed if it were asked only now.
    world.pass(SignedDuration::from_secs(40));
    assert_eq!(asked(&world), 1);
    answer(&mut world);
    assert_eq!(asked(&world), 2, "it is asked again at once");
    answer(&mut world);
    world.pass(SignedDuration::from_secs(30));
    assert_eq!((asked(&world), orders(&world)), (3, 1));
    world.check_index();
}

#[test]
fn a_no_that_becomes_a_yes_does_nothing_again() {
    let (mut world, run, _) = doubtful(vec![Ok(0), Ok(0), Ok(1)]);
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(orders(&world), 1);
}

#[test]
fn no_answer_is_asked_for_again_and_then_a_person_is() {
    let gone = Err(Fault::system("http.refused", "nobody there"));
    let (mut world, run, _) = doubtful(vec![gone]);
    world.run_out();
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!((asked(&world), orders(&world)), (5, 1));
    let exception = world.disk.exceptions.values().next().unwrap();
    assert_eq!(exception.category, ExceptionCategory::InDoubt);
    world.check_index();
    world.resolve(
        &run,
        Resolution::Happened {
            output: json!({ "number": 9 }).into(),
        },
    );
    assert_eq!(world.state(&run), State::Succeeded);
}

#[test]
fn an_answer_that_cannot_be_understood_is_none() {
    // Nothing is called `count` in it.
    let (mut world, run, _) = doubtful(vec![Err(Fault::business("http.status", "404"))]);
    world.run_out();
    assert_eq!((world.state(&run), orders(&world)), (State::Parked, 1));
}

#[test]
fn a_late_outcome_settles_what_the_world_is_asked_about() {
    let (mut world, run, _) = doubtful(vec![Ok(0)]);
    assert_eq!(world.state(&run), State::Waiting);
    world.tell(Event::Outcome {
        run: run.clone(),
        step: "form".into(),
        attempt: 1,
        result: Ok(json!({ "number": 4 }).into()),
    });
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(orders(&world), 1);
    assert_eq!(
        world.with(&run, &"after".into()).unwrap(),
        json!({ "saw": 4 })
    );
}

#[test]
fn a_kill_at_any_moment_repeats_only_what_was_denied_twice() {
    for kill in 0.. {
        let (mut world, run, _) = doubtful(vec![Ok(0)]);
        let mut done = 0;
        'all: loop {
            while world.step() {
                done += 1;
                if done == kill {
                    break 'all;
                }
            }
            if !world.let_time_pass() {
                break;
            }
        }
        let over = done < kill;
        world.crash();
        world.run_out();
        world.check_index();
        assert_denied_twice_before_each_repetition(&world, &run);
        while let Some(exception) = world.disk.exceptions.values().next().cloned() {
            world.resolve_exception(
                &exception,
                Resolution::Happened {
                    output: Payload::NULL,
                },
            );
            world.run_out();
        }
        if over {
            break;
        }
    }
}

fn assert_denied_twice_before_each_repetition(world: &World, run: &RunId) {
    let mut denials = 0;
    for fact in world.disk.facts.get(run).into_iter().flatten() {
        match &fact.what {
            What::Verified {
                answer: Verification::DidNotHappen { settled: true },
                ..
            } => denials += 1,
            What::Started { step, attempt } if step.as_str() == "form" && *attempt > 1 => {
                assert_eq!(denials, 2, "attempt {attempt}");
                denials = 0;
            }
            _ => (),
        }
    }
}

/// A form that is filled in before it is sent: the bot says when.
fn announcing(step: Step) -> World {
    World::new(vec![workflow("w", vec![step])], |_, _| {
        Reaction::Succeed(json!({}))
    })
}

fn form() -> Step {
    bot("form", "world.form", json!({}))
}

#[test]
fn a_kill_before_the_announcement_is_durable_leaves_no_doubt() {
    let mut certain = 0;
    for kill in 0.. {
        let mut world = announcing(form());
        world.ask_start("w", json!({}), None);
        let mut done = 0;
        while done < kill && world.step() {
            done += 1;
        }
        if done < kill {
            break;
        }
        let run = RunId::root(1);
        let said = |world: &World, wanted: fn(&What) -> bool| {
            let facts = world.disk.facts.get(&run).into_iter().flatten();
            facts.filter(|fact| wanted(&fact.what)).count()
        };
        let started = said(&world, |what| matches!(what, What::Started { .. }));
        let acting = said(&world, |what| matches!(what, What::Acting { .. }));
        let settled = said(&world, |what| matches!(what, What::Succeeded { .. }));
        world.crash();
        world.run_out();
        world.check_index();
        if (started, acting) == (0, 0) {
            continue;
        }
        let state = world.state(&run);
        match (acting, settled) {
            (1, 0) => assert_eq!(state, State::Parked, "killed after {kill} commands"),
            _ => {
                certain += 1;
                assert_eq!(state, State::Succeeded, "killed after {kill} commands");
            }
        }
    }
    assert!(
        certain > 3,
        "there are moments at which it has begun and not acted"
    );
}

#[test]
fn what_was_announced_is_proceeded_with_once() {
    let mut world = announcing(form());
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(world.count("form"), 1);
    let acting = world.disk.facts[&run].iter();
    let acting = acting.filter(|fact| matches!(fact.what, What::Acting { .. }));
    assert_eq!(acting.count(), 1);
}

#[test]
fn doubt_comes_before_what_the_author_says_of_faults() {
    let step = on_fault(bot("form", "world.order", json!({})), None, Then::Continue);
    let mut world = World::new(vec![workflow("w", vec![step])], |_, _| {
        Reaction::Fail(Fault::business("http.timeout", "no answer").in_doubt())
    });
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Parked);
    let doubt = |fact: &botswain_core::run::fact::Fact| {
        matches!(
            &fact.what,
            What::Failed {
                then: Verdict::Doubt { .. },
                ..
            }
        )
    };
    assert!(world.disk.facts[&run].iter().any(doubt));
}

#[test]
fn a_step_that_ends_the_daemon_three_times_is_parked() {
    let mut step = bot("read", "world.read", json!({}));
    step.retry.attempts = 9;
    let mut world = World::new(vec![workflow("w", vec![step])], |_, _| Reaction::Vanish);
    let run = world.start("w", json!({}));
    world.pass(SignedDuration::from_secs(1));
    for _ in 0..3 {
        assert_ne!(world.state(&run), State::Parked);
        world.crash();
        world.run_out();
    }
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!(world.count("read"), 3);
}

#[test]
fn a_step_that_ends_the_daemon_at_once_is_counted_from_its_second_time_on() {
    let step = bot("read", "world.read", json!({}));
    let mut world = World::new(vec![workflow("w", vec![step])], |_, _| Reaction::Vanish);
    let run = world.start("w", json!({}));
    for _ in 0..4 {
        assert_ne!(world.state(&run), State::Parked);
        world.crash();
        world.settle();
    }
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!(world.count("read"), 4);
}

#[test]
fn what_a_stop_takes_back_counts_for_nothing() {
    let mut step = bot("read", "world.read", json!({}));
    step.retry.attempts = 1;
    let mut world = World::new(vec![workflow("w", vec![step])], |call, _| {
        match call.attempt {
            1 => Reaction::Vanish,
            _ => Reaction::Succeed(json!({})),
        }
    });
    let run = world.start("w", json!({}));
    world.tell(Event::Stop);
    world.tell(Event::Outcome {
        run: run.clone(),
        step: "read".into(),
        attempt: 1,
        result: Err(Box::new(Fault::system(
            "step.cancelled",
            "the attempt was stopped",
        ))),
    });
    world.settle();
    world.crash();
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
}
