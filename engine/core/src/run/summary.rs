//! A run at a glance, and the exception that it is parked with.

use super::{Run, Status, fact::Outcome};
use crate::{
    fault::Category,
    ids::{Hash, StepId},
    index::{Exception, ExceptionCategory, State, Summary},
    plan::Kind,
};

impl Run {
    /// What lists show. A run whose `for_each` is open is `running` here, whatever its items do.
    pub fn summary(&self) -> Summary {
        let current = self.current();
        let record = current.as_ref().and_then(|step| self.record(step));
        Summary {
            id: self.id.clone(),
            workflow: self.version.plan.name.clone(),
            version: self.version_hash.clone(),
            state: self.state(),
            attempt: record.map_or(0, |record| record.attempts),
            until: record.and_then(|record| match record.status {
                Status::Ready { not_before } => not_before,
                _ => None,
            }),
            step: current,
            created: self.created_at,
            scheduled_for: self.created.scheduled_for,
            ended: self.ended.as_ref().map(|end| end.at),
            key: self.key().map(str::to_owned),
            parent: self
                .parent()
                .map(|(run, step, index)| (run.clone(), step.clone(), index)),
            facts: self.facts,
            collected: self.collected(),
        }
    }

    pub fn state(&self) -> State {
        if let Some(end) = &self.ended {
            return end.outcome.into();
        }
        if self.parked().is_some() {
            return State::Parked;
        }
        if !self.admitted {
            return State::Queued;
        }
        let waits = |status: &Status| {
            matches!(
                status,
                Status::Ready {
                    not_before: Some(_)
                }
            )
        };
        match self.steps.values().any(|record| waits(&record.status)) {
            true => State::Waiting,
            false => State::Running,
        }
    }

    /// The exception that is open, if the run is parked.
    pub fn exception(&self) -> Option<Exception> {
        let (step, record) = self.parked()?;
        let Status::Parked {
            exception,
            doubt,
            fault,
            since,
        } = &record.status
        else {
            return None;
        };
        Some(Exception {
            id: *exception,
            run: self.id.clone(),
            step: step.clone(),
            workflow: self.version.plan.name.clone(),
            bot: self.step(step).and_then(|step| match &step.kind {
                Kind::Bot(call) => Some(call.bot.clone()),
                Kind::ForEach(_) => None,
            }),
            key: self.key().map(str::to_owned),
            category: match (doubt, fault.category) {
                (true, _) => ExceptionCategory::InDoubt,
                (false, Category::Business) => ExceptionCategory::Business,
                (false, Category::System) => ExceptionCategory::System,
            },
            fault: fault.as_ref().clone(),
            attempts: record.attempts,
            opened: *since,
            fingerprint: fingerprint(&self.version.plan.name, step, &fault.code, &fault.message),
        })
    }

    /// The step that it does, waits to do or is parked at.
    fn current(&self) -> Option<StepId> {
        if self.ended.is_some() {
            return None;
        }
        if let Some((step, _)) = self.parked() {
            return Some(step.clone());
        }
        let open = |id: &StepId| {
            !self
                .steps
                .get(id)
                .is_some_and(|record| record.status.has_ended())
        };
        self.body()
            .iter()
            .map(|step| &step.id)
            .find(|id| open(id))
            .cloned()
    }

    fn collected(&self) -> Option<crate::Payload> {
        let end = self
            .ended
            .as_ref()
            .filter(|end| end.outcome == Outcome::Succeeded)?;
        self.parent().map(|_| end.output.as_ref().clone())
    }
}

/// Equal for failures of one cause: digits and quoted values in the message do not count.
fn fingerprint(workflow: &str, step: &StepId, code: &str, message: &str) -> Hash {
    let mut normal = String::with_capacity(message.len());
    let mut quoted = false;
    for c in message.chars() {
        match c {
            '`' | '"' | '“' | '”' => {
                quoted = !quoted;
                normal.push('`');
            }
            _ if quoted => (),
            c if c.is_ascii_digit() => match normal.ends_with('#') {
                true => (),
                false => normal.push('#'),
            },
            c => normal.push(c),
        }
    }
    Hash::of(format!("{workflow}\0{step}\0{code}\0{normal}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_a_message_do_not_part_a_cluster() {
        let print =
            |message: &str| fingerprint("order-entry", &"form".into(), "browser.refused", message);
        assert_eq!(
            print("unknown product `9001` in line 4"),
            print("unknown product `x` in line 17")
        );
        assert_ne!(
            print("unknown product `9001`"),
            print("unknown customer `9001`")
        );
    }
}
