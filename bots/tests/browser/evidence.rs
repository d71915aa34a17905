//! What is kept of a step beside its output: pictures of each effect.

use serde_json::{Value, json};

use crate::{order, plain, with_login, world::World};

const PNG: &[u8] = b"\x89PNG";

fn steps(actions: Value) -> Value {
    json!({ "actions": actions, "wait": "2s", "evidence": "steps" })
}

fn saved(sku: &str) -> Value {
    order(sku, json!({ "text": "Order saved", "else": "business" }))
}

/// The pictures of the effects, by what they are of.
fn pictures(world: &World, output: &Value) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let effects = output["effects"].as_array().expect("a list");
    let of = |effect: &Value| {
        let action = effect["action"].as_str().expect("a text").to_owned();
        let picture = |when: &str| world.content(&effect[when]);
        (action, picture("before"), picture("after"))
    };
    effects.iter().map(of).collect()
}

#[tokio::test]
async fn a_picture_is_kept_before_and_after_each_effect() {
    let world = plain().await;
    let context = world.context();
    let output = world.act_with(&context, steps(saved("0011"))).await;
    let output = output.expect("it is saved");
    let found = pictures(&world, &output);
    let [(action, before, after)] = &found[..] else {
        panic!("one effect, not {}", found.len());
    };
    assert_eq!(action, "submit Save");
    assert!(before.starts_with(PNG) && after.starts_with(PNG) && before != after);
    assert_eq!(
        output["effects"][0]["before"]["name"],
        "effect-1-before.png"
    );
    // Without a `submit`, each click counts.
    let clicks =
        json!([{ "open": "/gestures" }, { "click": "Save order" }, { "click": "Save order" }]);
    let output = world
        .act_with(&context, steps(clicks))
        .await
        .expect("clicked");
    assert_eq!(pictures(&world, &output).len(), 2);
    // Only where it is asked for.
    let output = world.act(saved("0011")).await.expect("it is saved");
    assert_eq!(output, json!({}));
    assert_eq!(context.take_warnings(), Vec::<String>::new());
    world.close().await;
}

#[tokio::test]
async fn a_fault_carries_the_pictures_too() {
    let world = plain().await;
    let context = world.context();
    let outcome = world.act_with(&context, steps(saved("UNKNOWN"))).await;
    let fault = outcome.expect_err("there is no such product");
    assert_eq!(fault.code, "browser.refused");
    for name in ["page.png", "effect-1-before.png", "effect-1-after.png"] {
        assert!(world.artifact(&fault, name).starts_with(PNG), "{name}");
    }
    let reserved = json!([{ "open": "/form" }, { "read": { "effects": "SKU" } }]);
    let fault = world.act_with(&context, steps(reserved)).await;
    assert_eq!(fault.expect_err("it is reserved").code, "step.parameters");
    world.close().await;
}

#[tokio::test]
async fn a_secret_of_the_login_is_hidden_for_the_moment_of_the_picture() {
    let world = with_login("s3cret&more").await;
    let context = world.context();
    let mut before = Vec::new();
    // The page repeats what was typed in the login, or has been made unreadable by itself. The
    // first time the pointer is not yet over the button.
    let hidden = ("•••", "•••");
    for (text, read) in [hidden, ("s3cret&amp;more", "s3cret&more"), hidden] {
        let script =
            format!("document.body.insertAdjacentHTML('beforeend', '<p id=repeated>{text}</p>')");
        let actions = json!([
            { "open": "/gestures" },
            // Until then the page is dimmed, and its list is empty.
            { "wait_for": { "gone": "css=#veil" } },
            { "script": { "run": script } },
            { "submit": "Save order" },
            { "read": { "told": "css=#repeated" } },
        ]);
        let output = world.act_with(&context, steps(actions)).await;
        let output = output.expect("it is saved");
        assert_eq!(output["told"], read, "it is there again");
        before.push(pictures(&world, &output).remove(0).1);
    }
    assert!(before[1] == before[2], "the pictures are the same");
    assert_eq!(context.take_warnings(), Vec::<String>::new());
    world.close().await;
}

#[tokio::test]
async fn a_picture_that_was_asked_for_shows_no_secret_of_the_login() {
    let world = with_login("s3cret&more").await;
    let mut pictures = Vec::new();
    for text in ["s3cret&more", "•••"] {
        let run = "document.body.innerHTML = '<p id=a></p>'; document.getElementById('a').textContent = arguments[0]";
        let output = world
            .act(json!([
                { "open": "/private" },
                { "script": { "run": run, "arguments": [text] } },
                { "screenshot": "whole" },
                { "screenshot": { "as": "part", "of": "css=#a" } },
                { "read": { "told": "css=#a" } },
            ]))
            .await
            .expect("it is pictured");
        assert_eq!(output["told"], text, "it is there again");
        let of = |name: &str| world.content(&output["screenshots"][name]);
        pictures.push([of("whole"), of("part")]);
    }
    assert!(pictures[0] == pictures[1], "the pictures are the same");
    world.close().await;
}
