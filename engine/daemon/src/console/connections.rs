//! Outside systems, and whether they answer.

use axum::{
    Extension, Json,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::{Visit, html};
use crate::{
    accounts::Principal,
    api::{connections, extract},
    daemon::Handle,
};

pub(super) async fn list(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
) -> Response {
    match connections::list(State(handle)).await {
        Ok(Json(all)) => html(botswain_console::connections(&visit.counted().await, &all)),
        Err(problem) => visit.problem(&problem),
    }
}

/// Tries one. The page shows what came of it, whatever that was.
pub(super) async fn test(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
) -> Response {
    let is_known = handle.parts.config().connections.contains_key(&name);
    let path = extract::Path(name);
    match connections::test(State(handle), Extension(principal), path).await {
        Err(problem) if !is_known => visit.problem(&problem),
        _ => Redirect::to("/connections").into_response(),
    }
}
