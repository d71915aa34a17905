//! Waiting and expecting: values, counts, the network, another page.

use botswain_bot::Category;
use serde_json::{Value, json};

use crate::{Outcome, play, world::scenario};

fn expect(given: Value) -> Value {
    json!([{ "expect": given }])
}

fn met() -> Outcome {
    Ok(json!({}))
}

#[test]
fn values_and_counts_are_expected() {
    scenario(async |world| {
        let soon = "100ms";
        play(
            world,
            "/p/shop",
            vec![
                (
                    "a value",
                    expect(json!({ "value": { "Quantity": 1 } })),
                    met(),
                ),
                (
                    "a value of a list",
                    expect(json!({ "value": { "Unit": "Piece" } })),
                    met(),
                ),
                (
                    "an entry by its value",
                    expect(json!({ "value": { "Unit": "pc" } })),
                    met(),
                ),
                (
                    "a text",
                    expect(json!({ "value": { "css=#answer": "nothing" } })),
                    met(),
                ),
                (
                    "another value",
                    expect(json!({ "value": { "Quantity": 2 }, "wait": soon })),
                    Err(("browser.unexpected", "`Quantity` is `1`, not `2`")),
                ),
                (
                    "no such field",
                    expect(json!({ "value": { "Colour": "red" }, "wait": soon })),
                    Err(("browser.unexpected", "it has no `Colour`")),
                ),
                (
                    "a count",
                    expect(json!({ "count": { "css=#list li": 2, "css=.nowhere": 0 } })),
                    met(),
                ),
                (
                    "another count",
                    expect(json!({ "count": { "css=#list li": 3 }, "wait": soon })),
                    Err(("browser.unexpected", "it has 2 of `css=#list li`, not 3")),
                ),
                (
                    "what the page shows is told",
                    expect(json!({ "text": "Page 9", "wait": soon })),
                    Err(("browser.unexpected", "it shows `Page 1 Item 1.1")),
                ),
                (
                    "a title and an address",
                    expect(json!({ "title": "Shop", "url": "/p/shop" })),
                    met(),
                ),
                (
                    "another title",
                    expect(json!({ "title": "Market", "wait": soon })),
                    Err(("browser.unexpected", "its title does not hold `Market`")),
                ),
            ],
        )
        .await;
        for (otherwise, category) in [
            ("business", Category::Business),
            ("system", Category::System),
        ] {
            let expect = json!({ "count": { "css=#list li": 3 }, "wait": soon, "else": otherwise });
            let fault = world
                .fault(json!([{ "open": "/p/shop" }, { "expect": expect }]))
                .await;
            assert_eq!(fault.category, category);
        }
    });
}

#[test]
fn the_network_and_another_page_are_waited_for() {
    scenario(async |world| {
        let answer = json!({ "read": { "answer": "css=#answer" } });
        let arrived = || Ok(json!({ "answer": "arrived" }));
        let idle = json!({ "wait_for": { "idle": true, "wait": "20s" } });
        play(world, "/p/shop", vec![
            ("fetch", json!([{ "click": "Fetch" }, idle, answer]), arrived()),
            ("XMLHttpRequest", json!([{ "click": "Ask" }, idle, answer]), arrived()),
            (
                "a page that never rests",
                json!([{ "click": "Chatter" }, { "wait_for": { "idle": true, "wait": "1s" } }]),
                Err(("browser.unexpected", "goes on asking its server")),
            ),
            (
                "another page",
                json!([{ "click": "Leave" }, { "wait_for": { "navigation": true, "wait": "20s" } }, { "expect": { "title": "Orders", "wait": "1ms" } }]),
                met(),
            ),
            (
                "none",
                json!([{ "click": "Next" }, { "wait_for": { "navigation": true, "wait": "200ms" } }]),
                Err(("browser.unexpected", "was not left for another")),
            ),
        ])
        .await;
    });
}

#[test]
fn what_moves_is_clicked_when_it_stands_still() {
    scenario(async |world| {
        let told = json!({ "read": { "told": "css=#told" } });
        play(
            world,
            "/p/desk",
            vec![
                (
                    "it comes to rest",
                    json!([{ "click": "Running" }, told]),
                    Ok(json!({ "told": "caught" })),
                ),
                (
                    "it never does",
                    json!([{ "click": "Fleeing" }]),
                    Err(("browser.moving", "does not stand still")),
                ),
            ],
        )
        .await;
    });
}

#[test]
fn things_are_dragged_and_fields_are_emptied() {
    scenario(async |world| {
        let told = json!({ "read": { "told": "css=#told" } });
        play(
            world,
            "/p/desk",
            vec![
                (
                    "a card",
                    json!([{ "drag": { "from": "Card 7", "to": "css=#done" } }, told]),
                    Ok(json!({ "told": "moved card" })),
                ),
                (
                    "a slider",
                    json!([{ "drag": { "from": "css=#knob", "to": "css=#mark" } }, told]),
                    Ok(json!({ "told": "slid true" })),
                ),
                (
                    "to nowhere",
                    json!([{ "drag": { "from": "Card 7", "to": "css=#nowhere" } }]),
                    Err(("browser.not_found", "#nowhere")),
                ),
                (
                    "a field",
                    json!([{ "clear": "Comment" }, { "read": { "comment": "Comment" } }]),
                    Ok(json!({ "comment": "" })),
                ),
            ],
        )
        .await;
    });
}
