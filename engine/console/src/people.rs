//! Who may sign in, and what they may.

use botswain_views::{PersonView, Role};
use maud::{Markup, html};

use crate::{
    account::taking,
    address::encoded,
    frame::{Frame, Place},
    login::failed,
};

pub(crate) const ROLES: [Role; 4] = [Role::Viewer, Role::Handler, Role::Author, Role::Admin];

pub fn people(frame: &Frame, people: &[PersonView], error: Option<&str>) -> String {
    let words = frame.words();
    let content = html! {
        h1 { (words.people) }
        p class="muted" { (words.people_lead) }
        (failed(error))
        ul class="rows" {
            @for person in people { (somebody(frame, person)) }
        }
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
                            (groups(frame, &person.groups))
                        }
                        None => {
                            (role(frame, person.role))
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

fn groups(frame: &Frame, current: &[String]) -> Markup {
    let words = frame.words();
    html! {
        label { (words.groups)
            input name="groups" value=(current.join(", ")) autocomplete="off";
        }
        p class="muted small" { (words.groups_hint) }
    }
}
