//! Everything that can be wrong in `botswain.yaml`.
//!
//! [`shape`] looks at the value as it was written, [`meaning`] at what it says:
//! zones, folders and names that must exist. Each finds all it can, never the
//! first alone.

use std::{convert::Infallible, net::SocketAddr, path::Path};

use botswain_bot::ConnectionSpec;
use botswain_core::diagnostic::Diagnostic;
use schemars::schema_for;
use serde_json::{Map, Value};

use super::{
    Config, SignIn, bearing,
    fields::{self, Field},
    problems::{self, Problem, suggest},
    sign_in,
};
use crate::instance::{
    secrets,
    yaml::{Document, Words, escape},
};

/// Keys, types and secrets, of the file and of each connection's settings.
pub(super) fn shape(document: &Document<'_>, kinds: &[ConnectionSpec]) -> Vec<Diagnostic> {
    let empty = Value::Object(Map::new());
    // An empty file is an empty map, so that what is missing is named.
    let value = match &document.value {
        Value::Null => &empty,
        value => value,
    };
    let found = problems::find(&schema_for!(Config).to_value(), value);
    let found = found.into_iter().map(|problem| kinds_told(problem, kinds));
    let mut found: Vec<_> = place(document, "", found.collect()).collect();
    for (name, entry) in value["connections"].as_object().into_iter().flatten() {
        let pointer = format!("/connections/{}", escape(name));
        if !secrets::is_name(name) {
            let message = format!("`{name}` is not a name for a connection");
            let hint = "use up to 63 lower-case letters, digits, `-` and `_`";
            let words = Words::error("config.name", message).hint(hint);
            found.push(document.at_key(&pointer, words));
        }
        found.extend(connection(document, &pointer, entry, kinds));
        found.extend(bearing::breaker(document, &pointer, entry));
    }
    found.extend(bearing::limits(document));
    let settings = value.pointer(SIGN_IN).unwrap_or(&Value::Null);
    let schema = schema_for!(SignIn).to_value();
    found.extend(texts((document, SIGN_IN), &schema, settings));
    found
}

/// Where the identity provider stands in the file.
const SIGN_IN: &str = "/console/sign_in";

/// What is wrong with the texts of the settings at a place.
fn texts(
    (document, pointer): (&Document<'_>, &str),
    schema: &Value,
    settings: &Value,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let walked = fields::map(schema, settings, &mut |field| {
        let place = format!("{pointer}{}", field.pointer);
        found.extend(text(&field).map(|words| document.at_value(&place, words)));
        Ok::<_, Infallible>(String::new())
    });
    drop(walked);
    found
}

fn kinds_told(problem: Problem, kinds: &[ConnectionSpec]) -> Problem {
    if !problem.lacks_kind() {
        return problem;
    }
    let names: Vec<String> = kinds.iter().map(|it| format!("`{}`", it.kind)).collect();
    problem.hinted(format!("add `kind: …`, one of {}", names.join(", ")))
}

fn place(
    document: &Document<'_>,
    base: &str,
    problems: Vec<Problem>,
) -> impl Iterator<Item = Diagnostic> {
    problems.into_iter().map(move |problem| {
        let pointer = format!("{base}{}", problem.pointer);
        // What is missing from an entry is told at the entry's name.
        match problem.key || problem.words.is_missing() {
            true => document.at_key(&pointer, problem.words),
            false => document.at_value(&pointer, problem.words),
        }
    })
}

fn connection(
    document: &Document<'_>,
    pointer: &str,
    entry: &Value,
    kinds: &[ConnectionSpec],
) -> Vec<Diagnostic> {
    // A missing kind and what is no map have been told already.
    let (Some(map), Some(kind)) = (entry.as_object(), entry["kind"].as_str()) else {
        return Vec::new();
    };
    let Some(spec) = kinds.iter().find(|spec| spec.kind == kind) else {
        let known = || kinds.iter().map(|spec| spec.kind);
        let meant = usual(kind).filter(|meant| known().any(|kind| kind == *meant));
        let hint = match meant {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None => suggest(kind, known()),
        };
        let words = Words::error("config.kind", format!("there is no kind `{kind}`"));
        return vec![document.at_value(&format!("{pointer}/kind"), words.maybe_hint(hint))];
    };
    let common = |key: &String| bearing::COMMON.contains(&key.as_str());
    let settings = map.iter().filter(|(key, _)| !common(key));
    let settings = settings
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let schema = (spec.settings)().to_value();
    let problems = problems::find(&with_common(&schema), &settings);
    let mut found: Vec<_> = place(document, pointer, problems).collect();
    found.extend(texts((document, pointer), &schema, &settings));
    let capabilities = entry
        .pointer("/browser/capabilities")
        .and_then(Value::as_object);
    for name in capabilities.into_iter().flat_map(Map::keys) {
        if let Err((message, hint)) = botswain_bots::browser::check_capability(name) {
            let place = format!("{pointer}/browser/capabilities/{}", escape(name));
            let words = Words::error("config.value", message).maybe_hint(hint);
            found.push(document.at_key(&place, words));
        }
    }
    found
}

/// The settings of a kind and those of every connection: either can be meant by a misspelt one.
fn with_common(schema: &Value) -> Value {
    let mut schema = schema.clone();
    for key in bearing::COMMON {
        schema["properties"][key] = Value::Bool(true);
    }
    schema
}

/// The kind for which people try this word, however little the two look alike.
fn usual(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "http" | "https" | "rest" | "api" | "browser" | "website" => Some("web"),
        "mail" | "email" | "e-mail" => Some("smtp"),
        _ => None,
    }
}

/// The secrets that connections and the identity provider need, each with what to say if it is not
/// set.
pub(super) fn secrets(
    document: &Document<'_>,
    kinds: &[ConnectionSpec],
) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    let entries = document.value["connections"].as_object();
    for (name, entry) in entries.into_iter().flatten() {
        let Some(spec) = kinds.iter().find(|spec| entry["kind"] == spec.kind) else {
            continue;
        };
        let pointer = format!("/connections/{}", escape(name));
        found.extend(named(document, &pointer, &(spec.settings)().to_value()));
    }
    found.extend(named(document, SIGN_IN, &schema_for!(SignIn).to_value()));
    found
}

/// The secrets that the settings at a place name.
fn named(document: &Document<'_>, pointer: &str, schema: &Value) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    let settings = document.value.pointer(pointer).unwrap_or(&Value::Null);
    let walked = fields::map(schema, settings, &mut |field| {
        let secret = secrets::referred(field.text).filter(|_| field.format == Some("secret"));
        found.extend(secret.map(|secret| {
            let place = format!("{pointer}{}", field.pointer);
            let message = format!("the secret `{secret}` is not set");
            let words = Words::warning("config.secret_unset", message);
            let words = words.hint(format!("run `botswain secret set {secret}`"));
            (secret.to_owned(), document.at_value(&place, words))
        }));
        Ok::<_, Infallible>(String::new())
    });
    drop(walked);
    found
}

/// What is wrong with one text among the settings.
fn text(field: &Field<'_>) -> Option<Words> {
    let name = field.pointer.rsplit('/').next().unwrap_or_default();
    let secret = field.format == Some("secret");
    match (secret, secrets::referred(field.text)) {
        (true, Some(_)) => None,
        (false, Some(_)) => Some(
            Words::error(
                "config.secret",
                format!("`{name}` is shown to people and takes no secret"),
            )
            .hint("write its value here"),
        ),
        (_, None) if field.text.contains("{{") => Some(
            Words::error("config.template", "there are no templates in botswain.yaml").hint(
                "only `{{secrets.name}}` can stand here, as the whole text of a secret field",
            ),
        ),
        (true, None) => Some(
            Words::warning(
                "config.plain_secret",
                format!("`{name}` stands here for all to read"),
            )
            .hint("run `botswain secret set NAME` and write `\"{{secrets.NAME}}\"`"),
        ),
        (false, None) if field.format == Some("uri") => {
            let wrong = botswain_bots::web::check_address(field.text).err()?;
            let hint = "write it like `https://office.example.com`";
            Some(Words::error("config.address", wrong).hint(hint))
        }
        (false, None) => None,
    }
}

/// Zones, folders and names.
pub(super) fn meaning(config: &Config, document: &Document<'_>, folder: &Path) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if config.name.trim().is_empty() {
        let words = Words::error("config.value", "the name is empty");
        found.push(document.at_value("/name", words));
    }
    if jiff::tz::TimeZone::get(&config.timezone).is_err() {
        let message = format!("there is no zone `{}`", config.timezone);
        let words = Words::error("config.timezone", message);
        found.push(document.at_value("/timezone", words.hint(zone_hint(&config.timezone))));
    }
    for (index, root) in config.roots.iter().enumerate() {
        if !folder.join(root).is_dir() {
            let message = format!("there is no folder `{}`", root.display());
            let words = Words::error("config.root", message).hint("make it, or correct its name");
            found.push(document.at_value(&format!("/roots/{index}"), words));
        }
    }
    found.extend(webhooks(config, document));
    found.extend(console(config, document));
    if let Some(console) = &config.console {
        found.extend(sign_in::check(console, document));
    }
    found.extend(notify(config, document));
    found.extend(addresses(config, document));
    found.extend(groups(config, document));
    found
}

/// Zones are called after places; people know the place and forget the continent.
fn zone_hint(zone: &str) -> String {
    let place = zone.replace(' ', "_").to_lowercase();
    let is_meant = |name: &str| {
        let last = name.rsplit('/').next().unwrap_or_default();
        last.to_lowercase() == place
    };
    let names = jiff::tz::db().available();
    let mut meant = names
        .map(|name| name.to_string())
        .filter(|name| is_meant(name));
    match meant.next() {
        Some(name) => format!("did you mean `{name}`?"),
        None => "zones are called after places, as `Europe/Berlin`, or `UTC`".to_owned(),
    }
}

fn groups(config: &Config, document: &Document<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, people) in &config.groups {
        let pointer = format!("/groups/{}", escape(name));
        if !secrets::is_name(name) {
            let message = format!("`{name}` is not a name for a group");
            let hint = "use up to 63 lower-case letters, digits, `-` and `_`";
            let words = Words::error("config.name", message).hint(hint);
            found.push(document.at_key(&pointer, words));
        }
        if people.is_empty() {
            let message = format!("nobody is in the group `{name}`");
            let words = Words::error("config.group", message);
            found.push(document.at_key(&pointer, words.hint("name the address of somebody")));
        }
        let wrong = people.iter().enumerate().filter_map(|(index, address)| {
            let fault = botswain_bots::mail::check_address(name, address).err()?;
            let words = Words::error("config.address", fault.message).maybe_hint(fault.hint);
            Some(document.at_value(&format!("{pointer}/{index}"), words))
        });
        found.extend(wrong);
    }
    found
}

fn addresses(config: &Config, document: &Document<'_>) -> Vec<Diagnostic> {
    let Some(notify) = &config.notify else {
        return Vec::new();
    };
    let to = notify.to.iter().enumerate();
    let to = to.map(|(index, text)| ("to", format!("/notify/to/{index}"), text));
    let from = notify.from.iter();
    let from = from.map(|text| ("from", "/notify/from".to_owned(), text));
    let wrong = to.chain(from).filter_map(|(field, pointer, text)| {
        let fault = botswain_bots::mail::check_address(field, text).err()?;
        let words = Words::error("config.address", fault.message).maybe_hint(fault.hint);
        Some(document.at_value(&pointer, words))
    });
    wrong.collect()
}

fn webhooks(config: &Config, document: &Document<'_>) -> Option<Diagnostic> {
    let listen = &config.webhooks.as_ref()?.listen;
    let words = match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => return None,
        Ok(_) => {
            let message = format!("`{listen}` takes webhooks from other machines, not encrypted");
            Words::warning("config.listen", message)
                .hint("listen at `127.0.0.1`, and let a proxy with TLS hand over what comes")
        }
        Err(_) => {
            let message = format!("`{listen}` is no address to listen at");
            Words::error("config.listen", message)
                .hint("write an address of this machine and a port, as in `127.0.0.1:8090`")
        }
    };
    Some(document.at_value("/webhooks/listen", words))
}

/// Passwords and orders go over the line, so other machines need encryption.
fn console(config: &Config, document: &Document<'_>) -> Option<Diagnostic> {
    let console = config.console.as_ref()?;
    let listen = &console.listen;
    let words = match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() || console.tls.is_some() => return None,
        Ok(_) => {
            let message = format!("`{listen}` is open to other machines, not encrypted");
            Words::error("config.listen", message)
                .hint("give it `tls: { certificate: FILE, key: FILE }`, or listen at `127.0.0.1`")
        }
        Err(_) => {
            let message = format!("`{listen}` is no address to listen at");
            Words::error("config.listen", message)
                .hint("write an address of this machine and a port, as in `127.0.0.1:8080`")
        }
    };
    Some(document.at_value("/console/listen", words))
}

fn notify(config: &Config, document: &Document<'_>) -> Option<Diagnostic> {
    let name = &config.notify.as_ref()?.connection;
    let words = match config.connections.get(name) {
        None => Words::error(
            "config.connection",
            format!("there is no connection `{name}`"),
        )
        .hint(
            suggest(name, config.connections.keys().map(String::as_str))
                .unwrap_or_else(|| "name it under `connections:`".to_owned()),
        ),
        Some(connection) if connection.kind != "smtp" => {
            let message = format!("connection `{name}` is of kind `{}`", connection.kind);
            Words::error("config.connection", message).hint("mails need one of kind `smtp`")
        }
        Some(_) => return None,
    };
    Some(document.at_value("/notify/connection", words))
}

/// A value that the schema let pass and the types did not.
pub(super) fn misfit(document: &Document<'_>, pointer: &str, message: String) -> Diagnostic {
    document.at_value(pointer, Words::error("config.value", message))
}
