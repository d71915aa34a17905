//! Runs in a list.

use botswain_core::index::State;
use botswain_views::RunView;
use maud::{Markup, html};

use crate::{
    frame::{Frame, Place},
    inbox::encoded,
    run::state,
};

const STATES: [State; 8] = [
    State::Running,
    State::Waiting,
    State::Parked,
    State::Queued,
    State::Succeeded,
    State::Failed,
    State::Cancelled,
    State::Skipped,
];

/// Runs that were started, newest first; `next` is the address of the next page.
pub fn runs(
    frame: &Frame,
    (workflow, state): (Option<&str>, Option<State>),
    (runs, next): (&[RunView], Option<u64>),
) -> String {
    let words = frame.words();
    let narrowed = |before: u64| {
        let workflow = workflow.map(|it| format!("&workflow={}", encoded(it)));
        let state = state.map(|it| format!("&state={}", it.name()));
        let rest = [workflow, state].into_iter().flatten();
        format!("/runs?before={before}{}", rest.collect::<String>())
    };
    let content = html! {
        div class="head" {
            h1 { (words.runs) }
            form method="get" action="/runs" class="search" {
                @if let Some(workflow) = workflow { input type="hidden" name="workflow" value=(workflow); }
                select name="state" aria-label=(words.state) {
                    option value="" { (words.all_states) }
                    @for it in STATES {
                        option value=(it.name()) selected[state == Some(it)] { ((words.states)(it)) }
                    }
                }
                button { (words.filter) }
            }
        }
        @if runs.is_empty() {
            div class="empty" { h2 { (words.no_runs) } p { (words.no_runs_lead) } }
        } @else {
            div class="scroll" tabindex="0" {
                table class="runs" {
                    thead { tr {
                        th scope="col" { (words.run) }
                        th scope="col" { (words.workflow) }
                        th scope="col" { (words.state) }
                        th scope="col" { (words.key) }
                        th scope="col" { (words.began) }
                        th scope="col" { (words.lasted) }
                    } }
                    tbody data-rows { @for run in runs { (line(frame, run)) } }
                }
            }
        }
        @if let Some(before) = next {
            p { a class="button" rel="next" href=(narrowed(before)) { (words.next_page) } }
        }
    };
    frame.page(words.runs, Place::Runs, content)
}

fn line(frame: &Frame, run: &RunView) -> Markup {
    html! {
        tr class="row" {
            td { a href={ "/runs/" (run.id) } data-open { (run.id) } }
            td { (run.workflow) }
            td {
                (state(frame, run.state))
                @if let Some(why) = &run.why { span class="muted small" { " " (why) } }
            }
            td { (run.key.as_deref().unwrap_or_default()) }
            td { (frame.clock(run.created)) }
            td { (frame.length(run.created, run.ended.unwrap_or(frame.now))) }
        }
    }
}
