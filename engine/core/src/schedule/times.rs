//! When a trigger is due: its schedule or period, and the days that are left out.
//!
//! In go the words of the plan and the zone of the instance; out come instants
//! in strictly increasing order, like those of [`Schedule`].

use jiff::{Timestamp, ToSpan, civil::Date, civil::DateTime, civil::Weekday, tz::TimeZone};

use super::{Schedule, ScheduleError, parse};
use crate::plan::{Calendar, Every, On, Shift};

/// A firing is moved over no more days than this.
const FARTHEST: i32 = 400;

/// So many days are looked at for the next one, some eight years.
const AHEAD: i32 = 3000;

/// No day has more firings that could be moved.
const MOST: usize = 1000;

/// The times at which something is due.
#[derive(Clone, Debug)]
pub struct Times {
    rule: Rule,
    timezone: String,
}

#[derive(Clone, Debug)]
enum Rule {
    Always(Schedule),
    Not(Schedule, Calendar),
    /// The multiples of so many milliseconds since 1970.
    Every(u64),
}

impl Times {
    /// Of a trigger; `None` when it waits for no time.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn of(on: &On, timezone: &str) -> Option<Result<Times, ScheduleError>> {
        match on {
            On::Schedule(schedule) => Some(Times::scheduled(schedule, timezone)),
            On::Every(every) => Some(Ok(Times::every(every))),
            On::Files(_) | On::Mail(_) | On::Webhook(_) | On::Finished(_) => None,
        }
    }

    /// Of a schedule; `timezone` is that of the instance.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn scheduled(
        schedule: &crate::plan::Schedule,
        timezone: &str,
    ) -> Result<Times, ScheduleError> {
        let timezone = schedule.timezone.as_deref().unwrap_or(timezone);
        let base = parse(&schedule.cron, timezone)?;
        let rule = match schedule.calendar.clone() {
            Some(calendar) if calendar.shift.is_some() && base.wildcard => {
                return Err(ScheduleError::new(
                    format!("`{}` fires all day, which cannot be moved", schedule.cron),
                    "give a minute and an hour, or leave `shift` out",
                ));
            }
            Some(calendar) => Rule::Not(base, calendar),
            None => Rule::Always(base),
        };
        let timezone = timezone.to_owned();
        Ok(Times { rule, timezone })
    }

    fn every(every: &Every) -> Times {
        Times {
            rule: Rule::Every(every.period.max(1)),
            timezone: "UTC".to_owned(),
        }
    }

    /// The zone in which they are meant.
    pub fn timezone(&self) -> &str {
        &self.timezone
    }

    /// What the calendar keeps from happening later than `from` and up to `to`: each time that
    /// falls on a day off, with the time to which it is moved, if it is.
    pub fn left_out(
        &self,
        (from, to): (Timestamp, Timestamp),
        limit: usize,
    ) -> Vec<(Timestamp, Option<Timestamp>)> {
        let Rule::Not(schedule, calendar) = &self.rule else {
            return Vec::new();
        };
        let is_off = |day: Date| match calendar.shift {
            None => calendar.days.contains(&day),
            Some(_) => is_off(calendar, day),
        };
        let due = schedule.due(from, to, MOST).into_iter();
        let due = due.map(|at| (at, schedule.zone.to_datetime(at)));
        let left_out = due.filter(|(_, local)| is_off(local.date()));
        let moved = |local: DateTime| {
            let days = std::iter::successors(Some(local.date()), |day| match calendar.shift? {
                Shift::Next => day.tomorrow().ok(),
                Shift::Previous => day.yesterday().ok(),
            });
            let mut days = days.skip(1).take(AHEAD as usize);
            let day = days.find(|day| !is_off(*day))?;
            schedule.first_pass(DateTime::from_parts(day, local.time()))
        };
        let left_out = left_out.map(|(at, local)| (at, moved(local)));
        left_out.take(limit).collect()
    }

    /// The first time later than `instant`.
    pub fn after(&self, instant: Timestamp) -> Option<Timestamp> {
        match &self.rule {
            Rule::Always(schedule) => schedule.after(instant),
            Rule::Not(schedule, calendar) => match calendar.shift {
                None => unskipped(schedule, calendar, instant),
                Some(shift) => shifted(schedule, (calendar, shift), instant),
            },
            Rule::Every(period) => multiple(*period, instant),
        }
    }
}

fn multiple(period: u64, instant: Timestamp) -> Option<Timestamp> {
    let period = i64::try_from(period).ok()?;
    let past = instant.as_millisecond().div_euclid(period);
    Timestamp::from_millisecond((past + 1).checked_mul(period)?).ok()
}

fn unskipped(schedule: &Schedule, calendar: &Calendar, instant: Timestamp) -> Option<Timestamp> {
    let mut next = schedule.after(instant)?;
    loop {
        let day = schedule.zone.to_datetime(next).date();
        if !calendar.days.contains(&day) {
            return Some(next);
        }
        // Not one by one: a day may have very many.
        next = schedule.after(before(day.tomorrow().ok()?, &schedule.zone)?)?;
    }
}

/// Day by day: each working day has its own firings and those of the days off beside it.
fn shifted(
    schedule: &Schedule,
    (calendar, shift): (&Calendar, Shift),
    instant: Timestamp,
) -> Option<Timestamp> {
    let is_off = |day: Date| is_off(calendar, day);
    let mut day = schedule.zone.to_datetime(instant).date();
    for _ in 0..AHEAD {
        if !is_off(day) {
            let (first, last) = gathered(day, shift, &is_off)?;
            let from = before(first, &schedule.zone)?;
            let to = before(last.tomorrow().ok()?, &schedule.zone)?;
            let due = schedule.due(from, to, MOST);
            let moved = due.into_iter().filter_map(|at| {
                let time = schedule.zone.to_datetime(at).time();
                schedule.first_pass(DateTime::from_parts(day, time))
            });
            if let Some(next) = moved.filter(|at| *at > instant).min() {
                return Some(next);
            }
        }
        day = day.tomorrow().ok()?;
    }
    None
}

/// Whether what is moved is moved away from this day.
fn is_off(calendar: &Calendar, day: Date) -> bool {
    calendar.days.contains(&day) || matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The days whose firings come on this one.
fn gathered(day: Date, shift: Shift, is_off: &impl Fn(Date) -> bool) -> Option<(Date, Date)> {
    let (mut first, mut last) = (day, day);
    for _ in 0..FARTHEST {
        let beside = match shift {
            Shift::Next => first.yesterday().ok()?,
            Shift::Previous => last.tomorrow().ok()?,
        };
        match (is_off(beside), shift) {
            (false, _) => break,
            (true, Shift::Next) => first = beside,
            (true, Shift::Previous) => last = beside,
        }
    }
    Some((first, last))
}

/// The last instant before a day begins.
fn before(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let begins = zone.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
    begins.ok()?.checked_sub(1.nanosecond()).ok()
}

/// The beginning of the day on which an instant falls.
pub fn day_of(instant: Timestamp, timezone: &str) -> Timestamp {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    let day = instant.to_zoned(zone).start_of_day();
    day.map_or(instant, |day| day.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;

    const BERLIN: &str = "Europe/Berlin";

    fn times(cron: &str, skip: &[&str], shift: Option<Shift>) -> Result<Times, ScheduleError> {
        let schedule = plan::Schedule {
            cron: cron.to_owned(),
            timezone: None,
            missed: plan::Missed::Last,
            calendar: Some(Calendar {
                skip: "holidays.ics".to_owned(),
                shift,
                days: skip.iter().map(|day| day.parse().unwrap()).collect(),
            }),
        };
        Times::scheduled(&schedule, BERLIN)
    }

    /// The next times from Wednesday the 23rd of December 2026 on, in Berlin.
    fn next(times: &Times, count: usize) -> Vec<String> {
        let from: Timestamp = "2026-12-23T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get(BERLIN).unwrap();
        let next = std::iter::successors(times.after(from), |last| times.after(*last));
        let told = next.map(|at| zone.to_datetime(at).strftime("%a %d %H:%M").to_string());
        told.take(count).collect()
    }

    const CHRISTMAS: [&str; 2] = ["2026-12-25", "2026-12-26"];

    #[test]
    fn days_off_are_left_out() {
        let daily = times("0 7 * * *", &CHRISTMAS, None).unwrap();
        assert_eq!(
            next(&daily, 3),
            ["Thu 24 07:00", "Sun 27 07:00", "Mon 28 07:00"]
        );
        let each_second = times("* * * * * *", &["2026-12-23"], None).unwrap();
        assert_eq!(next(&each_second, 1), ["Thu 24 00:00"]);
    }

    #[test]
    fn or_moved_to_the_working_day_beside() {
        let fridays = |shift| times("0 7 * * FRI", &CHRISTMAS, Some(shift)).unwrap();
        assert_eq!(
            next(&fridays(Shift::Next), 2),
            ["Mon 28 07:00", "Fri 01 07:00"]
        );
        assert_eq!(
            next(&fridays(Shift::Previous), 2),
            ["Thu 24 07:00", "Fri 01 07:00"]
        );
        // Several that come together at one time are one; others keep their time and their order.
        let daily = times("30 7,18 * * *", &CHRISTMAS, Some(Shift::Next)).unwrap();
        let expected = [
            "Wed 23 18:30",
            "Thu 24 07:30",
            "Thu 24 18:30",
            "Mon 28 07:30",
            "Mon 28 18:30",
        ];
        assert_eq!(next(&daily, 5), expected);
        let saturday = times("0 9 * * SAT", &[], Some(Shift::Next)).unwrap();
        assert_eq!(next(&saturday, 1), ["Mon 28 09:00"]);
    }

    #[test]
    fn what_fires_all_day_cannot_be_moved() {
        let refused = times("*/5 * * * *", &CHRISTMAS, Some(Shift::Next)).unwrap_err();
        assert_eq!(
            refused.message,
            "`*/5 * * * *` fires all day, which cannot be moved"
        );
        assert!(times("*/5 * * * *", &CHRISTMAS, None).is_ok());
    }

    #[test]
    fn every_quarter_of_an_hour() {
        let every = Times::every(&Every {
            period: 900_000,
            missed: plan::Missed::Last,
        });
        assert_eq!(
            next(&every, 3),
            ["Wed 23 13:15", "Wed 23 13:30", "Wed 23 13:45"]
        );
        let long_ago = Timestamp::from_second(-1).unwrap();
        assert_eq!(every.after(long_ago), Some(Timestamp::UNIX_EPOCH));
    }

    #[test]
    fn a_day_begins_in_its_zone() {
        let noon: Timestamp = "2026-12-23T23:30:00Z".parse().unwrap();
        assert_eq!(day_of(noon, BERLIN).to_string(), "2026-12-23T23:00:00Z");
        assert_eq!(day_of(noon, "UTC").to_string(), "2026-12-23T00:00:00Z");
    }
}
