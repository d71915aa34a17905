//! What starts by a time on seven days: a row for each trigger, a column for each day.

use botswain_views::{CalendarDay, CalendarRow};
use jiff::{ToSpan, civil::Date};
use maud::{Markup, html};

use crate::{
    address::encoded,
    frame::{Frame, Place},
    text::marked,
};

/// The seven days from this one on, by the reader's clock.
pub fn calendar(frame: &Frame, first: Date, rows: &[CalendarRow]) -> String {
    let words = &frame.words().of_workflow;
    let today = frame.now.to_zoned(frame.zone.clone()).date();
    let other = |days: i64| first.checked_add(days.days()).unwrap_or(first);
    let days = || (0..7).map(other);
    let content = html! {
        p class="crumbs" { a href="/workflows" { (words.workflows) } " / " (words.calendar) }
        div class="head" {
            h1 { (words.calendar) }
            div class="buttons" {
                a class="button" rel="prev" href={ "/calendar?from=" (other(-7)) } { (words.week_before) }
                a class="button" href="/calendar" { (words.this_week) }
                a class="button" rel="next" href={ "/calendar?from=" (other(7)) } { (words.week_after) }
            }
        }
        @if rows.is_empty() {
            div class="empty" { h2 { (words.no_times) } p { (marked(words.no_times_lead)) } }
        } @else {
            p class="muted" { (words.calendar_lead) }
            div class="scroll" tabindex="0" {
                table class="calendar" {
                    thead { tr {
                        th scope="col" { (frame.words().workflow) }
                        @for day in days() {
                            th scope="col" class=[(day == today).then_some("today")] {
                                ((words.weekday)(day.weekday().to_monday_one_offset())) " "
                                time datetime=(day) { (day.strftime("%m-%d")) }
                            }
                        }
                    } }
                    tbody { @for row in rows { (line(frame, row)) } }
                }
            }
        }
    };
    frame.page(words.calendar, Place::Workflows, content)
}

fn line(frame: &Frame, row: &CalendarRow) -> Markup {
    html! {
        tr {
            th scope="row" {
                a href={ "/workflows/" (encoded(&row.workflow)) } { (row.workflow) }
                @if row.is_paused { " " span class="badge approval" { (frame.words().of_workflow.paused) } }
                br; code { (row.trigger) }
            }
            @for day in &row.days { td { (times(frame, day)) } }
        }
    }
}

fn times(frame: &Frame, day: &CalendarDay) -> Markup {
    let words = &frame.words().of_workflow;
    let is_past = |at: jiff::Timestamp| at < frame.now;
    html! {
        @for at in &day.first {
            div class=[is_past(*at).then_some("muted")] { (frame.time_of_day(*at)) }
        }
        @if day.count > day.first.len() {
            div class="muted small" { "… " ((words.more_times)(day.count, day.count == CalendarDay::MOST)) }
        }
    }
}
