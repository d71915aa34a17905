//! Four eyes: what one author proposes, another one activates or refuses.
//!
//! In goes a text that would have been activated; it waits, durably, until somebody else
//! who may write workflows has looked at it. It is looked at once more when they agree:
//! over another file than it was proposed over, with mistakes, or from somebody who may
//! not write workflows any more it does not become the file. A program with a token is
//! its person. Over the socket everybody is the user who runs the daemon, so there a name
//! is what somebody says of themselves.

use axum::{Extension, Json, extract::State, http::StatusCode};
use botswain_core::Hash;
use botswain_views::{
    Activated, PersonView, ProposalDetail, ProposalState, ProposalView, RejectionView, Role,
    TextChange,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Problem,
    authoring::{InFolder, Text, followed},
    extract::{JsonBody, Path},
    precondition::IfMatch,
    rights::{Reach, is_new},
    routes::{Answer, reading},
};
use crate::{
    accounts::Principal,
    daemon::{Handle, Parts},
    desk::{self, Spot},
    difference,
    history::Signature,
    proposals::{Proposal, Rejection},
};

/// Who agrees to a proposal, and to which text.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approving {
    /// The hash of the text that was looked at.
    pub hash: Hash,
    /// Whoever has signed in does so under their own name.
    #[serde(default)]
    pub by: String,
}

/// Who refuses a proposal, which text, and why.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejecting {
    /// The hash of the text that was looked at.
    pub hash: Hash,
    /// For whoever has proposed it.
    pub note: String,
    /// Whoever has signed in does so under their own name.
    #[serde(default)]
    pub by: String,
}

/// Who takes their proposal back.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawing {
    /// Whoever has signed in does so under their own name.
    #[serde(default)]
    pub by: String,
}

/// It is gone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Withdrawn {
    pub workflow: String,
    pub withdrawn: bool,
}

pub(crate) async fn list(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
) -> Answer<Vec<ProposalView>> {
    handle.refresh().await;
    let reach = Reach::of(&handle, &principal).await?;
    let mut all = handle.proposals.all();
    all.retain(|(name, it)| reach.may_with(Role::Author, name, it.judged_in()));
    let shown = handle.clone();
    let read = reading(&handle, move |parts| {
        let views = all.into_iter().map(|(name, it)| {
            let place = place(parts, &name, &it)?;
            // One that cannot be read is another than it was proposed over.
            let file = desk::read(&parts.instance, &name).ok().flatten();
            let file = file.map(|it| it.hash);
            Ok::<_, Problem>(view(&shown, (&name, &it), (&place, file.as_ref())))
        });
        views.collect::<Result<Vec<_>, _>>()
    });
    let Json(mut views) = read.await?;
    views.sort_by_key(|it| (it.state != ProposalState::Waiting, it.at));
    Ok(Json(views))
}

pub(crate) async fn show(
    State(handle): State<Handle>,
    Path(name): Path<String>,
) -> Answer<ProposalDetail> {
    handle.refresh().await;
    detail(&handle, &name).await.map(Json)
}

/// The same for somebody who may come from the page of another folder.
pub(crate) async fn detail_for(
    handle: &Handle,
    principal: &Principal,
    name: &str,
) -> Result<ProposalDetail, Problem> {
    permit(handle, principal, (name, &known(handle, name)?)).await?;
    detail(handle, name).await
}

/// What a decision about the proposal for a workflow needs.
pub(crate) async fn detail(handle: &Handle, name: &str) -> Result<ProposalDetail, Problem> {
    let proposal = known(handle, name)?;
    let (shown, name) = (handle.clone(), name.to_owned());
    let read = reading(handle, move |parts| {
        let place = place(parts, &name, &proposal)?;
        let now = desk::read(&parts.instance, place.spot(&name))?;
        let file = now.as_ref().map(|it| it.hash.clone());
        let before = now.as_ref().map_or("", |it| it.source.as_str());
        let change = TextChange {
            file: match (&now, place.folder.as_deref().filter(|it| !it.is_empty())) {
                (Some(file), _) => file.file.clone(),
                (None, Some(folder)) => format!("workflows/{folder}/{name}.yaml"),
                (None, None) => format!("workflows/{name}.yaml"),
            },
            is_called: false,
            lines: difference::views(before, &proposal.source),
        };
        let differs = before != proposal.source;
        Ok::<_, Problem>(ProposalDetail {
            proposal: view(&shown, (&name, &proposal), (&place, file.as_ref())),
            check: desk::check(&parts.instance, place.spot(&name), &proposal.source)?,
            file,
            changes: differs.then_some(change).into_iter().collect(),
            source: proposal.source,
        })
    });
    Ok(read.await?.0)
}

/// The proposal for a workflow, if there is one.
pub(crate) async fn of(handle: &Handle, name: &str) -> Result<Option<ProposalView>, Problem> {
    match handle.proposals.of(name) {
        Some(_) => Ok(Some(detail(handle, name).await?.proposal)),
        None => Ok(None),
    }
}

/// How many wait for somebody who may activate them.
pub(crate) fn waiting_for(handle: &Handle, reach: &Reach<'_>) -> u64 {
    let all = handle.proposals.waiting_for(reach.name()).into_iter();
    let theirs = all.filter(|(name, it)| reach.may_with(Role::Author, name, it.judged_in()));
    theirs.count() as u64
}

/// In which folder the file of a proposal lies, or will, and by which one it is judged.
struct Lies {
    folder: Option<String>,
    judged: Option<String>,
}

impl Lies {
    fn spot<'a>(&'a self, name: &'a str) -> Spot<'a> {
        Spot {
            name,
            folder: self.folder.as_deref(),
        }
    }
}

fn place(parts: &Parts, name: &str, proposal: &Proposal) -> Result<Lies, Problem> {
    let folders = parts.instance.workflow_folders();
    let there = folders.map_err(Problem::internal)?.remove(name);
    let judged = proposal.judged_in().map(str::to_owned);
    Ok(Lies {
        judged: there.clone().or(judged),
        folder: there.or_else(|| proposal.folder.clone()),
    })
}

/// Refuses whoever may not write where a proposal goes. Asked for during the turn: it may be another
/// one than the guard has seen.
pub(crate) async fn permit(
    handle: &Handle,
    principal: &Principal,
    (name, proposal): (&str, &Proposal),
) -> Result<(), Problem> {
    let reach = Reach::of(handle, principal).await?;
    match reach.may_with(Role::Author, name, proposal.judged_in()) {
        true => Ok(()),
        false => Err(reach.lacks(Role::Author, name)),
    }
}

/// Where the text that is proposed for a workflow would go.
pub(crate) async fn in_folder(handle: &Handle, name: &str) -> Result<InFolder, Problem> {
    let proposal = known(handle, name)?;
    let folder = place_of(handle, name, &proposal).await?.folder;
    Ok(InFolder { folder })
}

async fn place_of(handle: &Handle, name: &str, proposal: &Proposal) -> Result<Lies, Problem> {
    let (name, proposal) = (name.to_owned(), proposal.clone());
    Ok(reading(handle, move |parts| place(parts, &name, &proposal))
        .await?
        .0)
}

/// It becomes the file, and what new runs follow.
pub(crate) async fn approve(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    JsonBody(approving): JsonBody<Approving>,
) -> Answer<Activated> {
    handle.refresh().await;
    let _turn = handle.proposals.turn().await;
    let proposal = known(&handle, &name)?;
    permit(&handle, &principal, (&name, &proposal)).await?;
    let by = principal.signs(approving.by);
    if handle.parts.config().asks_four_eyes() {
        of_another(&proposal, (&name, &by))?;
        from_an_author(&handle, &name, &proposal).await?;
    }
    looked_at((&name, &proposal), &approving.hash)?;
    not_rejected((&name, &proposal))?;
    let signature = Signature {
        proposed_by: Some(proposal.by.clone()).filter(|it| *it != by),
        by,
        note: proposal.note.clone(),
    };
    let (over, own) = (proposal.over.clone(), proposal.hash());
    // A daemon that has ended between the file and the end of the proposal left it as proposed.
    let fits = move |now: Option<&Hash>| match now == over.as_ref() || now == Some(&own) {
        true => Ok(()),
        false => Err(outdated(now)),
    };
    let folder = place_of(&handle, &name, &proposal).await?.folder;
    let source = proposal.source;
    let text = Text {
        name,
        source,
        folder,
    };
    let activated = followed(&handle, (&text, fits), signature).await?;
    end(&handle, &text.name).await;
    Ok(Json(activated))
}

/// It does not become the file; whoever has proposed it sees why.
pub(crate) async fn reject(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    JsonBody(rejecting): JsonBody<Rejecting>,
) -> Answer<ProposalView> {
    let _turn = handle.proposals.turn().await;
    let proposal = known(&handle, &name)?;
    permit(&handle, &principal, (&name, &proposal)).await?;
    let by = principal.signs(rejecting.by);
    of_another(&proposal, (&name, &by))?;
    looked_at((&name, &proposal), &rejecting.hash)?;
    not_rejected((&name, &proposal))?;
    if rejecting.note.trim().is_empty() {
        let title = "a rejection says why";
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "proposal.note", title)
                .detail("give it a note, for whoever has proposed it"),
        );
    }
    let rejection = Rejection {
        by,
        at: Timestamp::now(),
        note: rejecting.note,
    };
    let rejected = Proposal {
        rejection: Some(rejection),
        ..proposal
    };
    keep(&handle, &name, Some(rejected)).await?;
    Ok(Json(detail(&handle, &name).await?.proposal))
}

/// Whoever has proposed it takes it back, or takes note that it was rejected.
pub(crate) async fn withdraw(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    JsonBody(withdrawing): JsonBody<Withdrawing>,
) -> Answer<Withdrawn> {
    let _turn = handle.proposals.turn().await;
    let proposal = known(&handle, &name)?;
    if principal.signs(withdrawing.by) != proposal.by {
        let title = format!("{} has proposed this, and withdraws it", proposal.by);
        return Err(Problem::new(StatusCode::FORBIDDEN, "proposal.other", title)
            .detail("reject it, and say why"));
    }
    keep(&handle, &name, None).await?;
    Ok(Json(Withdrawn {
        workflow: name,
        withdrawn: true,
    }))
}

/// Lets a text wait for somebody else; nothing when the file says so already. For whoever holds the
/// turn.
pub(super) async fn propose(
    handle: &Handle,
    (text, seen): (&Text, IfMatch),
    (signature, principal): (Signature, &Principal),
) -> Result<Option<ProposalView>, Problem> {
    let Text {
        name,
        source,
        folder,
    } = text.clone();
    if let Some(there) = handle.proposals.of(&name) {
        // One that was rejected in another folder is not theirs to put another in the place of.
        permit(handle, principal, (&name, &there)).await?;
        in_nobodys_way(handle, (&name, &there), &signature.by).await?;
    }
    let fitting = text.clone();
    let now = reading(handle, move |parts| {
        let fits = |now: Option<&Hash>| seen.fits(now.map(Hash::as_str));
        desk::fitting(&parts.instance, (fitting.spot(), &fitting.source), fits)
    });
    let now = now.await?.0;
    if now.as_ref().is_some_and(|it| it.source == source) {
        return Ok(None);
    }
    let proposal = Proposal {
        source,
        is_new: now.is_none() && !was_there(handle, &name).await?,
        folder: folder.filter(|it| now.is_none() && !it.is_empty()),
        over: now.map(|it| it.hash),
        by: signature.by,
        is_local: principal.is_local(),
        at: Timestamp::now(),
        note: signature.note,
        rejection: None,
    };
    keep(handle, &name, Some(proposal)).await?;
    Ok(Some(detail(handle, &name).await?.proposal))
}

/// Whether there has been a workflow of this name, or a run of one.
async fn was_there(handle: &Handle, name: &str) -> Result<bool, Problem> {
    let (history, name) = (handle.history.clone(), name.to_owned());
    let read = reading(handle, move |parts| is_new(parts, &history, &name));
    Ok(!read.await?.0)
}

/// What somebody has proposed ends when they activate another text themselves, where they may.
pub(super) async fn replaced(handle: &Handle, name: &str, by: &str) {
    let there = handle.proposals.of(name);
    if there.is_some_and(|it| it.by == by) {
        end(handle, name).await;
    }
}

/// What has become of it is done already.
async fn end(handle: &Handle, name: &str) {
    if let Err(problem) = keep(handle, name, None).await {
        tracing::error!(workflow = name, "{}", problem.title);
    }
}

/// One waits at a time; another's takes the place of one that nobody can activate any more.
async fn in_nobodys_way(
    handle: &Handle,
    (name, there): (&str, &Proposal),
    by: &str,
) -> Result<(), Problem> {
    if there.by == by || !there.waits() {
        return Ok(());
    }
    let place = place_of(handle, name, there).await?;
    if !may_propose(handle, there, &place) {
        return Ok(());
    }
    let title = format!("{} has proposed another text for `{name}`", there.by);
    Err(Problem::new(StatusCode::CONFLICT, "proposal.waits", title).detail(
        "`botswain proposals show` and the page of the workflow show it: activate or reject it first, \
         or let them withdraw it",
    ))
}

fn known(handle: &Handle, name: &str) -> Result<Proposal, Problem> {
    handle.proposals.of(name).ok_or_else(|| {
        let title = format!("nothing is proposed for `{name}`");
        Problem::new(StatusCode::NOT_FOUND, "proposal.none", title)
            .detail("`botswain proposals` lists what is")
    })
}

fn of_another(proposal: &Proposal, (name, by): (&str, &str)) -> Result<(), Problem> {
    if proposal.by != by {
        return Ok(());
    }
    let title = format!("{by} has proposed this for `{name}`, so somebody else decides about it");
    Err(Problem::new(StatusCode::FORBIDDEN, "proposal.own", title)
        .detail("withdraw it, or ask another author"))
}

async fn from_an_author(handle: &Handle, name: &str, proposal: &Proposal) -> Result<(), Problem> {
    let place = place_of(handle, name, proposal).await?;
    if may_propose(handle, proposal, &place) {
        return Ok(());
    }
    let title = format!("{} may not write workflows any more", proposal.by);
    let detail = format!("reject it, or propose a text for `{name}` yourself: it takes its place");
    Err(Problem::new(StatusCode::CONFLICT, "proposal.author", title).detail(detail))
}

fn may_propose(handle: &Handle, proposal: &Proposal, place: &Lies) -> bool {
    let place = place.judged.as_deref();
    proposal.is_local || handle.accounts.may(&proposal.by, Role::Author, place)
}

fn not_rejected((name, proposal): (&str, &Proposal)) -> Result<(), Problem> {
    let Some(rejection) = &proposal.rejection else {
        return Ok(());
    };
    let by = &rejection.by;
    let title = format!("{by} has rejected what was proposed for `{name}`");
    Err(
        Problem::new(StatusCode::CONFLICT, "proposal.rejected", title)
            .detail("let it be proposed anew"),
    )
}

fn looked_at((name, proposal): (&str, &Proposal), hash: &Hash) -> Result<(), Problem> {
    if proposal.hash() == *hash {
        return Ok(());
    }
    let title = format!("{} proposes another text for `{name}` by now", proposal.by);
    Err(
        Problem::new(StatusCode::PRECONDITION_FAILED, "proposal.changed", title)
            .detail("look at it, and decide about that"),
    )
}

fn outdated(now: Option<&Hash>) -> Problem {
    let title = match now {
        Some(_) => "the file was changed since this was proposed",
        None => "the file is not there any more",
    };
    Problem::new(StatusCode::PRECONDITION_FAILED, "workflow.changed", title)
        .detail("look at what differs now, and let it be proposed anew")
}

fn view(
    handle: &Handle,
    (name, it): (&str, &Proposal),
    (place, file): (&Lies, Option<&Hash>),
) -> ProposalView {
    let own = it.hash();
    let state = match &it.rejection {
        Some(_) => ProposalState::Rejected,
        None if !may_propose(handle, it, place) => ProposalState::Orphaned,
        None if file != it.over.as_ref() && file != Some(&own) => ProposalState::Outdated,
        None => ProposalState::Waiting,
    };
    let people = handle.accounts.people().into_iter();
    let may = |person: &PersonView| {
        let there = place.judged.as_ref();
        let there = there.map(|folder| person.role.in_folder(&person.folders, folder));
        there.unwrap_or(person.role) >= Role::Author && !person.locked
    };
    let others = people.filter(|person| person.name != it.by && may(person));
    ProposalView {
        workflow: name.to_owned(),
        folder: place.folder.clone(),
        by: it.by.clone(),
        at: it.at,
        note: it.note.clone(),
        hash: own,
        state,
        rejection: it.rejection.as_ref().map(|it| RejectionView {
            by: it.by.clone(),
            at: it.at,
            note: it.note.clone(),
        }),
        waits_for: others.map(|it| it.name).collect(),
    }
}

/// Durable on return, and known to whoever watches.
async fn keep(handle: &Handle, name: &str, proposal: Option<Proposal>) -> Result<(), Problem> {
    let (proposals, workflow) = (handle.proposals.clone(), name.to_owned());
    let writing = tokio::task::spawn_blocking(move || proposals.set(&workflow, proposal));
    let written = writing.await.map_err(Problem::internal)?;
    written.map_err(|error| {
        let title = format!("what is proposed cannot be written down: {error}");
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "proposal.unwritable",
            title,
        )
        .detail("free some space, and try again")
    })?;
    handle.tell_of_proposal(name);
    Ok(())
}
