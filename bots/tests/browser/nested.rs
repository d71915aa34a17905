//! Pages within pages: frames, shadow roots, and what stands inside of what.

use botswain_bot::{Category, Reach};
use serde_json::json;

use crate::{told, world::scenario};

#[test]
fn shadow_roots_are_looked_through_also_for_texts() {
    scenario(async |world| {
        let output = world
            .act(json!([
                { "open": "/nested" },
                { "fill": { "Reference": "R-7" } },
                { "click": "css=order-form >>> role=button Keep" },
                { "expect": { "element": "text=Kept R-7" } },
                { "read": { "kept": "css=order-form >>> css=#kept" } },
            ]))
            .await;
        assert_eq!(output, Ok(json!({ "kept": "Kept R-7" })));
    });
}

#[test]
fn what_stands_twice_is_told_apart_by_what_it_stands_in() {
    scenario(async |world| {
        let fault = world
            .fault(json!([{ "open": "/nested" }, { "fill": { "Street": "x" } }]))
            .await;
        assert_eq!(fault.code, "browser.ambiguous");
        let output = world
        .act(json!([
            { "open": "/nested" },
            { "fill": { "css=#shipping >>> Street": "Quay 1", "css=#billing >>> Street": "Market 2" } },
            { "read": {
                "shipping": "css=#shipping-street",
                "billing": "xpath=//fieldset[legend='Billing'] >>> label=Street",
            } },
        ]))
        .await;
        assert_eq!(
            output,
            Ok(json!({ "shipping": "Quay 1", "billing": "Market 2" }))
        );
        let fault = world
            .fault(json!([{ "open": "/nested" }, { "fill": { "css=#nowhere >>> Street": "x" } }]))
            .await;
        assert_eq!(
            told(&fault),
            ("browser.not_found", Category::System, Reach::None)
        );
    });
}

#[test]
fn a_frame_is_worked_with_and_left_again() {
    scenario(async |world| {
        let output = world
            .act(json!([
                { "open": "/nested" },
                { "frame": { "in": "Editor", "do": [
                    { "fill": { "Note": "inside" } },
                    { "frame": { "in": ["name=deep"], "do": [
                        { "fill": { "Depth": "2" } },
                        { "click": "Dive" },
                        { "read": { "dived": "css=button" } },
                    ] } },
                    { "read": { "inner": "Note" } },
                ] } },
                { "fill": { "css=#outer-note": "outside" } },
                { "read": { "outer": "css=#outer-note" } },
                { "frame": { "in": "xpath=(//iframe)[1]", "do": [{ "click": "Leave" }] } },
                { "expect": { "title": "New order" } },
            ]))
            .await;
        assert_eq!(
            output,
            Ok(json!({ "dived": "Two deep", "inner": "inside", "outer": "outside" }))
        );
    });
}

#[test]
fn a_fault_within_a_frame_shows_the_whole_page() {
    scenario(async |world| {
        let inside = |actions: serde_json::Value| json!([{ "open": "/nested" }, { "frame": { "in": "name=editor", "do": actions } }]);
        let fault = world.fault(inside(json!([{ "click": "Nowhere" }]))).await;
        assert_eq!(
            told(&fault),
            ("browser.not_found", Category::System, Reach::None)
        );
        let source = String::from_utf8(world.artifact(&fault, "page.html")).expect("text");
        assert!(source.contains("<legend>Shipping</legend>"), "{source}");
        let fault = world
            .fault(json!([{ "open": "/nested" }, { "frame": { "in": "css=#billing", "do": [] } }]))
            .await;
        assert_eq!(fault.code, "browser.kind");
        assert!(
            fault.message.starts_with("`css=#billing` is no frame"),
            "{fault}"
        );
        // Whoever comes next has the page, not what was left of a frame.
        let output = world
            .act(json!([{ "open": "/nested" }, { "fill": { "css=#outer-note": "x" } }]))
            .await;
        assert_eq!(output, Ok(json!({})));
    });
}
