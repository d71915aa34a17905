//! Writing a workflow: what is wrong with a text, what its tests say, and its activation.
//!
//! A text that is activated becomes the file of its workflow, whole or not at all,
//! and new runs follow it when this has been answered. A file with mistakes is
//! refused, and so is one that was changed since it was looked at. Nothing is
//! written but a plain file in `workflows/` and its folders. Where botswain.yaml asks
//! for four eyes the text becomes a proposal instead.

use std::sync::Arc;

use axum::{Extension, extract::State, http::StatusCode};
use botswain_core::{ExceptionId, Hash, index::ExceptionCategory, plan::Version};
use botswain_views::{
    Activated, CheckView, CompletionView, DraftView, FileView, PlaceView, ProposalView, TestsView,
    TextChange,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Problem,
    answer::DoneOr,
    extract::{JsonBody, Path, Query},
    precondition::{IfMatch, Tagged, tagged_by},
    proposals,
    routes::{Answer, reading},
    versions,
};
use crate::{
    accounts::Principal,
    daemon::Handle,
    desk::{self, Refusal, Spot},
    history::Signature,
    views::{ExceptionsQuery, Sight},
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
    pub(super) fn spot<'a>(&'a self, name: &'a str) -> Spot<'a> {
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
) -> Result<DoneOr<Activated, ProposalView>, Problem> {
    let Activating { source, note, by } = activating;
    let text = Text {
        name,
        source,
        folder: place.folder,
    };
    let signature = Signature {
        by: principal.signs(by),
        proposed_by: None,
        note,
    };
    handle.refresh().await;
    let _turn = handle.proposals.turn().await;
    if !handle.parts.config().asks_four_eyes() {
        let fits = move |now: Option<&Hash>| seen.fits(now.map(Hash::as_str));
        let activated = followed(&handle, (&text, fits), signature.clone()).await?;
        proposals::replaced(&handle, &text.name, &signature.by).await;
        return Ok(DoneOr::Done(activated));
    }
    match proposals::propose(&handle, (&text, seen), (signature, &principal)).await? {
        Some(proposal) => Ok(DoneOr::Accepted(proposal)),
        // The file says so already: nobody has to agree to that.
        None => {
            taken_over(&handle, &text)?;
            Ok(DoneOr::Done(told(&handle, text.name, None).await?))
        }
    }
}

/// The text of a workflow that is to be its file.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) name: String,
    pub(super) source: String,
    /// Where it goes if it is new.
    pub(super) folder: Option<String>,
}

impl Text {
    pub(super) fn spot(&self) -> Spot<'_> {
        Spot {
            name: &self.name,
            folder: self.folder.as_deref(),
        }
    }
}

/// Makes a text the file, and what new runs follow; for whoever holds the turn.
pub(super) async fn followed(
    handle: &Handle,
    (text, fits): (
        &Text,
        impl FnOnce(Option<&Hash>) -> Result<(), Problem> + Send + 'static,
    ),
    signature: Signature,
) -> Result<Activated, Problem> {
    let before = handle.workflow(&text.name);
    let written = text.clone();
    let written = handle.change_files(move |instance| {
        desk::write(instance, (written.spot(), &written.source), fits)
    });
    written.await?;
    let version = taken_over(handle, text)?;
    let hash = version.hash();
    // A daemon that has ended in between has left one that somebody agreed to without a name.
    let is_unsigned = || {
        let newest = versions::of(handle, &text.name).into_iter().next();
        newest.is_some_and(|it| it.by.is_none())
    };
    let is_new = before.as_ref().is_none_or(|it| it.hash() != hash);
    if is_new || signature.proposed_by.is_some() && is_unsigned() {
        let (history, name) = (handle.history.clone(), text.name.clone());
        let signed = tokio::task::spawn_blocking(move || history.sign((&name, &hash), signature));
        if let Err(error) = signed.await.map_err(Problem::internal)? {
            tracing::error!("who has activated a version cannot be written down: {error}");
        }
    }
    let changes = before.map(|before| handle.parts.changes(&before, &version));
    told(handle, text.name.clone(), changes).await
}

/// What new runs follow, if it is this text.
fn taken_over(handle: &Handle, text: &Text) -> Result<Arc<Version>, Problem> {
    let version = handle.workflow(&text.name);
    let version = version.filter(|it| it.source == text.source);
    version.ok_or_else(|| {
        let title = format!(
            "`{}` is saved, but new runs do not follow it yet",
            text.name
        );
        Problem::new(StatusCode::CONFLICT, "workflow.waits", title)
            .detail("`botswain check` says why, and so does the daemon's log")
    })
}

/// What new runs follow now.
async fn told(
    handle: &Handle,
    workflow: String,
    changes: Option<Vec<TextChange>>,
) -> Result<Activated, Problem> {
    let newest = versions::of(handle, &workflow).into_iter().next();
    Ok(Activated {
        mended: mended(handle, &workflow).await?,
        version: newest.ok_or_else(|| Problem::internal("the version is not noted"))?,
        changes: changes.unwrap_or_default(),
        workflow,
    })
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
        let open = parts.exceptions(&query, (&Sight::All, LOOKED_AT));
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
