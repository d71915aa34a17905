//! One request and its answer, as a step wants them.

use std::{borrow::Cow, collections::BTreeMap};

use botswain_bot::{Context, Fault};
use botswain_core::Hash;
use indexmap::IndexMap;
use reqwest::{
    Method, Request, Response, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use super::{
    Answer, Timeout,
    body::{self, Media},
    client::{Client, is_reserved, shown},
    status::Verdict,
};

/// How much of an unexpected answer a message shows.
const SHOWN: usize = 500;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a step asks for, of either bot.
pub(super) struct Exchange {
    pub(super) method: Method,
    pub(super) path: Option<String>,
    pub(super) url: Option<String>,
    pub(super) query: IndexMap<String, Value>,
    pub(super) headers: IndexMap<String, String>,
    pub(super) body: Option<Body>,
    /// The good statuses; every 2xx when empty.
    pub(super) expect: Vec<u16>,
    pub(super) timeout: Timeout,
    pub(super) save: bool,
}

pub(super) enum Body {
    Json(Value),
    Form(IndexMap<String, Value>),
    Text(String),
}

impl Exchange {
    /// Sends it and waits for the whole answer, or until the time is over.
    pub(super) async fn run(&self, client: &Client, context: &Context) -> Result<Answer, Fault> {
        let request = self.request(client, context)?;
        let place = shown(request.url());
        tokio::select! {
            done = self.exchange(client, request, context) => done,
            () = tokio::time::sleep(self.timeout.to_std()) => Err(context.reached(Fault::system(
                "http.timeout",
                format!("`{place}` did not answer within {}", self.timeout),
            ))),
            () = context.cancelled() => Err(context.reached(Fault::system(
                "step.cancelled",
                format!("the request to `{place}` was cut short"),
            ))),
        }
    }

    async fn exchange(
        &self,
        client: &Client,
        request: Request,
        context: &Context,
    ) -> Result<Answer, Fault> {
        if !self.method.is_safe() {
            context.begin_effect().await?;
        }
        let follow = self.method == Method::GET
            && !self.expect.iter().any(|status| (300..400).contains(status));
        let sent = client.send(request, follow).await;
        let response = sent.map_err(|failure| match failure.sent {
            true => context.reached(failure.fault),
            false => failure.fault,
        })?;
        match self.is_good(response.status().as_u16()) {
            true => self
                .answer(response, client, context)
                .await
                .map_err(|fault| context.reached(fault)),
            false => Err(self.unexpected(response, client, context).await),
        }
    }

    fn is_good(&self, status: u16) -> bool {
        match self.expect.is_empty() {
            true => (200..300).contains(&status),
            false => self.expect.contains(&status),
        }
    }

    /// The answer; some servers send back the login that they were sent, which nobody is to read.
    async fn answer(
        &self,
        response: Response,
        client: &Client,
        context: &Context,
    ) -> Result<Answer, Fault> {
        let mut answer = Answer {
            status: response.status().as_u16(),
            headers: headers(response.headers(), client),
            body: Value::Null,
            file: None,
        };
        let media = Media::of(&response);
        if self.save {
            answer.file = Some(body::save(response, &media, context).await?);
            return Ok(answer);
        }
        let (place, name) = (shown(response.url()), media.file_name(&response));
        let content = body::whole(response, body::MAX_INLINE).await?;
        match body::value(&content, &media, &place)? {
            Some(value) => answer.body = client.echoes.mask_value(&value),
            None => answer.file = Some(context.keep(&name, media.as_str(), &content)?),
        }
        Ok(answer)
    }

    /// The fault of an answer that is not a good one, with its body as evidence.
    async fn unexpected(&self, response: Response, client: &Client, context: &Context) -> Fault {
        let (status, headers) = (response.status(), response.headers().clone());
        let place = shown(response.url());
        let media = Media::of(&response);
        let name = media.file_name(&response);
        let mut content = body::beginning(response, body::MAX_EVIDENCE).await;
        let text = media.text(&content).unwrap_or_default();
        let masked = match content.len() < body::MAX_EVIDENCE {
            true => client.secrets.mask(&text),
            false => Cow::Owned(client.secrets.mask_cut(&text)),
        };
        // Of what is no text, or has nothing to hide, each byte is kept.
        if let Cow::Owned(masked) = &masked
            && !text.is_empty()
        {
            content = masked.clone().into_bytes();
        }
        let text: String = masked.trim().chars().take(SHOWN).collect();
        let colon = if text.is_empty() { "" } else { ": " };
        let message = format!(
            "`{} {place}` was answered {status}{colon}{text}",
            self.method
        );
        let verdict = Verdict::of(status);
        let mut fault = verdict.fault(status, message, &headers);
        if !content.is_empty() {
            match context.keep(&name, media.as_str(), &content) {
                Ok(kept) => fault = fault.with_artifact(kept),
                // The fault itself matters more than its evidence.
                Err(err) => tracing::warn!(%err, "the answer of a failed request is not kept"),
            }
        }
        match verdict.is_doubtful() {
            true => context.reached(fault),
            false => fault,
        }
    }

    fn request(&self, client: &Client, context: &Context) -> Result<Request, Fault> {
        let mut request = Request::new(self.method.clone(), self.target(client)?);
        if let Some(body) = &self.body {
            let (media, content) = body.encode()?;
            request
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
            *request.body_mut() = Some(content.into());
        }
        if !self.method.is_safe() {
            request
                .headers_mut()
                .insert(IDEMPOTENCY_KEY, key(&context.attempt.idempotency_key));
        }
        for (name, value) in &self.headers {
            let (name, value) = pair(name, value)?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    fn target(&self, client: &Client) -> Result<Url, Fault> {
        let mut url = match (&self.path, &self.url) {
            (Some(path), None) => client.below_home(path)?,
            (None, Some(url)) => absolute(url)?,
            _ => {
                return Err(Fault::business(
                    "step.parameters",
                    "a request has exactly one of `path` and `url`",
                )
                .hint("`path` goes below the connection's address, `url` is a whole one"));
            }
        };
        let pairs = pairs("query", &self.query)?;
        if !pairs.is_empty() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        Ok(url)
    }
}

impl Body {
    fn encode(&self) -> Result<(&'static str, Vec<u8>), Fault> {
        Ok(match self {
            Body::Json(value) => ("application/json", value.to_string().into_bytes()),
            Body::Text(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
            Body::Form(fields) => {
                let mut form = Url::parse("http://form/")
                    .map_err(|err| Fault::business("http.url", err.to_string()))?;
                form.query_pairs_mut().extend_pairs(pairs("form", fields)?);
                let content = form.query().unwrap_or_default().to_owned();
                ("application/x-www-form-urlencoded", content.into_bytes())
            }
        })
    }
}

fn absolute(text: &str) -> Result<Url, Fault> {
    let wrong = |why: &str| Fault::business("http.url", format!("`{text}` {why}"));
    let url = Url::parse(text).map_err(|err| wrong(&format!("is not a URL: {err}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("is not an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // The text would show the password.
        return Err(Fault::business("http.url", "the URL holds a login")
            .hint("put the login under `auth` of a connection"));
    }
    Ok(url)
}

/// Names and values as text: a list gives its name several times, null gives nothing.
fn pairs(what: &str, fields: &IndexMap<String, Value>) -> Result<Vec<(String, String)>, Fault> {
    let mut pairs = Vec::new();
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            match value {
                Value::Null => (),
                Value::String(text) => pairs.push((name.clone(), text.clone())),
                Value::Bool(_) | Value::Number(_) => pairs.push((name.clone(), value.to_string())),
                Value::Array(_) | Value::Object(_) => {
                    return Err(Fault::business(
                        "step.parameters",
                        format!("`{name}` under `{what}` is neither text nor a number"),
                    ));
                }
            }
        }
    }
    Ok(pairs)
}

fn pair(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Fault> {
    let wrong = |why: &str| Fault::business("http.header", format!("the header `{name}` {why}"));
    let key: HeaderName = name.parse().map_err(|_| wrong("has no valid name"))?;
    if is_reserved(&key) {
        return Err(wrong("is set by the client itself"));
    }
    let value = HeaderValue::from_str(value)
        .map_err(|_| wrong("has a value with a line break or another control character"))?;
    Ok((key, value))
}

/// The attempt's key as a header; one that would not fit there is hashed, the same each time.
fn key(key: &str) -> HeaderValue {
    let fits = key.len() <= 255
        && key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let text = if fits {
        key.to_owned()
    } else {
        Hash::of(key.as_bytes()).to_string()
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("invalid"))
}

/// The headers as later steps see them; cookies are secrets and stay here.
fn headers(headers: &HeaderMap, client: &Client) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| *name != header::SET_COOKIE)
    {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = client.echoes.mask(&value);
        let entry = all.entry(name.to_string());
        entry
            .and_modify(|there| there.extend([", ", &*value]))
            .or_insert_with(|| value.into_owned());
    }
    all
}
