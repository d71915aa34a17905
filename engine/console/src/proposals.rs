//! Proposals: which texts wait for another author, and one of them beside the file of today.

use botswain_views::{ProposalDetail, ProposalState, ProposalView, TestsView};
use maud::{Markup, html};

use crate::{
    address::encoded,
    editing::{finding, played},
    frame::{Frame, Place},
    login::failed,
    text::marked,
    versions::changes,
};

/// A proposal while somebody looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Reviewing<'a> {
    pub detail: &'a ProposalDetail,
    pub tests: Option<&'a TestsView>,
    /// What could not be done.
    pub error: Option<&'a str>,
    /// What was written to whoever has proposed it.
    pub note: &'a str,
}

/// All that is proposed, what waits first.
pub fn proposals(frame: &Frame, proposals: &[ProposalView]) -> String {
    let words = &frame.words().of_proposal;
    let content = html! {
        p class="crumbs" {
            a href="/workflows" { (frame.words().of_workflow.workflows) } " / " (words.proposals)
        }
        h1 { (words.proposals) }
        @if proposals.is_empty() {
            div class="empty" { h2 { (words.none) } p { (marked(words.none_lead)) } }
        } @else {
            p class="muted" { (words.lead) }
            ul class="rows" data-rows { @for it in proposals { (line(frame, it)) } }
        }
    };
    frame.page(words.proposals, Place::Workflows, content)
}

fn line(frame: &Frame, it: &ProposalView) -> Markup {
    let words = &frame.words().of_proposal;
    html! {
        li class="row" {
            a class="main" href=(address(&it.workflow)) data-open {
                strong { (it.workflow) } (badge(frame, it.state))
            }
            p class="meta" {
                span { ((words.proposed_by)(&it.by)) " " (frame.age(it.at)) }
                @if let Some(rejection) = &it.rejection {
                    span { ((words.rejected_by)(&rejection.by)) ": " (rejection.note) }
                }
            }
            @if let Some(note) = &it.note { p class="meta" { (note) } }
        }
    }
}

fn badge(frame: &Frame, state: ProposalState) -> Markup {
    let class = match state {
        ProposalState::Waiting => "badge approval",
        ProposalState::Outdated | ProposalState::Orphaned => "badge business",
        ProposalState::Rejected => "badge system",
    };
    html! { span class=(class) { ((frame.words().of_proposal.states)(state)) } }
}

/// One of them: what is different, what the check and the tests say, and the ways to decide.
pub fn proposal(frame: &Frame, reviewing: &Reviewing<'_>) -> String {
    let words = &frame.words().of_proposal;
    let (detail, it) = (reviewing.detail, &reviewing.detail.proposal);
    let title = (words.proposal_of)(&it.workflow);
    let content = html! {
        p class="crumbs" {
            a href="/workflows" { (frame.words().of_workflow.workflows) } " / "
            @if detail.file.is_some() {
                a href={ "/workflows/" (encoded(&it.workflow)) } { (it.workflow) }
            } @else { (it.workflow) }
            " / " a href="/proposals" { (words.proposals) }
        }
        h1 { (title) " " (badge(frame, it.state)) }
        (failed(reviewing.error))
        @if let Some(rejection) = &it.rejection {
            div class="hint" id="rejection" {
                p { ((words.rejected_by)(&rejection.by)) ", " (frame.age(rejection.at)) }
                blockquote { (rejection.note) }
            }
        }
        div class="columns" {
            div class="wide" {
                h2 { (words.differs) }
                (compared(frame, detail))
                details class="way" {
                    summary { (words.whole) }
                    ol class="source code" tabindex="0" {
                        @for line in detail.source.lines() { li { span class="line" translate="no" { (line) } } }
                    }
                }
            }
            aside class="side" aria-label=(frame.words().details) {
                (facts(frame, it))
                p class="muted" { ((words.means)(it.state)) }
                (ways(frame, reviewing))
                (findings(frame, detail))
                @if let Some(tests) = reviewing.tests { (played(frame, tests)) }
                (frame.form(&format!("{}/test", address(&it.workflow)), "", html! {
                    button { (frame.words().of_editing.test) }
                }))
            }
        }
    };
    frame.page(&title, Place::Workflows, content)
}

fn compared(frame: &Frame, detail: &ProposalDetail) -> Markup {
    let words = &frame.words().of_proposal;
    html! {
        @if detail.file.is_none() { p class="hint" { (words.no_file) } }
        @if detail.changes.is_empty() {
            p class="hint" { (words.same) }
        } @else {
            (changes(frame, &detail.changes))
        }
    }
}

fn facts(frame: &Frame, it: &ProposalView) -> Markup {
    let words = &frame.words().of_proposal;
    html! {
        dl class="facts" {
            dt { (words.by) } dd { (it.by) }
            dt { (words.when) } dd { (frame.clock(it.at)) }
            @if let Some(note) = &it.note { dt { (words.note) } dd { (note) } }
            @if it.state == ProposalState::Waiting {
                dt { (words.waits_for) }
                dd { @if it.waits_for.is_empty() { (words.nobody) } @else { (it.waits_for.join(", ")) } }
            } @else {
                dt { (words.state) } dd { ((words.states)(it.state)) }
            }
        }
    }
}

/// What whoever looks can do: the one who has proposed it, and everybody else.
fn ways(frame: &Frame, reviewing: &Reviewing<'_>) -> Markup {
    let (words, it) = (&frame.words().of_proposal, &reviewing.detail.proposal);
    let page = address(&it.workflow);
    let edit = format!("/workflows/{}/edit?proposal=true", encoded(&it.workflow));
    let edit = match it.folder.as_deref().filter(|folder| !folder.is_empty()) {
        Some(folder) => format!("{edit}&folder={}", encoded(folder)),
        None => edit,
    };
    let hash = html! { input type="hidden" name="hash" value=(it.hash); };
    html! {
        @if is_own(frame, it) {
            @if it.state == ProposalState::Waiting { p class="muted" { (words.withdraw_lead) } }
            p class="buttons" { a class="button" href=(edit) { (words.open) } }
            (frame.form(&format!("{page}/withdraw"), "", html! {
                button class="danger" {
                    @if it.state == ProposalState::Rejected { (words.discard) } @else { (words.withdraw) }
                }
            }))
        } @else {
            @if it.state == ProposalState::Waiting {
                (frame.form(&format!("{page}/approve"), "stack", html! {
                    (hash)
                    button class="primary" { (words.activate) }
                    p class="muted small" { (words.activate_lead) }
                }))
            } @else {
                p class="buttons" { a class="button" href=(edit) { (words.open) } }
            }
            @if it.state != ProposalState::Rejected {
                details class="way" id="reject" open[!reviewing.note.is_empty() || reviewing.error.is_some()] {
                    summary { (words.reject) }
                    (frame.form(&format!("{page}/reject"), "stack", html! {
                        (hash)
                        label { (words.why) textarea name="note" rows="3" required { (reviewing.note) } }
                        button class="danger" { (words.reject) }
                    }))
                }
            }
        }
    }
}

fn findings(frame: &Frame, detail: &ProposalDetail) -> Markup {
    let words = &frame.words().of_editing;
    html! {
        section id="found" {
            h2 { (words.found) }
            @if detail.check.findings.is_empty() {
                p class="good" { (words.nothing_found) }
            } @else {
                ul class="plain" {
                    @for it in &detail.check.findings { (finding(frame, it, &detail.source)) }
                }
            }
        }
    }
}

/// That something is proposed for a workflow, on its page.
pub(crate) fn told(frame: &Frame, it: &ProposalView) -> Markup {
    let words = &frame.words().of_proposal;
    html! {
        div class="hint" id="proposal" {
            p {
                (badge(frame, it.state)) " "
                ((words.proposed_by)(&it.by)) " " (frame.age(it.at)) ". "
                a href=(address(&it.workflow)) { (words.look) }
            }
            @if let Some(note) = &it.note { blockquote { (note) } }
        }
    }
}

/// What whoever writes another text has to know of the one that waits.
pub(crate) fn in_the_way(frame: &Frame, it: &ProposalView) -> Markup {
    let words = &frame.words().of_proposal;
    let is_own = is_own(frame, it);
    let waits = matches!(it.state, ProposalState::Waiting | ProposalState::Outdated);
    html! {
        @if waits || is_own {
            p class="hint" id="proposal" {
                @if !waits { (badge(frame, it.state)) }
                @else if is_own { (words.yours_waits) }
                @else { ((words.another_waits)(&it.by)) }
                " " a href=(address(&it.workflow)) { (words.look) }
            }
        }
    }
}

fn is_own(frame: &Frame, it: &ProposalView) -> bool {
    let person = frame.person.as_ref();
    person.is_some_and(|person| person.name == it.by)
}

fn address(workflow: &str) -> String {
    format!("/workflows/{}/proposal", encoded(workflow))
}
