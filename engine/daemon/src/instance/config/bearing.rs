//! How much connections and limits bear: `sessions`, `per_minute`, `breaker`, `limits`.
//!
//! A connection has a breaker unless it says `off`. By default it opens after as
//! many faults as a step has attempts, so that an outage parks nothing.

use std::collections::BTreeMap;

use botswain_core::{
    diagnostic::Diagnostic,
    duration::Duration,
    engine::capacity::{Capacity, Resource, Rule},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Config, ConnectionConfig};
use crate::instance::{
    secrets,
    yaml::{Document, Words, escape},
};

/// The keys that every connection has beside those of its kind.
pub(super) const COMMON: [&str; 4] = ["kind", "sessions", "per_minute", "breaker"];

/// The first test of a connection that does not answer is made no sooner and no later.
const PROBE: (Duration, Duration) = (Duration(100), Duration(86_400_000));

/// One entry of `limits:`, for steps without a connection; it has at least one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct LimitConfig {
    /// How many steps may be at work under it at once.
    #[schemars(range(min = 1, max = 10_000))]
    pub sessions: Option<u32>,
    /// How many attempts may start under it within any minute.
    #[schemars(range(min = 1, max = 100_000))]
    pub per_minute: Option<u32>,
}

/// When a connection is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    Off,
    /// After so many equal system faults in a row, until its test succeeds.
    After {
        faults: u32,
        probe: u64,
    },
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker::After {
            faults: 3,
            probe: 30_000,
        }
    }
}

impl Breaker {
    /// As it is written; what has passed the check fits.
    pub(super) fn read(value: &Value) -> Result<Breaker, String> {
        let Breaker::After { faults, probe } = Breaker::default() else {
            return Ok(Breaker::Off);
        };
        match value {
            Value::Null => Ok(Breaker::default()),
            Value::String(word) if word == "on" => Ok(Breaker::default()),
            Value::String(word) if word == "off" => Ok(Breaker::Off),
            Value::Object(map) => Ok(Breaker::After {
                faults: match map.get("after") {
                    None => faults,
                    Some(after) => number(after).ok_or("`after` is a whole number")?,
                },
                probe: match map.get("probe").and_then(Value::as_str) {
                    None => probe,
                    Some(text) => Duration::within(text, PROBE.0, PROBE.1)?.0,
                },
            }),
            _ => Err("`breaker` is `on`, `off` or has `after` and `probe`".to_owned()),
        }
    }
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// The schemas of what each connection bears.
pub fn schemas() -> Value {
    json!({
        "sessions": {
            "description": "How many steps may use it at once; 1 when it is not given.",
            "type": "integer", "minimum": 1, "maximum": 64,
        },
        "per_minute": {
            "description": "How many attempts may start within any minute; any number when it is not given.",
            "type": "integer", "minimum": 1, "maximum": 100_000,
        },
        "breaker": {
            "description": "When it is left alone: after so many equal system faults in a row steps wait, using up no attempts, until its test succeeds. `off` leaves it to each step's `retry`.",
            "oneOf": [
                { "enum": ["on", "off"] },
                {
                    "type": "object",
                    "properties": {
                        "after": {
                            "description": "How many equal system faults in a row; 3 when it is not given.",
                            "type": "integer", "minimum": 1, "maximum": 1000,
                        },
                        "probe": {
                            "description": "How long until it is tested, as in `30s`, which it is when it is not given; later tests come at longer and longer intervals, up to 10m.",
                            "type": "string", "format": "duration",
                        },
                    },
                    "additionalProperties": false,
                },
            ],
        },
    })
}

/// The time of a breaker that cannot be read.
pub(super) fn breaker(document: &Document<'_>, pointer: &str, entry: &Value) -> Option<Diagnostic> {
    let text = entry["breaker"]["probe"].as_str()?;
    let message = Duration::within(text, PROBE.0, PROBE.1).err()?;
    let words = Words::error("config.value", message).hint("write it as in `30s` or `2m`");
    Some(document.at_value(&format!("{pointer}/breaker/probe"), words))
}

/// Names of limits, and limits that limit nothing.
pub(super) fn limits(document: &Document<'_>) -> Vec<Diagnostic> {
    let entries = document.value["limits"].as_object();
    let found = entries.into_iter().flatten().filter_map(|(name, entry)| {
        let words = if !secrets::is_name(name) {
            let message = format!("`{name}` is not a name for a limit");
            Words::error("config.name", message)
                .hint("use up to 63 lower-case letters, digits, `-` and `_`")
        } else if entry.as_object().is_some_and(serde_json::Map::is_empty) {
            let message = format!("the limit `{name}` limits nothing");
            Words::error("config.limit", message).hint("give it `sessions:` or `per_minute:`")
        } else {
            return None;
        };
        Some(document.at_key(&format!("/limits/{}", escape(name)), words))
    });
    found.collect()
}

impl Config {
    /// What the engine keeps to.
    pub fn capacities(&self) -> BTreeMap<Resource, Capacity> {
        let connections = self.connections.iter();
        let connections =
            connections.map(|(name, it)| (Resource::Connection(name.clone()), it.capacity()));
        let limits = self.limits.iter().map(|(name, it)| {
            let capacity = Capacity {
                sessions: it.sessions,
                per_minute: it.per_minute,
                breaker: None,
            };
            (Resource::Limit(name.clone()), capacity)
        });
        connections.chain(limits).collect()
    }
}

impl ConnectionConfig {
    fn capacity(&self) -> Capacity {
        let mut kinds = botswain_bots::CONNECTIONS.iter();
        let has_test = kinds.any(|spec| spec.kind == self.kind && spec.has_test);
        Capacity {
            sessions: u32::try_from(self.sessions).ok(),
            per_minute: self.per_minute,
            breaker: match self.breaker {
                Breaker::Off => None,
                Breaker::After { faults, probe } => Some(Rule {
                    after: faults,
                    probe,
                    has_test,
                }),
            },
        }
    }
}
