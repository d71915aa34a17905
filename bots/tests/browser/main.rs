//! `browser.do` with a real Chromium, on pages that have the traps of real ones.
//!
//! Each test starts a site and a browser of its own and leaves no process behind.

mod gestures;
mod nested;
mod site;
mod world;

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use botswain_bot::{AnyConnection, Category, Fault, Reach};
use botswain_bots::web::Web;
use botswain_testkit::chromium::Chromedriver;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::{
    site::Site,
    world::{World, connect, processes},
};

fn told(fault: &Fault) -> (&str, Category, Reach) {
    (&fault.code, fault.category, fault.effect)
}

async fn plain() -> World {
    World::new(json!({})).await
}

async fn with_login(password: &str) -> World {
    let login = json!([
        { "open": "/login" },
        { "fill": { "User": "maria", "Password": password } },
        { "submit": "Sign in" },
    ]);
    World::new(json!({ "login": login, "logged_in": "Sign out" })).await
}

/// Opens the form, enters this SKU, saves, and expects it to be saved.
fn order(sku: &str, expect: Value) -> Value {
    json!([
        { "open": "/form" },
        { "fill": { "SKU": sku } },
        { "submit": "Save" },
        { "expect": expect },
    ])
}

#[tokio::test]
async fn a_nasty_form_is_filled() {
    let world = plain().await;
    let output = world
        .act(json!([
            { "open": "/form" },
            { "fill": {
                "SKU": "00412",
                "Reference": "1001-1",
                "Ship to": "Harbour Street 1\nHamburg",
                "Discount": serde_json::from_str::<Value>("2.50").expect("a number"),
                "Quantity": 12,
                "Unit price": "1234.5",
                "Contact": "Maria Müller",
                "Phone": "+49 40 123",
            } },
            { "select": { "Country": "Germany", "Customer": "ACME Ltd" } },
            { "tick": "Urgent" },
            { "tick": "Sea" },
            { "screenshot": "filled" },
            { "submit": "Save" },
            { "expect": { "text": "Order saved", "title": "Order", "url": "/orders", "else": "business" } },
            { "read": { "number": "css=#order-number" } },
        ]))
        .await
        .expect("it is saved");
    assert_eq!(output["number"], "004711");
    assert_eq!(output["screenshots"]["filled"]["media"], "image/png");
    let orders = world.site.orders();
    let [order] = orders.as_slice() else {
        panic!("one order: {orders:?}");
    };
    let expected = [
        ("by", "sea"),
        ("contact", "Maria Müller"),
        ("country", "D"),
        ("customer", "ACME Ltd"),
        ("discount", "2.50"),
        ("old_sku", ""),
        ("phone", "+49 40 123"),
        ("price", "1,234.50"),
        ("quantity", "12"),
        ("reference_field", "1001-1"),
        ("ship_to", "Harbour Street 1\r\nHamburg"),
        ("sku", "00412"),
        ("urgent", "yes"),
    ];
    for (name, value) in expected {
        let entered = order.get(name).map_or("", String::as_str);
        assert_eq!(entered, value, "{name}");
    }
    world.close().await;
}

#[tokio::test]
async fn what_is_not_clear_is_a_fault_before_the_effect() {
    let world = plain().await;
    for (actions, code, words) in [
        (
            json!([{ "fill": { "Name": "x" } }]),
            "browser.ambiguous",
            r#"`<input name="second">"#,
        ),
        (
            json!([{ "submit": "Save" }]),
            "browser.ambiguous",
            r#"`<button id="two"> Save`"#,
        ),
        (
            json!([{ "submit": "Send" }]),
            "browser.not_found",
            "no visible button or link `Send`",
        ),
        (
            json!([{ "submit": "Archive" }]),
            "browser.disabled",
            "`Archive` is there",
        ),
        (
            json!([{ "fill": { "Code": "1234" } }]),
            "browser.value",
            "at most 3 characters",
        ),
        (
            json!([{ "click": "css=[" }]),
            "browser.locator",
            "no valid selector",
        ),
        (
            json!([{ "expect": { "text": "Invisible" } }]),
            "browser.unexpected",
            "`Invisible`",
        ),
        (
            json!([{ "read": { "a": "css=p" } }]),
            "browser.not_found",
            "`css=p`",
        ),
        (
            json!([{ "open": "http://example.com/" }]),
            "browser.address",
            "not on the connection's host",
        ),
        (json!([{ "open": "/down" }]), "browser.status", "status 503"),
        (
            json!([{ "expect": {} }]),
            "step.parameters",
            "names nothing",
        ),
    ] {
        let mut all = vec![json!({ "open": "/twins" })];
        all.extend(actions.as_array().expect("a list").iter().cloned());
        let fault = world.fault(Value::from(all)).await;
        assert_eq!(fault.code, code, "{fault}");
        assert!(fault.message.contains(words), "{fault}");
        assert_eq!(fault.effect, Reach::None, "{fault}");
    }
    let fault = world
        .fault(json!([{ "open": "/twins" }, { "read": { "a": "css=p" } }]))
        .await;
    assert_eq!(fault.hint.as_deref(), Some("1 that match are hidden"));
    let output = world
        .act(json!([{ "open": "/twins" }, { "read": { "a": "Order number" } }]))
        .await;
    assert_eq!(output, Ok(json!({ "a": "004711" })));
    world.close().await;
}

#[tokio::test]
async fn an_entry_that_is_not_offered_is_business() {
    let world = plain().await;
    let choose =
        |field: &str, value: &str| json!([{ "open": "/form" }, { "select": { field: value } }]);
    let fault = world.fault(choose("Customer", "ACME Limited")).await;
    assert_eq!(
        told(&fault),
        ("browser.option", Category::Business, Reach::None)
    );
    assert_eq!(
        fault.hint.as_deref(),
        Some("it offers `ACME Ltd (closed)`, `ACME Ltd`")
    );
    let fault = world.fault(choose("Country", "France")).await;
    assert_eq!(fault.message, "`Country` offers no entry `France`");
    assert_eq!(
        fault.hint.as_deref(),
        Some("it offers `Choose`, `Germany`, `Denmark`")
    );
    world.close().await;
}

#[tokio::test]
async fn a_fault_shows_the_page() {
    let world = plain().await;
    let fault = world
        .fault(json!([{ "open": "/form" }, { "fill": { "SKU": "00412" } }, { "click": "Delete" }]))
        .await;
    assert!(
        world.artifact(&fault, "page.png").starts_with(b"\x89PNG"),
        "a picture"
    );
    show(&world, &fault);
    let source = String::from_utf8(world.artifact(&fault, "page.html")).expect("text");
    assert!(source.contains("<h1>New order</h1>"), "{source}");
    let story: Value =
        serde_json::from_slice(&world.artifact(&fault, "actions.json")).expect("JSON");
    assert_eq!(story["title"], "New order");
    assert_eq!(story["url"], format!("{}/form", world.site.address));
    let actions = story["actions"].as_array().expect("a list").iter();
    let actions: Vec<_> = actions
        .map(|it| (it["action"].as_str(), it["succeeded"].as_bool()))
        .collect();
    let expected = [
        ("open /form", true),
        ("fill SKU", true),
        ("click Delete", false),
    ];
    assert_eq!(
        actions,
        expected.map(|(action, done)| (Some(action), Some(done)))
    );
    world.close().await;
}

#[tokio::test]
async fn after_submit_only_the_page_itself_takes_the_doubt_away() {
    use {
        Category::{Business, System},
        Reach::{None, Unknown},
    };
    let world = plain().await;
    let saved = |otherwise: &str| json!({ "text": "Order saved", "else": otherwise });
    let named = json!({ "text": "Order saved", "refused": "css=[role=alert]" });
    for (sku, expect, outcome) in [
        (
            "UNKNOWN",
            saved("business"),
            ("browser.refused", Business, None),
        ),
        ("UNKNOWN", named, ("browser.refused", Business, None)),
        (
            "UNKNOWN",
            saved("system"),
            ("browser.unexpected", System, Unknown),
        ),
        (
            "ODD",
            saved("business"),
            ("browser.unexpected", Business, Unknown),
        ),
        (
            "DOWN",
            saved("business"),
            ("browser.status", System, Unknown),
        ),
        (
            "HUNG",
            saved("business"),
            ("browser.timeout", System, Unknown),
        ),
    ] {
        let fault = world.fault(order(sku, expect)).await;
        assert_eq!(told(&fault), outcome, "{sku}: {fault}");
        if outcome.0 == "browser.refused" {
            assert_eq!(fault.message, "there is no product UNKNOWN");
        }
    }
    assert_eq!(world.site.orders().len(), 0);
    world.close().await;
}

#[tokio::test]
async fn a_page_that_hangs_is_shown_all_the_same() {
    let world = plain().await;
    let fault = world
        .fault(order("HUNG", json!({ "text": "Order saved" })))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.timeout", Category::System, Reach::Unknown)
    );
    assert!(world.artifact(&fault, "page.png").starts_with(b"\x89PNG"));
    // Nobody else gets that browser.
    assert_eq!(profiles(&world), BTreeSet::new());
    world.close().await;
}

#[tokio::test]
async fn an_alert_that_was_there_before_is_no_refusal() {
    let world = plain().await;
    let fault = world
        .fault(json!([
            { "open": "/form" },
            { "fill": { "SKU": "UNKNOWN" } },
            { "submit": "Save" },
            { "expect": { "text": "no product" } },
            { "submit": "text=there is no product UNKNOWN" },
            { "expect": { "text": "Order saved", "else": "business", "wait": "200ms" } },
        ]))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.unexpected", Category::Business, Reach::Unknown)
    );
    world.close().await;
}

#[tokio::test]
async fn an_unexpected_dialog_is_told_and_pictured() {
    let world = plain().await;
    let fault = world
        .fault(json!([{ "open": "/twins" }, { "submit": "Release" }, { "expect": { "text": "Released" } }]))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.dialog", Category::Business, Reach::Unknown)
    );
    assert_eq!(
        fault.message,
        "the page opened a dialog: `customer 4711 is blocked`"
    );
    assert!(world.artifact(&fault, "page.png").starts_with(b"\x89PNG"));
    // The session is as good as before.
    let before = profiles(&world);
    world
        .act(json!([{ "open": "/" }, { "expect": { "text": "Welcome" } }]))
        .await
        .expect("it opens");
    assert_eq!(profiles(&world), before);
    world.close().await;
}

#[tokio::test]
async fn what_comes_late_is_waited_for() {
    let world = plain().await;
    let output = world
        .act(json!([
            { "open": "/late" },
            { "wait_for": { "element": "css=#here", "text": "Here" } },
            { "read": { "text": "css=#here" } },
            { "expect": { "gone": "css=#never" } },
        ]))
        .await;
    assert_eq!(output, Ok(json!({ "text": "Here" })));
    world.close().await;
}

#[tokio::test]
async fn rows_are_entered_one_after_the_other() {
    let world = plain().await;
    let rows = r#"[{ "sku": "00412", "quantity": 1.50 }, { "sku": "A-7", "quantity": 2 }]"#;
    let rows: Value = serde_json::from_str(rows).expect("JSON");
    let output = world
        .act(json!([{ "each": {
            "rows": rows,
            "do": [
                { "open": "/form" },
                { "fill": { "SKU": { "column": "sku" }, "Discount": { "column": "quantity" } } },
                { "submit": "Save" },
                { "expect": { "text": "Order saved" } },
                { "read": { "numbers": "css=#order-number" } },
            ],
        } }]))
        .await;
    assert_eq!(output, Ok(json!({ "numbers": ["004711", "004711"] })));
    let entered = world.site.orders().into_iter();
    let entered: Vec<_> = entered
        .map(|it| (it["sku"].clone(), it["discount"].clone()))
        .collect();
    let expected = [("00412", "1.50"), ("A-7", "2")];
    assert_eq!(
        entered,
        expected.map(|(sku, discount)| (sku.to_owned(), discount.to_owned()))
    );
    world.close().await;
}

#[tokio::test]
async fn one_login_serves_several_steps_and_is_renewed() {
    let world = with_login("s3cret&more").await;
    let report = |day: &str| json!([{ "open": format!("/private?day={day}") }, { "read": { "day": "css=#day" } }]);
    for day in ["1", "2", "3"] {
        assert_eq!(world.act(report(day)).await, Ok(json!({ "day": day })));
    }
    assert_eq!(world.site.logins(), 1);
    world.site.expire();
    assert_eq!(world.act(report("4")).await, Ok(json!({ "day": "4" })));
    assert_eq!(world.site.logins(), 2);
    let answer = world.test().await.expect("an answer");
    assert_eq!(
        answer,
        format!(
            "`{}/` answered 200 OK; a browser opens it and is logged in",
            world.site.address
        )
    );
    world.close().await;
}

#[tokio::test]
async fn a_site_that_is_unready_is_no_reason_to_log_in_again() {
    let world = with_login("s3cret&more").await;
    let private = json!([{ "open": "/private?day=1" }]);
    world.act(private).await.expect("a page");
    let fault = world
        .act(json!([{ "open": "/down" }]))
        .await
        .expect_err("a 503");
    assert_eq!(
        told(&fault),
        ("browser.status", Category::System, Reach::None)
    );
    assert_eq!(world.site.logins(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_refused_login_tells_no_secret() {
    let world = with_login("wr<ng&secret").await;
    let fault = world
        .fault(json!([{ "open": "/private" }, { "submit": "Buy" }]))
        .await;
    assert_eq!(
        told(&fault),
        ("browser.login", Category::Business, Reach::None)
    );
    assert_eq!(
        fault.message,
        "the login did not succeed: ••• may not enter with •••"
    );
    show(&world, &fault);
    for name in ["page.html", "actions.json"] {
        let text = String::from_utf8(world.artifact(&fault, name)).expect("text");
        for secret in ["maria", "wr<ng", "wr&lt;ng", "ng&amp;secret"] {
            assert!(!text.contains(secret), "`{secret}` in {name}: {text}");
        }
    }
    let fault = world.test().await.expect_err("no login");
    assert!(!format!("{fault:?}").contains("maria"), "{fault:?}");
    world.close().await;
}

#[tokio::test]
async fn a_driver_that_dies_is_replaced() {
    let world = plain().await;
    let context = world.context();
    let waits = json!([{ "open": "/late" }, { "wait_for": { "text": "never" } }]);
    let step = world.act_in(&context, waits);
    let death = async {
        world.site.asked("/late").await;
        end(&world, "chromedriver");
    };
    let (outcome, ()) = tokio::join!(step, death);
    let fault = outcome.expect_err("the driver is dead");
    assert_eq!(
        told(&fault),
        ("browser.died", Category::System, Reach::None),
        "{fault}"
    );
    world
        .act(json!([{ "open": "/" }]))
        .await
        .expect("a new driver");
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

#[tokio::test]
async fn a_browser_that_dies_after_submit_leaves_a_doubt() {
    let world = plain().await;
    let context = world.context();
    let step = world.act_in(&context, order("HUNG", json!({ "text": "Order saved" })));
    let death = async {
        world.site.asked("/hung").await;
        end(&world, "--remote-debugging-port");
    };
    let (outcome, ()) = tokio::join!(step, death);
    let fault = outcome.expect_err("the browser is dead");
    assert_eq!(
        told(&fault),
        ("browser.died", Category::System, Reach::Unknown),
        "{fault}"
    );
    assert!(
        fault
            .artifacts
            .iter()
            .any(|artifact| artifact.name == "actions.json")
    );
    world
        .act(json!([{ "open": "/" }]))
        .await
        .expect("a new browser");
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

/// Puts the evidence where somebody who runs the test by hand has asked for it.
fn show(world: &World, fault: &Fault) {
    let Some(folder) = std::env::var_os("BOTSWAIN_TEST_EVIDENCE") else {
        return;
    };
    for artifact in &fault.artifacts {
        let name = format!("{}-{}", fault.code, artifact.name);
        let content = world.artifact(fault, &artifact.name);
        std::fs::write(Path::new(&folder).join(name), content).expect("a file");
    }
}

/// The profile folders in use.
fn profiles(world: &World) -> BTreeSet<String> {
    let running = processes(world.scratch.path()).into_iter();
    let named = running.filter_map(|(_, line)| {
        let (_, path) = line.split_once("--user-data-dir=")?;
        path.split(' ').next().map(str::to_owned)
    });
    named.collect()
}

/// Kills the first process of the world's browser whose command line holds `words`.
fn end(world: &World, words: &str) {
    let found = processes(world.scratch.path());
    let found = found
        .iter()
        .find(|(_, line)| line.contains(words) && !line.contains("--type="));
    let (pid, _) = found.expect("it runs");
    kill(Pid::from_raw(*pid), Signal::SIGKILL).expect("it is ours");
}

#[tokio::test]
async fn a_cancelled_step_ends_at_once_with_its_browser() {
    let world = plain().await;
    let context = world.context();
    let canceller = context.canceller();
    let step = world.act_in(&context, json!([{ "open": "/hung" }]));
    let stop = async {
        world.site.asked("/hung").await;
        canceller.cancel();
        Instant::now()
    };
    let (outcome, at) = tokio::join!(step, stop);
    assert_eq!(outcome.expect_err("cancelled").code, "browser.cancelled");
    assert!(at.elapsed() < Duration::from_secs(2), "{:?}", at.elapsed());
    assert_eq!(profiles(&world), BTreeSet::new());
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
}

#[tokio::test]
async fn closing_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let world = plain().await;
    world.act(json!([{ "open": "/" }])).await.expect("it opens");
    let profile = profiles(&world).pop_first().expect("a profile");
    let mode = std::fs::metadata(&profile)
        .expect("a folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    world.close().await;
    assert_eq!(processes(world.scratch.path()), []);
    assert!(!Path::new(&profile).exists());
    let fault = world.fault(json!([{ "open": "/" }])).await;
    assert_eq!(fault.code, "browser.closed");
}

#[tokio::test]
async fn a_missing_driver_says_what_to_install() {
    let world = World::new(json!({ "browser": { "driver": "/nowhere/chromedriver" } })).await;
    let fault = world.fault(json!([{ "open": "/" }])).await;
    assert_eq!(
        told(&fault),
        ("browser.driver_missing", Category::System, Reach::None)
    );
    assert_eq!(fault.message, "there is no program `/nowhere/chromedriver`");
    assert!(
        fault
            .hint
            .is_some_and(|hint| hint.contains("chromium-driver"))
    );
}

#[tokio::test]
async fn a_driver_of_somebody_else_is_used() {
    let driver = Chromedriver::start()
        .await
        .expect("chromedriver is installed");
    let settings = json!({ "webdriver_url": driver.url(), "arguments": ["--no-sandbox"] });
    let world = World::new(json!({ "browser": settings })).await;
    let open = json!([{ "open": "/twins" }, { "read": { "number": "Order number" } }]);
    assert_eq!(world.act(open).await, Ok(json!({ "number": "004711" })));
    // It goes on running, without our session.
    world.close().await;
    assert_eq!(driver.sessions().await.expect("it answers"), 0);
}

const SCRATCH: &str = "BOTSWAIN_TEST_SCRATCH";

/// Lets a browser of the connection open the site.
async fn browse(connection: &AnyConnection) {
    let web = connection.clone().downcast_arc::<Web>();
    let web = web.expect("a connection of the kind `web`");
    web.browser().test().await.expect("a browser");
}

/// Not a test by itself: `what_a_killed_daemon_left_is_swept` runs it as the process that it kills.
#[tokio::test]
async fn daemon_to_be_killed() {
    let Some(scratch) = std::env::var_os(SCRATCH) else {
        return;
    };
    let site = Site::start().await;
    let connection = connect(&site, scratch.as_ref(), json!({})).expect("settings");
    browse(&connection).await;
    std::fs::write(Path::new(&scratch).join("ready"), "").expect("a file");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn what_a_killed_daemon_left_is_swept() {
    let site = Site::start().await;
    let scratch = tempfile::tempdir().expect("a folder");
    let mut daemon = tokio::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "daemon_to_be_killed"])
        .env(SCRATCH, scratch.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    while !scratch.path().join("ready").exists() {
        assert!(
            daemon.try_wait().expect("a child").is_none(),
            "it ended early"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    daemon.kill().await.expect("it is ours");
    let left = processes(scratch.path());
    assert!(left.len() > 3, "{left:?}");
    let connection = connect(&site, scratch.path(), json!({})).expect("settings");
    assert_eq!(processes(scratch.path()), []);
    browse(&connection).await;
    connection.close().await;
    assert_eq!(processes(scratch.path()), []);
}
