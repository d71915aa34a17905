//! One attempt of a bot, from the decision to its outcome.

use std::{sync::Arc, time::Duration};

use botswain_bot::{Announce, Attempt, BotSpec, Connections, Context};
use botswain_core::{
    Effect, Fault, Payload, engine::event::Call, evaluate::Values, value::secret_name,
};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    message::{Announced, Message},
    parts::Parts,
    values::{VersionTemplates, is_small},
};

/// How long an attempt may take when neither the step nor the workflow says.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(300);

/// How long a bot may take to clear up once it was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// An attempt that is under way.
pub(super) struct Work {
    pub(super) attempt: u32,
    pub(super) cancel: CancellationToken,
    pub(super) effect: Effect,
    /// The bot has announced that it acts, and waits.
    announced: Option<oneshot::Sender<()>>,
}

/// What came of an attempt.
pub(super) struct Ended {
    pub(super) result: Result<Payload, Box<Fault>>,
    /// What the bot has warned of.
    pub(super) warnings: Vec<String>,
}

impl Work {
    /// It does not act before [`Work::proceed`].
    pub(super) fn waits(&mut self, proceed: oneshot::Sender<()>) {
        self.announced = Some(proceed);
    }

    /// What it has announced is durable.
    pub(super) fn proceed(&mut self) {
        if let Some(proceed) = self.announced.take() {
            // An attempt that has been stopped meanwhile does not act.
            proceed.send(()).ok();
        }
    }
}

/// Prepares an attempt and gives what does it.
pub(super) fn prepare(
    parts: &Arc<Parts>,
    call: Call,
    sender: &mpsc::UnboundedSender<Message>,
) -> (Work, impl Future<Output = Ended> + Send + 'static) {
    let context = context(parts, &call, parts.connections.clone());
    let context = Arc::new(match call.announces {
        true => context.announcing(announce(&call, sender)),
        false => context,
    });
    let work = Work {
        attempt: call.attempt,
        announced: None,
        cancel: context.canceller(),
        effect: call.effect,
    };
    let parts = parts.clone();
    let outcome = async move {
        let result = perform(&parts, &call, &context).await;
        let warnings = context.take_warnings().into_iter();
        Ended {
            result: result.map_err(|fault| Box::new(parts.masked(at_most(fault, call.effect)))),
            warnings: warnings.map(|words| parts.masked_text(&words)).collect(),
        }
    };
    (work, outcome)
}

pub(crate) async fn perform(
    parts: &Arc<Parts>,
    call: &Call,
    context: &Context,
) -> Result<Payload, Fault> {
    let Some(bot) = parts.instance.bot(&call.bot) else {
        return Err(Fault::business(
            "bot.unknown",
            format!("this Botswain has no bot `{}`", call.bot),
        ));
    };
    let with = parameters(parts, call).await?;
    let timeout = call.timeout.map_or(TIMEOUT, Duration::from_millis);
    // The author knows better what it does than the bot, which then does not say when it begins.
    let own = (bot.effect)(with.clone());
    let unsaid = call.effect == Effect::Once && own.is_ok_and(|own| own != Effect::Once);
    let output = bounded(bot, with, context, timeout).await;
    let output = match unsaid {
        true => output.map_err(Fault::in_doubt)?,
        false => output?,
    };
    if is_small(&output) {
        return Ok(Payload::Inline(output));
    }
    let parts = parts.clone();
    let kept = tokio::task::spawn_blocking(move || parts.kept.keep(output)).await;
    // What the bot did is done; only its result could not be kept.
    let kept = kept.unwrap_or_else(|err| Err(Fault::system("artifact.store", err.to_string())));
    kept.map_err(|fault| context.reached(fault))
}

/// Lets a bot act until its time is up, then lets it clear up, then drops it.
async fn bounded(
    bot: &BotSpec,
    with: Value,
    context: &Context,
    timeout: Duration,
) -> Result<Value, Fault> {
    let mut work = (bot.run)(with, context);
    let cancelled = context.canceller();
    let up = async {
        tokio::select! {
            () = tokio::time::sleep(timeout) => Fault::system(
                "step.timeout",
                format!("`{}` was not done within {} s", bot.name, timeout.as_secs()),
            ).hint("raise `timeout:` of the step, or see what it waits for"),
            () = cancelled.cancelled() => Fault::system("step.cancelled", "the attempt was stopped"),
        }
    };
    tokio::select! {
        result = &mut work => result,
        fault = up => {
            cancelled.cancel();
            // What it leaves as evidence on its way out is worth more than our own words.
            match tokio::time::timeout(GRACE, &mut work).await {
                Ok(Ok(output)) => Ok(output),
                Ok(Err(own)) => Err(Fault { artifacts: own.artifacts, effect: own.effect, ..fault }),
                Err(_) => Err(context.reached(fault)),
            }
        }
    }
}

/// The parameters with their secrets put in.
async fn parameters(parts: &Arc<Parts>, call: &Call) -> Result<Value, Fault> {
    // Nothing to be read: no thread for that.
    if let Payload::Inline(value) = call.with.as_ref()
        && !holds_secret(value)
    {
        return Ok(value.clone());
    }
    let (parts, payload) = (parts.clone(), call.with.clone());
    let load = move || {
        let with = match payload.as_ref() {
            Payload::Inline(value) => value.clone(),
            Payload::Stored(artifact) => parts.kept.load(artifact)?,
        };
        revealed(&parts, with)
    };
    let loaded = tokio::task::spawn_blocking(load).await;
    loaded.unwrap_or_else(|err| Err(Fault::system("artifact.store", err.to_string())))
}

fn holds_secret(value: &Value) -> bool {
    secret_name(value).is_some()
        || match value {
            Value::Array(items) => items.iter().any(holds_secret),
            Value::Object(map) => map.values().any(holds_secret),
            _ => false,
        }
}

fn revealed(parts: &Parts, value: Value) -> Result<Value, Fault> {
    if let Some(name) = secret_name(&value) {
        return parts.secret(name).map(Value::String);
    }
    match value {
        Value::Array(items) => items
            .into_iter()
            .map(|item| revealed(parts, item))
            .collect(),
        Value::Object(map) => {
            let entries = map
                .into_iter()
                .map(|(key, value)| Ok((key, revealed(parts, value)?)));
            entries.collect::<Result<_, Fault>>().map(Value::Object)
        }
        other => Ok(other),
    }
}

pub(crate) fn context(
    parts: &Arc<Parts>,
    call: &Call,
    connections: Arc<dyn Connections>,
) -> Context {
    let attempt = Attempt {
        run: call.run.clone(),
        step: call.step.clone(),
        number: call.attempt,
        idempotency_key: call.idempotency_key.clone(),
        scheduled_for: call.scheduled_for,
        entered: call.entered,
        connection: call.connection.clone(),
    };
    let templates = VersionTemplates {
        version: call.version.clone(),
        renderer: parts.renderer.clone(),
        timezone: parts.timezone(),
    };
    let (kept, roots) = (Arc::new(parts.kept.clone()), parts.roots());
    Context::new(attempt, kept, roots, Arc::new(templates), connections)
}

/// Lets the loop know that a bot is about to act, and the bot when it may.
fn announce(call: &Call, sender: &mpsc::UnboundedSender<Message>) -> Announce {
    let (run, step, attempt) = (call.run.clone(), call.step.clone(), call.attempt);
    let sender = sender.clone();
    Box::new(move || {
        let (proceed, durable) = oneshot::channel();
        // A loop that has ended lets nothing act any more.
        drop(sender.send(Message::Announced(Announced {
            run: run.clone(),
            step: step.clone(),
            attempt,
            proceed,
        })));
        durable
    })
}

/// A bot that only reads, or may be repeated, leaves nothing in doubt.
pub(crate) fn at_most(mut fault: Fault, effect: Effect) -> Fault {
    if effect != Effect::Once {
        fault.effect = botswain_core::Reach::None;
    }
    fault
}
