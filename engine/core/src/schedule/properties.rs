//! What holds of every schedule: `after` only ever goes forward, `due` is the
//! chain of it, and without changes of the clock both agree with a matcher that
//! looks at every minute.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::parse;

const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Pacific/Apia",
];

fn minute() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        Just("*/7".to_owned()),
        Just("10-50/20".to_owned()),
        (0..60u8).prop_map(|minute| minute.to_string()),
    ]
}

fn hour() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("*".to_owned()),
        Just("*/3".to_owned()),
        Just("1-3".to_owned()),
        (0..24u8).prop_map(|hour| hour.to_string()),
    ]
}

fn day() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), prop::collection::vec(1..=28u8, 1..4)]
}

fn list(values: &[u8]) -> String {
    let texts: Vec<String> = values.iter().map(u8::to_string).collect();
    if texts.is_empty() {
        "*".to_owned()
    } else {
        texts.join(",")
    }
}

/// From 1995 to 2040.
fn instant() -> impl Strategy<Value = Timestamp> {
    (788_918_400..2_208_988_800_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn after_is_strictly_increasing_and_what_due_lists(
        minute in minute(), hour in hour(), days in day(),
        zone in prop::sample::select(ZONES), start in instant(), near in any::<bool>(),
    ) {
        let tz = TimeZone::get(zone).unwrap();
        // Half of the time close to a change of the clock, where it is hard.
        let change = tz.following(start).next().filter(|_| near);
        let start = change.map_or(start, |change| change.timestamp() - 90.minutes());
        let schedule = parse(&format!("{minute} {hour} {} * *", list(&days)), zone).unwrap();

        let due = schedule.due(start, Timestamp::MAX, 40);
        prop_assert!(due.iter().all(|firing| *firing > start));
        prop_assert!(due.windows(2).all(|pair| pair[0] < pair[1]));
        let mut last = start;
        for firing in &due {
            prop_assert_eq!(schedule.after(last), Some(*firing));
            // From anywhere in between, the next one is the same.
            let between = Timestamp::from_nanosecond(
                i128::midpoint(last.as_nanosecond(), firing.as_nanosecond())).unwrap();
            prop_assert_eq!(schedule.after(between), Some(*firing));
            last = *firing;
        }
    }

    #[test]
    fn agrees_with_a_look_at_every_minute(
        minutes in prop::collection::vec(0..60u8, 1..4), hours in prop::collection::vec(0..24u8, 1..4),
        days in day(), weekdays in prop::collection::vec(0..=7u8, 0..3), start in instant(),
    ) {
        let line = format!("{} {} {} * {}", list(&minutes), list(&hours), list(&days), list(&weekdays));
        let schedule = parse(&line, "UTC").unwrap();
        let end = start + 240.hours();
        let start_minute = Timestamp::from_second(start.as_second() / 60 * 60).unwrap();
        let matching: Vec<Timestamp> = std::iter::successors(Some(start_minute + 1.minute()), |at| Some(*at + 1.minute()))
            .take_while(|at| *at <= end)
            .filter(|at| {
                let local = at.to_zoned(TimeZone::UTC);
                let number = local.weekday().since(Weekday::Sunday).cast_unsigned();
                let weekday = weekdays.iter().any(|day| day % 7 == number);
                let day = days.contains(&local.day().cast_unsigned());
                let today = match (days.is_empty(), weekdays.is_empty()) {
                    (true, true) => true,
                    (true, false) => weekday,
                    (false, true) => day,
                    (false, false) => day || weekday,
                };
                today && hours.contains(&local.hour().cast_unsigned())
                    && minutes.contains(&local.minute().cast_unsigned())
            })
            .collect();
        prop_assert_eq!(schedule.due(start, end, usize::MAX), matching);
    }
}
