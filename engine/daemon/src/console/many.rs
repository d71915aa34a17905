//! One decision about many: first what will happen, then ten seconds to withdraw it.

use axum::{
    Extension, Form, Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use botswain_console::Preview;
use botswain_core::{ExceptionId, Hash};
use botswain_views::{Decision, ExceptionView, Role};

use super::{Visit, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{BulkRequest, Problem, bulk, extract, rights::Reach, routes},
    daemon::Handle,
    views::Sight,
};

/// The fields that say what is decided; the rest says about which.
const DECIDING: [&str; 7] = [
    "decision",
    "note",
    "until",
    "hours",
    "assignee",
    "edit_name",
    "edit_value",
];

type Pairs = Vec<(String, String)>;

pub(super) async fn of_cause(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(cause): Path<Hash>,
    Form(fields): Form<Pairs>,
) -> Response {
    preview(&handle, (&principal, &visit), Some(cause), fields).await
}

pub(super) async fn of_selection(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Form(fields): Form<Pairs>,
) -> Response {
    preview(&handle, (&principal, &visit), None, fields).await
}

/// What will happen to those that whoever asks may decide; how many others there are is told.
async fn preview(
    handle: &Handle,
    (principal, visit): (&Principal, &Visit),
    cause: Option<Hash>,
    fields: Pairs,
) -> Response {
    let shown = async {
        let reach = Reach::of(handle, principal).await?;
        let request = request(handle, (visit, reach.sight()), (cause, &fields)).await?;
        let mut exceptions: Vec<ExceptionView> = Vec::new();
        for id in bulk::meant(handle, reach.sight(), &request).await? {
            // One that was decided meanwhile is not among them.
            let read = routes::reading(handle, move |parts| parts.exception_view(id));
            exceptions.extend(read.await?.0);
        }
        let found = exceptions.len();
        exceptions.retain(|it| reach.may(Role::Handler, &it.workflow));
        if exceptions.is_empty() && found > 0 {
            let title = format!("{} may not decide any of them", principal.name);
            return Err(Problem::new(StatusCode::FORBIDDEN, "access.role", title)
                .detail("it takes the role handler where their workflows lie"));
        }
        let left_out = found - exceptions.len();
        Ok::<_, Problem>((request, exceptions, left_out))
    };
    match shown.await {
        Ok((_, exceptions, _)) if exceptions.is_empty() => {
            let problem = Problem::not_found("nothing is chosen that could be decided");
            visit.problem(&problem)
        }
        Ok((request, exceptions, left_out)) => {
            let kept = |(name, _): &&(String, String)| DECIDING.contains(&name.as_str());
            let fields: Pairs = fields.iter().filter(kept).cloned().collect();
            let preview = Preview {
                decision: &request.decision,
                note: request.note.as_deref(),
                exceptions: &exceptions,
                left_out: left_out as u64,
                fields: &fields,
            };
            html(botswain_console::preview(&visit.counted().await, &preview))
        }
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn start(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Form(fields): Form<Pairs>,
) -> Response {
    let begun = async {
        let sight = Reach::of(&handle, &principal).await?.sight();
        let request = request(&handle, (&visit, sight), (None, &fields)).await?;
        bulk::ask(&handle, &principal, request).await
    };
    match begun.await {
        Ok(view) => Redirect::to(&format!("/bulk/{}", view.id)).into_response(),
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn show(
    State(handle): State<Handle>,
    principal: Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<u64>,
) -> Response {
    match bulk::show(State(handle), principal, extract::Path(id)).await {
        Ok(Json(view)) => html(botswain_console::bulk(&visit.counted().await, &view)),
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn withdraw(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(id): Path<u64>,
) -> Response {
    match bulk::take_back(&handle, &principal, id).await {
        Ok(view) => Redirect::to(&format!("/bulk/{}", view.id)).into_response(),
        Err(problem) => visit.problem(&problem),
    }
}

async fn request(
    handle: &Handle,
    (visit, sight): (&Visit, Sight),
    (cause, fields): (Option<Hash>, &Pairs),
) -> Result<BulkRequest, Problem> {
    let form = Fields::new(fields.clone());
    let chosen = form.all("exception").filter_map(|it| it.parse().ok());
    let mut request = BulkRequest {
        exceptions: chosen.map(ExceptionId).collect(),
        fingerprint: cause,
        assignee: form.given("of").map(str::to_owned),
        decision: Decision::Retry,
        did_not_happen: form.get("decision") == Some("did_not"),
        by: String::new(),
        note: form.note(),
    };
    request.decision = match form.get("decision") {
        Some("edit") => {
            let first = bulk::meant(handle, sight, &request)
                .await?
                .into_iter()
                .next();
            let first = first.ok_or_else(|| Problem::not_found("nothing is chosen"))?;
            let detail = routes::detail(handle, first).await?;
            form.correction(detail.item.as_ref().unwrap_or(&detail.inputs))?
        }
        _ => form.plain(&visit.zone())?,
    };
    Ok(request)
}
