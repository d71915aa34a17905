//! Times and lengths of time as people read them.

use botswain_core::duration::Duration;
use jiff::{SignedDuration, Timestamp, Zoned, civil, tz::TimeZone};

/// `2026-11-23 18:00`, in the zone of whoever reads it.
pub(super) fn local(at: Timestamp) -> String {
    let zoned = at.to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `18:00:03`, in the zone of whoever reads it; with the day when it is not today's.
pub(super) fn clock(at: Timestamp) -> String {
    clock_on(&at.to_zoned(TimeZone::system()), Zoned::now().date())
}

fn clock_on(at: &Zoned, today: civil::Date) -> String {
    let format = match at.date() == today {
        true => "%H:%M:%S",
        false => "%Y-%m-%d %H:%M:%S",
    };
    at.strftime(format).to_string()
}

/// `3 min ago`, `in 2 h`, `now`.
pub(super) fn age(at: Timestamp) -> String {
    relative(at.duration_since(Timestamp::now()))
}

/// `in 2 h`, or `now` for what was due: it is done as soon as somebody can.
pub(super) fn ahead(at: Timestamp) -> String {
    relative(
        at.duration_since(Timestamp::now())
            .max(SignedDuration::ZERO),
    )
}

/// `in 2 h`, or `2 h late`.
pub(super) fn due(at: Timestamp, now: Timestamp) -> String {
    match at < now {
        true => format!("{} late", rough(now.duration_since(at))),
        false => relative(at.duration_since(now)),
    }
}

/// A moment that somebody has written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment(pub(super) Timestamp);

/// `2h`, `17:00`, `2026-03-29`, `2026-03-29T10:00`, in the zone of whoever writes it.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    moment_from(text, &Zoned::now()).ok_or_else(|| {
        format!("`{text}` is no time: write `2h`, `17:00`, `2026-03-29` or `2026-03-29T10:00`")
    })
}

fn moment_from(text: &str, now: &Zoned) -> Option<Moment> {
    if let Ok(Duration(millis)) = Duration::parse(text) {
        let length = SignedDuration::from_millis(i64::try_from(millis).ok()?);
        return now.timestamp().checked_add(length).ok().map(Moment);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Moment(at));
    }
    let zoned = match (text.parse::<civil::DateTime>(), text.parse::<civil::Time>()) {
        (Ok(at), _) => at.to_zoned(now.time_zone().clone()).ok()?,
        (_, Ok(time)) => next(time, now)?,
        _ => return None,
    };
    Some(Moment(zoned.timestamp()))
}

/// The next time that the clock shows this.
fn next(time: civil::Time, now: &Zoned) -> Option<Zoned> {
    let at = |day: civil::Date| day.to_datetime(time).to_zoned(now.time_zone().clone()).ok();
    let today = at(now.date())?;
    match today > *now {
        true => Some(today),
        false => at(now.date().tomorrow().ok()?),
    }
}

/// Milliseconds, from `30m` or `1h 30m`.
pub(super) fn span(text: &str) -> Result<u64, String> {
    Duration::parse(text).map(|it| it.0)
}

fn relative(distance: SignedDuration) -> String {
    match distance.as_secs() {
        0 => "now".to_owned(),
        seconds if seconds < 0 => format!("{} ago", rough(distance.abs())),
        seconds => format!("in {}", rough(SignedDuration::from_secs(nearest(seconds)))),
    }
}

/// With half a unit more: what is put off for 2 h is put off for 2 h, and not for 1 h 59 min 59 s.
fn nearest(seconds: i64) -> i64 {
    match seconds {
        ..59 => seconds,
        59..3570 => seconds + 30,
        3570..171_000 => seconds + 1800,
        _ => seconds + 43_200,
    }
}

fn rough(length: SignedDuration) -> String {
    match length.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// `0.3 s`, `12 s`, `4 min 5 s`, `2 h 10 min`.
pub(super) fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match seconds {
        0..10 => format!("{:.1} s", length.as_secs_f64().max(0.0)),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_rough_and_lengths_are_not() {
        let seconds = SignedDuration::from_secs;
        let ages = [0, -59, -61, 7199, -200_000].map(|it| relative(seconds(it)));
        assert_eq!(
            ages,
            ["now", "59 s ago", "1 min ago", "in 2 h", "2 days ago"]
        );
        let ahead = [
            58, 59, 89, 90, 3569, 3570, 5399, 5400, 170_999, 171_000, 172_799,
        ];
        let ahead = ahead.map(|it| relative(seconds(it))).join(", ");
        assert_eq!(
            ahead,
            "in 58 s, in 1 min, in 1 min, in 2 min, in 59 min, in 1 h, in 1 h, in 2 h, in 47 h, \
             in 2 days, in 2 days"
        );
        let lengths = [
            SignedDuration::from_millis(340),
            seconds(12),
            seconds(245),
            seconds(7800),
        ];
        assert_eq!(
            lengths.map(length),
            ["0.3 s", "12 s", "4 min 5 s", "2 h 10 min"]
        );
    }

    #[test]
    fn a_clock_says_the_day_of_another_day() {
        let at: Zoned = "2026-03-29T01:30:00[Europe/Berlin]".parse().unwrap();
        let (today, later) = (at.date(), at.date().tomorrow().unwrap());
        assert_eq!(clock_on(&at, today), "01:30:00");
        assert_eq!(clock_on(&at, later), "2026-03-29 01:30:00");
    }

    #[test]
    fn moments_are_read_as_people_write_them() {
        let now: Zoned = "2026-03-29T01:30:00[Europe/Berlin]".parse().unwrap();
        let read = |text| moment_from(text, &now).map(|it| it.0.to_string());
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(read("90m"), at("2026-03-29T02:00:00Z"));
        assert_eq!(read("17:00"), at("2026-03-29T15:00:00Z"));
        assert_eq!(
            read("01:00"),
            at("2026-03-29T23:00:00Z"),
            "it is over today"
        );
        assert_eq!(read("2026-04-01"), at("2026-03-31T22:00:00Z"));
        assert_eq!(read("2026-04-01T10:00"), at("2026-04-01T08:00:00Z"));
        assert_eq!(read("2026-04-01T10:00:00Z"), at("2026-04-01T10:00:00Z"));
        assert_eq!(read("tomorrow"), None);
        let at: Timestamp = "2026-03-29T10:00:00Z".parse().unwrap();
        let later = at + SignedDuration::from_mins(125);
        assert_eq!([due(later, at), due(at, later)], ["in 2 h", "2 h late"]);
    }
}
