//! The inbox: what waits for people, by cause or each for itself.

use botswain_core::index::ExceptionCategory;
use botswain_views::{ClusterView, ExceptionView, Inbox, InboxQuery, Role, Show};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::{
    decisions::about_many,
    frame::{Frame, Place, counted, grouped},
};

const CATEGORIES: [ExceptionCategory; 5] = [
    ExceptionCategory::Business,
    ExceptionCategory::System,
    ExceptionCategory::InDoubt,
    ExceptionCategory::Approval,
    ExceptionCategory::Overdue,
];

/// `proposal` is the correction, a name and a value, that has worked for one of these.
pub fn inbox(
    frame: &Frame,
    query: &InboxQuery,
    inbox: &Inbox,
    proposal: Option<(&str, &str)>,
) -> String {
    let words = frame.words();
    let title = match query.fingerprint {
        Some(_) => words.one_cause,
        None => words.inbox,
    };
    let is_empty = inbox.clusters.is_empty() && inbox.exceptions.is_empty();
    let content = html! {
        div class="head" {
            h1 { (title) }
            (search(frame, query))
        }
        (tabs(frame, query, inbox))
        @if query.show == Show::Mine && frame.may_somewhere(Role::Handler) { (hand_over(frame)) }
        @if is_empty { (nothing(frame, query)) }
        @if !inbox.clusters.is_empty() {
            ol class="rows" data-rows {
                @for cluster in &inbox.clusters { (cause(frame, cluster)) }
            }
        }
        @if !inbox.exceptions.is_empty() { (each(frame, query, inbox, proposal)) }
        @if let Some(next) = &inbox.next {
            p { a class="button" href=(address(query, Some(next))) rel="next" { (words.next_page) } }
        }
        button type="button" class="news" data-news hidden { (words.news) }
    };
    frame.page(title, Place::Inbox, content)
}

fn search(frame: &Frame, query: &InboxQuery) -> Markup {
    let words = frame.words();
    html! {
        form method="get" action="/inbox" role="search" class="search" {
            input type="search" name="q" value=[query.q.as_deref()] placeholder=(words.search_hint)
                aria-label=(words.search) data-search;
            select name="category" aria-label=(words.category) {
                option value="" { (words.all_categories) }
                @for category in CATEGORIES {
                    option value=(category.name()) selected[query.category == Some(category)] {
                        ((words.categories)(category))
                    }
                }
            }
            @if query.show != Show::Clusters { input type="hidden" name="show" value=(show(query.show)); }
            @if let Some(workflow) = &query.workflow { input type="hidden" name="workflow" value=(workflow); }
            button { (words.search) }
        }
    }
}

fn tabs(frame: &Frame, query: &InboxQuery, inbox: &Inbox) -> Markup {
    let (words, counts) = (frame.words(), &inbox.counts);
    let tabs = [
        (Show::Clusters, words.by_cause, 0),
        (Show::Newest, words.newest, 0),
        (Show::Oldest, words.oldest, 0),
        (Show::Approvals, words.approvals, counts.approvals),
        (Show::Overdue, words.overdue, counts.overdue),
        (Show::Mine, words.mine, counts.mine),
        (Show::Snoozed, words.snoozed, counts.snoozed),
    ];
    let is_plain = query.fingerprint.is_none() && query.q.is_none();
    html! {
        nav class="tabs" aria-label=(words.filter) {
            @for (which, label, count) in tabs {
                @let current = (is_plain && query.show == which).then_some("page");
                a href=(tab(query, which)) aria-current=[current] {
                    (label)
                    @if count > 0 { " " span class="count" { (counted(count)) } }
                }
            }
        }
    }
}

/// All that one person has taken on goes to another, after a look at what that is.
fn hand_over(frame: &Frame) -> Markup {
    let words = frame.words();
    let me = frame.person.as_ref().map(|it| it.name.as_str());
    html! {
        details class="card" data-hand-over {
            summary { (words.hand_over) "…" }
            p class="muted" { (words.hand_over_lead) }
            (frame.form("/selection/preview", "stack", html! {
                input type="hidden" name="decision" value="assign";
                div class="pair" {
                    label { (words.of_whom)
                        input name="of" value=[me] autocomplete="off" autocapitalize="none" required;
                    }
                    label { (words.to_whom)
                        input name="assignee" autocomplete="off" autocapitalize="none" required;
                    }
                }
                label { (words.note) textarea name="note" rows="2" {} }
                button { (words.go_on) }
            }))
        }
    }
}

fn nothing(frame: &Frame, query: &InboxQuery) -> Markup {
    let words = frame.words();
    let is_narrowed = query.q.is_some() || query.category.is_some() || query.workflow.is_some();
    let (title, lead) = match is_narrowed || frame.counts.open > 0 {
        true => (words.nothing_fits, words.nothing_fits_lead),
        false => (words.nothing_waits, words.nothing_waits_lead),
    };
    html! {
        div class="empty" {
            h2 { (title) }
            p { (lead) }
            @if frame.counts.open > 0 { p { a class="button" href="/inbox" { (words.show_all) } } }
        }
    }
}

/// A cause leads to all that wait for it, or to the only one.
fn cause(frame: &Frame, cluster: &ClusterView) -> Markup {
    let words = frame.words();
    let example = &cluster.example;
    let path = match cluster.count {
        1 => format!("/exceptions/{}", example.id),
        _ => format!(
            "/inbox?show=oldest&fingerprint={}",
            cluster.fingerprint.as_str()
        ),
    };
    html! {
        li class="row" {
            a class="main" href=(path) data-open {
                (badge(frame, cluster.category))
                span class="what" { (example.message) }
                @if cluster.count > 1 { span class="many" { "× " (grouped(cluster.count)) } }
            }
            p class="meta" {
                span { (cluster.workflow) " · " (cluster.step) }
                code { (cluster.code) }
                @if cluster.count == 1 { (about(example)) }
                span { (words.waits_since) " " (frame.age(cluster.oldest)) }
                @if cluster.count == 1 { (standing(frame, example)) }
                @else { (standing_of_many(frame, cluster)) }
            }
        }
    }
}

/// What is said of each of them stands where they are listed one by one.
fn standing_of_many(frame: &Frame, cluster: &ClusterView) -> Markup {
    html! {
        @if let Some(due) = cluster.example.due { (due_at(frame, due)) }
        @if cluster.snoozed > 0 { span { ((frame.words().put_off_of_many)(cluster.snoozed)) } }
    }
}

fn due_at(frame: &Frame, due: Timestamp) -> Markup {
    html! {
        span class=(if due < frame.now { "late" } else { "soon" }) { (frame.words().due) " " (frame.age(due)) }
    }
}

fn each(
    frame: &Frame,
    query: &InboxQuery,
    inbox: &Inbox,
    proposal: Option<(&str, &str)>,
) -> Markup {
    let words = frame.words();
    let may = |it: &ExceptionView| frame.may_on(Role::Handler, &it.workflow);
    let decides = inbox.exceptions.iter().any(may);
    let rows = html! {
        ol class="rows" data-rows {
            @for it in &inbox.exceptions { (one(frame, it, may(it))) }
        }
    };
    html! {
        @if decides {
            @if let Some(fingerprint) = &query.fingerprint {
                @let action = format!("/clusters/{}/preview", fingerprint.as_str());
                details class="card decide" open[proposal.is_some()] {
                    // How many are on other pages is told before anything is done.
                    summary {
                        @if inbox.next.is_some() || query.after.is_some() { (words.decide_cause) }
                        @else { ((words.decide_all)(inbox.exceptions.len() as u64)) }
                        "…"
                    }
                    (frame.form(&action, "stack", about_many(frame, inbox, proposal)))
                }
            }
            (frame.form("/selection/preview", "", html! {
                (rows)
                details class="card decide" data-chosen {
                    summary { (words.decide_chosen) "…" }
                    div class="stack" { (about_many(frame, inbox, proposal)) }
                }
            }))
        } @else { (rows) }
    }
}

fn one(frame: &Frame, it: &ExceptionView, decides: bool) -> Markup {
    let words = frame.words();
    html! {
        li class="row" {
            @if decides {
                input type="checkbox" name="exception" value=(it.id) data-choose
                    aria-label=((words.choose)(&(words.exception)(it.id.0)));
            }
            a class="main" href={ "/exceptions/" (it.id) } data-open {
                (badge(frame, it.category))
                span class="what" { (it.message) }
            }
            p class="meta" {
                @if let Some(key) = &it.key { strong { (key) } }
                (about(it))
                span { (it.workflow) " · " (it.step) }
                span { (words.waits_since) " " (frame.age(it.opened)) }
                (standing(frame, it))
            }
        }
    }
}

/// The data that it is about, in short.
fn about(it: &ExceptionView) -> Markup {
    html! {
        @let told = it.about.iter().filter(|(_, text)| it.key.as_ref() != Some(text));
        @for (name, text) in told.take(4) {
            span class="about" { span class="muted" { (name) } " " (text) }
        }
    }
}

/// Until when it waits for whom.
fn standing(frame: &Frame, it: &ExceptionView) -> Markup {
    let words = frame.words();
    html! {
        @if let Some(due) = it.due { (due_at(frame, due)) }
        @if let Some(until) = it.snoozed.filter(|until| *until > frame.now) {
            span { (words.put_off_until) " " (frame.clock(until)) }
        }
        @if let Some(name) = &it.assignee { span { ((words.taken_by)(name)) } }
        @if !it.assigned.is_empty() { span { ((words.asks)(&it.assigned.join(", "))) } }
        @if !it.approved.is_empty() { span { ((words.approved_so_far)(&it.approved.join(", "))) } }
    }
}

pub(crate) fn badge(frame: &Frame, category: ExceptionCategory) -> Markup {
    html! {
        span class={ "badge " (category.name()) } { ((frame.words().categories)(category)) }
    }
}

fn show(show: Show) -> &'static str {
    match show {
        Show::Clusters => "clusters",
        Show::Newest => "newest",
        Show::Oldest => "oldest",
        Show::Overdue => "overdue",
        Show::Approvals => "approvals",
        Show::Mine => "mine",
        Show::Snoozed => "snoozed",
    }
}

/// Another part of the inbox, narrowed as this one.
fn tab(query: &InboxQuery, which: Show) -> String {
    let narrowed = InboxQuery {
        show: which,
        workflow: query.workflow.clone(),
        category: query.category,
        ..InboxQuery::default()
    };
    address(&narrowed, None)
}

/// The same page, from another place on.
fn address(query: &InboxQuery, after: Option<&str>) -> String {
    let fields = [
        ("show", Some(show(query.show).to_owned())),
        ("workflow", query.workflow.clone()),
        ("category", query.category.map(|it| it.name().to_owned())),
        (
            "fingerprint",
            query.fingerprint.as_ref().map(|it| it.as_str().to_owned()),
        ),
        ("q", query.q.clone()),
        ("after", after.map(str::to_owned)),
    ];
    crate::address::address("/inbox", fields)
}
