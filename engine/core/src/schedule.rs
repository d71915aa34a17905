//! When a workflow is due: a cron line and a zone in, instants out.
//!
//! The fields are read here as Vixie cron reads them and handed to the `cron`
//! crate as plain lists. It sees local time as if it were UTC, where every
//! minute exists once; only then is a local time mapped to the zone, whose data
//! are compiled in. A time that a zone skips fires at the first instant after
//! the gap. A time that happens twice fires once, or in both passes when the
//! minute or the hour is a wildcard. What comes out is strictly increasing.

mod cron;
mod field;
mod holidays;
mod times;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use self::cron::Local;
pub use self::{
    holidays::{CalendarError, days},
    times::{Times, day_of},
};

/// Why a cron line or a zone was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScheduleError {
    /// A lower-case fragment that names the field.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl ScheduleError {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> ScheduleError {
        ScheduleError {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

/// A cron line in a zone. It ends with the year 2100.
#[derive(Clone, Debug)]
pub struct Schedule {
    local: Local,
    zone: TimeZone,
    /// Minute or hour begins with `*`: it means "all the time", not "at".
    wildcard: bool,
}

/// Reads a cron line of 5 fields, of 6 (seconds first), or `@daily` and the
/// like, and the IANA name of a zone.
///
/// # Errors
/// The first field that does not read, days that never come (30 February), or
/// an unknown zone.
pub fn parse(cron: &str, timezone: &str) -> Result<Schedule, ScheduleError> {
    let line = field::parse(cron)?;
    let zone = zone(timezone)?;
    let local = Local::new(&line)?;
    Ok(Schedule {
        local,
        zone,
        wildcard: line.wildcard_time(),
    })
}

impl Schedule {
    /// The first firing later than `instant`; none after the year 2100.
    pub fn after(&self, instant: Timestamp) -> Option<Timestamp> {
        let local = self.zone.to_datetime(instant);
        let first = self
            .local
            .after(local)
            .filter_map(|time| self.first_pass(time))
            .find(|firing| *firing > instant);
        if !self.wildcard {
            return first;
        }
        let second = self.second_pass(local, instant);
        first.into_iter().chain(second).min()
    }

    /// What is due later than `from` and not later than `to`, the earliest
    /// `limit` of them.
    pub fn due(&self, from: Timestamp, to: Timestamp, limit: usize) -> Vec<Timestamp> {
        std::iter::successors(self.after(from), |last| self.after(*last))
            .take_while(|firing| *firing <= to)
            .take(limit)
            .collect()
    }

    /// The instant of a local time: of two the earlier, of none the end of the
    /// gap. None only outside of the years that an instant can express.
    fn first_pass(&self, time: DateTime) -> Option<Timestamp> {
        match self.zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok(),
            // Read with the later offset, the time lies before the change.
            AmbiguousOffset::Gap { after, .. } => self.change_after(after.to_timestamp(time).ok()?),
        }
    }

    /// The next firing in the second pass of a fold, when `local` is inside it.
    /// A fold that lies ahead needs no look: its first pass comes first.
    fn second_pass(&self, local: DateTime, instant: Timestamp) -> Option<Timestamp> {
        let (before, after) = self.fold(local)?;
        let change = self.change_after(before.to_timestamp(local).ok()?)?;
        let firing = if instant < change {
            self.local.from(after.to_datetime(change)).next()?
        } else {
            self.local.after(local).next()?
        };
        let (_, offset) = self.fold(firing)?;
        offset.to_timestamp(firing).ok()
    }

    fn fold(&self, time: DateTime) -> Option<(jiff::tz::Offset, jiff::tz::Offset)> {
        match self.zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Fold { before, after } => Some((before, after)),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => None,
        }
    }

    fn change_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let change = self.zone.following(instant).next();
        change.map(|transition| transition.timestamp())
    }
}

fn zone(name: &str) -> Result<TimeZone, ScheduleError> {
    TimeZone::get(name).map_err(|_| {
        let hint = match namesake(name) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "write an IANA name such as `Europe/Berlin` or `UTC`".to_owned(),
        };
        ScheduleError::new(format!("unknown timezone `{name}`"), hint)
    })
}

/// `Berlin` and `Europa/Berlin` both mean `Europe/Berlin`.
fn namesake(name: &str) -> Option<String> {
    let city = name.rsplit('/').next()?.trim().replace(' ', "_");
    jiff::tz::db()
        .available()
        .map(|known| known.to_string())
        .find(|known| {
            known
                .rsplit('/')
                .next()
                .is_some_and(|last| last.eq_ignore_ascii_case(&city))
        })
}
