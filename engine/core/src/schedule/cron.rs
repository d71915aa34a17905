//! The `cron` crate behind a civil face: local times in, local times out.
//!
//! chrono stays in this file. The crate is shown local time as UTC, so that its
//! ways with daylight saving never come into play, and lists of values instead
//! of the author's text, so that its own weekday numbers do not either. Where
//! day of month *or* day of week counts, two of its schedules are asked and the
//! earlier answer is taken.

use chrono::{DateTime as ChronoTime, Utc};
use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

use super::ScheduleError;
use super::field::Line;

/// The crate knows no year before; an earlier question gets the same answer.
const FIRST: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Local times in increasing order, in whole seconds, up to the year 2100.
#[derive(Clone, Debug)]
pub(super) struct Local {
    /// One, or two of which either may match.
    either: Vec<cron::Schedule>,
}

impl Local {
    pub(super) fn new(line: &Line) -> Result<Local, ScheduleError> {
        let either: Result<Vec<_>, _> = line.expressions().iter().map(|one| one.parse()).collect();
        let either =
            either.map_err(|error: cron::error::Error| refused(line, &error.to_string()))?;
        let local = Local { either };
        if local.next(FIRST).is_none() {
            return Err(refused(line, "there is no such day"));
        }
        Ok(local)
    }

    /// Strictly later than `time`.
    pub(super) fn after(&self, time: DateTime) -> impl Iterator<Item = DateTime> + '_ {
        std::iter::successors(self.next(time), |last| self.next(*last))
    }

    /// Not earlier than `time`.
    pub(super) fn from(&self, time: DateTime) -> impl Iterator<Item = DateTime> + '_ {
        self.after(time.saturating_sub(1.second()))
    }

    fn next(&self, time: DateTime) -> Option<DateTime> {
        let start = to_chrono(time.max(FIRST.saturating_sub(1.second())))?;
        let firsts = self
            .either
            .iter()
            .filter_map(|one| one.after(&start).next());
        firsts.min().and_then(from_chrono)
    }
}

fn refused(line: &Line, why: &str) -> ScheduleError {
    ScheduleError::new(
        format!("`{}` never fires: {why}", line.source),
        "check day of month against month",
    )
}

fn to_chrono(time: DateTime) -> Option<ChronoTime<Utc>> {
    let whole = time.with().subsec_nanosecond(0).build().ok()?;
    ChronoTime::from_timestamp(Offset::UTC.to_timestamp(whole).ok()?.as_second(), 0)
}

fn from_chrono(time: ChronoTime<Utc>) -> Option<DateTime> {
    let instant = Timestamp::from_second(time.timestamp()).ok()?;
    Some(Offset::UTC.to_datetime(instant))
}
