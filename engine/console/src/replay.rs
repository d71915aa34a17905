//! A run that was played again: what differs from then, and each step.

use botswain_core::{RunId, index::State};
use botswain_views::{ReplayChange, ReplayDid, ReplayStep, ReplayVersion, ReplayView, RunDetail};
use maud::{Markup, html};

use crate::{
    address::encoded,
    frame::{Frame, Place, grouped},
    run::state,
    versions::lines,
};

/// How many steps that differ stand on the page, and how many of all.
const DIFFERING: usize = 200;
const ALL: usize = 500;

/// The page of a replay.
pub fn replay(frame: &Frame, replay: &ReplayView) -> String {
    let (words, own) = (frame.words(), &frame.words().of_replay);
    let title = (own.replay_of)(&replay.run.to_string());
    let differing: Vec<&ReplayStep> = replay.steps.iter().filter(|it| differs(it)).collect();
    let content = html! {
        p class="crumbs" {
            a href="/runs" { (words.runs) } " / "
            a href={ "/runs/" (replay.run) } { (replay.run) } " / " (own.replay)
        }
        h1 { (title) }
        p class="lead" { (own.nothing_done) }
        @if !replay.is_whole {
            section class="warning" { h2 { (own.cut_off) } p { ((own.cut_off_lead)(replay.steps.len() as u64)) } }
        }
        div class="columns" {
            div class="wide" {
                section {
                    h2 { (own.differs) " " span class="muted" { (grouped(differing.len() as u64)) } }
                    @if differing.is_empty() {
                        p class="hint" { @if replay.is_whole { (own.same) } @else { (own.same_so_far) } }
                    }
                    @for step in differing.iter().take(DIFFERING) { (difference(frame, step)) }
                    (left_out(frame, differing.len(), DIFFERING))
                }
                section {
                    h2 { (words.steps) " " span class="muted" { (grouped(replay.steps.len() as u64)) } }
                    ol class="steps large" { @for step in replay.steps.iter().take(ALL) { (one_step(frame, step)) } }
                    (left_out(frame, replay.steps.len(), ALL))
                }
            }
            aside class="side" aria-label=(words.details) { (side(frame, replay)) }
        }
    };
    frame.page(&title, Place::Runs, content)
}

/// The buttons on the page of a run that is at rest.
pub(crate) fn ways(frame: &Frame, detail: &RunDetail) -> Markup {
    let words = &frame.words().of_replay;
    let state = detail.run.state;
    html! {
        @if state.has_ended() || state == State::Parked {
            div class="stack" data-replay {
                (form(frame, &detail.run.id))
                p class="muted small" { (words.lead) }
            }
        }
    }
}

fn form(frame: &Frame, run: &RunId) -> Markup {
    let words = &frame.words().of_replay;
    let action = format!("/runs/{run}/replay");
    frame.form(
        &action,
        "buttons",
        html! {
            button name="version" value="current" { (words.by_file) }
            button name="version" value="pinned" { (words.by_pinned) }
        },
    )
}

fn side(frame: &Frame, replay: &ReplayView) -> Markup {
    let (words, own) = (frame.words(), &frame.words().of_replay);
    let workflow = encoded(&replay.workflow);
    html! {
        dl class="facts" {
            dt { (words.workflow) } dd { a href={ "/workflows/" (workflow) } { (replay.workflow) } }
            dt { (own.by) }
            dd {
                @match replay.version {
                    ReplayVersion::Current => (own.file),
                    ReplayVersion::Pinned => (own.pinned),
                }
                @if let Some(number) = replay.number {
                    br;
                    a href={ "/workflows/" (workflow) "/versions/" (number) } { ((words.of_version.version)(number)) }
                }
            }
            dt { (own.then) } dd { (state(frame, replay.then)) }
            dt { (own.now) } dd { (state(frame, replay.now)) }
        }
        @if !replay.waits.is_empty() {
            section {
                h2 { (own.waits) }
                ul class="plain" { @for it in replay.waits.iter().take(20) { li { (it) } } }
                (left_out(frame, replay.waits.len(), 20))
            }
        }
        section { h2 { (own.again) } (form(frame, &replay.run)) p class="muted small" { (own.lead) } }
    }
}

fn differs(step: &ReplayStep) -> bool {
    step.change != ReplayChange::Same
}

/// One that differs, with what.
fn difference(frame: &Frame, step: &ReplayStep) -> Markup {
    let words = &frame.words().of_replay;
    html! {
        section class="card" data-change=(name(step.change)) {
            h3 class="place" { code { (step.place) } " " (change(frame, step)) }
            @if step.is_corrected { p class="muted small" { (words.corrected) } }
            @match step.change {
                ReplayChange::New => pre class="text-block" tabindex="0" { (step.text) },
                _ => (lines(frame, &step.place, &step.lines)),
            }
        }
    }
}

fn one_step(frame: &Frame, step: &ReplayStep) -> Markup {
    let words = &frame.words().of_replay;
    html! {
        li {
            code { (step.place) } " "
            @if let Some(bot) = &step.bot { span class="muted" { (bot) } " " }
            span class="muted small" { ((words.did)(step.did)) } " "
            @if differs(step) { (change(frame, step)) }
            @if !step.text.is_empty() {
                details class="small" {
                    summary { @if step.did == ReplayDid::Shown { (words.would_send) } @else { (frame.words().details) } }
                    pre class="text-block" tabindex="0" { (step.text) }
                }
            }
        }
    }
}

fn change(frame: &Frame, step: &ReplayStep) -> Markup {
    let words = &frame.words().of_replay;
    let said = match (step.change, step.did) {
        // What is not sent is asked, and the answer of then was taken.
        (ReplayChange::Different, ReplayDid::Recorded) => words.asks_otherwise,
        (change, _) => (words.change)(change),
    };
    html! { span class={ "badge " (name(step.change)) } { (said) } }
}

fn name(change: ReplayChange) -> &'static str {
    match change {
        ReplayChange::Same => "same",
        ReplayChange::Different => "different",
        ReplayChange::New => "new",
        ReplayChange::Gone => "gone",
    }
}

fn left_out(frame: &Frame, all: usize, most: usize) -> Markup {
    html! {
        @if all > most { p class="muted" { ((frame.words().and_more)((all - most) as u64)) } }
    }
}
