//! What people have done, and whether the record of it is as it was written.

use botswain_views::{Act, AuditEntry, AuditPage, AuditReport, Outcome};
use jiff::civil::Date;
use maud::{Markup, html};

use crate::{
    address::address,
    frame::{Frame, Place},
    text::marked,
};

const PAGE: &str = "/audit";

/// What the list is narrowed to, as its address has it.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub by: Option<String>,
    pub act: Option<Act>,
    /// A part of what it is about.
    pub on: Option<String>,
    /// The first and the last day, by the reader's clock.
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// Where the page begins.
    pub before: Option<String>,
}

impl AuditFilter {
    /// A page that is narrowed so, with what else belongs in its address.
    fn address(&self, page: &str, more: (&'static str, Option<&str>)) -> String {
        let fields = [
            ("by", self.by.clone()),
            ("act", self.act.map(|it| it.name().to_owned())),
            ("on", self.on.clone()),
            ("from", self.from.map(|it| it.to_string())),
            ("to", self.to.map(|it| it.to_string())),
            (more.0, more.1.map(str::to_owned)),
        ];
        address(page, fields)
    }

    /// From this place on; from the newest without one.
    fn beginning_at(&self, before: Option<&str>) -> String {
        self.address(PAGE, ("before", before))
    }

    fn narrows(&self) -> bool {
        self.beginning_at(None) != PAGE
    }
}

/// A page of it, and what was found when the whole was last looked over.
pub fn audit(
    frame: &Frame,
    filter: &AuditFilter,
    (page, report): (&AuditPage, Option<&AuditReport>),
) -> String {
    let words = &frame.words().of_audit;
    let content = html! {
        div class="head" {
            h1 { (words.audit) }
            p class="buttons" {
                @for (format, label) in [("csv", words.as_csv), ("json", words.as_json)] {
                    a class="button" href=(filter.address("/audit/export", ("format", Some(format)))) { (label) }
                }
            }
        }
        p class="muted" { (words.lead) }
        (whole(frame, report))
        (narrowing(frame, filter))
        @if page.entries.is_empty() {
            (empty(frame, filter, page))
        } @else {
            (table(frame, &page.entries))
        }
        @if filter.before.is_some() || page.next.is_some() {
            p class="buttons" {
                @if filter.before.is_some() {
                    a class="button" href=(filter.beginning_at(None)) { (frame.words().of_run.first_page) }
                }
                @if let Some(next) = &page.next {
                    a class="button" rel="next" href=(filter.beginning_at(Some(next))) {
                        @if page.entries.is_empty() { (frame.words().of_run.look_further) }
                        @else { (frame.words().next_page) }
                    }
                }
            }
        }
    };
    frame.page(words.audit, Place::Audit, content)
}

/// Whether the chain holds, and where it does not.
fn whole(frame: &Frame, report: Option<&AuditReport>) -> Markup {
    let words = &frame.words().of_audit;
    let Some(report) = report else {
        return html! { p class="error" { (words.unread) } };
    };
    let checked = html! { (words.checked) " " (frame.age(report.checked)) };
    html! {
        @if report.is_good() {
            p class="hint" id="chain" {
                span class="mark succeeded" aria-hidden="true" { "✓" } " "
                ((words.holds)(report.records)) " "
                span class="muted" {
                    (checked) ". "
                    @if report.last > 0 {
                        ((words.last)(report.last)) " " code title=(report.hash) { (report.hash.short()) "…" }
                    }
                }
            }
        } @else {
            section class="warning" id="chain" {
                h2 { (words.broken) }
                p { (marked(words.broken_lead)) " " (checked) "." }
                ul {
                    @for it in &report.findings {
                        li { code { (it.place) } ": " ((words.fault)(&it.fault)) }
                    }
                    @if report.more > 0 { li { ((words.more)(report.more)) } }
                }
            }
        }
    }
}

fn empty(frame: &Frame, filter: &AuditFilter, page: &AuditPage) -> Markup {
    let words = &frame.words().of_audit;
    html! {
        div class="empty" {
            @if filter.narrows() || filter.before.is_some() {
                h2 { (frame.words().nothing_fits) }
                p { (words.nothing_fits_lead) }
                @if page.next.is_none() { p { a class="button" href="/audit" { (words.all) } } }
            } @else {
                h2 { (words.none) }
                p { (words.none_lead) }
            }
        }
    }
}

/// The form whose fields are in the address.
fn narrowing(frame: &Frame, filter: &AuditFilter) -> Markup {
    let words = &frame.words().of_audit;
    let day = |it: Option<Date>| it.map(|it| it.to_string());
    html! {
        form method="get" action="/audit" class="filters" {
            label { (words.who) input name="by" value=[&filter.by] autocapitalize="none"; }
            label { (words.act)
                select name="act" {
                    option value="" { (words.all_acts) }
                    @for it in Act::ALL {
                        option value=(it.name()) selected[filter.act == Some(it)] { ((words.acts)(it)) }
                    }
                }
            }
            label { (words.about) input type="search" name="on" value=[&filter.on]; }
            label { (frame.words().of_run.from_day) input type="date" name="from" value=[day(filter.from)]; }
            label { (frame.words().of_run.to_day) input type="date" name="to" value=[day(filter.to)]; }
            button { (frame.words().filter) }
        }
    }
}

fn table(frame: &Frame, entries: &[AuditEntry]) -> Markup {
    let words = &frame.words().of_audit;
    html! {
        div class="scroll" tabindex="0" {
            table class="runs audit" {
                thead { tr {
                    th scope="col" { (words.when) }
                    th scope="col" { (words.who) }
                    th scope="col" { (words.act) }
                    th scope="col" { (words.about) }
                    th scope="col" { (words.said) }
                    th scope="col" { (words.outcome) }
                    th scope="col" { (words.from) }
                } }
                tbody { @for it in entries { (line(frame, it)) } }
            }
        }
    }
}

fn line(frame: &Frame, it: &AuditEntry) -> Markup {
    let words = &frame.words().of_audit;
    let state = match it.outcome {
        Outcome::Done => "state succeeded",
        Outcome::Refused => "state parked",
        Outcome::Failed => "state failed",
        Outcome::Unknown => "state",
    };
    html! {
        tr class="row" {
            td { (frame.clock(it.at)) }
            td {
                @if it.by.is_empty() { span class="muted" { (words.nobody) } } @else { (it.by) }
            }
            td { ((words.acts)(it.act)) }
            td class="long" { ((words.subject)(&it.on)) }
            td class="long" {
                @for (name, text) in &it.with { span class="said" { span class="muted" { ((words.field)(name).unwrap_or(name)) ":" } " " (text) } " " }
            }
            td {
                span class=(state) { ((words.outcomes)(it.outcome)) }
                @if let Some(problem) = &it.problem { " " code { (problem) } }
                @if it.again { span class="muted small" { " " (words.again) } }
            }
            td class="muted" title=(it.way) { (it.from) }
        }
    }
}
