//! Tokens by which programs act for whoever looks.

use axum::{
    Extension, Form, Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use botswain_console::NewToken;
use botswain_views::TokenView;
use jiff::{SignedDuration, Timestamp};

use super::{Visit, again, forms::Fields, html, people::role};
use crate::{
    accounts::Principal,
    api::{
        Problem, TokenRequest,
        answer::Created,
        extract::{self, JsonBody},
        tokens,
    },
    daemon::Handle,
};

pub(super) async fn list(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
) -> Response {
    let all = all(&handle, &principal).await;
    let frame = visit.counted().await;
    html(botswain_console::tokens(&frame, &all, NewToken::None))
}

async fn all(handle: &Handle, principal: &Principal) -> Vec<TokenView> {
    let listed = tokens::list(State(handle.clone()), Extension(principal.clone())).await;
    listed.map(|Json(all)| all).unwrap_or_default()
}

/// Makes one. The page that follows is the only one that has it.
pub(super) async fn add(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let form = Fields::new(fields);
    let made = async {
        let request = TokenRequest {
            name: form.given("name").unwrap_or_default().to_owned(),
            role: role(&form)?,
            folders: folders(&form),
            expires: Some(ends(&form)?),
            person: None,
        };
        let who = Extension(principal.clone());
        tokens::add(State(handle.clone()), who, JsonBody(request)).await
    };
    let made = made.await;
    let all = all(&handle, &principal).await;
    let frame = visit.counted().await;
    match made {
        Ok(Created(made)) => {
            let new = NewToken::Made(&made.name, &made.token);
            html(botswain_console::tokens(&frame, &all, new))
        }
        Err(problem) => {
            let why = visit.line(&problem);
            again(botswain_console::tokens(
                &frame,
                &all,
                NewToken::Refused(&why),
            ))
        }
    }
}

/// Those that are named, with commas between them.
fn folders(form: &Fields) -> Vec<String> {
    let text = form.get("folders").unwrap_or_default();
    let each = text.split(',').map(|it| it.trim().trim_matches('/'));
    each.filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect()
}

fn ends(form: &Fields) -> Result<Timestamp, Problem> {
    let days = form.given("days").and_then(|it| it.parse::<i64>().ok());
    let days = days.filter(|it| (1..=366).contains(it));
    let bad = || {
        let title = "a token ends after 1 to 366 days";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "token.expiry", title)
    };
    Ok(Timestamp::now() + SignedDuration::from_hours(24 * days.ok_or_else(bad)?))
}

pub(super) async fn revoke(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Path(names): Path<(String, String)>,
) -> Response {
    let path = extract::Path(names);
    match tokens::revoke(State(handle), Extension(principal), path).await {
        Ok(_) => Redirect::to("/tokens").into_response(),
        Err(problem) => visit.problem(&problem),
    }
}
