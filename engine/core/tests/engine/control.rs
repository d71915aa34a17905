//! Steps that call no bot: branches, cases, other workflows, times, values.

use botswain_core::{
    Category, Fault, RunId, StepId,
    index::State,
    plan::{Fail, InputKind, Kind, Step, Switch, Template, WorkflowCall},
    run::fact::{Resolution, What},
};
use serde_json::{Value, json};

use crate::{
    plans::{With, bot, each, parallel, reads, step, workflow},
    world::{Reaction, World},
};

fn echo() -> impl FnMut(&botswain_core::engine::event::Call, &Value) -> Reaction + 'static {
    |_, with| match with.get("fail") {
        Some(Value::String(why)) => Reaction::Fail(Fault::business("world.refused", why.clone())),
        _ => Reaction::Succeed(with.clone()),
    }
}

fn switch(id: &str, on: &str, default: Option<Vec<Step>>) -> Step {
    let case = |name: &str| {
        let put = bot(&format!("to-{name}"), "world.put", json!({ "to": name }));
        (name.to_owned(), vec![put])
    };
    let kind = Kind::Switch(Switch {
        on: Template(on.to_owned()),
        cases: [case("DE"), case("US")].into(),
        default,
    });
    step(id, kind, &[on])
}

fn called(world: &World) -> Vec<&str> {
    world.calls.iter().map(|call| call.step.as_str()).collect()
}

#[test]
fn branches_go_side_by_side_and_a_parked_one_stops_no_other() {
    let branches = parallel(
        "both",
        [
            (
                "left",
                vec![
                    bot("a", "world.put", json!({ "fail": "no" })),
                    bot("b", "world.put", json!({})),
                ],
            ),
            (
                "right",
                vec![
                    bot("c", "world.put", json!({})),
                    bot("d", "world.put", json!({})),
                ],
            ),
        ],
    );
    let after = bot("after", "world.put", json!({ "saw": "{{steps.d}}" }));
    let mut world = World::new(vec![workflow("w", vec![branches, after])], echo());
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Parked);
    assert_eq!(called(&world), ["a", "c", "d"]);
    world.check_index();
    world.crash();
    world.resolve(&run, Resolution::Skip);
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(called(&world), ["a", "c", "d", "b", "after"]);
    world.check_index();
}

#[test]
fn two_branches_wait_for_people_at_the_same_time() {
    let refused = |id: &str| vec![bot(id, "world.put", json!({ "fail": id }))];
    let branches = parallel("both", [("left", refused("a")), ("right", refused("b"))]);
    let mut world = World::new(vec![workflow("w", vec![branches])], echo());
    let run = world.start("w", json!({}));
    assert_eq!(world.disk.exceptions.len(), 2);
    let first = world.disk.exceptions.values().next().unwrap().clone();
    world.resolve_exception(&first, Resolution::Skip);
    assert_eq!(world.state(&run), State::Parked);
    world.check_index();
    world.resolve(&run, Resolution::Skip);
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn a_kill_at_any_moment_does_no_branch_twice() {
    let branch = |id: &str| {
        vec![
            bot(id, "world.put", json!({})),
            bot(&format!("{id}2"), "world.put", json!({})),
        ]
    };
    let steps = || {
        vec![parallel(
            "both",
            [("left", branch("a")), ("right", branch("b"))],
        )]
    };
    for kill in 0.. {
        let mut world = World::new(vec![workflow("w", steps())], echo());
        world.ask_start("w", json!({}), None);
        let mut done = 0;
        while done < kill && world.step() {
            done += 1;
        }
        if done < kill {
            break;
        }
        world.crash();
        world.run_out();
        world.check_index();
        if let Some(summary) = world.disk.summaries.get(&RunId::root(1)) {
            assert_eq!(
                summary.state,
                State::Succeeded,
                "killed after {kill} commands"
            );
        }
    }
}

#[test]
fn a_switch_takes_the_case_that_fits() {
    let flow = workflow("w", vec![switch("where", "{{inputs.country}}", None)])
        .input("country", InputKind::Text);
    let mut world = World::new(vec![flow], echo());
    let run = world.start("w", json!({ "country": "US" }));
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(called(&world), ["to-US"]);
    let odd = world.start("w", json!({ "country": "FR" }));
    assert_eq!(world.state(&odd), State::Parked);
    let exception = world.disk.exceptions.values().next().unwrap();
    assert_eq!(exception.fault.code, "switch.no_case");
}

#[test]
fn what_fits_no_case_takes_the_default() {
    let other = vec![bot("other", "world.put", json!({}))];
    let flow = workflow(
        "w",
        vec![switch("where", "{{inputs.country}}", Some(other))],
    )
    .input("country", InputKind::Text);
    let mut world = World::new(vec![flow], echo());
    world.start("w", json!({ "country": "FR" }));
    assert_eq!(called(&world), ["other"]);
    world.check_index();
}

#[test]
fn a_wait_costs_nothing_and_survives_the_daemon() {
    let steps = vec![
        step("pause", Kind::Wait(600_000), &[]),
        step(
            "day",
            Kind::WaitUntil(Template("2026-12-01".to_owned())),
            &[],
        ),
        bot("after", "world.put", json!({})),
    ];
    let mut world = World::new(vec![workflow("w", steps)], echo());
    let run = world.start("w", json!({}));
    assert_eq!(world.state(&run), State::Waiting);
    let until = world.disk.summaries[&run].until.unwrap();
    assert_eq!(until.to_string(), "2026-11-23T03:10:00Z");
    world.crash();
    world.run_out();
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(world.now.to_string(), "2026-12-01T00:00:00Z");
}

#[test]
fn set_gives_values_and_fail_raises_a_fault() {
    let message = "{{steps.sum.total}} is too much";
    let values = [("total".to_owned(), Template("{{inputs.amount}}".to_owned()))];
    let fail = Fail {
        message: Template(message.to_owned()),
        category: Category::Business,
    };
    let steps = vec![
        step("sum", Kind::Set(values.into()), &["{{inputs.amount}}"]),
        step("stop", Kind::Fail(fail), &[message]),
    ];
    let flow = workflow("w", steps).input("amount", InputKind::Integer);
    let mut world = World::new(vec![flow], echo());
    let run = world.start("w", json!({ "amount": 7 }));
    assert_eq!(world.state(&run), State::Parked);
    let exception = world.disk.exceptions.values().next().unwrap();
    assert_eq!(exception.fault.message, "7 is too much");
}

/// `w` calls `sub` once for each line; `sub` fails when it is told to.
fn calling() -> World {
    let mut sub = workflow(
        "sub",
        vec![bot(
            "do",
            "world.order",
            json!({ "fail": "{{inputs.fail}}" }),
        )],
    )
    .input("fail", InputKind::Text);
    sub.plan.outputs = [("done".to_owned(), Template("{{steps.do.fail}}".to_owned()))].into();
    sub.plan.output_reads = reads(&json!("{{steps.do.fail}}"));
    let call = WorkflowCall {
        workflow: "sub".to_owned(),
        with: json!({ "fail": "{{line.fail}}" }),
    };
    let steps = vec![
        step("call", Kind::Call(call), &["{{line.fail}}"]),
        bot("after", "world.put", json!({ "got": "{{steps.call}}" })),
    ];
    let mut flow = workflow("w", vec![each("all", "{{inputs.lines}}", None, steps)])
        .input("lines", InputKind::List);
    flow.calls = [("sub".to_owned(), sub.hash())].into();
    World::new(vec![sub, flow], |_, with| match with["fail"].as_str() {
        Some("yes") => Reaction::Fail(Fault::business("world.refused", "no")),
        _ => Reaction::Succeed(with.clone()),
    })
}

#[test]
fn a_call_gives_what_the_other_workflow_leaves() {
    let mut world = calling();
    let run = world.start(
        "w",
        json!({ "lines": [{ "fail": "no" }, { "fail": "not" }] }),
    );
    assert_eq!(world.state(&run), State::Succeeded);
    let item = run.item(&"all".into(), 1);
    let child = item.item(&"call".into(), 0);
    assert_eq!(world.disk.summaries[&child].workflow, "sub");
    let got = world.with(&item, &StepId::new("after")).unwrap();
    assert_eq!(got, json!({ "got": { "done": "not" } }));
    world.check_index();
}

#[test]
fn a_call_that_failed_is_called_again_when_a_person_says_so() {
    let mut world = calling();
    let run = world.start("w", json!({ "lines": [{ "fail": "yes" }] }));
    let item = run.item(&"all".into(), 0);
    let child = item.item(&"call".into(), 0);
    assert_eq!(world.state(&child), State::Parked);
    world.crash();
    world.resolve(&child, Resolution::Abandon);
    assert_eq!(world.state(&child), State::Failed);
    assert_eq!(world.state(&item), State::Parked);
    let exception = world.disk.exceptions.values().next().unwrap();
    assert_eq!(exception.fault.code, "call.failed");
    world.crash();
    world.resolve(&item, Resolution::Retry);
    let second = item.item(&"call".into(), 1);
    assert_eq!(world.state(&second), State::Parked);
    world.check_index();
    world.resolve(
        &second,
        Resolution::Happened {
            output: json!({ "fail": "done" }).into(),
        },
    );
    assert_eq!(world.state(&run), State::Succeeded);
    world.check_index();
}

#[test]
fn a_kill_at_any_moment_calls_nothing_twice() {
    for kill in 0.. {
        let mut world = calling();
        world.ask_start(
            "w",
            json!({ "lines": [{ "fail": "no" }, { "fail": "not" }] }),
            None,
        );
        let mut done = 0;
        while done < kill && world.step() {
            done += 1;
        }
        if done < kill {
            break;
        }
        world.crash();
        world.run_out();
        while let Some(exception) = world.disk.exceptions.values().next().cloned() {
            let acted = world.calls.iter().any(|call| call.run == exception.run);
            let resolution = match acted {
                true => Resolution::Happened {
                    output: json!({ "fail": "done" }).into(),
                },
                false => Resolution::Retry,
            };
            world.resolve_exception(&exception, resolution);
            world.run_out();
        }
        world.check_index();
        if let Some(summary) = world.disk.summaries.get(&RunId::root(1)) {
            assert_eq!(
                summary.state,
                State::Succeeded,
                "killed after {kill} commands"
            );
            assert_eq!(world.count("do"), 2, "killed after {kill} commands");
        }
    }
}

#[test]
fn an_unparked_loop_goes_on_past_what_waits_for_people() {
    let steps = vec![bot("do", "world.put", json!({ "fail": "{{line.fail}}" }))];
    let mut all = each("all", "{{inputs.lines}}", None, steps);
    if let Kind::ForEach(each) = &mut all.kind {
        each.wait_for = botswain_core::plan::WaitFor::Unparked;
    }
    let tell = bot("tell", "world.put", json!({ "open": "{{steps.all.open}}" }));
    let flow = workflow("w", vec![all, tell]).input("lines", InputKind::List);
    let mut world = World::new(vec![flow], echo());
    let run = world.start(
        "w",
        json!({ "lines": [{ "fail": "x" }, { "fail": 1 }, { "fail": 2 }] }),
    );
    assert_eq!(world.state(&run), State::Succeeded);
    assert_eq!(
        world.with(&run, &"tell".into()).unwrap(),
        json!({ "open": 1 })
    );
    let item = run.item(&"all".into(), 0);
    assert_eq!(world.state(&item), State::Parked);
    world.crash();
    let edit = [("fail".to_owned(), json!(3))].into_iter().collect();
    world.resolve(
        &item,
        Resolution::Edit(botswain_core::run::fact::Edit::Item(edit)),
    );
    assert_eq!(world.state(&item), State::Succeeded);
    world.check_index();
}

fn corrected() -> Resolution {
    let edit = [("fail".to_owned(), json!(3))].into_iter().collect();
    Resolution::Edit(botswain_core::run::fact::Edit::Item(edit))
}

#[test]
fn an_item_still_sees_the_data_of_a_run_that_has_ended() {
    let steps = vec![
        bot("do", "world.put", json!({ "fail": "{{line.fail}}" })),
        bot(
            "then",
            "world.put",
            json!({ "of": "{{inputs.of}}", "done": "{{steps.first.of}}" }),
        ),
    ];
    let first = bot("first", "world.put", json!({ "of": "{{inputs.of}}" }));
    let mut all = each("all", "{{inputs.lines}}", None, steps);
    if let Kind::ForEach(each) = &mut all.kind {
        each.wait_for = botswain_core::plan::WaitFor::Unparked;
    }
    let flow = workflow("w", vec![first, all])
        .input("lines", InputKind::List)
        .input("of", InputKind::Text);
    let item = RunId::root(1).item(&"all".into(), 0);
    for kill in 0.. {
        let mut world = World::new(vec![flow.clone()], echo());
        let run = world.start("w", json!({ "lines": [{ "fail": "x" }], "of": "me" }));
        assert_eq!(world.state(&run), State::Succeeded);
        let parked = world.disk.exceptions.values().next().cloned().unwrap();
        world.ask_resolve(&parked, corrected());
        let mut done = 0;
        while done < kill && world.step() {
            done += 1;
        }
        if done < kill {
            break;
        }
        world.crash();
        world.run_out();
        while let Some(exception) = world.disk.exceptions.values().next().cloned() {
            assert_ne!(exception.fault.code, "template.null", "killed after {kill}");
            let acted = world.calls.iter().filter(|it| it.run == item).count();
            let resolution = match exception.step == "do".into() && acted < 2 {
                true => corrected(),
                false => Resolution::Happened {
                    output: json!({ "fail": 3 }).into(),
                },
            };
            world.resolve_exception(&exception, resolution);
            world.run_out();
        }
        assert_eq!(world.state(&item), State::Succeeded, "killed after {kill}");
        assert_eq!(
            world.with(&item, &"then".into()).unwrap(),
            json!({ "of": "me", "done": "me" }),
            "killed after {kill}"
        );
        world.check_index();
    }
}

#[test]
fn facts_of_a_parallel_stand_in_one_journal() {
    let branches = parallel("both", [("left", vec![bot("a", "world.put", json!({}))])]);
    let mut world = World::new(vec![workflow("w", vec![branches])], echo());
    let run = world.start("w", json!({}));
    let whats = world.disk.facts[&run].iter().map(|fact| &fact.what);
    let closed = whats.filter(|what| matches!(what, What::Forked { .. } | What::Closed { .. }));
    assert_eq!(closed.count(), 2);
}
