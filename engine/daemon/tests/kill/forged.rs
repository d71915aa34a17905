//! The proof notices what it is there to notice: pasts that were forged.
//!
//! A small past in which everything is well is made to lie in one point each.

use std::sync::Arc;

use botswain_core::{
    Effect, ExceptionId, Fault, Hash, Payload, RunId, StepId,
    index::State,
    run::fact::{Created, Fact, Origin, Outcome, Resolution, Verdict, What},
};
use expect_test::{Expect, expect};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    ledger::{Answer, Ledger},
    past::{Acknowledged, Past, Record},
    proof::complaints,
};

const DEATH: i64 = 20;

/// Two runs that each placed one order; the second was in doubt after a kill, and had happened.
fn sound() -> Past {
    let mut ledger = Ledger::default();
    ledger.enter("a-1", "key a", false, Answer::Status(503));
    ledger.enter("a-1", "key a", true, Answer::Status(201));
    ledger.enter("b-1", "key b", true, Answer::Status(201));
    let placed = vec![started(1), failed(1), started(2), succeeded(2, 1)];
    let doubted = vec![started(1), interrupted(1), resolved(happened(2))];
    let acknowledged = |run, key: &str, reference: &str| Acknowledged {
        run: RunId::root(run),
        key: key.to_owned(),
        references: vec![reference.to_owned()],
    };
    Past {
        runs: vec![run(1, "a", "a-1", placed), run(2, "b", "b-1", doubted)],
        ledger,
        acknowledged: vec![acknowledged(1, "a", "a-1"), acknowledged(2, "b", "b-1")],
        deaths: vec![at(DEATH)],
        sessions: 1,
    }
}

fn check(forge: impl FnOnce(&mut Past), expected: Expect) {
    let mut past = sound();
    forge(&mut past);
    expected.assert_eq(&complaints(&past).join("\n"));
}

#[test]
fn a_sound_past_gives_no_reason_to_complain() {
    check(|_| (), expect![""]);
}

#[test]
fn an_order_that_was_counted_twice_is_noticed() {
    check(
        |past| count(past, "a-1", "key a"),
        expect!["order a-1 was counted as [1, 3]"],
    );
}

#[test]
fn an_order_that_was_never_counted_is_noticed() {
    check(
        |past| past.ledger.0.retain(|entry| entry.reference != "b-1"),
        expect![[r#"
            order b-1 of `b` is lost
            order b-1 is lost: it was never counted"#]],
    );
}

#[test]
fn an_order_with_another_number_is_noticed() {
    check(
        |past| past.ledger.0[1].number = Some(7),
        expect!["order a-1 is number 7, the run 1 has Some(1)"],
    );
}

#[test]
fn an_order_that_nobody_wanted_is_noticed() {
    check(
        |past| count(past, "c-1", "key c"),
        expect!["nobody asked for order c-1"],
    );
}

#[test]
fn a_key_that_changes_or_is_shared_is_noticed() {
    check(
        |past| past.ledger.0[0].idempotency_key = "other".to_owned(),
        expect!["order a-1 came with the key other, which is not its own"],
    );
    check(
        |past| past.ledger.0[2].idempotency_key = "key a".to_owned(),
        expect!["order b-1 came with the key key a, which is not its own"],
    );
}

#[test]
fn an_acknowledged_run_that_is_gone_is_noticed() {
    check(
        |past| drop(past.runs.remove(0)),
        expect![[r#"
            run 1 of `a` is lost
            nobody asked for order a-1
            nobody asked for order a-1"#]],
    );
    check(
        |past| past.runs[0].key = None,
        expect!["run 1 is not that of `a`"],
    );
}

#[test]
fn a_run_that_did_not_end_is_noticed() {
    check(
        |past| past.runs[1].state = State::Parked,
        expect!["run 2 is lost: it is Parked"],
    );
    check(
        |past| past.runs[1].state = State::Skipped,
        expect!["run 2 is lost: it is Skipped"],
    );
}

#[test]
fn an_item_that_was_never_made_is_noticed() {
    let opened = fact(
        1,
        What::Opened {
            step: StepId::new("enter"),
            list: json!([1, 2]).into(),
            count: 2,
        },
    );
    check(
        |past| past.runs[0].facts.insert(1, opened),
        expect!["`enter` of run 1 has 0 of 2 items"],
    );
}

#[test]
fn an_attempt_after_a_doubt_is_noticed() {
    check(
        |past| past.runs[1].facts.insert(4, started(2)),
        expect!["order b-1 was in doubt and attempt 2 began all the same"],
    );
    check(
        |past| {
            let facts = vec![
                started(1),
                interrupted(1),
                resolved(happened(2)),
                started(2),
            ];
            past.runs[1] = run(2, "b", "b-1", facts);
        },
        expect!["order b-1 was in doubt and attempt 2 began all the same"],
    );
}

#[test]
fn an_attempt_at_the_same_time_as_another_is_noticed() {
    check(
        |past| past.runs[0].facts.insert(3, started(2)),
        expect!["order a-1 was in doubt and attempt 2 began all the same"],
    );
}

#[test]
fn a_doubt_without_a_kill_or_an_unclear_answer_is_noticed() {
    check(
        |past| past.deaths.clear(),
        expect!["order b-1 was cut short by no kill"],
    );
    check(
        |past| {
            let then = Verdict::Doubt {
                exception: ExceptionId(2),
            };
            let fault = Box::new(Fault::system("http.server", "500"));
            let failed = fact(6, failed_as(1, fault, then));
            let facts = vec![started(1), failed, resolved(happened(1))];
            past.runs[0] = run(1, "a", "a-1", facts);
        },
        expect!["order a-1 was in doubt 1 times, for 0 unclear answers"],
    );
}

#[test]
fn more_doubts_than_there_were_sessions_are_noticed() {
    check(
        |past| past.sessions = 0,
        expect!["kill 0 left 1 orders in doubt"],
    );
}

#[test]
fn a_second_without_its_run_is_noticed() {
    check(
        |past| {
            for (run, second) in past.runs.iter_mut().zip([100, 102]) {
                fire(run, second);
            }
        },
        expect!["`orders` fired at 100 and then at 102"],
    );
    check(
        |past| past.runs.iter_mut().for_each(|run| fire(run, 100)),
        expect!["`orders` fired at 100 and then at 100"],
    );
}

fn count(past: &mut Past, reference: &str, key: &str) {
    let number = past.ledger.enter(reference, key, true, Answer::HungUp);
    assert_eq!(number, Some(3));
}

fn run(number: u64, key: &str, reference: &str, facts: Vec<Fact>) -> Record {
    let created = What::Created(Box::new(Created {
        workflow: "orders".to_owned(),
        version: Hash::of(b"orders"),
        origin: Origin::Person {
            by: "caller".to_owned(),
        },
        scheduled_for: at(0),
        inputs: Arc::new(Payload::NULL),
        key: Some(key.to_owned()),
    }));
    let entered = What::Entered {
        step: place(),
        with: json!({ "json": { "reference": reference } }).into(),
        effect: Effect::Once,
        announces: false,
        key: None,
        generation: 1,
    };
    let ended = What::Ended {
        outcome: Outcome::Succeeded,
        output: Payload::NULL,
    };
    let before = [fact(0, created), fact(1, entered)];
    let all = before.into_iter().chain(facts).chain([fact(40, ended)]);
    Record {
        id: RunId::root(number),
        workflow: "orders".to_owned(),
        state: State::Succeeded,
        key: Some(key.to_owned()),
        facts: all.collect(),
    }
}

fn fire(run: &mut Record, second: i64) {
    if let What::Created(created) = &mut run.facts[0].what {
        created.origin = Origin::Trigger { index: 0 };
        created.scheduled_for = at(second);
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn fact(second: i64, what: What) -> Fact {
    let at = at(second);
    Fact { at, what }
}

fn place() -> StepId {
    StepId::new("place")
}

fn started(attempt: u32) -> Fact {
    let step = place();
    fact(5, What::Started { step, attempt })
}

fn failed(attempt: u32) -> Fact {
    let fault = Box::new(Fault::system("http.busy", "503"));
    fact(6, failed_as(attempt, fault, Verdict::Retry { at: at(7) }))
}

fn failed_as(attempt: u32, fault: Box<Fault>, then: Verdict) -> What {
    What::Failed {
        step: place(),
        attempt,
        fault,
        then,
    }
}

fn succeeded(attempt: u32, number: u64) -> Fact {
    let output = json!({ "body": { "number": number } }).into();
    let step = place();
    fact(
        8,
        What::Succeeded {
            step,
            attempt,
            output,
        },
    )
}

fn interrupted(attempt: u32) -> Fact {
    let then = Verdict::Doubt {
        exception: ExceptionId(1),
    };
    let step = place();
    fact(
        DEATH + 1,
        What::Interrupted {
            step,
            attempt,
            then,
        },
    )
}

fn happened(number: u64) -> Resolution {
    let output = json!({ "body": { "number": number } }).into();
    Resolution::Happened { output }
}

fn resolved(resolution: Resolution) -> Fact {
    fact(
        DEATH + 2,
        What::Resolved {
            step: place(),
            exception: ExceptionId(1),
            resolution,
            by: "clerk".to_owned(),
            note: None,
        },
    )
}
