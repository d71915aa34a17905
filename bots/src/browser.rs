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
mod guard;
mod locator;
mod mask;
mod number;
mod page;
mod player;
mod pool;
mod problem;
mod processes;
mod settings;
mod shown;
mod trouble;

use std::path::PathBuf;

use botswain_bot::{Bot, Context, Effect, Fault, KnownFault, schema};
use botswain_core::duration::Bounded;
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::{
    action::Changes,
    evidence::Done,
    mask::Mask,
    page::Page,
    player::{Effect as Pictured, Player},
    trouble::Trouble,
};
pub use self::{
    action::{
        Action, Dialog, Download, Drag, Each, Expect, Frame, If, InWindow, Key, Otherwise, Picture,
        Reading as Read, Repeat, Script, Scroll, Submit, Text, WaitFor,
    },
    locator::Locator,
    pool::{Pool, end_leftovers},
    settings::{Browser, LoginActions, Settings, Window, check_capability},
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
/// `page=portal.customer` stands for what `pages/portal.yaml` says of `customer`: a locator, or a
/// list of alternatives, kept once for all workflows.
///
/// `css=#shipping >>> Street` looks for `Street` inside of `#shipping`. Open shadow roots are looked
/// through by themselves, frames by `frame`. Alternatives stand in a list, or with ` || ` between
/// them where a field is named, as in `"Quantity || css=#qty": 3`: the first that fits exactly one
/// element is used. When it was not the first of them, the run has a warning and the output says so
/// under `drift`, so that somebody mends the workflow before the others are gone too.
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
    /// What is kept for people to look at, beside the evidence of a fault.
    #[serde(default)]
    pub evidence: Evidence,
}

/// What is kept of a step for people to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// What helps to understand a fault.
    #[default]
    Faults,
    /// Also a picture of the page before and after each effect, in `effects` of the output.
    Steps,
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
    KnownFault::system(
        "browser.moving",
        "what is to be clicked does not stand still",
    ),
    KnownFault::system(
        "browser.download",
        "a download did not begin or did not end in time",
    ),
    KnownFault::business(
        "browser.file",
        "a file cannot be handed over to the browser",
    ),
    KnownFault::business("browser.script", "a script ended early"),
    KnownFault::business(
        "browser.repeat",
        "a `repeat` did not come to its end within `at_most`",
    ),
    KnownFault::system("browser.timeout", "the page did not answer in time"),
    KnownFault::system("browser.unreachable", "the site cannot be reached"),
    KnownFault::system(
        "browser.certificate",
        "the certificate of the site is not good",
    ),
    KnownFault::system(
        "browser.window",
        "the window that is worked with has closed",
    ),
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
        player.folder = loan.folder();
        player.pictures_effects = self.evidence == Evidence::Steps;
        player.page.console().await;
        let performed = player.perform(&self.actions).await;
        self.note_drift(&mut player, (&pool.mask, context));
        match performed {
            Ok(()) => {
                loan.give_back(player.logged_in).await;
                if player.pictures_effects {
                    let effects = player.effects.iter().map(Pictured::to_value);
                    player.output.insert(EFFECTS.to_owned(), effects.collect());
                }
                Ok(Reading(player.output))
            }
            Err(stop) => {
                let around = (&pool.mask, context, stop.browser);
                let fault = evidence::attach(*stop.fault, &player, around).await;
                let pictures = std::mem::take(&mut player.effects).into_iter();
                let pictures = pictures.flat_map(Pictured::into_artifacts);
                let fault = pictures.fold(fault, Fault::with_artifact);
                match stop.browser {
                    page::Browser::Sound => loan.give_back(player.logged_in).await,
                    page::Browser::Doubtful | page::Browser::Dead => drop(loan),
                }
                Err(fault)
            }
        }
    }

    /// What was found by a later alternative is told where somebody sees it.
    fn note_drift(&self, player: &mut Player<'_>, (mask, context): (&Mask, &Context)) {
        for done in &player.done {
            let place = match done.is_of_login() {
                true => "the page of the login has changed",
                false => "the page has changed",
            };
            for words in done.drift() {
                context.warn(mask.apply(&format!("{place}: {words}")));
            }
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
            (EFFECTS, "keeps the pictures of its effects there"),
        ];
        let taken = |name: &str| name != EFFECTS || self.evidence == Evidence::Steps;
        let mut reserved = reserved.iter().filter(|(name, _)| taken(name));
        match reserved.find(|(name, _)| names.contains(name)) {
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
/// Where the output keeps the pictures of effects.
const EFFECTS: &str = "effects";
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

/// What a locator finds, for whoever writes one.
#[derive(Debug, Serialize)]
pub struct Finds {
    /// One of the alternatives, as it was written.
    pub locator: String,
    /// What would be entered into, clicked and read; or why nothing would be.
    pub uses: Vec<(&'static str, String)>,
    /// Every visible element that fits.
    pub fits: Vec<String>,
    /// Those that fit and cannot be seen.
    pub hidden: Vec<String>,
    /// The names that the page offers instead.
    pub names: Vec<String>,
}

impl Pool {
    /// Opens a page, logged in, and says what each alternative of a locator finds there.
    pub async fn explain(&self, url: &str, locator: &Locator) -> Result<Vec<Finds>, Fault> {
        let loan = self.borrow().await?;
        let page = Page::new(loan.client().clone(), a_while().to_std());
        page.limit().await.map_err(Trouble::into_fault)?;
        let mut player = Player::new(page, self, None, loan.is_logged_in());
        let open = [Action::<Text>::Open(url.to_owned())];
        let found = match player.perform(&open).await {
            Ok(()) => player.page.settled("explain", locator).await,
            Err(stop) => Err(*stop.fault),
        };
        loan.give_back(player.logged_in).await;
        let found = found.map_err(|fault| self.mask.fault(fault))?;
        let written = locator.written().split(locator::OR);
        let alternatives = found["alternatives"].as_array().into_iter().flatten();
        Ok(written
            .zip(alternatives)
            .map(|(written, told)| finds(written, told))
            .collect())
    }
}

fn finds(written: &str, told: &Value) -> Finds {
    let list = |list: &Value| {
        let texts = list.as_array().into_iter().flatten();
        texts
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let uses = [("fill", "field"), ("click", "button"), ("read", "read")];
    let uses = uses.map(|(action, kind)| {
        let found = told["ways"][kind].as_str().unwrap_or_default();
        (action, found.to_owned())
    });
    let mut names = list(&told["names"]["field"]);
    names.extend(list(&told["names"]["button"]));
    Finds {
        locator: written.trim().to_owned(),
        uses: uses.into(),
        fits: list(&told["fits"]),
        hidden: list(&told["hidden"]),
        names,
    }
}

/// The names that `actions` (of the file, so with templates) read; any shape when it cannot be told.
const READ: &str =
    "What was read, under the names that `read` gives, and under `screenshots` the pictures.";

fn output_schema(with: &Value) -> Schema {
    let mut properties = Map::new();
    match note_reads(&with["actions"], Often::Once, &mut properties) {
        Some(()) => {
            if names_alternatives(&with["actions"]) {
                let texts = json!({ "type": "array", "items": { "type": "string" } });
                properties.insert(DRIFT.to_owned(), texts);
            }
            if with["evidence"] == "steps" {
                properties.insert(EFFECTS.to_owned(), effects_schema());
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

/// The pictures of effects, those that were left out as null.
fn effects_schema() -> Value {
    let picture = schema::artifact_or_null(&mut schemars::SchemaGenerator::default());
    let properties = json!({ "action": { "type": "string" }, "before": picture, "after": picture });
    let effect = json!({
        "type": "object",
        "properties": properties,
        "required": ["action", "before", "after"],
        "additionalProperties": false,
    });
    json!({ "type": "array", "items": effect })
}

/// How a name in the output is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Often {
    Once,
    /// By one of two branches.
    Perhaps,
    Many,
}

impl Often {
    fn schema(self, one: Value) -> Value {
        match self {
            Often::Once => one,
            Often::Perhaps => json!({ "anyOf": [one, { "type": "null" }] }),
            Often::Many => json!({ "type": "array", "items": one }),
        }
    }

    fn perhaps(self) -> Often {
        match self {
            Often::Many => Often::Many,
            Often::Once | Often::Perhaps => Often::Perhaps,
        }
    }
}

fn note_reads(actions: &Value, often: Often, properties: &mut Map<String, Value>) -> Option<()> {
    let file = || schema::artifact(&mut schemars::SchemaGenerator::default()).to_value();
    for action in actions.as_array()? {
        let (name, given) = action.as_object()?.iter().next()?;
        match name.as_str() {
            "read" => {
                let reads = given.as_object()?.iter();
                let reads =
                    reads.map(|(name, read)| (name.clone(), often.schema(action::output_of(read))));
                properties.extend(reads);
            }
            "download" => {
                let name = given["as"].as_str()?.to_owned();
                properties.insert(name, often.schema(file()));
            }
            "pdf" => drop(properties.insert(given.as_str()?.to_owned(), often.schema(file()))),
            "script" => {
                if let Some(name) = given.get("as") {
                    properties.insert(name.as_str()?.to_owned(), often.schema(json!({})));
                }
            }
            "screenshot" => {
                let pictures = properties
                    .entry(PICTURES)
                    .or_insert_with(|| json!({ "type": "object", "properties": {} }));
                let name = given.get("as").unwrap_or(given).as_str()?;
                pictures["properties"][name] = json!({ "type": "object" });
            }
            "each" => note_reads(&given["do"], Often::Many, properties)?,
            "repeat" => {
                note_reads(&given["do"], Often::Many, properties)?;
                if let Some(next) = given.get("next") {
                    note_reads(next, Often::Many, properties)?;
                }
            }
            "if" => {
                note_reads(&given["do"], often.perhaps(), properties)?;
                if let Some(otherwise) = given.get("else") {
                    note_reads(otherwise, often.perhaps(), properties)?;
                }
            }
            "frame" | "window" => note_reads(&given["do"], often, properties)?,
            _ => (),
        }
    }
    Some(())
}

/// Whether actions of the file name an element by alternatives; as [`action::offers_alternatives`]
/// sees it once they are rendered.
fn names_alternatives(actions: &Value) -> bool {
    fn several(locator: &Value) -> bool {
        match locator {
            Value::String(written) => written.contains(locator::OR),
            Value::Array(_) => true,
            Value::Object(map) => map.get("find").is_some_and(several),
            _ => false,
        }
    }
    let of_read = |read: &Value| match read {
        Value::Object(map) if !map.contains_key("find") => map.values().any(several),
        read => several(read),
    };
    let of = |(name, given): (&String, &Value)| match name.as_str() {
        "fill" | "type" | "select" | "upload" => {
            let fields = given.as_object().into_iter().flat_map(Map::keys);
            fields.into_iter().any(|field| field.contains(locator::OR))
        }
        "read" => given.as_object().is_some_and(|it| it.values().any(of_read)),
        "scroll" => several(&given["element"]),
        "drag" => several(&given["from"]) || several(&given["to"]),
        "download" => several(&given["click"]),
        "screenshot" => given.get("of").is_some_and(several),
        "wait_for" | "expect" | "open" | "pdf" | "script" | "dialog" => false,
        "each" | "window" => names_alternatives(&given["do"]),
        "repeat" => names_alternatives(&given["do"]) || names_alternatives(&given["next"]),
        "if" => names_alternatives(&given["do"]) || names_alternatives(&given["else"]),
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
        let with = json!({ "evidence": "steps", "actions": [{ "submit": "Save" }] });
        assert_eq!(Do::output(&with).to_value()["required"], json!(["effects"]));
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
