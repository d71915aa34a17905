//! Equal, greater, less: numbers by what they are worth, dates by the calendar.
//!
//! Text is never compared with numbers, and "greater" of two texts is no
//! question: `"100000.00"` stands before `"20000"` in a dictionary. Both are
//! errors whose hint names the conversion.

use std::cmp::Ordering;

use jiff::{Timestamp, civil};
use serde_json::Value;

use super::{
    date,
    error::{ARGUMENT, NULL, RenderError, TYPE, described},
    number,
};

/// The six operators.
pub(super) const OPERATORS: [&str; 6] = ["eq", "ne", "gt", "gte", "lt", "lte"];

/// Whether the comparison holds. Each side comes with its name for messages.
pub(super) fn holds(op: &str, sides: [(&Value, String); 2]) -> Result<bool, RenderError> {
    let [(left, left_name), (right, right_name)] = sides;
    let answer = match op {
        "eq" => equal(left, right),
        "ne" => equal(left, right).map(|same| !same),
        "gt" => ordered(left, right).map(Ordering::is_gt),
        "gte" => ordered(left, right).map(Ordering::is_ge),
        "lt" => ordered(left, right).map(Ordering::is_lt),
        "lte" => ordered(left, right).map(Ordering::is_le),
        other => Err(no_operator(other)),
    };
    answer.map_err(|error| error.within(&format!("`{op}` of {left_name} and {right_name}")))
}

pub(super) fn no_operator(name: &str) -> RenderError {
    RenderError::new(ARGUMENT, format!("there is no comparison `{name}`"))
        .hint("there is `eq`, `ne`, `gt`, `gte`, `lt` and `lte`")
}

fn equal(left: &Value, right: &Value) -> Result<bool, RenderError> {
    match (left, right) {
        (Value::Null, Value::Null) => Ok(true),
        (Value::Null, _) | (_, Value::Null) => Ok(false),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::String(a), Value::String(b)) => Ok(a == b),
        (Value::Number(a), Value::Number(b)) => Ok(number::exact(a)? == number::exact(b)?),
        _ => Err(incomparable(left, right)),
    }
}

fn ordered(left: &Value, right: &Value) -> Result<Ordering, RenderError> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Ok(number::exact(a)?.cmp(&number::exact(b)?)),
        (Value::String(a), Value::String(b)) => moments(a, b),
        (Value::Null, _) | (_, Value::Null) => {
            Err(RenderError::new(NULL, "null is neither greater nor less")
                .hint("guard it by `if`, or use `default`"))
        }
        _ => Err(incomparable(left, right)),
    }
}

fn incomparable(left: &Value, right: &Value) -> RenderError {
    let message = format!(
        "{} and {} cannot be compared",
        described(left),
        described(right)
    );
    let error = RenderError::new(TYPE, message);
    match (left, right) {
        (Value::String(_), Value::Number(_)) | (Value::Number(_), Value::String(_)) => {
            error.hint("make the text a number by `(number …)`, or the number a text by `(text …)`")
        }
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
            error.hint("compare a part of it, or how long it is by `(len …)`")
        }
        _ => error,
    }
}

enum Moment {
    Day(civil::Date),
    /// Without an offset: some clock on some wall.
    Wall(civil::DateTime),
    Instant(Timestamp),
}

fn moments(left: &str, right: &str) -> Result<Ordering, RenderError> {
    match (moment(left), moment(right)) {
        (Some(Moment::Day(a)), Some(Moment::Day(b))) => Ok(a.cmp(&b)),
        (Some(Moment::Wall(a)), Some(Moment::Wall(b))) => Ok(a.cmp(&b)),
        (Some(Moment::Instant(a)), Some(Moment::Instant(b))) => Ok(a.cmp(&b)),
        (Some(_), Some(_)) => Err(RenderError::new(
            TYPE,
            format!("`{left}` and `{right}` are not the same kind of date"),
        )
        .hint("take the day of both by `(date …)`")),
        _ => Err(RenderError::new(
            TYPE,
            format!("the texts `{left}` and `{right}` are neither greater nor less"),
        )
        .hint("make them numbers by `(number …)`, or dates by `(date … \"%d.%m.%Y\")`")),
    }
}

fn moment(text: &str) -> Option<Moment> {
    let pieces = date::pieces(text)?;
    let Some(time) = pieces.time() else {
        return Some(Moment::Day(pieces.date()));
    };
    match pieces.offset() {
        Some(_) => text
            .split('[')
            .next()
            .and_then(|instant| instant.parse().ok())
            .map(Moment::Instant),
        None => Some(Moment::Wall(pieces.date().to_datetime(time))),
    }
}

/// By which two values are the same member of a set; `1` and `1.0` are.
pub(super) fn identity(value: &Value) -> Result<String, RenderError> {
    Ok(match value {
        Value::String(text) => format!("t{text}"),
        Value::Number(number) => format!("n{}", number::exact(number)?.normalize()),
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => crate::value::hash(value).to_string(),
    })
}

/// What a list is sorted by.
pub(super) enum Key {
    Number(rust_decimal::Decimal),
    Text(String),
}

impl Key {
    pub(super) fn of(value: &Value) -> Result<Key, RenderError> {
        match value {
            Value::Number(number) => number::exact(number).map(Key::Number),
            Value::String(text) => Ok(Key::Text(text.clone())),
            Value::Null => Err(RenderError::new(NULL, "null has no place in an order")
                .hint("leave such rows out by `where … \"ne\" null`")),
            other => Err(RenderError::new(
                TYPE,
                format!("{} has no place in an order", described(other)),
            )
            .hint("sort by a field that is a number or a text")),
        }
    }

    pub(super) fn same_kind(&self, other: &Key) -> bool {
        matches!(
            (self, other),
            (Key::Number(_), Key::Number(_)) | (Key::Text(_), Key::Text(_))
        )
    }

    pub(super) fn order(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Number(a), Key::Number(b)) => a.cmp(b),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Number(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Number(_)) => Ordering::Greater,
        }
    }
}
