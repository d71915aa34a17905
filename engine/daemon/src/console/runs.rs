//! Runs, and one of them.

use axum::{
    Extension, Form, Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use botswain_console::RunsFilter;
use botswain_core::{RunId, StepId};
use botswain_views::{Counts, ReplayRequest, ReplayVersion};
use jiff::civil::Date;

use super::{Visit, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{
        Cancelling, ItemsQuery, Problem, RunsQuery, decisions,
        extract::{self, JsonBody},
        replay,
        rights::Reach,
        routes,
    },
    daemon::Handle,
    evidence,
};

/// How many stand on a page.
const PAGE: usize = 50;

/// How many are looked at for one page when a key is looked for.
const LOOKED: usize = 5_000;

pub(super) async fn list(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let form = Fields::new(fields);
    let state = form.given("state");
    let day = |name| form.given(name).and_then(|it| it.parse::<Date>().ok());
    let filter = RunsFilter {
        workflow: form.given("workflow").map(str::to_owned),
        state: state.and_then(|it| serde_json::from_value(it.into()).ok()),
        key: form.given("key").map(str::to_owned),
        from: day("from"),
        to: day("to"),
        before: form.given("before").and_then(|it| it.parse().ok()),
    };
    let query = RunsQuery {
        workflow: filter.workflow.clone(),
        state: filter.state,
        key: filter.key.clone(),
        since: filter.from.and_then(|day| visit.start_of(day)),
        until: filter.to.and_then(|day| visit.end_of(day)),
        before: filter.before,
        limit: Some(PAGE),
    };
    let read = async {
        let reach = Reach::of(&handle, &principal).await?;
        let page = routes::runs_page(&handle, query, (reach.sight(), LOOKED)).await?;
        Ok::<_, Problem>((reach.names(&handle), page.0))
    };
    match read.await {
        Ok((known, page)) => {
            let frame = visit.counted().await;
            let found = (&page.runs[..], page.next);
            html(botswain_console::runs(&frame, (&filter, &known), found))
        }
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn show(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(run): Path<RunId>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    // Where the facts on the page begin.
    let from = Fields::new(fields)
        .given("facts")
        .and_then(|it| it.parse().ok());
    match routes::run(State(handle), extract::Path(run)).await {
        Ok(Json(detail)) => {
            let frame = visit.counted().await;
            html(botswain_console::run(&frame, &detail, from.unwrap_or(0)))
        }
        Err(problem) => visit.problem(&problem),
    }
}

/// The items of one of its loops.
pub(super) async fn items(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path((run, step)): Path<(RunId, StepId)>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let from = Fields::new(fields)
        .given("from")
        .and_then(|it| it.parse().ok());
    let query = ItemsQuery {
        from,
        limit: Some(PAGE),
    };
    let path = extract::Path((run.clone(), step.clone()));
    match routes::items(State(handle), path, extract::Query(query)).await {
        Ok(Json(items)) => {
            let last = items.last().filter(|_| items.len() == PAGE);
            let next = last.map(|it| it.id.index() + 1);
            let frame = visit.counted().await;
            html(botswain_console::items(
                &frame,
                (&run, &step),
                (&items, next),
            ))
        }
        Err(problem) => visit.problem(&problem),
    }
}

/// Everything that happened in it, to be kept.
pub(super) async fn evidence(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(run): Path<RunId>,
) -> Response {
    let frame = visit.frame(Counts::default());
    let sent = evidence::send(handle, &principal, (frame, run)).await;
    sent.unwrap_or_else(|problem| visit.problem(&problem))
}

/// Plays it again; the page says what differs.
pub(super) async fn replay(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(run): Path<RunId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let version = match Fields::new(fields).given("version") {
        Some("pinned") => ReplayVersion::Pinned,
        _ => ReplayVersion::Current,
    };
    let body = JsonBody(ReplayRequest { version });
    match replay::replay(State(handle), extract::Path(run), body).await {
        Ok(Json(replay)) => html(botswain_console::replay(&visit.counted().await, &replay)),
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn cancel(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(run): Path<RunId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let cancelling = Cancelling {
        by: String::new(),
        note: Fields::new(fields).note(),
    };
    let ended: Result<(), Problem> =
        decisions::end(&handle, &principal, run.clone(), cancelling).await;
    match ended {
        Ok(()) => Redirect::to(&format!("/runs/{run}")).into_response(),
        Err(problem) => visit.problem(&problem),
    }
}
