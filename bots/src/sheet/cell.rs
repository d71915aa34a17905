//! A cell of a file, and the value it has as one of a column's types.
//!
//! Nothing is guessed: a text that is not wholly of its type is refused with the
//! reason. Decimals keep the digits they are written with.

use std::{borrow::Cow, str::FromStr};

use jiff::civil::{Date, DateTime, Time};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::columns::{Column, Kind};

/// As many digits as the engine's decimals hold.
const DECIMAL_DIGITS: usize = 28;

/// What a file holds in one place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    /// A number of a workbook, in plain digits, and the width its format pads it to with zeros.
    Number {
        digits: String,
        width: usize,
    },
    Boolean(bool),
    Moment(DateTime),
    /// An error such as `#N/A`.
    Error(String),
}

/// How decimals are written as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// 1234.50
    #[default]
    Point,
    /// 1234,50 or 1.234,50
    Comma,
}

impl Cell<'_> {
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// What a person sees in it.
    pub(super) fn shown(&self) -> Cow<'_, str> {
        match self {
            Cell::Empty => Cow::Borrowed(""),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Number { digits, width } if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Cow::Owned(format!("{digits:0>width$}"))
            }
            Cell::Number { digits, .. } => Cow::Borrowed(digits),
            Cell::Boolean(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Cell::Moment(moment) if moment.time() == Time::midnight() => {
                Cow::Owned(moment.date().to_string())
            }
            Cell::Moment(moment) => Cow::Owned(moment.to_string()),
            Cell::Error(error) => Cow::Borrowed(error),
        }
    }

    /// Its value in `column`, or why it has none there, as in `is not an integer`.
    pub(super) fn value(&self, column: &Column, mark: DecimalMark) -> Result<Value, String> {
        if let Cell::Error(_) = self {
            return Err("is an error of the sheet".to_owned());
        }
        if column.kind == Kind::Text {
            return Ok(Value::String(self.shown().into_owned()));
        }
        if self.is_blank() {
            return match column.optional {
                true => Ok(Value::Null),
                false => Err("is empty".to_owned()),
            };
        }
        match column.kind {
            Kind::Text => unreachable!("text was given back above"),
            Kind::Integer => self.integer(),
            Kind::Decimal => self.decimal(mark),
            Kind::Boolean => self.boolean(),
            Kind::Date => self.date(column.format.as_deref()),
        }
    }

    fn integer(&self) -> Result<Value, String> {
        let text = match self {
            Cell::Text(text) => text.trim(),
            Cell::Number { digits, .. } => digits,
            _ => return Err("is not an integer".to_owned()),
        };
        let value = text.parse::<i64>().map_err(|err| match err.kind() {
            std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                "is too large for an integer"
            }
            _ => "is not an integer",
        })?;
        Ok(Value::from(value))
    }

    fn decimal(&self, mark: DecimalMark) -> Result<Value, String> {
        let number = match self {
            Cell::Text(text) => decimal(text.trim(), mark),
            Cell::Number { digits, .. } => decimal(digits, DecimalMark::Point),
            _ => Err("is not a decimal"),
        };
        Ok(Value::Number(number?))
    }

    fn boolean(&self) -> Result<Value, String> {
        let text = match self {
            Cell::Boolean(value) => return Ok(Value::Bool(*value)),
            Cell::Text(text) => text.trim().to_ascii_lowercase(),
            Cell::Number { digits, .. } => digits.clone(),
            _ => String::new(),
        };
        match text.as_str() {
            "true" | "yes" | "1" => Ok(Value::Bool(true)),
            "false" | "no" | "0" => Ok(Value::Bool(false)),
            _ => Err("is not true or false".to_owned()),
        }
    }

    fn date(&self, format: Option<&str>) -> Result<Value, String> {
        let date = match self {
            Cell::Moment(moment) if moment.time() == Time::midnight() => moment.date(),
            Cell::Moment(_) => return Err("has a time of day, so it is not a date".to_owned()),
            Cell::Text(text) => {
                let format = format.unwrap_or("%Y-%m-%d");
                Date::strptime(format, text.trim())
                    .map_err(|_| format!("is not a date written as `{format}`"))?
            }
            _ => return Err("is not a date".to_owned()),
        };
        Ok(Value::String(date.to_string()))
    }
}

/// The number that `text` is, digit by digit; it may have a sign, and under `Comma` groups of
/// three. Under `Point` there are no groups, for `1,234` may mean either.
fn decimal(text: &str, mark: DecimalMark) -> Result<Number, &'static str> {
    const WRONG: &str = "is not a decimal";
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let mark = match mark {
        DecimalMark::Point => '.',
        DecimalMark::Comma => ',',
    };
    let (whole, fraction) = digits.split_once(mark).unwrap_or((digits, ""));
    let whole = ungrouped(whole, mark).ok_or(WRONG)?;
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(&whole) || !plain(fraction) || whole.len() + fraction.len() == 0 {
        return Err(WRONG);
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() + fraction.len() > DECIMAL_DIGITS {
        return Err("has more than 28 digits");
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Number::from_str(&format!("{sign}{whole}{point}{fraction}")).map_err(|_| WRONG)
}

/// `1.234` without its points, where groups are allowed; `None` when they are not of three.
fn ungrouped(whole: &str, mark: char) -> Option<Cow<'_, str>> {
    if mark == '.' || !whole.contains('.') {
        return Some(Cow::Borrowed(whole));
    }
    let mut groups = whole.split('.');
    let first = groups
        .next()
        .is_some_and(|head| (1..=3).contains(&head.len()));
    (first && groups.all(|group| group.len() == 3)).then(|| Cow::Owned(whole.replace('.', "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal_of(text: &str, mark: DecimalMark) -> Result<String, &'static str> {
        decimal(text, mark).map(|number| number.to_string())
    }

    #[test]
    fn a_decimal_keeps_its_digits() {
        for (text, digits) in [
            ("10.10", "10.10"),
            ("+7", "7"),
            ("-0.50", "-0.50"),
            ("007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            (
                "0.1000000000000000000000000001",
                "0.1000000000000000000000000001",
            ),
        ] {
            assert_eq!(
                decimal_of(text, DecimalMark::Point),
                Ok(digits.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_may_mean_two_things_is_no_decimal() {
        for text in [
            "1,234", "1.234,5", "1e5", "", "-", ".", "1 000", "12 €", "--1", "1.2.3", "٣",
        ] {
            assert!(decimal_of(text, DecimalMark::Point).is_err(), "{text}");
        }
        assert!(decimal_of("12345678901234567890123456789", DecimalMark::Point).is_err());
    }

    #[test]
    fn a_decimal_comma_must_be_declared() {
        let comma = |text| decimal_of(text, DecimalMark::Comma);
        assert_eq!(comma("1.234,50"), Ok("1234.50".to_owned()));
        assert_eq!(comma("1234,50"), Ok("1234.50".to_owned()));
        assert_eq!(comma("1.234"), Ok("1234".to_owned()));
        assert!(comma("1.23,5").is_err());
        assert!(comma("1,234.50").is_err());
        assert!(comma(".123").is_err());
    }

    #[test]
    fn text_stays_text() {
        let text = Column::of(Kind::Text);
        let value = |cell: Cell<'_>| cell.value(&text, DecimalMark::Point).expect("text");
        assert_eq!(value(Cell::Text(" 007 ".into())), " 007 ");
        assert_eq!(
            value(Cell::Number {
                digits: "42".to_owned(),
                width: 5
            }),
            "00042"
        );
        let number = |digits: &str| Cell::Number {
            digits: digits.to_owned(),
            width: 5,
        };
        assert_eq!(value(number("-42")), "-42");
        assert_eq!(value(number("4.2")), "4.2");
        assert_eq!(value(Cell::Empty), "");
    }

    #[test]
    fn an_empty_cell_is_null_only_where_that_is_allowed() {
        let mut column = Column::of(Kind::Integer);
        let value = |column: &Column| Cell::Empty.value(column, DecimalMark::Point);
        assert_eq!(value(&column), Err("is empty".to_owned()));
        column.optional = true;
        assert_eq!(value(&column), Ok(Value::Null));
    }

    #[test]
    fn a_date_is_a_day_and_nothing_more() {
        let mut column = Column::of(Kind::Date);
        let value = |text: &'static str, column: &Column| {
            Cell::Text(text.into()).value(column, DecimalMark::Point)
        };
        assert_eq!(value("2026-03-29", &column), Ok("2026-03-29".into()));
        assert!(value("2026-02-30", &column).is_err());
        assert!(value("29.03.2026", &column).is_err());
        column.format = Some("%d.%m.%Y".to_owned());
        assert_eq!(value("29.03.2026", &column), Ok("2026-03-29".into()));
        let noon = Cell::Moment(jiff::civil::date(2026, 3, 29).at(12, 0, 0, 0));
        assert!(noon.value(&column, DecimalMark::Point).is_err());
    }
}
