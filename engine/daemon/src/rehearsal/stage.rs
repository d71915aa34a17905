//! Where a run is played: parts over a store in memory, and what bots can do there.

use std::{sync::Arc, time::Instant};

use botswain_bot::{AnyConnection, Connections, Preview, connection::Boxed};
use botswain_core::{
    Fault, Payload, RunId, engine::event::Call, evaluate::Values, index::Summary,
    value::secret_name,
};
use serde_json::Value;
use tokio::{runtime::Handle, time::timeout_at};

use crate::daemon::{Parts, attempt};

/// What stands for the value of a secret.
pub(crate) const SECRET: &str = "•••";

pub(crate) struct Stage {
    pub(crate) parts: Arc<Parts>,
    /// On which bots run.
    pub(crate) runtime: Handle,
}

impl Stage {
    /// Lets a bot do it.
    pub(crate) fn perform(&self, call: &Call) -> Result<Payload, Box<Fault>> {
        let context = attempt::context(&self.parts, call, self.parts.connections.clone());
        let done = self
            .runtime
            .block_on(attempt::perform(&self.parts, call, &context));
        done.map_err(|fault| Box::new(attempt::at_most(fault, call.effect)))
    }

    /// The same, if it is done by then.
    pub(crate) fn perform_until(&self, call: &Call, until: Instant) -> Result<Payload, Box<Fault>> {
        let context = attempt::context(&self.parts, call, self.parts.connections.clone());
        let performed = attempt::perform(&self.parts, call, &context);
        let done = self.runtime.block_on(timeout_at(until.into(), performed));
        let late = |_| Fault::system("step.timeout", format!("`{}` takes too long", call.bot));
        let done = done.map_err(late).flatten();
        done.map_err(|fault| Box::new(attempt::at_most(fault, call.effect)))
    }

    /// What the bot would do; secrets are not looked at, and no connection is opened.
    pub(crate) fn preview(&self, call: &Call) -> Result<Option<Preview>, Fault> {
        let Some(bot) = self.parts.instance.bot(&call.bot) else {
            return Ok(None);
        };
        let context = attempt::context(&self.parts, call, Arc::new(Nobody));
        let with = masked(self.with(call)?);
        self.runtime.block_on((bot.preview)(with, &context))
    }

    /// The rendered parameters, with the names of secrets.
    pub(crate) fn with(&self, call: &Call) -> Result<Value, Fault> {
        self.value(&call.with)
    }

    pub(crate) fn value(&self, payload: &Payload) -> Result<Value, Fault> {
        match payload {
            Payload::Inline(value) => Ok(value.clone()),
            Payload::Stored(artifact) => self.parts.kept.load(artifact),
        }
    }

    pub(crate) fn summary(&self, run: &RunId) -> Option<Summary> {
        self.parts.store.summary(run).ok().flatten()
    }
}

/// A value with something in place of each secret.
pub(crate) fn masked(value: Value) -> Value {
    if secret_name(&value).is_some() {
        return SECRET.into();
    }
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        Value::Object(map) => {
            let entries = map.into_iter();
            Value::Object(entries.map(|(key, value)| (key, masked(value))).collect())
        }
        other => other,
    }
}

/// There is no world to connect to.
struct Nobody;

impl Connections for Nobody {
    fn open<'a>(&'a self, name: &'a str) -> Boxed<'a, Result<AnyConnection, Fault>> {
        Box::pin(async move {
            let message = format!("connection `{name}` is not opened here");
            Err(Fault::business("connection.played", message))
        })
    }
}
