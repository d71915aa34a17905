//! `browser.do` with a real Chromium, on pages that have the traps of real ones.
//!
//! Scenarios that leave site and browser as they were share one of each; the others start their own
//! and leave no process behind.

mod challenge;
mod entering;
mod evidence;
mod files;
mod firefox;
mod flow;
mod frames;
mod gestures;
mod hostile;
mod lives;
mod locating;
mod looking;
mod nested;
mod reading;
mod sample;
mod sessions;
mod site;
mod submitting;
mod windows;
mod world;

use botswain_bot::{Category, Fault, Reach};
use serde_json::{Value, json};

use crate::world::World;

fn told(fault: &Fault) -> (&str, Category, Reach) {
    (&fault.code, fault.category, fault.effect)
}

async fn plain() -> World {
    World::new(json!({})).await
}

async fn with_login(password: &str) -> World {
    let login = json!([
        { "open": "/login" },
        { "fill": { "User": "maria", "Password": password } },
        { "submit": "Sign in" },
    ]);
    World::new(json!({ "login": login, "logged_in": "Sign out" })).await
}

/// Opens the form, enters this SKU, saves, and expects it to be saved.
fn order(sku: &str, expect: Value) -> Value {
    json!([
        { "open": "/form" },
        { "fill": { "SKU": sku } },
        { "submit": "Save" },
        { "expect": expect },
    ])
}

/// What comes of actions: what was read, or the code of the fault and words from it or its hint.
type Outcome = Result<Value, (&'static str, &'static str)>;

/// Plays each scenario on a page of its own loading, and compares what comes of it.
async fn play(world: &World, page: &str, scenarios: Vec<(&str, Value, Outcome)>) {
    for (name, actions, expected) in scenarios {
        let mut all = vec![json!({ "open": page })];
        all.extend(actions.as_array().expect("a list").iter().cloned());
        match (world.act(Value::from(all)).await, expected) {
            (Ok(output), Ok(expected)) => assert_eq!(output, expected, "{name}"),
            (Err(fault), Err((code, words))) => {
                assert_eq!(fault.code, code, "{name}: {fault}");
                let hint = fault.hint.as_deref().unwrap_or_default();
                let told = format!("{} / {hint}", fault.message);
                assert!(told.contains(words), "{name}: {told}");
            }
            (came, expected) => panic!("{name}: {came:?} instead of {expected:?}"),
        }
    }
}
