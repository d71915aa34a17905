//! `ETag` and `If-Match`: nobody decides on what somebody else has changed meanwhile.
//!
//! The tag of an exception counts what people have decided and said about its
//! step. Decisions about one exception take turns, so that between the look at
//! the tag and the decision nobody acts.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use botswain_core::ExceptionId;
use botswain_views::{DecisionView, ExceptionDetail};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use super::{Closing, Problem};

/// As many decisions can be under way at a time.
const PLACES: usize = 64;

/// The turns of those who decide about the same exception.
pub struct Turns([Mutex<()>; PLACES]);

impl Default for Turns {
    fn default() -> Turns {
        Turns(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Turns {
    /// Waits for it; others may share the place, which costs time alone.
    pub(super) async fn of(&self, id: ExceptionId) -> MutexGuard<'_, ()> {
        let place = usize::try_from(id.0 % PLACES as u64).unwrap_or_default();
        self.0[place].lock().await
    }
}

/// An answer with its tag.
pub(crate) struct Tagged<T>(pub(crate) T, String);

/// One exception with the tag that it has now.
pub(super) fn tagged(detail: ExceptionDetail) -> Tagged<ExceptionDetail> {
    let tag = tag(&detail);
    Tagged(detail, tag)
}

/// What is known by a tag of its own.
pub(super) fn tagged_by<T>(value: T, tag: &str) -> Tagged<T> {
    Tagged(value, format!("\"{tag}\""))
}

fn tag(detail: &ExceptionDetail) -> String {
    format!("\"{}\"", detail.history.len())
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let Tagged(value, tag) = self;
        let mut answer = Json(value).into_response();
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            answer.headers_mut().insert(header::ETAG, tag);
        }
        answer
    }
}

/// The tags of which one has to be the present one; none when it does not matter.
#[derive(Default)]
pub(crate) struct IfMatch(Option<Vec<String>>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<IfMatch, Problem> {
        let mut given = parts.headers.get_all(header::IF_MATCH).iter().peekable();
        if given.peek().is_none() {
            return Ok(IfMatch(None));
        }
        let texts = given.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        let texts: Vec<String> = texts.collect();
        let tags = texts.iter().flat_map(|it| it.split(','));
        Ok(IfMatch(Some(tags.map(|it| it.trim().to_owned()).collect())))
    }
}

impl IfMatch {
    /// What a form has seen; one that does not say so is taken as things stand.
    pub(crate) fn of_form(seen: Option<&str>) -> IfMatch {
        IfMatch(seen.map(|seen| vec![format!("\"{seen}\"")]))
    }

    /// Refuses what is decided on another state of things than that of now.
    pub(super) fn holds(&self, detail: &ExceptionDetail) -> Result<(), Problem> {
        let now = tag(detail);
        let fits = |tags: &Vec<String>| tags.iter().any(|it| *it == now || it == "*");
        match &self.0 {
            Some(tags) if !fits(tags) => Err(stale(detail, tags)),
            _ => Ok(()),
        }
    }

    /// Refuses to write over a text that whoever writes has not looked at, by the tag that it has
    /// now, if it is there.
    pub(super) fn fits(&self, now: Option<&str>) -> Result<(), Problem> {
        let title = match (&self.0, now) {
            (None, None) => return Ok(()),
            (Some(tags), Some(now)) => {
                let tag = format!("\"{now}\"");
                if tags.iter().any(|it| *it == tag || it == "*") {
                    return Ok(());
                }
                "the file was changed since it was looked at"
            }
            (None, Some(_)) => "the file is there already",
            (Some(_), None) => "the file is not there any more",
        };
        let detail = "look at it as it is now, and send its `ETag` as `If-Match`";
        Err(Problem::new(StatusCode::PRECONDITION_FAILED, "workflow.changed", title).detail(detail))
    }

    /// Refuses what is decided about something that is decided already.
    pub(super) fn holds_closed(
        &self,
        id: ExceptionId,
        closing: Option<Closing>,
    ) -> Result<(), Problem> {
        match (&self.0, closing) {
            (Some(_), Some(closing)) => {
                let title = format!("exception {id} was decided by {}", closing.by);
                let detail = format!("what came of it is in run {}", closing.run);
                Err(failed(title).detail(detail))
            }
            _ => Ok(()),
        }
    }
}

/// Who has acted since the state that somebody looked at.
fn stale(detail: &ExceptionDetail, tags: &[String]) -> Problem {
    let id = detail.exception.id;
    let seen = tags
        .iter()
        .filter_map(|it| it.trim_matches('"').parse::<usize>().ok());
    let since = seen
        .max()
        .and_then(|seen| detail.history.get(seen..))
        .unwrap_or_default();
    let title = match since.last() {
        Some(last) => format!("{} has acted on exception {id} since", last.by),
        None => format!("exception {id} was never as `If-Match` says"),
    };
    let acts: Vec<String> = since.iter().map(act).collect();
    let again = "read it again, and decide on what it says now";
    match acts.as_slice() {
        [] => failed(title).detail(again),
        acts => failed(title).detail(format!("{}; {again}", acts.join(", "))),
    }
}

/// `snooze by ben at 2026-03-29T14:00:00Z`
fn act(decision: &DecisionView) -> String {
    let name = match serde_json::to_value(&decision.resolution) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(map)) => map.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    format!("{name} by {} at {:.0}", decision.by, decision.at)
}

fn failed(title: String) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, "exception.changed", title)
}
