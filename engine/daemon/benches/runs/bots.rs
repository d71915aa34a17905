//! Bots that take no time of their own, beside Botswain's own bots.

use std::{sync::LazyLock, time::Duration};

use botswain_bot::{Bot, BotSpec, Context, Effect, Fault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Every bot of an instance that is measured.
pub(crate) static ALL: LazyLock<Vec<BotSpec>> = LazyLock::new(|| {
    let own = [
        BotSpec::of::<Rows>(),
        BotSpec::of::<Put>(),
        BotSpec::of::<Read>(),
        BotSpec::of::<Wait>(),
    ];
    own.into_iter()
        .chain(botswain_bots::ALL.iter().copied())
        .collect()
});

/// Answers with what it is given.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    text: String,
}

/// As `bench.read`, with an effect that is done once.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Put {
    text: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Said {
    text: String,
}

impl Bot for Read {
    const NAME: &'static str = "bench.read";
    const EXAMPLE: &'static str = "id: a\nbot: bench.read\nwith: { text: x }\n";
    type Output = Said;

    async fn run(self, _: &Context) -> Result<Said, Fault> {
        Ok(Said { text: self.text })
    }
}

impl Bot for Put {
    const NAME: &'static str = "bench.put";
    const EXAMPLE: &'static str = "id: a\nbot: bench.put\nwith: { text: x }\n";
    type Output = Said;

    fn effect(&self) -> Effect {
        Effect::Once
    }

    async fn run(self, context: &Context) -> Result<Said, Fault> {
        context.begin_effect().await?;
        Ok(Said { text: self.text })
    }
}

/// How long `bench.wait` works.
pub(crate) const WAIT: Duration = Duration::from_millis(10);

/// Works for ten milliseconds.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wait {
    text: String,
}

impl Bot for Wait {
    const NAME: &'static str = "bench.wait";
    const EXAMPLE: &'static str = "id: a\nbot: bench.wait\nwith: { text: x }\n";
    type Output = Said;

    async fn run(self, _: &Context) -> Result<Said, Fault> {
        tokio::time::sleep(WAIT).await;
        Ok(Said { text: self.text })
    }
}

/// Makes a table of order lines.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rows {
    count: u64,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Table {
    #[schemars(with = "Vec<Line>")]
    rows: Value,
}

/// One row of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Line {
    order: String,
    sku: String,
    quantity: u64,
}

impl Bot for Rows {
    const NAME: &'static str = "bench.rows";
    const EXAMPLE: &'static str = "id: a\nbot: bench.rows\nwith: { count: 10 }\n";
    type Output = Table;

    async fn run(self, context: &Context) -> Result<Table, Fault> {
        let mut table = context.artifacts.table()?;
        for nth in 0..self.count {
            table.push(&json!({ "order": format!("{nth:08}"), "sku": "0064", "quantity": 3 }))?;
        }
        Ok(Table {
            rows: table.finish()?.to_value(),
        })
    }
}
