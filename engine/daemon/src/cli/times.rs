//! Times and lengths of time as people read them.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// `2026-11-23 18:00`, in the zone of whoever reads it.
pub(super) fn local(at: Timestamp) -> String {
    let zoned = at.to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `18:00:03`, in the zone of whoever reads it.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%H:%M:%S")
        .to_string()
}

/// `3 min ago`, `in 2 h`, `now`.
pub(super) fn age(at: Timestamp) -> String {
    relative(at.duration_since(Timestamp::now()))
}

fn relative(distance: SignedDuration) -> String {
    let rough = rough(distance.abs());
    match distance.as_secs() {
        0 => "now".to_owned(),
        seconds if seconds < 0 => format!("{rough} ago"),
        _ => format!("in {rough}"),
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
            ["now", "59 s ago", "1 min ago", "in 1 h", "2 days ago"]
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
}
