//! `browser.do`: works with the pages of a web application as a person would.
//!
//! In: a list of actions. Out: what was read, under the names given. It borrows a
//! session of its connection, logged in, on a blank page, and gives it back so.
//! Invariant: a fault says truly whether the effect may have taken place. Before
//! `submit` (or the first click when there is none) it has not; from there on it
//! may have, unless the page itself says that it refused.

mod action;
mod capabilities;
mod driver;
mod evidence;
mod faults;
mod guard;
mod locator;
mod mask;
mod number;
mod output;
mod page;
mod player;
mod pool;
mod problem;
mod processes;
mod settings;
mod shown;
mod trial;
mod trouble;

use std::path::PathBuf;

use botswain_bot::{Bot, Context, Effect, Fault, KnownFault};
use botswain_core::duration::Bounded;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::{
    action::Changes,
    evidence::Done,
    mask::Mask,
    output::{DRIFT, EFFECTS, PICTURES},
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
    settings::{Browser, Kind, LoginActions, Settings, Window, check_capability},
    trial::Finds,
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
/// `css=#shipping >>> Street` looks for `Street` inside of `#shipping`. Open shadow roots and frames
/// are looked through by themselves. What fits in two frames is ambiguous, and `frame` says which is
/// meant; what an `expect` names in `refused` counts only on the page itself or in its `frame`.
///
/// Alternatives stand in a list, or with ` || ` between them where a field is named, as in
/// `"Quantity || css=#qty": 3`: the first that fits exactly one element is used. When it was not the
/// first of them, the run has a warning and the output says so under `drift`, so that somebody mends
/// the workflow before the others are gone too.
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
    const FAULTS: &'static [&'static [KnownFault]] = &[faults::FAULTS];
    type Output = Reading;

    fn effect(&self) -> Effect {
        Changes::of(&self.actions).effect()
    }

    fn output(with: &Value) -> Schema {
        output::schema_of(with)
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
        let page = loan.page(self.wait.to_std());
        page.limit().await.map_err(Trouble::into_fault)?;
        let mut player = Player::new(page, pool, Some(context), loan.is_logged_in());
        player.folder = loan.folder();
        player.pictures_effects = self.evidence == Evidence::Steps;
        player.page.console().await;
        let performed = player.perform(&self.actions).await;
        self.note_drift(&mut player, (&pool.mask, context));
        match performed {
            Ok(()) => {
                loan.give_back(player.logged_in);
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
                    page::Browser::Sound => loan.give_back(player.logged_in),
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

#[cfg(test)]
mod tests {
    use super::*;

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
