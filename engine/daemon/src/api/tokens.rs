//! Routes about tokens, by which programs act for people.
//!
//! Each is made and revoked by its person, who has signed in themselves: a token
//! makes no others. An admin sees and revokes those of everybody.

use axum::{Extension, Json, extract::State, http::StatusCode};
use botswain_views::{Role, TokenView};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Problem,
    answer::Created,
    extract::{JsonBody, Path},
    routes::Answer,
};
use crate::{
    accounts::{NewToken, Principal, Refusal},
    daemon::Handle,
};

/// How long one lasts when nobody says.
const LASTS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A token that somebody wants.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Its person has no other of this name.
    pub name: String,
    /// What it may at most; `viewer` only reads.
    pub role: Role,
    /// The folders of workflows in which alone it may anything, and sees anything; everywhere when
    /// none are given.
    #[serde(default)]
    pub folders: Vec<String>,
    /// When it ends, within 366 days; otherwise in 90 days.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// In whose name; over the socket alone, for whoever has signed in makes their own.
    #[serde(default)]
    pub person: Option<String>,
}

/// A token as it is told once.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TokenMade {
    pub person: String,
    pub name: String,
    pub expires: Timestamp,
    /// For `Authorization: Bearer`. Nobody can read it again.
    pub token: String,
}

/// It lets nobody in any more.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Revoked {
    person: String,
    name: String,
    revoked: bool,
}

pub(crate) async fn list(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
) -> Answer<Vec<TokenView>> {
    let own = (principal.role < Role::Admin).then_some(principal.name.as_str());
    let mut tokens = handle.accounts.tokens(own);
    // One that sees some folders alone does not hear of what others see.
    if principal.role == Role::None {
        let is_itself = |it: &TokenView| principal.token.as_ref() == Some(&it.name);
        tokens.retain(|it| principal.token.is_none() || is_itself(it));
    }
    Ok(Json(tokens))
}

pub(crate) async fn add(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    JsonBody(request): JsonBody<TokenRequest>,
) -> Result<Created<TokenMade>, Problem> {
    let in_person = in_person(&principal)?;
    let person = match (in_person, request.person) {
        (false, Some(person)) => person,
        (false, None) => {
            let problem = Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "token.person",
                "nobody is named for whom it is",
            );
            return Err(problem.detail("give `person`"));
        }
        (true, Some(person)) if person != principal.name => {
            let title = format!("{} makes no tokens for {person}", principal.name);
            let problem = Problem::new(StatusCode::FORBIDDEN, "token.person", title);
            return Err(problem.detail("each makes their own"));
        }
        (true, _) => principal.name,
    };
    let new = NewToken {
        person,
        name: request.name,
        role: request.role,
        folders: request.folders,
        expires: request.expires.unwrap_or_else(|| Timestamp::now() + LASTS),
    };
    let made = new.clone();
    let adding = tokio::task::spawn_blocking(move || handle.accounts.add_token(new)).await;
    Ok(Created(TokenMade {
        token: adding.map_err(Problem::internal)??,
        person: made.person,
        name: made.name,
        expires: made.expires,
    }))
}

pub(crate) async fn revoke(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Path((person, name)): Path<(String, String)>,
) -> Answer<Revoked> {
    in_person(&principal)?;
    if person != principal.name && principal.role < Role::Admin {
        // Of others' tokens nobody hears whether there are any.
        return Err(Refusal::UnknownToken(name).into());
    }
    let revoked = (person.clone(), name.clone());
    let revoking = move || handle.accounts.revoke(&revoked.0, &revoked.1);
    let done = tokio::task::spawn_blocking(revoking).await;
    done.map_err(Problem::internal)??;
    Ok(Json(Revoked {
        person,
        name,
        revoked: true,
    }))
}

/// Whether somebody has signed in, or is the user who runs the daemon; nobody else may.
fn in_person(principal: &Principal) -> Result<bool, Problem> {
    match &principal.token {
        None => Ok(!principal.is_local()),
        Some(name) => {
            let title = format!("the token `{name}` makes and revokes no tokens");
            let problem = Problem::new(StatusCode::FORBIDDEN, "token.token", title);
            Err(problem.detail("sign in for that"))
        }
    }
}
