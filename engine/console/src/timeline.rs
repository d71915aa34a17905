//! When the steps of a run were at work and when they waited: a row for each, drawn to one scale.
//!
//! Places are percentages, so a drawing fits whatever stands around it, and the
//! words beside it keep their size. What a bar means is in its title and, once
//! for each row, in its label.

use botswain_views::{SpanKind, SpanView, StepView};
use jiff::{Timestamp, tz::Offset};
use maud::{Markup, html};

use crate::frame::Frame;

/// No bar is narrower, in percent: what was short has to be seen too.
const LEAST: f64 = 0.6;

/// How far apart the marks of the axis may stand, in seconds.
const STEPS: [i64; 19] = [
    1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800,
    604_800, 2_592_000, 31_536_000,
];

/// There are no more marks than these.
const MARKS: i64 = 4;

/// The time that is drawn.
struct Scale {
    from: Timestamp,
    until: Timestamp,
}

impl Scale {
    fn millis(&self) -> f64 {
        let all = self.until.duration_since(self.from).as_millis();
        precise(all.max(1))
    }

    /// Where a time stands, in percent.
    fn place(&self, at: Timestamp) -> f64 {
        let passed = precise(at.duration_since(self.from).as_millis());
        (100.0 * passed / self.millis()).clamp(0.0, 100.0)
    }

    /// Round times in it, by the reader's clock.
    fn marks(&self, offset: Offset) -> Vec<Timestamp> {
        let seconds = self.until.duration_since(self.from).as_secs();
        let fits = |step: &&i64| seconds / **step <= MARKS;
        let step = STEPS.iter().find(fits).copied().unwrap_or(i64::MAX);
        let ahead = i64::from(offset.seconds());
        let first = (self.from.as_second() + ahead).div_euclid(step) + 1;
        let nth = |it: i64| Timestamp::from_second((first + it).checked_mul(step)? - ahead).ok();
        let all = (0..=MARKS).filter_map(nth);
        // A mark at the very end would be cut off.
        all.take_while(|at| *at < self.until)
            .filter(|at| self.place(*at) < 88.0)
            .collect()
    }
}

/// Milliseconds of some millennia are exact all the same.
#[expect(clippy::cast_precision_loss, reason = "it is a place in a drawing")]
fn precise(millis: i128) -> f64 {
    millis as f64
}

impl Frame {
    /// The steps that have begun, from the beginning of the run to its end, or until now.
    pub(crate) fn timeline(
        &self,
        steps: &[StepView],
        (from, until): (Timestamp, Option<Timestamp>),
    ) -> Markup {
        let words = &self.words().of_run;
        let begun = steps.iter().filter(|step| !step.spans.is_empty());
        let begun: Vec<&StepView> = begun.collect();
        let scale = Scale {
            from,
            until: until.unwrap_or(self.now).max(from),
        };
        html! {
            @if begun.is_empty() {
                p class="muted" { (words.no_timeline) }
            } @else {
                div class="timeline" {
                    (self.axis(&scale, until.is_none()))
                    @for step in begun { (self.step_row(step, &scale)) }
                }
                (self.legend())
            }
        }
    }

    fn axis(&self, scale: &Scale, lasts: bool) -> Markup {
        let offset = self.zone.to_offset(scale.from);
        let marks = scale.marks(offset);
        let days = scale.until.duration_since(scale.from).as_hours() >= 24;
        let form = match (days, scale.millis() < 300_000.0) {
            (true, _) => "%m-%d %H:%M",
            (false, true) => "%H:%M:%S",
            (false, false) => "%H:%M",
        };
        let told = |at: Timestamp| at.to_zoned(self.zone.clone()).strftime(form).to_string();
        html! {
            div class="span-row axis" aria-hidden="true" {
                span class="label" {}
                svg class="bars" height="18" focusable="false" {
                    @for at in marks {
                        @let place = percent(scale.place(at));
                        line x1=(place) x2=(place) y1="12" y2="18" {}
                        text x=(place) y="11" dx="-1" { (told(at)) }
                    }
                }
                span class="total" { @if lasts { (self.words().of_run.until_now) } }
            }
        }
    }

    fn step_row(&self, step: &StepView, scale: &Scale) -> Markup {
        let words = &self.words().of_run;
        let until = |span: &SpanView| span.until.unwrap_or(scale.until);
        let total = |is: fn(SpanKind) -> bool| {
            let spans = step.spans.iter().filter(|span| is(span.kind));
            let millis = spans.map(|it| until(it).duration_since(it.from).as_millis());
            self.lasted(millis.sum())
        };
        let worked = total(|kind| kind == SpanKind::Working);
        let waited = total(|kind| kind != SpanKind::Working);
        let name = step.name.as_deref().unwrap_or(step.id.as_str());
        let summary = [
            worked.as_deref().map(words.worked),
            waited.as_deref().map(words.waited),
        ];
        let summary: Vec<String> = summary.into_iter().flatten().collect();
        html! {
            div class="span-row" {
                a class={ "label depth-" (step.depth.min(4)) } href={ "#step-" (step.id) } { (name) }
                svg class="bars" height="18" role="img" focusable="false"
                    aria-label={ (name) ": " (summary.join(", ")) } {
                    line class="base" x1="0" x2="100%" y1="9" y2="9" {}
                    @for span in &step.spans { (self.bar(span, until(span), scale)) }
                }
                span class="total" { (summary.join(" · ")) }
            }
        }
    }

    fn bar(&self, span: &SpanView, until: Timestamp, scale: &Scale) -> Markup {
        let words = &self.words().of_run;
        let (from, to) = (scale.place(span.from), scale.place(until));
        let width = (to - from).max(LEAST);
        let class = match (span.kind, &span.code) {
            (SpanKind::Working, Some(_)) => "failed",
            (SpanKind::Working, None) => "working",
            (SpanKind::Waiting, _) => "waiting",
            (SpanKind::Person, _) => "person",
        };
        // Waiting is flatter, so that it is told from work without any color.
        let (y, height) = match span.kind {
            SpanKind::Working => (2, 14),
            SpanKind::Waiting | SpanKind::Person => (6, 6),
        };
        html! {
            rect class=(class) x=(percent(from.min(100.0 - width))) width=(percent(width))
                y=(y) height=(height) rx="2" {
                title {
                    ((words.spans)(span.kind))
                    @if span.attempt > 0 { ", " ((words.attempt)(span.attempt)) }
                    ": " (self.exact(span.from)) ", " (self.length(span.from, until))
                    @if let Some(code) = &span.code { ", " (code) }
                }
            }
        }
    }

    fn legend(&self) -> Markup {
        let words = &self.words().of_run;
        let entry = |class: &str, text: &str, flat: bool| {
            let (y, height) = if flat { (4, 6) } else { (0, 14) };
            html! {
                span {
                    svg class="bars" width="22" height="14" aria-hidden="true" focusable="false" {
                        rect class=(class) width="22" y=(y) height=(height) rx="2" {}
                    }
                    " " (text)
                }
            }
        };
        html! {
            p class="legend muted small" {
                (entry("working", (words.spans)(SpanKind::Working), false))
                (entry("failed", words.failed_span, false))
                (entry("waiting", (words.spans)(SpanKind::Waiting), true))
                (entry("person", (words.spans)(SpanKind::Person), true))
            }
        }
    }

    /// Nothing when it took none.
    fn lasted(&self, millis: i128) -> Option<String> {
        let millis = i64::try_from(millis).unwrap_or(i64::MAX);
        match millis {
            ..=0 => None,
            1..1_000 => Some(format!("{millis} ms")),
            _ => Some((self.words().length)(millis / 1_000)),
        }
    }
}

fn percent(place: f64) -> String {
    format!("{place:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(from: &str, until: &str) -> Scale {
        let at = |text: &str| text.parse().expect("it is a time");
        Scale {
            from: at(from),
            until: at(until),
        }
    }

    #[test]
    fn marks_stand_at_round_times_of_the_reader() {
        let scale = scale("2026-11-27T06:00:40Z", "2026-11-27T09:30:00Z");
        let marks = scale.marks(Offset::from_seconds(19_800).expect("it is India's"));
        let marks: Vec<String> = marks.iter().map(Timestamp::to_string).collect();
        assert_eq!(
            marks,
            [
                "2026-11-27T06:30:00Z",
                "2026-11-27T07:30:00Z",
                "2026-11-27T08:30:00Z"
            ]
        );
    }

    #[test]
    fn a_run_of_no_time_has_a_scale_all_the_same() {
        let scale = scale("2026-11-27T06:00:00Z", "2026-11-27T06:00:00Z");
        assert_eq!(percent(scale.place(scale.from)), "0.00%");
        assert!(scale.marks(Offset::UTC).is_empty());
    }
}
