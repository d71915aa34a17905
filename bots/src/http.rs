//! Bots for HTTP.
//!
//! `http.get` reads, `http.request` does anything. A step names a connection of the kind `web`
//! and a `path` below its address, or a whole `url` on the public Internet. A fault tells
//! whether the server may have acted: only then is the step in doubt.

mod body;
mod client;
mod exchange;
mod guard;
mod status;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use botswain_bot::{
    ArtifactRef, Bot, Context, Effect, Fault, KnownFault, Preview, PreviewKind, schema,
};
use botswain_core::duration::{self, Bounded};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::client::{Client, Home};
use self::exchange::{Body, Exchange};
use crate::web::Web;

/// Reads from a web server.
///
/// Redirects are followed. An answer of another status than expected is a fault.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// The path below the address of the connection; either this or `url`.
    pub path: Option<String>,
    /// A whole URL; either this or `path`.
    #[schemars(extend("format" = "uri"))]
    pub url: Option<String>,
    /// What is asked, as in `?status=open`; a list repeats the name, null leaves it out.
    #[serde(default)]
    pub query: IndexMap<String, Value>,
    /// Further headers of the request.
    #[serde(default)]
    #[schemars(extend("format" = "headers"))]
    pub headers: IndexMap<String, String>,
    /// The statuses of a good answer; every 2xx when absent.
    #[serde(default)]
    pub expect: Vec<u16>,
    /// How long the whole answer may take; one minute when absent.
    #[serde(default = "a_minute")]
    pub timeout: Timeout,
    /// Whether the answer is kept as a file instead of being read into `body`.
    #[serde(default)]
    pub save: bool,
}

/// Sends a request to a web server.
///
/// It carries an `Idempotency-Key`, the same for every attempt. POST and PATCH are done once,
/// PUT and DELETE may be repeated, GET and HEAD read only; `effect:` of the step says otherwise
/// where the server is of another kind.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is done.
    pub method: Method,
    /// The path below the address of the connection; either this or `url`.
    pub path: Option<String>,
    /// A whole URL; either this or `path`.
    #[schemars(extend("format" = "uri"))]
    pub url: Option<String>,
    /// What is asked, as in `?status=open`; a list repeats the name, null leaves it out.
    #[serde(default)]
    pub query: IndexMap<String, Value>,
    /// Further headers of the request.
    #[serde(default)]
    #[schemars(extend("format" = "headers"))]
    pub headers: IndexMap<String, String>,
    /// The body as JSON; at most one of `json`, `form` and `text`.
    pub json: Option<Value>,
    /// The body as the fields of a form.
    pub form: Option<IndexMap<String, Value>>,
    /// The body as it is; a `Content-Type` under `headers` says what it is.
    pub text: Option<String>,
    /// The statuses of a good answer; every 2xx when absent.
    #[serde(default)]
    pub expect: Vec<u16>,
    /// How long the whole answer may take; one minute when absent.
    #[serde(default = "a_minute")]
    pub timeout: Timeout,
    /// Whether the answer is kept as a file instead of being read into `body`.
    #[serde(default)]
    pub save: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// What the server answered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status, as in 200.
    pub status: u16,
    /// The headers, with names in lower case and without cookies.
    pub headers: BTreeMap<String, String>,
    /// The body: JSON as its value, text as text; null when it is empty or kept as a file.
    pub body: Value,
    /// The body as a file, when `save` is true or it is neither JSON nor text.
    #[schemars(schema_with = "schema::artifact_or_null")]
    pub file: Option<ArtifactRef>,
}

/// How long an answer may take; not no time at all.
pub type Timeout = Bounded<1, { duration::LONGEST }>;

fn a_minute() -> Timeout {
    Timeout::of_millis(60_000)
}

const FAULTS: &[KnownFault] = &[
    KnownFault::business(
        "http.status",
        "the server refuses the request, or answers another status than expected",
    ),
    KnownFault::business("http.body", "the answer says that it is JSON and is none"),
    KnownFault::business(
        "http.too_large",
        "the answer is larger than a step may take",
    ),
    KnownFault::business("http.redirects", "the server redirects more than 5 times"),
    KnownFault::business(
        "http.forbidden",
        "the address is of the house or of this machine, and no connection names it",
    ),
    KnownFault::business("http.url", "the URL or the path is none that can be asked"),
    KnownFault::business("http.header", "a header cannot be sent as it is"),
    KnownFault::system(
        "http.busy",
        "the server asks to come again later: 408, 425, 429 or 503",
    ),
    KnownFault::system("http.server", "the server failed: any other 5xx"),
    KnownFault::system(
        "http.unreachable",
        "no connection to the server could be made",
    ),
    KnownFault::system("http.timeout", "the answer was not whole within `timeout`"),
    KnownFault::system(
        "http.broken",
        "the connection broke before the answer was whole",
    ),
    KnownFault::system(
        "http.client",
        "no request can be made on this machine, as when it has no certificates",
    ),
    KnownFault::system("artifact.unwritable", "the answer cannot be kept as a file"),
];

impl Bot for Get {
    const NAME: &'static str = "http.get";
    const EXAMPLE: &'static str = "\
id: stock
bot: http.get
connection: backoffice
with:
  path: /api/stock
  query: { sku: \"{{line.sku}}\" }
";
    const CONNECTIONS: &'static [&'static str] = &["web"];
    const EXACTLY_ONE: &'static [&'static [&'static str]] = &[&["path", "url"]];
    const OF_CONNECTION: &'static [&'static str] = &["path"];
    const FAULTS: &'static [&'static [KnownFault]] = &[FAULTS];
    type Output = Answer;

    async fn run(self, context: &Context) -> Result<Answer, Fault> {
        let exchange = Exchange {
            method: reqwest::Method::GET,
            path: self.path,
            url: self.url,
            query: self.query,
            headers: self.headers,
            body: None,
            expect: self.expect,
            timeout: self.timeout,
            save: self.save,
        };
        perform(&exchange, context).await
    }
}

impl Bot for Request {
    const NAME: &'static str = "http.request";
    const EXAMPLE: &'static str = "\
id: place
bot: http.request
connection: supplier
with:
  method: POST
  path: /orders
  json: { reference: \"{{item.key}}\", quantity: \"{{line.quantity}}\" }
  expect: [201]
";
    const CONNECTIONS: &'static [&'static str] = &["web"];
    const EXACTLY_ONE: &'static [&'static [&'static str]] = &[&["path", "url"]];
    const OF_CONNECTION: &'static [&'static str] = &["path"];
    const EFFECTS: &'static [(Effect, &'static str)] = &[
        (Effect::None, "GET and HEAD"),
        (Effect::Repeatable, "PUT and DELETE"),
        (Effect::Once, "POST and PATCH"),
    ];
    const FAULTS: &'static [&'static [KnownFault]] = &[FAULTS];
    type Output = Answer;

    fn effect(&self) -> Effect {
        match self.method {
            Method::Get | Method::Head => Effect::None,
            Method::Put | Method::Delete => Effect::Repeatable,
            Method::Post | Method::Patch => Effect::Once,
        }
    }

    async fn run(self, context: &Context) -> Result<Answer, Fault> {
        let exchange = Exchange {
            method: self.method.word(),
            body: one_body(self.json, self.form, self.text)?,
            path: self.path,
            url: self.url,
            query: self.query,
            headers: self.headers,
            expect: self.expect,
            timeout: self.timeout,
            save: self.save,
        };
        perform(&exchange, context).await
    }

    async fn preview(self, context: &Context) -> Result<Option<Preview>, Fault> {
        let method = self.method.word();
        let place = self.path.or(self.url).unwrap_or_default();
        let mut head = vec![("Request", format!("{method} {place}"))];
        let connection = context.attempt.connection.clone();
        head.push(("Connection", connection.unwrap_or_default()));
        let query = self.query.iter();
        head.extend(query.map(|(name, value)| ("Query", format!("{name}={}", words(value)))));
        let headers = self.headers.iter();
        head.extend(headers.map(|(name, value)| ("Header", format!("{name}: {value}"))));
        let body = match one_body(self.json, self.form, self.text)? {
            None => String::new(),
            Some(Body::Text(text)) => text,
            Some(Body::Json(value)) => format!("{value:#}"),
            Some(Body::Form(fields)) => {
                let lines = fields.iter();
                let lines = lines.map(|(name, value)| format!("{name}={}", words(value)));
                lines.collect::<Vec<_>>().join("\n")
            }
        };
        Ok(Some(Preview::new(PreviewKind::Request, &head, &body)))
    }
}

/// A value as it stands in an address or a form.
fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

impl Method {
    fn word(self) -> reqwest::Method {
        match self {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        }
    }
}

fn one_body(
    json: Option<Value>,
    form: Option<IndexMap<String, Value>>,
    text: Option<String>,
) -> Result<Option<Body>, Fault> {
    match (json, form, text) {
        (None, None, None) => Ok(None),
        (Some(value), None, None) => Ok(Some(Body::Json(value))),
        (None, Some(fields), None) => Ok(Some(Body::Form(fields))),
        (None, None, Some(text)) => Ok(Some(Body::Text(text))),
        _ => Err(Fault::business(
            "step.parameters",
            "a request has at most one of `json`, `form` and `text`",
        )),
    }
}

/// Sends it by the step's connection, or by the client that has none.
async fn perform(exchange: &Exchange, context: &Context) -> Result<Answer, Fault> {
    static HOMELESS: LazyLock<Result<Client, Fault>> = LazyLock::new(|| Client::open(None));
    if context.attempt.connection.is_some() {
        let web: Arc<Web> = context.connection().await?;
        return exchange.run(&web.http, context).await;
    }
    match &*HOMELESS {
        Ok(client) => exchange.run(client, context).await,
        Err(fault) => Err(fault.clone()),
    }
}
