//! The forms by which somebody decides: each says what it will do, and asks only what it needs.

use botswain_core::index::ExceptionCategory;
use botswain_views::{ExceptionDetail, Inbox, StepState};
use jiff::{SignedDuration, ToSpan, Zoned, civil};
use maud::{Markup, html};
use serde_json::Value;

use crate::{exception::Draft, frame::Frame};

/// A way to decide, behind its name.
pub(crate) fn way(
    frame: &Frame,
    detail: &ExceptionDetail,
    (name, title, lead): (&str, &str, &str),
    (fields, draft): (Markup, Option<&Draft>),
) -> Markup {
    let refused = draft.filter(|draft| draft.is_of(name));
    html! {
        details class="way" open[refused.is_some() || name == "retry_current"] data-way=(name) {
            summary { (title) }
            @if !lead.is_empty() { p class="muted" { (lead) } }
            (decide(frame, detail, name, html! {
                (fields)
                (note(frame, refused))
                button class=(if name == "abandon" { "danger" } else { "primary" }) { (title) }
            }))
        }
    }
}

/// A form that makes one decision about this exception.
pub(crate) fn decide(
    frame: &Frame,
    detail: &ExceptionDetail,
    decision: &str,
    content: Markup,
) -> Markup {
    let action = format!("/exceptions/{}/decision", detail.exception.id);
    frame.form(
        &action,
        "stack",
        html! {
            input type="hidden" name="decision" value=(decision);
            (seen(detail))
            (content)
        },
    )
}

/// What had been decided and said when the page was made: who has not seen the rest decides on
/// nothing.
pub(crate) fn seen(detail: &ExceptionDetail) -> Markup {
    html! { input type="hidden" name="seen" value=(detail.history.len()); }
}

/// A note; `refused` is what was written into the form before it could not be taken.
pub(crate) fn note(frame: &Frame, refused: Option<&Draft>) -> Markup {
    html! {
        label { (frame.words().note)
            textarea name="note" rows="2" { (kept_text(refused, "note")) }
        }
    }
}

fn kept_text<'a>(refused: Option<&'a Draft>, name: &str) -> &'a str {
    refused
        .and_then(|draft| draft.get(name))
        .unwrap_or_default()
}

/// The data as fields, each with the type that it has; beside a changed one what it came as.
pub(crate) fn fields(
    frame: &Frame,
    (data, given): (&Value, &Value),
    draft: Option<&Draft>,
) -> Markup {
    html! {
        div class="fields" {
            @for (name, value) in data.as_object().into_iter().flatten() {
                (field(frame, name, value, (given.get(name), draft)))
            }
        }
    }
}

fn field(
    frame: &Frame,
    name: &str,
    value: &Value,
    (given, draft): (Option<&Value>, Option<&Draft>),
) -> Markup {
    let words = frame.words();
    let label = format!("field.{name}");
    let written = draft.and_then(|draft| draft.get(&label));
    let text = written.map_or_else(|| text_of(value), str::to_owned);
    let original = given.filter(|given| *given != value).map(text_of);
    html! {
        @let is_wide = matches!(value, Value::Array(_) | Value::Object(_)) || text.chars().count() > 40;
        label class=(if is_wide { "field broad" } else { "field" }) data-original=(text_of(value)) {
            span class="name" { (name) }
            @match value {
                Value::Bool(_) => {
                    select name=(label) {
                        option value="true" selected[text == "true"] { (words.yes) }
                        option value="false" selected[text == "false"] { (words.no) }
                    }
                }
                Value::Array(_) | Value::Object(_) => {
                    textarea name=(label) rows="4" spellcheck="false" class="code" { (text) }
                }
                Value::Number(_) => {
                    input name=(label) value=(text) inputmode="decimal" autocomplete="off" spellcheck="false";
                }
                _ if text.contains('\n') || text.chars().count() > 80 => {
                    textarea name=(label) rows="3" spellcheck="false" { (text) }
                }
                _ => {
                    input name=(label) value=(text) autocomplete="off" spellcheck="false";
                }
            }
            @if let Some(original) = original {
                span class="came" { (words.came_as) " " del { (original) } }
            }
        }
    }
}

/// As it stands in a field: a text without quotes, nothing as nothing, the rest as JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(_) | Value::Object(_) => {
            serde_json::to_string_pretty(value).unwrap_or_default()
        }
        other => other.to_string(),
    }
}

pub(crate) fn result(frame: &Frame, refused: Option<&Draft>) -> Markup {
    let words = frame.words();
    html! {
        label { (words.result)
            textarea name="output" rows="3" class="code" spellcheck="false"
                placeholder="{ \"number\": \"4711\" }" { (kept_text(refused, "output")) }
        }
        p class="muted small" { (words.result_hint) }
    }
}

/// The usual times by one click, any other below them.
pub(crate) fn put_off(frame: &Frame, detail: &ExceptionDetail) -> Markup {
    let words = frame.words();
    html! {
        details class="way" data-way="snooze" {
            summary { (words.put_off) }
            p class="muted" { (words.put_off_lead) }
            (decide(frame, detail, "snooze", html! {
                div class="buttons" {
                    @for (at, label) in usual(frame) {
                        button name="until" value=(frame.field(at.timestamp())) title=(frame.told(at.timestamp())) {
                            (label)
                        }
                    }
                }
            }))
            (decide(frame, detail, "snooze", html! {
                (until(frame))
                (note(frame, None))
                button class="primary" { (words.put_off) }
            }))
        }
    }
}

/// When people mean to come back to something, by the reader's clock.
fn usual(frame: &Frame) -> Vec<(Zoned, &'static str)> {
    let words = frame.words();
    let now = frame.now.to_zoned(frame.zone.clone());
    let monday = 7 - i64::from(now.weekday().to_monday_zero_offset());
    let at = |days: i64, hour| {
        let day = now.checked_add(days.days()).ok()?;
        day.with().time(civil::time(hour, 0, 0, 0)).build().ok()
    };
    let times = [
        (at(0, 14), words.this_afternoon),
        (at(1, 9), words.tomorrow_morning),
        // On a Sunday that is tomorrow.
        (at(monday, 9).filter(|_| monday > 1), words.next_monday),
    ];
    let to_come = |(time, label): (Option<Zoned>, _)| Some((time.filter(|it| *it > now)?, label));
    times.into_iter().filter_map(to_come).collect()
}

/// A day and a time, tomorrow morning unless something else is said.
pub(crate) fn until(frame: &Frame) -> Markup {
    let words = frame.words();
    let tomorrow = usual(frame)
        .into_iter()
        .find(|(_, label)| *label == words.tomorrow_morning);
    let tomorrow = tomorrow.map_or(frame.now + SignedDuration::from_hours(16), |(at, _)| {
        at.timestamp()
    });
    html! {
        label { (words.until)
            input type="datetime-local" name="until" value=(frame.field(tomorrow)) required;
        }
    }
}

pub(crate) fn hours(frame: &Frame) -> Markup {
    html! {
        label { (frame.words().hours)
            input name="hours" value="1" inputmode="decimal" required;
        }
    }
}

pub(crate) fn assignee(frame: &Frame, current: Option<&str>) -> Markup {
    html! {
        label { (frame.words().assignee)
            input name="assignee" value=[current] autocomplete="off" autocapitalize="none";
        }
    }
}

/// Where the run can go back to, and what is done once more.
pub(crate) fn back(frame: &Frame, detail: &ExceptionDetail) -> Markup {
    let words = frame.words();
    let done = detail
        .steps
        .iter()
        .filter(|step| step.state == StepState::Succeeded && step.bot.is_some());
    html! {
        label { (words.back_to)
            select name="to" {
                @for step in detail.back.iter().rev() { option value=(step) { (step) } }
            }
        }
        fieldset {
            legend { (words.again) }
            @for step in done {
                label class="tick" {
                    input type="checkbox" name="again" value=(step.id); " " (step.id)
                }
            }
        }
    }
}

/// What can be decided about many at once, those on a page of the inbox among them; `proposal` is a correction that
/// has worked for another.
pub(crate) fn about_many(frame: &Frame, inbox: &Inbox, proposal: Option<(&str, &str)>) -> Markup {
    let among = &inbox.exceptions;
    let (words, example) = (frame.words(), &among[0]);
    // Of several kinds only that is offered which does the same to all of them.
    let is_one_kind = among.iter().all(|it| it.category == example.category);
    let category = Some(example.category).filter(|_| is_one_kind);
    let is_fault = matches!(
        category,
        Some(ExceptionCategory::Business | ExceptionCategory::System)
    );
    let corrects = is_fault && !example.about.is_empty();
    let ways: &[(&str, &str)] = match category {
        None => &[],
        Some(ExceptionCategory::Approval) => {
            &[("approve", words.approve), ("reject", words.reject)]
        }
        Some(ExceptionCategory::Overdue) => {
            &[("more_time", words.more_time), ("abandon", words.abandon)]
        }
        Some(ExceptionCategory::InDoubt) => &[
            ("happened", words.it_did),
            ("did_not", words.it_did_not),
            ("abandon", words.abandon),
        ],
        Some(ExceptionCategory::Business | ExceptionCategory::System) => &[
            ("retry", words.try_as_is),
            ("retry_current", words.try_current),
            ("skip", words.skip),
            ("abandon", words.abandon),
        ],
    };
    html! {
        label { (words.decision)
            select name="decision" {
                @for (name, label) in ways.iter().filter(|(name, _)| inbox.outdated || *name != "retry_current") {
                    option value=(name) { (label) }
                }
                @if corrects { option value="edit" selected[proposal.is_some()] { (words.mend_all) } }
                option value="assign" { (words.assign) }
                option value="snooze" { (words.put_off) }
            }
        }
        @if corrects {
            div class="pair for-edit" {
                label { (words.mend)
                    select name="edit_name" {
                        @for name in example.about.keys() {
                            option value=(name) selected[proposal.is_some_and(|(it, _)| it == name)] { (name) }
                        }
                    }
                }
                label { (words.mend_to)
                    input name="edit_value" value=[proposal.map(|(_, value)| value)] autocomplete="off";
                }
            }
        }
        div class="for-assign" {
            (assignee(frame, frame.person.as_ref().map(|person| person.name.as_str())))
        }
        div class="for-snooze" { (until(frame)) }
        @if category == Some(ExceptionCategory::Overdue) { div class="for-more-time" { (hours(frame)) } }
        (note(frame, None))
        button class="primary" { (words.go_on) "…" }
    }
}

/// Fields of a form before, to be sent once more.
pub(crate) fn kept(fields: &[(String, String)]) -> Markup {
    html! {
        @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
    }
}
