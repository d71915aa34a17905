//! A promise that is broken at a full minute.
//!
//! Nothing makes the minute shorter, so this begins among the first, by its name, and the others
//! go on beside it.

use crate::office::{Office, wait_for};

#[test]
fn it_is_told_and_a_retry_keeps_it() {
    let office = Office::with("order,sku,amount\n1,a,1\n");
    let minute = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    let next = minute.checked_add(jiff::Span::new().minutes(1)).unwrap();
    let next = next.with().second(0).subsec_nanosecond(0).build().unwrap();
    let before = next.strftime("%H:%M").to_string();
    office.write(
        "workflows/daily.yaml",
        &format!(
            "name: daily\npromise: {{ before: \"{before}\", days: every, timezone: UTC }}\nsteps: [ {{ id: put, bot: file.drop, with: {{ to: out/daily.txt, content: x }} }} ]\n"
        ),
    );
    let _up = office.up();
    wait_for("the minute", || jiff::Timestamp::now() > next.timestamp());
    wait_for("the exception", || {
        let open = office.json(&["exceptions", "list"]);
        open.as_array().unwrap().len() == 1
    });
    let shown = office.says(&["exceptions", "show", "1"]);
    assert!(shown.contains("1 succeeded run was promised"), "{shown}");
    assert!(shown.contains("and there is none"), "{shown}");
    let told = office.says(&["runs", "show", "1"]);
    assert!(told.contains("nobody: it was promised"), "{told}");
    let retried = office.says(&["exceptions", "retry", "1"]);
    assert!(retried.starts_with("exit 0"), "{retried}");
    wait_for("the run", || {
        office
            .json(&["runs", "--workflow", "daily", "--state", "succeeded"])
            .as_array()
            .unwrap()
            .len()
            == 1
    });
}
