//! The people in front of the exceptions.
//!
//! They look at what the world has seen before they say that something has not
//! happened, and never lie about it. Otherwise they do as people do: two answer
//! at once, one answers what was answered long ago, some never come.

use botswain_core::{
    StepId,
    engine::event::{RequestId, Resolve},
    index::{Exception, ExceptionCategory},
    run::{
        Run,
        fact::{Edit, Resolution},
    },
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{dice::Dice, mutations::Mutation, outside::Outside};

#[derive(Default)]
pub(crate) struct People {
    /// The exceptions that somebody has had on the screen, the newest last.
    seen: Vec<Exception>,
    /// How often somebody decided since it is calm.
    calm: u32,
}

impl People {
    /// What somebody decides about an exception of a run as it is written down.
    pub(crate) fn decide(
        &mut self,
        exception: &Exception,
        run: &Run,
        outside: &Outside,
        mutation: Option<Mutation>,
    ) -> Resolution {
        let (office, dice) = (&outside.office, &outside.dice);
        self.seen.push(exception.clone());
        self.calm += u32::from(office.calm);
        if mutation == Some(Mutation::RetryInDoubt)
            && exception.category == ExceptionCategory::InDoubt
        {
            return Resolution::Retry;
        }
        let acted = office.has_acted(run, &exception.step);
        let whole = exception.step == *run.frame_id();
        let happened = || Resolution::Happened {
            output: json!({ "n": 1 }).into(),
        };
        match (exception.category, dice.below(14)) {
            _ if self.calm > 100 => Resolution::Abandon,
            (_, 11) => Resolution::Snooze {
                until: outside.clock.now() + SignedDuration::from_secs(dice.below(600) as i64),
            },
            (_, 12) => Resolution::Assign {
                to: dice.once_in(2).then(|| "ben".to_owned()),
            },
            (_, 13) => Resolution::Remark,
            (ExceptionCategory::Approval, 0) => Resolution::Skip,
            (ExceptionCategory::Approval, 1..=3) => Resolution::Reject,
            (ExceptionCategory::Approval, _) => Resolution::Approve,
            (ExceptionCategory::Overdue, 1) => Resolution::Abandon,
            (ExceptionCategory::Overdue, _) => Resolution::MoreTime {
                millis: 1000 * dice.below(600),
            },
            (_, 0) => Resolution::Skip,
            (_, 1) => Resolution::Abandon,
            (_, 2) if !whole => happened(),
            _ if acted => happened(),
            (_, 3 | 4) => edit(run, dice),
            (_, 5) => upgrade(run, outside),
            (_, 6) => back(run, dice),
            _ => Resolution::Retry,
        }
    }

    /// Something that was on a screen long ago, if there is anything, of a run that is not lost.
    pub(crate) fn remember(&self, outside: &Outside) -> Option<Exception> {
        let seen = (!self.seen.is_empty()).then(|| outside.dice.pick(&self.seen))?;
        let runs = &outside.store.disk.facts;
        runs.contains_key(&seen.run).then(|| seen.clone())
    }
}

/// By the workflow as its file stands now.
fn upgrade(run: &Run, outside: &Outside) -> Resolution {
    let name = &run.version.plan.name;
    let current = outside
        .files
        .current
        .iter()
        .find(|it| it.plan.name == *name);
    current.map_or(Resolution::Retry, |it| Resolution::Upgrade {
        version: it.hash(),
    })
}

/// From some step on that the run has been at; what took place keeps its outcome.
fn back(run: &Run, dice: &Dice) -> Resolution {
    let reached: Vec<&StepId> = run.statuses().map(|(step, _)| step).collect();
    match reached.is_empty() {
        true => Resolution::Retry,
        false => Resolution::Back {
            to: (*dice.pick(&reached)).clone(),
            again: vec![],
        },
    }
}

/// The goods, the inputs or the parameters are corrected.
fn edit(run: &Run, dice: &Dice) -> Resolution {
    let good = json!(format!("s{}", dice.below(3)));
    let of = |key: &str| [(key.to_owned(), good.clone())].into_iter().collect();
    Resolution::Edit(match dice.below(4) {
        0 => Edit::With(of("thing")),
        1 => Edit::Inputs(of("name")),
        2 if run.parent().is_some() => Edit::Item(of("id")),
        _ if run.parent().is_some() => Edit::Item(of("sku")),
        _ => Edit::Inputs(of("name")),
    })
}

/// A decision on its way.
pub(crate) fn resolve(
    request: RequestId,
    exception: &Exception,
    resolution: Resolution,
) -> Resolve {
    Resolve {
        request,
        exception: exception.id,
        run: exception.run.clone(),
        step: exception.step.clone(),
        resolution,
        by: name(request),
        note: None,
        remember: Vec::new(),
    }
}

/// Everybody comes once, so that a fact names the request it came from.
pub(crate) fn name(request: RequestId) -> String {
    format!("p{request}")
}
