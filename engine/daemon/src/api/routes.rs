//! What each route does: ask the loop, or read a view.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response, Sse, sse},
};
use botswain_core::{
    ExceptionId, Hash, RunId, StepId,
    engine::event::{Reply, Resolve},
    index::{Exception, State as RunState},
    run::fact::{Edit, Resolution},
    schedule,
};
use botswain_store::Filter;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::Problem;
use crate::{
    daemon::{Handle, Notice, Parts},
    views::{ExceptionDetail, ExceptionView, RunDetail, RunView, ScheduleView},
};

/// The longest page.
const LIMIT: usize = 1000;

type Answer<T> = Result<Json<T>, Problem>;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Health {
    pub name: String,
    pub version: String,
    pub pid: u32,
    pub workflows: usize,
    pub exceptions: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    pub workflow: String,
    #[serde(default)]
    pub inputs: IndexMap<String, Value>,
    /// A second run with the same key is skipped.
    #[serde(default)]
    pub key: Option<String>,
    pub by: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Started {
    pub run: RunId,
}

/// Which runs: a page of them, newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunsQuery {
    pub workflow: Option<String>,
    pub state: Option<RunState>,
    /// The number of the last run of the page before.
    pub before: Option<u64>,
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemsQuery {
    pub from: Option<u64>,
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptionsQuery {
    after: Option<ExceptionId>,
    limit: Option<usize>,
}

/// What a person decided, who, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolving {
    pub decision: Decision,
    pub by: String,
    pub note: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Retry,
    /// Corrections of the item's data, or of the run's inputs when it is no item.
    Edit(IndexMap<String, Value>),
    /// Corrections of this step's parameters alone.
    EditWith(IndexMap<String, Value>),
    /// It took place, with this output.
    Happened(Value),
    Skip,
    Abandon,
}

pub(super) async fn health(State(handle): State<Handle>) -> Answer<Health> {
    let exceptions = handle
        .parts
        .store
        .exception_count()
        .map_err(Problem::internal)?;
    Ok(Json(Health {
        name: handle.parts.config().name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        workflows: handle.workflows().len(),
        exceptions,
    }))
}

pub(super) async fn start(
    State(handle): State<Handle>,
    Json(request): Json<RunRequest>,
) -> Result<(StatusCode, Json<Started>), Problem> {
    let RunRequest {
        workflow,
        inputs,
        key,
        by,
    } = request;
    match handle.run(&workflow, inputs, key, &by).await? {
        Reply::Started { run } => Ok((StatusCode::CREATED, Json(Started { run }))),
        Reply::Refused { reason } => Err(Problem::conflict(reason)),
        Reply::Resolved => Err(Problem::internal(
            "a run was asked for and a decision was answered",
        )),
    }
}

pub(super) async fn runs(
    State(handle): State<Handle>,
    Query(query): Query<RunsQuery>,
) -> Answer<Vec<RunView>> {
    let filter = Filter {
        workflow: query.workflow,
        state: query.state,
    };
    let limit = query.limit.unwrap_or(50).min(LIMIT);
    reading(&handle, move |parts| {
        parts.runs(&filter, query.before, limit)
    })
    .await
}

pub(super) async fn run(State(handle): State<Handle>, Path(run): Path<RunId>) -> Answer<RunDetail> {
    let id = run.clone();
    let Json(detail) = reading(&handle, move |parts| parts.run_detail(&run)).await?;
    detail
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("there is no run {id}")))
}

pub(super) async fn items(
    State(handle): State<Handle>,
    Path((run, step)): Path<(RunId, StepId)>,
    Query(query): Query<ItemsQuery>,
) -> Answer<Vec<RunView>> {
    let (from, limit) = (
        query.from.unwrap_or(0),
        query.limit.unwrap_or(100).min(LIMIT),
    );
    reading(&handle, move |parts| parts.items(&run, &step, from, limit)).await
}

pub(super) async fn exceptions(
    State(handle): State<Handle>,
    Query(query): Query<ExceptionsQuery>,
) -> Answer<Vec<ExceptionView>> {
    let limit = query.limit.unwrap_or(100).min(LIMIT);
    reading(&handle, move |parts| parts.exceptions(query.after, limit)).await
}

pub(super) async fn exception(
    State(handle): State<Handle>,
    Path(id): Path<ExceptionId>,
) -> Answer<ExceptionDetail> {
    let Json(detail) = reading(&handle, move |parts| parts.exception_detail(id)).await?;
    detail.map(Json).ok_or_else(|| not_open(id))
}

pub(super) async fn resolve(
    State(handle): State<Handle>,
    Path(id): Path<ExceptionId>,
    Json(resolving): Json<Resolving>,
) -> Answer<Value> {
    let Json(detail) = reading(&handle, move |parts| parts.exception_detail(id)).await?;
    let detail = detail.ok_or_else(|| not_open(id))?;
    let Json(exception) = reading(&handle, move |parts| parts.store.exception(id)).await?;
    let exception = exception.ok_or_else(|| not_open(id))?;
    let resolution = resolution(resolving.decision, &exception, &detail)?;
    let Exception { run, step, .. } = exception;
    let (by, note) = (resolving.by, resolving.note);
    let reply = handle
        .resolve(Resolve {
            request: 0,
            exception: id,
            run,
            step,
            resolution,
            by,
            note,
        })
        .await?;
    match reply {
        Reply::Refused { reason } => Err(Problem::conflict(reason)),
        Reply::Resolved | Reply::Started { .. } => {
            Ok(Json(json!({ "exception": id, "resolved": true })))
        }
    }
}

fn not_open(id: ExceptionId) -> Problem {
    let problem = Problem::not_found(format!("exception {id} is not open"));
    Problem {
        detail: Some(
            "somebody may have decided it already; see `botswain exceptions list`".to_owned(),
        ),
        ..problem
    }
}

/// A decision as a fact; corrections of names that are not there are refused.
fn resolution(
    decision: Decision,
    exception: &Exception,
    detail: &ExceptionDetail,
) -> Result<Resolution, Problem> {
    Ok(match decision {
        Decision::Retry => Resolution::Retry,
        Decision::Skip => Resolution::Skip,
        Decision::Abandon => Resolution::Abandon,
        Decision::Happened(_) if exception.bot.is_none() => {
            return Err(unfit(
                "there is nothing here that could have happened: the run itself is parked",
            ));
        }
        Decision::Happened(output) if !(output.is_object() || output.is_null()) => {
            let problem = unfit("what came of it is an object, as the bot would have given it");
            let detail = Some(r#"write it as `{"number": "4711"}`"#.to_owned());
            return Err(Problem { detail, ..problem });
        }
        Decision::Happened(output) => Resolution::Happened {
            output: output.into(),
        },
        Decision::Edit(edit) => match &detail.item {
            Some(item) => Resolution::Edit(Edit::Item(known(edit, item, "the item")?)),
            None => Resolution::Edit(Edit::Inputs(known(edit, &detail.inputs, "the inputs")?)),
        },
        Decision::EditWith(edit) => match &detail.with {
            Some(with) => Resolution::Edit(Edit::With(known(edit, with, "the step's parameters")?)),
            None => {
                return Err(unfit(
                    "the step's parameters are not known yet; correct the data instead",
                ));
            }
        },
    })
}

fn known(
    edit: IndexMap<String, Value>,
    data: &Value,
    what: &str,
) -> Result<IndexMap<String, Value>, Problem> {
    let names: Vec<&str> = data
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys())
        .map(String::as_str)
        .collect();
    match edit.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(edit),
        Some(unknown) => {
            let problem = unfit(format!("there is no `{unknown}` in {what}"));
            let detail = match names.is_empty() {
                true => format!("{what} cannot be corrected, for there is nothing"),
                false => format!("there is: {}", names.join(", ")),
            };
            Err(Problem {
                detail: Some(detail),
                ..problem
            })
        }
    }
}

fn unfit(title: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "exception.decision",
        title,
    )
}

/// An artifact as a download, never as a page: its content may come from anywhere.
pub(super) async fn artifact(
    State(handle): State<Handle>,
    Path(hash): Path<Hash>,
) -> Result<Response, Problem> {
    let Json(file) = reading(&handle, move |parts| parts.kept.0.open_hash(&hash)).await?;
    let file = tokio::fs::File::from_std(file);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((
        headers,
        Body::from_stream(tokio_util::io::ReaderStream::new(file)),
    )
        .into_response())
}

pub(super) async fn schedule(State(handle): State<Handle>) -> Answer<Vec<ScheduleView>> {
    let now = Timestamp::now();
    let zone = handle.parts.config().timezone.clone();
    let mut schedules = Vec::new();
    for version in handle.workflows() {
        for trigger in &version.plan.triggers {
            let timezone = trigger
                .schedule
                .timezone
                .clone()
                .unwrap_or_else(|| zone.clone());
            let cron = trigger.schedule.cron.clone();
            let parsed = schedule::parse(&cron, &timezone)
                .map_err(|error| Problem::internal(error.to_string()))?;
            let next = std::iter::successors(parsed.after(now), |last| parsed.after(*last))
                .take(5)
                .collect();
            schedules.push(ScheduleView {
                workflow: version.plan.name.clone(),
                cron,
                timezone,
                next,
            });
        }
    }
    schedules.sort_by_key(|schedule| schedule.next.first().copied());
    Ok(Json(schedules))
}

pub(super) async fn test_connection(
    State(handle): State<Handle>,
    Path(name): Path<String>,
) -> Answer<Value> {
    if !handle.parts.config().connections.contains_key(&name) {
        return Err(Problem::not_found(format!(
            "botswain.yaml has no connection `{name}`"
        )));
    }
    let answer = handle.parts.connections.test(&name).await?;
    Ok(Json(json!({ "connection": name, "answer": answer })))
}

/// What happens from now on, as server-sent events; a slow reader is told what it missed.
pub(super) async fn events(State(handle): State<Handle>) -> impl IntoResponse {
    let notices = handle.watch();
    let stream = futures_util::stream::unfold(notices, |mut notices| async move {
        let event = match notices.recv().await {
            Ok(notice) => sse::Event::default().data(notice_json(&notice).to_string()),
            Err(RecvError::Lagged(missed)) => {
                sse::Event::default().data(json!({ "missed": missed }).to_string())
            }
            Err(RecvError::Closed) => return None,
        };
        Some((Ok::<_, Infallible>(event), notices))
    });
    Sse::new(stream).keep_alive(sse::KeepAlive::new().interval(Duration::from_secs(15)))
}

fn notice_json(notice: &Notice) -> Value {
    match notice {
        Notice::Committed { run, facts, state } => {
            json!({ "run": run, "state": state, "facts": facts })
        }
        Notice::Opened(exception) => {
            json!({ "opened": exception.id, "run": exception.run, "code": exception.fault.code })
        }
        Notice::Rested { run } => json!({ "rested": run }),
    }
}

/// Reads off the async threads: the disk may take its time.
async fn reading<T: Send + 'static, E: Into<Problem> + Send + 'static>(
    handle: &Handle,
    read: impl FnOnce(&Parts) -> Result<T, E> + Send + 'static,
) -> Answer<T> {
    let parts = handle.parts.clone();
    let read = tokio::task::spawn_blocking(move || read(&parts)).await;
    read.map_err(Problem::internal)?
        .map(Json)
        .map_err(Into::into)
}
