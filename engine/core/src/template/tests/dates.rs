//! Dates are days, and working days leave out what nobody works on.

use expect_test::expect;

use super::{check, json, renderer};

#[test]
fn dates_are_days() {
    check(
        "{{add_days \"2026-12-31\" 1}} {{add_months \"2024-01-31\" 1}} {{add_days \"2026-03-01\" -1}}",
        "{}",
        expect![[r#""2027-01-01 2024-02-29 2026-02-28""#]],
    );
    check(
        "{{date now}} {{format_date now \"%d.%m.%y %H:%M\"}}",
        r#"{"now": "2026-03-29T03:04:05+02:00[Europe/Berlin]"}"#,
        expect![[r#""2026-03-29 29.03.26 03:04""#]],
    );
    check(
        "{{date \"29.02.2026\" \"%d.%m.%Y\"}}",
        "{}",
        expect![
            "template.argument `date`: `29.02.2026` is no date by `%d.%m.%Y`: invalid date: parameter 'day' for `2026-02` is invalid, must be in range `1..=28`"
        ],
    );
    check(
        "{{date \"20260329\"}}",
        "{}",
        expect![[r#"
        template.type `date` takes a date such as `2026-03-29`, but `"20260329"` is the text `20260329`
        hint: write `(date … "%d.%m.%Y")` for one that is written otherwise"#]],
    );
    check(
        "{{date 20260329}}",
        "{}",
        expect![[r#"
        template.type `date` takes text, but `20260329` is the number 20260329
        hint: write `(text 20260329)`"#]],
    );
    check(
        "{{format_date \"2026-03-29\" \"%Q %\"}}",
        "{}",
        expect![
            "template.argument `format_date`: the pattern `%Q %`: strftime formatting failed: %Q failed: requires IANA time zone identifier or time zone offset, but neither were present"
        ],
    );
    check(
        "{{add_days \"2026-03-29\" 99999999999}}",
        "{}",
        expect!["template.argument `add_days`: 99999999999 from 2026-03-29 is beyond the calendar"],
    );
    check(
        "{{add_days \"2026-03-29\" 1.5}}",
        "{}",
        expect!["template.type `add_days` takes a whole number, but `1.5` is the number 1.5"],
    );
    check(
        "{{days_between \"2026-03-29\" \"2025-03-29\"}}",
        "{}",
        expect!["-365"],
    );
}

#[test]
fn workdays_leave_out_saturdays_and_sundays() {
    // 2026-03-27 is a Friday. The day itself does not count.
    let days = [
        "2026-03-26",
        "2026-03-27",
        "2026-03-28",
        "2026-03-29",
        "2026-03-30",
    ];
    let by = |count: i64| {
        let to = |day: &str| {
            let source = format!("{{{{slice (add_workdays \"{day}\" {count}) 5}}}}");
            let value = renderer()
                .render_value(&source, &json("{}"))
                .expect("a day");
            value.as_str().expect("text").to_owned()
        };
        days.map(to).join(" ")
    };
    expect!["03-26 03-27 03-28 03-29 03-30"].assert_eq(&by(0));
    expect!["03-27 03-30 03-30 03-30 03-31"].assert_eq(&by(1));
    expect!["04-02 04-03 04-03 04-03 04-06"].assert_eq(&by(5));
    expect!["03-25 03-26 03-27 03-27 03-27"].assert_eq(&by(-1));
    expect!["03-18 03-19 03-20 03-20 03-20"].assert_eq(&by(-6));
    check(
        "{{add_workdays \"2026-03-27\" 9999999999}}",
        "{}",
        expect![
            "template.argument `add_workdays`: 9999999999 from 2026-03-27 is beyond the calendar"
        ],
    );
    check(
        "{{mod 7 0}}",
        "{}",
        expect!["template.argument `mod`: `0` is 0"],
    );
}
