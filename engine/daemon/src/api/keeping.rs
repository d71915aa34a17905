//! Routes that keep the store well: verify, back up, resume, prune.

use std::path::PathBuf;

use axum::{Json, extract::State, http::StatusCode};
use botswain_core::engine::quarantine::Quarantine;
use botswain_store::{backup, backup::Manifest, prune, prune::Freed, verify::Report};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Problem, extract::JsonBody};
use crate::daemon::{Handle, Parts};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// An absolute path to a folder that is empty or not there.
    pub to: PathBuf,
}

/// From when on work was lost after the backup.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeRequest {
    pub lost_since: Timestamp,
    pub by: String,
}

type Answer<T> = Result<Json<T>, Problem>;

pub(super) async fn verify(State(handle): State<Handle>) -> Answer<Report> {
    let audit = handle.audit.clone();
    let work = move |parts: &Parts| {
        let mut report = parts.store.verify(&parts.kept.0)?;
        audit.tell(&mut report);
        Ok::<_, prune::Error>(report)
    };
    working(&handle, work).await
}

pub(super) async fn backup(
    State(handle): State<Handle>,
    JsonBody(request): JsonBody<BackupRequest>,
) -> Answer<Manifest> {
    if !request.to.is_absolute() {
        let title = format!("`{}` is not an absolute path", request.to.display());
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "backup.path",
            title,
        ));
    }
    let (beside, audit) = (handle.beside(), handle.audit.clone());
    working(&handle, move |parts| {
        parts.backup(&request.to, beside, &audit)
    })
    .await
}

pub(super) async fn quarantine(State(handle): State<Handle>) -> Answer<Option<Quarantine>> {
    working(&handle, |parts| parts.store.quarantine()).await
}

pub(super) async fn resume(
    State(handle): State<Handle>,
    JsonBody(request): JsonBody<ResumeRequest>,
) -> Answer<Quarantine> {
    let now = Timestamp::now();
    let Json(found) = working(&handle, |parts| parts.store.quarantine()).await?;
    let Some(found) = found.filter(Quarantine::holds) else {
        return Err(Problem::conflict("the instance is not quarantined"));
    };
    if request.lost_since > now {
        let title = "work cannot have been lost from a time on that is still to come";
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "resume.time",
            title,
        ));
    }
    Ok(Json(
        handle
            .resume(found, request.lost_since, request.by, now)
            .await?,
    ))
}

pub(super) async fn prune(State(handle): State<Handle>) -> Answer<Freed> {
    let audit = handle.audit.clone();
    working(&handle, move |parts| {
        parts.prune_audit(&audit).map_err(Problem::internal)?;
        parts.prune(u64::MAX).map_err(Problem::from)
    })
    .await
}

/// Works off the async threads: it takes its time.
async fn working<T: Send + 'static, E: Into<Problem> + Send + 'static>(
    handle: &Handle,
    work: impl FnOnce(&Parts) -> Result<T, E> + Send + 'static,
) -> Answer<T> {
    let parts = handle.parts.clone();
    let worked = tokio::task::spawn_blocking(move || work(&parts)).await;
    worked
        .map_err(Problem::internal)?
        .map(Json)
        .map_err(Into::into)
}

impl From<backup::Error> for Problem {
    fn from(error: backup::Error) -> Problem {
        let status = match error {
            backup::Error::NotEmpty(_) => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem {
            detail: Some(error.hint().to_owned()),
            ..Problem::new(status, "backup", error.to_string())
        }
    }
}

impl From<prune::Error> for Problem {
    fn from(error: prune::Error) -> Problem {
        Problem::internal(error)
    }
}

impl From<botswain_store::AppendError> for Problem {
    fn from(error: botswain_store::AppendError) -> Problem {
        Problem::internal(error)
    }
}
