//! What should happen to a run now.

use jiff::Timestamp;

use super::{Run, Status, Why, fact::Outcome};
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
    /// The run of a `call` has to be made or waited for.
    Call { step: StepId },
    /// The world has to be asked whether an effect took place.
    Verify { step: StepId },
    /// All that was open below the step has ended.
    Close { step: StepId },
    /// The time that it waited for has come.
    Wake { step: StepId },
    /// Others have to be asked for the approval too.
    Escalate { step: StepId },
    /// Its time-out is over.
    Overdue { step: StepId },
    /// An attempt, or all items of a loop or the run of a call, are to be brought to their end.
    Stop { step: StepId },
    /// Nothing before this time.
    Sleep { until: Timestamp },
    /// What `collect` or `outputs` names has to be rendered.
    Collect,
    /// The last fact.
    End { outcome: Outcome },
}

impl Run {
    /// Everything that should happen now. It has no memory: asked again, it says the same.
    pub fn next(&self, now: Timestamp) -> Vec<Next> {
        match &self.frame.status {
            _ if self.ended.is_some() => vec![],
            _ if self.halt.is_some() => self.halting(now),
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
            _ => self.going(now),
        }
    }

    fn going(&self, now: Timestamp) -> Vec<Next> {
        let at = self.frontier();
        if at.is_empty() {
            return vec![self.finish()];
        }
        let timeouts = self.timeouts();
        let overdue = timeouts.iter().filter(|(_, up)| *up <= now);
        let overdue: Vec<Next> = overdue
            .map(|(step, _)| Next::Overdue { step: step.clone() })
            .collect();
        if !overdue.is_empty() {
            return overdue;
        }
        let nexts = at.into_iter().filter_map(|step| self.step_next(step, now));
        let sleeps = timeouts.into_iter().map(|(_, until)| Next::Sleep { until });
        one_sleep(nexts.chain(sleeps))
    }

    /// The run is being brought to its end.
    fn halting(&self, now: Timestamp) -> Vec<Next> {
        let outcome = self
            .halt
            .as_ref()
            .map_or(Outcome::Failed, |halt| halt.outcome);
        let at = self.frontier();
        if !self.admitted || !self.is_identified() || at.is_empty() {
            return vec![Next::End { outcome }];
        }
        if self.active().is_empty() {
            return one_sleep(at.into_iter().filter_map(|step| self.step_next(step, now)));
        }
        one_sleep(at.into_iter().filter_map(|step| self.stop_next(step, now)))
    }

    fn step_next(&self, step: &Step, now: Timestamp) -> Option<Next> {
        let id = step.id.clone();
        Some(match self.status(step) {
            Status::Pending => Next::Evaluate { step: id },
            Status::Ready {
                not_before: Some(until),
            } if now < *until => Next::Sleep { until: *until },
            Status::Ready { .. } => Next::Start { step: id },
            Status::Opened { .. } => Next::Items { step: id },
            Status::Called { .. } => Next::Call { step: id },
            Status::Open(_) => Next::Close { step: id },
            Status::Waiting { until } if now < *until => Next::Sleep { until: *until },
            Status::Waiting { .. } => Next::Wake { step: id },
            Status::InDoubt(doubt) if now < doubt.ask_at => Next::Sleep {
                until: doubt.ask_at,
            },
            Status::InDoubt(_) => Next::Verify { step: id },
            Status::Parked {
                why:
                    Why::Approval {
                        approval,
                        escalated: false,
                        ..
                    },
                ..
            } => match approval.escalate.as_ref()?.at {
                until if now < until => Next::Sleep { until },
                _ => Next::Escalate { step: id },
            },
            _ => return None,
        })
    }

    fn stop_next(&self, step: &Step, now: Timestamp) -> Option<Next> {
        match self.status(step) {
            Status::Running { .. } | Status::Opened { .. } | Status::Called { .. } => {}
            Status::Parked {
                why: Why::Overdue(_) | Why::Blocked(_),
                ..
            } => {}
            _ => return self.step_next(step, now),
        }
        Some(Next::Stop {
            step: step.id.clone(),
        })
    }

    fn finish(&self) -> Next {
        let collects = match self.loop_of() {
            Some(each) => !each.collect.is_empty(),
            None => !self.version.plan.outputs.is_empty(),
        };
        match collects {
            true => Next::Collect,
            false => Next::End {
                outcome: Outcome::Succeeded,
            },
        }
    }

    fn has_done_its_steps(&self) -> bool {
        self.is_identified() && self.admitted && self.frontier().is_empty()
    }

    /// Whether its key, if it is to have one, is settled.
    fn is_identified(&self) -> bool {
        let item_has_key = self.loop_of().is_some_and(|each| each.key.is_some());
        let wants_key = self.created.key.is_some() || item_has_key;
        self.key.is_some() || !wants_key
    }
}

/// Of several times to wait for, the first.
fn one_sleep(nexts: impl Iterator<Item = Next>) -> Vec<Next> {
    let mut first: Option<Timestamp> = None;
    let mut others = Vec::new();
    for next in nexts {
        match next {
            Next::Sleep { until } => first = Some(first.map_or(until, |first| first.min(until))),
            next => others.push(next),
        }
    }
    others.extend(first.map(|until| Next::Sleep { until }));
    others
}
