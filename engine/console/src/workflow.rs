//! One workflow: the form that starts it, its steps as a drawing, when it starts by itself, and
//! its file with what the check says at each line.

use botswain_core::{
    ArtifactRef,
    plan::{Input, InputKind, Plan},
};
use botswain_views::{FindingView, LeftOutView, PromiseView, ProposalView, Role, WorkflowDetail};
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    address::encoded,
    data::file,
    exception::Draft,
    frame::{Frame, Place},
    graph::graph,
    proposals::told,
    run::state,
    text::marked,
    versions::newest,
    workflows::next,
};

/// How large the files of a form may be together, in bytes.
pub const FILE_MOST: u64 = 20 * 1024 * 1024;

/// The page of a workflow, with what is proposed for it. Its form holds what is in the draft, with
/// what was wrong with it.
pub fn workflow(
    frame: &Frame,
    (detail, proposal): (&WorkflowDetail, Option<&ProposalView>),
    draft: &Draft,
) -> String {
    let (words, it) = (&frame.words().of_workflow, &detail.workflow);
    let content = html! {
        p class="crumbs" { a href="/workflows" { (words.workflows) } " / "
            @if let Some(folder) = it.folder.as_deref().filter(|it| !it.is_empty()) { (folder) " / " }
            (it.name)
        }
        h1 { (it.name) }
        @if let Some(text) = &it.description { p class="lead" { (text) } }
        @if let Some(pause) = &it.paused {
            div class="hint" id="paused" {
                p { ((words.paused_by)(&pause.by)) " " (frame.age(pause.at)) }
                @if let Some(note) = &pause.note { blockquote { (note) } }
            }
        }
        @if let Some(proposal) = proposal { (told(frame, proposal)) }
        @if it.mistakes > 0 {
            p class="error" {
                @if detail.plan.is_some() { (words.older_runs) } @else { (words.not_runnable) }
            }
        }
        div class="columns" {
            div class="wide" {
                @if let Some(plan) = &detail.plan {
                    (start(frame, plan, draft))
                    section class="card" {
                        h2 { (words.graph) }
                        (graph(frame, plan))
                    }
                }
                (source(frame, detail))
            }
            aside class="side" aria-label=(frame.words().details) { (side(frame, detail)) }
        }
    };
    frame.page(&it.name, Place::Workflows, content)
}

fn side(frame: &Frame, detail: &WorkflowDetail) -> Markup {
    let (words, it) = (&frame.words().of_workflow, &detail.workflow);
    let name = encoded(&it.name);
    html! {
        dl class="facts" {
            dt { (words.last_run) }
            dd {
                @match &it.last {
                    Some(run) => { a href={ "/runs/" (run.id) } { (run.id) } " " (state(frame, run.state)) }
                    None => { (words.never) }
                }
            }
            @for (label, run) in [(words.succeeded, &detail.succeeded), (words.failed, &detail.failed)] {
                @if let Some(run) = run {
                    dt { (label) }
                    dd { a href={ "/runs/" (run.id) } { (run.id) } " " (frame.age(run.ended.unwrap_or(run.created))) }
                }
            }
            dt { (words.next) } dd { (next(frame, it)) }
            @if let Some(promise) = &detail.promise {
                dt { (words.promise) } dd { (promised(frame, promise, &name)) }
            }
        }
        p class="buttons" {
            @if frame.may_on(Role::Author, &it.name) {
                a class="button" href={ "/workflows/" (name) "/edit" } { (frame.words().of_editing.edit) }
            }
            a class="button" href={ "/runs?workflow=" (name) } { (words.all_runs) }
            @if it.exceptions > 0 {
                a class="button" href={ "/inbox?workflow=" (name) } { ((words.waits)(it.exceptions)) }
            }
        }
        @if frame.may_on(Role::Handler, &it.name) { (turning(frame, detail)) }
        (newest(frame, &it.name, &detail.versions))
        section {
            h2 { (words.firings) }
            @if detail.schedules.is_empty() { p class="muted" { (words.no_trigger) } }
            @for schedule in &detail.schedules {
                p {
                    code { (schedule.trigger) }
                    @if let Some(zone) = &schedule.timezone { " " span class="muted" { (zone) } }
                }
                @if schedule.next.is_empty() {
                    p class="muted" { (words.when_it_happens) }
                } @else {
                    ul class="plain" { @for at in &schedule.next { li { (frame.clock(*at)) } } }
                    @if !schedule.left_out.is_empty() {
                        ul class="plain muted small" { @for it in &schedule.left_out { li { (left_out(frame, it)) } } }
                    }
                }
            }
        }
    }
}

/// When it does not start, why, and when it does instead.
fn left_out(frame: &Frame, it: &LeftOutView) -> Markup {
    let words = &frame.words().of_workflow;
    html! {
        s { (frame.clock(it.at)) } " "
        @match it.moved {
            Some(moved) => { (marked(&(words.moved)(&it.calendar))) " " (frame.clock(moved)) }
            None => { (marked(&(words.left_out)(&it.calendar))) }
        }
    }
}

/// What is promised by when, and whether it will be kept.
fn promised(frame: &Frame, promise: &PromiseView, name: &str) -> Markup {
    let words = &frame.words().of_workflow;
    let is_kept = promise.so_far.is_some_and(|it| it >= promise.succeeded);
    html! {
        ((words.promised)(promise.succeeded))
        @if let Some(at) = promise.next { " " (frame.clock(at)) }
        @match promise.so_far {
            _ if is_kept => { br; span class="good" { (words.promise_kept) } }
            Some(so_far) => { br; ((words.promise_so_far)(so_far)) }
            None => {}
        }
        @if promise.broken > 0 {
            br; a class="late" href={ "/inbox?workflow=" (name) "&q=promise.broken" } { ((words.promise_broken)(promise.broken)) }
        }
    }
}

/// The form that pauses it, or lets it go on.
fn turning(frame: &Frame, detail: &WorkflowDetail) -> Markup {
    let (words, it) = (&frame.words().of_workflow, &detail.workflow);
    let (verb, label, lead) = match it.paused {
        Some(_) => ("resume", words.resume, words.resume_lead),
        None => ("pause", words.pause, words.pause_lead),
    };
    let action = format!("/workflows/{}/{verb}", encoded(&it.name));
    html! {
        details class="way" open[it.paused.is_some()] {
            summary { (label) }
            p class="muted" { (marked(lead)) }
            (frame.form(&action, "stack", html! {
                label { (frame.words().note) textarea name="note" rows="2" {} }
                button data-turn { (label) }
            }))
        }
    }
}

fn start(frame: &Frame, plan: &Plan, draft: &Draft) -> Markup {
    let words = &frame.words().of_workflow;
    html! {
        section class="card" id="start" {
            h2 { (words.start) }
            @if !draft.error.is_empty() { p class="error" role="alert" { (draft.error) } }
            @if frame.may_on(Role::Handler, &plan.name) {
                @let action = format!("/workflows/{}/start", encoded(&plan.name));
                @let has_files = plan.inputs.values().any(|it| it.kind == InputKind::File);
                @let content = html! {
                    @if plan.inputs.is_empty() {
                        p class="muted" { (words.no_inputs) }
                    } @else {
                        div class="fields" {
                            @for (name, input) in &plan.inputs { (field(frame, (name, input), draft)) }
                        }
                    }
                    details class="small" {
                        summary { (words.key) }
                        p class="muted" { (words.key_lead) }
                        label { (words.key) input name="key" value=[draft.get("key")] autocomplete="off"; }
                    }
                    button class="primary" { (words.start) }
                    p class="muted small" { (words.start_lead) }
                };
                @if has_files { (frame.form_with_files(&action, "stack", content)) }
                @else { (frame.form(&action, "stack", content)) }
            } @else {
                p class="muted" { (words.no_start) }
            }
        }
    }
}

/// One input: as its type wants it, with what is said of it.
fn field(frame: &Frame, (name, input): (&str, &Input), draft: &Draft) -> Markup {
    if input.kind == InputKind::File {
        return file_field(frame, (name, input), draft);
    }
    let words = &frame.words().of_workflow;
    let field = format!("input.{name}");
    let value = draft.get(&field).unwrap_or_default();
    let is_needed = input.default.is_none();
    let is_broad = matches!(input.kind, InputKind::List | InputKind::Object);
    html! {
        label class={ "field" @if is_broad { " broad" } } data-original=(value) {
            span class="name" { (name) }
            " " span class="came" { ((words.kind)(input.kind)) @if is_needed { ", " (words.required) } }
            @match input.kind {
                InputKind::Boolean => {
                    select name=(field) required[is_needed] {
                        option value="" { (words.choose) }
                        option value="true" selected[value == "true"] { (frame.words().yes) }
                        option value="false" selected[value == "false"] { (frame.words().no) }
                    }
                }
                InputKind::Date => { input type="date" name=(field) value=(value) required[is_needed]; }
                InputKind::Integer => {
                    input name=(field) value=(value) required[is_needed] inputmode="numeric" pattern="-?[0-9]+" autocomplete="off";
                }
                InputKind::Decimal => {
                    input name=(field) value=(value) required[is_needed] inputmode="decimal" pattern="-?[0-9]+([.][0-9]+)?" autocomplete="off";
                }
                // Of a file only the path is a text.
                InputKind::Text | InputKind::File => {
                    input name=(field) value=(value) required[is_needed] autocomplete="off";
                }
                InputKind::List | InputKind::Object => {
                    textarea name=(field) rows="4" class="code" required[is_needed] { (value) }
                }
            }
            @if let Some(text) = &input.description { span class="came" { (text) } }
            @if let Some(default) = &input.default {
                span class="came" { ((words.default)(&plain(default))) }
            }
        }
    }
}

/// A file: chosen here, sent before, or a path.
fn file_field(frame: &Frame, (name, input): (&str, &Input), draft: &Draft) -> Markup {
    let words = &frame.words().of_workflow;
    let path = draft.get(&format!("input.{name}")).unwrap_or_default();
    let kept = draft.get(&format!("kept.{name}"));
    let sent = kept.and_then(|it| serde_json::from_str::<ArtifactRef>(it).ok());
    html! {
        div class="field" {
            label {
                span class="name" { (name) }
                " " span class="came" {
                    (words.a_file)
                    @if input.default.is_none() { ", " (words.required) }
                    ", " ((words.file_most)(FILE_MOST / 1024 / 1024))
                }
                input type="file" name={ "upload." (name) } data-most=(FILE_MOST) data-large=(words.file_large);
            }
            @if let Some(sent) = sent.filter(|_| path.is_empty()) {
                p class="small" data-kept {
                    input type="hidden" name={ "kept." (name) } value=[kept];
                    (words.file_here) " "
                    // No run names it yet.
                    @if frame.may(Role::Viewer) { (file(&sent, None)) } @else { (sent.name) }
                    " " span class="muted" { (words.file_other) }
                }
            }
            @if let Some(text) = &input.description { span class="came" { (text) } }
            @if let Some(default) = &input.default {
                span class="came" { ((words.default)(&plain(default))) }
            }
            details class="small" open[!path.is_empty()] {
                summary { (words.or_path) }
                label { (words.path) input name={ "input." (name) } value=(path) autocomplete="off"; }
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn source(frame: &Frame, detail: &WorkflowDetail) -> Markup {
    let words = &frame.words().of_workflow;
    let of_line = |line: usize| detail.findings.iter().filter(move |it| it.line == line);
    html! {
        section class="card" id="source" {
            h2 { (words.source) }
            ol class="source code" tabindex="0" {
                @for (number, line) in (1..).zip(detail.source.lines()) {
                    @let is_marked = of_line(number).next().is_some();
                    li id={ "line-" (number) } class=[is_marked.then_some("marked")] {
                        span class="line" translate="no" { (line) }
                        @for it in of_line(number) { (finding(frame, it)) }
                    }
                }
            }
        }
    }
}

fn finding(frame: &Frame, it: &FindingView) -> Markup {
    let words = &frame.words().of_workflow;
    let (class, kind) = match it.is_mistake {
        true => ("finding mistake", words.mistake),
        false => ("finding", words.warning),
    };
    html! {
        p class=(class) {
            strong { (kind) ": " } (marked(&it.message))
            @if let Some(hint) = &it.hint { br; (frame.words().hint) ": " (marked(hint)) }
        }
    }
}
