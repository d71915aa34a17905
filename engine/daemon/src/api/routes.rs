//! What each route does: ask the loop, or read a view.

use std::{convert::Infallible, time::Duration};

use axum::{
    Extension, Json,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Sse, sse},
};
use botswain_core::{
    ArtifactRef, ExceptionId, Hash, RunId, StepId,
    engine::{NO_ROOM, event::Reply},
    plan::{InputKind, Version},
};
use botswain_store::ReadError;
use botswain_views::Role;
use indexmap::IndexMap;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::{
    Problem,
    answer::{Created, Download, Events},
    decisions::not_open,
    extract::{JsonBody, Path, Query},
    precondition::{Tagged, tagged},
    proposals,
    rights::{Reach, permit},
    watching::Watcher,
};
use crate::{
    accounts::Principal,
    console::Visit,
    daemon::{Handle, Notice, Parts},
    views::{
        self, Changed, ExceptionDetail, ExceptionView, ExceptionsQuery, Inbox, InboxQuery, Reader,
        RunDetail, RunView, RunsQuery, ScheduleView, Sight, Waits,
    },
};

/// The longest page.
const LIMIT: usize = 1000;

pub(crate) type Answer<T> = Result<Json<T>, Problem>;

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    pub name: String,
    pub version: String,
    pub pid: u32,
    pub workflows: usize,
    pub exceptions: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    pub workflow: String,
    /// Of the type `file`: a path on the machine of the daemon, or what `POST /api/v1/files/{name}`
    /// has answered.
    #[serde(default)]
    pub inputs: IndexMap<String, Value>,
    /// A second run with the same key is skipped.
    #[serde(default)]
    pub key: Option<String>,
    /// Who asks; whoever has signed in does so under their own name.
    #[serde(default)]
    pub by: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    pub run: RunId,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemsQuery {
    pub from: Option<u64>,
    pub limit: Option<usize>,
}

pub(super) async fn health(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
) -> Answer<Health> {
    let reach = Reach::of(&handle, &principal).await?;
    let reader = reach.reader();
    let counted = reading(&handle, move |parts| {
        parts.counts(&reader, Timestamp::now())
    });
    let exceptions = counted.await?.0.open;
    Ok(Json(Health {
        name: handle.parts.config().name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        workflows: reach.workflows(&handle).len(),
        exceptions,
    }))
}

pub(crate) async fn start(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    JsonBody(request): JsonBody<RunRequest>,
) -> Result<Created<Started>, Problem> {
    let RunRequest {
        workflow,
        inputs,
        key,
        by,
    } = request;
    permit(&handle, &principal, (Role::Handler, &workflow)).await?;
    names_no_paths(&handle, &principal, (&workflow, inputs.iter())).await?;
    let by = principal.signs(by);
    let files = inputs.values().filter_map(ArtifactRef::from_value);
    are_there(&handle, files.collect()).await?;
    match handle.run(&workflow, inputs, key, &by).await? {
        Reply::Started { run } => Ok(Created(Started { run })),
        Reply::Refused { reason } if reason == NO_ROOM => Err(Problem {
            detail: Some("free some space; it goes on by itself".to_owned()),
            ..Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk.full", reason)
        }),
        Reply::Refused { reason } => Err(Problem::conflict(reason)),
        Reply::Resolved => Err(Problem::internal(
            "a run was asked for and a decision was answered",
        )),
    }
}

/// Whoever does not see everything names no file of the machine: it might be one of what they do not
/// see.
pub(super) async fn names_no_paths<'v>(
    handle: &Handle,
    principal: &Principal,
    (workflow, given): (&str, impl Iterator<Item = (&'v String, &'v Value)>),
) -> Result<(), Problem> {
    if principal.role >= Role::Viewer {
        return Ok(());
    }
    let version = handle.workflow(workflow);
    let is_file = |name: &str| {
        let input = version.as_ref().and_then(|it| it.plan.inputs.get(name));
        input.is_some_and(|it| it.kind == InputKind::File)
    };
    let mut paths = given.filter(|(name, value)| is_file(name) && value.is_string());
    match paths.next() {
        None => Ok(()),
        Some((name, _)) => {
            let title = format!("{} names no path for `{name}`", principal.name);
            let problem = Problem::new(StatusCode::FORBIDDEN, "access.role", title);
            Err(problem.detail("send the file itself; a path takes the role viewer everywhere"))
        }
    }
}

/// No run begins with a file that is not there.
async fn are_there(handle: &Handle, files: Vec<ArtifactRef>) -> Result<(), Problem> {
    if files.is_empty() {
        return Ok(());
    }
    let look = reading(handle, move |parts| {
        let lacks = |it: &&ArtifactRef| parts.kept.0.open(it).is_err();
        Ok::<_, Problem>(files.iter().find(lacks).map(|it| it.name.clone()))
    });
    match look.await?.0 {
        None => Ok(()),
        Some(name) => {
            let title = format!("the file `{name}` is not there");
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Err(Problem::new(status, "run.inputs", title).detail("send it again"))
        }
    }
}

pub(crate) async fn runs(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<RunsQuery>,
) -> Answer<Vec<RunView>> {
    let query = RunsQuery {
        limit: Some(query.limit.unwrap_or(50).min(LIMIT)),
        ..query
    };
    // Whoever pages by the last run of a page has to get all that fit.
    let sight = Reach::of(&handle, &principal).await?.sight();
    let Json(page) = runs_page(&handle, query, (sight, usize::MAX)).await?;
    Ok(Json(page.runs))
}

/// A page of runs for which at most so many are looked at.
pub(crate) async fn runs_page(
    handle: &Handle,
    query: RunsQuery,
    (sight, most): (Sight, usize),
) -> Answer<views::RunsPage> {
    let read = reading(handle, move |parts| parts.runs_page(&query, (&sight, most)));
    let Json(mut page) = read.await?;
    let waits = waits(handle).await;
    page.runs.iter_mut().for_each(|run| waits.explain(run));
    Ok(Json(page))
}

/// Who waits for a place at this moment.
async fn waits(handle: &Handle) -> Waits {
    Waits::new(handle.pools().await, jiff::Timestamp::now())
}

pub(crate) async fn run(State(handle): State<Handle>, Path(run): Path<RunId>) -> Answer<RunDetail> {
    let id = run.clone();
    let Json(detail) = reading(&handle, move |parts| parts.run_detail(&run)).await?;
    if let Some(mut detail) = detail {
        waits(&handle).await.explain(&mut detail.run);
        return Ok(Json(detail));
    }
    let asked = id.clone();
    let Json(pruned) = reading(&handle, move |parts| parts.store.was_pruned(&asked)).await?;
    match pruned {
        true => Err(Problem {
            detail: Some("`retention:` in botswain.yaml says how long runs are kept".to_owned()),
            ..Problem::new(StatusCode::GONE, "pruned", format!("run {id} was pruned"))
        }),
        false => Err(Problem::not_found(format!("there is no run {id}"))
            .detail("`botswain runs` lists them")),
    }
}

pub(crate) async fn items(
    State(handle): State<Handle>,
    Path((run, step)): Path<(RunId, StepId)>,
    Query(query): Query<ItemsQuery>,
) -> Answer<Vec<RunView>> {
    let (from, limit) = (
        query.from.unwrap_or(0),
        query.limit.unwrap_or(100).min(LIMIT),
    );
    let Json(mut items) =
        reading(&handle, move |parts| parts.items(&run, &step, from, limit)).await?;
    let waits = waits(&handle).await;
    items.iter_mut().for_each(|item| waits.explain(item));
    Ok(Json(items))
}

/// A version of a workflow, as runs follow it.
pub(super) async fn version(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(hash): Path<Hash>,
) -> Answer<Version> {
    let reach = Reach::of(&handle, &principal).await?;
    let asked = hash.clone();
    let Json(version) = reading(&handle, move |parts| parts.store.version(&asked)).await?;
    let version = version.filter(|it| reach.sees(&it.plan.name));
    let missing = || Problem::not_found(format!("there is no version {}", hash.short()));
    version.map(Json).ok_or_else(missing)
}

/// What waits for people, as whoever asks sees it.
pub(super) async fn inbox(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<InboxQuery>,
) -> Answer<Inbox> {
    let limit = query.limit.unwrap_or(50).clamp(1, LIMIT);
    let reach = Reach::of(&handle, &principal).await?;
    let proposals = proposals::waiting_for(&handle, &reach);
    let Json(mut inbox) = inbox_page(&handle, query, (reach.reader(), limit)).await?;
    inbox.counts.proposals = proposals;
    Ok(Json(inbox))
}

/// A page of the inbox for one person.
pub(crate) async fn inbox_page(
    handle: &Handle,
    query: InboxQuery,
    (reader, limit): (Reader, usize),
) -> Answer<Inbox> {
    let versions = handle.workflows();
    reading(handle, move |parts| {
        let mut inbox = parts.inbox(&query, (&reader, limit), Timestamp::now())?;
        inbox.outdated = parts.outdated(&inbox.exceptions, &versions);
        Ok::<_, ReadError>(inbox)
    })
    .await
}

pub(super) async fn exceptions(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Query(query): Query<ExceptionsQuery>,
) -> Answer<Vec<ExceptionView>> {
    let limit = query.limit.unwrap_or(100).min(LIMIT);
    let sight = Reach::of(&handle, &principal).await?.sight();
    reading(&handle, move |parts| {
        parts.exceptions(&query, (&sight, limit))
    })
    .await
}

pub(super) async fn exception(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<ExceptionId>,
) -> Result<Tagged<ExceptionDetail>, Problem> {
    detail_for(&handle, &principal, id).await.map(tagged)
}

/// One exception as far as somebody sees it: of one in a run that was called from where they see,
/// only what is in that run.
pub(crate) async fn detail_for(
    handle: &Handle,
    principal: &Principal,
    id: ExceptionId,
) -> Result<ExceptionDetail, Problem> {
    let mut detail = detail(handle, id).await?;
    let reach = Reach::of(handle, principal).await?;
    if !reach.sees(&detail.exception.workflow) {
        (detail.others, detail.newer, detail.changed) = (0, None, None);
    }
    Ok(detail)
}

/// One exception, and whether it can be tried again by a newer version.
pub(crate) async fn detail(handle: &Handle, id: ExceptionId) -> Result<ExceptionDetail, Problem> {
    let workflows = handle.workflows();
    let Json(detail) = reading(handle, move |parts| parts.exception_detail(id)).await?;
    let Some(mut detail) = detail else {
        return Err(not_open(handle, id).await);
    };
    let workflow = &detail.exception.workflow;
    let version = workflows.iter().find(|it| it.plan.name == *workflow);
    if let Some(version) = version.cloned() {
        let run = detail.exception.run.clone();
        let history = handle.history.of(workflow);
        let newer = reading(handle, move |parts| {
            let newer = parts.newer(&run, &version)?;
            let summary = parts.store.summary(&run).map_err(|it| it.to_string())?;
            let number = |hash: &Hash| Some(history.iter().rfind(|it| it.hash == *hash)?.number);
            let to = newer.as_ref().and_then(number);
            let from = summary.and_then(|it| number(&it.version));
            Ok::<_, String>((newer, to.map(|to| Changed { from, to })))
        });
        Json((detail.newer, detail.changed)) = newer.await?;
    }
    Ok(detail)
}

/// Of which run a file is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArtifactQuery {
    /// Whoever does not see everything has to say it.
    pub run: Option<RunId>,
}

/// An artifact as a download, never as a page: its content may come from anywhere.
pub(super) async fn artifact(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(hash): Path<Hash>,
    Query(query): Query<ArtifactQuery>,
) -> Result<Download, Problem> {
    is_of(&handle, &principal, (&hash, query.run)).await?;
    let Json(file) = reading(&handle, move |parts| parts.kept.0.open_hash(&hash)).await?;
    let file = tokio::fs::File::from_std(file);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let body = Body::from_stream(tokio_util::io::ReaderStream::new(file));
    Ok(Download((headers, body).into_response()))
}

/// Refuses a file to whoever does not see everything, unless a run that they see names it.
pub(crate) async fn is_of(
    handle: &Handle,
    principal: &Principal,
    (hash, run): (&Hash, Option<RunId>),
) -> Result<(), Problem> {
    let sight = Reach::of(handle, principal).await?.sight();
    if sight == Sight::All {
        return Ok(());
    }
    let missing = |detail: &str| Problem::not_found("there is no such file").detail(detail);
    let run = run.ok_or_else(|| missing("say by `run` of which run it is"))?;
    let hash = hash.clone();
    let looked = reading(handle, move |parts| parts.names_for(&sight, &run, &hash));
    match looked.await?.0 {
        true => Ok(()),
        false => Err(missing("this run has named none")),
    }
}

pub(super) async fn schedule(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
) -> Answer<Vec<ScheduleView>> {
    let reach = Reach::of(&handle, &principal).await?;
    let (versions, now) = (reach.workflows(&handle), Timestamp::now());
    let each = versions
        .iter()
        .flat_map(|it| handle.parts.schedules(it, now));
    let mut schedules: Vec<ScheduleView> = each.collect();
    for it in &mut schedules {
        it.is_paused = handle.pauses.of(&it.workflow).is_some();
    }
    let soonest = |it: &ScheduleView| (it.next.is_empty(), it.next.first().copied());
    schedules.sort_by_key(soonest);
    Ok(Json(schedules))
}

/// What happens from now on, as server-sent events; a slow reader is told what it missed.
pub(super) async fn events(
    State(handle): State<Handle>,
    visit: Option<Extension<Visit>>,
) -> Events {
    let notices = handle.watch();
    let watcher = Watcher::new(handle, visit.map(|it| it.0));
    let stream = futures_util::stream::unfold(
        (notices, watcher),
        |(mut notices, mut watcher)| async move {
            loop {
                let received = notices.recv().await;
                // Over TCP it ends with the session.
                let sight = watcher.sight().await?;
                let event = match received {
                    Ok(notice) if !watcher.is_shown(&sight, &notice).await => continue,
                    Ok(notice) => notice_json(&notice),
                    Err(RecvError::Lagged(missed)) => json!({ "missed": missed }),
                    Err(RecvError::Closed) => return None,
                };
                let event = sse::Event::default().data(event.to_string());
                return Some((Ok::<_, Infallible>(event), (notices, watcher)));
            }
        },
    );
    let alive = sse::KeepAlive::new().interval(Duration::from_secs(15));
    Events(Sse::new(stream).keep_alive(alive).into_response())
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
        Notice::Proposed { workflow } => json!({ "proposed": workflow }),
    }
}

/// Reads off the async threads: the disk may take its time.
pub(crate) async fn reading<T: Send + 'static, E: Into<Problem> + Send + 'static>(
    handle: &Handle,
    read: impl FnOnce(&Parts) -> Result<T, E> + Send + 'static,
) -> Answer<T> {
    let parts = handle.parts.clone();
    let read = tokio::task::spawn_blocking(move || read(&parts)).await;
    read.map_err(Problem::internal)?
        .map(Json)
        .map_err(Into::into)
}
