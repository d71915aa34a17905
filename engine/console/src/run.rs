//! One run: its timeline, its steps, its data, what happened in it, and its end.

use botswain_core::{RunId, index::State};
use botswain_views::{Level, Role, RunDetail, StepState, StepView};
use maud::{Markup, html};

use crate::{
    address::encoded,
    data::file,
    frame::{Frame, Place, grouped},
    replay::ways,
    text::marked,
};

/// How many facts stand on a page.
const FACTS: usize = 50;

/// The page of a run, with its facts from this one on.
pub fn run(frame: &Frame, detail: &RunDetail, from: usize) -> String {
    let (words, run) = (frame.words(), &detail.run);
    let title = format!("{} {}", words.run, run.id);
    let content = html! {
        p class="crumbs" {
            a href="/runs" { (words.runs) } " / "
            @if let Some((parent, step)) = run.id.parent() {
                a href={ "/runs/" (parent) } { (parent) } " / "
                a href={ "/runs/" (parent) "/items/" (step) } { (step) } " / "
            }
            (run.id)
        }
        // What is in parts is followed as long as it is at work; each part is replaced as a whole.
        @let follows = (!run.state.has_ended()).then(|| run.id.number());
        @let works = matches!(run.state, State::Queued | State::Running | State::Waiting);
        div data-part="state" data-follow=[follows] data-works[works] {
            h1 { (run.workflow) " " (state(frame, run.state)) }
            @if let Some(why) = &run.why { p class="lead" role="status" { (words.waits_for) ": " (why) } }
        }
        section class="card" data-part="timeline" {
            h2 { (words.of_run.timeline) }
            (frame.timeline(&detail.steps, (run.created, run.ended)))
        }
        div class="columns" {
            div class="wide" {
                div data-part="warnings" { @if !detail.warnings.is_empty() { (warnings(frame, detail)) } }
                section data-part="steps" {
                    h2 { (words.steps) }
                    ol class="steps large" { @for step in &detail.steps { (whole_step(frame, &run.id, step)) } }
                }
                section class="card" { h2 { (words.inputs) } (frame.data(&detail.inputs, Some(&run.id))) }
                (happened(frame, detail, from))
                div data-part="log" { @if !detail.log.is_empty() { (logged(frame, detail)) } }
            }
            aside class="side" aria-label=(words.details) { (side(frame, detail)) }
        }
    };
    frame.page(&title, Place::Runs, content)
}

fn side(frame: &Frame, detail: &RunDetail) -> Markup {
    let (words, run) = (frame.words(), &detail.run);
    let is_own = run.id.parent().is_none();
    html! {
        dl class="facts" data-part="about" {
            @if let Some(key) = &run.key { dt { (words.key) } dd { strong { (key) } } }
            dt { (words.workflow) } dd { a href={ "/workflows/" (encoded(&run.workflow)) } { (run.workflow) } }
            dt { (words.of_run.started_by) } dd { ((words.of_run.origin)(&detail.origin)) }
            dt { (words.began) } dd { (frame.clock(run.created)) }
            dt { (words.lasted) } dd { (frame.length(run.created, run.ended.unwrap_or(frame.now))) }
            dt { (words.facts) } dd { a href="#happened" { (grouped(detail.facts.len() as u64)) } }
        }
        section data-part="files" {
            h2 { (words.files) }
            @if detail.artifacts.is_empty() {
                p class="muted" { (words.of_run.no_artifacts) }
            } @else {
                ul class="files" { @for it in &detail.artifacts { li { (file(it, Some(&run.id))) } } }
            }
        }
        div class="stack" {
            p {
                a class="button" href={ "/runs/" (run.id) "/evidence" } download { (words.of_run.bundle) }
            }
            p class="muted small" { (words.of_run.bundle_lead) }
        }
        @if is_own && frame.may_on(Role::Handler, &run.workflow) {
            div class="stack" {
                p {
                    a class="button" href={ "/workflows/" (encoded(&run.workflow)) "?again=" (run.id) "#start" } {
                        (words.of_workflow.again)
                    }
                }
                p class="muted small" { (words.of_workflow.again_lead) }
            }
            div data-part="replay" { (ways(frame, detail)) }
        }
        div data-part="cancel" { @if !run.state.has_ended() && is_own && frame.may_on(Role::Handler, &run.workflow) {
            details class="way" {
                summary { (words.cancel_run) }
                p class="muted" { (marked(words.cancel_lead)) }
                @let action = format!("/runs/{}/cancel", run.id);
                (frame.form(&action, "stack", html! {
                    label { (words.note) textarea name="note" rows="2" {} }
                    button class="danger" { (words.cancel_run) }
                }))
            }
        } }
    }
}

/// What was logged of it, for whoever wonders what it does just now.
fn logged(frame: &Frame, detail: &RunDetail) -> Markup {
    let words = &frame.words().of_run;
    html! {
        section class="card" id="log" {
            h2 { (words.log) }
            p class="muted small" { (words.log_lead) }
            ol class="log" {
                @for line in &detail.log {
                    li {
                        (frame.moment(line.at)) " "
                        @match line.level {
                            Level::Info => {}
                            Level::Warning | Level::Error => { strong class="late" { ((words.log_level)(line.level)) } " " }
                        }
                        @if let Some(step) = &line.step { strong { (step) } " " }
                        span { (line.message) }
                    }
                }
            }
        }
    }
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

/// Its facts, a page of them.
fn happened(frame: &Frame, detail: &RunDetail, from: usize) -> Markup {
    let (words, facts) = (frame.words(), &detail.facts);
    let from = from.min(facts.len());
    let until = facts.len().min(from + FACTS);
    let page = |from: usize| format!("/runs/{}?facts={from}#happened", detail.run.id);
    html! {
        section class="card" id="happened" data-part="happened" {
            h2 { (words.of_run.happened) }
            @if facts.len() > FACTS {
                p class="muted" {
                    ((words.of_run.happened_of)(from as u64 + 1, until as u64, facts.len() as u64))
                }
            }
            (frame.happenings(&facts[from..until]))
            @if facts.len() > FACTS {
                p class="buttons" {
                    @if from > 0 { a class="button" href=(page(0)) { (words.of_run.first_page) } }
                    @if until < facts.len() { a class="button" rel="next" href=(page(until)) { (words.next_page) } }
                }
            }
        }
    }
}

fn whole_step(frame: &Frame, run: &RunId, step: &StepView) -> Markup {
    let words = frame.words();
    let is_empty = step.with.is_none() && step.output.is_none();
    html! {
        li id={ "step-" (step.id) } class={ "depth-" (step.depth.min(4)) } {
            @if let Some(within) = &step.within { span class="muted small" { (within) " " } }
            (step_state(frame, step)) " "
            strong { (step.name.as_deref().unwrap_or(step.id.as_str())) }
            @if let Some(bot) = &step.bot { " " code { (bot) } }
            @if let Some(items) = &step.items {
                p {
                    a href={ "/runs/" (run) "/items/" (step.id) } { (words.of_run.items) } ": "
                    span class="muted" { ((words.items_done)(items.ended(), items.parked, items.active)) }
                }
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
                    @if let Some(with) = &step.with { h3 { (words.inputs) } (frame.data(with, Some(run))) }
                    @if let Some(output) = &step.output { h3 { (words.output) } (frame.data(output, Some(run))) }
                }
            }
        }
    }
}

/// The state of a run, as a word.
pub(crate) fn state(frame: &Frame, state: State) -> Markup {
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
