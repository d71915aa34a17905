//! The items of one loop, a page of them.

use botswain_core::{RunId, StepId};
use botswain_views::RunView;
use maud::html;

use crate::{
    frame::{Frame, Place, grouped},
    run::state,
};

/// Items in the order of the list; `next` is the place at which the next page begins.
pub fn items(
    frame: &Frame,
    (run, step): (&RunId, &StepId),
    (items, next): (&[RunView], Option<u64>),
) -> String {
    let words = frame.words();
    let title = (words.of_run.items_of)(step.as_str());
    let here = format!("/runs/{run}/items/{step}");
    let is_first = items.first().is_some_and(|it| it.id.index() == 0);
    let content = html! {
        p class="crumbs" {
            a href="/runs" { (words.runs) } " / " a href={ "/runs/" (run) } { (run) } " / " (step)
        }
        h1 { (title) }
        @if items.is_empty() {
            div class="empty" { h2 { (words.of_run.no_items) } p { (words.of_run.no_items_lead) } }
        } @else {
            div class="scroll" tabindex="0" {
                table class="runs" {
                    thead { tr {
                        th scope="col" { (words.of_run.item) }
                        th scope="col" { (words.state) }
                        th scope="col" { (words.key) }
                        th scope="col" { (words.began) }
                        th scope="col" { (words.lasted) }
                    } }
                    tbody data-rows {
                        @for it in items {
                            tr class="row" {
                                td { a href={ "/runs/" (it.id) } data-open { (grouped(it.id.index() + 1)) } }
                                td {
                                    (state(frame, it.state))
                                    @if let Some(why) = &it.why { span class="muted small" { " " (why) } }
                                }
                                td { (it.key.as_deref().unwrap_or_default()) }
                                td { (frame.clock(it.created)) }
                                td { (frame.length(it.created, it.ended.unwrap_or(frame.now))) }
                            }
                        }
                    }
                }
            }
        }
        p class="buttons" {
            @if !is_first { a class="button" href=(here) { (words.of_run.first_page) } }
            @if let Some(next) = next {
                a class="button" rel="next" href={ (here) "?from=" (next) } { (words.next_page) }
            }
        }
    };
    frame.page(&title, Place::Runs, content)
}
