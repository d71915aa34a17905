//! Goes on with an instance to the end, as a daemon and a truthful person would.
//!
//! In goes an instance as a crash left it and the office's ledger, which knows what
//! was done; the person answers each doubt by it. At the end every effect took place
//! exactly once.

use serde_json::Value;

use crate::{
    errands::{Errand, Errands, said, wait_for},
    ledger::Ledger,
};

/// Goes on with run 1, if it is there; how often a person was asked.
pub(crate) fn finish(errands: &Errands, ledger: &Ledger, steps: usize, accepted: bool) -> usize {
    let up = errands.up();
    let runs = errands.json(&["runs", "list"]);
    let is_there = !runs.as_array().unwrap().is_empty();
    assert!(is_there || !accepted, "an accepted run is gone");
    if !is_there {
        assert!(ledger.entries().is_empty(), "{:?}", ledger.entries());
        up.terminate();
        return 0;
    }
    let mut doubts = 0;
    loop {
        match rested(errands).as_str() {
            "parked" => doubts += decide(errands, ledger),
            "succeeded" => break,
            other => panic!("the run has {other}: {}", errands.log()),
        }
    }
    up.terminate();
    for number in Errand::effects(steps) {
        assert_eq!(ledger.times(number), 1, "effect {number}");
    }
    let log = errands.log();
    assert!(!log.contains("panicked"), "{log}");
    doubts
}

fn rested(errands: &Errands) -> String {
    let mut state = String::new();
    wait_for("run 1 to come to rest", || {
        let detail = errands.json(&["runs", "show", "1"]);
        detail["run"]["state"]
            .as_str()
            .unwrap()
            .clone_into(&mut state);
        !matches!(state.as_str(), "queued" | "running" | "waiting")
    });
    state
}

/// Answers every doubt by what the office knows, and has everything else tried again.
fn decide(errands: &Errands, ledger: &Ledger) -> usize {
    let exceptions = errands.json(&["exceptions", "list"]);
    let exceptions = exceptions.as_array().unwrap();
    for exception in exceptions {
        let id = exception["id"].to_string();
        let answer = match doubtful(exception) {
            Some(number) if ledger.times(number) > 0 => {
                let output = format!(r#"{{"body":{{"done":{number}}}}}"#);
                errands.botswain(&["exceptions", "happened", &id, "--output", &output])
            }
            _ => errands.botswain(&["exceptions", "retry", &id]),
        };
        assert!(
            matches!(answer.status.code(), Some(0 | 3)),
            "{}",
            said(&answer)
        );
    }
    exceptions.len()
}

/// The effect of which it is open whether it took place.
fn doubtful(exception: &Value) -> Option<usize> {
    let step = exception["step"].as_str()?;
    let number = step.strip_prefix("effect")?.parse().ok();
    number.filter(|_| exception["category"] == "in_doubt")
}
