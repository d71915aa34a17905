//! What is known after `submit`, and the evidence of what is not.

use std::{collections::BTreeSet, path::Path};

use botswain_bot::{Category, Fault, Reach};
use serde_json::{Value, json};

use crate::{
    lives::profiles,
    order, plain, told,
    world::{World, scenario},
};

#[tokio::test]
async fn after_submit_only_the_page_itself_takes_the_doubt_away() {
    use {
        Category::{Business, System},
        Reach::{None, Unknown},
    };
    let world = plain().await;
    let saved = |otherwise: &str| json!({ "text": "Order saved", "else": otherwise });
    let named = json!({ "text": "Order saved", "refused": "css=[role=alert]" });
    for (sku, expect, outcome) in [
        (
            "UNKNOWN",
            saved("business"),
            ("browser.refused", Business, None),
        ),
        ("UNKNOWN", named, ("browser.refused", Business, None)),
        (
            "UNKNOWN",
            saved("system"),
            ("browser.unexpected", System, Unknown),
        ),
        (
            "ODD",
            saved("business"),
            ("browser.unexpected", Business, Unknown),
        ),
        (
            "DOWN",
            saved("business"),
            ("browser.status", System, Unknown),
        ),
        (
            "HUNG",
            saved("business"),
            ("browser.timeout", System, Unknown),
        ),
    ] {
        let fault = world.fault(order(sku, expect)).await;
        assert_eq!(told(&fault), outcome, "{sku}: {fault}");
        if outcome.0 == "browser.refused" {
            assert_eq!(fault.message, "there is no product UNKNOWN");
        }
    }
    assert_eq!(world.site.orders().len(), 0);
    world.close().await;
}

#[tokio::test]
async fn a_page_that_hangs_is_shown_all_the_same() {
    let world = plain().await;
    let fault = world
        .fault(order("HUNG", json!({ "text": "Order saved" })))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.timeout", Category::System, Reach::Unknown)
    );
    assert!(world.artifact(&fault, "page.png").starts_with(b"\x89PNG"));
    // Nobody else gets that browser.
    assert_eq!(profiles(&world), BTreeSet::new());
    world.close().await;
}

#[test]
fn an_alert_that_was_there_before_is_no_refusal() {
    scenario(async |world| {
        let fault = world
            .fault(json!([
                { "open": "/form" },
                { "fill": { "SKU": "UNKNOWN" } },
                { "submit": "Save" },
                { "expect": { "text": "no product" } },
                { "submit": "text=there is no product UNKNOWN" },
                { "expect": { "text": "Order saved", "else": "business", "wait": "200ms" } },
            ]))
            .await;
        assert_eq!(
            told(&fault),
            ("browser.unexpected", Category::Business, Reach::Unknown)
        );
    });
}

#[tokio::test]
async fn an_unexpected_dialog_is_told_and_pictured() {
    let world = plain().await;
    let fault = world
        .fault(json!([{ "open": "/twins" }, { "submit": "Release" }, { "expect": { "text": "Released" } }]))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.dialog", Category::Business, Reach::Unknown)
    );
    assert_eq!(
        fault.message,
        "the page opened a dialog: `customer 4711 is blocked`"
    );
    assert!(world.artifact(&fault, "page.png").starts_with(b"\x89PNG"));
    // The session is as good as before.
    let before = profiles(&world);
    world
        .act(json!([{ "open": "/" }, { "expect": { "text": "Welcome" } }]))
        .await
        .expect("it opens");
    assert_eq!(profiles(&world), before);
    world.close().await;
}

#[test]
fn a_fault_shows_the_page() {
    scenario(async |world| {
        let fault = world
            .fault(
                json!([{ "open": "/form" }, { "fill": { "SKU": "00412" } }, { "click": "Delete" }]),
            )
            .await;
        assert!(
            world.artifact(&fault, "page.png").starts_with(b"\x89PNG"),
            "a picture"
        );
        show(world, &fault);
        let source = String::from_utf8(world.artifact(&fault, "page.html")).expect("text");
        assert!(source.contains("<h1>New order</h1>"), "{source}");
        let story: Value =
            serde_json::from_slice(&world.artifact(&fault, "actions.json")).expect("JSON");
        assert_eq!(story["title"], "New order");
        assert_eq!(story["url"], format!("{}/form", world.site.address));
        let actions = story["actions"].as_array().expect("a list").iter();
        let actions: Vec<_> = actions
            .map(|it| (it["action"].as_str(), it["succeeded"].as_bool()))
            .collect();
        let expected = [
            ("open /form", true),
            ("fill SKU", true),
            ("click Delete", false),
        ];
        assert_eq!(
            actions,
            expected.map(|(action, done)| (Some(action), Some(done)))
        );
    });
}

/// Puts the evidence where somebody who runs the test by hand has asked for it.
pub(crate) fn show(world: &World, fault: &Fault) {
    let Some(folder) = std::env::var_os("BOTSWAIN_TEST_EVIDENCE") else {
        return;
    };
    for artifact in &fault.artifacts {
        let name = format!("{}-{}", fault.code, artifact.name);
        let content = world.artifact(fault, &artifact.name);
        std::fs::write(Path::new(&folder).join(name), content).expect("a file");
    }
}
