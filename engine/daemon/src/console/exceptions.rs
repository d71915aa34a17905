//! The inbox, and one exception.

use axum::{
    Extension, Form, Json,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use botswain_console::Draft;
use botswain_core::ExceptionId;
use botswain_views::{Decision, InboxQuery};

use super::{Visit, again, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{Problem, decisions, precondition::IfMatch, rights::Reach, routes},
    daemon::Handle,
};

/// The fields of an address that propose for the others what has worked for one.
const PROPOSAL: [&str; 2] = ["name", "value"];

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
    let (proposed, fields): (Vec<_>, Vec<_>) = fields
        .into_iter()
        .partition(|(name, _)| PROPOSAL.contains(&name.as_str()));
    let proposed = Fields::new(proposed);
    let proposal = proposed.get(PROPOSAL[0]).zip(proposed.get(PROPOSAL[1]));
    let text = serde_urlencoded::to_string(&fields).unwrap_or_default();
    let query: InboxQuery = serde_urlencoded::from_str(&text).map_err(|error| {
        let problem = Problem::not_found("the inbox has no such part").detail(error.to_string());
        visit.problem(&problem)
    })?;
    let (asked, limit) = (query.clone(), query.limit.unwrap_or(PAGE).clamp(1, 500));
    let read = async {
        let reader = Reach::of(&handle, &principal).await?.reader();
        routes::inbox_page(&handle, asked, (reader, limit)).await
    };
    let Json(inbox) = read.await.map_err(|problem| visit.problem(&problem))?;
    let frame = visit.placed(inbox.counts).await;
    Ok(html(botswain_console::inbox(
        &frame, &query, &inbox, proposal,
    )))
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
    let read = match &visit.principal {
        Some(principal) => routes::detail_for(handle, principal, id).await,
        None => routes::detail(handle, id).await,
    };
    match read {
        Ok(detail) => {
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
    let Ok(detail) = routes::detail(&handle, id).await else {
        // Somebody else was first.
        return page(&handle, &visit, id, None).await;
    };
    let form = Fields::new(fields.clone());
    let taken = async {
        let resolving = form.resolving(&detail, &visit.zone())?;
        let decision = resolving.decision.clone();
        let asked = (id, IfMatch::of_form(form.get("seen")));
        decisions::decide(&handle, &principal, asked, resolving).await?;
        Ok::<_, Problem>(decision)
    };
    match taken.await {
        Ok(decision) if !closes(&decision) => {
            Redirect::to(&format!("/exceptions/{id}")).into_response()
        }
        Ok(decision) if detail.others > 0 => {
            let cause = detail.exception.fingerprint.as_str().to_owned();
            let mut pairs = vec![("show", "oldest".to_owned()), ("fingerprint", cause)];
            pairs.extend(proposal(&decision));
            let query = serde_urlencoded::to_string(&pairs).unwrap_or_default();
            Redirect::to(&format!("/inbox?{query}")).into_response()
        }
        Ok(_) => Redirect::to("/inbox").into_response(),
        Err(problem) => {
            let error = visit.line(&problem);
            page(&handle, &visit, id, Some(Draft { error, fields })).await
        }
    }
}

/// What the others may need too: a correction of one value.
fn proposal(decision: &Decision) -> Vec<(&'static str, String)> {
    let Decision::Edit(edits) = decision else {
        return Vec::new();
    };
    match (edits.len(), edits.first()) {
        (1, Some((name, value))) => {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            vec![(PROPOSAL[0], name.clone()), (PROPOSAL[1], text)]
        }
        _ => Vec::new(),
    }
}

/// Whether somebody has nothing more to do with it.
fn closes(decision: &Decision) -> bool {
    decision.lets_go_on() || matches!(decision, Decision::Snooze { .. })
}
