//! One exception: what happened, what was seen, and what can be done about it.

use botswain_core::{
    ArtifactRef, ExceptionId, RunId, index::ExceptionCategory, run::fact::Resolution,
};
use botswain_views::{ApprovalView, Changed, ExceptionDetail, Role, StepState, StepView};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::{
    address::{self, encoded},
    data::{address, file},
    decisions::{assignee, back, decide, fields, hours, note, put_off, result, seen, way},
    frame::{Frame, Place},
    inbox::badge,
    login::failed,
    run::step_state,
};

/// What somebody has written into a form that could not be taken, and why not.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub error: String,
    pub fields: Vec<(String, String)>,
}

impl Draft {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.fields.iter().rev().filter(|(it, _)| it == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// Whether it was this decision's form.
    pub(crate) fn is_of(&self, decision: &str) -> bool {
        self.get("decision") == Some(decision)
    }
}

pub fn exception(frame: &Frame, detail: &ExceptionDetail, draft: Option<&Draft>) -> String {
    let (words, it) = (frame.words(), &detail.exception);
    let title = (words.exception)(it.id.0);
    let content = html! {
        div class="head" {
            p class="crumbs" {
                a href="/inbox" { (words.inbox) } " / " (title)
            }
        }
        h1 class="what" { (badge(frame, it.category)) " " span { (it.message) } }
        p class="lead" { ((words.why)(it.category)) }
        @if let Some(hint) = &it.hint { p class="hint" { strong { (words.hint) ": " } (hint) } }
        (failed(draft.map(|draft| draft.error.as_str())))
        @if detail.others > 0 {
            p { a href={ "/inbox?show=oldest&fingerprint=" (it.fingerprint.as_str()) } {
                ((words.others)(detail.others))
            } }
        }
        div class="columns" {
            div class="wide" {
                (evidence(frame, (&it.run, &it.artifacts)))
                @if let Some(approval) = &detail.approval { (asked(frame, detail, (approval, draft))) }
                @if frame.may_on(Role::Handler, &it.workflow) { (ways(frame, detail, draft)) }
                @else { p class="muted" { (words.cannot_decide) } }
                @if let Some(with) = &detail.with {
                    details class="way" { summary { (words.given) } (frame.data(with, Some(&it.run))) }
                }
            }
            aside class="side" aria-label=(words.details) {
                (facts(frame, detail))
                (tries(frame, detail))
                (history(frame, detail))
                (steps(frame, &detail.steps))
            }
        }
    };
    frame.page(&title, Place::Inbox, content)
}

/// Somebody else was first.
pub fn closed(
    frame: &Frame,
    (id, run): (ExceptionId, &RunId),
    (by, at, resolution): (&str, Timestamp, &Resolution),
) -> String {
    let words = frame.words();
    let told = |at| frame.told(at);
    let content = html! {
        section class="card narrow" {
            p class="muted small" { ((words.exception)(id.0)) }
            h1 { (words.closed) }
            p { ((words.closed_by)(by)) }
            p { ((words.decided)(resolution, &told)) ", " (frame.age(at)) }
            p class="buttons" {
                a class="button" href={ "/runs/" (run) } { (words.run) " " (run) }
                a class="button" href="/inbox" { (words.back_to_inbox) }
            }
        }
    };
    frame.page(words.closed, Place::Inbox, content)
}

/// Pictures large enough to read, everything else to be loaded.
fn evidence(frame: &Frame, (run, artifacts): (&RunId, &[ArtifactRef])) -> Markup {
    let words = frame.words();
    let is_picture = |it: &&ArtifactRef| it.media.starts_with("image/");
    let (pictures, files): (Vec<_>, Vec<_>) = artifacts.iter().partition(is_picture);
    html! {
        @if !artifacts.is_empty() {
            section class="evidence" {
                h2 { (words.evidence) }
                @for picture in pictures {
                    figure {
                        a href=(address(&picture.hash, Some(run))) {
                            img src=(address(&picture.hash, Some(run))) alt=(words.picture) loading="lazy";
                        }
                        figcaption { (file(picture, Some(run))) }
                    }
                }
                @if !files.is_empty() {
                    ul class="files" aria-label=(words.files) { @for it in files { li { (file(it, Some(run))) } } }
                }
            }
        }
    }
}

/// What somebody has to agree to.
fn asked(
    frame: &Frame,
    detail: &ExceptionDetail,
    (approval, draft): (&ApprovalView, Option<&Draft>),
) -> Markup {
    let words = frame.words();
    let me = frame.person.as_ref().map(|person| person.name.as_str());
    let barred =
        approval.not.as_deref() == me || approval.approved.iter().any(|it| Some(it.as_str()) == me);
    let refused = draft.filter(|it| it.is_of("approve") || it.is_of("reject"));
    html! {
        section class="card" {
            h2 { (words.asked_is) }
            @if let Some(show) = &detail.show { (frame.data(show, Some(&detail.exception.run))) }
            @if approval.required > 1 { p { ((words.needs_people)(approval.required)) } }
            @if !approval.approved.is_empty() {
                p { ((words.approved_so_far)(&approval.approved.join(", "))) }
            }
            @if let Some(not) = &approval.not { p class="muted" { ((words.not_by)(not)) } }
            @if let Some(at) = approval.escalates {
                p class="muted" { (words.escalates) " " (frame.clock(at)) }
            }
            @if frame.may_on(Role::Handler, &detail.exception.workflow) {
                @let action = format!("/exceptions/{}/decision", detail.exception.id);
                (frame.form(&action, "stack", html! {
                    (seen(detail))
                    (note(frame, refused))
                    div class="buttons" {
                        // Whoever has started it, or has approved already, is one of several.
                        button class="primary" name="decision" value="approve" data-key="a" disabled[barred] { (words.approve) }
                        button class="danger" name="decision" value="reject" { (words.reject) }
                    }
                }))
            }
        }
    }
}

/// The likeliest way stands open, the others below it.
fn ways(frame: &Frame, detail: &ExceptionDetail, draft: Option<&Draft>) -> Markup {
    let words = frame.words();
    html! {
        @match detail.exception.category {
            ExceptionCategory::Approval => {}
            ExceptionCategory::InDoubt => (doubt(frame, detail, draft)),
            ExceptionCategory::Overdue => {
                section class="card" {
                    h2 { (words.more_time) }
                    p class="muted" { (words.more_time_lead) }
                    (decide(frame, detail, "more_time", html! {
                        (hours(frame)) (note(frame, draft.filter(|it| it.is_of("more_time"))))
                        button class="primary" { (words.more_time) }
                    }))
                }
            }
            ExceptionCategory::Business | ExceptionCategory::System => (mend(frame, detail, draft)),
        }
        section class="ways" {
            h2 { (words.other_ways) }
            (other_ways(frame, detail, draft))
        }
    }
}

/// Nobody knows whether it took place: that is the question.
fn doubt(frame: &Frame, detail: &ExceptionDetail, draft: Option<&Draft>) -> Markup {
    let words = frame.words();
    let happened = draft.filter(|it| it.is_of("happened"));
    let denials = detail.steps.iter().find_map(|step| match step.state {
        StepState::InDoubt { denials, .. } if step.id == detail.exception.step => Some(denials),
        _ => None,
    });
    let denials = denials.unwrap_or_default();
    html! {
        section class="card doubt" {
            h2 { (words.did_it) }
            p { (words.did_it_lead) }
            @if denials > 0 { p { ((words.denied)(denials)) } }
            div class="pair" {
                (decide(frame, detail, "happened", html! {
                    (result(frame, happened)) (note(frame, happened))
                    button class="primary" { (words.it_did) }
                }))
                (decide(frame, detail, "retry", html! {
                    p class="muted" { (words.it_did_not_lead) }
                    (note(frame, draft.filter(|it| it.is_of("retry"))))
                    button class="danger" { (words.it_did_not) }
                }))
            }
        }
    }
}

/// The data as a form: what is changed is corrected, and then it is tried again.
fn mend(frame: &Frame, detail: &ExceptionDetail, draft: Option<&Draft>) -> Markup {
    let words = frame.words();
    let (title, data) = match &detail.item {
        Some(item) => (words.mend, item),
        None => (words.mend_inputs, &detail.inputs),
    };
    let has_data = !detail.blocked && data.as_object().is_some_and(|map| !map.is_empty());
    html! {
        section class="card mend" id="mend" {
            @if has_data {
                h2 { (title) }
                (decide(frame, detail, "edit", html! {
                    (fields(frame, (data, &detail.given), draft))
                    (note(frame, draft.filter(|it| it.is_of("edit"))))
                    // Its tables are those of all folders.
                    @if frame.may(Role::Handler) {
                        details class="small" {
                            summary { (words.remember) "…" }
                            label { (words.remember) input name="remember" autocomplete="off"; }
                            p class="muted small" { (words.remember_lead) }
                        }
                    }
                    button class="primary" data-key="e" { (words.try_with_these) }
                }))
            } @else {
                h2 { (words.try_as_is) }
                p class="muted" { (words.try_as_is_lead) }
            }
            (decide(frame, detail, "retry", html! {
                button class=(if has_data { "" } else { "primary" }) data-key="r"
                    title=(words.try_as_is_lead) { (words.try_as_is) }
            }))
        }
    }
}

fn other_ways(frame: &Frame, detail: &ExceptionDetail, draft: Option<&Draft>) -> Markup {
    let (words, it) = (frame.words(), &detail.exception);
    let one = |name, title, lead, fields| way(frame, detail, (name, title, lead), (fields, draft));
    let none = || html! {};
    let is_fault = !matches!(
        it.category,
        ExceptionCategory::Approval | ExceptionCategory::Overdue
    );
    // What is in doubt is done again by the one form alone that asks whether it took place.
    let is_known = is_fault && it.category != ExceptionCategory::InDoubt;
    let is_mendable = is_known && !detail.blocked;
    let me = frame.person.as_ref().map(|person| person.name.as_str());
    html! {
        @if is_mendable && detail.newer.is_some() {
            (way(frame, detail, ("retry_current", words.try_current, words.try_current_lead), (changed(frame, detail), draft)))
        }
        @if is_mendable {
            @if let Some(with) = detail.with.as_ref().filter(|with| with.is_object()) {
                (one("edit_with", words.mend_step, words.mend_step_lead,
                    fields(frame, (with, with), draft)))
            }
        }
        @if is_known && it.bot.is_some() {
            (one("happened", words.by_hand, words.by_hand_lead,
                result(frame, draft.filter(|it| it.is_of("happened")))))
        }
        @if it.category != ExceptionCategory::Overdue { (one("skip", words.skip, words.skip_lead, none())) }
        @if is_fault && !detail.back.is_empty() { (one("back", words.back, words.back_lead, back(frame, detail))) }
        (put_off(frame, detail))
        (one("assign", words.assign, words.assign_lead, html! {
            (assignee(frame, it.assignee.as_deref().or(me)))
        }))
        (one("remark", words.remark, "", none()))
        (one("abandon", words.abandon, words.abandon_lead, none()))
    }
}

/// The way to what was changed in the workflow since the run began.
fn changed(frame: &Frame, detail: &ExceptionDetail) -> Markup {
    let page = |changed: Changed| {
        let workflow = encoded(&detail.exception.workflow);
        let against = changed.from.map(|it| it.to_string());
        let page = format!("/workflows/{workflow}/versions/{}", changed.to);
        address::address(&page, [("against", against)])
    };
    html! {
        @if let Some(it) = detail.changed {
            p { a href=(page(it)) { (frame.words().of_version.what_changed) } }
        }
    }
}

fn facts(frame: &Frame, detail: &ExceptionDetail) -> Markup {
    let (words, it) = (frame.words(), &detail.exception);
    html! {
        section {
            h2 { (words.details) }
            dl class="facts" {
                @if let Some(key) = &it.key { dt { (words.key) } dd { strong { (key) } } }
                dt { (words.workflow) } dd { a href={ "/runs?workflow=" (it.workflow) } { (it.workflow) } }
                dt { (words.run) } dd { a href={ "/runs/" (it.run) } { (it.run) } }
                dt { (words.step) } dd { (it.step) }
                @if let Some(bot) = &it.bot { dt { (words.bot) } dd { code { (bot) } } }
                dt { (words.code) } dd { code { (it.code) } }
                dt { (words.waits_since) } dd { (frame.clock(it.opened)) " (" (frame.age(it.opened)) ")" }
                @if let Some(due) = it.due {
                    dt { (words.due) }
                    dd class=(if due < frame.now { "late" } else { "" }) { (frame.clock(due)) }
                }
                @if let Some(until) = it.snoozed { dt { (words.snoozed) } dd { (frame.clock(until)) } }
                @if !it.assigned.is_empty() { dt { (words.for_groups) } dd { (it.assigned.join(", ")) } }
                @if let Some(name) = &it.assignee { dt { (words.taken) } dd { (name) } }
            }
            (take(frame, detail))
        }
    }
}

/// One step to say that somebody is on it, or is not any more.
fn take(frame: &Frame, detail: &ExceptionDetail) -> Markup {
    let (words, me) = (frame.words(), frame.person.as_ref());
    let Some(me) = me.filter(|_| frame.may_on(Role::Handler, &detail.exception.workflow)) else {
        return html! {};
    };
    let is_mine = detail.exception.assignee.as_ref() == Some(&me.name);
    let (name, label) = match is_mine {
        true => ("", words.give_back),
        false => (me.name.as_str(), words.assign_me),
    };
    decide(
        frame,
        detail,
        "assign",
        html! {
            input type="hidden" name="assignee" value=(name);
            button { (label) }
        },
    )
}

fn tries(frame: &Frame, detail: &ExceptionDetail) -> Markup {
    let words = frame.words();
    html! {
        @if !detail.tries.is_empty() {
            section {
                h2 { (words.tries) }
                ol class="tries" {
                    @for it in &detail.tries {
                        // One that failed before it could start has no number.
                        li value=[(it.attempt > 0).then_some(it.attempt)]
                            class=(if it.attempt > 0 { "" } else { "unnumbered" }) {
                            (frame.clock(it.started))
                            @if let Some(ended) = it.ended { span class="muted" { " · " (frame.length(it.started, ended)) } }
                            p {
                                @match (&it.code, it.ended) {
                                    (Some(code), _) => { code { (code) } " " (it.message.as_deref().unwrap_or_default()) }
                                    (None, Some(_)) => (words.succeeded),
                                    (None, None) => (words.cut_short),
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn history(frame: &Frame, detail: &ExceptionDetail) -> Markup {
    let words = frame.words();
    let told = |at| frame.told(at);
    html! {
        @if !detail.history.is_empty() {
            section {
                h2 { (words.history) }
                ul class="history" {
                    @for it in &detail.history {
                        li {
                            strong { (it.by) } " · " ((words.decided)(&it.resolution, &told)) " "
                            span class="muted" { (frame.age(it.at)) }
                            @if let Some(note) = &it.note { blockquote { (note) } }
                        }
                    }
                }
            }
        }
    }
}

fn steps(frame: &Frame, steps: &[StepView]) -> Markup {
    html! {
        section {
            h2 { (frame.words().steps) }
            ol class="steps" {
                @for step in steps {
                    li class={ "depth-" (step.depth.min(4)) } {
                        (step_state(frame, step)) " "
                        span { (step.name.as_deref().unwrap_or(step.id.as_str())) }
                    }
                }
            }
        }
    }
}
