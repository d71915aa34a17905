//! Outside systems: how it stands with each, and whether it answered when it was last tested.

use botswain_core::{Fault, engine::capacity::BreakerView};
use botswain_views::{ConnectionView, Role, TestOutcome, TestView};
use maud::{Markup, html};

use crate::{
    address::encoded,
    frame::{Frame, Place},
    text::marked,
};

/// Every connection of the instance, then its limits.
pub fn connections(frame: &Frame, all: &[ConnectionView]) -> String {
    let words = &frame.words().of_connection;
    let (limits, connections): (Vec<_>, Vec<_>) = all.iter().partition(|it| it.kind == "limit");
    let content = html! {
        h1 { (words.connections) }
        @if connections.is_empty() {
            div class="empty" { h2 { (words.none) } p { (marked(words.none_lead)) } }
        } @else {
            p class="muted" { (marked(words.lead)) }
            ul class="rows" data-rows { @for it in connections { (connection(frame, it)) } }
        }
        @if !limits.is_empty() {
            h2 { (words.limits) }
            p class="muted" { (words.limits_lead) }
            ul class="rows" {
                @for it in limits { li class="row" { div class="main" { strong { (it.name) } } (use_of(frame, it)) } }
            }
        }
    };
    frame.page(words.connections, Place::Connections, content)
}

fn connection(frame: &Frame, it: &ConnectionView) -> Markup {
    let words = &frame.words().of_connection;
    let is_open = matches!(it.breaker, Some(BreakerView::Open { .. }));
    html! {
        li class="row connection" {
            div class="main" {
                strong { (it.name) } code { (it.kind) }
                @if is_open { span class="badge system" { (words.is_open) } }
            }
            (use_of(frame, it))
            (breaker(frame, it))
            (tested(frame, it.tested.as_ref()))
            @if frame.may(Role::Handler) {
                (frame.form(&format!("/connections/{}/test", encoded(&it.name)), "test", html! {
                    button data-open aria-label=((words.test_of)(&it.name)) { (words.test) }
                }))
            }
        }
    }
}

/// How much of what it bears is taken.
fn use_of(frame: &Frame, it: &ConnectionView) -> Markup {
    let words = &frame.words().of_connection;
    html! {
        p class="meta" {
            span { ((words.in_use)(it.used, it.sessions)) }
            @if let Some(most) = it.per_minute { span { ((words.within_a_minute)(it.started, most)) } }
            @if it.waiting > 0 { strong { ((words.waiting)(it.waiting)) } }
        }
    }
}

/// What its breaker means for steps, in a sentence.
fn breaker(frame: &Frame, it: &ConnectionView) -> Markup {
    let words = &frame.words().of_connection;
    html! {
        @match &it.breaker {
            None => { p { (words.off) } }
            Some(BreakerView::Closed { faults }) => { p { ((words.closed)(*faults)) } }
            Some(BreakerView::Open { since, faults, fault, next_probe, probe }) => {
                p {
                    (words.since) " " (frame.age(*since)) ((words.open)(*faults, &fault.code)) " "
                    @match next_probe {
                        Some(at) if it.waiting > 0 => { (words.next.0) (frame.age(*at)) (words.next.1) }
                        Some(_) => { (words.when_needed) }
                        None => { (words.under_way) }
                    }
                }
                (said(fault))
                @if let Some(probe) = probe.as_ref().filter(|it| it.message != fault.message) {
                    p { (words.tried_in_vain) ":" }
                    (said(probe))
                }
            }
        }
    }
}

fn tested(frame: &Frame, test: Option<&TestView>) -> Markup {
    let words = &frame.words().of_connection;
    html! {
        @match test {
            None => { p class="muted" { (words.untested) } }
            Some(TestView { by, at, outcome: TestOutcome::Answered { answer } }) => {
                p {
                    span class="mark succeeded" aria-hidden="true" { "✓" } " "
                    ((words.answered)(by)) " " (frame.age(*at)) ": " (answer)
                }
            }
            Some(TestView { by, at, outcome: TestOutcome::Failed { fault } }) => {
                p {
                    span class="mark failed" aria-hidden="true" { "✗" } " "
                    ((words.failed)(by)) " " (frame.age(*at)) ": " (fault.message)
                    @if let Some(hint) = &fault.hint { " (" (hint) ")" }
                }
            }
        }
    }
}

/// A fault as it was told, with what to do about it.
fn said(fault: &Fault) -> Markup {
    html! {
        blockquote {
            (fault.message)
            @if let Some(hint) = &fault.hint { br; (hint) }
        }
    }
}
