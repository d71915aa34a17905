//! What should happen to a run now.

use jiff::Timestamp;

use super::{Run, Status, fact::Outcome};
use crate::{ids::StepId, plan::Step};

/// Something that should happen. A run that waits for a bot or a person has nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Its key has to be known and claimed.
    Identify,
    /// The templates of the step have to be rendered.
    Evaluate { step: StepId },
    /// The bot may act.
    Start { step: StepId },
    /// Items have to be begun or waited for.
    Items { step: StepId },
    /// Nothing before this time.
    Sleep { until: Timestamp },
    /// What `collect` names has to be rendered.
    Collect,
    /// The last fact.
    End { outcome: Outcome },
}

impl Run {
    /// Everything that should happen now. It has no memory: asked again, it says the same.
    pub fn next(&self, now: Timestamp) -> Vec<Next> {
        match self.frame.status {
            _ if self.ended.is_some() => vec![],
            _ if self.abandoned => vec![Next::End {
                outcome: Outcome::Failed,
            }],
            Status::Parked { .. } => vec![],
            // Only what `collect` names was left out when the steps are done, else all.
            Status::Skipped if self.has_done_its_steps() => vec![Next::End {
                outcome: Outcome::Succeeded,
            }],
            Status::Skipped => vec![Next::End {
                outcome: Outcome::Skipped,
            }],
            _ if !self.is_identified() => vec![Next::Identify],
            _ if self.duplicate_of.is_some() => vec![Next::End {
                outcome: Outcome::Skipped,
            }],
            _ if !self.admitted => vec![],
            _ => self.next_step(now),
        }
    }

    /// Steps go one after the other: the first that has not ended decides.
    fn next_step(&self, now: Timestamp) -> Vec<Next> {
        for step in self.body() {
            let status = self
                .steps
                .get(&step.id)
                .map_or(&Status::Pending, |record| &record.status);
            let step = step.id.clone();
            return match status {
                Status::Succeeded | Status::Skipped => continue,
                Status::Pending => vec![Next::Evaluate { step }],
                Status::Ready {
                    not_before: Some(until),
                } if now < *until => {
                    vec![Next::Sleep { until: *until }]
                }
                Status::Ready { .. } => vec![Next::Start { step }],
                Status::Opened { .. } => vec![Next::Items { step }],
                Status::Running { .. } | Status::Parked { .. } => vec![],
            };
        }
        match self.loop_of().is_some_and(|each| !each.collect.is_empty()) {
            true => vec![Next::Collect],
            false => vec![Next::End {
                outcome: Outcome::Succeeded,
            }],
        }
    }

    fn has_done_its_steps(&self) -> bool {
        let has_ended = |step: &Step| {
            let record = self.steps.get(&step.id);
            record.is_some_and(|record| record.status.has_ended())
        };
        self.is_identified() && self.body().iter().all(has_ended)
    }

    /// Whether its key, if it is to have one, is settled.
    fn is_identified(&self) -> bool {
        let item_has_key = self.loop_of().is_some_and(|each| each.key.is_some());
        let wants_key = self.created.key.is_some() || item_has_key;
        self.key.is_some() || !wants_key
    }
}
