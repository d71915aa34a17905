//! One's own account and its second factor, and the second step of signing in.

use axum::{
    Extension, Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use botswain_console::Factor;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{
    Visit, again, html, people,
    session::{login_page, signed_in},
};
use crate::{
    accounts::{Principal, Refusal},
    api::{Problem, problem::Code},
    daemon::Handle,
};

#[derive(Deserialize)]
pub(super) struct Password {
    #[serde(default)]
    password: String,
}

#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
pub(super) struct Second {
    half: String,
    name: String,
    code: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn show(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
) -> Response {
    html(page(&handle, &principal, &visit, None).await)
}

/// Offers a secret to whoever shows their password.
pub(super) async fn begin(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Form(Password { password }): Form<Password>,
) -> Response {
    let from = visit.address();
    let name = &principal.name;
    let offered = handle.accounts.offer_factor(name, password, from).await;
    shown(&handle, &principal, &visit, offered).await
}

/// Sets it up by its first code. The page that follows is the only one with the codes for another
/// day.
pub(super) async fn confirm(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Form(Shown { code }): Form<Shown>,
) -> Response {
    let from = visit.address();
    match handle.accounts.set_factor(&principal.name, &code, from) {
        Ok(codes) => {
            let frame = visit.counted().await;
            let is_required = requires(&handle, &principal);
            let factor = Factor::Made(&codes);
            html(botswain_console::account(
                &frame,
                factor,
                (is_required, None),
            ))
        }
        Err(refusal) => shown(&handle, &principal, &visit, Err(refusal)).await,
    }
}

pub(super) async fn remove(
    State(handle): State<Handle>,
    Extension(principal): Extension<Principal>,
    Extension(visit): Extension<Visit>,
    Form(Shown { code }): Form<Shown>,
) -> Response {
    let from = visit.address();
    let removed = handle.accounts.drop_factor(&principal.name, &code, from);
    shown(&handle, &principal, &visit, removed).await
}

/// An admin takes it from somebody whose phone is gone.
pub(super) async fn take(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
) -> Response {
    let taken = handle.accounts.take_factor(&name).map_err(Problem::from);
    people::shown(&handle, &visit, taken).await
}

/// The page as it is now, or what was wrong.
async fn shown(
    handle: &Handle,
    principal: &Principal,
    visit: &Visit,
    done: Result<(), Refusal>,
) -> Response {
    match done {
        Ok(()) => Redirect::to("/account").into_response(),
        Err(refusal) => {
            let problem = Problem::from(refusal);
            let why = visit.line(&problem);
            coded(
                again(page(handle, principal, visit, Some(&why)).await),
                problem,
            )
        }
    }
}

async fn page(
    handle: &Handle,
    principal: &Principal,
    visit: &Visit,
    error: Option<&str>,
) -> String {
    let frame = visit.counted().await;
    let required = (requires(handle, principal), error);
    if principal.issuer.is_some() {
        let config = handle.parts.config();
        let provider = config.sign_in().map(|it| it.name.as_str());
        let factor = Factor::Provider(provider.unwrap_or_default());
        return botswain_console::account(&frame, factor, required);
    }
    if let Some(set) = handle.accounts.factor(&principal.name) {
        let factor = Factor::Set {
            since: set.since,
            codes: set.codes,
        };
        return botswain_console::account(&frame, factor, required);
    }
    let Some(secret) = handle.accounts.offered(&principal.name) else {
        return botswain_console::account(&frame, Factor::None, required);
    };
    let address = address(&frame.instance, &principal.name, &secret);
    let factor = Factor::Offered {
        secret: &secret,
        address: &address,
    };
    botswain_console::account(&frame, factor, required)
}

/// As apps read it (the key URI format of Google Authenticator, which all of them know).
fn address(instance: &str, name: &str, secret: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let issuer = encoded(&format!("Botswain {instance}"));
    format!(
        "otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}",
        encoded(name)
    )
}

fn requires(handle: &Handle, principal: &Principal) -> bool {
    let config = handle.parts.config();
    principal.roles().any(|it| config.requires_factor(it))
}

/// The second step of signing in.
pub(super) async fn sign_in(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Form(Second {
        half,
        name,
        code,
        next,
    }): Form<Second>,
) -> Response {
    let from = visit.address();
    match handle.accounts.sign_in_with((&half, &name), &code, from) {
        Ok(token) => signed_in(&visit, &token, &next),
        Err(refusal) => {
            let is_late = matches!(refusal, Refusal::Late);
            let problem = Problem::from(refusal);
            let why = visit.line(&problem);
            let page = match is_late {
                true => login_page(&visit, &next, Some(&why)).await,
                false => {
                    let frame = visit.counted().await;
                    botswain_console::second(&frame, (&half, &name, &next), Some(&why))
                }
            };
            coded(again(page), problem)
        }
    }
}

/// Asks for the code, when the password was right; nobody is in yet, and the audit says so.
pub(super) async fn ask(visit: &Visit, (half, name, next): (&str, &str, &str)) -> Response {
    let frame = visit.counted().await;
    let page = botswain_console::second(&frame, (half, name, next), None);
    coded(
        again(page),
        Problem::from(Refusal::NeedsCode(String::new())),
    )
}

pub(super) fn coded(mut response: Response, problem: Problem) -> Response {
    response.extensions_mut().insert(Code(problem.code));
    response
}
