//! How one of several is told: by what it stands in or next to, by its place.

use serde_json::{Value, json};

use crate::{Outcome, play, world::scenario};

fn click(locator: Value) -> Value {
    json!([{ "click": locator }, { "read": { "told": "css=#told" } }])
}

fn said(text: &str) -> Outcome {
    Ok(json!({ "told": text }))
}

#[test]
fn one_of_several_is_told() {
    scenario(async |world| {
        play(
            world,
            "/p/table",
            vec![
                (
                    "several",
                    click(json!("Delete")),
                    Err(("browser.ambiguous", "fits 2 elements")),
                ),
                (
                    "in its row",
                    click(json!("0008 >>> Delete")),
                    said("deleted 8"),
                ),
                (
                    "in its row, as a map",
                    click(json!({ "find": "Delete", "within": "0007" })),
                    said("deleted 7"),
                ),
                (
                    "under its heading",
                    click(json!("Billing >>> Change")),
                    said("billing"),
                ),
                (
                    "next to a text",
                    click(json!("Go & near=Right")),
                    said("right"),
                ),
                (
                    "next to a text, as a map",
                    click(json!({ "find": "Go", "near": "Left" })),
                    said("left"),
                ),
                (
                    "next to what is not there",
                    click(json!("Go & near=Nowhere")),
                    Err(("browser.not_found", "Go & near=Nowhere")),
                ),
                (
                    "by its place",
                    click(json!("Delete & nth=2")),
                    said("deleted 8"),
                ),
                (
                    "from the end",
                    click(json!({ "find": "Change", "nth": -1 })),
                    said("billing"),
                ),
                (
                    "beyond the end",
                    click(json!("Delete & nth=3")),
                    Err(("browser.not_found", "nth=3")),
                ),
                (
                    "any case",
                    click(json!("Save")),
                    Err(("browser.ambiguous", "fits 2 elements")),
                ),
                ("its own case", click(json!("SAVE")), said("upper")),
                (
                    "exactly",
                    click(json!({ "find": "Save", "exact": true })),
                    Err(("browser.not_found", "Save & exact")),
                ),
                (
                    "by its title",
                    json!([{ "read": { "told": "title=All of it" } }]),
                    said("Invoice"),
                ),
                ("by its alt", click(json!("alt=Logo of ACME")), said("logo")),
                (
                    "an alternative within",
                    click(json!(["0009 >>> Delete", "0007 >>> Delete"])),
                    Ok(json!({
                        "told": "deleted 7",
                        "drift": ["`0009 >>> Delete` was not found, `0007 >>> Delete` was"],
                    })),
                ),
                (
                    "a place that is none",
                    click(json!("Delete & nth=0")),
                    Err(("step.parameters", "names no element")),
                ),
                (
                    "a map that says too much",
                    click(json!({ "find": "Delete", "colour": "red" })),
                    Err(("step.parameters", "says nothing of an element")),
                ),
            ],
        )
        .await;
    });
}

#[test]
fn fields_are_told_like_buttons() {
    scenario(async |world| {
        let filled = |fields: Value| json!([{ "fill": fields }, { "read": { "ship": "css=#ship", "bill": "css=#bill" } }]);
        let both = |ship: &str, bill: &str| Ok(json!({ "ship": ship, "bill": bill }));
        play(world, "/p/table", vec![
            ("several", filled(json!({ "Street": "x" })), Err(("browser.ambiguous", "<input id=\"bill\"> Street"))),
            ("under headings", filled(json!({ "Shipping >>> Street": "A", "Billing >>> Street": "B" })), both("A", "B")),
            ("next to headings", filled(json!({ "Street & near=Billing": "B" })), both("Quay 1", "B")),
            ("by their places", filled(json!({ "Street & nth=1": "A", "Street & nth=-1": "B" })), both("A", "B")),
            ("what is not visible is not clicked", click(json!("Unseen")), Err(("browser.not_found", "Unseen"))),
            ("a hidden one is read when asked for", json!([{ "read": { "told": { "find": "css=button.away", "visible": false } } }]), said("Unseen")),
        ])
        .await;
    });
}

#[test]
fn a_locator_is_tried_before_it_is_written_down() {
    scenario(async |world| {
        let found = world
            .explain("/p/table", "css=#nowhere || Delete || Amount || Unseen")
            .await;
        let found = found.expect("the page opens");
        let uses = |at: usize| {
            let uses = found[at]["uses"].as_array().expect("a list").iter();
            uses.map(|it| it[1].as_str().expect("a text").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(found[0]["locator"], "css=#nowhere");
        assert_eq!(uses(0), ["missing"; 3]);
        assert!(found[0]["names"].to_string().contains("Amount"), "{found}");
        assert_eq!(uses(1)[1], "ambiguous");
        assert!(
            found[1]["fits"].to_string().contains("<button> Delete"),
            "{found}"
        );
        assert_eq!(uses(2)[0], "<input id=\"amount\"> Amount");
        assert_eq!(found[3]["fits"], json!([]));
        let fault = world.explain("/p/table", "css=[").await;
        assert_eq!(fault.expect_err("no selector").code, "browser.locator");
    });
}
