//! Routes about the people who may sign in.

use axum::{Json, extract::State, http::StatusCode};
use botswain_views::{FolderRoles, PersonView, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Problem,
    answer::Created,
    extract::{JsonBody, Path},
    routes::Answer,
};
use crate::{
    accounts::{Change, Refusal, Rights},
    daemon::Handle,
};

/// Somebody new.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonRequest {
    pub name: String,
    pub password: String,
    pub role: Role,
    /// What else they may in folders of workflows, each with `viewer`, `handler` or `author`; it holds for
    /// what is below a folder too.
    #[serde(default)]
    pub folders: FolderRoles,
    #[serde(default)]
    pub groups: Vec<String>,
}

/// They may sign in.
#[derive(Serialize, JsonSchema)]
pub(super) struct Added {
    name: String,
    role: Role,
}

/// It holds from now on.
#[derive(Serialize, JsonSchema)]
pub(super) struct Altered {
    name: String,
    changed: bool,
}

/// They are asked for a code no more.
#[derive(Serialize, JsonSchema)]
pub(super) struct FactorRemoved {
    name: String,
    factor_removed: bool,
}

/// They may sign in no more.
#[derive(Serialize, JsonSchema)]
pub(super) struct Removed {
    name: String,
    removed: bool,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let (status, code) = match &refusal {
            Refusal::Wrong => (StatusCode::UNAUTHORIZED, "account.wrong"),
            Refusal::NeedsCode(_) | Refusal::WrongCode | Refusal::Late => {
                (StatusCode::UNAUTHORIZED, "account.code")
            }
            Refusal::FactorThere | Refusal::NoFactor => (StatusCode::CONFLICT, "account.factor"),
            Refusal::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "account.throttled"),
            Refusal::BadToken => (StatusCode::UNAUTHORIZED, "token.wrong"),
            Refusal::TooMuch(_) => (StatusCode::FORBIDDEN, "token.role"),
            Refusal::Expiry => (StatusCode::UNPROCESSABLE_ENTITY, "token.expiry"),
            Refusal::UnknownToken(_) => (StatusCode::NOT_FOUND, "token.unknown"),
            Refusal::TakenToken(_) | Refusal::ManyTokens => {
                (StatusCode::CONFLICT, "token.conflict")
            }
            Refusal::NoSetup => (StatusCode::FORBIDDEN, "account.setup"),
            Refusal::Unknown(_) => (StatusCode::NOT_FOUND, "account.unknown"),
            Refusal::Locked(_) => (StatusCode::FORBIDDEN, "account.locked"),
            Refusal::NameTaken(_) => (StatusCode::CONFLICT, "provider.name"),
            Refusal::ByProvider(_) => (StatusCode::CONFLICT, "provider.account"),
            Refusal::Taken(_) | Refusal::LastAdmin(_) => (StatusCode::CONFLICT, "account.conflict"),
            Refusal::BadFolder(_) | Refusal::FolderRole(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "account.folder")
            }
            Refusal::BadName(_) | Refusal::Weak(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "account.value")
            }
            Refusal::Io(_) | Refusal::Damaged { .. } | Refusal::Sealed | Refusal::Key(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "account.store")
            }
        };
        let problem = Problem::new(status, code, refusal.to_string());
        Problem {
            detail: refusal.hint().map(str::to_owned),
            ..problem
        }
    }
}

pub(super) async fn list(State(handle): State<Handle>) -> Answer<Vec<PersonView>> {
    Ok(Json(listed(&handle)))
}

/// Everybody with an account, with what people call the identity provider.
pub(crate) fn listed(handle: &Handle) -> Vec<PersonView> {
    let config = handle.parts.config();
    let mut people = handle.accounts.people();
    for issuer in people.iter_mut().filter_map(|it| it.provider.as_mut()) {
        if let Some(named) = config.sign_in().filter(|it| it.issuer == *issuer) {
            issuer.clone_from(&named.name);
        }
    }
    people
}

pub(super) async fn add(
    State(handle): State<Handle>,
    JsonBody(request): JsonBody<PersonRequest>,
) -> Result<Created<Added>, Problem> {
    let PersonRequest {
        name,
        password,
        role,
        folders,
        groups,
    } = request;
    let rights = Rights {
        role,
        groups: known(&handle, groups)?,
        folders,
    };
    handle.accounts.add(&name, password, rights).await?;
    Ok(Created(Added { name, role }))
}

pub(super) async fn alter(
    State(handle): State<Handle>,
    Path(name): Path<String>,
    JsonBody(mut change): JsonBody<Change>,
) -> Answer<Altered> {
    change.groups = change.groups.map(|it| known(&handle, it)).transpose()?;
    handle.accounts.alter(&name, change).await?;
    Ok(Json(Altered {
        name,
        changed: true,
    }))
}

pub(super) async fn remove(
    State(handle): State<Handle>,
    Path(name): Path<String>,
) -> Answer<Removed> {
    handle.accounts.remove(&name)?;
    Ok(Json(Removed {
        name,
        removed: true,
    }))
}

/// Takes the second factor from somebody whose phone is gone.
pub(super) async fn take_factor(
    State(handle): State<Handle>,
    Path(name): Path<String>,
) -> Answer<FactorRemoved> {
    handle.accounts.take_factor(&name)?;
    Ok(Json(FactorRemoved {
        name,
        factor_removed: true,
    }))
}

/// Groups that botswain.yaml has.
pub(crate) fn known(handle: &Handle, groups: Vec<String>) -> Result<Vec<String>, Problem> {
    let config = handle.parts.config();
    match groups.iter().find(|it| !config.groups.contains_key(*it)) {
        None => Ok(groups),
        Some(unknown) => {
            let names: Vec<&str> = config.groups.keys().map(String::as_str).collect();
            let problem = Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "account.group",
                format!("botswain.yaml has no group `{unknown}`"),
            );
            Err(problem.detail(match names.is_empty() {
                true => "groups stand under `groups:`".to_owned(),
                false => format!("there is: {}", names.join(", ")),
            }))
        }
    }
}
