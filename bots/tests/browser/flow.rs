//! Actions that hold others: repetitions, branches, rows.

use serde_json::json;

use crate::{play, world::scenario};

#[test]
fn pages_are_turned_until_the_last() {
    scenario(async |world| {
        let next = json!([
            { "read": { "before": "css=#page" } },
            { "click": "Next" },
            { "wait_for": { "gone": "text=Item 0.0" } },
            { "wait_for": { "idle": true } },
        ]);
        let all = json!({
            "do": [{ "read": { "items": { "list": "css=#list li" } } }],
            "until": { "gone": "Next" },
            "next": next,
        });
        play(world, "/p/shop", vec![
            ("all pages", json!([{ "repeat": all }]), Ok(json!({
                "items": [["Item 1.1", "Item 1.2"], ["Item 2.1", "Item 2.2"], ["Item 3.1", "Item 3.2"]],
                "before": ["1", "2"],
            }))),
            (
                "no more than allowed",
                json!([{ "repeat": { "do": [{ "click": "Next" }], "until": { "text": "Page 99" }, "at_most": 2 } }]),
                Err(("browser.repeat", "after 2 times")),
            ),
            (
                "until something is there",
                json!([
                    { "repeat": { "do": [{ "click": "Next" }], "until": { "text": "Page 3", "wait": "300ms" } } },
                    { "read": { "page": "css=#page" } },
                ]),
                Ok(json!({ "page": "3" })),
            ),
        ])
        .await;
    });
}

#[test]
fn what_may_be_there_is_dealt_with() {
    scenario(async |world| {
        let close = json!({ "if": {
            "when": { "element": "Accept" },
            "do": [{ "click": "Accept" }, { "read": { "banner": "css=#told" } }],
            "else": [{ "read": { "none": "css=#page" } }],
        } });
        play(world, "/p/shop?banner", vec![
            ("it is there", json!([close]), Ok(json!({ "banner": "accepted", "none": null }))),
            ("it is not there", json!([{ "open": "/p/shop" }, close]), Ok(json!({ "banner": null, "none": "1" }))),
            (
                "it comes in time",
                json!([{ "click": "Next" }, { "if": { "when": { "text": "Page 2", "wait": "1s" }, "do": [{ "read": { "page": "css=#page" } }] } }]),
                Ok(json!({ "page": "2" })),
            ),
            (
                "in each row",
                json!([{ "each": { "rows": [{ "q": "1" }, { "q": "2" }], "do": [{ "if": {
                    "when": { "value": { "Quantity": { "column": "q" } } },
                    "do": [{ "read": { "same": "Quantity" } }],
                } }] } }]),
                Ok(json!({ "same": ["1"] })),
            ),
            ("nothing is asked", json!([{ "if": { "when": {}, "do": [] } }]), Err(("step.parameters", "names nothing"))),
        ])
        .await;
    });
}
