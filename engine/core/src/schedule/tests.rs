//! Firing times as exact lists, checked by hand against the zones' rules, and
//! the words of every refusal.

use expect_test::{Expect, expect};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::parse;

/// `count` firings after a local time, as local times with their offsets.
fn check(cron: &str, zone: &str, after: &str, expected: Expect) {
    let tz = TimeZone::get(zone).unwrap();
    let mut last: Timestamp = format!("{after}[{zone}]")
        .parse::<jiff::Zoned>()
        .unwrap()
        .timestamp();
    let schedule = parse(cron, zone).unwrap();
    let mut lines = Vec::new();
    for _ in 0..6 {
        let Some(firing) = schedule.after(last) else {
            lines.push("none".to_owned());
            break;
        };
        lines.push(
            firing
                .to_zoned(tz.clone())
                .strftime("%a %Y-%m-%d %H:%M:%S %:z")
                .to_string(),
        );
        last = firing;
    }
    expected.assert_eq(&lines.join("\n"));
}

fn refused(cron: &str, zone: &str, expected: Expect) {
    let error = parse(cron, zone).unwrap_err();
    expected.assert_eq(&format!("{error}\nhint: {}", error.hint));
}

#[test]
fn weekdays_are_those_of_cron() {
    check(
        "0 18 * * 1-5",
        "Europe/Berlin",
        "2026-11-20T12:00",
        expect![[r#"
            Fri 2026-11-20 18:00:00 +01:00
            Mon 2026-11-23 18:00:00 +01:00
            Tue 2026-11-24 18:00:00 +01:00
            Wed 2026-11-25 18:00:00 +01:00
            Thu 2026-11-26 18:00:00 +01:00
            Fri 2026-11-27 18:00:00 +01:00"#]],
    );
    check(
        "30 6 * * 0,7",
        "UTC",
        "2026-11-20T12:00",
        expect![[r#"
        Sun 2026-11-22 06:30:00 +00:00
        Sun 2026-11-29 06:30:00 +00:00
        Sun 2026-12-06 06:30:00 +00:00
        Sun 2026-12-13 06:30:00 +00:00
        Sun 2026-12-20 06:30:00 +00:00
        Sun 2026-12-27 06:30:00 +00:00"#]],
    );
    check(
        "0 9 * * 5-7",
        "UTC",
        "2026-11-20T12:00",
        expect![[r#"
        Sat 2026-11-21 09:00:00 +00:00
        Sun 2026-11-22 09:00:00 +00:00
        Fri 2026-11-27 09:00:00 +00:00
        Sat 2026-11-28 09:00:00 +00:00
        Sun 2026-11-29 09:00:00 +00:00
        Fri 2026-12-04 09:00:00 +00:00"#]],
    );
}

#[test]
fn shorthands_and_seconds() {
    check(
        "@daily",
        "Europe/Berlin",
        "2026-11-20T12:00",
        expect![[r#"
        Sat 2026-11-21 00:00:00 +01:00
        Sun 2026-11-22 00:00:00 +01:00
        Mon 2026-11-23 00:00:00 +01:00
        Tue 2026-11-24 00:00:00 +01:00
        Wed 2026-11-25 00:00:00 +01:00
        Thu 2026-11-26 00:00:00 +01:00"#]],
    );
    check(
        "@Weekly",
        "UTC",
        "2026-11-20T12:00",
        expect![[r#"
        Sun 2026-11-22 00:00:00 +00:00
        Sun 2026-11-29 00:00:00 +00:00
        Sun 2026-12-06 00:00:00 +00:00
        Sun 2026-12-13 00:00:00 +00:00
        Sun 2026-12-20 00:00:00 +00:00
        Sun 2026-12-27 00:00:00 +00:00"#]],
    );
    check(
        "*/20 59 23 31 12 *",
        "UTC",
        "2026-11-20T12:00",
        expect![[r#"
        Thu 2026-12-31 23:59:00 +00:00
        Thu 2026-12-31 23:59:20 +00:00
        Thu 2026-12-31 23:59:40 +00:00
        Fri 2027-12-31 23:59:00 +00:00
        Fri 2027-12-31 23:59:20 +00:00
        Fri 2027-12-31 23:59:40 +00:00"#]],
    );
}

#[test]
fn day_of_month_or_day_of_week() {
    check(
        "0 0 13 * FRI",
        "UTC",
        "2026-11-01T00:00",
        expect![[r#"
        Fri 2026-11-06 00:00:00 +00:00
        Fri 2026-11-13 00:00:00 +00:00
        Fri 2026-11-20 00:00:00 +00:00
        Fri 2026-11-27 00:00:00 +00:00
        Fri 2026-12-04 00:00:00 +00:00
        Fri 2026-12-11 00:00:00 +00:00"#]],
    );
    // Both must match once one begins with a star, as in Vixie cron.
    check(
        "0 0 */10 * MON",
        "UTC",
        "2026-11-01T00:00",
        expect![[r#"
        Mon 2026-12-21 00:00:00 +00:00
        Mon 2027-01-11 00:00:00 +00:00
        Mon 2027-02-01 00:00:00 +00:00
        Mon 2027-03-01 00:00:00 +00:00
        Mon 2027-05-31 00:00:00 +00:00
        Mon 2027-06-21 00:00:00 +00:00"#]],
    );
}

#[test]
fn berlin_in_spring_fires_what_is_skipped_when_the_gap_ends() {
    check(
        "30 2 * * *",
        "Europe/Berlin",
        "2026-03-27T12:00",
        expect![[r#"
            Sat 2026-03-28 02:30:00 +01:00
            Sun 2026-03-29 03:00:00 +02:00
            Mon 2026-03-30 02:30:00 +02:00
            Tue 2026-03-31 02:30:00 +02:00
            Wed 2026-04-01 02:30:00 +02:00
            Thu 2026-04-02 02:30:00 +02:00"#]],
    );
    check(
        "*/15 2 * * *",
        "Europe/Berlin",
        "2026-03-28T02:40",
        expect![[r#"
            Sat 2026-03-28 02:45:00 +01:00
            Sun 2026-03-29 03:00:00 +02:00
            Mon 2026-03-30 02:00:00 +02:00
            Mon 2026-03-30 02:15:00 +02:00
            Mon 2026-03-30 02:30:00 +02:00
            Mon 2026-03-30 02:45:00 +02:00"#]],
    );
    check(
        "*/30 * * * *",
        "Europe/Berlin",
        "2026-03-29T01:00",
        expect![[r#"
            Sun 2026-03-29 01:30:00 +01:00
            Sun 2026-03-29 03:00:00 +02:00
            Sun 2026-03-29 03:30:00 +02:00
            Sun 2026-03-29 04:00:00 +02:00
            Sun 2026-03-29 04:30:00 +02:00
            Sun 2026-03-29 05:00:00 +02:00"#]],
    );
}

#[test]
fn berlin_in_autumn_fires_fixed_times_once_and_wildcards_in_both_passes() {
    check(
        "30 2 * * *",
        "Europe/Berlin",
        "2026-10-23T12:00",
        expect![[r#"
            Sat 2026-10-24 02:30:00 +02:00
            Sun 2026-10-25 02:30:00 +02:00
            Mon 2026-10-26 02:30:00 +01:00
            Tue 2026-10-27 02:30:00 +01:00
            Wed 2026-10-28 02:30:00 +01:00
            Thu 2026-10-29 02:30:00 +01:00"#]],
    );
    check(
        "0,30 2 * * *",
        "Europe/Berlin",
        "2026-10-25T01:59",
        expect![[r#"
            Sun 2026-10-25 02:00:00 +02:00
            Sun 2026-10-25 02:30:00 +02:00
            Mon 2026-10-26 02:00:00 +01:00
            Mon 2026-10-26 02:30:00 +01:00
            Tue 2026-10-27 02:00:00 +01:00
            Tue 2026-10-27 02:30:00 +01:00"#]],
    );
    check(
        "*/30 * * * *",
        "Europe/Berlin",
        "2026-10-25T01:30",
        expect![[r#"
            Sun 2026-10-25 02:00:00 +02:00
            Sun 2026-10-25 02:30:00 +02:00
            Sun 2026-10-25 02:00:00 +01:00
            Sun 2026-10-25 02:30:00 +01:00
            Sun 2026-10-25 03:00:00 +01:00
            Sun 2026-10-25 03:30:00 +01:00"#]],
    );
    check(
        "*/30 2 * * *",
        "Europe/Berlin",
        "2026-10-25T01:30",
        expect![[r#"
            Sun 2026-10-25 02:00:00 +02:00
            Sun 2026-10-25 02:30:00 +02:00
            Sun 2026-10-25 02:00:00 +01:00
            Sun 2026-10-25 02:30:00 +01:00
            Mon 2026-10-26 02:00:00 +01:00
            Mon 2026-10-26 02:30:00 +01:00"#]],
    );
    check(
        "50 * * * *",
        "Europe/Berlin",
        "2026-10-25T01:00",
        expect![[r#"
            Sun 2026-10-25 01:50:00 +02:00
            Sun 2026-10-25 02:50:00 +02:00
            Sun 2026-10-25 02:50:00 +01:00
            Sun 2026-10-25 03:50:00 +01:00
            Sun 2026-10-25 04:50:00 +01:00
            Sun 2026-10-25 05:50:00 +01:00"#]],
    );
}

#[test]
fn a_start_inside_the_repeated_hour() {
    let schedule = parse("0,30 2 * * *", "Europe/Berlin").unwrap();
    let second_pass: Timestamp = "2026-10-25T01:10:00Z".parse().unwrap();
    let next: Timestamp = "2026-10-26T01:00:00Z".parse().unwrap();
    assert_eq!(schedule.after(second_pass), Some(next));

    let schedule = parse("*/30 * * * *", "Europe/Berlin").unwrap();
    let next: Timestamp = "2026-10-25T01:30:00Z".parse().unwrap();
    assert_eq!(schedule.after(second_pass), Some(next));
    let late_in_first_pass: Timestamp = "2026-10-25T00:59:59.5Z".parse().unwrap();
    let next: Timestamp = "2026-10-25T01:00:00Z".parse().unwrap();
    assert_eq!(schedule.after(late_in_first_pass), Some(next));
}

#[test]
fn new_york_both_changes() {
    check(
        "15 2 * * *",
        "America/New_York",
        "2026-03-07T00:00",
        expect![[r#"
            Sat 2026-03-07 02:15:00 -05:00
            Sun 2026-03-08 03:00:00 -04:00
            Mon 2026-03-09 02:15:00 -04:00
            Tue 2026-03-10 02:15:00 -04:00
            Wed 2026-03-11 02:15:00 -04:00
            Thu 2026-03-12 02:15:00 -04:00"#]],
    );
    check(
        "15 1 * * *",
        "America/New_York",
        "2026-10-31T00:00",
        expect![[r#"
            Sat 2026-10-31 01:15:00 -04:00
            Sun 2026-11-01 01:15:00 -04:00
            Mon 2026-11-02 01:15:00 -05:00
            Tue 2026-11-03 01:15:00 -05:00
            Wed 2026-11-04 01:15:00 -05:00
            Thu 2026-11-05 01:15:00 -05:00"#]],
    );
    check(
        "*/20 1 * * *",
        "America/New_York",
        "2026-11-01T00:30",
        expect![[r#"
            Sun 2026-11-01 01:00:00 -04:00
            Sun 2026-11-01 01:20:00 -04:00
            Sun 2026-11-01 01:40:00 -04:00
            Sun 2026-11-01 01:00:00 -05:00
            Sun 2026-11-01 01:20:00 -05:00
            Sun 2026-11-01 01:40:00 -05:00"#]],
    );
}

#[test]
fn lord_howe_changes_by_half_an_hour() {
    check(
        "*/10 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-03T02:45",
        expect![[r#"
            Sat 2026-10-03 02:50:00 +10:30
            Sun 2026-10-04 02:30:00 +11:00
            Sun 2026-10-04 02:40:00 +11:00
            Sun 2026-10-04 02:50:00 +11:00
            Mon 2026-10-05 02:00:00 +11:00
            Mon 2026-10-05 02:10:00 +11:00"#]],
    );
    check(
        "45 1 * * *",
        "Australia/Lord_Howe",
        "2026-04-04T00:00",
        expect![[r#"
            Sat 2026-04-04 01:45:00 +11:00
            Sun 2026-04-05 01:45:00 +11:00
            Mon 2026-04-06 01:45:00 +10:30
            Tue 2026-04-07 01:45:00 +10:30
            Wed 2026-04-08 01:45:00 +10:30
            Thu 2026-04-09 01:45:00 +10:30"#]],
    );
    check(
        "*/15 * * * *",
        "Australia/Lord_Howe",
        "2026-04-05T01:20",
        expect![[r#"
            Sun 2026-04-05 01:30:00 +11:00
            Sun 2026-04-05 01:45:00 +11:00
            Sun 2026-04-05 01:30:00 +10:30
            Sun 2026-04-05 01:45:00 +10:30
            Sun 2026-04-05 02:00:00 +10:30
            Sun 2026-04-05 02:15:00 +10:30"#]],
    );
}

#[test]
fn a_day_that_a_zone_leaves_out() {
    check(
        "0 9 * * *",
        "Pacific/Apia",
        "2011-12-28T12:00",
        expect![[r#"
        Thu 2011-12-29 09:00:00 -10:00
        Sat 2011-12-31 00:00:00 +14:00
        Sat 2011-12-31 09:00:00 +14:00
        Sun 2012-01-01 09:00:00 +14:00
        Mon 2012-01-02 09:00:00 +14:00
        Tue 2012-01-03 09:00:00 +14:00"#]],
    );
}

#[test]
fn leap_days_and_month_ends() {
    check(
        "0 12 29 2 *",
        "UTC",
        "2026-01-01T00:00",
        expect![[r#"
        Tue 2028-02-29 12:00:00 +00:00
        Sun 2032-02-29 12:00:00 +00:00
        Fri 2036-02-29 12:00:00 +00:00
        Wed 2040-02-29 12:00:00 +00:00
        Mon 2044-02-29 12:00:00 +00:00
        Sat 2048-02-29 12:00:00 +00:00"#]],
    );
    check(
        "0 0 31 * *",
        "Europe/Berlin",
        "2026-01-31T00:00",
        expect![[r#"
            Tue 2026-03-31 00:00:00 +02:00
            Sun 2026-05-31 00:00:00 +02:00
            Fri 2026-07-31 00:00:00 +02:00
            Mon 2026-08-31 00:00:00 +02:00
            Sat 2026-10-31 00:00:00 +01:00
            Thu 2026-12-31 00:00:00 +01:00"#]],
    );
    check(
        "59 23 28-31 * *",
        "UTC",
        "2027-02-27T00:00",
        expect![[r#"
        Sun 2027-02-28 23:59:00 +00:00
        Sun 2027-03-28 23:59:00 +00:00
        Mon 2027-03-29 23:59:00 +00:00
        Tue 2027-03-30 23:59:00 +00:00
        Wed 2027-03-31 23:59:00 +00:00
        Wed 2027-04-28 23:59:00 +00:00"#]],
    );
}

#[test]
fn the_year_2038_and_the_end() {
    check(
        "14 3 19 1 *",
        "UTC",
        "2037-01-01T00:00",
        expect![[r#"
        Mon 2037-01-19 03:14:00 +00:00
        Tue 2038-01-19 03:14:00 +00:00
        Wed 2039-01-19 03:14:00 +00:00
        Thu 2040-01-19 03:14:00 +00:00
        Sat 2041-01-19 03:14:00 +00:00
        Sun 2042-01-19 03:14:00 +00:00"#]],
    );
    check(
        "0 0 1 1 *",
        "Asia/Tokyo",
        "2098-06-01T00:00",
        expect![[r#"
        Thu 2099-01-01 00:00:00 +09:00
        Fri 2100-01-01 00:00:00 +09:00
        none"#]],
    );
}

#[test]
fn due_is_open_at_the_start_and_closed_at_the_end() {
    let schedule = parse("0 * * * *", "UTC").unwrap();
    let from: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let to = from + 3.hours();
    let all = schedule.due(from, to, 10);
    assert_eq!(all, [from + 1.hour(), from + 2.hours(), from + 3.hours()]);
    assert_eq!(schedule.due(from, to, 2), all[..2]);
    assert_eq!(schedule.due(from, from, 10), []);
}

#[test]
fn refusals_name_the_field() {
    refused(
        "60 * * * *",
        "UTC",
        expect![[r#"
        minute `60` is not between 0 and 59
        hint: the minute is 0 to 59, `*`, a range `a-b`, a list `a,b` or a step `*/n`"#]],
    );
    refused(
        "0 24 * * *",
        "UTC",
        expect![[r#"
        hour `24` is not between 0 and 23
        hint: the hour is 0 to 23, `*`, a range `a-b`, a list `a,b` or a step `*/n`"#]],
    );
    refused(
        "0 0 * * MUN",
        "UTC",
        expect![[r#"
        day of week `MUN` does not read
        hint: the day of week is 0 to 7, or `SUN` to `SAT`, `*`, a range `a-b`, a list `a,b` or a step `*/n`"#]],
    );
    refused(
        "0 0 * 13 *",
        "UTC",
        expect![[r#"
        month `13` is not between 1 and 12
        hint: the month is 1 to 12, or `JAN` to `DEC`, `*`, a range `a-b`, a list `a,b` or a step `*/n`"#]],
    );
    refused(
        "0 0 ? ? *",
        "UTC",
        expect![[r#"
        month `?` does not read
        hint: the month is 1 to 12, or `JAN` to `DEC`, `*`, a range `a-b`, a list `a,b` or a step `*/n`"#]],
    );
    refused(
        "*/0 * * * *",
        "UTC",
        expect![[r#"
        minute `*/0` has no step after the slash
        hint: a step is a whole number from 1, such as `*/15`"#]],
    );
    refused(
        "0 0 * * FRI-MON",
        "UTC",
        expect![[r#"
        day of week `FRI-MON` runs backwards
        hint: write two ranges with a comma, such as `22-23,0-5` or `FRI-SAT,SUN-MON`"#]],
    );
    refused(
        "0 0 L * *",
        "UTC",
        expect![[r#"
        day of month `L`: `L`, `W` and `#` are not supported
        hint: list the days, such as `28-31`, and let `when:` pick the right one"#]],
    );
    refused(
        "0 0 * * FRI#2",
        "UTC",
        expect![[r#"
        day of week `FRI#2`: `L`, `W` and `#` are not supported
        hint: list the days, such as `28-31`, and let `when:` pick the right one"#]],
    );
    refused(
        "0 0 15W * *",
        "UTC",
        expect![[r#"
        day of month `15W`: `L`, `W` and `#` are not supported
        hint: list the days, such as `28-31`, and let `when:` pick the right one"#]],
    );
    refused(
        "0 0 * *",
        "UTC",
        expect![[r#"
        `0 0 * *` has 4 fields, not 5 or 6
        hint: write minute, hour, day of month, month, day of week, such as `0 18 * * MON-FRI`; a sixth field in front is the second"#]],
    );
    refused(
        "",
        "UTC",
        expect![[r#"
        `` has 0 fields, not 5 or 6
        hint: write minute, hour, day of month, month, day of week, such as `0 18 * * MON-FRI`; a sixth field in front is the second"#]],
    );
    refused(
        "@reboot",
        "UTC",
        expect![[r#"
        unknown shorthand `@reboot`
        hint: there are `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly`"#]],
    );
    refused(
        "0 0 30 2 *",
        "UTC",
        expect![[r#"
        `0 0 30 2 *` never fires: there is no such day
        hint: check day of month against month"#]],
    );
    refused(
        "0 0 , * *",
        "UTC",
        expect![[r#"
        day of month `` does not read
        hint: the day of month is 1 to 31, `*`, a range `a-b`, a list `a,b` or a step `*/n`"#]],
    );
    refused(
        "0 0 * * *",
        "Berlin",
        expect![[r#"
        unknown timezone `Berlin`
        hint: did you mean `Europe/Berlin`?"#]],
    );
    refused(
        "0 0 * * *",
        "Mars/Olympus",
        expect![[r#"
        unknown timezone `Mars/Olympus`
        hint: write an IANA name such as `Europe/Berlin` or `UTC`"#]],
    );
}
