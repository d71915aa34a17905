//! Writing a workflow: what is wrong with a text, what its tests say, and its activation.
//!
//! A text that is activated becomes the file of its workflow, whole or not at all,
//! and new runs follow it when this has been answered. A file with mistakes is
//! refused, and so is one that was changed since it was looked at. Nothing is
//! written but a plain file in `workflows/` and its folders.

use axum::{Extension, Json, extract::State, http::StatusCode};
use botswain_core::{ExceptionId, Hash, index::ExceptionCategory};
use botswain_views::{
    Activated, CheckView, CompletionView, DraftView, FileView, PlaceView, TestsView,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Problem,
    extract::{JsonBody, Path, Query},
    precondition::{IfMatch, Tagged, tagged_by},
    routes::{Answer, reading},
    versions,
};
use crate::{
    accounts::Principal,
    daemon::Handle,
    desk::{self, Refusal, Spot},
    views::ExceptionsQuery,
};

/// How many open exceptions are looked at for those that a version can mend.
const LOOKED_AT: usize = 100;

/// The text that becomes the file of a workflow, by whom and why.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activating {
    pub source: String,
    pub note: Option<String>,
    /// Whoever has signed in does so under their own name.
    #[serde(default)]
    pub by: String,
}

/// Where a new workflow is put.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InFolder {
    /// The folder of `workflows/` for a new workflow, as in `sales/export`. One that is there lies
    /// where it lies, and no other folder may be named for it.
    pub(crate) folder: Option<String>,
}

impl InFolder {
    fn spot<'a>(&'a self, name: &'a str) -> Spot<'a> {
        Spot {
            name,
            folder: self.folder.as_deref(),
        }
    }
}

pub(crate) async fn file(
    State(handle): State<Handle>,
    Path(name): Path<String>,
    Query(place): Query<InFolder>,
) -> Result<Tagged<FileView>, Problem> {
    let missing = || {
        let problem = Problem::not_found(format!("there is no workflow `{name}`"));
        problem.detail("`botswain push FILE` brings one")
    };
    let file = opened(&handle, &name, &place).await?.ok_or_else(missing)?;
    let tag = file.hash.as_str().to_owned();
    Ok(tagged_by(file, &tag))
}

/// The file of a workflow as it is now; none when there is none yet.
pub(crate) async fn opened(
    handle: &Handle,
    name: &str,
    place: &InFolder,
) -> Result<Option<FileView>, Problem> {
    let (name, place) = (name.to_owned(), place.clone());
    let read = reading(handle, move |parts| {
        desk::read(&parts.instance, place.spot(&name))
    });
    Ok(read.await?.0)
}

pub(crate) async fn check(
    State(handle): State<Handle>,
    Path(name): Path<String>,
    Query(place): Query<InFolder>,
    JsonBody(draft): JsonBody<DraftView>,
) -> Answer<CheckView> {
    reading(&handle, move |parts| {
        desk::check(&parts.instance, place.spot(&name), &draft.source)
    })
    .await
}

pub(crate) async fn complete(
    State(handle): State<Handle>,
    Path(name): Path<String>,
    Query(place): Query<InFolder>,
    JsonBody(asked): JsonBody<PlaceView>,
) -> Answer<CompletionView> {
    reading(&handle, move |parts| {
        desk::complete(&parts.instance, place.spot(&name), &asked)
    })
    .await
}

pub(crate) async fn test(
    State(handle): State<Handle>,
    Path(name): Path<String>,
    Query(place): Query<InFolder>,
    JsonBody(draft): JsonBody<DraftView>,
) -> Answer<TestsView> {
    // Tests take every processor: one set of them at a time.
    let _turn = desk::PLAYING.lock().await;
    reading(&handle, move |parts| {
        desk::test(&parts.instance, place.spot(&name), &draft.source)
    })
    .await
}

pub(crate) async fn activate(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(place): Query<InFolder>,
    seen: IfMatch,
    JsonBody(activating): JsonBody<Activating>,
) -> Answer<Activated> {
    let Activating { source, note, by } = activating;
    let by = principal.signs(by);
    let before = handle.workflow(&name);
    let (workflow, text) = (name.clone(), source.clone());
    let written = handle.change_files(move |instance| {
        let fits = |now: Option<&Hash>| seen.fits(now.map(Hash::as_str));
        desk::write(instance, (place.spot(&workflow), &text), fits)
    });
    written.await?;
    let version = handle.workflow(&name).filter(|it| it.source == source);
    let version = version.ok_or_else(|| {
        let title = format!("`{name}` is saved, but new runs do not follow it yet");
        Problem::new(StatusCode::CONFLICT, "workflow.waits", title)
            .detail("`botswain check` says why, and so does the daemon's log")
    })?;
    let is_new = before.as_ref().is_none_or(|it| it.hash() != version.hash());
    if is_new {
        let (history, name, by) = (handle.history.clone(), name.clone(), by);
        let signed = tokio::task::spawn_blocking(move || history.sign(&name, &by, note.as_deref()));
        if let Err(error) = signed.await.map_err(Problem::internal)? {
            tracing::error!("who has activated a version cannot be written down: {error}");
        }
    }
    let all = versions::of(&handle, &name);
    let newest = all.into_iter().next();
    let changes = before.map(|before| handle.parts.changes(&before, &version));
    Ok(Json(Activated {
        mended: mended(&handle, &name).await?,
        version: newest.ok_or_else(|| Problem::internal("the version is not noted"))?,
        changes: changes.unwrap_or_default(),
        workflow: name,
    }))
}

/// The open exceptions of a workflow that can be tried again by the version of today.
pub(crate) async fn mended(handle: &Handle, name: &str) -> Result<Vec<ExceptionId>, Problem> {
    let Some(version) = handle.workflow(name) else {
        return Ok(Vec::new());
    };
    let query = ExceptionsQuery {
        workflow: Some(name.to_owned()),
        ..ExceptionsQuery::default()
    };
    let read = reading(handle, move |parts| {
        let mut found = Vec::new();
        let open = parts.exceptions(&query, LOOKED_AT);
        for it in open.map_err(|error| error.to_string())? {
            let is_fault = matches!(
                it.category,
                ExceptionCategory::Business | ExceptionCategory::System
            );
            // One that is decided meanwhile is no longer there.
            if is_fault && parts.newer(&it.run, &version).is_ok_and(|it| it.is_some()) {
                found.push(it.id);
            }
        }
        Ok::<_, String>(found)
    });
    Ok(read.await?.0)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let (status, code) = match &refusal {
            Refusal::Name(_) | Refusal::Link(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "workflow.file")
            }
            Refusal::Folder(_) | Refusal::Elsewhere(..) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "workflow.folder")
            }
            Refusal::Large => (StatusCode::UNPROCESSABLE_ENTITY, "workflow.large"),
            Refusal::Mistakes(..) => (StatusCode::UNPROCESSABLE_ENTITY, "workflow.mistakes"),
            Refusal::Changed(problem) => return (**problem).clone(),
            Refusal::Unwritable { .. } => (StatusCode::INSUFFICIENT_STORAGE, "workflow.unwritable"),
            Refusal::Files(_) | Refusal::Play(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "daemon.internal")
            }
        };
        let problem = Problem::new(status, code, refusal.to_string());
        match refusal.hint() {
            Some(hint) => problem.detail(hint),
            None => problem,
        }
    }
}
