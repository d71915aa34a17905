//! The inbox, and one exception.

use axum::{
    Extension, Form, Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use botswain_console::Draft;
use botswain_core::ExceptionId;
use botswain_views::{Decision, InboxQuery};
use jiff::Timestamp;

use super::{Visit, again, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{Problem, decisions, routes},
    daemon::Handle,
};

/// How many stand on a page.
const PAGE: usize = 50;

pub(super) async fn inbox(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Response, Response> {
    // A field of the form that was left empty is none.
    let fields: Vec<_> = fields
        .into_iter()
        .filter(|(_, it)| !it.trim().is_empty())
        .collect();
    let text = serde_urlencoded::to_string(&fields).unwrap_or_default();
    let query: InboxQuery = serde_urlencoded::from_str(&text).map_err(|error| {
        let problem = Problem::not_found("the inbox has no such part").detail(error.to_string());
        visit.problem(&problem)
    })?;
    let (asked, limit) = (query.clone(), query.limit.unwrap_or(PAGE).clamp(1, 500));
    let read = routes::reading(&handle, move |parts| {
        parts.inbox(&asked, (&principal.name, limit), Timestamp::now())
    });
    let Json(inbox) = read.await.map_err(|problem| visit.problem(&problem))?;
    let frame = visit.frame(inbox.counts);
    Ok(html(botswain_console::inbox(&frame, &query, &inbox)))
}

pub(super) async fn show(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<ExceptionId>,
) -> Response {
    page(&handle, &visit, id, None).await
}

/// The page, with what was written into a form that could not be taken.
async fn page(handle: &Handle, visit: &Visit, id: ExceptionId, draft: Option<Draft>) -> Response {
    let frame = visit.counted().await;
    match routes::exception(State(handle.clone()), Path(id)).await {
        Ok(Json(detail)) => {
            let page = botswain_console::exception(&frame, &detail, draft.as_ref());
            if draft.is_some() {
                again(page)
            } else {
                html(page)
            }
        }
        Err(problem) => match handle.closed.of(id) {
            Some(it) => {
                let closing = (it.by.as_str(), it.at, &it.resolution);
                html(botswain_console::closed(&frame, (id, &it.run), closing))
            }
            None => visit.problem(&problem),
        },
    }
}

/// Takes the decision that a form makes; what does not fit is told where it was written.
pub(super) async fn decide(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<ExceptionId>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let Ok(Json(detail)) = routes::exception(State(handle.clone()), Path(id)).await else {
        // Somebody else was first.
        return page(&handle, &visit, id, None).await;
    };
    let form = Fields::new(fields.clone());
    let taken = async {
        let resolving = form.resolving(&detail, &visit.zone())?;
        let stays = !closes(&resolving.decision);
        decisions::decide(&handle, &principal, id, resolving).await?;
        Ok::<_, Problem>(stays)
    };
    match taken.await {
        Ok(true) => Redirect::to(&format!("/exceptions/{id}")).into_response(),
        Ok(false) if detail.others > 0 => {
            let cause = detail.exception.fingerprint.as_str();
            Redirect::to(&format!("/inbox?show=oldest&fingerprint={cause}")).into_response()
        }
        Ok(false) => Redirect::to("/inbox").into_response(),
        Err(problem) => {
            let error = match problem.detail {
                Some(detail) => format!("{}: {detail}", problem.title),
                None => problem.title,
            };
            page(&handle, &visit, id, Some(Draft { error, fields })).await
        }
    }
}

/// Whether somebody has nothing more to do with it.
fn closes(decision: &Decision) -> bool {
    decision.lets_go_on() || matches!(decision, Decision::Snooze { .. })
}
