//! One's own account, its second factor, and the page that asks for a code.

use botswain_views::Role;
use jiff::Timestamp;
use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::{
    frame::{Frame, Place},
    login::failed,
};

/// How it stands with the second factor of whoever looks.
#[derive(Clone, Copy, Debug)]
pub enum Factor<'a> {
    None,
    /// It waits for its first code: the secret, and the address that an app reads.
    Offered {
        secret: &'a str,
        address: &'a str,
    },
    /// Since when, and how many codes for another day are left.
    Set {
        since: Timestamp,
        codes: usize,
    },
    /// It was set up just now; no other page shows these codes.
    Made(&'a [String]),
    /// An identity provider of this name vouches for them, and asks for what it wants.
    Provider(&'a str),
}

/// The account of whoever looks; whether their role needs a second factor, and what was wrong with
/// the form before.
pub fn account(
    frame: &Frame,
    factor: Factor<'_>,
    (is_required, error): (bool, Option<&str>),
) -> String {
    let words = &frame.words().of_account;
    let is_missing = matches!(factor, Factor::None | Factor::Offered { .. });
    let content = html! {
        h1 { (words.account) }
        @if let Some(person) = &frame.person {
            p class="muted" {
                strong { (person.name) } " · " ((frame.words().roles)(person.role))
                @for group in &person.groups { " · " (group) }
                " · " a href="/tokens" { (frame.words().of_token.tokens) }
            }
        }
        (rights(frame))
        @if is_required && is_missing { p class="hint" { (words.required) } }
        (failed(error))
        section class="card" {
            h2 { (words.factor) }
            @match factor {
                Factor::None => { (beginning(frame)) }
                Factor::Offered { secret, address } => { (offered(frame, secret, address)) }
                Factor::Set { since, codes } => { (set(frame, since, codes)) }
                Factor::Made(codes) => { (made(frame, codes)) }
                Factor::Provider(name) => { p class="muted" { ((words.by_provider)(name)) } }
            }
        }
    };
    frame.page(words.account, Place::Elsewhere, content)
}

/// What whoever looks may where.
fn rights(frame: &Frame) -> Markup {
    let (words, own) = (frame.words(), &frame.words().of_account);
    let row = |place: &str, role| {
        html! {
            dt { (place) }
            dd { ((words.roles)(role)) ": " ((words.role_means)(role)) }
        }
    };
    let more = frame.person.iter().flat_map(|it| {
        let each = it.folders.keys();
        let each = each.map(|folder| (folder, it.role.in_folder(&it.folders, folder)));
        each.filter(|(_, role)| *role > it.role)
    });
    let more: Vec<_> = more.collect();
    html! {
        @if let (Some(person), false) = (&frame.person, more.is_empty()) {
            section class="card" id="rights" {
                h2 { (own.rights) }
                dl class="facts" {
                    (row(own.everywhere, person.role))
                    @for (folder, role) in more { (row(folder, role)) }
                }
                p class="muted small" { (own.rights_lead) }
            }
        }
    }
}

fn beginning(frame: &Frame) -> Markup {
    let words = &frame.words().of_account;
    html! {
        p class="muted" { (words.lead) }
        (frame.form("/account/factor", "stack", html! {
            label { (words.own_password)
                input name="password" type="password" autocomplete="current-password" required;
            }
            button class="primary" { (words.set_up) }
        }))
    }
}

fn offered(frame: &Frame, secret: &str, address: &str) -> Markup {
    let words = &frame.words().of_account;
    let groups = secret.as_bytes().chunks(4).map(String::from_utf8_lossy);
    let groups: Vec<_> = groups.collect();
    html! {
        p { (words.scan) }
        @if let Ok(code) = QrCode::encode_text(address, QrCodeEcc::Medium) { (drawn(&code, words.qr)) }
        p class="muted" { (words.or_type) " " code class="token" { (groups.join(" ")) } }
        (frame.form("/account/factor/confirm", "stack", html! {
            (code(frame))
            button class="primary" { (words.confirm) }
        }))
    }
}

/// Dark squares on white in either theme, with the margin that readers of codes need.
fn drawn(code: &QrCode, name: &str) -> Markup {
    const MARGIN: i32 = 4;
    let size = code.size();
    let places = (0..size).flat_map(|y| (0..size).map(move |x| (x, y)));
    let dark = places.filter(|(x, y)| code.get_module(*x, *y));
    let squares = dark.map(|(x, y)| format!("M{},{}h1v1h-1z", x + MARGIN, y + MARGIN));
    let squares: String = squares.collect();
    let all = size + 2 * MARGIN;
    html! {
        svg class="qr" viewBox={ "0 0 " (all) " " (all) } role="img" aria-label=(name) shape-rendering="crispEdges" {
            rect width="100%" height="100%" {}
            path d=(squares) {}
        }
    }
}

fn set(frame: &Frame, since: Timestamp, codes: usize) -> Markup {
    let words = &frame.words().of_account;
    html! {
        p { span class="mark succeeded" aria-hidden="true" { "✓" } " " (words.is_on) " " (frame.clock(since)) ". " ((words.left)(codes)) }
        p class="muted" { (words.drop_lead) }
        (frame.form("/account/factor/remove", "stack", html! {
            (code(frame))
            button class="danger" { (words.drop) }
        }))
    }
}

fn made(frame: &Frame, codes: &[String]) -> Markup {
    let words = &frame.words().of_account;
    html! {
        div class="notice" role="status" id="made" {
            p { strong { (words.made) } }
            p { (words.spares_lead) }
            ul class="spares" { @for it in codes { li { code { (it) } } } }
        }
        p { a class="button" href="/account" { (frame.words().go_on) } }
    }
}

fn code(frame: &Frame) -> Markup {
    html! {
        label { (frame.words().of_account.code)
            input name="code" autocomplete="one-time-code" inputmode="text" autocapitalize="none" spellcheck="false"
                maxlength="40" required autofocus;
        }
    }
}

/// Asks somebody for a code whose password was right; `half` shows that it was.
pub fn second(
    frame: &Frame,
    (half, name, next): (&str, &str, &str),
    error: Option<&str>,
) -> String {
    let words = &frame.words().of_account;
    let content = html! {
        section class="card narrow" {
            h1 { (words.ask) }
            p class="muted" { (words.ask_lead) }
            (failed(error))
            (frame.form("/login/code", "stack", html! {
                input type="hidden" name="half" value=(half);
                input type="hidden" name="name" value=(name);
                input type="hidden" name="next" value=(next);
                (code(frame))
                button class="primary" { (frame.words().sign_in) }
            }))
            p class="small" { a href="/login" { (words.from_start) } }
        }
    };
    frame.page(words.ask, Place::Elsewhere, content)
}

/// On the page about people: that somebody has a second factor, and how it is taken from them.
pub(crate) fn taking(frame: &Frame, path: &str) -> Markup {
    html! {
        @if frame.may(Role::Admin) {
            (frame.form(&format!("{path}/factor/remove"), "inline", html! {
                button { (frame.words().of_account.take) }
            })) " "
        }
    }
}
