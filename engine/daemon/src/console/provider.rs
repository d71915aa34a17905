//! Signing in by the identity provider: the way there, and back.
//!
//! Both are links, so that they work without scripts and whatever the provider
//! sends a browser through. What was begun comes back in a cookie that no script
//! reads and that is taken away once it is over. Whoever is let in, and whoever is
//! not, stands in the audit, before anything is changed; codes and tokens never.

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use botswain_views::Act;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Visit,
    account::coded,
    session::{cookie, here, login_page, session_cookie},
};
use crate::{
    accounts::Arrival,
    api::{Problem, access},
    audit::{Answered, Asked, short},
    daemon::Handle,
    provider::{Brought, LASTS, Provider, Trouble},
};

const THERE: &str = "GET /login/provider";
const BACK: &str = "GET /login/callback";

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// Sends somebody to the provider.
pub(super) async fn begin(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Query(Next { next }): Query<Next>,
) -> Response {
    let Some(provider) = visit.guard.provider.clone() else {
        return none(&visit);
    };
    if let Err(refusal) = handle.accounts.admits_arrival(visit.address()) {
        return failed(&visit, &next, refusal.into()).await;
    }
    match provider.begin(here(&next)).await {
        Ok(begun) => {
            let seconds = u32::try_from(LASTS.as_secs()).ok();
            let cookie = attempt_cookie(&visit, &begun.cookie, seconds);
            let there = Redirect::to(&begun.address);
            (AppendHeaders([(header::SET_COOKIE, cookie)]), there).into_response()
        }
        Err(trouble) => {
            let problem = turned_away(&handle, &visit, (THERE, &provider, trouble)).await;
            failed(&visit, &next, problem).await
        }
    }
}

/// Lets somebody in whom the provider sends back.
pub(super) async fn come_back(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Query(brought): Query<Brought>,
) -> Response {
    let Some(provider) = visit.guard.provider.clone() else {
        return none(&visit);
    };
    if let Err(refusal) = handle.accounts.admits_arrival(visit.address()) {
        return failed(&visit, "", refusal.into()).await;
    }
    let kept = access::cookie(&headers, &name(&visit)).unwrap_or_default();
    let there = visit.clone();
    // A browser that goes away cuts off nothing of what is written down about it.
    let ending = tokio::spawn(async move {
        let (who, next) = provider.end(&kept, brought).await;
        let entered = match who {
            Ok(arrival) => enter(&handle, &there, (&provider, &arrival)).await,
            Err(trouble) => Err(turned_away(&handle, &there, (BACK, &provider, trouble)).await),
        };
        (entered, next)
    });
    let ended = ending.await;
    let (entered, next) =
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    match entered {
        Ok(session) => {
            let cookies = [
                (header::SET_COOKIE, attempt_cookie(&visit, "", Some(0))),
                (header::SET_COOKIE, session_cookie(&visit, &session, None)),
            ];
            (AppendHeaders(cookies), Redirect::to(here(&next))).into_response()
        }
        Err(problem) => failed(&visit, here(&next), problem).await,
    }
}

/// Writes down who is about to be let in, lets them in, and writes down how that ended.
async fn enter(
    handle: &Handle,
    visit: &Visit,
    (provider, arrival): (&Provider, &Arrival),
) -> Result<String, Problem> {
    let from = visit.address();
    // Who would get a name that another has is not that other.
    let (by, is_there) = match handle.accounts.name_of(arrival) {
        Ok((name, is_there)) => (name, is_there),
        Err(_) => (String::new(), true),
    };
    let mut with = said(provider);
    with.insert("role".to_owned(), arrival.role.name().to_owned());
    if !is_there {
        with.insert("account".to_owned(), "new".to_owned());
    }
    let asked = asked(visit, (BACK, by), with);
    let unwritten = |error: std::io::Error| {
        let title = format!("the audit cannot be written: {error}");
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "audit.unwritten", title)
            .detail("nothing was done; free some space, and ask again")
    };
    let of = handle.audit.asks(asked).await.map_err(unwritten)?;
    let entered = handle.accounts.arrive(arrival, from).map_err(Problem::from);
    match &entered {
        Ok(_) => {
            let provider = provider.name();
            tracing::info!(provider, %from, "signed in by the identity provider");
        }
        Err(problem) => tracing::warn!(
            provider = provider.name(),
            %from,
            "somebody could not sign in by the identity provider: {}",
            problem.title
        ),
    }
    ended(handle, of, entered.as_ref().err()).await;
    entered
}

/// Writes down that somebody was not let in.
async fn turned_away(
    handle: &Handle,
    visit: &Visit,
    (way, provider, trouble): (&str, &Provider, Trouble),
) -> Problem {
    if trouble.is_theirs() {
        handle.accounts.failed_arrival(visit.address());
    }
    let problem = trouble.told(provider.name());
    // As of all who have not signed in: so many in a minute.
    let Some(left_out) = handle.audit.takes_stranger(Timestamp::now()) else {
        return problem;
    };
    tell(visit, provider, &trouble);
    let mut with = said(provider);
    if left_out > 0 {
        with.insert("left_out".to_owned(), left_out.to_string());
    }
    match handle
        .audit
        .asks(asked(visit, (way, String::new()), with))
        .await
    {
        Ok(of) => ended(handle, of, Some(&problem)).await,
        Err(error) => tracing::error!("the audit cannot be written: {error}"),
    }
    problem
}

fn said(provider: &Provider) -> BTreeMap<String, String> {
    BTreeMap::from([("provider".to_owned(), short(provider.name()))])
}

fn asked(visit: &Visit, (way, by): (&str, String), with: BTreeMap<String, String>) -> Asked {
    Asked {
        by,
        from: visit.address().to_string(),
        act: Act::SignIn,
        way: way.to_owned(),
        on: String::new(),
        with,
    }
}

async fn ended(handle: &Handle, of: u64, problem: Option<&Problem>) {
    let answered = Answered {
        of,
        status: problem.map_or(StatusCode::SEE_OTHER.as_u16(), |it| it.status),
        problem: problem.map(|it| it.code.clone()),
        again: false,
    };
    if let Err(error) = handle.audit.ended(answered).await {
        tracing::error!(
            record = of,
            "the audit does not know how this ended: {error}"
        );
    }
}

/// For whoever looks after the machine: what people are not told, and no secret.
fn tell(visit: &Visit, provider: &Provider, trouble: &Trouble) {
    let (provider, from) = (provider.name(), visit.address());
    let why = short(&trouble.to_string());
    tracing::warn!(provider, %from, "nobody could sign in by the identity provider: {why}");
}

/// The page where they can try again, or sign in with a password.
async fn failed(visit: &Visit, next: &str, problem: Problem) -> Response {
    let why = visit.line(&problem);
    let page = login_page(visit, next, Some(&why)).await;
    let status = StatusCode::from_u16(problem.status);
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // Another tab may have begun one of its own meanwhile, which is in the cookie.
    let is_over = problem.code != "provider.attempt";
    let taken = is_over.then(|| (header::SET_COOKIE, attempt_cookie(visit, "", Some(0))));
    let answer = (status, AppendHeaders(taken), axum::response::Html(page));
    coded(answer.into_response(), problem)
}

fn none(visit: &Visit) -> Response {
    visit.problem(&Problem::not_found(
        "botswain.yaml names no identity provider",
    ))
}

fn name(visit: &Visit) -> String {
    format!("{}-sign-in", visit.guard.cookie)
}

fn attempt_cookie(visit: &Visit, value: &str, age: Option<u32>) -> String {
    cookie(visit, (&name(visit), value), age)
}
