//! What somebody may with a workflow: by their role everywhere, or in the folder where it lies.
//!
//! In go who asks and which workflow, run or exception a request is about; out comes
//! whether they have the role. A workflow is judged where its file lies at this
//! moment. Where there is no such file, or more than one, the role everywhere
//! counts alone. Whoever sees a run sees what it has made too, the runs that it has
//! called among it; who acts is judged by the workflow of the very run.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{FromRequestParts, Query, RawPathParams, Request},
    http::{StatusCode, Uri, request::Parts as Head},
};
use botswain_core::{ExceptionId, RunId, plan::Version};
use botswain_store::Filter;
use botswain_views::Role;

use super::{
    Problem,
    access::{About, Right},
    routes::reading,
};
use crate::{
    accounts::Principal,
    daemon::{Handle, Parts},
    history::History,
    starter,
    views::{self, Reader, Sight},
};

/// What somebody may, and where workflows lie.
pub(crate) struct Reach<'p> {
    principal: &'p Principal,
    /// Not looked at for those who may the same everywhere.
    places: BTreeMap<String, String>,
}

impl<'p> Reach<'p> {
    pub(crate) async fn of(
        handle: &Handle,
        principal: &'p Principal,
    ) -> Result<Reach<'p>, Problem> {
        let places = match principal.role.somewhere(&principal.folders) {
            same if same == principal.role => BTreeMap::new(),
            _ => places(handle).await?,
        };
        Ok(Reach { principal, places })
    }

    /// The same where it is known already where workflows lie.
    pub(crate) fn over(principal: &'p Principal, places: BTreeMap<String, String>) -> Reach<'p> {
        Reach { principal, places }
    }

    /// Who it is.
    pub(crate) fn name(&self) -> &str {
        &self.principal.name
    }

    /// For whom views are made.
    pub(crate) fn reader(&self) -> Reader {
        Reader {
            name: self.principal.name.clone(),
            sight: self.sight(),
        }
    }

    /// Of which workflows they are shown anything.
    pub(crate) fn sight(&self) -> Sight {
        if self.principal.role >= Role::Viewer {
            return Sight::All;
        }
        let shown = self.places.keys().filter(|it| self.sees(it));
        Sight::Those(shown.cloned().collect())
    }

    /// What new runs follow of the workflows that they see.
    pub(crate) fn workflows(&self, handle: &Handle) -> Vec<Arc<Version>> {
        let mut all = handle.workflows();
        all.retain(|it| self.sees(&it.plan.name));
        all
    }

    /// How these are called.
    pub(crate) fn names(&self, handle: &Handle) -> Vec<String> {
        let versions = self.workflows(handle).into_iter();
        versions.map(|it| it.plan.name.clone()).collect()
    }

    /// Whether they are shown anything of a workflow.
    pub(crate) fn sees(&self, workflow: &str) -> bool {
        self.may(Role::Viewer, workflow)
    }

    /// Whether they have this role where a workflow lies.
    pub(crate) fn may(&self, role: Role, workflow: &str) -> bool {
        self.may_in(role, self.places.get(workflow).map(String::as_str))
    }

    /// The same for one that may have no file yet, and then goes into this folder.
    pub(crate) fn may_with(&self, role: Role, workflow: &str, new_in: Option<&str>) -> bool {
        let there = self.places.get(workflow).map(String::as_str);
        self.may_in(role, there.or(new_in))
    }

    /// What they are told who have not.
    pub(crate) fn lacks(&self, role: Role, workflow: &str) -> Problem {
        let folder = self.places.get(workflow).map(String::as_str);
        self.lacks_in(role, folder)
    }

    fn lacks_in(&self, role: Role, folder: Option<&str>) -> Problem {
        // Of what somebody does not see they do not hear where it lies.
        lacks(
            self.principal,
            role,
            folder.filter(|_| self.may_in(Role::Viewer, folder)),
        )
    }

    fn may_in(&self, role: Role, folder: Option<&str>) -> bool {
        let Principal {
            role: own, folders, ..
        } = self.principal;
        let there = folder.map(|folder| own.in_folder(folders, folder));
        there.unwrap_or(*own) >= role
    }
}

/// Where each workflow lies.
async fn places(handle: &Handle) -> Result<BTreeMap<String, String>, Problem> {
    let read = reading(handle, |parts| {
        let folders = parts.instance.workflow_folders();
        folders.map_err(Problem::internal)
    });
    Ok(read.await?.0)
}

/// Refuses whoever has not this role where a workflow lies. Whatever acts on a workflow that the
/// path does not name asks for it.
pub(crate) async fn permit(
    handle: &Handle,
    principal: &Principal,
    (role, workflow): (Role, &str),
) -> Result<(), Problem> {
    let reach = Reach::of(handle, principal).await?;
    match reach.may(role, workflow) {
        true => Ok(()),
        false => Err(reach.lacks(role, workflow)),
    }
}

/// The request, if whoever asks has what its route takes.
pub(super) async fn holds(
    handle: &Handle,
    principal: &Principal,
    right: Right,
    request: Request,
) -> Result<Request, Problem> {
    let (role, about) = match right {
        Right::Role(role) if principal.role < role => return Err(lacks(principal, role, None)),
        Right::In(role, about) if principal.role < role => (role, about),
        _ => return Ok(request),
    };
    if principal.role.somewhere(&principal.folders) < role {
        return Err(lacks(principal, role, None));
    }
    if about == About::Any {
        return Ok(request);
    }
    let (mut head, body) = request.into_parts();
    let mut folders = match Subject::of(about, &mut head).await {
        Some(subject) => subject.folders(handle).await?,
        None => Vec::new(),
    };
    if role > Role::Viewer {
        folders.truncate(1);
    }
    let reach = Reach::over(principal, BTreeMap::new());
    let may = |folder: &Option<String>| reach.may_in(role, folder.as_deref());
    match folders.iter().any(may) {
        true => Ok(Request::from_parts(head, body)),
        false => Err(reach.lacks_in(role, folders.into_iter().flatten().next().as_deref())),
    }
}

fn lacks(principal: &Principal, role: Role, folder: Option<&str>) -> Problem {
    let title = match &principal.token {
        Some(token) => format!("the token `{token}` of {} may not do this", principal.name),
        None => format!("{} may not do this", principal.name),
    };
    let problem = Problem::new(StatusCode::FORBIDDEN, "access.role", title);
    problem.detail(match folder.filter(|it| !it.is_empty()) {
        _ if principal.role.somewhere(&principal.folders) == Role::None => {
            "an admin gives a role, or one in a folder of workflows, on the page People".to_owned()
        }
        Some(folder) => format!("it takes the role {} in `{folder}`", role.name()),
        None => format!("it takes the role {}", role.name()),
    })
}

/// What a path is about.
enum Subject {
    Workflow(String),
    /// The folder is that of a new one.
    File(String, Option<String>),
    /// What is proposed for a workflow; for a new one it says the folder itself.
    Proposal(String),
    Run(RunId),
    Exception(ExceptionId),
}

impl Subject {
    /// None where the path is none that the route could take.
    async fn of(about: About, head: &mut Head) -> Option<Subject> {
        let uri = head.uri.clone();
        // As the function of the route reads them.
        let names = RawPathParams::from_request_parts(head, &()).await.ok()?;
        let named = |name: &str| {
            let mut all = names.iter().filter(|(it, _)| *it == name);
            all.next().map(|(_, value)| value.to_owned())
        };
        Some(match about {
            About::Workflow => Subject::Workflow(named("name")?),
            About::File => Subject::File(named("name")?, wanted(&uri)),
            About::Proposal => Subject::Proposal(named("name")?),
            About::Run => Subject::Run(named("run")?.parse().ok()?),
            About::Exception => Subject::Exception(ExceptionId(named("id")?.parse().ok()?)),
            About::Any => return None,
        })
    }

    /// The folder by which it is judged, and behind it those of the runs around it, by which it is
    /// seen too; none where the role everywhere counts alone.
    async fn folders(self, handle: &Handle) -> Result<Vec<Option<String>>, Problem> {
        let (history, proposals) = (handle.history.clone(), handle.proposals.clone());
        let closed = match &self {
            Subject::Exception(id) => handle.closed.of(*id).map(|it| it.run),
            _ => None,
        };
        let read = reading(handle, move |parts| {
            let mut places = parts
                .instance
                .workflow_folders()
                .map_err(Problem::internal)?;
            let mut of_file = |name: &str, wanted: Option<String>| {
                if let Some(folder) = places.remove(name) {
                    return Ok(vec![Some(folder)]);
                }
                let is_new = is_new(parts, &history, name)?;
                Ok::<_, Problem>(vec![wanted.filter(|_| is_new)])
            };
            match self {
                Subject::Workflow(name) => Ok(vec![places.remove(&name)]),
                Subject::File(name, wanted) => of_file(&name, wanted),
                Subject::Proposal(name) => {
                    let proposal = proposals.of(&name);
                    let wanted = proposal.and_then(|it| it.judged_in().map(str::to_owned));
                    of_file(&name, wanted)
                }
                Subject::Run(run) => around(parts, run, &places),
                // Of one that is closed nothing is done any more, but who has decided it is told.
                Subject::Exception(id) => {
                    match parts.store.exception(id)?.map(|it| it.run).or(closed) {
                        Some(run) => around(parts, run, &places),
                        None => Ok(Vec::new()),
                    }
                }
            }
        });
        Ok(read.await?.0)
    }
}

/// Where the workflow of a run lies, and those of the runs around it.
fn around(
    parts: &Parts,
    run: RunId,
    places: &BTreeMap<String, String>,
) -> Result<Vec<Option<String>>, Problem> {
    let folder = |run: RunId| {
        let summary = parts.store.summary(&run)?;
        Ok(summary.and_then(|it| places.get(&it.workflow).cloned()))
    };
    views::around(&run).map(folder).collect()
}

/// The folder that is wanted for a new workflow.
pub(super) fn wanted(uri: &Uri) -> Option<String> {
    let fields = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?.0;
    let mut folders = fields.into_iter().filter(|(name, _)| name == "folder");
    // Nobody chooses between two.
    let (folder, other) = (folders.next()?.1, folders.next());
    (other.is_none() && starter::is_folder(&folder)).then_some(folder)
}

/// Whether there is neither a file nor a run of a workflow, and never was: whoever brings one of this
/// name gets nothing that waits of another.
pub(super) fn is_new(parts: &Parts, history: &History, name: &str) -> Result<bool, Problem> {
    if !history.of(name).is_empty() {
        return Ok(false);
    }
    let file = parts.instance.workflow_file(name);
    if file.map_err(Problem::internal)?.is_some() {
        return Ok(false);
    }
    Ok(parts.runs(&Filter::of(name), None, 1)?.is_empty())
}
