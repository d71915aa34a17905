//! What could not be done, and what to do about it.

use maud::html;

use crate::frame::{Frame, Place};

pub fn problem(frame: &Frame, status: u16, title: &str, detail: Option<&str>) -> String {
    let words = frame.words();
    let content = html! {
        section class="card narrow" {
            p class="muted small" { (status) }
            h1 { (title) }
            @if let Some(detail) = detail { p { (detail) } }
            p { a class="button" href="/inbox" { (words.back_to_inbox) } }
        }
    };
    frame.page(title, Place::Elsewhere, content)
}
