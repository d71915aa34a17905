//! Signing in and out, the first account, and how somebody wants to see pages.

use axum::{
    Extension, Form,
    extract::{Query, State},
    http::header,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use botswain_console::{Language, Theme};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{Visit, account, again, html};
use crate::{accounts::Refusal, api::Problem, daemon::Handle};

/// How long a choice of language or theme is remembered, in seconds.
const YEAR: u32 = 31_536_000;

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Setup {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub(super) struct First {
    token: String,
    name: String,
    password: String,
    again: String,
}

#[derive(Deserialize)]
pub(super) struct Look {
    language: Option<String>,
    theme: Option<String>,
    #[serde(default)]
    back: String,
}

pub(super) async fn login(
    Extension(visit): Extension<Visit>,
    Query(Next { next }): Query<Next>,
) -> Response {
    html(login_page(&visit, &next, None).await)
}

/// Where somebody signs in, with what was wrong with the try before.
pub(super) async fn login_page(visit: &Visit, next: &str, error: Option<&str>) -> String {
    let query = format!("next={}", utf8_percent_encode(next, NON_ALPHANUMERIC));
    let provider = visit.guard.provider.as_ref().map(|it| {
        // A link, not a form: browsers let a form lead nowhere else, and a provider sends people on.
        // It leads to where they are sent back to, so that the cookie is there.
        let link = format!("{}/login/provider?{query}", visit.guard.home);
        (it.name(), link)
    });
    let provider = provider.as_ref().map(|(name, link)| (*name, link.as_str()));
    let mut frame = visit.counted().await;
    // What a provider has sent somebody back with is shown nowhere.
    frame.path = format!("/login?{query}");
    botswain_console::login(&frame, (next, provider), error)
}

pub(super) async fn sign_in(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Form(Credentials {
        name,
        password,
        next,
    }): Form<Credentials>,
) -> Response {
    let from = visit.address();
    match handle.accounts.sign_in(&name, password, from).await {
        Err(Refusal::NeedsCode(half)) => account::ask(&visit, (&half, &name, &next)).await,
        Ok(token) => signed_in(&visit, &token, &next),
        Err(refusal) => {
            let why = visit.line(&Problem::from(refusal));
            again(login_page(&visit, &next, Some(&why)).await)
        }
    }
}

/// They are in, and where they wanted to go.
pub(super) fn signed_in(visit: &Visit, token: &str, next: &str) -> Response {
    let cookie = session_cookie(visit, token, None);
    (
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        Redirect::to(here(next)),
    )
        .into_response()
}

pub(super) async fn sign_out(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
) -> Result<Response, Problem> {
    if let Some(token) = visit.token() {
        handle.accounts.sign_out(token)?;
    }
    let cookie = session_cookie(&visit, "", Some(0));
    Ok((
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        Redirect::to("/login"),
    )
        .into_response())
}

pub(super) async fn setup(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Query(Setup { token }): Query<Setup>,
) -> Response {
    if !handle.accounts.is_empty() {
        return Redirect::to("/login").into_response();
    }
    html(botswain_console::setup(
        &visit.counted().await,
        &token,
        None,
    ))
}

pub(super) async fn set_up(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Form(First {
        token,
        name,
        password,
        again: once_more,
    }): Form<First>,
) -> Response {
    let made = match password == once_more {
        true => {
            handle
                .accounts
                .set_up(&token, &name, password.clone())
                .await
        }
        false => Err(Refusal::Weak("is not the same both times")),
    };
    let session = match made {
        Ok(()) => {
            let from = visit.address();
            handle.accounts.sign_in(&name, password, from).await
        }
        Err(refusal) => Err(refusal),
    };
    match session {
        Ok(token) => signed_in(&visit, &token, "/inbox"),
        Err(refusal) => {
            let frame = visit.counted().await;
            let why = visit.line(&Problem::from(refusal));
            again(botswain_console::setup(&frame, &token, Some(&why)))
        }
    }
}

/// Language and theme; whoever has not signed in may choose too.
pub(super) async fn look(Form(look): Form<Look>) -> Response {
    let language = look.language.as_deref().and_then(Language::of_code);
    let theme = look.theme.as_deref().and_then(Theme::of_code);
    let chosen = [
        language.map(|it| ("language", it.code())),
        theme.map(|it| ("theme", it.code())),
    ];
    let cookies = chosen.into_iter().flatten().map(|(name, value)| {
        let cookie = format!("{name}={value}; Path=/; Max-Age={YEAR}; SameSite=Lax; HttpOnly");
        (header::SET_COOKIE, cookie)
    });
    let cookies: Vec<_> = cookies.collect();
    (AppendHeaders(cookies), Redirect::to(here(&look.back))).into_response()
}

/// A path of this console, or the inbox: a form leads nowhere else.
pub(super) fn here(path: &str) -> &str {
    let is_path = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    match is_path && path.chars().all(|c| !c.is_control()) {
        true => path,
        false => "/inbox",
    }
}

pub(super) fn session_cookie(visit: &Visit, token: &str, age: Option<u32>) -> String {
    cookie(visit, (&visit.guard.cookie, token), age)
}

/// One that no script reads, and that a browser brings along when it is sent here from elsewhere.
pub(super) fn cookie(visit: &Visit, (name, value): (&str, &str), age: Option<u32>) -> String {
    let secure = if visit.guard.is_encrypted {
        "; Secure"
    } else {
        ""
    };
    let age = age
        .map(|age| format!("; Max-Age={age}"))
        .unwrap_or_default();
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_nowhere_else() {
        for (path, there) in [
            ("/inbox?q=a", "/inbox?q=a"),
            ("//evil.example", "/inbox"),
            ("/\\evil.example", "/inbox"),
            ("https://evil.example", "/inbox"),
            ("javascript:alert(1)", "/inbox"),
            ("/a\nb", "/inbox"),
            ("", "/inbox"),
        ] {
            assert_eq!(here(path), there, "{path}");
        }
    }
}
