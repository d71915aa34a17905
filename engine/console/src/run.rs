//! Runs in a list, and one with its steps, its data and its end.

use botswain_core::index::State;
use botswain_views::{Role, RunDetail, RunView, StepState, StepView};
use maud::{Markup, html};

use crate::{
    frame::{Frame, Place},
    inbox::encoded,
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

pub fn run(frame: &Frame, detail: &RunDetail) -> String {
    let (words, run) = (frame.words(), &detail.run);
    let title = format!("{} {}", words.run, run.id);
    let content = html! {
        p class="crumbs" { a href="/runs" { (words.runs) } " / " (run.id) }
        h1 { (run.workflow) " " (state(frame, run.state)) }
        @if let Some(why) = &run.why { p class="lead" { (words.waits_for) ": " (why) } }
        div class="columns" {
            div class="wide" {
                @if !detail.warnings.is_empty() { (warnings(frame, detail)) }
                section {
                    h2 { (words.steps) }
                    ol class="steps large" { @for step in &detail.steps { (whole_step(frame, step)) } }
                }
                section { h2 { (words.inputs) } (frame.data(&detail.inputs)) }
            }
            aside class="side" aria-label=(words.details) {
                dl class="facts" {
                    @if let Some(key) = &run.key { dt { (words.key) } dd { strong { (key) } } }
                    dt { (words.workflow) } dd { a href={ "/runs?workflow=" (run.workflow) } { (run.workflow) } }
                    dt { (words.began) } dd { (frame.clock(run.created)) }
                    dt { (words.lasted) } dd { (frame.length(run.created, run.ended.unwrap_or(frame.now))) }
                    dt { (words.facts) } dd { (detail.facts.len()) }
                }
                @if !run.state.has_ended() && frame.may(Role::Handler) {
                    details class="way" {
                        summary { (words.cancel_run) }
                        p class="muted" { (words.cancel_lead) }
                        @let action = format!("/runs/{}/cancel", run.id);
                        (frame.form(&action, "stack", html! {
                            label { (words.note) textarea name="note" rows="2" {} }
                            button class="danger" { (words.cancel_run) }
                        }))
                    }
                }
            }
        }
    };
    frame.page(&title, Place::Runs, content)
}

/// What works still, and should be seen to before it fails.
fn warnings(frame: &Frame, detail: &RunDetail) -> Markup {
    let words = frame.words();
    html! {
        section class="warning" {
            h2 { (words.warnings) }
            p class="muted" { (words.warnings_lead) }
            ul {
                @for warning in &detail.warnings {
                    li {
                        strong { (warning.step) } " " (warning.message)
                        @if warning.run != detail.run.id {
                            " " a href={ "/runs/" (warning.run) } { (words.run) " " (warning.run) }
                        }
                        @if warning.runs > 1 { " " span class="muted" { ((words.in_runs)(warning.runs)) } }
                    }
                }
            }
        }
    }
}

fn whole_step(frame: &Frame, step: &StepView) -> Markup {
    let words = frame.words();
    let is_empty = step.with.is_none() && step.output.is_none();
    html! {
        li class={ "depth-" (step.depth.min(4)) } {
            @if let Some(within) = &step.within { span class="muted small" { (within) " " } }
            (step_state(frame, step)) " "
            strong { (step.name.as_deref().unwrap_or(step.id.as_str())) }
            @if let Some(bot) = &step.bot { " " code { (bot) } }
            @if let Some(items) = &step.items {
                p class="muted" { ((words.items_done)(items.ended(), items.parked, items.active)) }
            }
            @match &step.state {
                StepState::Parked { exception, fault, .. } => {
                    p { a href={ "/exceptions/" (exception) } { (fault.message) } }
                }
                StepState::InDoubt { exception: Some(exception), fault, .. } => {
                    p { a href={ "/exceptions/" (exception) } { (fault.message) } }
                }
                _ => {}
            }
            @if let Some(child) = &step.child { p { a href={ "/runs/" (child) } { (words.run) " " (child) } } }
            @if !is_empty {
                details class="small" {
                    summary { (words.details) }
                    @if let Some(with) = &step.with { h3 { (words.inputs) } (frame.data(with)) }
                    @if let Some(output) = &step.output { h3 { (words.output) } (frame.data(output)) }
                }
            }
        }
    }
}

fn state(frame: &Frame, state: State) -> Markup {
    html! { span class={ "state " (state.name()) } { ((frame.words().states)(state)) } }
}

/// How a step stands, in the words that runs have too.
pub(crate) fn step_state(frame: &Frame, step: &StepView) -> Markup {
    let (mark, like) = match &step.state {
        StepState::Pending | StepState::LeftOut => ("○", None),
        StepState::Waiting { .. } | StepState::Asleep { .. } => ("◔", Some(State::Waiting)),
        StepState::Running { .. } | StepState::Open { .. } | StepState::Under => {
            ("◑", Some(State::Running))
        }
        StepState::Parked { .. } | StepState::InDoubt { .. } => ("!", Some(State::Parked)),
        StepState::Succeeded => ("✓", Some(State::Succeeded)),
        StepState::Skipped => ("–", Some(State::Skipped)),
        StepState::Failed => ("✗", Some(State::Failed)),
        StepState::Cancelled => ("✗", Some(State::Cancelled)),
    };
    let class = like.map_or("pending", State::name);
    let label = like.map(frame.words().states);
    html! {
        span class={ "mark " (class) } title=[label] aria-hidden="true" { (mark) }
        @if let Some(label) = label { span class="unseen" { (label) } }
    }
}
