//! Writing a workflow: its text, what the check and the tests say of it, and its activation.
//!
//! Each button sends the whole text, so nothing needs a script; with one the text is
//! checked as it is typed.

use botswain_core::ExceptionId;
use botswain_views::{
    CheckView, FindingView, PlayedView, ProposalView, Role, TestsView, TextChange,
};
use maud::{Markup, html};

use crate::{
    address::encoded,
    frame::{Frame, Place},
    login::failed,
    people::known_folders,
    proposals::in_the_way,
    text::marked,
    versions::changes,
};

/// A text while it is written.
#[derive(Clone, Debug, Default)]
pub struct Editing<'a> {
    pub workflow: &'a str,
    /// The folder that was chosen for a new one.
    pub folder: &'a str,
    pub source: &'a str,
    /// The hash of the file that was opened; empty when there is none.
    pub seen: &'a str,
    pub note: &'a str,
    /// What could not be done.
    pub error: Option<&'a str>,
    pub check: Option<&'a CheckView>,
    pub tests: Option<&'a TestsView>,
    /// What the file says now against this text, when somebody has changed it meanwhile.
    pub changed: Option<&'a [TextChange]>,
    /// Whether another author has to agree.
    pub asks_four_eyes: bool,
    /// What is proposed already.
    pub proposal: Option<&'a ProposalView>,
}

/// The page on which a workflow is written.
pub fn edit(frame: &Frame, editing: &Editing<'_>) -> String {
    let words = &frame.words().of_editing;
    let page = format!("/workflows/{}", encoded(editing.workflow));
    let title = (words.edit_of)(editing.workflow);
    let content = html! {
        p class="crumbs" {
            a href="/workflows" { (frame.words().of_workflow.workflows) } " / "
            @if !editing.folder.is_empty() { (editing.folder) " / " }
            @if editing.seen.is_empty() { (editing.workflow) } @else { a href=(page) { (editing.workflow) } }
            " / " (words.edit)
        }
        h1 { (title) }
        p class="muted" { (words.lead) }
        (failed(editing.error))
        @if let Some(proposal) = editing.proposal { (in_the_way(frame, proposal)) }
        @if let Some(changed) = editing.changed { (meanwhile(frame, changed)) }
        div class="columns" {
            div class="wide" { (form(frame, editing, &page)) }
            aside class="side" aria-label=(words.found) {
                @if let Some(tests) = editing.tests { (played(frame, tests)) }
                (findings(frame, editing))
            }
        }
    };
    frame.page(&title, Place::Workflows, content)
}

/// The form that asks for the name of a new one.
pub fn new_workflow(frame: &Frame, (name, folder): (&str, &str), error: Option<&str>) -> String {
    let words = &frame.words().of_editing;
    let content = html! {
        section class="card narrow" {
            h1 { (words.new) }
            p class="muted" { (marked(words.new_lead)) }
            (failed(error))
            form method="get" action="/new-workflow" class="stack" {
                label { (words.name)
                    input name="name" value=(name) required autocomplete="off" autocapitalize="none"
                        pattern="[a-z][a-z0-9_\\-]*" maxlength="60";
                }
                p class="muted small" { (marked(words.name_rule)) }
                label { (frame.words().of_workflow.folder)
                    input name="folder" value=(folder) autocomplete="off" autocapitalize="none" list="folders";
                }
                p class="muted small" { (marked(words.folder_rule)) }
                (known_folders(frame))
                button class="primary" { (words.begin) }
            }
        }
    };
    frame.page(words.new, Place::Workflows, content)
}

fn form(frame: &Frame, editing: &Editing<'_>, page: &str) -> Markup {
    let words = &frame.words().of_editing;
    let within = match editing.folder {
        "" => String::new(),
        folder => format!("?folder={}", encoded(folder)),
    };
    let action = |name: &str| format!("{page}/{name}{within}");
    // One line more than there are, between what fits on a screen and what is too much.
    let rows = editing.source.lines().count().clamp(16, 40) + 1;
    let content = html! {
        input type="hidden" name="seen" value=(editing.seen);
        div class="writing" {
            label { (words.source)
                textarea name="source" rows=(rows) class="code editor" spellcheck="false" autocapitalize="none"
                    autocomplete="off" translate="no" { "\n" (editing.source) }
            }
            div class="offers" data-offers data-none=(words.no_offers) hidden {
                ul role="listbox" id="offers" aria-label=(words.offers) {}
                p class="small" data-about role="status" {}
            }
        }
        p class="muted small" data-editor-keys hidden { (words.keys) }
        p class="buttons" {
            // What Enter in a field does is harmless.
            button formaction=(action("check")) { (words.check) }
            button formaction=(action("test")) { (words.test) }
        }
        label { (words.note) input name="note" value=(editing.note) autocomplete="off"; }
        p class="muted small" { (words.note_lead) }
        @if editing.asks_four_eyes { p class="muted small" { (frame.words().of_proposal.propose_lead) } }
        p class="buttons" {
            button class="primary" formaction=(action("activate")) {
                @if editing.asks_four_eyes { (frame.words().of_proposal.propose) } @else { (words.activate) }
            }
            a class="button" href=(if editing.seen.is_empty() { "/workflows" } else { page }) { (words.leave) }
        }
    };
    let draft = format!("/api/v1/workflows/{}", encoded(editing.workflow));
    html! {
        section class="card" data-editor data-draft=(draft) data-within=(within) {
            (frame.form(&action("check"), "stack", content))
        }
    }
}

/// What the check says, each at its line. The script fills the same list.
fn findings(frame: &Frame, editing: &Editing<'_>) -> Markup {
    let words = &frame.words().of_editing;
    let found = editing.check.map_or(&[][..], |it| &it.findings);
    html! {
        section id="found" hidden[editing.check.is_none()] {
            h2 { (words.found) }
            p class="good" data-nothing hidden[editing.check.is_none() || !found.is_empty()] { (words.nothing_found) }
            ul class="plain" data-findings { @for it in found { (finding(frame, it, editing.source)) } }
            template data-finding { (blank(frame)) }
        }
    }
}

pub(crate) fn finding(frame: &Frame, it: &FindingView, source: &str) -> Markup {
    let (words, whole) = (&frame.words().of_editing, &frame.words().of_workflow);
    let (class, kind) = match it.is_mistake {
        true => ("finding mistake", whole.mistake),
        false => ("finding", whole.warning),
    };
    let line = source
        .lines()
        .nth(it.line.saturating_sub(1))
        .unwrap_or_default();
    html! {
        li class=(class) data-line=(it.line) {
            strong { span data-kind { (kind) } ", " ((words.line)(&it.line.to_string())) ": " }
            span data-message { (marked(&it.message)) }
            @if !line.trim().is_empty() { br; code translate="no" { (line.trim()) } }
            @if let Some(hint) = &it.hint { br; (frame.words().hint) ": " (marked(hint)) }
        }
    }
}

/// One finding for the script to fill in: a line in two halves, and both kinds.
fn blank(frame: &Frame) -> Markup {
    let (words, whole) = (&frame.words().of_editing, &frame.words().of_workflow);
    html! {
        li class="finding" {
            strong {
                span data-kind data-mistake=(whole.mistake) data-warning=(whole.warning) {} ", "
                button type="button" class="quiet" data-to-line data-says=((words.line)("#")) {} ": "
            }
            span data-message {}
            span data-hint hidden { br; (frame.words().hint) ": " span data-hint-text {} }
        }
    }
}

pub(crate) fn played(frame: &Frame, tests: &TestsView) -> Markup {
    let words = &frame.words().of_editing;
    let passed = tests.tests.iter().filter(|it| it.has_passed).count();
    html! {
        section id="tests" role="status" {
            h2 { (words.tests) }
            @if tests.check.mistakes > 0 {
                p { (words.not_played) }
            } @else if tests.tests.is_empty() {
                p class="muted" { (marked(words.no_tests)) }
            } @else {
                p { strong { ((words.passed)(passed, tests.tests.len())) } }
                ul class="plain" { @for it in &tests.tests { (test(frame, it)) } }
            }
        }
    }
}

fn test(frame: &Frame, it: &PlayedView) -> Markup {
    let words = &frame.words().of_editing;
    let (class, state) = match it.has_passed {
        true => ("state succeeded", words.has_passed),
        false => ("state failed", words.has_failed),
    };
    html! {
        li {
            span class=(class) { (state) } " " (it.name)
            @for problem in &it.problems { pre class="json" { (problem) } }
            @for warning in &it.warnings { p class="finding" { (words.warning) ": " (warning) } }
        }
    }
}

fn meanwhile(frame: &Frame, changed: &[TextChange]) -> Markup {
    let words = &frame.words().of_editing;
    html! {
        section class="notice" role="alert" id="meanwhile" {
            h2 { (words.changed) }
            @if changed.is_empty() {
                p { (words.gone) }
            } @else {
                p { (words.changed_lead) }
                (changes(frame, changed))
            }
        }
    }
}

/// The exceptions that a version can mend, and the way to what would happen.
pub(crate) fn mended(frame: &Frame, workflow: &str, mended: &[ExceptionId]) -> Markup {
    let words = &frame.words().of_editing;
    html! {
        @if !mended.is_empty() {
            section class="hint" id="mended" {
                p { strong { ((words.mended)(mended.len())) } }
                p { (words.mended_lead) }
                p {
                    @for id in mended.iter().take(10) { a href={ "/exceptions/" (id) } { (id) } " " }
                    @if mended.len() > 10 { "…" }
                }
                @if frame.may_on(Role::Handler, workflow) {
                    (frame.form("/selection/preview", "", html! {
                        input type="hidden" name="decision" value="retry_current";
                        @for id in mended { input type="hidden" name="exception" value=(id); }
                        button { (words.try_again) }
                    }))
                }
            }
        }
    }
}
