//! What `browser.do` costs beside the same commands sent by hand.
//!
//! `make bench-browser` runs it, with a real Chromium on the page of the challenge: the shipped
//! workflow beside the same scripts and pointer by fantoccini alone, what it takes to get a pooled
//! session, and four sessions at once beside one. The figures are printed;
//! nothing is asserted but that every field is right.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement stops at what it did not expect, and shows what it found"
)]

#[path = "../../tests/browser/sample.rs"]
mod sample;
#[path = "../../tests/browser/site.rs"]
#[expect(dead_code, reason = "made for the tests, of which this needs a part")]
mod site;
#[path = "../../tests/browser/world.rs"]
#[expect(dead_code, reason = "made for the tests, of which this needs a part")]
mod world;

use std::time::{Duration, Instant};

use botswain_testkit::chromium::Chromedriver;
use fantoccini::{
    Client, ClientBuilder,
    actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
    elements::{Element, ElementRef},
};
use serde_json::{Map, Value, json};

use crate::{sample::actions, world::World};

const PAGE: &str = include_str!("../../src/browser/page.js");
const ROUNDS: usize = 9;
const BACK: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() {
    let world = World::new(json!({})).await;
    let driver = Chromedriver::start().await.unwrap();
    let client = by_hand(&driver).await;
    let (mut ours, mut raw, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(millis(&world.act(actions()).await.unwrap()["result"]));
        raw.push(challenged(&client, &world.site.address).await);
        // The session has to be back before it can be got.
        tokio::time::sleep(BACK).await;
        let begun = Instant::now();
        world.act(json!([])).await.unwrap();
        steps.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    client.close().await.unwrap();
    world.close().await;
    let (ours, raw) = (median(ours), median(raw));
    println!("the challenge by the page's clock, ten rounds of seven fields: {ours:.0} ms");
    println!(
        "the same scripts and pointer by hand: {raw:.0} ms, so a round costs {:.1} ms more",
        (ours - raw) / 10.0
    );
    println!(
        "to get a pooled session: {:.1} ms (goal 20 ms)",
        median(steps)
    );
    let (one, four) = (together(1).await, together(4).await);
    println!(
        "one session: {one:?}; four at once: {four:?}, {:.1} times as long",
        four.as_secs_f64() / one.as_secs_f64()
    );
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// How long the page says that it took, with all fields right.
fn millis(result: &Value) -> f64 {
    let told = result.as_str().unwrap();
    let took = told
        .strip_prefix("70 out of 70 fields in ")
        .unwrap_or_else(|| panic!("{told}"));
    took.strip_suffix(" ms").unwrap().parse().unwrap()
}

/// A session with the switches that the bot has.
async fn by_hand(driver: &Chromedriver) -> Client {
    let switches = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-extensions",
        "--disable-features=Translate,OptimizationHints,MediaRouter",
    ];
    let mut capabilities = Map::new();
    capabilities.insert("goog:chromeOptions".to_owned(), json!({ "args": switches }));
    let connector = hyper_util::client::legacy::connect::HttpConnector::new();
    let mut builder = ClientBuilder::new(connector);
    builder.capabilities(capabilities);
    builder.connect(&driver.url()).await.unwrap()
}

/// What a round needs at least: a script that fills and reads back, one that finds the button, and
/// the pointer.
async fn challenged(client: &Client, address: &str) -> f64 {
    client.goto(&format!("{address}/page.html")).await.unwrap();
    click(client, "Start").await;
    let actions = actions();
    for row in actions[2]["each"]["rows"].as_array().unwrap() {
        let fields = row.as_object().unwrap().iter();
        let fields: Value = fields
            .map(|(name, value)| json!({ "locator": locator(name), "value": value }))
            .collect();
        let filled = ask(client, "fill", fields).await;
        assert_eq!(filled["at"], 7);
        click(client, "Submit").await;
    }
    let given = json!({ "locator": locator("css=#result"), "how": "text" });
    millis(&ask(client, "read", given).await["value"])
}

async fn click(client: &Client, name: &str) {
    let found = ask(client, "press", json!({ "locator": locator(name) })).await;
    assert_eq!(found["clear"], true, "{found}");
    let id = found["element"].as_object().unwrap().values().next();
    let id = ElementRef::from(id.unwrap().as_str().unwrap().to_owned());
    let over = PointerAction::MoveToElement {
        element: Element::from_element_id(client.clone(), id),
        duration: None,
        x: 0.0,
        y: 0.0,
    };
    let button = MOUSE_BUTTON_LEFT;
    let mouse = MouseActions::new("mouse".to_owned())
        .then(over)
        .then(PointerAction::Down { button })
        .then(PointerAction::Up { button });
    client.perform_actions(mouse).await.unwrap();
}

async fn ask(client: &Client, operation: &str, given: Value) -> Value {
    let arguments = vec![json!(operation), given, Value::Null];
    client.execute(PAGE, arguments).await.unwrap()
}

/// As the bot hands it to the page.
fn locator(name: &str) -> Value {
    let (by, wanted) = match name.strip_prefix("css=") {
        Some(selector) => ("css", selector),
        None => ("visible", name),
    };
    json!({ "written": name, "any": [[{ "by": by, "wanted": wanted }]] })
}

/// From the start of the first browser to the last result.
async fn together(sessions: usize) -> Duration {
    let world = World::of(sessions, json!({})).await;
    let all = || async {
        let each = (0..sessions).map(|_| world.act(actions()));
        futures_util::future::join_all(each).await
    };
    // The browsers are there when the clock starts.
    all().await;
    let begun = Instant::now();
    for output in all().await {
        millis(&output.unwrap()["result"]);
    }
    let took = begun.elapsed();
    world.close().await;
    took
}
