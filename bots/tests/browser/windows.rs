//! Dialogs, windows, and the ways through a site.

use botswain_bot::Reach;
use serde_json::json;

use crate::{play, told, world::scenario};

#[test]
fn a_dialog_is_answered() {
    scenario(async |world| {
        let told = json!({ "read": { "told": "css=#told" } });
        let answers = [
            ("accept", json!("accept"), "Delete", "deleted"),
            ("dismiss", json!("dismiss"), "Delete", "kept"),
            (
                "what it says",
                json!({ "says": "order 7" }),
                "Delete",
                "deleted",
            ),
            ("a text", json!({ "text": 12 }), "Ask", "said 12"),
            (
                "no text",
                json!({ "answer": "dismiss" }),
                "Ask",
                "said null",
            ),
            ("one that comes late", json!("accept"), "Remind", "noticed"),
        ];
        let answers = answers.into_iter().map(|(name, answer, button, said)| {
            let actions = json!([{ "click": button }, { "dialog": answer }, told]);
            (name, actions, Ok(json!({ "told": said })))
        });
        let mut scenarios: Vec<_> = answers.collect();
        scenarios.push((
            "another one",
            json!([{ "click": "Delete" }, { "dialog": { "says": "order 8" } }]),
            Err(("browser.dialog", "`Delete order 7?`, not `order 8`")),
        ));
        scenarios.push((
            "none",
            json!([{ "dialog": "accept" }]),
            Err(("browser.not_found", "opened no dialog")),
        ));
        play(world, "/p/desk", scenarios).await;
    });
}

#[test]
fn to_accept_a_dialog_may_change_the_world() {
    scenario(async |world| {
        let accepted = json!([
            { "open": "/p/desk" },
            { "click": "Delete" },
            { "dialog": "accept" },
            { "expect": { "text": "no such text", "wait": "100ms" } },
        ]);
        assert_eq!(world.fault(accepted).await.effect, Reach::Unknown);
        let opened = json!([{ "open": "/p/desk" }, { "click": "Nowhere" }, { "dialog": "accept" }]);
        assert_eq!(told(&world.fault(opened).await).2, Reach::None);
    });
}

#[test]
fn other_windows_are_worked_with_and_left_again() {
    scenario(async |world| {
        let which = json!({ "read": { "which": "css=#which" } });
        let own = json!({ "read": { "own": "css=#where" } });
        let both = |which: &str| Ok(json!({ "which": which, "own": "first" }));
        play(world, "/p/desk", vec![
            ("a popup", json!([{ "click": "Details" }, { "window": { "do": [which], "close": false } }, own]), both("one")),
            ("a tab", json!([{ "click": "Third" }, { "window": { "do": [which], "close": true } }, own]), both("three")),
            (
                "by its title",
                json!([{ "click": "Details" }, { "click": "Report" }, { "window": { "title": "Popup one", "do": [which], "close": false } }]),
                Ok(json!({ "which": "one" })),
            ),
            (
                "none that fits",
                json!([{ "click": "Details" }, { "window": { "title": "Nowhere", "do": [] } }]),
                Err(("browser.not_found", "there are `Popup one`")),
            ),
            ("none at all", json!([{ "window": { "do": [] } }]), Err(("browser.not_found", "there is no other window"))),
        ])
        .await;
    });
}

#[test]
fn a_site_is_gone_through_back_and_forth() {
    scenario(async |world| {
        let visits =
            json!({ "script": { "run": "return Number(sessionStorage.visits)", "as": "visits" } });
        play(world, "/p/desk", vec![
            ("back", json!([{ "open": "/form" }, { "back": true }, { "read": { "where": "css=#where" } }]), Ok(json!({ "where": "first" }))),
            (
                "reload",
                json!([{ "script": { "run": "sessionStorage.visits = 0" } }, { "reload": true }, visits]),
                Ok(json!({ "visits": 1 })),
            ),
            (
                "neither",
                json!([{ "script": { "run": "sessionStorage.visits = 0" } }, { "reload": false }, { "back": false }, visits]),
                Ok(json!({ "visits": 0 })),
            ),
        ])
        .await;
    });
}

#[test]
fn a_script_has_arguments_a_result_and_faults() {
    scenario(async |world| {
        play(world, "/p/desk", vec![
            (
                "a result",
                json!([{ "script": { "run": "return { title: document.title, sum: arguments[0] + arguments[1] }", "arguments": [1, 2], "as": "got" } }]),
                Ok(json!({ "got": { "title": "Desk", "sum": 3 } })),
            ),
            ("one that fails", json!([{ "script": { "run": "nowhere()" } }]), Err(("browser.script", "nowhere is not defined"))),
        ])
        .await;
    });
}

#[test]
fn a_window_may_close_itself_and_others() {
    scenario(async |world| {
        let which = json!({ "read": { "which": "css=#which" } });
        let instead = json!({ "script": { "run": "opener.open('/p/popup?two', 'two'); setTimeout(close, 100)" } });
        let told = json!({ "read": { "told": "css=#told" } });
        let choose = json!({ "click": "Choose and close" });
        play(world, "/p/desk", vec![
            (
                "by its last click",
                json!([{ "click": "Details" }, { "window": { "do": [choose] } }, told]),
                Ok(json!({ "told": "chosen" })),
            ),
            (
                "and is waited on",
                json!([{ "click": "Details" }, { "window": { "do": [choose, { "wait_for": { "text": "never" } }] } }]),
                Err(("browser.window", "the window that is worked with has closed")),
            ),
            (
                "and another takes its place",
                json!([{ "click": "Details" }, { "window": { "url": "?one", "do": [instead, { "window": { "url": "?two", "do": [which] } }] } }]),
                Ok(json!({ "which": "two" })),
            ),
            (
                "by its address",
                json!([{ "click": "Details" }, { "click": "Report" }, { "window": { "url": "popup?one", "do": [which] } }]),
                Ok(json!({ "which": "one" })),
            ),
            (
                "by that of the last",
                json!([{ "click": "Details" }, { "click": "Report" }, { "window": { "url": "popup?two", "do": [which] } }]),
                Ok(json!({ "which": "two" })),
            ),
        ])
        .await;
    });
}
