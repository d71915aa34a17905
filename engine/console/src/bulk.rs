//! A decision about many: what will happen, and how far it is.

use botswain_core::ExceptionId;
use botswain_views::{BulkState, BulkView, Decision, ExceptionView, Role};
use maud::{Markup, html};

use crate::{
    decisions::kept,
    frame::{Frame, Place},
    inbox::badge,
};

/// How many are shown of those that a decision is about.
const SHOWN: usize = 20;

/// What is about to be decided.
pub struct Preview<'a> {
    pub decision: &'a Decision,
    pub note: Option<&'a str>,
    pub exceptions: &'a [ExceptionView],
    /// How many there are besides that whoever looks may not decide.
    pub left_out: u64,
    /// The fields of the form before, which go on with this one.
    pub fields: &'a [(String, String)],
}

/// What will happen to which, before anything does.
pub fn preview(frame: &Frame, preview: &Preview<'_>) -> String {
    let words = frame.words();
    let count = preview.exceptions.len() as u64;
    let told = |at| frame.told(at);
    let content = html! {
        h1 { (words.preview) }
        section class="card" {
            p class="lead" { ((words.deciding)(preview.decision, &told)) }
            @if let Some(note) = preview.note { blockquote { (note) } }
            p { ((words.will_happen)(count)) }
            ul class="plain" {
                @for it in preview.exceptions.iter().take(SHOWN) {
                    li {
                        (badge(frame, it.category)) " "
                        a href={ "/exceptions/" (it.id) } { ((words.exception)(it.id.0)) } " "
                        @if let Some(key) = &it.key { strong { (key) } " " }
                        span class="muted" { (it.message) }
                    }
                }
            }
            @if preview.exceptions.len() > SHOWN {
                p class="muted" { ((words.and_more)(count - SHOWN as u64)) }
            }
            @if preview.left_out > 0 { p class="hint" { ((words.not_yours)(preview.left_out)) } }
            p { (words.ten_seconds) }
            (frame.form("/bulk", "buttons", html! {
                (kept(preview.fields))
                @for it in preview.exceptions { input type="hidden" name="exception" value=(it.id); }
                button class="primary" { (words.confirm) }
                a class="button" href="/inbox" { (words.back_to_inbox) }
            }))
        }
    };
    frame.page(words.preview, Place::Inbox, content)
}

/// How far it is; until it begins it can be withdrawn.
pub fn bulk(frame: &Frame, bulk: &BulkView) -> String {
    let words = frame.words();
    let told = |at| frame.told(at);
    let title = (words.deciding)(&bulk.decision, &told);
    let content = html! {
        h1 { (title) }
        section class="card" data-bulk=(state(bulk.state)) {
            p role="status" { (standing(frame, bulk)) }
            progress max=(bulk.total) value=(bulk.done + bulk.refused.len() as u64)
                aria-label=(words.done) {}
            p { ((words.done_of)(bulk.done, bulk.total)) " · " (bulk.by)
                @if let Some(note) = &bulk.note { " · " (note) }
            }
            @let is_theirs = frame.person.as_ref().is_some_and(|it| it.name == bulk.by);
            @if bulk.state == BulkState::Waiting && (is_theirs || frame.may(Role::Handler)) {
                @let action = format!("/bulk/{}/withdraw", bulk.id);
                (frame.form(&action, "inline", html! { button class="primary" { (words.withdraw) } }))
            }
            (refused(frame, &bulk.refused))
            p { a class="button" href="/inbox" { (words.back_to_inbox) } }
        }
    };
    frame.page(&title, Place::Inbox, content)
}

fn standing(frame: &Frame, bulk: &BulkView) -> Markup {
    let words = frame.words();
    match bulk.state {
        BulkState::Waiting => html! { (words.begins) " " (frame.age(bulk.begins)) },
        BulkState::Withdrawn => html! { (words.withdrawn) },
        BulkState::Running => html! { (words.under_way) },
        BulkState::Done => html! { (words.done) },
    }
}

fn refused(frame: &Frame, refused: &[(ExceptionId, String)]) -> Markup {
    let words = frame.words();
    html! {
        @if !refused.is_empty() {
            h2 { (words.refused) }
            ul class="plain" {
                @for (id, why) in refused {
                    li { a href={ "/exceptions/" (id) } { ((words.exception)(id.0)) } " " (why) }
                }
            }
        }
    }
}

fn state(state: BulkState) -> &'static str {
    match state {
        BulkState::Waiting => "waiting",
        BulkState::Withdrawn => "withdrawn",
        BulkState::Running => "running",
        BulkState::Done => "done",
    }
}
