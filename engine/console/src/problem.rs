//! What could not be done, and what to do about it.

use maud::html;

use crate::{
    frame::{Frame, Place},
    words::Language,
};

/// A problem of the API, as it speaks of it: in English.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    pub code: &'a str,
    pub title: &'a str,
    pub detail: Option<&'a str>,
}

pub fn problem(frame: &Frame, status: u16, told: Told<'_>) -> String {
    let words = frame.words();
    let own = (words.problem)(told.code);
    let title = own.unwrap_or(told.title);
    let content = html! {
        section class="card narrow" {
            p class="muted small" { (status) }
            h1 { (title) }
            @if own.is_some() { p class="muted" lang="en" { (told.title) } }
            @if let Some(detail) = told.detail { p lang=[own.map(|_| "en")] { (detail) } }
            p { a class="button" href="/inbox" { (words.back_to_inbox) } }
        }
    };
    frame.page(title, Place::Elsewhere, content)
}

/// The same for a form that was refused, on one line.
pub fn told(language: Language, told: Told<'_>) -> String {
    let english = match told.detail {
        Some(detail) => format!("{}: {detail}", told.title),
        None => told.title.to_owned(),
    };
    match (language.words().problem)(told.code) {
        Some(own) => format!("{own} ({english})"),
        None => english,
    }
}
