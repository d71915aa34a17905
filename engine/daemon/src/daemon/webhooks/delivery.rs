//! What is answered to a delivery: a run for it, once that is durable, or why there is none.
//!
//! Until a delivery has shown that it may be taken, its answers say nothing of
//! which paths there are: whatever is wrong with it, it is wrong alike for each.
//! A delivery with a key that was handed over before gives the run of then.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    body::{Body, Bytes},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use botswain_core::{
    Fault, Payload, RunId,
    engine::{
        NO_ROOM,
        event::{Happened, Happening, Reply, claim_key},
    },
    plan::{On, Proof, Webhook},
};
use futures_util::StreamExt;
use hyper::{Request, body::Incoming};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::{sync::Mutex, time::timeout};

use super::{SLOW, proof};
use crate::{api::Problem, daemon::Handle};

/// Where webhooks are, before their path.
const PREFIX: &str = "/webhooks/";

/// How long a body may be, in bytes.
const BODY: usize = 1024 * 1024;

/// How long a key may be, in bytes.
const KEY: usize = 255;

/// The header that tells a delivery from another, as in the draft of the IETF's HTTPAPI group.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Keys of values that refer to something of the instance.
const RESERVED: [&str; 3] = ["$artifact", "$secret", "$table"];

/// A webhook, and its workflow.
type Place = (String, Webhook);

#[derive(Clone)]
pub(super) struct Deliveries {
    handle: Handle,
    /// Deliveries with keys go one after the other at each path, so that the second one of two
    /// that come at once finds the run of the first.
    lines: Arc<Mutex<HashMap<String, Arc<Mutex<()>>>>>,
}

impl Deliveries {
    pub(super) fn new(handle: Handle) -> Deliveries {
        let lines = Arc::default();
        Deliveries { handle, lines }
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response {
        match self.taken(request).await {
            Ok((status, run)) => (status, Json(json!({ "run": run }))).into_response(),
            Err(problem) => problem.into_response(),
        }
    }

    async fn taken(&self, request: Request<Incoming>) -> Result<(StatusCode, RunId), Problem> {
        let (head, body) = request.into_parts();
        if head.method != Method::POST {
            let title = "a webhook takes POST and nothing else";
            let status = StatusCode::METHOD_NOT_ALLOWED;
            return Err(Problem::new(status, "webhook.method", title));
        }
        let body = whole(&head.headers, body).await?;
        let there = self.handle.clone();
        let found = tokio::task::spawn_blocking(move || {
            let place = allowed(&there, head.uri.path(), (&head.headers, &body));
            place.map(|place| (place, head.headers, body))
        });
        let found = found.await.map_err(Problem::internal)?;
        let ((workflow, webhook), headers, body) = found.ok_or_else(nobody)?;
        let data = data(&webhook, &headers, &body)?;
        let key = self.key(&webhook, &headers, &data).await?;
        let happening = |text: &str| Happening {
            key: format!("webhook {}, {text}", webhook.path),
            data,
        };
        match key {
            Some(key) => {
                let line = self.line(&webhook.path).await;
                let _turn = line.lock().await;
                let happening = happening(&key);
                match self.known(&workflow, &happening).await? {
                    Some(run) => Ok((StatusCode::OK, run)),
                    None => self.start(workflow, &webhook, happening).await,
                }
            }
            None => self.start(workflow, &webhook, happening(&once()?)).await,
        }
    }

    /// By what it is known again; the file's word goes before the header's, which no signature
    /// covers.
    async fn key(
        &self,
        webhook: &Webhook,
        headers: &HeaderMap,
        data: &IndexMap<String, Payload>,
    ) -> Result<Option<String>, Problem> {
        let bad = |title: String| Problem::new(StatusCode::BAD_REQUEST, "webhook.key", title);
        let key = match (&webhook.key, headers.get(IDEMPOTENCY_KEY)) {
            (Some(template), _) => {
                let (parts, template) = (self.handle.parts.clone(), template.clone());
                let of = (Timestamp::now(), data.clone());
                let rendered = tokio::task::spawn_blocking(move || {
                    parts.evaluator(|it| it.trigger_key(&template, (of.0, &of.1)))
                });
                let rendered = rendered.await.map_err(Problem::internal)?;
                let rendered = rendered.flatten();
                rendered.map_err(|fault| bad(format!("it has no key: {}", fault.message)))?
            }
            (None, Some(key)) => {
                let key = key
                    .to_str()
                    .map_err(|_| bad("its key is no text".to_owned()))?;
                key.trim().to_owned()
            }
            (None, None) => return Ok(None),
        };
        match key.len() {
            1..=KEY => Ok(Some(key)),
            _ => Err(bad(format!("a key has 1 to {KEY} bytes"))),
        }
    }

    async fn line(&self, path: &str) -> Arc<Mutex<()>> {
        let mut lines = self.lines.lock().await;
        lines.entry(path.to_owned()).or_default().clone()
    }

    /// The run for it, when there is one; with the same key and other content it is refused.
    async fn known(&self, workflow: &str, happening: &Happening) -> Result<Option<RunId>, Problem> {
        let claim = claim_key(workflow, None, &happening.key);
        let parts = self.handle.parts.clone();
        let held = tokio::task::spawn_blocking(move || parts.store.claim(&claim)).await;
        match held.map_err(Problem::internal)?? {
            Some(held) if held.data == happening.run_key().data => Ok(Some(held.run)),
            Some(held) => {
                let title = format!(
                    "run {} has this key, and was given something else",
                    held.run
                );
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let problem = Problem::new(status, "webhook.key", title);
                Err(problem.detail("give another key to what is another delivery"))
            }
            None => Ok(None),
        }
    }

    /// Whatever comes of it: what cannot be understood is a run that waits for a person.
    async fn start(
        &self,
        workflow: String,
        webhook: &Webhook,
        happening: Happening,
    ) -> Result<(StatusCode, RunId), Problem> {
        let trigger = On::Webhook(webhook.clone()).event().unwrap_or_default();
        let told = self.handle.happened(Happened {
            request: 0,
            workflow: workflow.clone(),
            trigger,
            at: Timestamp::now(),
            happening,
            fault: None,
        });
        match told.await? {
            Reply::Started { run } => {
                tracing::info!(%run, workflow, "starts for the webhook {}", webhook.path);
                Ok((StatusCode::ACCEPTED, run))
            }
            Reply::Refused { reason } if reason == NO_ROOM => Err(Problem::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "disk.full",
                reason,
            )),
            Reply::Refused { reason } => Err(Problem::from(Fault::system("webhook.later", reason))),
            Reply::Resolved => Err(Problem::internal(
                "a run was asked for, and none was answered",
            )),
        }
    }
}

/// What is answered to whoever may not know whether there is anything.
fn nobody() -> Problem {
    Problem::not_found("there is no such webhook, or this delivery does not show that it may")
}

/// The body, when it comes in time and is not too long.
async fn whole(headers: &HeaderMap, body: Incoming) -> Result<Bytes, Problem> {
    let too_long = || {
        let title = format!("a delivery is at most {} KiB long", BODY / 1024);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "webhook.size", title)
    };
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|it| it > BODY as u64) {
        return Err(too_long());
    }
    let reading = async {
        let (mut stream, mut whole) = (Body::new(body).into_data_stream(), Vec::new());
        while let Some(piece) = stream.next().await {
            let broken = |_| Problem::new(StatusCode::BAD_REQUEST, "webhook.body", "it broke off");
            let piece = piece.map_err(broken)?;
            if whole.len() + piece.len() > BODY {
                return Err(too_long());
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Bytes::from(whole))
    };
    let slow = |_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "webhook.slow",
            "it came too slowly",
        )
    };
    timeout(SLOW, reading).await.map_err(slow)?
}

/// The webhook at a path, for a delivery that may be taken. A path that is not there costs what
/// one with a wrong proof does.
fn allowed(handle: &Handle, path: &str, delivery: (&HeaderMap, &[u8])) -> Option<Place> {
    let found = path.strip_prefix(PREFIX).and_then(|it| place(handle, it));
    let nowhere = Proof::Token(String::new());
    let proof = found.as_ref().map_or(&nowhere, |(_, it)| &it.proof);
    let secret = handle.parts.secret(proof::secret_of(proof));
    if let (Err(fault), Some((_, webhook))) = (&secret, &found) {
        tracing::error!(
            "the webhook {} takes nothing: {}",
            webhook.path,
            fault.message
        );
    }
    // An empty secret is known to everybody.
    let known = secret.as_ref().is_ok_and(|it| !it.is_empty());
    let shown = proof::shows(proof, &secret.unwrap_or_default(), delivery);
    found.filter(|_| known && shown)
}

fn place(handle: &Handle, path: &str) -> Option<Place> {
    handle.workflows().iter().find_map(|version| {
        let triggers = version.plan.triggers.iter();
        let mut webhooks = triggers.filter_map(|it| match &it.on {
            On::Webhook(webhook) => Some(webhook),
            _ => None,
        });
        let webhook = webhooks.find(|it| it.path == path)?;
        Some((version.plan.name.clone(), webhook.clone()))
    })
}

/// What `trigger` has in the inputs of the run.
fn data(
    webhook: &Webhook,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<IndexMap<String, Payload>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    if !kind.is_some_and(|it| it.to_str().is_ok_and(is_json)) {
        let title = "a delivery is JSON, and says so in its Content-Type";
        let status = StatusCode::BAD_REQUEST;
        let problem = Problem::new(status, "webhook.body", title);
        return Err(problem.detail("send `Content-Type: application/json`"));
    }
    let body: Value = serde_json::from_slice(body).map_err(|err| {
        let title = format!("the body is no JSON: {err}");
        Problem::new(StatusCode::BAD_REQUEST, "webhook.body", title)
    })?;
    if let Some(name) = reserved(&body) {
        let title = format!("a delivery cannot name `{name}`: only this instance can");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "webhook.body", title));
    }
    let seen = webhook.headers.iter().map(|name| {
        let value = headers.get(name).and_then(|it| it.to_str().ok());
        (name.clone(), json!(value))
    });
    let seen: Map<String, Value> = seen.collect();
    let data = [("body", body), ("headers", Value::Object(seen))];
    let data = data.map(|(name, value)| (name.to_owned(), Payload::Inline(value)));
    Ok(data.into_iter().collect())
}

/// What within runs stands for a secret, a file or a table: whoever could hand that over would be
/// given what the name stands for.
fn reserved(value: &Value) -> Option<&str> {
    match value {
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            let is_reserved = RESERVED.contains(&key.as_str());
            is_reserved
                .then_some(key.as_str())
                .or_else(|| reserved(value))
        }),
        Value::Array(items) => items.iter().find_map(reserved),
        _ => None,
    }
}

/// `application/json`, or a kind of it such as `application/cloudevents+json`.
fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    kind.strip_prefix("application/")
        .is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// What no other delivery is called.
fn once() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Problem::internal)?;
    Ok(format!("delivery {:032x}", u128::from_ne_bytes(bytes)))
}
