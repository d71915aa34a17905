//! Versions of a workflow: which there have been, and what differs.

use axum::{Json, extract::State};

use super::{
    Problem, authoring,
    extract::{Path, Query},
    routes::{Answer, reading},
    workflows,
};
use crate::{
    daemon::Handle,
    views::{self, Against, VersionDetail, VersionQuery, VersionView},
};

/// So many stand on the page of a workflow.
const NEWEST: usize = 5;

pub(crate) async fn list(
    State(handle): State<Handle>,
    Path(name): Path<String>,
) -> Answer<Vec<VersionView>> {
    handle.refresh().await;
    let versions = of(&handle, &name);
    if versions.is_empty() {
        // One that has never been without mistakes has none; one that is not there is told so.
        drop(workflows::show(State(handle), Path(name)).await?);
    }
    Ok(Json(versions))
}

pub(crate) async fn show(
    State(handle): State<Handle>,
    Path((name, number)): Path<(String, u64)>,
    Query(query): Query<VersionQuery>,
) -> Answer<VersionDetail> {
    let Json(all) = list(State(handle.clone()), Path(name.clone())).await?;
    let missing = |number: u64| {
        let title = format!("`{name}` has no version {number}");
        let detail = format!("`botswain workflows versions {name}` lists them");
        Problem::not_found(title).detail(detail)
    };
    let has = |number: u64| all.iter().position(|it| it.number == number);
    let at = has(number).ok_or_else(|| missing(number))?;
    let against = match (query.file, query.against) {
        (Some(true), _) => Some(Against::File),
        (_, Some(other)) => {
            has(other).ok_or_else(|| missing(other))?;
            Some(Against::Version(other))
        }
        _ => all.get(at + 1).map(|it| Against::Version(it.number)),
    };
    let asked = name.clone();
    let read = reading(&handle, move |parts| {
        parts.version_detail((&asked, at), &all, against)
    });
    let mut detail = read.await?.0.ok_or_else(|| missing(number))?;
    if detail.version.is_current {
        detail.mended = authoring::mended(&handle, &name).await?;
    }
    Ok(Json(detail))
}

/// The versions of a workflow, the newest first.
pub(crate) fn of(handle: &Handle, name: &str) -> Vec<VersionView> {
    let current = handle.workflow(name).map(|it| it.hash());
    views::versions(handle.history.of(name), current.as_ref())
}

/// The newest of them.
pub(super) fn newest(handle: &Handle, name: &str) -> Vec<VersionView> {
    let mut versions = of(handle, name);
    versions.truncate(NEWEST);
    versions
}
