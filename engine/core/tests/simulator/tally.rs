//! What occurred in all seeds together, so that no kind of it silently stops occurring.

use std::{collections::BTreeMap, fmt};

use botswain_core::{
    plan::Kind,
    run::fact::{Origin, Resolution, Verdict, Verification, What},
};

use crate::outside::Outside;

/// What has to occur in every fifty thousand seeds.
const KINDS: [(&str, &[&str]); 5] = [
    (
        "steps",
        &[
            "bot",
            "for_each",
            "call",
            "parallel",
            "switch",
            "approve",
            "wait",
            "wait_until",
            "set",
            "fail",
        ],
    ),
    (
        "resolutions",
        &[
            "retry",
            "upgrade",
            "edit",
            "happened",
            "skip",
            "abandon",
            "back",
            "approve",
            "reject",
            "snooze",
            "more_time",
        ],
    ),
    (
        "verdicts",
        &[
            "retry", "wait", "park", "doubt", "verify", "continue", "fail", "handle", "cancel",
        ],
    ),
    (
        "verifications",
        &["happened", "did not happen", "not settled", "unclear"],
    ),
    (
        "events",
        &[
            "crash",
            "restore",
            "resume",
            "low disk",
            "room again",
            "probe",
            "failed probe",
            "breaker opened",
            "breaker closed",
            "asked",
            "denied wrongly",
            "landed late",
            "lost facts",
            "doubted backup",
            "file came",
            "file told again",
            "file taken",
            "followed",
            "blocked",
        ],
    ),
];

/// How often each thing occurred, by group and name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(BTreeMap<(&'static str, &'static str), u64>);

impl Tally {
    pub(crate) fn add(&mut self, event: &'static str) {
        self.count("events", event);
    }

    fn count(&mut self, group: &'static str, name: &'static str) {
        *self.0.entry((group, name)).or_default() += 1;
    }

    pub(crate) fn merge(&mut self, other: &Tally) {
        for (place, count) in &other.0 {
            *self.0.entry(*place).or_default() += count;
        }
    }

    /// Counts what the facts of a world say.
    pub(crate) fn read(&mut self, outside: &Outside) {
        self.merge(&outside.tally);
        self.merge(&outside.office.tally);
        for (run, facts) in &outside.store.disk.facts {
            let plan = &outside.version_of(run).plan;
            for fact in facts {
                if let What::Created(created) = &fact.what
                    && matches!(created.origin, Origin::Trigger { .. })
                    && let Some(key) = &created.key
                {
                    self.add(match key.starts_with("run ") {
                        true => "followed",
                        false => "file taken",
                    });
                }
                let step = begins(&fact.what).and_then(|id| plan.step(id));
                if let Some(step) = step {
                    self.count("steps", kind(&step.kind));
                }
                self.note(&fact.what);
            }
        }
    }

    fn note(&mut self, what: &What) {
        match what {
            What::Failed { fault, then, .. } => {
                if fault.code == "run.restored" {
                    self.add("doubted backup");
                }
                self.count("verdicts", verdict(then));
            }
            What::Blocked { .. } => self.add("blocked"),
            What::Interrupted { then, .. } => self.count("verdicts", verdict(then)),
            What::Verified { answer, then, .. } => {
                self.count("verifications", verification(answer));
                if let Some(then) = then {
                    self.count("verdicts", verdict(then));
                }
            }
            What::Resolved { resolution, .. } => {
                self.count("resolutions", decision(resolution));
            }
            _ => (),
        }
    }

    /// What never occurred.
    pub(crate) fn missing(&self) -> Vec<(&'static str, &'static str)> {
        let all = KINDS
            .iter()
            .flat_map(|(group, names)| names.iter().map(move |name| (*group, *name)));
        all.filter(|place| !self.0.contains_key(place)).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, _) in KINDS {
            let of_group = self.0.iter().filter(|((of, _), _)| *of == group);
            let counts: Vec<String> = of_group
                .map(|((_, name), count)| format!("{name} {count}"))
                .collect();
            writeln!(f, "{group}: {}", counts.join(", "))?;
        }
        Ok(())
    }
}

/// The step that does something from this fact on.
fn begins(what: &What) -> Option<&botswain_core::StepId> {
    match what {
        What::Entered { step, .. }
        | What::Opened { step, .. }
        | What::Called { step, .. }
        | What::Forked { step }
        | What::Chose { step, .. }
        | What::Asked { step, .. }
        | What::Waits { step, .. }
        | What::Succeeded {
            step, attempt: 0, ..
        }
        | What::Failed {
            step, attempt: 0, ..
        } => Some(step),
        _ => None,
    }
}

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

fn decision(resolution: &Resolution) -> &'static str {
    match resolution {
        Resolution::Retry => "retry",
        Resolution::Upgrade { .. } => "upgrade",
        Resolution::Edit(_) => "edit",
        Resolution::Happened { .. } => "happened",
        Resolution::Skip => "skip",
        Resolution::Abandon => "abandon",
        Resolution::Back { .. } => "back",
        Resolution::Approve => "approve",
        Resolution::Reject => "reject",
        Resolution::Snooze { .. } => "snooze",
        Resolution::MoreTime { .. } => "more_time",
        Resolution::Assign { .. } => "assign",
        Resolution::Remark => "remark",
    }
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Retry { .. } => "retry",
        Verdict::Wait { .. } => "wait",
        Verdict::Park { .. } => "park",
        Verdict::Doubt { .. } => "doubt",
        Verdict::Verify { .. } => "verify",
        Verdict::Continue => "continue",
        Verdict::Fail => "fail",
        Verdict::Handle { .. } => "handle",
        Verdict::Cancel => "cancel",
    }
}

fn verification(answer: &Verification) -> &'static str {
    match answer {
        Verification::Happened { .. } => "happened",
        Verification::DidNotHappen { settled: true } => "did not happen",
        Verification::DidNotHappen { settled: false } => "not settled",
        Verification::Unclear { .. } => "unclear",
    }
}
