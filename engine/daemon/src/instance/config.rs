//! `botswain.yaml`: what an instance is called, and what it reaches.
//!
//! In goes the text; out come the typed configuration and every mistake in it,
//! each at its place. The shape is checked by the JSON Schema that is made of
//! these types and of each connection kind's settings, so what is written here
//! is what an editor completes. A value of a secret never gets in here: a
//! secret field holds `{{secrets.name}}` until its connection is opened.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use botswain_bot::ConnectionSpec;
use botswain_core::diagnostic::{Diagnostic, Severity};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value, json};

use self::bearing::{Breaker, LimitConfig};
pub use self::sign_in::SignIn;
pub(crate) use self::sign_in::{claim_of, is_here};
use super::{CONFIG_FILE, yaml::Document};

pub mod bearing;
mod check;
pub(super) mod fields;
mod problems;
mod sign_in;

/// The whole of `botswain.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What people call this instance, as in `northwind-office`.
    pub name: String,
    /// The zone in which schedules and dates are meant, as in `Europe/Berlin`.
    #[serde(default = "utc")]
    pub timezone: String,
    /// Folders outside of the instance that bots may read and write.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
    /// The outside systems that steps can name.
    #[serde(default)]
    pub connections: BTreeMap<String, ConnectionConfig>,
    /// What steps without a connection can share a part of, by name.
    #[serde(default)]
    pub limits: BTreeMap<String, LimitConfig>,
    /// The people who can be asked or told, by group: their addresses.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Who gets a mail when a new kind of exception is parked.
    pub notify: Option<Notify>,
    /// Where other systems hand over what starts workflows; without it, nowhere.
    pub webhooks: Option<Webhooks>,
    /// Where people use the console and the API; without it, nowhere but on the command line.
    pub console: Option<ConsoleConfig>,
    /// How long what has ended is kept; without it, for ever.
    pub retention: Option<Retention>,
}

/// How long what has ended is kept. Open runs and claimed keys are always kept.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How long a run is kept after its end, with its items and their files, as in `400d`.
    pub runs: Option<botswain_core::duration::Duration>,
    /// How long what people have done stands in the audit, as in `3650d`; whole months go.
    pub audit: Option<botswain_core::duration::Duration>,
}

/// Where the daemon listens for what other systems hand over.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// An address of this machine and a port, as in `127.0.0.1:8090`. What comes in is not
    /// encrypted: let a proxy on this machine take it from outside.
    pub listen: String,
}

/// Where the daemon serves the console and the API to people who sign in.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Console")]
pub struct ConsoleConfig {
    /// An address of this machine and a port, as in `127.0.0.1:8080`. Other machines reach it
    /// only with `tls`.
    pub listen: String,
    /// With it, what is sent is encrypted.
    pub tls: Option<Tls>,
    /// The roles that need a second factor, as in `[author, admin]`; others may have one.
    #[serde(default)]
    pub second_factor: Vec<botswain_views::Role>,
    /// What people enter in a browser to get here, as in `https://botswain.example.com`; without it,
    /// what `listen` says. An identity provider sends them back to it.
    pub address: Option<String>,
    /// Who has to agree before a text becomes what new runs follow; without it, nobody else.
    pub activation: Option<Activation>,
    /// With it people can sign in by an identity provider too (OpenID Connect).
    pub sign_in: Option<SignIn>,
}

/// Who activates a version of a workflow.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// Whether whoever has written a text may activate it; `false` asks for four eyes: what one
    /// author proposes, another one activates.
    pub self_approval: bool,
}

/// A certificate and its key, as PEM files. They are read anew when they change.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate, and those that it rests on after it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// One entry of `connections:`.
#[derive(Clone, PartialEq)]
pub struct ConnectionConfig {
    pub kind: String,
    /// How many steps may use it at once.
    pub sessions: usize,
    /// How many attempts may start within any minute.
    pub per_minute: Option<u32>,
    pub breaker: Breaker,
    /// The settings of its kind.
    pub settings: Map<String, Value>,
}

/// One mail for each new cluster of equal exceptions.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// The connection that sends it, of the kind `smtp`.
    pub connection: String,
    /// The addresses that get it.
    #[schemars(length(min = 1))]
    pub to: Vec<String>,
    /// The address it comes from; without it that of the connection.
    pub from: Option<String>,
}

/// What workflows need to know of the file; it is there even when the file has mistakes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Each connection of a known kind, by name.
    pub connections: BTreeMap<String, String>,
    /// Whether some connections or limits could not be read.
    pub more_connections: bool,
    /// The names of the limits.
    pub limits: BTreeSet<String>,
    /// The groups of people, by name.
    pub groups: BTreeSet<String>,
    /// Whether the groups could not be read.
    pub more_groups: bool,
    /// Whether it says where webhooks are listened for.
    pub webhooks: bool,
    /// The folders beside the instance; none when they could not be read.
    pub roots: Option<Vec<PathBuf>>,
    /// The zone; without a valid one `UTC`.
    pub timezone: String,
}

/// What reading the file gave.
#[derive(Debug)]
pub struct Reading {
    /// Missing when a diagnostic is an error.
    pub config: Option<Config>,
    pub outline: Outline,
    pub diagnostics: Vec<Diagnostic>,
    /// Each secret that connections and the identity provider need, with what to say if it is not set.
    pub secrets: Vec<(String, Diagnostic)>,
}

impl Config {
    /// Whether people of this role have to have a second factor.
    pub fn requires_factor(&self, role: botswain_views::Role) -> bool {
        let console = self.console.as_ref();
        console.is_some_and(|it| it.second_factor.contains(&role))
    }

    /// Whether what one author writes is activated by another.
    pub fn asks_four_eyes(&self) -> bool {
        let console = self.console.as_ref();
        let activation = console.and_then(|it| it.activation.as_ref());
        activation.is_some_and(|it| !it.self_approval)
    }

    /// The identity provider by which people sign in.
    pub fn sign_in(&self) -> Option<&SignIn> {
        self.console.as_ref()?.sign_in.as_ref()
    }

    /// Reads the text of the file. `kinds` are the known kinds of connection; paths are
    /// relative to `folder`.
    pub fn read(text: &str, kinds: &[ConnectionSpec], folder: &Path) -> Reading {
        let document = match Document::parse(CONFIG_FILE, text) {
            Ok(document) => document,
            Err(diagnostics) => {
                let outline = Outline::of(&Value::Null, false, kinds);
                return Reading::of(None, outline, diagnostics);
            }
        };
        let mut diagnostics = check::shape(&document, kinds);
        diagnostics.extend(document.warnings.iter().cloned());
        let config = match diagnostics.iter().any(is_error) {
            true => None,
            false => decode(&document, &mut diagnostics),
        };
        if let Some(config) = &config {
            diagnostics.extend(check::meaning(config, &document, folder));
        }
        let outline = Outline::of(&document.value, config.is_some(), kinds);
        Reading {
            secrets: check::secrets(&document, kinds),
            ..Reading::of(config, outline, diagnostics)
        }
    }

    /// The JSON Schema for editors, with the settings of each kind of connection.
    pub fn schema(kinds: &[ConnectionSpec]) -> Value {
        let mut schema = schema_for!(Config).to_value();
        let mut definitions = Map::new();
        let entries = kinds.iter().map(|kind| {
            let mut entry = (kind.settings)().to_value();
            hoist(&mut entry, kind.kind, &mut definitions);
            with_common_keys(entry, kind.kind)
        });
        let connection = json!({ "oneOf": entries.collect::<Vec<_>>() });
        schema["$defs"]["ConnectionConfig"] = connection;
        for (name, definition) in definitions {
            schema["$defs"][name] = definition;
        }
        schema
    }
}

impl Reading {
    fn of(config: Option<Config>, outline: Outline, mut diagnostics: Vec<Diagnostic>) -> Reading {
        diagnostics.sort_by_key(|found| found.span.0);
        let config = config.filter(|_| !diagnostics.iter().any(is_error));
        Reading {
            config,
            outline,
            diagnostics,
            secrets: Vec::new(),
        }
    }
}

impl Outline {
    /// `sound` says that the file has the right shape, so that what is not there is not meant.
    fn of(value: &Value, sound: bool, kinds: &[ConnectionSpec]) -> Outline {
        let written = value["connections"].as_object();
        let known = |entry: &Value| {
            let spec = kinds.iter().find(|spec| entry["kind"] == spec.kind)?;
            Some(spec.kind.to_owned())
        };
        let connections: BTreeMap<_, _> = written
            .into_iter()
            .flatten()
            .filter_map(|(name, entry)| Some((name.clone(), known(entry)?)))
            .collect();
        let all = written.is_some_and(|written| written.len() == connections.len());
        let groups = value["groups"].as_object();
        let timezone = value["timezone"].as_str();
        let timezone = timezone.filter(|zone| jiff::tz::TimeZone::get(zone).is_ok());
        Outline {
            connections,
            more_connections: !sound && !all,
            limits: value["limits"]
                .as_object()
                .map(|limits| limits.keys().cloned().collect())
                .unwrap_or_default(),
            groups: groups.into_iter().flat_map(Map::keys).cloned().collect(),
            more_groups: !sound && groups.is_none(),
            webhooks: !value["webhooks"].is_null(),
            roots: roots(&value["roots"]),
            timezone: timezone.map_or_else(utc, str::to_owned),
        }
    }
}

/// The folders under `roots`; none when they are no list of texts.
fn roots(written: &Value) -> Option<Vec<PathBuf>> {
    match written {
        Value::Null => Some(Vec::new()),
        Value::Array(roots) => {
            let folders = roots.iter().map(|root| root.as_str().map(PathBuf::from));
            folders.collect()
        }
        _ => None,
    }
}

fn is_error(found: &Diagnostic) -> bool {
    found.severity == Severity::Error
}

/// What passed the schema fits the types; a gap between the two is told all the same.
fn decode(document: &Document<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<Config> {
    match serde_path_to_error::deserialize(&document.value) {
        Ok(config) => Some(config),
        Err(err) => {
            let pieces = err.path().iter().filter_map(|piece| match piece {
                serde_path_to_error::Segment::Map { key } => Some(super::yaml::escape(key)),
                serde_path_to_error::Segment::Seq { index } => Some(index.to_string()),
                _ => None,
            });
            let pointer: String = pieces.map(|piece| format!("/{piece}")).collect();
            let message = err.inner().to_string();
            diagnostics.push(check::misfit(document, &pointer, message));
            None
        }
    }
}

/// Moves the definitions of a kind's settings to where all kinds share one place.
fn hoist(entry: &mut Value, kind: &str, definitions: &mut Map<String, Value>) {
    let local = entry.as_object_mut().and_then(|map| map.remove("$defs"));
    rename_references(entry, kind);
    if let Some(Value::Object(local)) = local {
        for (name, mut definition) in local {
            rename_references(&mut definition, kind);
            definitions.insert(format!("{kind}.{name}"), definition);
        }
    }
}

fn rename_references(schema: &mut Value, kind: &str) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get_mut("$ref") {
                *target = target.replace("#/$defs/", &format!("#/$defs/{kind}."));
            }
            map.values_mut()
                .for_each(|value| rename_references(value, kind));
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| rename_references(item, kind)),
        _ => (),
    }
}

/// A kind's settings with the keys that every connection has.
fn with_common_keys(mut settings: Value, kind: &str) -> Value {
    let common = ConnectionConfig::common_keys(json!({ "const": kind }));
    if let Value::Object(common) = common {
        for (key, schema) in common {
            settings["properties"][key] = schema;
        }
    }
    match settings["required"].as_array_mut() {
        Some(required) => required.push(json!("kind")),
        None => settings["required"] = json!(["kind"]),
    }
    settings
}

impl ConnectionConfig {
    fn common_keys(kind: Value) -> Value {
        let mut keys = bearing::schemas();
        keys["kind"] = kind;
        keys
    }
}

/// The common keys are split off by hand: with serde's `flatten` errors lose their place.
impl<'de> Deserialize<'de> for ConnectionConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ConnectionConfig, D::Error> {
        let mut settings = Map::deserialize(from)?;
        let kind = settings.remove("kind");
        let kind = kind.as_ref().and_then(Value::as_str);
        let kind = kind.ok_or_else(|| D::Error::missing_field("kind"))?;
        let sessions = match settings.remove("sessions") {
            None => 1,
            Some(value) => value
                .as_u64()
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| D::Error::custom("`sessions` is a whole number"))?,
        };
        let per_minute = match settings.remove("per_minute") {
            None => None,
            Some(value) => Some(
                value
                    .as_u64()
                    .and_then(|count| u32::try_from(count).ok())
                    .ok_or_else(|| D::Error::custom("`per_minute` is a whole number"))?,
            ),
        };
        let breaker = settings.remove("breaker").unwrap_or_default();
        let breaker = Breaker::read(&breaker).map_err(D::Error::custom)?;
        Ok(ConnectionConfig {
            kind: kind.to_owned(),
            sessions,
            per_minute,
            breaker,
            settings,
        })
    }
}

impl JsonSchema for ConnectionConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConnectionConfig".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": ConnectionConfig::common_keys(json!({ "type": "string" })),
            "required": ["kind"],
        })
    }
}

/// Shows no values: a password may have been written into the file.
impl fmt::Debug for ConnectionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&String> = self.settings.keys().collect();
        f.debug_struct("ConnectionConfig")
            .field("kind", &self.kind)
            .field("sessions", &self.sessions)
            .field("per_minute", &self.per_minute)
            .field("breaker", &self.breaker)
            .field("settings", &keys)
            .finish()
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

#[cfg(test)]
mod tests;
