//! Workflows: the list, one of them with the form that starts it, and the week.

use axum::{
    Extension, Form, Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use botswain_console::Draft;
use botswain_core::{ArtifactRef, RunId, plan::InputKind};
use botswain_views::{ProposalView, Role, WorkflowDetail};
use indexmap::IndexMap;
use jiff::{Timestamp, civil::Date};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{Visit, again, forms::Fields, html};
use crate::{
    accounts::Principal,
    api::{
        Problem, RunRequest,
        answer::Created,
        extract::{self, JsonBody},
        files,
        form::Sent,
        proposals,
        rights::Reach,
        routes, workflows,
    },
    daemon::Handle,
};

pub(super) async fn list(
    State(handle): State<Handle>,
    principal: Extension<Principal>,
    Extension(visit): Extension<Visit>,
) -> Response {
    match workflows::list(State(handle.clone()), principal.clone()).await {
        Ok(Json(all)) => {
            let frame = visit.counted().await;
            let waits = |Json(all): Json<Vec<ProposalView>>| !all.is_empty();
            let asks = handle.parts.config().asks_four_eyes()
                || proposals::list(State(handle), principal)
                    .await
                    .is_ok_and(waits);
            html(botswain_console::workflows(&frame, &all, asks))
        }
        Err(problem) => visit.problem(&problem),
    }
}

/// The page of a workflow; `again=RUN` fills its form with what that run was given.
pub(super) async fn show(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let form = Fields::new(fields);
    let run: Option<RunId> = form.given("again").and_then(|it| it.parse().ok());
    let detail = match workflows::show(State(handle.clone()), extract::Path(name)).await {
        Ok(Json(detail)) => detail,
        Err(problem) => return visit.problem(&problem),
    };
    let given = match run {
        Some(run) => given(&handle, &detail.workflow.name, run).await,
        None => Vec::new(),
    };
    let draft = Draft {
        error: String::new(),
        fields: given,
    };
    let proposal = match proposal(&handle, &visit, &detail).await {
        Ok(proposal) => proposal,
        Err(problem) => return visit.problem(&problem),
    };
    let frame = visit.counted().await;
    let shown = (&detail, proposal.as_ref());
    html(botswain_console::workflow(&frame, shown, &draft))
}

/// What is proposed for it, for those who may decide about that.
async fn proposal(
    handle: &Handle,
    visit: &Visit,
    detail: &WorkflowDetail,
) -> Result<Option<ProposalView>, Problem> {
    let name = &detail.workflow.name;
    let Some(principal) = &visit.principal else {
        return Ok(None);
    };
    match Reach::of(handle, principal).await?.may(Role::Author, name) {
        // What cannot be read now is told where the file is shown.
        true => Ok(proposals::of(handle, name).await.ok().flatten()),
        false => Ok(None),
    }
}

/// The inputs of a run of this workflow as the fields of the form have them.
async fn given(handle: &Handle, workflow: &str, run: RunId) -> Vec<(String, String)> {
    let Ok(Json(detail)) = routes::run(State(handle.clone()), extract::Path(run)).await else {
        return Vec::new();
    };
    if detail.run.workflow != workflow {
        return Vec::new();
    }
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let inputs = detail.inputs.as_object().into_iter().flatten();
    let field = |(name, value): (&String, &Value)| match ArtifactRef::from_value(value) {
        Some(file) => (format!("kept.{name}"), file.to_value().to_string()),
        None => (format!("input.{name}"), text(value)),
    };
    inputs.map(field).collect()
}

/// Starts a run with what the form says; what does not fit is told above it.
pub(super) async fn start(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
    sent: Result<Sent, Problem>,
) -> Response {
    let sent = match sent {
        Ok(sent) => sent,
        Err(problem) => return visit.problem(&problem),
    };
    let shown = workflows::show(State(handle.clone()), extract::Path(name.clone())).await;
    let detail = match shown {
        Ok(Json(detail)) => detail,
        Err(problem) => return visit.problem(&problem),
    };
    let (fields, refused) = with_files(&handle, sent).await;
    let form = Fields::new(fields.clone());
    let request = RunRequest {
        workflow: name,
        inputs: inputs(&detail, &form),
        key: form.given("key").map(str::to_owned),
        by: String::new(),
    };
    let started = match refused {
        Some(problem) => Err(problem),
        None => routes::start(State(handle), Extension(principal), JsonBody(request)).await,
    };
    match started {
        Ok(Created(started)) => Redirect::to(&format!("/runs/{}", started.run)).into_response(),
        Err(problem) => {
            let frame = visit.counted().await;
            let draft = Draft {
                error: visit.line(&problem),
                fields,
            };
            again(botswain_console::workflow(&frame, (&detail, None), &draft))
        }
    }
}

/// The fields of a form, with what stands for each file that came with it; and why one was not
/// taken. What was taken is shown again, whatever else is wrong.
async fn with_files(handle: &Handle, sent: Sent) -> (Vec<(String, String)>, Option<Problem>) {
    let Sent { mut fields, files } = sent;
    let (mut room, mut refused) = (files::LARGEST, None);
    for (field, upload) in files {
        let Some(input) = field.strip_prefix("upload.") else {
            continue;
        };
        let size = upload.content.len();
        if size > room {
            refused = Some(files::too_large(&upload.name));
            continue;
        }
        match files::keep(handle, upload).await {
            Ok(kept) => {
                room -= size;
                let (own, path) = (format!("kept.{input}"), format!("input.{input}"));
                // It takes the place of whatever was there.
                fields.retain(|(name, _)| *name != own && *name != path);
                fields.push((own, kept.to_value().to_string()));
            }
            Err(problem) => refused = Some(problem),
        }
    }
    (fields, refused)
}

/// A file that the form has sent before.
fn kept(form: &Fields, input: &str) -> Option<Value> {
    let kept = form.given(&format!("kept.{input}"))?;
    let kept = serde_json::from_str(kept).ok()?;
    Some(files::named(kept).to_value())
}

/// What was written, by input; the engine makes of a text what it stands for. A field that was
/// left empty says nothing, so a default counts.
fn inputs(detail: &WorkflowDetail, form: &Fields) -> IndexMap<String, Value> {
    let declared = detail.plan.iter().flat_map(|plan| &plan.inputs);
    let given = declared.filter_map(|(name, input)| {
        let field = format!("input.{name}");
        if input.kind == InputKind::File && form.given(&field).is_none() {
            return Some((name.clone(), kept(form, name)?));
        }
        let text = match input.kind {
            InputKind::Text => form.get(&field).filter(|it| !it.is_empty())?,
            _ => form.given(&field)?,
        };
        Some((name.clone(), Value::from(text.replace("\r\n", "\n"))))
    });
    given.collect()
}

/// Who asks for a workflow to be paused or to go on, and with which note.
pub(super) type Turn = (
    State<Handle>,
    Extension<Principal>,
    Extension<Visit>,
    Path<String>,
    Form<Vec<(String, String)>>,
);

/// Pauses it, with a note for others.
pub(super) async fn pause(turn: Turn) -> Response {
    turned(turn, workflows::pause).await
}

/// Lets it go on.
pub(super) async fn resume(turn: Turn) -> Response {
    turned(turn, workflows::resume).await
}

async fn turned<Done>(
    (handle, principal, visit, name, fields): Turn,
    route: impl FnOnce(
        State<Handle>,
        Extension<Principal>,
        extract::Path<String>,
        JsonBody<workflows::Pausing>,
    ) -> Done,
) -> Response
where
    Done: Future<Output = Result<Json<WorkflowDetail>, Problem>>,
{
    let pausing = workflows::Pausing {
        by: String::new(),
        note: Fields::new(fields.0).note(),
    };
    let path = extract::Path(name.0.clone());
    let done = route(handle, principal, path, JsonBody(pausing)).await;
    back(&visit, &name, done.map(drop))
}

/// To the page of the workflow, unless something was wrong.
fn back(visit: &Visit, name: &str, done: Result<(), Problem>) -> Response {
    match done {
        Ok(()) => {
            let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
            Redirect::to(&format!("/workflows/{name}")).into_response()
        }
        Err(problem) => visit.problem(&problem),
    }
}

/// What runs when, on seven days.
pub(super) async fn calendar(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    let zone = visit.zone();
    let today = Timestamp::now().to_zoned(zone.clone()).date();
    let asked = Fields::new(fields);
    let asked = asked.given("from").map(str::parse::<Date>).transpose();
    let Ok(first) = asked.map(|it| it.unwrap_or(today)) else {
        let problem = Problem::new(
            StatusCode::NOT_FOUND,
            "calendar.day",
            "there is no such day",
        );
        return visit.problem(&problem);
    };
    let read = async {
        let versions = Reach::of(&handle, &principal).await?.workflows(&handle);
        let read = routes::reading(&handle, move |parts| {
            Ok::<_, Problem>(parts.calendar(&versions, (first, &zone)))
        });
        read.await
    };
    match read.await {
        Ok(Json(mut rows)) => {
            for row in &mut rows {
                row.is_paused = handle.pauses.of(&row.workflow).is_some();
            }
            let frame = visit.counted().await;
            html(botswain_console::calendar(&frame, first, &rows))
        }
        Err(problem) => visit.problem(&problem),
    }
}
