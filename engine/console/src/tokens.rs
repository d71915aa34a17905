//! Tokens by which programs act for whoever looks.

use botswain_views::{Role, TokenView};
use maud::{Markup, html};

use crate::{
    address::encoded,
    frame::{Frame, Place},
    login::failed,
    people::known_folders,
    text::marked,
};

/// What one may.
const TOKEN_ROLES: [Role; 4] = [Role::Viewer, Role::Handler, Role::Author, Role::Admin];

/// After how many days one ends, as is offered.
const DAYS: [u32; 4] = [7, 30, 90, 365];

/// What came of the form before.
#[derive(Clone, Copy, Debug)]
pub enum NewToken<'a> {
    None,
    /// Its name, and the token, which no other page shows.
    Made(&'a str, &'a str),
    Refused(&'a str),
}

pub fn tokens(frame: &Frame, tokens: &[TokenView], new: NewToken<'_>) -> String {
    let words = &frame.words().of_token;
    let content = html! {
        h1 { (words.tokens) }
        p class="muted" { (marked(words.lead)) }
        @match new {
            NewToken::None => {}
            NewToken::Refused(why) => { (failed(Some(why))) }
            NewToken::Made(name, token) => {
                section class="notice" role="status" id="made" {
                    p { ((words.made)(name)) }
                    p { code class="token" { (token) } }
                }
            }
        }
        @if tokens.is_empty() {
            div class="empty" { h2 { (words.none) } p { (words.none_lead) } }
        } @else {
            ul class="rows" { @for it in tokens { (one(frame, it)) } }
        }
        (known_folders(frame))
        (adding(frame))
    };
    frame.page(words.tokens, Place::Elsewhere, content)
}

fn one(frame: &Frame, it: &TokenView) -> Markup {
    let words = &frame.words().of_token;
    let is_own = frame
        .person
        .as_ref()
        .is_some_and(|person| person.name == it.person);
    let action = format!(
        "/tokens/{}/{}/revoke",
        encoded(&it.person),
        encoded(&it.name)
    );
    html! {
        li class="row connection" {
            div class="main" {
                strong { (it.name) }
                span class="badge" { ((frame.words().roles)(it.role)) }
                @for folder in &it.folders { span class="badge" { (folder) } }
                @if !is_own { span class="muted" { (it.person) } }
            }
            p class="meta" {
                span { (words.ends) " " (frame.clock(it.expires)) }
                span {
                    @match it.used { Some(at) => { (words.used) " " (frame.age(at)) } None => (words.unused) }
                }
            }
            (frame.form(&action, "test", html! {
                button class="danger" aria-label=((words.revoke_of)(&it.name)) { (words.revoke) }
            }))
        }
    }
}

fn adding(frame: &Frame) -> Markup {
    let words = &frame.words().of_token;
    html! {
        section class="card" {
            h2 { (words.add) }
            (frame.form("/tokens", "stack", html! {
                label { (words.name)
                    input name="name" autocomplete="off" autocapitalize="none" required;
                }
                label { (words.may)
                    select name="role" {
                        @for role in TOKEN_ROLES.into_iter().filter(|it| frame.may_somewhere(*it)) {
                            option value=(role.name()) selected[role == Role::Viewer] {
                                ((frame.words().roles)(role)) ": " ((frame.words().role_means)(role))
                            }
                        }
                    }
                }
                label { (words.folders)
                    input name="folders" list="folders" autocomplete="off" autocapitalize="none";
                }
                p class="muted small" { (marked(words.folders_lead)) }
                label { (words.ends)
                    select name="days" {
                        @for days in DAYS {
                            option value=(days) selected[days == 90] { ((words.in_days)(days)) }
                        }
                    }
                }
                button class="primary" { (words.add) }
            }))
        }
    }
}
