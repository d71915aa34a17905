//! Outside systems: how it stands with each, and whether it answers.

use axum::{Extension, Json, extract::State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Problem, extract::Path, routes::Answer};
use crate::{
    accounts::Principal,
    daemon::Handle,
    views::{self, ConnectionView},
};

/// What an outside system said when it was tried.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Answered {
    pub connection: String,
    pub answer: String,
}

pub(crate) async fn list(State(handle): State<Handle>) -> Answer<Vec<ConnectionView>> {
    let (pools, config) = (handle.pools().await, handle.parts.config());
    Ok(Json(views::connections(&pools, &config, &handle.tested)))
}

/// What it answers is remembered, as is that it does not.
pub(crate) async fn test(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
) -> Answer<Answered> {
    if !handle.parts.config().connections.contains_key(&name) {
        let problem = Problem::not_found(format!("botswain.yaml has no connection `{name}`"));
        return Err(problem.detail("`botswain connections` lists them"));
    }
    let by = principal.signs(String::new());
    let answer = handle.test_connection(&name, by).await?;
    Ok(Json(Answered {
        connection: name,
        answer,
    }))
}
