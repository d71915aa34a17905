//! The text of a cron line, field by field, as Vixie cron reads it.
//!
//! In goes `*/15 8-18 * * MON-FRI`; out come the values of each field, with
//! 0 and 7 both Sunday, and from them the lines for the `cron` crate: lists of
//! numbers and weekday names, nothing that two dialects read differently. Every
//! refusal names the field and the piece of text.

use super::ScheduleError;

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What may stand in a field.
struct Kind {
    name: &'static str,
    low: u8,
    high: u8,
    /// The first name stands for `low`.
    names: &'static [&'static str],
}

const fn kind(name: &'static str, low: u8, high: u8, names: &'static [&'static str]) -> Kind {
    Kind {
        name,
        low,
        high,
        names,
    }
}

const SECOND: Kind = kind("second", 0, 59, &[]);
const MINUTE: Kind = kind("minute", 0, 59, &[]);
const HOUR: Kind = kind("hour", 0, 23, &[]);
const DAY: Kind = kind("day of month", 1, 31, &[]);
const MONTH: Kind = kind("month", 1, 12, MONTHS);
const WEEKDAY: Kind = kind("day of week", 0, 7, WEEKDAYS);

const SHORTHANDS: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// One field: its values in order, and whether its text begins with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    values: Vec<u8>,
    star: bool,
}

/// A cron line that has been read.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) source: String,
    second: Field,
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

pub(super) fn parse(source: &str) -> Result<Line, ScheduleError> {
    let source = source.trim();
    let expanded = if source.starts_with('@') {
        shorthand(source)?
    } else {
        source
    };
    let parts: Vec<&str> = expanded.split_whitespace().collect();
    let (second, rest) = match parts.as_slice() {
        rest @ [_, _, _, _, _] => ("0", rest),
        [second, rest @ ..] if rest.len() == 5 => (*second, rest),
        _ => return Err(wrong_count(source, parts.len())),
    };
    Ok(Line {
        source: source.to_owned(),
        second: SECOND.read(second)?,
        minute: MINUTE.read(rest[0])?,
        hour: HOUR.read(rest[1])?,
        day: DAY.read(rest[2])?,
        month: MONTH.read(rest[3])?,
        weekday: WEEKDAY.read(rest[4])?.with_one_sunday(),
    })
}

fn shorthand(source: &str) -> Result<&'static str, ScheduleError> {
    let known = SHORTHANDS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(source));
    known.map(|(_, line)| *line).ok_or_else(|| {
        ScheduleError::new(
            format!("unknown shorthand `{source}`"),
            "there are `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`",
        )
    })
}

fn wrong_count(source: &str, count: usize) -> ScheduleError {
    ScheduleError::new(
        format!("`{source}` has {count} fields, not 5 or 6"),
        "write minute, hour, day of month, month, day of week, such as `0 18 * * MON-FRI`; \
         a sixth field in front is the second",
    )
}

impl Line {
    /// Minute or hour is a wildcard, so a repeated hour fires again.
    pub(super) fn wildcard_time(&self) -> bool {
        self.minute.star || self.hour.star
    }

    /// The lines for the `cron` crate: two when both kinds of day are
    /// restricted, for then either suffices (crontab(5): "if both fields are
    /// restricted, the command will be run when either field matches").
    pub(super) fn expressions(&self) -> Vec<String> {
        let day = self.day.numbers(31);
        let weekday = self.weekday.weekdays();
        if self.day.star || self.weekday.star {
            return vec![self.expression(&day, &weekday)];
        }
        vec![self.expression(&day, "*"), self.expression("*", &weekday)]
    }

    fn expression(&self, day: &str, weekday: &str) -> String {
        format!(
            "{} {} {} {day} {} {weekday}",
            self.second.numbers(60),
            self.minute.numbers(60),
            self.hour.numbers(24),
            self.month.numbers(12),
        )
    }
}

impl Field {
    /// As a list, or `*` when all of the `count` values are there.
    fn numbers(&self, count: usize) -> String {
        if self.values.len() == count {
            return "*".to_owned();
        }
        let texts: Vec<String> = self.values.iter().map(u8::to_string).collect();
        texts.join(",")
    }

    fn weekdays(&self) -> String {
        if self.values.len() == WEEKDAYS.len() {
            return "*".to_owned();
        }
        let names: Vec<&str> = self
            .values
            .iter()
            .map(|day| WEEKDAYS[usize::from(*day)])
            .collect();
        names.join(",")
    }

    fn with_one_sunday(self) -> Field {
        let days = self.values.iter().map(|day| day % 7).collect();
        Field::of(days, self.star)
    }

    fn of(mut values: Vec<u8>, star: bool) -> Field {
        values.sort_unstable();
        values.dedup();
        Field { values, star }
    }
}

impl Kind {
    fn read(&self, text: &str) -> Result<Field, ScheduleError> {
        let mut values = Vec::new();
        for piece in text.split(',') {
            values.extend(self.piece(piece)?);
        }
        Ok(Field::of(values, text.starts_with(['*', '?'])))
    }

    /// `*`, `5`, `5-9`, each with `/step`; `5/2` runs on to the end.
    fn piece(&self, piece: &str) -> Result<Vec<u8>, ScheduleError> {
        let (range, step) = match piece.split_once('/') {
            Some((range, step)) => (range, Some(self.step(piece, step)?)),
            None => (piece, None),
        };
        let (low, high) = match range.split_once('-') {
            _ if self.is_any(range) => (self.low, self.last()),
            Some((low, high)) => (self.value(low)?, self.value(high)?),
            None if step.is_some() => (self.value(range)?, self.last()),
            None => (self.value(range)?, self.value(range)?),
        };
        if low > high {
            return Err(self.backwards(range));
        }
        Ok((low..=high).step_by(step.unwrap_or(1)).collect())
    }

    fn is_any(&self, range: &str) -> bool {
        range == "*" || (range == "?" && (self.name == DAY.name || self.name == WEEKDAY.name))
    }

    /// `*` in the day of week is Sunday to Saturday, not Sunday to Sunday.
    fn last(&self) -> u8 {
        if self.name == WEEKDAY.name {
            6
        } else {
            self.high
        }
    }

    fn step(&self, piece: &str, step: &str) -> Result<usize, ScheduleError> {
        let number = step.parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| {
            ScheduleError::new(
                format!("{} `{piece}` has no step after the slash", self.name),
                "a step is a whole number from 1, such as `*/15`",
            )
        })
    }

    fn value(&self, text: &str) -> Result<u8, ScheduleError> {
        let name = self
            .names
            .iter()
            .zip(self.low..)
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        if let Some((_, value)) = name {
            return Ok(value);
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.unreadable(text));
        }
        match text.parse() {
            Ok(value) if (self.low..=self.high).contains(&value) => Ok(value),
            _ => Err(self.outside(text)),
        }
    }

    fn outside(&self, text: &str) -> ScheduleError {
        ScheduleError::new(
            format!(
                "{} `{text}` is not between {} and {}",
                self.name, self.low, self.high
            ),
            self.expected(),
        )
    }

    fn backwards(&self, range: &str) -> ScheduleError {
        ScheduleError::new(
            format!("{} `{range}` runs backwards", self.name),
            "write two ranges with a comma, such as `22-23,0-5` or `FRI-SAT,SUN-MON`",
        )
    }

    fn unreadable(&self, text: &str) -> ScheduleError {
        if is_quartz(text) {
            return ScheduleError::new(
                format!("{} `{text}`: `L`, `W` and `#` are not supported", self.name),
                "list the days, such as `28-31`, and let `when:` pick the right one",
            );
        }
        ScheduleError::new(
            format!("{} `{text}` does not read", self.name),
            self.expected(),
        )
    }

    fn expected(&self) -> String {
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(", or `{first}` to `{last}`"),
            _ => String::new(),
        };
        format!(
            "the {} is {} to {}{names}, `*`, a range `a-b`, a list `a,b` or a step `*/n`",
            self.name, self.low, self.high
        )
    }
}

/// `L`, `LW`, `15W`, `5L`, `FRIL`, `FRI#2`: what Quartz adds to cron.
fn is_quartz(text: &str) -> bool {
    text.contains('#') || text.to_ascii_uppercase().ends_with(['L', 'W'])
}
