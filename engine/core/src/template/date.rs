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
    to.map(json)
        .map_err(|_| args.senseless(format!("{count} from {from} is beyond the calendar")))
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
