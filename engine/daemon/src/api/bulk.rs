//! One decision about many: it begins after some seconds and can be withdrawn until then.
//!
//! Each of them is decided by itself, as if somebody had gone through them one by
//! one, so what does not fit one of them is refused there and told. What has not
//! begun when the daemon ends is not done: everything waits as it did before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Extension, Json, extract::State, http::StatusCode};
use botswain_core::{ExceptionId, Hash, index::ExceptionCategory};
use botswain_store::{List, ReadError};
use botswain_views::{Act, BulkState, BulkView, Decision, Role};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{
    Problem,
    answer::Accepted,
    decisions::{Resolving, decide},
    extract::{JsonBody, Path},
    precondition::IfMatch,
    rights::Reach,
    routes::{Answer, reading},
};
use crate::{accounts::Principal, audit::Asked, daemon::Handle, views::Sight};

/// How long it can be withdrawn.
const PAUSE: Duration = Duration::from_secs(10);

/// As many can be decided at once.
const MOST: usize = 10_000;

/// How many are read at a time.
const PIECE: usize = 1_000;

/// As many are remembered when they are done.
const KNOWN: usize = 100;

/// How many reasons of refusal are told.
const TOLD: usize = 200;

/// About which ones, and what.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    #[serde(default)]
    pub exceptions: Vec<ExceptionId>,
    /// All that wait for this cause when it is asked for.
    #[serde(default)]
    pub fingerprint: Option<Hash>,
    /// All that this person has taken on when it is asked for.
    #[serde(default)]
    pub assignee: Option<String>,
    pub decision: Decision,
    /// Somebody has looked: those in doubt have not taken place, and may be done again.
    #[serde(default)]
    pub did_not_happen: bool,
    #[serde(default)]
    pub by: String,
    #[serde(default)]
    pub note: Option<String>,
}

/// Those that were asked for lately.
#[derive(Default)]
pub struct Bulks {
    last: AtomicU64,
    known: Mutex<BTreeMap<u64, Bulk>>,
}

struct Bulk {
    view: BulkView,
    /// Those that it is about; none when that is not known of all.
    workflows: Option<BTreeSet<String>>,
    withdrawal: CancellationToken,
}

impl Bulk {
    /// Whether somebody is shown all that it is about.
    fn is_shown(&self, sight: &Sight) -> bool {
        let of_all = self.workflows.as_ref();
        *sight == Sight::All || of_all.is_some_and(|all| all.iter().all(|it| sight.shows(it)))
    }
}

impl Bulks {
    pub fn view(&self, id: u64) -> Option<BulkView> {
        self.lock().get(&id).map(|bulk| bulk.view.clone())
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut BulkView)) {
        if let Some(bulk) = self.lock().get_mut(&id) {
            change(&mut bulk.view);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Bulk>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The exceptions that a request is about, the oldest first; without those that whoever asks does
/// not see.
pub(crate) async fn meant(
    handle: &Handle,
    sight: Sight,
    request: &BulkRequest,
) -> Result<Vec<ExceptionId>, Problem> {
    let list = match (request.fingerprint.clone(), request.assignee.clone()) {
        (Some(cause), _) => List::Cause(cause),
        (None, Some(person)) => List::Assignee(person),
        (None, None) => return seen(handle, sight, request.exceptions.clone()).await,
    };
    let read = reading(handle, move |parts| {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = parts
                .store
                .listed_exceptions(&list, after.as_ref(), PIECE)?;
            let shown = page.entries.iter().filter(|it| sight.shows(&it.workflow));
            found.extend(shown.map(|it| it.id));
            match page.next {
                Some(next) if found.len() <= MOST => after = Some(next),
                _ => return Ok::<_, ReadError>(found),
            }
        }
    });
    Ok(read.await?.0)
}

/// Without those that somebody does not see; one that is decided already is refused when its turn
/// comes.
async fn seen(
    handle: &Handle,
    sight: Sight,
    chosen: Vec<ExceptionId>,
) -> Result<Vec<ExceptionId>, Problem> {
    if sight == Sight::All {
        return Ok(chosen);
    }
    let read = reading(handle, move |parts| {
        let mut seen = Vec::new();
        for id in chosen {
            let open = parts.store.exception(id)?;
            seen.extend(open.filter(|it| sight.shows(&it.workflow)).map(|_| id));
        }
        Ok::<_, ReadError>(seen)
    });
    Ok(read.await?.0)
}

/// Takes it down; it begins by itself when nobody withdraws it.
pub(crate) async fn ask(
    handle: &Handle,
    principal: &Principal,
    request: BulkRequest,
) -> Result<BulkView, Problem> {
    let reach = Reach::of(handle, principal).await?;
    let exceptions = meant(handle, reach.sight(), &request).await?;
    let unfit =
        |title: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bulk.exceptions", title);
    if exceptions.is_empty() {
        return Err(
            unfit("nothing is chosen that could be decided").detail("choose some, or a cause")
        );
    }
    if exceptions.len() > MOST {
        return Err(
            unfit("more than 10,000 cannot be decided at once").detail("decide them in parts")
        );
    }
    let (workflows, are_open) = workflows_of(handle, &exceptions).await?;
    permitted(&reach, &workflows)?;
    if request.decision == Decision::RetryCurrent {
        handle.refresh().await;
    }
    let asked = Timestamp::now();
    let id = handle.bulks.last.fetch_add(1, Ordering::Relaxed) + 1;
    let view = BulkView {
        id,
        decision: request.decision.clone(),
        by: principal.signs(request.by.clone()),
        note: request.note.clone(),
        asked,
        begins: asked + jiff::SignedDuration::try_from(PAUSE).unwrap_or_default(),
        state: BulkState::Waiting,
        total: exceptions.len() as u64,
        done: 0,
        refused: Vec::new(),
    };
    let withdrawal = CancellationToken::new();
    let bulk = Bulk {
        view: view.clone(),
        workflows: are_open.then_some(workflows),
        withdrawal: withdrawal.clone(),
    };
    {
        let mut known = handle.bulks.lock();
        while known.len() >= KNOWN {
            let done = known.iter().find(|(_, it)| has_ended(it.view.state));
            let Some(oldest) = done.map(|(id, _)| *id) else {
                return Err(Problem::conflict("too many of these are under way")
                    .detail("wait for some of them"));
            };
            known.remove(&oldest);
        }
        known.insert(id, bulk);
    }
    tracing::info!(by = view.by, total = view.total, decision = ?view.decision, "a decision about many");
    let (handle, principal) = (handle.clone(), principal.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = withdrawal.cancelled() => {
                handle.bulks.change(id, |view| view.state = BulkState::Withdrawn);
            }
            () = tokio::time::sleep(PAUSE) => carry_out(&handle, &principal, (id, request, exceptions)).await,
        }
    });
    Ok(view)
}

/// The workflows of these that are open, and whether all of them are; one that is not is refused
/// when its turn comes.
async fn workflows_of(
    handle: &Handle,
    exceptions: &[ExceptionId],
) -> Result<(BTreeSet<String>, bool), Problem> {
    let asked = exceptions.to_vec();
    let read = reading(handle, move |parts| {
        let (mut workflows, mut are_open) = (BTreeSet::new(), true);
        for id in asked {
            let open = parts.store.exception(id)?;
            are_open &= open.is_some();
            workflows.extend(open.map(|it| it.workflow));
        }
        Ok::<_, ReadError>((workflows, are_open))
    });
    Ok(read.await?.0)
}

/// Refuses a decision about something that somebody may not decide, and says of which workflows.
fn permitted(reach: &Reach<'_>, workflows: &BTreeSet<String>) -> Result<(), Problem> {
    let barred = workflows.iter().filter(|it| !reach.may(Role::Handler, it));
    let barred: Vec<String> = barred.map(|it| format!("`{it}`")).collect();
    match barred.is_empty() {
        true => Ok(()),
        false => {
            let title = format!("{} may not do this to all of them", reach.name());
            let problem = Problem::new(StatusCode::FORBIDDEN, "access.role", title);
            let of = barred.join(", ");
            Err(problem.detail(format!(
                "leave out those of {of}, for which it takes the role handler"
            )))
        }
    }
}

/// Takes it back, if it has not begun: who has asked for it may, and who may handle everything.
pub(crate) async fn take_back(
    handle: &Handle,
    principal: &Principal,
    id: u64,
) -> Result<BulkView, Problem> {
    let sight = Reach::of(handle, principal).await?.sight();
    let mut known = handle.bulks.lock();
    let shown = known.get_mut(&id).filter(|bulk| bulk.is_shown(&sight));
    let bulk = shown.ok_or_else(|| unknown(id))?;
    if principal.role < Role::Handler && bulk.view.by != principal.name {
        let title = format!("{} has not asked for this", principal.name);
        let problem = Problem::new(StatusCode::FORBIDDEN, "access.role", title);
        return Err(problem.detail("it takes the role handler"));
    }
    if bulk.view.state != BulkState::Waiting {
        return Err(
            Problem::conflict("it has begun already").detail("what was decided stays decided")
        );
    }
    bulk.view.state = BulkState::Withdrawn;
    bulk.withdrawal.cancel();
    Ok(bulk.view.clone())
}

fn has_ended(state: BulkState) -> bool {
    matches!(state, BulkState::Withdrawn | BulkState::Done)
}

fn unknown(id: u64) -> Problem {
    Problem::not_found(format!(
        "there is no decision about many with the number {id}"
    ))
    .detail("they are remembered until the daemon ends; what came of them is in the runs")
}

async fn carry_out(
    handle: &Handle,
    principal: &Principal,
    (id, request, exceptions): (u64, BulkRequest, Vec<ExceptionId>),
) {
    // It may have been withdrawn at the very moment.
    let mut begins = false;
    handle.bulks.change(id, |view| {
        begins = view.state == BulkState::Waiting;
        if begins {
            view.state = BulkState::Running;
        }
    });
    if !begins {
        return;
    }
    for exception in exceptions {
        if let Err(problem) = is_known(handle, &request, exception).await {
            handle
                .bulks
                .change(id, |view| note_refusal(view, exception, problem));
            continue;
        }
        let resolving = Resolving {
            decision: request.decision.clone(),
            by: request.by.clone(),
            note: request.note.clone(),
            remember: None,
        };
        let asked = (exception, IfMatch::default());
        let decided = match may_still(handle, principal) {
            Ok(()) => decide(handle, principal, asked, resolving).await,
            Err(problem) => Err(problem),
        };
        handle.bulks.change(id, |view| match decided {
            Ok(()) => view.done += 1,
            Err(problem) => note_refusal(view, exception, problem),
        });
    }
    handle.bulks.change(id, |view| view.state = BulkState::Done);
    carried_out(handle, id).await;
}

/// Refuses what is left of it once whoever has asked was locked, removed, or may less.
fn may_still(handle: &Handle, principal: &Principal) -> Result<(), Problem> {
    if principal.is_local() || handle.accounts.is_still(principal) {
        return Ok(());
    }
    let title = format!("{} may not do this any more", principal.name);
    Err(Problem::new(StatusCode::FORBIDDEN, "access.role", title)
        .detail("let somebody decide who may"))
}

/// How it came out, for the audit: that it was asked for stands there since it was.
async fn carried_out(handle: &Handle, id: u64) {
    let Some(view) = handle.bulks.view(id) else {
        return;
    };
    let with = [
        ("decided", view.done.to_string()),
        ("refused", (view.total - view.done).to_string()),
    ];
    let asked = Asked {
        by: view.by,
        from: String::new(),
        act: Act::CarryOut,
        way: String::new(),
        on: format!("decision about many {id}"),
        with: with.map(|(name, text)| (name.to_owned(), text)).into(),
    };
    if let Err(error) = handle.audit.asks(asked).await {
        tracing::error!(id, "the audit does not know how this ended: {error}");
    }
}

/// What may have taken place is not done again because it stood among others.
async fn is_known(handle: &Handle, request: &BulkRequest, id: ExceptionId) -> Result<(), Problem> {
    let repeats = matches!(
        request.decision,
        Decision::Retry | Decision::RetryCurrent | Decision::Edit(_) | Decision::EditWith(_)
    );
    if !repeats || request.did_not_happen {
        return Ok(());
    }
    let Json(open) = reading(handle, move |parts| parts.store.exception(id)).await?;
    match open.is_some_and(|it| it.category == ExceptionCategory::InDoubt) {
        false => Ok(()),
        true => Err(Problem::conflict(
            "it is in doubt: look first whether it took place",
        )),
    }
}

fn note_refusal(view: &mut BulkView, exception: ExceptionId, problem: Problem) {
    if view.refused.len() < TOLD {
        view.refused.push((exception, problem.title));
    }
}

pub(super) async fn start(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    JsonBody(request): JsonBody<BulkRequest>,
) -> Result<Accepted<BulkView>, Problem> {
    let view = ask(&handle, &principal, request).await?;
    Ok(Accepted(view))
}

/// To whoever is shown all that it is about.
pub(crate) async fn show(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<u64>,
) -> Answer<BulkView> {
    let sight = Reach::of(&handle, &principal).await?.sight();
    let known = handle.bulks.lock();
    let shown = known.get(&id).filter(|bulk| bulk.is_shown(&sight));
    let view = shown.map(|bulk| Json(bulk.view.clone()));
    view.ok_or_else(|| unknown(id))
}

pub(super) async fn withdraw(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<u64>,
) -> Answer<BulkView> {
    take_back(&handle, &principal, id).await.map(Json)
}
