//! `user`: who may sign in to the console, and what they may.

use botswain_views::{FolderRoles, PersonView, Role};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    Global,
    arguments::{FolderRole, RoleName, User},
    outcome::{Code, Failure, Outcome},
    output, table, times, tokens,
};
use crate::{accounts::Change, api::PersonRequest, client::Client, instance::prompt};

const PATH: &str = "/api/v1/people";

pub(super) async fn user(global: &Global, command: User) -> Outcome {
    match command {
        User::List => list(global).await,
        User::Add {
            name,
            role,
            folder,
            group,
        } => {
            let password = typed(&name)?;
            let request = PersonRequest {
                name: name.clone(),
                password,
                role: role.into(),
                folders: by_folder(folder),
                groups: group,
            };
            let work = async |client: &mut Client| Ok(client.post::<Value>(PATH, &request).await?);
            let done = global.with_client(work).await?;
            told(global, &done, &format!("`{name}` may sign in"));
            tell_without_admin(global).await?;
            Ok(Code::Done)
        }
        User::Change {
            name,
            role,
            folder,
            no_folders,
            group,
            no_groups,
        } => {
            let change = Change {
                role: role.map(RoleName::into),
                folders: (no_folders || !folder.is_empty()).then(|| by_folder(folder)),
                groups: (no_groups || !group.is_empty()).then_some(group),
                ..Change::default()
            };
            alter(global, &name, change).await
        }
        User::Lock { name } => lock(global, &name, true).await,
        User::Unlock { name } => lock(global, &name, false).await,
        User::Password { name } => {
            let password = Some(typed(&name)?);
            let change = Change {
                password,
                ..Change::default()
            };
            alter(global, &name, change).await
        }
        User::RemoveFactor { name } => {
            let path = format!("{}/factor", path(&name));
            let work = async |client: &mut Client| Ok(client.delete::<Value>(&path).await?);
            let done = global.with_client(work).await?;
            told(
                global,
                &done,
                &format!("`{name}` has no second factor any more"),
            );
            Ok(Code::Done)
        }
        User::Remove { name } => {
            let path = path(&name);
            let work = async |client: &mut Client| Ok(client.delete::<Value>(&path).await?);
            let done = global.with_client(work).await?;
            told(global, &done, &format!("`{name}` may not sign in any more"));
            Ok(Code::Done)
        }
        User::Token { command } => tokens::tokens(global, command).await,
    }
}

fn by_folder(roles: Vec<FolderRole>) -> FolderRoles {
    let roles = roles.into_iter();
    roles
        .map(|FolderRole(folder, role)| (folder, role))
        .collect()
}

async fn alter(global: &Global, name: &str, change: Change) -> Outcome {
    let words = format!("`{name}` is changed, and has to sign in again");
    altered(global, (name, change), &words).await
}

async fn lock(global: &Global, name: &str, locked: bool) -> Outcome {
    let change = Change {
        locked: Some(locked),
        ..Change::default()
    };
    let words = match locked {
        true => format!("`{name}` is kept out; `botswain user unlock {name}` lets them in again"),
        false => format!("`{name}` may sign in again"),
    };
    altered(global, (name, change), &words).await
}

async fn altered(global: &Global, (name, change): (&str, Change), words: &str) -> Outcome {
    let path = path(name);
    let work = async |client: &mut Client| Ok(client.patch::<Value>(&path, &change).await?);
    let done = global.with_client(work).await?;
    told(global, &done, words);
    Ok(Code::Done)
}

/// Says that nobody can sign in by this name; a name alone is given to anybody.
pub(super) async fn tell_stranger(client: &Client, name: &str) {
    // Whoever may not see the accounts is told nothing.
    let Ok(people) = client.get::<Vec<PersonView>>(PATH).await else {
        return;
    };
    match people.iter().find(|it| it.name == name) {
        Some(it) if it.locked => output::hint(&format!("the account `{name}` is locked")),
        None if !people.is_empty() => output::hint(&format!(
            "nobody has an account `{name}`; `botswain user list` shows who has one"
        )),
        Some(_) | None => (),
    }
}

/// Says that nobody can look after the accounts in the console.
async fn tell_without_admin(global: &Global) -> Result<(), Failure> {
    let work = async |client: &mut Client| Ok(client.get::<Vec<PersonView>>(PATH).await?);
    let people = global.with_client(work).await?;
    if !people.iter().any(|it| it.role == Role::Admin) {
        output::hint("nobody is an admin yet: `botswain user add NAME --role admin` makes one");
    }
    Ok(())
}

async fn list(global: &Global) -> Outcome {
    let work = async |client: &mut Client| Ok(client.get::<Vec<PersonView>>(PATH).await?);
    let people = global.with_client(work).await?;
    match (global.json, people.is_empty()) {
        (true, _) => output::json(&people),
        (false, true) => output::data(
            "nobody has an account; `botswain up` prints a link for the first one, \
             or `botswain user add NAME --role admin`",
        ),
        (false, false) => {
            let rows = people.iter().map(|it| {
                let seen = it.last_seen.map_or_else(|| "never".to_owned(), times::age);
                let role = it.role.name().to_owned();
                let factor = if it.second_factor { "yes" } else { "" }.to_owned();
                let locked = if it.locked { "yes" } else { "" }.to_owned();
                let by = it.provider.clone().unwrap_or_default();
                let groups = it.groups.join(", ");
                let folders = it.folders.iter();
                let folders = folders.map(|(folder, role)| format!("{folder}={}", role.name()));
                let folders = folders.collect::<Vec<_>>().join(", ");
                [
                    it.name.clone(),
                    role,
                    folders,
                    groups,
                    by,
                    factor,
                    locked,
                    seen,
                ]
            });
            output::data(&table::of(
                [
                    "name",
                    "role",
                    "in folders",
                    "groups",
                    "by",
                    "second factor",
                    "locked",
                    "last seen",
                ],
                rows,
            ));
        }
    }
    Ok(Code::Done)
}

fn told(global: &Global, done: &Value, words: &str) {
    match global.json {
        true => output::json(done),
        false => output::note(words),
    }
}

fn typed(name: &str) -> Result<String, Failure> {
    let typed = prompt::password(name);
    typed.map_err(|err| Failure::of(format!("the password cannot be read: {err}")))
}

fn path(name: &str) -> String {
    format!("{PATH}/{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}
