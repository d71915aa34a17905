//! The same bot with a real Firefox, by geckodriver: what a page needs most, and how it ends.

use std::{collections::BTreeSet, path::PathBuf};

use botswain_bot::{Category, Reach};
use serde_json::json;

use crate::{
    lives::end,
    play, told,
    world::{World, processes},
};

/// `make tools` puts it there, for Debian has none.
fn geckodriver() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../target/geckodriver/lib");
    let found = glob::glob(&format!("{}/**/geckodriver_linux64", folder.display()));
    let found = found.expect("a pattern").flatten().next();
    found.expect("geckodriver, which `make tools` installs")
}

async fn firefox() -> World {
    let browser = json!({ "kind": "firefox", "driver": geckodriver() });
    World::new(json!({ "browser": browser })).await
}

/// Whatever has to do with this world's browsers; its own drivers are where they work.
fn programs(world: &World, name: &str) -> usize {
    let running = processes(world.scratch.path()).into_iter();
    running.filter(|(_, line)| line.contains(name)).count()
}

#[tokio::test]
async fn what_a_page_needs_most_works_in_firefox_too() {
    let world = firefox().await;
    forms(&world).await;
    frames(&world).await;
    assert_eq!(programs(&world, "geckodriver"), 1, "one session did it all");
    let family = family(&world);
    assert!(family.len() > 4, "{family:?}");
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
    let left = family.iter().filter(|pid| {
        std::path::Path::new("/proc")
            .join(pid.to_string())
            .join("exe")
            .exists()
    });
    assert_eq!(left.count(), 0, "{family:?}");
}

/// Firefox's children name neither a folder nor the driver: they are known by who began them.
fn family(world: &World) -> BTreeSet<i32> {
    let named = processes(world.scratch.path());
    let mut found: BTreeSet<i32> = named.into_iter().map(|(pid, _)| pid).collect();
    let mut known = 0;
    while known < found.len() {
        known = found.len();
        let parents: Vec<String> = found.iter().map(i32::to_string).collect();
        let asked = std::process::Command::new("pgrep")
            .args(["-P", &parents.join(",")])
            .output();
        let told = String::from_utf8(asked.expect("pgrep").stdout).expect("a text");
        found.extend(told.lines().filter_map(|line| line.parse::<i32>().ok()));
    }
    found
}

async fn forms(world: &World) {
    play(
        world,
        "/form",
        vec![(
            "a form is filled, sent, and its answer read",
            json!([
                { "fill": { "SKU": "0018" } },
                { "submit": "Save" },
                { "expect": { "text": "Order saved", "else": "business" } },
                { "read": { "number": "css=#order-number" } },
            ]),
            Ok(json!({ "number": "004711" })),
        )],
    )
    .await;
    assert_eq!(world.site.orders().len(), 1);
    play(
        world,
        "/p/table",
        vec![
            (
                "by what it stands in",
                json!([{ "click": "0007 >>> Delete" }, { "read": { "told": "css=#told" } }]),
                Ok(json!({ "told": "deleted 7" })),
            ),
            (
                "next to a heading",
                json!([{ "fill": { "Street & near=Billing": "B" } }, { "read": { "bill": "css=#bill" } }]),
                Ok(json!({ "bill": "B" })),
            ),
            (
                "several are told",
                json!([{ "click": "Delete" }]),
                Err(("browser.ambiguous", "<button> Delete")),
            ),
            (
                "a selector that is none",
                json!([{ "click": "css=[" }]),
                Err(("browser.locator", "is no valid selector")),
            ),
        ],
    )
    .await;
}

async fn frames(world: &World) {
    let scenario = (
        "in frames of this site and of another: typed, chosen, clicked",
        json!([
            { "fill": { "Order": "7", "City": "Bergen", "Country": "Norway" } },
            { "tick": "Gift" },
            { "click": "Check" },
            { "type": { "Card number": "4712" } },
            { "click": "Pay" },
            { "expect": { "text": "Checked Bergen Norway true", "element": "text=Paid by 4712" } },
            { "read": { "paid": "css=#paid" } },
        ]),
        Ok(json!({ "paid": "Paid by 4712" })),
    );
    play(world, "/p/frames", vec![scenario]).await;
    let named = world
        .act(json!([
            { "open": "/p/frames" },
            { "frame": { "in": "css=#far", "do": [{ "fill": { "Note": "x" } }, { "read": { "note": "Note" } }] } },
        ]))
        .await;
    assert_eq!(named, Ok(json!({ "note": "x" })));
}

/// Each in the middle of a wait; the second step already has another browser.
#[tokio::test]
async fn a_firefox_or_geckodriver_that_is_killed_is_told_and_replaced() {
    let world = firefox().await;
    for (program, page) in [("--marionette", "/late"), ("geckodriver", "/hung")] {
        let context = world.context();
        let waits = json!([{ "open": page }, { "wait_for": { "text": "never" } }]);
        let step = world.act_in(&context, waits);
        let death = async {
            world.site.asked(page).await;
            end(&world, program);
        };
        let (outcome, ()) = tokio::join!(step, death);
        let fault = outcome.expect_err("it is dead");
        let died = ("browser.died", Category::System, Reach::None);
        assert_eq!(told(&fault), died, "{program}: {fault}");
    }
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

#[tokio::test]
async fn a_missing_geckodriver_says_what_to_install() {
    let browser = json!({ "kind": "firefox", "driver": "/nowhere/geckodriver" });
    let world = World::new(json!({ "browser": browser })).await;
    let fault = world.fault(json!([{ "open": "/" }])).await;
    assert_eq!(fault.message, "there is no program `/nowhere/geckodriver`");
    let hint = fault.hint.expect("a remedy");
    assert!(hint.contains("`cargo install geckodriver`"), "{hint}");
}
