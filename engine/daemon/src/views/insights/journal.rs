//! What the facts of one run tell of its time: where it stopped for people, and how long its
//! steps were at work.

use std::collections::{BTreeMap, HashMap};

use botswain_core::{
    ExceptionId, StepId,
    run::fact::{Fact, Verdict, Verification, What},
};
use botswain_views::SpanKind;
use jiff::Timestamp;

use super::{super::spans::spans, millis};

/// Of a run and of all that was read of what it began.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) stops: Vec<Stop>,
    pub(super) times: Vec<Times>,
    /// How many items and called runs were read.
    pub(super) within: u64,
    /// Whether there are more than that.
    pub(super) cut: bool,
}

/// Something that waited for a person.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) workflow: String,
    pub(super) step: StepId,
    pub(super) code: String,
    pub(super) message: String,
    pub(super) waits: bool,
    opened: Timestamp,
    decided: Option<Timestamp>,
}

impl Stop {
    /// How long it waited for what a person decided, in milliseconds.
    pub(super) fn handled(&self) -> Option<u64> {
        self.decided.map(|at| millis(self.opened, at))
    }
}

/// What a step did in one run, in milliseconds.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) workflow: String,
    pub(super) step: StepId,
    pub(super) worked: u64,
    pub(super) waited: u64,
}

impl Journal {
    /// Adds one run; out come the steps that have begun runs of their own.
    pub(super) fn add(&mut self, workflow: &str, facts: &[Fact]) -> Vec<StepId> {
        self.stops.extend(stops(workflow, facts));
        self.times.extend(times(workflow, facts));
        let begun = facts.iter().filter_map(|fact| match &fact.what {
            What::Opened { step, count, .. } if *count > 0 => Some(step.clone()),
            What::Called { step, .. } => Some(step.clone()),
            _ => None,
        });
        let mut begun: Vec<StepId> = begun.collect();
        begun.sort();
        begun.dedup();
        begun
    }
}

/// Attempts alone are work: what a loop or a branch did its own steps tell.
fn times(workflow: &str, facts: &[Fact]) -> Vec<Times> {
    let mut all = Vec::new();
    for (step, spans) in spans(facts) {
        let sum = |kind: SpanKind| -> u64 {
            let counts = spans
                .iter()
                .filter(|it| it.kind == kind && (kind != SpanKind::Working || it.attempt > 0));
            counts
                .filter_map(|it| Some(millis(it.from, it.until?)))
                .sum()
        };
        let was_tried = spans
            .iter()
            .any(|it| it.kind == SpanKind::Working && it.attempt > 0 && it.until.is_some());
        if was_tried {
            all.push(Times {
                workflow: workflow.to_owned(),
                worked: sum(SpanKind::Working),
                waited: sum(SpanKind::Waiting),
                step,
            });
        }
    }
    all
}

fn stops(workflow: &str, facts: &[Fact]) -> Vec<Stop> {
    let mut stops: BTreeMap<ExceptionId, Stop> = BTreeMap::new();
    // What each step failed with, for an answer of the world that leaves it at that.
    let mut last: HashMap<&StepId, (&str, &str)> = HashMap::new();
    for fact in facts {
        if let Some((step, cause)) = failing(&fact.what) {
            last.insert(step, cause);
        }
        if let Some((exception, step, cause)) = opening(&fact.what) {
            let (code, message) = cause
                .or_else(|| last.get(step).copied())
                .unwrap_or_default();
            stops.insert(
                exception,
                Stop {
                    workflow: workflow.to_owned(),
                    step: step.clone(),
                    code: code.to_owned(),
                    message: message.to_owned(),
                    waits: true,
                    opened: fact.at,
                    decided: None,
                },
            );
        }
        close(&mut stops, fact);
    }
    stops.into_values().collect()
}

type Cause<'f> = (&'f str, &'f str);

/// What a step fails with by this fact.
fn failing(what: &What) -> Option<(&StepId, Cause<'_>)> {
    match what {
        What::Failed { step, fault, .. } => Some((step, (&fault.code, &fault.message))),
        What::Interrupted { step, .. } => {
            let message = "the daemon ended while this step was at work";
            Some((step, ("run.interrupted", message)))
        }
        _ => None,
    }
}

/// What waits for a person from this fact on, and why, unless it is what the step failed with.
fn opening(what: &What) -> Option<(ExceptionId, &StepId, Option<Cause<'_>>)> {
    let parked = |then: &Verdict| match then {
        Verdict::Park { exception } | Verdict::Doubt { exception } => Some(*exception),
        _ => None,
    };
    match what {
        What::Failed { step, then, .. } | What::Interrupted { step, then, .. } => {
            Some((parked(then)?, step, None))
        }
        What::Verified { step, answer, then } => {
            let cause = match answer {
                Verification::Unclear { fault } => Some((&*fault.code, &*fault.message)),
                _ => None,
            };
            Some((parked(then.as_ref()?)?, step, cause))
        }
        What::Asked {
            step,
            exception,
            approval,
        } => Some((
            *exception,
            step,
            Some(("approval.asked", &approval.question)),
        )),
        What::Overdue { step, exception } => {
            let code = match step.as_str() {
                "run" => "run.overdue",
                _ => "step.overdue",
            };
            let message = "it has been at work for longer than its `timeout`";
            Some((*exception, step, Some((code, message))))
        }
        What::Blocked {
            step,
            exception,
            fault,
        } => Some((*exception, step, Some((&fault.code, &fault.message)))),
        _ => None,
    }
}

/// What somebody decides waits no more; nor does what goes on or ends by itself.
fn close(stops: &mut BTreeMap<ExceptionId, Stop>, fact: &Fact) {
    match &fact.what {
        What::Resolved {
            exception,
            resolution,
            ..
        } if !resolution.leaves_open() => {
            if let Some(stop) = stops.get_mut(exception) {
                // Of several who have to approve the last one counts.
                (stop.decided, stop.waits) = (Some(fact.at), false);
            }
        }
        What::Succeeded { step: of, .. }
        | What::Skipped { step: of, .. }
        | What::Closed { step: of, .. }
        | What::Stopped { step: of } => {
            for stop in stops.values_mut().filter(|stop| stop.step == *of) {
                stop.waits = false;
            }
        }
        What::Ended { .. } => stops.values_mut().for_each(|stop| stop.waits = false),
        _ => (),
    }
}
