//! Workflows in a list: how each stands, and when it starts by itself next.

use botswain_views::{Role, WorkflowView};
use maud::{Markup, html};

use crate::{
    address::encoded,
    frame::{Frame, Place, grouped},
    run::state,
    text::marked,
};

/// Every workflow of the instance, by name, with the way to what is proposed where that is asked for.
pub fn workflows(frame: &Frame, workflows: &[WorkflowView], asks_four_eyes: bool) -> String {
    let words = &frame.words().of_workflow;
    let content = html! {
        div class="head" {
            h1 { (words.workflows) }
            span class="buttons" {
                @if frame.may_somewhere(Role::Author) {
                    a class="button" href="/new-workflow" { (frame.words().of_editing.new) }
                    @if asks_four_eyes {
                        a class="button" href="/proposals" {
                            (frame.words().of_proposal.proposals)
                            @if frame.counts.proposals > 0 {
                                span class="count" data-count="proposals" { (grouped(frame.counts.proposals)) }
                            }
                        }
                    }
                }
                a class="button" href="/calendar" { (words.calendar) }
            }
        }
        @if workflows.is_empty() {
            div class="empty" { h2 { (words.none) } p { (marked(words.none_lead)) } }
        } @else {
            ul class="rows" data-rows { @for it in workflows { (line(frame, it)) } }
        }
    };
    frame.page(words.workflows, Place::Workflows, content)
}

fn line(frame: &Frame, it: &WorkflowView) -> Markup {
    let words = &frame.words().of_workflow;
    html! {
        li class="row" {
            a class="main" href={ "/workflows/" (encoded(&it.name)) } data-open {
                strong { (it.name) }
                @if let Some(folder) = it.folder.as_deref().filter(|it| !it.is_empty()) {
                    span class="muted" { (words.folder) " " (folder) }
                }
                @if it.paused.is_some() { span class="badge approval" { (words.paused) } }
                @if it.mistakes > 0 { span class="badge system" { ((words.mistakes)(it.mistakes)) } }
            }
            @if let Some(text) = &it.description { p class="meta" { (text) } }
            p class="meta" {
                span {
                    (words.last_run) ": "
                    @match &it.last {
                        Some(run) => {
                            a href={ "/runs/" (run.id) } { (run.id) } " " (state(frame, run.state)) " " (frame.age(run.created))
                        }
                        None => { (words.never) }
                    }
                }
                span { (words.next) ": " (next(frame, it)) }
                @if it.exceptions > 0 {
                    a href={ "/inbox?workflow=" (encoded(&it.name)) } { ((words.waits)(it.exceptions)) }
                }
            }
        }
    }
}

/// When it starts by itself next, and by what.
pub(crate) fn next(frame: &Frame, it: &WorkflowView) -> Markup {
    let words = &frame.words().of_workflow;
    let triggers = it.triggers.join(", ");
    html! {
        @if it.paused.is_some() { (words.paused) } @else { @match it.next {
            Some(at) => { (frame.age(at)) ", " (frame.clock(at)) " (" code { (triggers) } ")" }
            None if it.triggers.is_empty() => { (words.by_hand_alone) }
            None => { (words.when_it_happens) " (" code { (triggers) } ")" }
        } }
    }
}
