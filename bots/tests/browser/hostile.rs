//! Pages, browsers and drivers that do their worst: each step ends in time with the right fault,
//! and leaves nothing running.

use std::time::{Duration, Instant};

use botswain_bot::{Category, Reach};
use serde_json::{Value, json};

use crate::{
    lives::end,
    plain, told,
    world::{processes, scenario},
};

/// How long a step may take: what it waits, what a page may take to load, and the evidence.
const AT_MOST: Duration = Duration::from_secs(2 + 20 + 5);

#[test]
fn the_console_of_a_page_is_in_the_evidence() {
    scenario(async |world| {
        let fault = world
            .fault(json!([
                { "open": "/p/desk" },
                { "script": { "run": "console.error('the stock is out of reach'); setTimeout(() => nowhere(), 0)" } },
                { "click": "Nowhere" },
            ]))
            .await;
        let story: Value =
            serde_json::from_slice(&world.artifact(&fault, "actions.json")).expect("JSON");
        let console = story["console"].to_string();
        assert!(console.contains("the stock is out of reach"), "{console}");
        assert!(console.contains("nowhere is not defined"), "{console}");
    });
}

#[tokio::test]
async fn a_browser_killed_while_it_waits_is_told_and_replaced() {
    let world = plain().await;
    let context = world.context();
    let waits = json!([{ "open": "/late" }, { "wait_for": { "text": "never" } }]);
    let step = world.act_in(&context, waits);
    let death = async {
        world.site.asked("/late").await;
        end(&world, "--remote-debugging-port");
    };
    let started = Instant::now();
    let (outcome, ()) = tokio::join!(step, death);
    let fault = outcome.expect_err("the browser is dead");
    assert_eq!(
        told(&fault),
        ("browser.died", Category::System, Reach::None),
        "{fault}"
    );
    assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

#[tokio::test]
async fn a_download_without_an_end_leaves_no_process() {
    let world = plain().await;
    let started = Instant::now();
    let fault = world
        .fault(json!([
            { "open": "/p/desk" },
            { "download": { "click": "Archive", "as": "file", "wait": "500ms" } },
        ]))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.download", Category::System, Reach::None)
    );
    assert!(started.elapsed() < AT_MOST, "{:?}", started.elapsed());
    assert_eq!(
        crate::lives::profiles(&world).len(),
        0,
        "nobody gets that browser"
    );
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}
