//! The same bot with a real Firefox, by geckodriver: what a page needs most, and how it ends.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use botswain_bot::{Category, Reach};
use serde_json::{Value, json};

use crate::{
    lives::end,
    order, play, told,
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
    dialogs_and_files(&world).await;
    faults(&world).await;
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

async fn dialogs_and_files(world: &World) {
    let answers = vec![
        (
            "a dialog is answered",
            json!([
                { "click": "Delete" },
                { "dialog": { "accept": true, "says": "Delete order 7?" } },
                { "click": "Ask" },
                { "dialog": { "accept": true, "text": "12" } },
                { "read": { "told": "css=#told" } },
            ]),
            Ok(json!({ "told": "deleted said 12" })),
        ),
        (
            "one that nobody expected",
            json!([{ "click": "Delete" }, { "read": { "told": "css=#told" } }]),
            Err(("browser.dialog", "Delete order 7?")),
        ),
        (
            "another window is worked in",
            json!([
                { "click": "Details" },
                { "window": { "url": "popup?one", "close": true, "do": [{ "wait_for": { "url": "one" } }] } },
                { "read": { "where": "css=#where" } },
            ]),
            Ok(json!({ "where": "first" })),
        ),
    ];
    play(world, "/p/desk", answers).await;
    let invoice = world.put("invoice-7.txt", "47.11 EUR");
    let output = world
        .act(json!([
            { "open": "/p/desk" },
            { "upload": { "Invoice": invoice } },
            { "wait_for": { "text": "47.11" } },
            { "read": { "told": "css=#told" } },
            { "download": { "click": "Export", "as": "report" } },
            { "screenshot": "page" },
            { "pdf": "paper" },
        ]))
        .await
        .expect("files");
    assert_eq!(output["told"], "invoice-7.txt: 47.11 EUR");
    assert_eq!(output["report"]["name"], "orders 7.csv");
    assert_eq!(world.content(&output["report"]), b"order,sku\n7,00412\n");
    assert!(
        world
            .content(&output["screenshots"]["page"])
            .starts_with(b"\x89PNG")
    );
    assert!(world.content(&output["paper"]).starts_with(b"%PDF"));
}

async fn faults(world: &World) {
    let fault = world
        .fault(json!([
            { "open": "/p/desk" },
            { "wait_for": { "idle": true } },
            { "click": "Nowhere" },
        ]))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.not_found", Category::System, Reach::None)
    );
    assert!(fault.hint.is_some(), "{fault:?}");
    let picture = world.artifact(&fault, "page.png");
    assert!(picture.starts_with(b"\x89PNG"));
    let source = String::from_utf8(world.artifact(&fault, "page.html")).expect("a text");
    assert!(source.contains("<html"), "{source}");
    let story: Value =
        serde_json::from_slice(&world.artifact(&fault, "actions.json")).expect("JSON");
    assert_eq!(story["status"], 200, "{story}");
    let refused = world.fault(json!([{ "open": "/down" }])).await;
    assert_eq!(refused.code, "browser.status", "{refused}");
}

/// The browser and the driver, killed while a page is waited for and while an order is sent.
#[tokio::test]
async fn a_firefox_that_is_killed_is_replaced_and_says_truly_what_may_have_happened() {
    let world = firefox().await;
    let waits = json!([{ "open": "/late" }, { "wait_for": { "text": "never" } }]);
    let hangs = order("HUNG", json!({ "text": "Order saved" }));
    for (program, actions, asked, reach) in [
        ("geckodriver", waits, "/late", Reach::None),
        ("--marionette", hangs, "/hung", Reach::Unknown),
    ] {
        let context = world.context();
        let step = world.act_in(&context, actions);
        let death = async {
            world.site.asked(asked).await;
            end(&world, program);
        };
        let (outcome, ()) = tokio::join!(step, death);
        let fault = outcome.expect_err("it is dead");
        assert_eq!(
            told(&fault),
            ("browser.died", Category::System, reach),
            "{program}: {fault}"
        );
        while !processes(world.scratch.path()).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let again = world.act(json!([{ "open": "/" }])).await;
    again.expect("another takes its place");
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
