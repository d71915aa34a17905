//! `browser.do`: works with the pages of a web application as a person would.
//!
//! In: a list of actions. Out: what was read, under the names given. It borrows a
//! session of its connection, logged in, on a blank page, and gives it back so.
//! Invariant: a fault says truly whether the effect may have taken place. Before
//! `submit` (or the first click when there is none) it has not; from there on it
//! may have, unless the page itself says that it refused.

mod action;
mod driver;
mod evidence;
mod locator;
mod mask;
mod page;
mod player;
mod pool;
mod problem;
mod processes;
mod settings;
mod shown;
mod trouble;

use std::path::PathBuf;

use botswain_bot::{Bot, Context, Effect, Fault, KnownFault};
use botswain_core::duration::Bounded;
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::{action::Changes, evidence::Done, page::Page, player::Player, trouble::Trouble};
pub use self::{
    action::{Action, Each, Expect, Frame, Key, Otherwise, Scroll, Submit, Text, WaitFor},
    locator::Locator,
    pool::{Pool, end_leftovers},
    settings::{Browser, LoginActions, Settings, Window},
};
use crate::web::Web;

/// The programs that such a browser is started with: the browser's own and its driver's.
pub fn programs(browser: &Browser) -> [Result<PathBuf, Fault>; 2] {
    [driver::binary(browser), driver::program(browser)]
}

/// Works with the pages of a web application: opens, fills, clicks, reads.
///
/// A field is named by its visible label, a button by its text; where that is not enough, by
/// `css=`, `xpath=`, `name=`, `role=`, `label=`, `placeholder=`, `testid=` or `text=`. Each action
/// waits until what it needs is there, visible and enabled. When several elements fit, it is a
/// fault that lists them.
///
/// `css=#shipping >>> Street` looks for `Street` inside of `#shipping`. Open shadow roots are looked
/// through by themselves, frames by `frame`. Alternatives stand in a list, or with ` || ` between
/// them where a field is named, as in `"Quantity || css=#qty": 3`: the first that fits exactly one
/// element is used. When it was not the first of them, the output says so under `drift`, so that
/// somebody mends the workflow before the others are gone too.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Do {
    /// What to do, in this order.
    #[schemars(length(min = 1))]
    pub actions: Vec<Action<Text>>,
    /// How long each action may wait for what it needs; 10 s when absent. A page may take 20 s to
    /// load even when this is less.
    #[serde(default = "a_while")]
    pub wait: Wait,
}

/// How long an action may wait: at most an hour.
pub type Wait = Bounded<1, 3_600_000>;

fn a_while() -> Wait {
    Wait::of_millis(10_000)
}

/// What was read, under the names given; and the screenshots that were asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Reading(Map<String, Value>);

const FAULTS: &[KnownFault] = &[
    KnownFault::business(
        "browser.refused",
        "the page shows what `refused` of an `expect` names",
    ),
    KnownFault::business(
        "browser.unexpected",
        "the page is not as `expect` says, with `else: business`",
    ),
    KnownFault::system(
        "browser.unexpected",
        "the page is not as `expect` says, with `else: system`",
    ),
    KnownFault::business(
        "browser.option",
        "a list does not offer the entry, or it is disabled",
    ),
    KnownFault::business(
        "browser.value",
        "a field does not take the value, or shows another one afterwards",
    ),
    KnownFault::business("browser.ambiguous", "a locator fits several elements"),
    KnownFault::business("browser.locator", "a locator is no valid selector"),
    KnownFault::business(
        "browser.kind",
        "a locator finds another kind of element than the action needs",
    ),
    KnownFault::business("browser.dialog", "the page opened a dialog"),
    KnownFault::business(
        "browser.status",
        "the site answered with a status of 400 to 499",
    ),
    KnownFault::system(
        "browser.status",
        "the site answered with 408, 429, or 500 and more",
    ),
    KnownFault::business(
        "browser.login",
        "the login of the connection did not succeed",
    ),
    KnownFault::business(
        "browser.address",
        "`open` leads away from the host of the connection",
    ),
    KnownFault::business(
        "connection.address",
        "the address of the connection is none for a browser",
    ),
    KnownFault::system(
        "browser.not_found",
        "nothing visible fits a locator within `wait`",
    ),
    KnownFault::system(
        "browser.disabled",
        "what a locator finds stays disabled or read-only",
    ),
    KnownFault::system(
        "browser.covered",
        "something lies over what is to be clicked",
    ),
    KnownFault::system("browser.timeout", "the page did not answer in time"),
    KnownFault::system("browser.unreachable", "the site cannot be reached"),
    KnownFault::system(
        "browser.page",
        "the page could not be worked with, as when it changes all the time",
    ),
    KnownFault::system("browser.died", "the browser was lost"),
    KnownFault::system(
        "browser.start",
        "the browser or its driver could not be started",
    ),
    KnownFault::system(
        "browser.driver_missing",
        "no Chromium or no chromedriver is installed",
    ),
    KnownFault::system("browser.folder", "the browser's folder cannot be made"),
    KnownFault::system("browser.closed", "the connection is being closed"),
    KnownFault::system("browser.cancelled", "the attempt was stopped"),
    KnownFault::system("browser.screenshot", "a screenshot could not be kept"),
];

impl Bot for Do {
    const NAME: &'static str = "browser.do";
    const EXAMPLE: &'static str = r##"
id: form
bot: browser.do
connection: backoffice
with:
  actions:
    - open: /orders/new
    - fill:
        Reference: "{{item.key}}"
        Quantity: "{{line.quantity}}"
    - select: { Customer: "{{line.customer}}" }
    - submit: Save                 # from here on the order may exist
    - expect: { text: Order saved, refused: "css=.error", else: business }
    - read: { number: "css=#order-number" }
"##;
    const CONNECTIONS: &'static [&'static str] = &["web"];
    const NEEDS_CONNECTION: bool = true;
    const ANNOUNCES: bool = true;
    const EFFECTS: &'static [(Effect, &'static str)] = &[
        (Effect::Once, "there is a `submit`, or a `click` or `press`"),
        (Effect::None, "it only opens, fills, waits and reads"),
    ];
    const FAULTS: &'static [&'static [KnownFault]] = &[FAULTS];
    type Output = Reading;

    fn effect(&self) -> Effect {
        Changes::of(&self.actions).effect()
    }

    fn output(with: &Value) -> Schema {
        output_schema(with)
    }

    async fn run(self, context: &Context) -> Result<Reading, Fault> {
        let web = context.connection::<Web>().await?;
        tokio::select! {
            done = self.work(web.browser(), context) => done,
            () = context.cancelled() => {
                Err(context.reached(Fault::system("browser.cancelled", "the attempt was stopped")))
            }
        }
    }
}

impl Do {
    async fn work(&self, pool: &Pool, context: &Context) -> Result<Reading, Fault> {
        self.refuse_reserved_names()?;
        let loan = pool.borrow().await?;
        let page = Page::new(loan.client().clone(), self.wait.to_std());
        page.limit().await.map_err(Trouble::into_fault)?;
        let mut player = Player::new(page, pool, Some(context), loan.is_logged_in());
        match player.perform(&self.actions).await {
            Ok(()) => {
                self.note_drift(&mut player, context);
                loan.give_back(player.logged_in).await;
                Ok(Reading(player.output))
            }
            Err(stop) => {
                let around = (&pool.mask, context, stop.browser);
                let fault = evidence::attach(*stop.fault, &player, around).await;
                match stop.browser {
                    page::Browser::Sound => loan.give_back(player.logged_in).await,
                    page::Browser::Doubtful | page::Browser::Dead => drop(loan),
                }
                Err(fault)
            }
        }
    }

    /// What was found by a later alternative is told where somebody sees it.
    fn note_drift(&self, player: &mut Player<'_>, context: &Context) {
        let (run, step) = (&context.attempt.run, &context.attempt.step);
        for words in player.done.iter().flat_map(Done::drift) {
            tracing::warn!(%run, %step, "the page has changed: {words}");
        }
        if action::offers_alternatives(&self.actions) {
            let own = player.done.iter().filter(|done| !done.is_of_login());
            let drift: Vec<String> = own.flat_map(Done::drift).collect();
            player.output.insert(DRIFT.to_owned(), json!(drift));
        }
    }

    fn refuse_reserved_names(&self) -> Result<(), Fault> {
        let names = action::read_names(&self.actions);
        let reserved = [
            (PICTURES, "keeps its pictures there"),
            (DRIFT, "says there what was found by a later alternative"),
        ];
        match reserved.iter().find(|(name, _)| names.contains(name)) {
            Some((name, why)) => Err(Fault::business(
                "step.parameters",
                format!("nothing can be read as `{name}`: the output {why}"),
            )),
            None => Ok(()),
        }
    }
}

/// Where the output keeps the pictures that were asked for.
const PICTURES: &str = "screenshots";
/// Where the output says what was found by another alternative than the first.
const DRIFT: &str = "drift";

impl Pool {
    /// Opens the site and logs in, and says what answered.
    pub async fn test(&self) -> Result<String, Fault> {
        let loan = self.borrow().await?;
        let page = Page::new(loan.client().clone(), a_while().to_std());
        page.limit().await.map_err(Trouble::into_fault)?;
        let mut player = Player::new(page, self, None, loan.is_logged_in());
        let front = [Action::<Text>::Open("/".to_owned())];
        let opened = player.perform(&front).await;
        loan.give_back(player.logged_in).await;
        match opened {
            Ok(()) if player.logged_in => Ok("a browser opens it and is logged in".to_owned()),
            Ok(()) => Ok("a browser opens it".to_owned()),
            Err(stop) => Err(self.mask.fault(*stop.fault)),
        }
    }
}

/// The names that `actions` (of the file, so with templates) read; any shape when it cannot be told.
const READ: &str =
    "What was read, under the names that `read` gives, and under `screenshots` the pictures.";

fn output_schema(with: &Value) -> Schema {
    let mut properties = Map::new();
    match note_reads(&with["actions"], false, &mut properties) {
        Some(()) => {
            if names_alternatives(&with["actions"]) {
                let texts = json!({ "type": "array", "items": { "type": "string" } });
                properties.insert(DRIFT.to_owned(), texts);
            }
            let required: Vec<&String> = properties.keys().collect();
            let required = json!(required);
            json_schema!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        }
        None => json_schema!({ "description": READ }),
    }
}

fn note_reads(actions: &Value, many: bool, properties: &mut Map<String, Value>) -> Option<()> {
    let text = match many {
        true => json!({ "type": "array", "items": { "type": "string" } }),
        false => json!({ "type": "string" }),
    };
    for action in actions.as_array()? {
        let (name, given) = action.as_object()?.iter().next()?;
        match name.as_str() {
            "read" => {
                let names = given.as_object()?.keys();
                properties.extend(names.map(|name| (name.clone(), text.clone())));
            }
            "screenshot" => {
                let pictures = properties
                    .entry(PICTURES)
                    .or_insert_with(|| json!({ "type": "object", "properties": {} }));
                pictures["properties"][given.as_str()?] = json!({ "type": "object" });
            }
            "each" => note_reads(&given["do"], true, properties)?,
            "frame" => note_reads(&given["do"], many, properties)?,
            _ => (),
        }
    }
    Some(())
}

/// Whether actions of the file name an element by alternatives; as [`action::offers_alternatives`]
/// sees it once they are rendered.
fn names_alternatives(actions: &Value) -> bool {
    let several = |locator: &Value| match locator {
        Value::String(written) => written.contains(locator::OR),
        Value::Array(_) => true,
        _ => false,
    };
    let of = |(name, given): (&String, &Value)| match name.as_str() {
        "fill" | "type" | "select" => {
            let fields = given.as_object().into_iter().flat_map(Map::keys);
            fields.into_iter().any(|field| field.contains(locator::OR))
        }
        "read" => given.as_object().is_some_and(|it| it.values().any(several)),
        "scroll" => several(&given["element"]),
        "each" => names_alternatives(&given["do"]),
        "frame" => several(&given["in"]) || names_alternatives(&given["do"]),
        _ => several(given),
    };
    let mut actions = actions.as_array().into_iter().flatten();
    actions.any(|action| action.as_object().into_iter().flatten().any(of))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_output_has_what_is_read() {
        let with = json!({ "actions": [
            { "open": "/" },
            { "read": { "number": "css=#n" } },
            { "each": { "rows": "{{lines}}", "do": [{ "read": { "places": "Place" } }] } },
            { "screenshot": "saved" },
        ] });
        expect![[r#"{"type":"object","properties":{"number":{"type":"string"},"places":{"type":"array","items":{"type":"string"}},"screenshots":{"type":"object","properties":{"saved":{"type":"object"}}}},"required":["number","places","screenshots"],"additionalProperties":false}"#]]
        .assert_eq(&Do::output(&with).to_value().to_string());
        let with = json!({ "actions": [
            { "fill": { "SKU || css=#sku": "{{line.sku}}" } },
            { "frame": { "in": "Editor", "do": [{ "read": { "a": "css=#a" } }] } },
        ] });
        let output = Do::output(&with).to_value();
        assert_eq!(output["required"], json!(["a", "drift"]));
        let unknown = Do::output(&json!({ "actions": "{{steps.a.actions}}" }));
        assert_eq!(unknown.get("properties"), None, "any name may be there");
    }

    #[test]
    fn the_effect_follows_from_the_actions() {
        let effect = |actions: Value| {
            let with = json!({ "actions": actions });
            serde_json::from_value::<Do>(with)
                .map(|it| it.effect())
                .ok()
        };
        let looks = json!([{ "open": "/" }, { "fill": { "A": "x" } }]);
        assert_eq!(effect(looks), Some(Effect::None));
        assert_eq!(effect(json!([{ "submit": "Save" }])), Some(Effect::Once));
        assert_eq!(effect(json!([{ "press": "Enter" }])), Some(Effect::Once));
        assert_eq!(effect(json!([{ "jump": "far" }])), None);
    }
}
