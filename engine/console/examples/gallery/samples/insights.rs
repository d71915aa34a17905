//! The page about what became of runs, with believable data.

use botswain_console as console;
use botswain_console::{Frame, InsightsFilter};
use botswain_views::Insights;
use jiff::{ToSpan, civil::Date};
use serde_json::{Value, json};

use super::Samples;

impl Samples {
    /// A month, a year by weeks, and a time without runs.
    pub(crate) fn insights(&self, frame: &Frame) -> Vec<(&'static str, String)> {
        let filter = |from: &str, split: Option<&str>| InsightsFilter {
            workflow: split.map(|_| self.text("order-entry")),
            from: from.parse().expect("it is a day"),
            to: "2026-11-27".parse().expect("it is a day"),
            split: split.and_then(|it| it.parse().ok()),
        };
        let known = [self.text("order-entry"), self.text("stock-alert")];
        let month: Insights = self.view(insights("2026-10-29", 30));
        // As many days as that are no texts: they are not worth to be looked through one by one.
        let mut year = month.clone();
        let of_year: Insights =
            serde_json::from_value(insights("2026-01-01", 331)).expect("the sample is a view");
        (year.days, year.looked) = (of_year.days, of_year.looked);
        year.comparison = None;
        let mut none = month.clone();
        none.looked.counted = 0;
        let compared = filter("2026-10-29", Some("2026-11-13"));
        let page = |filter: &InsightsFilter, known: &[String], found: &Insights| {
            console::insights(frame, (filter, known), found)
        };
        vec![
            ("insights", page(&compared, &known, &month)),
            (
                "insights-year",
                page(&filter("2026-01-01", None), &known, &year),
            ),
            (
                "insights-nothing-fits",
                page(&filter("2026-10-29", None), &known, &none),
            ),
            (
                "insights-empty",
                page(&filter("2026-10-29", None), &[], &none),
            ),
        ]
    }
}

fn insights(first: &str, days: i64) -> Value {
    let first: Date = first.parse().expect("it is a day");
    let day = |nth: i64| {
        let busy = i64::from(nth % 7 < 5);
        json!({ "day": first.saturating_add(nth.days()), "succeeded": busy * (18 + nth * 5 % 11),
            "failed": busy * (nth % 4 / 3), "skipped": busy * (nth % 3), "cancelled": i64::from(nth % 13 == 5),
            "open": i64::from(nth + 1 == days) * 3 })
    };
    let days: Vec<Value> = (0..days).map(day).collect();
    json!({
        "since": "2026-10-28T23:00:00Z", "until": "2026-11-27T08:12:00Z", "timezone": "Europe/Berlin", "workflow": null,
        "looked": { "counted": 12_480, "cut": days.len() > 100, "read": 412, "within": 3588, "sample": true },
        "figures": figures(12_480, 11_914), "days": days,
        "workflows": [
            { "workflow": "order-entry", "runs": 9_120, "succeeded": 8_702, "failed": 41, "saves_ms": 360_000, "saved_ms": 3_132_720_000_u64 },
            { "workflow": "stock-alert", "runs": 3_360, "succeeded": 3_212, "failed": 9, "saves_ms": null, "saved_ms": null },
        ],
        "causes": [
            cause("form", "browser.refused", "unknown product `9010`", 41, 2),
            cause("form", "browser.timeout", "the page was not there within 30 s", 17, 0),
            cause("guard", "approval.asked", "Order for 12480.00 EUR?", 9, 1),
            cause("send", "mail.refused", "450 mailbox busy", 2, 0),
        ],
        "steps": [
            step("form", 3_588, (11_400, 38_200)), step("lines", 412, (840, 2_600)),
            step("send", 398, (310, 1_900)), step("stock", 3_588, (42, 96)),
        ],
        "comparison": { "at": "2026-11-12T23:00:00Z", "before": figures(6_100, 5_702), "after": figures(6_380, 6_212),
            "days_before": 15.0, "days_after": 14.4 },
    })
}

fn figures(runs: u64, succeeded: u64) -> Value {
    json!({ "runs": runs, "succeeded": succeeded, "skipped": 212, "failed": 50, "cancelled": 21, "open": 3,
        "lasted": { "count": succeeded, "median_ms": 48_200, "p90_ms": 312_000 }, "read": 412, "exceptions": 69,
        "waiting": 3, "handled": { "count": 66, "median_ms": 540_000, "p90_ms": 7_260_000 }, "saved_ms": succeeded * 262_000 })
}

fn cause(step: &str, code: &str, message: &str, count: u64, waiting: u64) -> Value {
    json!({ "workflow": "order-entry", "step": step, "code": code, "message": message, "count": count, "waiting": waiting,
        "handled": { "count": count - waiting, "median_ms": 540_000, "p90_ms": 7_260_000 } })
}

fn step(name: &str, runs: u64, (median, p90): (u64, u64)) -> Value {
    json!({ "workflow": "order-entry", "step": name, "worked_ms": runs * median * 6 / 5, "waited_ms": runs * 900,
        "working": { "count": runs, "median_ms": median, "p90_ms": p90 } })
}
