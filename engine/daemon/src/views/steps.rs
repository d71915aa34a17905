//! The steps of a run, in the order of its file, and how each stands.
//!
//! In goes a run as its facts make it, out come rows: steps inside of others
//! follow these, deeper by one, with what they belong to.

use botswain_core::{
    ExceptionId, Fault, RunId,
    index::ExceptionCategory,
    plan::{Kind, OnFault, Step, Then},
    run::{Branch, Run, Status, Why},
};
use botswain_views::{StepState, StepView};

use crate::daemon::Parts;

/// A step with its place among those of its run.
pub(super) struct Placed<'a> {
    pub(super) step: &'a Step,
    depth: u32,
    within: Option<String>,
}

/// These steps and those inside of them that belong to the same run.
pub(super) fn flat(steps: &[Step]) -> Vec<Placed<'_>> {
    let mut all = Vec::new();
    place(steps, 0, None, &mut all);
    all
}

fn place<'a>(steps: &'a [Step], depth: u32, within: Option<&str>, all: &mut Vec<Placed<'a>>) {
    for step in steps {
        let within = within.map(str::to_owned);
        all.push(Placed {
            step,
            depth,
            within,
        });
        for (name, steps) in bodies(step) {
            place(steps, depth + 1, Some(&name), all);
        }
    }
}

/// Which of the steps will not be reached any more, if they have not been.
fn left_out(run: &Run, all: &[Placed<'_>]) -> Vec<bool> {
    // The steps around the one at hand with how deep they stand, and whether they are left out.
    let mut around: Vec<(u32, &Step, bool)> = Vec::new();
    let mut found = Vec::new();
    for placed in all {
        around.retain(|(depth, ..)| *depth < placed.depth);
        let is_left_out = run.end().is_some()
            || around.last().is_some_and(|(_, step, is_left_out)| {
                *is_left_out
                    || run
                        .record(&step.id)
                        .is_some_and(|it| !leads(&it.status, placed))
            });
        around.push((placed.depth, placed.step, is_left_out));
        found.push(is_left_out);
    }
    found
}

/// Whether a step that stands so may still lead to this one inside of it.
fn leads(status: &Status, inner: &Placed<'_>) -> bool {
    let within = inner.within.as_deref().unwrap_or_default();
    match status {
        Status::Open(Branch::Case(Some(case))) => within == format!("case {case}"),
        Status::Open(Branch::Case(None)) => within == "default",
        status => !status.has_ended(),
    }
}

/// The lists of steps in one, as [`Step::bodies`] has them, by what they are.
fn bodies(step: &Step) -> Vec<(String, &[Step])> {
    let mut found: Vec<(String, &[Step])> = Vec::new();
    match &step.kind {
        Kind::Parallel(branches) => {
            let named = branches.iter();
            found.extend(named.map(|(name, steps)| (format!("branch {name}"), &steps[..])));
        }
        Kind::Switch(switch) => {
            let cases = switch.cases.iter();
            found.extend(cases.map(|(name, steps)| (format!("case {name}"), &steps[..])));
            let default = switch.default.iter();
            found.extend(default.map(|steps| ("default".to_owned(), &steps[..])));
        }
        _ => (),
    }
    found.extend(step.on_fault.iter().filter_map(|entry| match &entry.then {
        Then::Steps(steps) => Some((handler(entry), &steps[..])),
        _ => None,
    }));
    found
}

/// `on_fault http.*`
fn handler(entry: &OnFault) -> String {
    let category = entry.category.map(|it| format!("{it:?}").to_lowercase());
    let of = [Some("on_fault".to_owned()), entry.code.clone(), category];
    of.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

impl Parts {
    pub(super) fn step_views(&self, run: &Run) -> Vec<StepView> {
        let plan = &run.version.plan;
        let mut all = flat(run.body());
        if run.item_of().is_none() {
            place(&plan.on_failure, 1, Some("on_failure"), &mut all);
            place(&plan.finally, 1, Some("finally"), &mut all);
        }
        let left_out = left_out(run, &all);
        let mut views: Vec<StepView> = all
            .into_iter()
            .map(|placed| self.step_view(run, placed))
            .collect();
        for (view, left_out) in views.iter_mut().zip(left_out) {
            if left_out && view.state == StepState::Pending {
                view.state = StepState::LeftOut;
            }
        }
        views
    }

    fn step_view(&self, run: &Run, placed: Placed<'_>) -> StepView {
        let Placed {
            step,
            depth,
            within,
        } = placed;
        let record = run.record(&step.id);
        let attempts = record.map_or(0, |record| record.attempts);
        let shown = |payload: Option<&botswain_core::Payload>| payload.map(|it| self.shown(it));
        StepView {
            id: step.id.clone(),
            name: step.name.clone(),
            kind: kind(&step.kind).to_owned(),
            bot: match &step.kind {
                Kind::Bot(call) => Some(call.bot.clone()),
                _ => None,
            },
            depth,
            within,
            state: record.map_or(StepState::Pending, |record| step_state(&record.status)),
            attempts,
            with: shown(record.and_then(|record| record.with.as_deref())),
            output: shown(record.and_then(|record| record.output.as_deref())),
            items: match &step.kind {
                Kind::ForEach(_) => self.tally(&run.id, step).ok(),
                _ => None,
            },
            child: match (&step.kind, attempts) {
                (Kind::Call(_), 1..) => self.child(run, step, attempts),
                _ => None,
            },
            spans: Vec::new(),
        }
    }

    /// The run that a `call` made last, once it is there.
    fn child(&self, run: &Run, step: &Step, made: u32) -> Option<RunId> {
        let child = run.id.item(&step.id, u64::from(made) - 1);
        let summary = self.store.summary(&child).ok().flatten();
        summary.map(|summary| summary.id)
    }
}

/// The key that makes a step what it is.
fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bot(_) => "bot",
        Kind::ForEach(_) => "for_each",
        Kind::Call(_) => "call",
        Kind::Parallel(_) => "parallel",
        Kind::Switch(_) => "switch",
        Kind::Approve(_) => "approve",
        Kind::Wait(_) => "wait",
        Kind::WaitUntil(_) => "wait_until",
        Kind::Set(_) => "set",
        Kind::Fail(_) => "fail",
    }
}

fn step_state(status: &Status) -> StepState {
    match status {
        Status::Pending => StepState::Pending,
        Status::Ready { not_before } => StepState::Waiting { until: *not_before },
        Status::Waiting { until } => StepState::Asleep { until: *until },
        Status::Running { since, .. } => StepState::Running { since: *since },
        Status::InDoubt(doubt) => StepState::InDoubt {
            exception: None,
            fault: doubt.fault.clone(),
            asked: Some(doubt.ask_at),
            denials: doubt.denials,
        },
        Status::Parked {
            exception,
            why,
            fault,
            ..
        } => parked(*exception, why, fault),
        Status::Opened { count, .. } => StepState::Open { count: *count },
        Status::Called { .. } | Status::Open(_) => StepState::Under,
        Status::Succeeded => StepState::Succeeded,
        Status::Skipped => StepState::Skipped,
        Status::Failed => StepState::Failed,
        Status::Cancelled => StepState::Cancelled,
    }
}

fn parked(exception: ExceptionId, why: &Why, fault: &Fault) -> StepState {
    let fault = Box::new(fault.clone());
    let (category, escalates) = match why {
        Why::Doubt => {
            return StepState::InDoubt {
                exception: Some(exception),
                fault,
                asked: None,
                denials: 0,
            };
        }
        Why::Approval {
            approval,
            escalated,
            ..
        } => {
            let later = approval.escalate.as_ref().filter(|_| !escalated);
            (ExceptionCategory::Approval, later.map(|it| it.at))
        }
        Why::Overdue(_) => (ExceptionCategory::Overdue, None),
        Why::Fault | Why::Blocked(_) => match fault.category {
            botswain_core::Category::Business => (ExceptionCategory::Business, None),
            botswain_core::Category::System => (ExceptionCategory::System, None),
        },
    };
    StepState::Parked {
        exception,
        category,
        fault,
        escalates,
    }
}
