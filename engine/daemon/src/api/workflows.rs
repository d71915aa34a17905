//! Workflows as they stand: what their files say, and when they start by themselves.

use axum::{
    Json,
    extract::{Path, State},
};
use jiff::Timestamp;

use super::{
    Problem,
    routes::{Answer, reading},
};
use crate::{
    daemon::Handle,
    views::{WorkflowDetail, WorkflowView},
};

pub(crate) async fn list(State(handle): State<Handle>) -> Answer<Vec<WorkflowView>> {
    handle.refresh().await;
    let versions = handle.workflows();
    let read = reading(&handle, move |parts| {
        let views = parts.workflow_views(&versions, Timestamp::now());
        views.map_err(Problem::internal)
    });
    read.await
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
    read.await?.0.map(Json).ok_or_else(missing)
}
