//! The pages about the versions of a workflow.

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    response::Response,
};
use botswain_views::VersionQuery;

use super::{Visit, html};
use crate::{
    api::{extract, versions},
    daemon::Handle,
};

pub(super) async fn list(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
) -> Response {
    match versions::list(State(handle), extract::Path(name.clone())).await {
        Ok(Json(all)) => html(botswain_console::versions(
            &visit.counted().await,
            &name,
            &all,
        )),
        Err(problem) => visit.problem(&problem),
    }
}

pub(super) async fn show(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    extract::Path(at): extract::Path<(String, u64)>,
    Query(query): Query<VersionQuery>,
) -> Response {
    let shown = versions::show(State(handle), extract::Path(at), extract::Query(query)).await;
    match shown {
        Ok(Json(detail)) => html(botswain_console::version(&visit.counted().await, &detail)),
        Err(problem) => visit.problem(&problem),
    }
}
