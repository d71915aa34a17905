//! The bad days of an office, by the count of requests and so repeatable.
//!
//! Every n-th request is slow: half of the delay passes before anything has
//! happened, half after, so a caller who gives up cannot know whether it did.
//! The n-th request of a kind is answered with 503 before it is looked at; only
//! kinds that may be sent again can be told to.

use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::desk::Desk;
use super::page;

/// A kind of request that is safe to send again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Opening the empty order form.
    Form,
    /// Any call below `/api` but the health check.
    Api,
}

/// The `nth` request of a kind (from 1) is answered 503, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable {
    pub kind: Kind,
    pub nth: u64,
}

impl FromStr for Unavailable {
    type Err = String;

    /// `form:5` or `api:2`.
    fn from_str(text: &str) -> Result<Unavailable, String> {
        let refused = || format!("`{text}` is not `form:N` or `api:N`");
        let (kind, nth) = text.split_once(':').ok_or_else(refused)?;
        let kind = match kind {
            "form" => Kind::Form,
            "api" => Kind::Api,
            _ => return Err(refused()),
        };
        let nth = nth.parse().ok().filter(|nth| *nth > 0);
        Ok(Unavailable {
            kind,
            nth: nth.ok_or_else(refused)?,
        })
    }
}

/// What goes wrong, and when. The default is a perfect office.
#[derive(Clone, Debug, Default)]
pub struct Hiccups {
    /// Every so many requests one is slow; 0 is never.
    pub slow_every: u64,
    pub slow_for: Duration,
    pub unavailable: Vec<Unavailable>,
}

#[derive(Default)]
struct Counts {
    all: u64,
    form: u64,
    api: u64,
}

/// The plan and how far it has come.
pub(super) struct Weather {
    plan: Hiccups,
    counts: Mutex<Counts>,
}

enum Turn {
    Smooth,
    Slow(Duration),
    Unavailable,
}

impl Weather {
    pub(super) fn new(plan: Hiccups) -> Weather {
        let counts = Mutex::default();
        Weather { plan, counts }
    }

    fn turn(&self, kind: Option<Kind>) -> Turn {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all += 1;
        let nth = match kind {
            Some(Kind::Form) => {
                counts.form += 1;
                counts.form
            }
            Some(Kind::Api) => {
                counts.api += 1;
                counts.api
            }
            None => 0,
        };
        let refuses = |one: &Unavailable| Some(one.kind) == kind && one.nth == nth;
        if self.plan.unavailable.iter().any(refuses) {
            return Turn::Unavailable;
        }
        match self.plan.slow_every {
            0 => Turn::Smooth,
            every if counts.all.is_multiple_of(every) => Turn::Slow(self.plan.slow_for),
            _ => Turn::Smooth,
        }
    }
}

/// The layer around all routes.
pub(super) async fn pass(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if uncounted(path) {
        return next.run(request).await;
    }
    let api = path.starts_with("/api/");
    match desk.weather.turn(kind(request.method(), path)) {
        Turn::Smooth => next.run(request).await,
        Turn::Slow(delay) => {
            tokio::time::sleep(delay / 2).await;
            let response = next.run(request).await;
            tokio::time::sleep(delay / 2).await;
            response
        }
        Turn::Unavailable => unavailable(api),
    }
}

/// What a browser or a watchdog asks for by itself would spoil the count.
fn uncounted(path: &str) -> bool {
    matches!(path, "/api/health" | "/customers" | "/favicon.ico")
}

fn kind(method: &Method, path: &str) -> Option<Kind> {
    match path {
        "/orders/new" if method == Method::GET => Some(Kind::Form),
        _ if path.starts_with("/api/") => Some(Kind::Api),
        _ => None,
    }
}

fn unavailable(api: bool) -> Response {
    let wait = [(header::RETRY_AFTER, "1")];
    if api {
        let body = Json(json!({ "error": "the office is busy, try again in a second" }));
        return (StatusCode::SERVICE_UNAVAILABLE, wait, body).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, wait, page::busy()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(plan: Hiccups, kinds: &[Option<Kind>]) -> String {
        let weather = Weather::new(plan);
        let letter = |kind: &Option<Kind>| match weather.turn(*kind) {
            Turn::Smooth => '.',
            Turn::Slow(_) => 's',
            Turn::Unavailable => 'x',
        };
        kinds.iter().map(letter).collect()
    }

    #[test]
    fn the_count_decides() {
        let plan = Hiccups {
            slow_every: 3,
            slow_for: Duration::from_millis(400),
            unavailable: vec!["form:2".parse().unwrap(), "api:1".parse().unwrap()],
        };
        let (form, api, other) = (Some(Kind::Form), Some(Kind::Api), None);
        let kinds = [form, other, other, form, api, form, api, form, form];
        assert_eq!(turns(plan, &kinds), "..sxxs..s");
        assert_eq!(turns(Hiccups::default(), &kinds), ".........");
    }

    #[test]
    fn saving_is_never_refused() {
        assert_eq!(kind(&Method::POST, "/orders/new"), None);
        assert_eq!(kind(&Method::GET, "/orders/new"), Some(Kind::Form));
        assert_eq!(kind(&Method::POST, "/api/orders"), Some(Kind::Api));
        assert!("save:1".parse::<Unavailable>().is_err());
        assert!("form:0".parse::<Unavailable>().is_err());
    }
}
