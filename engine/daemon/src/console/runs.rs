//! Runs, and one of them.

use axum::{
    Extension, Form, Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use botswain_core::RunId;

use super::{Visit, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{Cancelling, Problem, RunsQuery, decisions, extract, routes},
    daemon::Handle,
};

/// How many stand on a page.
const PAGE: usize = 50;

pub(super) async fn list(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let form = Fields::new(fields);
    let state = form.given("state");
    let query = RunsQuery {
        workflow: form.given("workflow").map(str::to_owned),
        state: state.and_then(|it| serde_json::from_value(it.into()).ok()),
        before: form.given("before").and_then(|it| it.parse().ok()),
        limit: Some(PAGE),
    };
    let narrowed = (query.workflow.clone(), query.state);
    match routes::runs(State(handle), extract::Query(query)).await {
        Ok(Json(runs)) => {
            let last = runs.last().filter(|_| runs.len() == PAGE);
            let next = last.map(|run| run.id.number());
            let narrowed = (narrowed.0.as_deref(), narrowed.1);
            let frame = visit.counted().await;
            html(botswain_console::runs(&frame, narrowed, (&runs, next)))
        }
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn show(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(run): Path<RunId>,
) -> Response {
    match routes::run(State(handle), extract::Path(run)).await {
        Ok(Json(detail)) => html(botswain_console::run(&visit.counted().await, &detail)),
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
