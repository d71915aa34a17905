//! `Idempotency-Key`: a change that is asked for again is answered again, and done once.
//!
//! Whoever does not hear the answer asks again with the same key. What the key
//! stands for is written down before anything is done and again with the answer,
//! so also the next daemon knows it: where the answer is missing it does nothing,
//! for an effect that may have taken place is never repeated on a guess.

mod answers;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, response},
    middleware::Next,
    response::{IntoResponse, Response},
};
use botswain_core::Hash;

pub use self::answers::Answers;
use self::answers::{Answer, Asked, Ended, Known};
use super::{Problem, access::whole};
use crate::{
    accounts::Principal,
    daemon::{Handle, SELF},
};

/// The header that names a change.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// That an answer is one from before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key.
pub(super) const LONGEST: usize = 255;

/// What is sent holds passwords, or what is answered a token, of which not even a hash is to be on
/// the disk. A person or a token is added once anyway.
const UNWRITTEN: [&str; 2] = ["/api/v1/people", "/api/v1/tokens"];

/// Around what a route does, for those who may take it.
pub(crate) async fn once(State(handle): State<Handle>, request: Request, next: Next) -> Response {
    match asked(request).await {
        Ok((None, request)) => next.run(request).await,
        Ok((Some(asked), request)) => {
            // What was begun is brought to its end, also when whoever asked goes away.
            let doing = tokio::spawn(known_or_done(handle, asked, request, next));
            let done = doing.await.map_err(Problem::internal).flatten();
            done.unwrap_or_else(Problem::into_response)
        }
        Err(problem) => problem.into_response(),
    }
}

/// What is asked for under which key, if there is one.
async fn asked(request: Request) -> Result<(Option<Asked>, Request), Problem> {
    let Some(key) = key(request.headers())? else {
        return Ok((None, request));
    };
    let (parts, body) = request.into_parts();
    let body = whole(&parts, body).await?;
    // Whoever has looked again since asks for something else.
    let seen = parts.headers.get(header::IF_MATCH);
    let seen = seen.map_or(&b""[..], HeaderValue::as_bytes);
    let mut text = format!("{} {}\0", parts.method, parts.uri).into_bytes();
    for part in [seen, b"\0", &body] {
        text.extend_from_slice(part);
    }
    let principal = parts.extensions.get::<Principal>();
    let asked = Asked {
        by: principal.map(who).unwrap_or_default(),
        key,
        what: Hash::of(&text),
        is_written: !UNWRITTEN.iter().any(|it| parts.uri.path().starts_with(it)),
    };
    Ok((Some(asked), Request::from_parts(parts, Body::from(body))))
}

/// A token may less than its person, so it is not told what they were. Over the socket it is always the
/// same one, for whose name is looked up each time may have none once.
fn who(principal: &Principal) -> String {
    if principal.is_local() {
        return SELF.to_owned();
    }
    match &principal.token {
        Some(token) => format!("{} {token}", principal.name),
        None => principal.name.clone(),
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = headers.get(KEY) else {
        return Ok(None);
    };
    let is_key = |key: &str| (1..=LONGEST).contains(&key.len());
    let fits = |key: &&str| is_key(key) && key.bytes().all(|it| it.is_ascii_graphic());
    match key.to_str().ok().filter(fits) {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "idempotency.key",
            "this cannot be an `Idempotency-Key`",
        )
        .detail("it is 1 to 255 visible characters of ASCII, such as a UUID")),
    }
}

async fn known_or_done(
    handle: Handle,
    asked: Asked,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    match handle.answers.begin(asked.clone()).await? {
        None => (),
        Some(Known::Answer(answer)) => return Ok(again(answer)),
        Some(Known::UnderWay) => {
            let title = "the first request with this `Idempotency-Key` is still under way";
            return Err(conflict("idempotency.busy", title).detail("ask again in a moment"));
        }
        Some(Known::Unknown) => {
            let title = "nobody knows what came of the first request with this `Idempotency-Key`";
            let problem = conflict("idempotency.unknown", title);
            return Err(problem.detail(
                "the daemon ended meanwhile, or the answer was too large to be kept; see whether \
                 it was done, and ask under another key if not",
            ));
        }
        Some(Known::Other) => {
            let title = "this `Idempotency-Key` stands for another request";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let problem = Problem::new(status, "idempotency.reused", title);
            return Err(problem.detail("another request has another key"));
        }
    }
    match answered(request, next).await {
        Ok((mut parts, body)) => {
            let ended = Ended::of(parts.status, &parts.headers, &body);
            handle.answers.end(asked, ended).await;
            parts.headers.remove(header::TRANSFER_ENCODING);
            Ok(Response::from_parts(parts, Body::from(body)))
        }
        Err(problem) => {
            handle.answers.end(asked, Ended::Unknown).await;
            Err(problem)
        }
    }
}

/// What the route answers. A task of its own: its panic is to cost nobody the key.
async fn answered(request: Request, next: Next) -> Result<(response::Parts, Bytes), Problem> {
    let doing = tokio::spawn(async move {
        let (parts, body) = next.run(request).await.into_parts();
        to_bytes(body, usize::MAX).await.map(|body| (parts, body))
    });
    let done = doing.await.map_err(Problem::internal)?;
    done.map_err(Problem::internal)
}

fn again(answer: Answer) -> Response {
    let mut response = answer.into_response();
    let yes = HeaderValue::from_static("true");
    response.headers_mut().insert(REPLAYED, yes);
    response
}

fn conflict(code: &str, title: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code, title)
}
