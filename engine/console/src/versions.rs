//! Versions of a workflow: which there have been, and one of them with what is different.

use botswain_views::{Against, LineKind, LineView, TextChange, VersionDetail, VersionView};
use maud::{Markup, html};

use crate::{
    address::encoded,
    editing::mended,
    frame::{Frame, Place},
};

/// All versions of a workflow, the newest first.
pub fn versions(frame: &Frame, workflow: &str, versions: &[VersionView]) -> String {
    let words = &frame.words().of_version;
    let content = html! {
        (crumbs(frame, workflow, words.versions))
        h1 { (words.versions) }
        @if versions.is_empty() {
            div class="empty" { h2 { (words.none) } p { (words.none_lead) } }
        } @else {
            p class="muted" { (words.lead) }
            ul class="rows" data-rows {
                @for it in versions {
                    li class="row" {
                        a class="main" href=(address(workflow, it.number)) data-open {
                            strong { ((words.version)(it.number)) }
                            @if it.is_current { span class="badge" { (words.current) } }
                        }
                        p class="meta" {
                            span { (frame.clock(it.at)) }
                            span { (way(frame, it)) }
                            code { (short(it)) }
                        }
                        @if let Some(note) = &it.note { p class="meta" { (note) } }
                    }
                }
            }
        }
    };
    frame.page(words.versions, Place::Workflows, content)
}

/// One version: what is different, and the whole file.
pub fn version(frame: &Frame, detail: &VersionDetail) -> String {
    let (words, it) = (&frame.words().of_version, &detail.version);
    let title = (words.version)(it.number);
    let content = html! {
        (crumbs(frame, &detail.workflow, &title))
        h1 { (title) @if it.is_current { " " span class="badge" { (words.current) } } }
        dl class="facts" {
            dt { (words.since) } dd { (frame.clock(it.at)) }
            dt { (words.by) } dd { (way(frame, it)) }
            @if let Some(note) = &it.note { dt { (words.note) } dd { (note) } }
            dt { (words.hash) } dd { code { (it.hash) } }
        }
        (mended(frame, &detail.workflow, &detail.mended))
        (tabs(frame, detail))
        (compared(frame, detail))
        details class="way" {
            summary { (words.whole) }
            ol class="source code" tabindex="0" {
                @for line in detail.source.lines() { li { span class="line" translate="no" { (line) } } }
            }
        }
    };
    let title = format!("{title} · {}", detail.workflow);
    frame.page(&title, Place::Workflows, content)
}

/// The newest versions, on the page of their workflow.
pub(crate) fn newest(frame: &Frame, workflow: &str, versions: &[VersionView]) -> Markup {
    let words = &frame.words().of_version;
    html! {
        @if !versions.is_empty() {
            section id="versions" {
                h2 { (words.versions) }
                ul class="plain" {
                    @for it in versions {
                        li {
                            a href=(address(workflow, it.number)) { ((words.version)(it.number)) }
                            @if it.is_current { " " span class="badge" { (words.current) } }
                            br;
                            span class="muted" { (frame.clock(it.at)) ", " (way(frame, it)) }
                        }
                    }
                }
                p { a href={ "/workflows/" (encoded(workflow)) "/versions" } { (words.all) } }
            }
        }
    }
}

/// What is different, file by file.
pub(crate) fn changes(frame: &Frame, changes: &[TextChange]) -> Markup {
    let words = &frame.words().of_version;
    html! {
        @for change in changes {
            section class="card" {
                h2 { code translate="no" { (change.file) } }
                @if change.is_called {
                    p class="muted" { (words.called) }
                } @else if change.lines.is_empty() {
                    p class="muted" { (words.same_lines) }
                } @else {
                    (lines(frame, &change.file, &change.lines))
                }
            }
        }
    }
}

/// Two texts, line by line.
pub(crate) fn lines(frame: &Frame, of: &str, lines: &[LineView]) -> Markup {
    html! {
        div class="diff code" tabindex="0" role="group" aria-label=(of) translate="no" {
            @for line in lines { (one(frame, line)) }
        }
    }
}

fn one(frame: &Frame, line: &LineView) -> Markup {
    let words = &frame.words().of_version;
    let (class, said) = match line.kind {
        LineKind::Same => ("", None),
        LineKind::Removed => ("removed", Some(words.removed)),
        LineKind::Added => ("added", Some(words.added)),
        LineKind::Gap => ("gap", Some(words.left_out)),
    };
    html! {
        div class=(class) {
            span class="at" aria-hidden="true" { (line.old.map_or_else(String::new, |it| it.to_string())) }
            span class="at" aria-hidden="true" { (line.new.map_or_else(String::new, |it| it.to_string())) }
            span class="sign" aria-hidden="true" { (line.kind.sign()) }
            span class="text" {
                @if let Some(said) = said { span class="unseen" { (said) ": " } }
                (line.text)
            }
        }
    }
}

fn compared(frame: &Frame, detail: &VersionDetail) -> Markup {
    let words = &frame.words().of_version;
    html! {
        @if detail.against.is_none() {
            p class="hint" { @if frame.path.contains("file=") { (words.no_file) } @else { (words.first) } }
        } @else if detail.changes.is_empty() {
            p class="hint" { (words.same) }
        } @else {
            (changes(frame, &detail.changes))
        }
    }
}

fn tabs(frame: &Frame, detail: &VersionDetail) -> Markup {
    let (words, own) = (&frame.words().of_version, &detail.version);
    let page = address(&detail.workflow, own.number);
    // The one before it, the current file, and whatever else was asked for.
    let other = match detail.against {
        Some(Against::Version(number)) => Some(number),
        _ => detail.before,
    };
    let is_file = detail.against == Some(Against::File);
    html! {
        nav class="tabs" aria-label=(words.compare) {
            @if let Some(number) = other {
                a href={ (page) "?against=" (number) } aria-current=[(!is_file).then_some("page")] {
                    ((words.with_version)(number))
                }
            }
            a href={ (page) "?file=true" } aria-current=[is_file.then_some("page")] { (words.with_file) }
        }
        p class="buttons" {
            @if let Some(number) = detail.before {
                a class="button" href=(address(&detail.workflow, number)) { "← " (words.before) }
            }
            @if let Some(number) = detail.after {
                a class="button" href=(address(&detail.workflow, number)) { (words.after) " →" }
            }
        }
    }
}

fn crumbs(frame: &Frame, workflow: &str, here: &str) -> Markup {
    let words = frame.words();
    let page = format!("/workflows/{}", encoded(workflow));
    html! {
        p class="crumbs" {
            a href="/workflows" { (words.of_workflow.workflows) } " / "
            a href=(page) { (workflow) } " / " (here)
        }
    }
}

fn way(frame: &Frame, it: &VersionView) -> String {
    let words = &frame.words().of_version;
    match (&it.proposed_by, &it.by) {
        (Some(first), Some(name)) => (words.agreed)(first, name),
        (None, Some(name)) => (words.activated)(name),
        (_, None) => words.saved.to_owned(),
    }
}

fn short(it: &VersionView) -> String {
    it.hash.as_str().chars().take(12).collect()
}

fn address(workflow: &str, number: u64) -> String {
    format!("/workflows/{}/versions/{number}", encoded(workflow))
}
