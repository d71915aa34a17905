//! Workflows as they stand: what their files say, and when they start by themselves.

use axum::{Extension, Json, extract::State};
use botswain_views::Role;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Problem,
    extract::{JsonBody, Path},
    rights::{Reach, permit},
    routes::{Answer, reading},
    versions,
};
use crate::{
    accounts::Principal,
    daemon::Handle,
    views::{PauseView, WorkflowDetail, WorkflowView},
};

/// Who pauses a workflow or lets it go on, and why.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pausing {
    /// Whoever has signed in does so under their own name.
    #[serde(default)]
    pub by: String,
    pub note: Option<String>,
}

pub(crate) async fn list(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
) -> Answer<Vec<WorkflowView>> {
    handle.refresh().await;
    let sight = Reach::of(&handle, &principal).await?.sight();
    let versions = handle.workflows();
    let read = reading(&handle, move |parts| {
        let views = parts.workflow_views(&versions, Timestamp::now());
        views.map_err(Problem::internal)
    });
    let Json(mut views) = read.await?;
    views.retain(|it| sight.shows(&it.name));
    views.iter_mut().for_each(|view| mark(&handle, view));
    Ok(Json(views))
}

/// What is paused starts at no time.
fn mark(handle: &Handle, view: &mut WorkflowView) {
    view.paused = handle.pauses.of(&view.name);
    if view.paused.is_some() {
        view.next = None;
    }
}

pub(crate) async fn show(
    State(handle): State<Handle>,
    Path(name): Path<String>,
) -> Answer<WorkflowDetail> {
    handle.refresh().await;
    let (versions, asked) = (handle.workflows(), name.clone());
    let read = reading(&handle, move |parts| {
        let detail = parts.workflow_detail(&asked, &versions, Timestamp::now());
        detail.map_err(Problem::internal)
    });
    let missing = || {
        let problem = Problem::not_found(format!("there is no workflow `{name}`"));
        problem.detail("`botswain new NAME` begins one")
    };
    let mut detail = read.await?.0.ok_or_else(missing)?;
    mark(&handle, &mut detail.workflow);
    detail.versions = versions::newest(&handle, &detail.workflow.name);
    Ok(Json(detail))
}

/// From now on it starts nothing by itself.
pub(crate) async fn pause(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    JsonBody(pausing): JsonBody<Pausing>,
) -> Answer<WorkflowDetail> {
    let pause = PauseView {
        by: principal.signs(pausing.by),
        at: Timestamp::now(),
        note: pausing.note,
    };
    turn(handle, &principal, name, Some(pause)).await
}

/// It starts by itself again; what it missed is made up for as its triggers say.
pub(crate) async fn resume(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    JsonBody(pausing): JsonBody<Pausing>,
) -> Answer<WorkflowDetail> {
    let (by, note) = (principal.signs(pausing.by), pausing.note);
    tracing::info!(workflow = name, by, note, "goes on");
    turn(handle, &principal, name, None).await
}

async fn turn(
    handle: Handle,
    principal: &Principal,
    name: String,
    pause: Option<PauseView>,
) -> Answer<WorkflowDetail> {
    permit(&handle, principal, (Role::Handler, &name)).await?;
    // One that is not there cannot be paused.
    drop(show(State(handle.clone()), Path(name.clone())).await?);
    handle.pause(&name, pause).await?;
    show(State(handle), Path(name)).await
}
