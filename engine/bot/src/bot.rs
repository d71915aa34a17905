//! What a bot is, and a bot with its type erased, as the registry lists it.

use std::{future::Future, panic::AssertUnwindSafe, pin::Pin};

use botswain_core::{
    Effect, Fault,
    catalogue::{BotSchema, not_exactly_one},
};
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{context::Context, faults::KnownFault, preview::Preview};

pub trait Bot: DeserializeOwned + JsonSchema + Send + 'static {
    /// The name written after `bot:` in a workflow, `noun.verb`.
    const NAME: &'static str;
    /// A complete step in YAML, shown in the manual and checked by the tests.
    const EXAMPLE: &'static str;
    /// The kinds of connection it accepts after `connection:`.
    const CONNECTIONS: &'static [&'static str] = &[];
    /// Whether a step must name a connection.
    const NEEDS_CONNECTION: bool = false;
    /// Parameters of which a step gives exactly one, as in `[["text", "template"]]`.
    const EXACTLY_ONE: &'static [&'static [&'static str]] = &[];
    /// Parameters that mean something only with a connection.
    const OF_CONNECTION: &'static [&'static str] = &[];
    /// Whether long passes before it acts, so that it is worth a write to know that it had not:
    /// [`Context::begin_effect`] is durable then, and an attempt cut short before is repeated.
    const ANNOUNCES: bool = false;
    /// What it can do to the world, each with when that is so; empty when it is always so.
    const EFFECTS: &'static [(Effect, &'static str)] = &[(Effect::None, "")];
    /// The faults that it can give, in groups, beside those of [every step](crate::faults).
    const FAULTS: &'static [&'static [KnownFault]] = &[];
    /// What later steps can refer to.
    type Output: Serialize + JsonSchema + Send;

    /// What these parameters do to the world.
    fn effect(&self) -> Effect {
        Effect::None
    }

    /// The shape of the output; may look at `with`, as the file has it.
    fn output(_with: &Value) -> Schema {
        schema_for!(Self::Output)
    }

    /// Does the work of one attempt.
    ///
    /// It ends soon after [`Context::cancelled`] does, keeps its memory bounded, and calls
    /// [`Context::begin_effect`] right before the first moment at which the world may change.
    fn run(self, context: &Context) -> impl Future<Output = Result<Self::Output, Fault>> + Send;

    /// What it would do, for people to look at: nothing is done, and nobody outside is asked. It
    /// refuses what [`Bot::run`] would refuse by itself. Nothing when the parameters say it all.
    fn preview(
        self,
        context: &Context,
    ) -> impl Future<Output = Result<Option<Preview>, Fault>> + Send {
        let _ = context;
        std::future::ready(Ok(None))
    }
}

/// A bot as the registry holds it.
#[derive(Clone, Copy)]
pub struct BotSpec {
    pub name: &'static str,
    pub example: &'static str,
    pub connections: &'static [&'static str],
    pub needs_connection: bool,
    pub exactly_one: &'static [&'static [&'static str]],
    pub of_connection: &'static [&'static str],
    pub announces: bool,
    pub effects: &'static [(Effect, &'static str)],
    pub faults: &'static [&'static [KnownFault]],
    pub parameters: fn() -> Schema,
    pub output: fn(&Value) -> Value,
    /// What rendered parameters do to the world; a fault when they do not fit the bot.
    pub effect: fn(Value) -> Result<Effect, Fault>,
    pub run: for<'a> fn(Value, &'a Context) -> Running<'a>,
    /// What it would do with rendered parameters.
    pub preview: for<'a> fn(Value, &'a Context) -> Previewing<'a>,
}

pub type Running<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;

pub type Previewing<'a> = Pin<Box<dyn Future<Output = Result<Option<Preview>, Fault>> + Send + 'a>>;

impl BotSpec {
    pub const fn of<B: Bot>() -> BotSpec {
        BotSpec {
            name: B::NAME,
            example: B::EXAMPLE,
            connections: B::CONNECTIONS,
            needs_connection: B::NEEDS_CONNECTION,
            exactly_one: B::EXACTLY_ONE,
            of_connection: B::OF_CONNECTION,
            announces: B::ANNOUNCES,
            effects: B::EFFECTS,
            faults: B::FAULTS,
            parameters: || schema_for!(B),
            output: |with| B::output(with).to_value(),
            effect: |with| decode::<B>(with).map(|bot| bot.effect()),
            run: |with, context| Box::pin(run::<B>(with, context)),
            preview: |with, context| Box::pin(preview::<B>(with, context)),
        }
    }

    /// The faults that it can give, beside those of [every step](crate::faults).
    pub fn faults(&self) -> impl Iterator<Item = &'static KnownFault> + use<> {
        self.faults.iter().copied().flatten()
    }

    /// Whether it does something on this machine alone that changes nothing: it takes no
    /// connection, and these parameters only read.
    pub fn is_local(&self, with: &Value) -> bool {
        let effect = (self.effect)(with.clone());
        self.connections.is_empty() && effect.is_ok_and(|effect| effect == Effect::None)
    }

    /// What the check needs to know of it.
    pub fn schema(&self) -> BotSchema {
        BotSchema {
            name: self.name,
            parameters: (self.parameters)().to_value(),
            output: self.output,
            connections: self.connections,
            needs_connection: self.needs_connection,
            exactly_one: self.exactly_one,
            of_connection: self.of_connection,
            effect: self.effect,
        }
    }
}

fn decode<B: Bot>(with: Value) -> Result<B, Fault> {
    // What a template made null is not given; the check sees only that the key is there.
    let given = |key: &str| with.get(key).is_some_and(|value| !value.is_null());
    let wrong = not_exactly_one(B::NAME, B::EXACTLY_ONE, given).map(|(message, _)| message);
    let bot = serde_json::from_value(with).map_err(|err| {
        Fault::business(
            "step.parameters",
            format!("the parameters do not fit `{}`: {err}", B::NAME),
        )
    })?;
    match wrong {
        None => Ok(bot),
        Some(message) => Err(Fault::business("step.parameters", message)),
    }
}

async fn run<B: Bot>(with: Value, context: &Context) -> Result<Value, Fault> {
    let bot: B = decode(with)?;
    let output = guarded(bot.run(context), context).await?;
    serde_json::to_value(output).map_err(|err| {
        // The work is done, only its result is lost: that is for a person to look at.
        Fault::business(
            "bot.defect",
            format!("`{}` gave an unusable output: {err}", B::NAME),
        )
        .in_doubt()
    })
}

async fn preview<B: Bot>(with: Value, context: &Context) -> Result<Option<Preview>, Fault> {
    let bot: B = decode(with)?;
    guarded(bot.preview(context), context).await
}

/// Runs the bot so that a panic ends its attempt and nothing else.
async fn guarded<T>(
    work: impl Future<Output = Result<T, Fault>>,
    context: &Context,
) -> Result<T, Fault> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|cx| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        polled.unwrap_or_else(|panic| {
            let fault = Fault::business(
                "bot.defect",
                format!("the bot panicked: {}", reason(&*panic)),
            );
            std::task::Poll::Ready(Err(context.reached(fault)))
        })
    })
    .await
}

fn reason(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("for an unknown reason")
}
