//! When each step of a run was at work and when it waited, from the run's facts.
//!
//! A step has one open stretch at most: each fact that changes what it does ends
//! the one before. What is still open at the end lasts, unless the run has ended.

use std::collections::BTreeMap;

use botswain_core::{
    StepId,
    run::fact::{Fact, Resolution, Verdict, What},
};
use botswain_views::{SpanKind, SpanView};
use jiff::Timestamp;

/// By step, each in order.
pub(super) fn spans(facts: &[Fact]) -> BTreeMap<StepId, Vec<SpanView>> {
    let mut drawn = Drawn::default();
    for fact in facts {
        drawn.add(fact);
    }
    drawn.0
}

#[derive(Default)]
struct Drawn(BTreeMap<StepId, Vec<SpanView>>);

impl Drawn {
    fn add(&mut self, fact: &Fact) {
        use SpanKind::{Person, Waiting, Working};
        let at = fact.at;
        match &fact.what {
            What::Entered { step, .. } | What::Withdrawn { step, .. } => {
                self.begin(step, Waiting, 0, at);
            }
            What::Waits { step, .. } => self.begin(step, Waiting, 0, at),
            What::Started { step, attempt } => self.begin(step, Working, *attempt, at),
            What::Opened { step, .. }
            | What::Called { step, .. }
            | What::Forked { step }
            | What::Chose { step, .. } => self.begin(step, Working, 0, at),
            What::Asked { step, .. } | What::Overdue { step, .. } | What::Blocked { step, .. } => {
                self.begin(step, Person, 0, at)
            }
            What::Failed {
                step, fault, then, ..
            } => {
                self.end(step, at, Some(&fault.code));
                self.follow(step, then, at);
            }
            What::Interrupted { step, then, .. } => {
                self.end(step, at, Some("daemon.stopped"));
                self.follow(step, then, at);
            }
            What::Verified { step, then, .. } => {
                self.end(step, at, None);
                if let Some(then) = then {
                    self.follow(step, then, at);
                }
            }
            What::Resolved {
                step, resolution, ..
            } => self.resolve(step, resolution, at),
            What::Skipped { step, .. }
            | What::Closed { step, .. }
            | What::Succeeded { step, .. }
            | What::Stopped { step } => self.end(step, at, None),
            What::Ended { .. } => self.end_all(at),
            What::Created(_)
            | What::Claimed { .. }
            | What::Duplicate { .. }
            | What::Admitted
            | What::Escalated { .. }
            | What::Acting { .. }
            | What::Warned { .. }
            | What::Paused
            | What::Resumed
            | What::Cancelled { .. } => (),
        }
    }

    fn begin(&mut self, step: &StepId, kind: SpanKind, attempt: u32, at: Timestamp) {
        self.end(step, at, None);
        self.0.entry(step.clone()).or_default().push(SpanView {
            kind,
            attempt,
            from: at,
            until: None,
            code: None,
        });
    }

    fn end(&mut self, step: &StepId, at: Timestamp, code: Option<&str>) {
        let last = self.0.get_mut(step).and_then(|spans| spans.last_mut());
        if let Some(last) = last.filter(|it| it.until.is_none()) {
            last.until = Some(at);
            last.code = code.map(str::to_owned);
        }
    }

    fn end_all(&mut self, at: Timestamp) {
        let steps: Vec<StepId> = self.0.keys().cloned().collect();
        for step in steps {
            self.end(&step, at, None);
        }
    }

    /// What a step does after an attempt that did not succeed.
    fn follow(&mut self, step: &StepId, then: &Verdict, at: Timestamp) {
        match then {
            Verdict::Retry { .. } | Verdict::Wait { .. } | Verdict::Verify { .. } => {
                self.begin(step, SpanKind::Waiting, 0, at);
            }
            Verdict::Park { .. } | Verdict::Doubt { .. } => {
                self.begin(step, SpanKind::Person, 0, at);
            }
            // The steps in its place are steps of their own.
            Verdict::Continue | Verdict::Fail | Verdict::Handle { .. } | Verdict::Cancel => (),
        }
    }

    /// What a person decided lets a step go on as it did before it waited for them, if it was
    /// open then; a bot's step is entered anew by a fact of its own.
    fn resolve(&mut self, step: &StepId, resolution: &Resolution, at: Timestamp) {
        let one_of_several = matches!(resolution, Resolution::Approve);
        if resolution.leaves_open() || one_of_several {
            return;
        }
        self.end(step, at, None);
        let spans = self.0.get(step).map(Vec::as_slice).unwrap_or_default();
        let was_open = spans.len().checked_sub(2).and_then(|it| spans.get(it));
        let was_open = was_open
            .is_some_and(|it| it.kind == SpanKind::Working && it.attempt == 0 && it.code.is_none());
        if was_open {
            self.begin(step, SpanKind::Working, 0, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use botswain_core::{Effect, ExceptionId, Fault, Payload};

    use super::*;

    fn told(facts: Vec<(i64, What)>) -> Vec<String> {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let facts: Vec<Fact> = facts
            .into_iter()
            .map(|(seconds, what)| Fact {
                at: at(seconds),
                what,
            })
            .collect();
        let spans = spans(&facts).remove(&StepId::new("form")).unwrap();
        let text = |it: SpanView| {
            let until = it.until.map(|at| at.as_second().to_string());
            let until = until.unwrap_or_default();
            format!("{:?} {}-{until}", it.kind, it.from.as_second())
        };
        spans.into_iter().map(text).collect()
    }

    fn failed(then: Verdict) -> What {
        What::Failed {
            step: StepId::new("form"),
            attempt: 1,
            fault: Box::new(Fault::business("shop.no", "no")),
            then,
        }
    }

    #[test]
    fn work_waiting_and_people_are_told_apart() {
        let step = || StepId::new("form");
        let entered = What::Entered {
            step: step(),
            with: Payload::NULL,
            effect: Effect::None,
            key: None,
            generation: 1,
            announces: false,
        };
        let started = |attempt| What::Started {
            step: step(),
            attempt,
        };
        let exception = ExceptionId(1);
        let retry = Verdict::Retry {
            at: Timestamp::UNIX_EPOCH,
        };
        let facts = vec![
            (10, entered),
            (12, started(1)),
            (15, failed(retry)),
            (25, started(2)),
            (29, failed(Verdict::Park { exception })),
            (
                90,
                What::Resolved {
                    step: step(),
                    exception,
                    resolution: Resolution::Skip,
                    by: "ann".to_owned(),
                    note: None,
                },
            ),
        ];
        let expected = [
            "Waiting 10-12",
            "Working 12-15",
            "Waiting 15-25",
            "Working 25-29",
            "Person 29-90",
        ];
        assert_eq!(told(facts), expected);
    }

    #[test]
    fn a_loop_that_was_blocked_goes_on_and_what_is_open_lasts() {
        let step = || StepId::new("form");
        let exception = ExceptionId(1);
        let facts = vec![
            (
                1,
                What::Opened {
                    step: step(),
                    list: Payload::NULL,
                    count: 3,
                },
            ),
            (
                5,
                What::Overdue {
                    step: step(),
                    exception,
                },
            ),
            (
                9,
                What::Resolved {
                    step: step(),
                    exception,
                    resolution: Resolution::MoreTime { millis: 1 },
                    by: "ann".to_owned(),
                    note: None,
                },
            ),
        ];
        assert_eq!(told(facts), ["Working 1-5", "Person 5-9", "Working 9-"]);
    }
}
