//! Who may sign in.

use axum::{
    Extension, Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use botswain_views::{FolderRoles, Role};

use super::{Visit, again, forms::Fields, html};
use crate::{
    accounts::{Change, Rights},
    api::{
        Problem,
        people::{known, listed},
    },
    daemon::Handle,
};

type Pairs = Vec<(String, String)>;

pub(super) async fn list(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
) -> Response {
    let people = listed(&handle);
    html(botswain_console::people(
        &visit.counted().await,
        &people,
        None,
    ))
}

pub(super) async fn add(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Form(fields): Form<Pairs>,
) -> Response {
    let form = Fields::new(fields);
    let added = async {
        let name = form.given("name").unwrap_or_default();
        let password = form.get("password").unwrap_or_default().to_owned();
        let rights = Rights {
            role: role(&form)?,
            groups: known(&handle, groups(&form))?,
            folders: folders(&form)?,
        };
        handle.accounts.add(name, password, rights).await?;
        Ok(())
    };
    shown(&handle, &visit, added.await).await
}

pub(super) async fn alter(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
    Form(fields): Form<Pairs>,
) -> Response {
    let form = Fields::new(fields);
    let altered = async {
        // What a form has no field for stays as it is: that of whom an identity provider vouches for
        // has none for role and password, and the one that locks somebody has no other.
        let has = |name: &str| form.get(name).is_some();
        let change = Change {
            role: has("role").then(|| role(&form)).transpose()?,
            folders: has("folder").then(|| folders(&form)).transpose()?,
            groups: has("groups")
                .then(|| known(&handle, groups(&form)))
                .transpose()?,
            password: form.given("password").map(str::to_owned),
            locked: form.given("locked").map(|it| it == "yes"),
        };
        handle.accounts.alter(&name, change).await?;
        Ok(())
    };
    shown(&handle, &visit, altered.await).await
}

pub(super) async fn remove(
    State(handle): State<Handle>,
    Extension(visit): Extension<Visit>,
    Path(name): Path<String>,
) -> Response {
    let removed = handle.accounts.remove(&name).map_err(Problem::from);
    shown(&handle, &visit, removed).await
}

/// The list as it is now, or what was wrong.
pub(super) async fn shown(handle: &Handle, visit: &Visit, done: Result<(), Problem>) -> Response {
    let Err(problem) = done else {
        return Redirect::to("/people").into_response();
    };
    let frame = visit.counted().await;
    let why = visit.line(&problem);
    let people = listed(handle);
    again(botswain_console::people(&frame, &people, Some(&why)))
}

pub(super) fn role(form: &Fields) -> Result<Role, Problem> {
    named(form.get("role").unwrap_or_default())
}

/// Each folder with the role behind it; a row without a folder or without a role says nothing.
fn folders(form: &Fields) -> Result<FolderRoles, Problem> {
    let rows = form.all("folder").zip(form.all("folder_role"));
    let plain = rows.map(|(folder, role)| (folder.trim().trim_matches('/'), role));
    let said = plain.filter(|(folder, role)| !folder.is_empty() && !role.is_empty());
    let each = said.map(|(folder, role)| Ok((folder.to_owned(), named(role)?)));
    each.collect()
}

fn named(name: &str) -> Result<Role, Problem> {
    serde_json::from_value(name.into()).map_err(|_| {
        let title = format!("there is no role `{name}`");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "account.role", title)
    })
}

fn groups(form: &Fields) -> Vec<String> {
    let text = form.get("groups").unwrap_or_default();
    let names = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    names.map(str::to_owned).collect()
}
