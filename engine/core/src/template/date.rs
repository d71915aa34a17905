//! Days of the calendar. A date is the text `2026-03-29`; nothing here knows
//! what day it is.

use jiff::{
    Span,
    civil::{Date, DateTime, Weekday},
    fmt::{
        strtime::{self, BrokenDownTime},
        temporal::Pieces,
    },
};
use serde_json::Value;

use super::{call::Args, error::RenderError};

pub(super) fn value(args: &Args<'_>) -> Result<Value, RenderError> {
    match args.call.helper {
        "date" if args.count() == 2 => by_pattern(args),
        "date" => Ok(json(day(args, 0)?)),
        "add_days" => moved(args, |count| Span::new().try_days(count)),
        "add_workdays" => worked(args),
        "month_start" => Ok(json(day(args, 0)?.first_of_month())),
        "month_end" => Ok(json(day(args, 0)?.last_of_month())),
        "add_months" => moved(args, |count| Span::new().try_months(count)),
        "weekday" => Ok(Value::from(weekday(day(args, 0)?.weekday()))),
        "days_between" => days_between(args),
        _ => formatted(args),
    }
}

/// A date or time stamp as ISO 8601 writes it, with dashes: eight digits are some number.
pub(super) fn pieces(text: &str) -> Option<Pieces<'_>> {
    match text.as_bytes().get(4) {
        Some(b'-') => Pieces::parse(text).ok(),
        _ => None,
    }
}

fn json(date: Date) -> Value {
    Value::from(date.to_string())
}

fn day(args: &Args<'_>, place: usize) -> Result<Date, RenderError> {
    parsed(args, place).map(|pieces| pieces.date())
}

fn parsed<'a>(args: &'a Args<'_>, place: usize) -> Result<Pieces<'a>, RenderError> {
    pieces(args.text(place)?).ok_or_else(|| {
        args.wrong(place, "a date such as `2026-03-29`")
            .hint("write `(date … \"%d.%m.%Y\")` for one that is written otherwise")
    })
}

fn by_pattern(args: &Args<'_>) -> Result<Value, RenderError> {
    let (text, pattern) = (args.text(0)?, args.text(1)?);
    let parsed = BrokenDownTime::parse(pattern, text).and_then(|parsed| parsed.to_date());
    parsed
        .map(json)
        .map_err(|why| args.senseless(format!("`{text}` is no date by `{pattern}`: {why}")))
}

fn moved(
    args: &Args<'_>,
    span: impl Fn(i64) -> Result<Span, jiff::Error>,
) -> Result<Value, RenderError> {
    let (from, count) = (day(args, 0)?, args.whole(1)?);
    let to = span(count).and_then(|span| from.checked_add(span));
    to.map(json).map_err(|_| beyond(args, from, count))
}

fn beyond(args: &Args<'_>, from: Date, count: i64) -> RenderError {
    args.senseless(format!("{count} from {from} is beyond the calendar"))
}

fn worked(args: &Args<'_>) -> Result<Value, RenderError> {
    let (from, count) = (day(args, 0)?, args.whole(1)?);
    let to = workdays(from, count);
    to.map(json).map_err(|_| beyond(args, from, count))
}

/// Saturdays and Sundays do not count, and a day that is one is as good as the workday before it
/// (or after it, when it goes backwards).
fn workdays(from: Date, count: i64) -> Result<Date, jiff::Error> {
    let rest = match (from.weekday(), count.signum()) {
        (_, 0) => 0,
        (Weekday::Saturday, 1) | (Weekday::Sunday, -1) => -count.signum(),
        (Weekday::Sunday, 1) | (Weekday::Saturday, -1) => -2 * count.signum(),
        _ => 0,
    };
    // Five workdays are a week, whatever day it is.
    let weeks = Span::new().try_weeks(count / 5)?;
    let mut at = from
        .checked_add(Span::new().days(rest))?
        .checked_add(weeks)?;
    for _ in 0..(count % 5).abs() {
        at = at.checked_add(Span::new().days(count.signum()))?;
        while matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday) {
            at = at.checked_add(Span::new().days(count.signum()))?;
        }
    }
    Ok(at)
}

fn days_between(args: &Args<'_>) -> Result<Value, RenderError> {
    let (from, to) = (day(args, 0)?, day(args, 1)?);
    let days = from.until(to).map(|span| span.get_days());
    days.map(Value::from).map_err(|why| args.senseless(why))
}

fn formatted(args: &Args<'_>) -> Result<Value, RenderError> {
    let (pieces, pattern) = (parsed(args, 0)?, args.text(1)?);
    let time: DateTime = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    let text = strtime::format(pattern, time);
    text.map(Value::from)
        .map_err(|why| args.senseless(format!("the pattern `{pattern}`: {why}")))
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}
