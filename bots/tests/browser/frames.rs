//! Frames are looked through, of the same site and of another, without being named.

use botswain_bot::{Category, Reach};
use serde_json::{Value, json};

use crate::{play, told, world::scenario};

#[test]
fn what_stands_in_a_frame_is_found_without_naming_it() {
    scenario(async |world| {
        let fields = json!({
            "Order": "7", "City": "Bergen", "Depth": "2", "Card number": "4711", "Country": "Norway",
        });
        let scenarios = vec![
            (
                "all of them are entered, clicked, and read",
                json!([
                    { "fill": fields },
                    { "tick": "Gift" },
                    { "click": "Check" },
                    { "type": { "Card number": "4712" } },
                    { "click": "Pay" },
                    { "click": "Save" },
                    { "expect": { "text": "Checked Bergen Norway true", "element": "text=Paid by 4712", "value": { "Depth": "2" } } },
                    { "read": { "order": "Order", "city": "City", "card": { "value": "label=Card number" }, "paid": "css=#paid" } },
                ]),
                Ok(
                    json!({ "order": "7", "city": "Bergen", "card": "4712", "paid": "Paid by 4712" }),
                ),
            ),
            (
                "they are counted and listed together",
                json!([
                    { "wait_for": { "element": "Pay" } },
                    { "expect": { "count": { "css=.line": 3 }, "gone": "Nowhere" } },
                    { "read": { "lines": { "list": "css=.line" }, "number": { "count": "css=.line" } } },
                ]),
                Ok(json!({ "lines": ["in the page", "nothing yet", "not paid"], "number": 3 })),
            ),
            (
                "a key goes to the field within",
                json!([
                    { "select": { "Country": "Spain" } },
                    { "type": { "City": "Vigo", "Code": "x" } },
                    { "submit": { "press": "Enter" } },
                    { "expect": { "text": "Sent to Vigo" } },
                ]),
                Ok(json!({})),
            ),
            (
                "what is in a frame has not gone",
                json!([{ "wait_for": { "gone": "Pay", "wait": "300ms" } }]),
                Err(("browser.unexpected", "it still shows `Pay`")),
            ),
            (
                "a count over all of them is told",
                json!([{ "wait_for": { "element": "Pay" } }, { "expect": { "count": { "css=.line": 2 }, "wait": "300ms" } }]),
                Err(("browser.unexpected", "it has 3 of `css=.line`, not 2")),
            ),
            (
                "a link within leads the whole page away",
                json!([
                    { "click": "Leave all" },
                    { "wait_for": { "navigation": true, "title": "New order" } },
                    { "fill": { "SKU": "1" } },
                ]),
                Ok(json!({})),
            ),
            (
                "a selector that is none is told once",
                json!([{ "click": "css=[" }]),
                Err(("browser.locator", "is no valid selector")),
            ),
        ];
        play(world, "/p/frames", scenarios).await;
    });
}

#[test]
fn what_fits_in_two_frames_is_ambiguous() {
    scenario(async |world| {
        let open = json!([
            { "open": "/p/frames" },
            { "wait_for": { "element": "Pay" } },
            { "fill": { "Order": "7", "Note": "x" } },
        ]);
        let fault = world.fault(open).await;
        assert_eq!(
            told(&fault),
            ("browser.ambiguous", Category::Business, Reach::None)
        );
        let words = &fault.message;
        assert!(words.starts_with("`Note` fits 2 elements"), "{words}");
        assert!(words.contains("in the frame Delivery"), "{words}");
        assert!(words.contains("in the frame Card"), "{words}");
        let hinted = fault.hint.unwrap_or_default();
        assert!(hinted.contains("`frame`"), "{hinted}");
        let output = world
            .act(json!([
                { "open": "/p/frames" },
                { "frame": { "in": "css=#far", "do": [{ "fill": { "Note": "x" } }, { "read": { "note": "Note" } }] } },
            ]))
            .await;
        assert_eq!(output, Ok(json!({ "note": "x" })));
    });
}

#[test]
fn a_frame_may_come_late_and_an_alternative_may_stand_in_it() {
    scenario(async |world| {
        let output = world
            .act(json!([
                { "open": "/p/frames?late" },
                { "fill": { "Card number": "1" } },
                { "fill": { "Town || City": "Oslo" } },
                { "read": { "card": "css=#number", "city": "css=#city" } },
            ]))
            .await;
        let drift = ["`Town` was not found, `City` was, in the frame Delivery"];
        assert_eq!(
            output,
            Ok(json!({ "card": "1", "city": "Oslo", "drift": drift }))
        );
    });
}

#[test]
fn the_evidence_names_the_frame_in_which_it_was_found() {
    scenario(async |world| {
        let fault = world
            .fault(json!([
                { "open": "/p/frames" },
                { "fill": { "Order": "7", "Card number": "4711" } },
                { "fill": { "Town || City": "Oslo" } },
                { "click": "Nowhere" },
            ]))
            .await;
        let story: Value =
            serde_json::from_slice(&world.artifact(&fault, "actions.json")).expect("JSON");
        assert_eq!(
            story["actions"][1]["found"],
            json!([{ "by": "Card number", "frame": "Card" }])
        );
        assert_eq!(
            story["actions"][2]["found"],
            json!([{ "by": "City", "frame": "Delivery", "instead_of": "Town" }])
        );
    });
}

#[test]
fn a_locator_is_tried_in_frames_too() {
    scenario(async |world| {
        let found = world.explain("/p/frames", "Card number || Note || Order || Nowhere");
        let found = found.await.expect("the page opens");
        let uses = |at: usize| found[at]["uses"][0][1].as_str().expect("a text");
        assert_eq!(
            uses(0),
            "<input id=\"number\"> Card number in the frame Card"
        );
        assert_eq!(uses(1), "ambiguous");
        let fits = found[1]["fits"].to_string();
        assert!(
            fits.contains("in the frame Delivery") && fits.contains("in the frame Card"),
            "{fits}"
        );
        assert_eq!(uses(2), "<input id=\"order\"> Order");
        assert_eq!(uses(3), "missing");
        let names = found[3]["names"].to_string();
        assert!(names.contains("Card number in the frame Card"), "{names}");
    });
}
