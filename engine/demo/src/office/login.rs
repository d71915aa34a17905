//! Signing in and out, and who is asking.
//!
//! A page asks for a `Clerk`: somebody with a session; anybody else is sent to
//! `/login` and comes back afterwards. The API asks for a `Caller`: a session or
//! the bearer token; anybody else gets 401 as JSON.

use std::sync::Arc;

use axum::extract::{Form, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::json;

use super::desk::Desk;
use super::page;

const COOKIE: &str = "office_session";

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/login", get(form).post(sign_in))
        .route("/logout", post(sign_out))
}

/// Somebody with a session.
pub(super) struct Clerk {
    pub(super) user: String,
}

impl FromRequestParts<Arc<Desk>> for Clerk {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Clerk, Redirect> {
        if signed_in(&parts.headers, desk) {
            let user = desk.door.user.clone();
            return Ok(Clerk { user });
        }
        let next = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let query = Next {
            next: next.to_owned(),
        };
        Err(Redirect::to(&query.login()))
    }
}

/// A program with the token, or a page of ours.
pub(super) struct Caller;

impl FromRequestParts<Arc<Desk>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Caller, Response> {
        let bearer = parts.headers.get(header::AUTHORIZATION);
        let token = bearer
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        if token == Some(desk.door.token.as_str()) || signed_in(&parts.headers, desk) {
            return Ok(Caller);
        }
        let body = Json(json!({ "error": "sign in, or send the bearer token" }));
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        Err((StatusCode::UNAUTHORIZED, challenge, body).into_response())
    }
}

fn signed_in(headers: &HeaderMap, desk: &Desk) -> bool {
    session(headers).is_some_and(|session| desk.is_signed_in(session))
}

fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, session)| session)
}

/// Where to go after signing in.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Next {
    next: String,
}

impl Next {
    fn login(&self) -> String {
        // Our own paths, so only what separates one parameter from the next.
        let path = self
            .next
            .replace('%', "%25")
            .replace('&', "%26")
            .replace('+', "%2B");
        format!("/login?next={path}")
    }

    /// A path of this office, and no other site.
    fn path(&self) -> &str {
        let own = self.next.starts_with('/')
            && !self.next.starts_with("//")
            && !self.next.contains(['\\', '\r', '\n']);
        if own { &self.next } else { "/" }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Credentials {
    user: String,
    password: String,
    next: String,
}

async fn form(Query(next): Query<Next>) -> Markup {
    login_page("", next.path(), &[])
}

fn login_page(user: &str, next: &str, wrong: &[String]) -> Markup {
    let body = html! {
        main.narrow { div.card {
            h1 { "Northwind Traders" }
            p.lead { "Back office" }
            (page::problems(wrong))
            form method="post" action="/login" {
                div.field {
                    label for="user" { "User" }
                    input type="text" id="user" name="user" value=(user) autocomplete="username";
                }
                div.field {
                    label for="password" { "Password" }
                    input type="password" id="password" name="password" autocomplete="current-password";
                }
                input type="hidden" name="next" value=(next);
                div.actions { button type="submit" { "Sign in" } }
            }
        } }
    };
    page::bare("Sign in", &body)
}

async fn sign_in(State(desk): State<Arc<Desk>>, Form(given): Form<Credentials>) -> Response {
    let Credentials {
        user,
        password,
        next,
    } = given;
    let next = Next { next };
    match desk.sign_in(user.trim(), &password) {
        Some(session) => {
            let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax");
            ([(header::SET_COOKIE, cookie)], Redirect::to(next.path())).into_response()
        }
        None => {
            let wrong = ["User or password is wrong".to_owned()];
            let page = login_page(&user, next.path(), &wrong);
            (StatusCode::UNAUTHORIZED, page).into_response()
        }
    }
}

async fn sign_out(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    if let Some(session) = session(&headers) {
        desk.sign_out(session);
    }
    let cookie = format!("{COOKIE}=; Path=/; Max-Age=0");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_one_stays_in_the_office() {
        let path = |next: &str| {
            let next = next.to_owned();
            Next { next }.path().to_owned()
        };
        assert_eq!(path("/orders?reference=1"), "/orders?reference=1");
        for elsewhere in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
        ] {
            assert_eq!(path(elsewhere), "/");
        }
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        assert_eq!(session(&headers), None);
        let value = "theme=dark; office_session=abc; x=1";
        headers.insert(header::COOKIE, value.parse().unwrap());
        assert_eq!(session(&headers), Some("abc"));
    }
}
