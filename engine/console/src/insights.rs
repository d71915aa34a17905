//! What became of runs: how many, why they waited for people, where their time went, what it saved.

use botswain_views::{
    CauseView, Comparison, DayView, Figures, Insights, InsightsTable, Spread, StepFigures,
    WorkflowFigures,
};
use jiff::civil::Date;
use maud::{Markup, html};

use crate::{
    address::{address, encoded},
    charts::{Layer, Rank, ranked, stacked},
    frame::{Frame, Place, grouped},
    text::marked,
};

const PAGE: &str = "/insights";

/// So many days have a bar each; more are drawn by week.
const DAYS: usize = 62;

/// How many causes and steps are drawn; their tables have all.
const BARS: usize = 8;

/// Which runs, as the address has it.
#[derive(Clone, Debug)]
pub struct InsightsFilter {
    pub workflow: Option<String>,
    /// The first and the last day, by the reader's clock.
    pub from: Date,
    pub to: Date,
    /// The day before which and from which on figures are compared.
    pub split: Option<Date>,
}

impl InsightsFilter {
    fn export(&self, table: InsightsTable) -> String {
        let fields = [
            ("table", Some(table.name().to_owned())),
            ("workflow", self.workflow.clone()),
            ("from", Some(self.from.to_string())),
            ("to", Some(self.to.to_string())),
        ];
        address("/insights/export", fields)
    }
}

/// What became of the runs that the filter says, beside the workflows that there are.
pub fn insights(
    frame: &Frame,
    (filter, workflows): (&InsightsFilter, &[String]),
    found: &Insights,
) -> String {
    let words = &frame.words().of_insights;
    let content = html! {
        div class="head" { h1 { (words.insights) } }
        p class="muted" { (words.lead) }
        (narrowing(frame, filter, workflows))
        @if found.looked.counted == 0 {
            div class="empty" {
                h2 { (words.none) }
                p { @if workflows.is_empty() { (words.none_at_all_lead) } @else { (words.none_lead) } }
                p { a class="button" href=(PAGE) { (words.usual) } }
            }
        } @else {
            (looked(frame, found))
            (tiles(frame, found))
            @if let Some(comparison) = &found.comparison { (compared(frame, filter, comparison)) }
            (days(frame, filter, &found.days))
            (causes(frame, filter, &found.causes))
            (steps(frame, filter, &found.steps))
            (saved(frame, filter, &found.workflows))
        }
    };
    frame.page(words.insights, Place::Insights, content)
}

/// The form whose fields are in the address.
fn narrowing(frame: &Frame, filter: &InsightsFilter, workflows: &[String]) -> Markup {
    let words = frame.words();
    // One whose file is gone has runs all the same.
    let own = filter.workflow.iter().filter(|it| !workflows.contains(it));
    html! {
        form method="get" action=(PAGE) class="filters" {
            label { (words.workflow)
                select name="workflow" {
                    option value="" { (words.of_run.all_workflows) }
                    @for it in own.chain(workflows) {
                        option value=(it) selected[filter.workflow.as_ref() == Some(it)] { (it) }
                    }
                }
            }
            label { (words.of_run.from_day) input type="date" name="from" value=(filter.from); }
            label { (words.of_run.to_day) input type="date" name="to" value=(filter.to); }
            label { (words.of_insights.split_day) input type="date" name="split" value=[filter.split]; }
            button { (words.of_insights.show) }
        }
    }
}

/// What is not counted, and what is a sample.
fn looked(frame: &Frame, found: &Insights) -> Markup {
    let (words, looked) = (&frame.words().of_insights, &found.looked);
    html! {
        @if looked.cut { p class="hint" { ((words.cut)(looked.counted)) } }
        @if looked.sample { p class="hint" { ((words.sample)(looked.read, looked.counted)) } }
    }
}

fn tiles(frame: &Frame, found: &Insights) -> Markup {
    let (words, figures) = (&frame.words().of_insights, &found.figures);
    let tile = |name: &str, value: String, more: Option<String>| {
        html! {
            div { dt { (name) } dd { strong { (value) } @if let Some(more) = more { span { (more) } } } }
        }
    };
    let handled = figures.handled.as_ref();
    let lasted = figures.lasted.as_ref();
    let saved = match figures.saved_ms {
        0 => tile(
            words.saved,
            words.no_value.to_owned(),
            Some(words.saved_unknown.to_owned()),
        ),
        saved => tile(words.saved, frame.work(saved), None),
    };
    html! {
        dl class="tiles" {
            (tile(words.runs, grouped(figures.runs), None))
            (tile(words.succeeded, share(frame, figures), Some((words.of_all)(figures.succeeded))))
            (tile(words.exceptions, grouped(figures.exceptions), Some((words.waiting)(figures.waiting))))
            (tile(words.handled, frame.median(handled), frame.ninth(handled)))
            (tile(words.lasts, frame.median(lasted), frame.ninth(lasted)))
            (saved)
        }
    }
}

fn compared(frame: &Frame, filter: &InsightsFilter, it: &Comparison) -> Markup {
    let words = &frame.words().of_insights;
    let day = filter.split.map(|day| day.to_string()).unwrap_or_default();
    let days = |it: f64| format!("{it:.1}");
    let a_day = |figures: &Figures, days: f64| match days > 0.0 {
        true => format!("{:.1}", share_of(figures.runs, days)),
        false => words.no_value.to_owned(),
    };
    let row = |name: &str, of: &dyn Fn(&Figures) -> String| {
        html! { tr { th scope="row" { (name) } td { (of(&it.before)) } td { (of(&it.after)) } } }
    };
    html! {
        section class="card" {
            h2 { ((words.comparison)(&day)) }
            p class="muted" { ((words.comparison_lead)(&days(it.days_before), &days(it.days_after))) }
            div class="scroll" tabindex="0" {
                table class="figures" {
                    thead { tr { th scope="col" { (words.figure) } th scope="col" { (words.before) } th scope="col" { (words.after) } } }
                    tbody {
                        (row(words.runs, &|it| grouped(it.runs)))
                        tr {
                            th scope="row" { (words.runs_a_day) }
                            td { (a_day(&it.before, it.days_before)) }
                            td { (a_day(&it.after, it.days_after)) }
                        }
                        (row(words.succeeded, &|it| share(frame, it)))
                        (row(words.exceptions_of_hundred, &|it| of_hundred(frame, it)))
                        (row(words.handled, &|it| frame.median(it.handled.as_ref())))
                        (row(words.lasts, &|it| frame.median(it.lasted.as_ref())))
                        (row(words.saved, &|it| frame.work(it.saved_ms)))
                    }
                }
            }
        }
    }
}

fn days(frame: &Frame, filter: &InsightsFilter, days: &[DayView]) -> Markup {
    let words = &frame.words().of_insights;
    let is_weekly = days.len() > DAYS;
    let shown = match is_weekly {
        true => days.chunks(7).filter_map(week).collect(),
        false => days.to_vec(),
    };
    let layer = |class, of: fn(&DayView) -> u64| Layer {
        class,
        values: shown.iter().map(of).collect(),
    };
    let layers = [
        layer("succeeded", |it| it.succeeded),
        layer("failed", |it| it.failed),
        layer("cancelled", |it| it.cancelled),
        layer("skipped", |it| it.skipped),
        layer("open", |it| it.open),
    ];
    let label = |it: &DayView| it.day.strftime("%m-%d").to_string();
    let labels: Vec<String> = shown.iter().map(label).collect();
    let (title, head) = match is_weekly {
        true => (words.by_week, words.week),
        false => (words.by_day, words.day),
    };
    let told = &words.outcomes;
    let legend = [
        ("succeeded", told.succeeded),
        ("failed", told.failed),
        ("cancelled", told.cancelled),
        ("skipped", told.skipped),
        ("open", told.open),
    ];
    html! {
        section class="card" {
            h2 { (title) }
            (stacked(title, &labels, &layers))
            p class="legend muted small" {
                @for (class, text) in legend {
                    span {
                        svg class="swatch" width="12" height="12" aria-hidden="true" focusable="false" {
                            rect class=(class) width="12" height="12" rx="2" {}
                        }
                        " " (text)
                    }
                }
            }
            details {
                summary { (words.numbers) }
                div class="scroll" tabindex="0" {
                    table class="figures" {
                        thead { tr {
                            th scope="col" { (head) } th scope="col" { (words.runs) }
                            @for (_, text) in legend { th scope="col" { (text) } }
                        } }
                        tbody {
                            @for it in shown.iter().rev() { tr {
                                th scope="row" { (it.day) }
                                @for count in [it.runs(), it.succeeded, it.failed, it.cancelled, it.skipped, it.open] {
                                    td { (grouped(count)) }
                                }
                            } }
                        }
                    }
                }
            }
            (export(frame, filter, InsightsTable::Days))
        }
    }
}

/// The days of a week as one.
fn week(days: &[DayView]) -> Option<DayView> {
    let mut week = DayView::new(days.first()?.day);
    for it in days {
        week.succeeded += it.succeeded;
        week.skipped += it.skipped;
        week.failed += it.failed;
        week.cancelled += it.cancelled;
        week.open += it.open;
    }
    Some(week)
}

fn causes(frame: &Frame, filter: &InsightsFilter, causes: &[CauseView]) -> Markup {
    let words = &frame.words().of_insights;
    let rank = |it: &CauseView| Rank {
        name: format!("{} · {} · {}", it.code, it.step, it.workflow),
        told: grouped(it.count),
        length: it.count,
        behind: 0,
    };
    let ranks: Vec<Rank> = causes.iter().take(BARS).map(rank).collect();
    html! {
        section class="card" {
            h2 { (words.causes) }
            @if causes.is_empty() { p class="muted" { (words.no_causes) } } @else {
                p class="muted" { (words.causes_lead) }
                (ranked(words.causes, &ranks))
                details {
                    summary { (words.numbers) }
                    div class="scroll" tabindex="0" {
                        table class="figures" {
                            thead { tr {
                                th scope="col" { (words.cause) }
                                th scope="col" { (frame.words().step) }
                                th scope="col" { (frame.words().workflow) }
                                th scope="col" { (words.times) }
                                th scope="col" { (words.still) }
                                th scope="col" { (words.handled) }
                            } }
                            tbody { @for it in causes { tr {
                                th scope="row" { code { (it.code) } " " span class="muted" { (it.message) } }
                                td class="name" { (it.step) }
                                td class="name" { (workflow_link(&it.workflow)) }
                                td { (grouped(it.count)) }
                                td { (grouped(it.waiting)) }
                                td { (frame.median(it.handled.as_ref())) }
                            } } }
                        }
                    }
                }
                (export(frame, filter, InsightsTable::Causes))
            }
        }
    }
}

fn steps(frame: &Frame, filter: &InsightsFilter, steps: &[StepFigures]) -> Markup {
    let words = &frame.words().of_insights;
    let rank = |it: &StepFigures| Rank {
        name: format!("{} · {}", it.step, it.workflow),
        told: frame.span(it.working.median_ms),
        length: it.working.median_ms,
        behind: it.working.p90_ms,
    };
    let ranks: Vec<Rank> = steps.iter().take(BARS).map(rank).collect();
    html! {
        section class="card" {
            h2 { (words.steps) }
            @if steps.is_empty() { p class="muted" { (words.no_steps) } } @else {
                p class="muted" { (words.steps_lead) }
                (ranked(words.steps, &ranks))
                details {
                    summary { (words.numbers) }
                    div class="scroll" tabindex="0" {
                        table class="figures" {
                            thead { tr {
                                th scope="col" { (frame.words().step) }
                                th scope="col" { (frame.words().workflow) }
                                th scope="col" { (words.runs) }
                                th scope="col" { (words.median) }
                                th scope="col" { (words.p90) }
                                th scope="col" { (words.worked) }
                                th scope="col" { (words.waited) }
                            } }
                            tbody { @for it in steps { tr {
                                th scope="row" { (it.step) }
                                td class="name" { (workflow_link(&it.workflow)) }
                                td { (grouped(it.working.count)) }
                                td { (frame.span(it.working.median_ms)) }
                                td { (frame.span(it.working.p90_ms)) }
                                td { (frame.span(it.worked_ms)) }
                                td { (frame.span(it.waited_ms)) }
                            } } }
                        }
                    }
                }
                (export(frame, filter, InsightsTable::Steps))
            }
        }
    }
}

fn saved(frame: &Frame, filter: &InsightsFilter, all: &[WorkflowFigures]) -> Markup {
    let words = &frame.words().of_insights;
    let time = |it: Option<u64>| it.map_or_else(|| words.no_value.to_owned(), |it| frame.span(it));
    html! {
        section class="card" {
            h2 { (words.by_workflow) }
            @if all.iter().any(|it| it.saves_ms.is_none()) { p class="muted" { (marked(words.saves_hint)) } }
            div class="scroll" tabindex="0" {
                table class="figures" {
                    thead { tr {
                        th scope="col" { (frame.words().workflow) }
                        th scope="col" { (words.runs) }
                        th scope="col" { (words.succeeded) }
                        th scope="col" { (words.saves) }
                        th scope="col" { (words.saved) }
                    } }
                    tbody { @for it in all { tr {
                        th scope="row" { (workflow_link(&it.workflow)) }
                        td { (grouped(it.runs)) }
                        td { (grouped(it.succeeded)) }
                        td { (time(it.saves_ms)) }
                        td { (it.saved_ms.map_or_else(|| words.no_value.to_owned(), |it| frame.work(it))) }
                    } } }
                }
            }
            (export(frame, filter, InsightsTable::Workflows))
        }
    }
}

fn export(frame: &Frame, filter: &InsightsFilter, table: InsightsTable) -> Markup {
    let words = &frame.words().of_insights;
    html! { p class="small export" { a href=(filter.export(table)) { ((words.as_csv)(table)) } } }
}

fn workflow_link(name: &str) -> Markup {
    html! { a href={ "/workflows/" (encoded(name)) } { (name) } }
}

fn share(frame: &Frame, figures: &Figures) -> String {
    match figures.succeeded_percent() {
        None => frame.words().of_insights.no_value.to_owned(),
        Some(percent) => format!("{percent} %"),
    }
}

fn of_hundred(frame: &Frame, figures: &Figures) -> String {
    match figures.read {
        0 => frame.words().of_insights.no_value.to_owned(),
        read => grouped(100 * figures.exceptions / read),
    }
}

fn share_of(runs: u64, days: f64) -> f64 {
    f64::from(u32::try_from(runs).unwrap_or(u32::MAX)) / days
}

impl Frame {
    fn span(&self, millis: u64) -> String {
        match millis {
            0..1_000 => format!("{millis} ms"),
            _ => (self.words().length)(i64::try_from(millis / 1_000).unwrap_or(i64::MAX)),
        }
    }

    /// Work in hours, however many they are.
    fn work(&self, millis: u64) -> String {
        let tenths = millis / 360_000;
        let words = &self.words().of_insights;
        match tenths {
            0..10 => self.span(millis),
            10..1_000 => (words.hours)(&format!("{}.{}", tenths / 10, tenths % 10)),
            _ => (words.hours)(&grouped(tenths / 10)),
        }
    }

    fn median(&self, it: Option<&Spread>) -> String {
        let none = || self.words().of_insights.no_value.to_owned();
        it.map_or_else(none, |it| self.span(it.median_ms))
    }

    fn ninth(&self, it: Option<&Spread>) -> Option<String> {
        // One alone is its own median.
        let it = it.filter(|it| it.count > 1);
        it.map(|it| (self.words().of_insights.nine_of_ten)(&self.span(it.p90_ms)))
    }
}
