//! What a pointer and a wheel do beside clicking, keys that submit, and locators with
//! alternatives.

use botswain_bot::{Category, Reach};
use serde_json::{Value, json};

use crate::{told, world::scenario};

#[test]
fn a_pointer_hovers_clicks_twice_and_with_its_other_button() {
    scenario(async |world| {
        // Under `/gestures` something lies over all of it at first.
        let output = world
            .act(json!([
                { "open": "/gestures" },
                { "double_click": "css=#cell" },
                { "right_click": "text=Row 1" },
                { "hover": "Stock" },
                { "click": "Count" },
                { "read": { "told": "css=#told" } },
            ]))
            .await;
        assert_eq!(output, Ok(json!({ "told": "edited menu counted" })));
    });
}

#[test]
fn a_list_and_the_page_are_scrolled() {
    scenario(async |world| {
        let output = world
            .act(json!([
                { "open": "/gestures" },
                { "scroll": { "element": "css=#list", "y": 300 } },
                { "wait_for": { "text": "Entry 20" } },
                { "scroll": { "y": 900 } },
                { "wait_for": { "text": "far" } },
                { "scroll": { "element": "css=#end" } },
                { "scroll": { "x": 0, "y": 0 } },
                { "read": { "told": "css=#told" } },
            ]))
            .await;
        assert_eq!(output, Ok(json!({ "told": "far" })));
        let fault = world
            .fault(json!([{ "open": "/gestures" }, { "scroll": { "element": "css=#nowhere" } }]))
            .await;
        assert_eq!(fault.code, "browser.not_found");
    });
}

#[test]
fn a_gesture_that_meets_nothing_has_no_effect() {
    scenario(async |world| {
        for (gesture, locator, code) in [
            ("double_click", "Save", "browser.ambiguous"),
            ("right_click", "Archive", "browser.disabled"),
            ("hover", "Nowhere", "browser.not_found"),
            ("double_click", "css=#beneath", "browser.covered"),
        ] {
            let fault = world
                .fault(json!([{ "open": "/twins" }, { gesture: locator }]))
                .await;
            assert_eq!((&*fault.code, fault.effect), (code, Reach::None), "{fault}");
        }
    });
}

#[test]
fn a_list_is_filled_by_text_or_value() {
    scenario(async |world| {
        for (value, told) in [("High", "priority H"), ("H", "priority H")] {
            let output = world
                .act(json!([
                    { "open": "/gestures" },
                    { "fill": { "Priority": value } },
                    { "read": { "told": "css=#told", "shown": "Priority" } },
                ]))
                .await;
            assert_eq!(output, Ok(json!({ "told": told, "shown": "High" })));
        }
        let fault = world
            .fault(json!([{ "open": "/gestures" }, { "fill": { "Priority": "Low" } }]))
            .await;
        assert_eq!(
            told(&fault),
            ("browser.option", Category::Business, Reach::None)
        );
        assert_eq!(fault.hint.as_deref(), Some("it offers `Choose`, `High`"));
    });
}

#[test]
fn a_key_submits_where_the_focus_is() {
    scenario(async |world| {
        let search = |expect: Value| {
            json!([
                { "open": "/gestures" },
                { "type": { "Search": "rope" } },
                { "submit": { "press": "Enter" } },
                { "expect": expect },
            ])
        };
        world
            .act(search(json!({ "text": "searched rope" })))
            .await
            .expect("it is searched");
        let fault = world
            .fault(search(json!({ "text": "found", "wait": "100ms" })))
            .await;
        assert_eq!(
            told(&fault),
            ("browser.unexpected", Category::System, Reach::Unknown)
        );
    });
}

#[test]
fn the_first_alternative_that_fits_is_used_and_drift_is_told() {
    scenario(async |world| {
        let save = |locator: Value| {
            json!([
                { "open": "/gestures" },
                { "click": locator },
                { "read": { "told": "css=#told" } },
            ])
        };
        let output = world
            .act(save(json!(["Save order", "css=#save-2025"])))
            .await;
        assert_eq!(output, Ok(json!({ "told": "saved", "drift": [] })));
        let output = world
            .act(save(json!(
                "css=#save-2025 || css=p || role=button Save order"
            )))
            .await;
        let drift = "`css=#save-2025` was not found, `role=button Save order` was";
        assert_eq!(output, Ok(json!({ "told": "saved", "drift": [drift] })));
        let output = world
            .act(json!([
                { "open": "/gestures" },
                { "fill": { "css=#query || Search": "rope" } },
                { "read": { "asked": "Search" } },
            ]))
            .await;
        let drift = "`css=#query` was not found, `Search` was";
        assert_eq!(output, Ok(json!({ "asked": "rope", "drift": [drift] })));
    });
}

#[test]
fn drift_is_warned_of_however_the_attempt_ends() {
    scenario(async |world| {
        let search = |then: Value| {
            json!([
                { "open": "/gestures" },
                { "fill": { "css=#query || Search": "rope" } },
                then,
            ])
        };
        let warning = "the page has changed: `css=#query` was not found, `Search` was";
        let context = world.context();
        let read = json!({ "read": { "asked": "Search" } });
        world
            .act_in(&context, search(read))
            .await
            .expect("it is found");
        assert_eq!(context.take_warnings(), [warning]);
        let context = world.context();
        let fails = search(json!({ "expect": { "title": "Nowhere", "wait": "50ms" } }));
        let fault = world.act_in(&context, fails).await.expect_err("a fault");
        assert_eq!(fault.code, "browser.unexpected");
        assert_eq!(context.take_warnings(), [warning]);
        // Nothing is said of the first alternative.
        let context = world.context();
        let first =
            json!([{ "open": "/gestures" }, { "fill": { "Search || css=#query": "rope" } }]);
        world.act_in(&context, first).await.expect("it is found");
        assert_eq!(context.take_warnings(), Vec::<String>::new());
    });
}

#[test]
fn no_alternative_is_one_too_many_and_the_evidence_says_which_was_used() {
    scenario(async |world| {
        let fault = world
            .fault(json!([
                { "open": "/twins" },
                { "fill": { "css=#code || Code": "12" } },
                { "click": ["Save", "css=#three", "css=button"] },
            ]))
            .await;
        assert_eq!(
            told(&fault),
            ("browser.ambiguous", Category::Business, Reach::None)
        );
        let words = "`Save || css=#three || css=button` fits 2 elements";
        assert!(fault.message.starts_with(words), "{fault}");
        let story: Value =
            serde_json::from_slice(&world.artifact(&fault, "actions.json")).expect("JSON");
        assert_eq!(
            story["actions"][1]["found"],
            json!([{ "by": "Code", "instead_of": "css=#code" }])
        );
        // What is no selector is a mistake, also where another alternative would fit.
        let fault = world
            .fault(json!([{ "open": "/twins" }, { "click": ["css=[", "css=#one"] }]))
            .await;
        assert_eq!(fault.code, "browser.locator");
        let fault = world
            .fault(json!([{ "open": "/twins" }, { "read": { "drift": "Code" } }]))
            .await;
        assert_eq!(fault.code, "step.parameters");
    });
}

/// A later alternative may fit something that stands there only while the page is loading.
#[test]
fn a_later_alternative_waits_for_the_first() {
    scenario(async |world| {
        let output = world
            .act(json!([
                { "open": "/late" },
                { "read": { "text": ["css=#soon", "css=p"] } },
            ]))
            .await;
        assert_eq!(output, Ok(json!({ "text": "Soon", "drift": [] })));
    });
}
