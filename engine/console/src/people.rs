//! Who may sign in, and what they may.

use std::collections::BTreeSet;

use botswain_views::{FolderRoles, PersonView, Role, is_within};
use maud::{Markup, html};

use crate::{
    account::taking,
    address::encoded,
    frame::{Frame, Place},
    login::failed,
    text::marked,
};

const ROLES: [Role; 5] = [
    Role::None,
    Role::Viewer,
    Role::Handler,
    Role::Author,
    Role::Admin,
];

pub fn people(frame: &Frame, people: &[PersonView], error: Option<&str>) -> String {
    let words = frame.words();
    let content = html! {
        h1 { (words.people) }
        p class="muted" { (words.people_lead) }
        (failed(error))
        ul class="rows" {
            @for person in people { (somebody(frame, person)) }
        }
        (known_folders(frame))
        section class="card" {
            h2 { (words.add_person) }
            (frame.form("/people", "stack", html! {
                label { (words.name)
                    input name="name" autocomplete="off" autocapitalize="none" required;
                }
                label { (words.password)
                    input name="password" type="password" autocomplete="new-password" minlength="10" required;
                }
                p class="muted small" { (words.password_rule) }
                (role(frame, Role::Handler))
                (folders(frame, &FolderRoles::new()))
                (groups(frame, &[]))
                button class="primary" { (words.add_person) }
            }))
        }
    };
    frame.page(words.people, Place::People, content)
}

fn somebody(frame: &Frame, person: &PersonView) -> Markup {
    let words = frame.words();
    let path = format!("/people/{}", encoded(&person.name));
    html! {
        li class="row" {
            details {
                summary {
                    strong { (person.name) } " "
                    span class="badge" { ((words.roles)(person.role)) } " "
                    @for (folder, role) in &person.folders {
                        span class="badge" { (folder) ": " ((words.roles)(*role)) } " "
                    }
                    @if person.locked { span class="badge locked" { (words.of_account.locked) } " " }
                    @if person.second_factor { span class="badge" { (words.of_account.has_factor) } " " }
                    span class="muted" {
                        @if let Some(name) = &person.full_name { (name) " · " }
                        @if let Some(name) = &person.provider { ((words.of_account.by)(name)) " · " }
                        @for group in &person.groups { (group) " · " }
                        (words.last_seen) " "
                        @match person.last_seen {
                            Some(at) => (frame.age(at)),
                            None => (words.never),
                        }
                    }
                }
                (frame.form(&path, "stack", html! {
                    @match &person.provider {
                        Some(name) => {
                            p class="muted small" { ((words.of_account.role_by)(name)) }
                            (folders(frame, &person.folders))
                            (groups(frame, &person.groups))
                        }
                        None => {
                            (role(frame, person.role))
                            (folders(frame, &person.folders))
                            (groups(frame, &person.groups))
                            label { (words.new_password)
                                input name="password" type="password" autocomplete="new-password" minlength="10";
                            }
                            p class="muted small" { (words.leave_empty) }
                        }
                    }
                    button class="primary" { (words.change) }
                }))
                @if person.second_factor { (taking(frame, &path)) }
                (frame.form(&path, "inline", html! {
                    @let (locked, label) = match person.locked {
                        true => ("no", words.of_account.unlock),
                        false => ("yes", words.of_account.lock),
                    };
                    button name="locked" value=(locked) { (label) }
                })) " "
                // Whom a provider vouches for would come again, so they are locked out first.
                @if person.provider.is_none() || person.locked {
                    (frame.form(&format!("{path}/remove"), "inline", html! {
                        button class="danger" { (words.remove) }
                    }))
                }
            }
        }
    }
}

fn role(frame: &Frame, current: Role) -> Markup {
    let words = frame.words();
    html! {
        label { (words.role)
            select name="role" {
                @for role in ROLES {
                    option value=(role.name()) selected[role == current] {
                        ((words.roles)(role)) ": " ((words.role_means)(role))
                    }
                }
            }
        }
    }
}

/// A row for each folder and one more, so that nothing needs a script: what is left empty says
/// nothing, and a row without a role is taken away.
fn folders(frame: &Frame, roles: &FolderRoles) -> Markup {
    let (words, of) = (frame.words(), &frame.words().of_account);
    let rows = roles
        .iter()
        .map(|(folder, role)| (folder.as_str(), Some(*role)));
    html! {
        fieldset class="folders" {
            legend { (of.folders) }
            @for (folder, role) in rows.chain([("", None)]) {
                div class="pair" {
                    label { (frame.words().of_workflow.folder)
                        input name="folder" value=(folder) list="folders" autocomplete="off" autocapitalize="none";
                    }
                    label { (words.role)
                        select name="folder_role" {
                            @for it in [Role::Viewer, Role::Handler, Role::Author] {
                                option value=(it.name()) selected[role == Some(it)] { ((words.roles)(it)) }
                            }
                            @if role.is_some() { option value="" { (of.no_role) } }
                        }
                    }
                }
                @if !folder.is_empty() && !is_there(frame, folder) {
                    p class="muted small" { ((of.no_folder)(folder)) }
                }
            }
            p class="muted small" { (marked(of.folders_lead)) }
        }
    }
}

/// Whether a workflow lies in a folder or below it.
fn is_there(frame: &Frame, folder: &str) -> bool {
    frame.places.values().any(|place| is_within(place, folder))
}

/// What a field for a folder proposes.
pub(crate) fn known_folders(frame: &Frame) -> Markup {
    let known: BTreeSet<&String> = frame.places.values().collect();
    html! {
        datalist id="folders" {
            @for folder in known.into_iter().filter(|it| !it.is_empty()) { option value=(folder) {} }
        }
    }
}

fn groups(frame: &Frame, current: &[String]) -> Markup {
    let words = frame.words();
    html! {
        label { (words.groups)
            input name="groups" value=(current.join(", ")) autocomplete="off";
        }
        p class="muted small" { (words.groups_hint) }
    }
}
