//! The days off in an iCalendar file (RFC 5545): whole days, and those that come every year.
//!
//! In goes the text of a `.ics` file as calendars publish it; out come its days.
//! What is no whole day (a meeting) is no day off. A rule that this does not
//! understand is refused, for a day that is missing would only be noticed when
//! something fires on it. The libraries for it bring a clock and dice into the
//! core, and descend as deep as a file is nested; of the format little is needed.

use std::collections::BTreeSet;

use jiff::{ToSpan, civil::Date};

/// Days that come every year are known up to the end of schedules.
const LAST: i16 = 2100;

/// An event lasts no longer than this, in days.
const LONGEST: usize = 366;

/// Why a file gives no days.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct CalendarError {
    /// The first is 1.
    pub line: usize,
    pub message: String,
}

/// One property: its name, its parameters and its value.
struct Property<'t> {
    line: usize,
    name: String,
    parameters: String,
    value: &'t str,
}

/// An event as far as it was read.
#[derive(Default)]
struct Event {
    line: usize,
    start: Option<Date>,
    end: Option<Date>,
    yearly: Option<Yearly>,
    but: BTreeSet<Date>,
    cancelled: bool,
}

#[derive(Clone, Copy)]
struct Yearly {
    count: Option<usize>,
    until: Option<Date>,
    every: i16,
}

/// Reads the days off.
///
/// # Errors
/// The first line that cannot be understood, or that there is no calendar in the text.
pub fn days(text: &str) -> Result<BTreeSet<Date>, CalendarError> {
    let (mut days, mut event) = (BTreeSet::new(), None);
    let mut is_calendar = false;
    for (line, whole) in unfolded(text) {
        let property = property(line, &whole)?;
        let word = property.value.trim().to_ascii_uppercase();
        match (property.name.as_str(), word.as_str()) {
            ("BEGIN", "VCALENDAR") => is_calendar = true,
            ("BEGIN", "VEVENT") => {
                event = Some(Event {
                    line,
                    ..Event::default()
                });
            }
            ("END", "VEVENT") => days.extend(
                event
                    .take()
                    .map(Event::days)
                    .transpose()?
                    .unwrap_or_default(),
            ),
            _ => {
                if let Some(event) = &mut event {
                    event.take(&property)?;
                }
            }
        }
    }
    match is_calendar {
        true => Ok(days),
        false => Err(wrong(
            1,
            "this is no iCalendar file; it begins with `BEGIN:VCALENDAR`",
        )),
    }
}

impl Event {
    fn take(&mut self, property: &Property<'_>) -> Result<(), CalendarError> {
        match property.name.as_str() {
            "DTSTART" => self.start = day(property)?,
            "DTEND" => self.end = day(property)?,
            "RRULE" => self.yearly = Some(yearly(property)?),
            "EXDATE" => self.but.extend(property.value.split(',').filter_map(date)),
            "STATUS" => self.cancelled = property.value.trim().eq_ignore_ascii_case("CANCELLED"),
            "RDATE" => return Err(wrong(property.line, "`RDATE` is not understood")),
            _ => (),
        }
        Ok(())
    }

    fn days(self) -> Result<BTreeSet<Date>, CalendarError> {
        let Some(start) = self.start.filter(|_| !self.cancelled) else {
            return Ok(BTreeSet::new());
        };
        // `DTEND` is the day after the last one.
        let length = self.end.map_or(1, |end| (end - start).get_days().max(1));
        let length = usize::try_from(length).unwrap_or(1);
        if length > LONGEST {
            return Err(wrong(self.line, "this event lasts longer than a year"));
        }
        let starts = match self.yearly {
            None => vec![start],
            Some(rule) => rule.starts(start),
        };
        let days = starts
            .into_iter()
            .flat_map(|start| start.series(1.day()).take(length));
        Ok(days.filter(|day| !self.but.contains(day)).collect())
    }
}

impl Yearly {
    /// The 29th of February is left out where it does not exist, as the standard says.
    fn starts(self, first: Date) -> Vec<Date> {
        let years = (first.year()..=LAST).step_by(usize::from(self.every.unsigned_abs()));
        let days = years.filter_map(|year| Date::new(year, first.month(), first.day()).ok());
        let days = days.take_while(|day| self.until.is_none_or(|until| *day <= until));
        days.take(self.count.unwrap_or(usize::MAX)).collect()
    }
}

/// A whole day; a moment is none.
fn day(property: &Property<'_>) -> Result<Option<Date>, CalendarError> {
    let value = property.value.trim();
    let is_whole = property.parameters.contains("VALUE=DATE")
        && !property.parameters.contains("VALUE=DATE-TIME");
    if !is_whole && value.contains('T') {
        return Ok(None);
    }
    let found = date(value);
    found.map(Some).ok_or_else(|| {
        wrong(
            property.line,
            format!("`{value}` is no day, as in 20261225"),
        )
    })
}

/// `20261225`, with or without a time after it.
fn date(text: &str) -> Option<Date> {
    let day = text.trim().split('T').next()?;
    Date::strptime("%Y%m%d", day)
        .ok()
        .filter(|_| day.len() == 8)
}

fn yearly(property: &Property<'_>) -> Result<Yearly, CalendarError> {
    let refused = || {
        let message = format!(
            "the rule `{}` is not understood: only days that come every year on the same date are",
            property.value
        );
        wrong(property.line, message)
    };
    let (mut rule, mut is_yearly) = (
        Yearly {
            count: None,
            until: None,
            every: 1,
        },
        false,
    );
    for part in property.value.split(';') {
        let (key, value) = part.split_once('=').ok_or_else(refused)?;
        match key.trim().to_ascii_uppercase().as_str() {
            "FREQ" => is_yearly = value.eq_ignore_ascii_case("YEARLY"),
            "COUNT" => rule.count = Some(value.parse().map_err(|_| refused())?),
            "UNTIL" => rule.until = Some(date(value).ok_or_else(refused)?),
            "INTERVAL" => {
                rule.every = value
                    .parse()
                    .ok()
                    .filter(|every| *every > 0)
                    .ok_or_else(refused)?
            }
            "WKST" => (),
            _ => return Err(refused()),
        }
    }
    if is_yearly { Ok(rule) } else { Err(refused()) }
}

/// The lines, with those put together that were folded, each with its number.
fn unfolded(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, last))) => last.push_str(rest),
            _ if line.trim().is_empty() => (),
            _ => lines.push((number, line.to_owned())),
        }
    }
    lines
}

/// `NAME;PARAMETER=VALUE:value`; a colon in quotes belongs to a parameter.
fn property(line: usize, whole: &str) -> Result<Property<'_>, CalendarError> {
    let mut quoted = false;
    let colon = whole.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    });
    let Some((colon, _)) = colon else {
        return Err(wrong(line, "there is no `:` in this line"));
    };
    let (head, value) = (&whole[..colon], &whole[colon + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Ok(Property {
        line,
        name: name.trim().to_ascii_uppercase(),
        parameters: parameters.to_ascii_uppercase(),
        value,
    })
}

fn wrong(line: usize, message: impl Into<String>) -> CalendarError {
    CalendarError {
        line,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &str) -> String {
        let text = format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        match days(&text) {
            Ok(days) => {
                let days: Vec<String> = days.iter().take(4).map(Date::to_string).collect();
                days.join(" ")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn whole_days_are_days_off() {
        assert_eq!(
            told("DTSTART;VALUE=DATE:20261225\r\nSUMMARY:Christmas"),
            "2026-12-25"
        );
        let two = "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227";
        assert_eq!(told(two), "2026-12-25 2026-12-26");
        assert_eq!(told("DTSTART:20261225"), "2026-12-25");
        assert_eq!(
            told("DTSTART;TZID=\"a:b\":20261225T100000\r\nDTEND:20261225T110000Z"),
            ""
        );
        assert_eq!(told("DTSTART;VAL\r\n UE=DATE:2026\r\n 1225"), "2026-12-25");
        assert_eq!(told("DTSTART;VALUE=DATE:20261225\r\nSTATUS:CANCELLED"), "");
    }

    #[test]
    fn some_come_every_year() {
        let new_year = "DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY";
        assert_eq!(
            told(new_year),
            "2026-01-01 2027-01-01 2028-01-01 2029-01-01"
        );
        assert_eq!(
            told(&format!("{new_year};COUNT=2")),
            "2026-01-01 2027-01-01"
        );
        let until = format!("{new_year};INTERVAL=2;UNTIL=20281231\r\nEXDATE:20260101");
        assert_eq!(told(&until), "2028-01-01");
        let leap = "DTSTART;VALUE=DATE:20240229\r\nRRULE:FREQ=YEARLY;COUNT=2";
        assert_eq!(told(leap), "2024-02-29 2028-02-29");
    }

    #[test]
    fn what_is_not_understood_is_refused_at_its_line() {
        let rule = told("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY;BYDAY=1MO");
        assert!(
            rule.starts_with("line 4: the rule `FREQ=YEARLY;BYDAY=1MO`"),
            "{rule}"
        );
        assert_eq!(
            told("DTSTART;VALUE=DATE:today"),
            "line 3: `today` is no day, as in 20261225"
        );
        assert_eq!(told("nonsense"), "line 3: there is no `:` in this line");
        let long = told("DTSTART;VALUE=DATE:20260101\r\nDTEND;VALUE=DATE:90000101");
        assert_eq!(long, "line 2: this event lasts longer than a year");
        assert!(
            days("hello: you")
                .unwrap_err()
                .to_string()
                .contains("no iCalendar file")
        );
        assert!(days("").is_err());
    }
}
