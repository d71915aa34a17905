//! A run at a glance, and the exception that it is parked with.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    Record, Run, Status, Why,
    fact::{Origin, Outcome},
};
use crate::{
    fault::Category,
    ids::{Hash, StepId},
    index::{Exception, ExceptionCategory, State, Summary},
    plan::{Kind, Step},
    value::Payload,
};

impl Run {
    /// What lists show. A run whose `for_each` is open is `running` here, whatever its items do.
    pub fn summary(&self) -> Summary {
        let at = self.frontier();
        let current = self.current(&at);
        let record = current.as_ref().and_then(|step| self.record(step));
        Summary {
            id: self.id.clone(),
            workflow: self.version.plan.name.clone(),
            version: self.version_hash.clone(),
            state: self.state_at(&at),
            attempt: record.map_or(0, |record| record.attempts),
            until: self.until_at(&at),
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
            warned: self.warned,
        }
    }

    pub fn state(&self) -> State {
        self.state_at(&self.frontier())
    }

    fn state_at(&self, at: &[&Step]) -> State {
        if let Some(end) = &self.ended {
            return end.outcome.into();
        }
        let is_parked = self.parked().next().is_some();
        if is_parked && (!self.admitted || matches!(self.frame.status, Status::Parked { .. })) {
            return State::Parked;
        }
        if !self.admitted {
            return State::Queued;
        }
        let all = |fits: fn(&Status) -> bool| at.iter().all(|step| fits(self.status(step)));
        match is_parked {
            true if all(is_parked_status) => State::Parked,
            _ if !at.is_empty() && all(waits) => State::Waiting,
            _ => State::Running,
        }
    }

    /// What waits for people.
    pub fn exceptions(&self) -> impl Iterator<Item = Exception> {
        let open = self.ended.is_none();
        let parked = self.parked().filter(move |_| open);
        parked.filter_map(|(step, record)| self.exception(step, record))
    }

    fn exception(&self, step: &StepId, record: &Record) -> Option<Exception> {
        let Status::Parked {
            exception,
            why,
            fault,
            since,
        } = &record.status
        else {
            return None;
        };
        let plan = &self.version.plan;
        let due = plan.exceptions.due.map(|due| after(*since, due));
        Some(Exception {
            id: *exception,
            run: self.id.clone(),
            step: step.clone(),
            workflow: plan.name.clone(),
            bot: self.step(step).and_then(|step| match &step.kind {
                Kind::Bot(call) => Some(call.bot.clone()),
                _ => None,
            }),
            key: self.key().map(str::to_owned),
            category: category(why, fault.category),
            fault: fault.as_ref().clone(),
            attempts: record.attempts,
            opened: *since,
            due,
            snoozed: record.snoozed,
            assigned: asked(why)
                .or_else(|| Some(vec![plan.exceptions.assign.clone()?]))
                .unwrap_or_default(),
            assignee: record.assignee.clone(),
            approved: match why {
                Why::Approval { approved, .. } => approved.clone(),
                _ => Vec::new(),
            },
            about: about(self),
            show: match why {
                Why::Approval { approval, .. } => Some(approval.show.clone()),
                _ => None,
            },
            fingerprint: fingerprint(&plan.name, step, &fault.code, &fault.message),
        })
    }

    /// The step that it does, waits to do or is parked at; what a person is needed for goes first.
    fn current(&self, at: &[&Step]) -> Option<StepId> {
        if self.ended.is_some() {
            return None;
        }
        if let Some((step, _)) = self.parked().next() {
            return Some(step.clone());
        }
        at.first().map(|step| step.id.clone())
    }

    /// When something goes on by itself, if it waits for a time.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.until_at(&self.frontier())
    }

    fn until_at(&self, at: &[&Step]) -> Option<Timestamp> {
        if self.ended.is_some() || matches!(self.frame.status, Status::Parked { .. }) {
            return None;
        }
        let untils = at.iter().filter_map(|step| match self.status(step) {
            Status::Ready { not_before } => *not_before,
            Status::Waiting { until } => Some(*until),
            Status::InDoubt(doubt) => Some(doubt.ask_at),
            Status::Parked {
                why:
                    Why::Approval {
                        approval,
                        escalated: false,
                        ..
                    },
                ..
            } => approval.escalate.as_ref().map(|it| it.at),
            _ => None,
        });
        untils.min()
    }

    fn collected(&self) -> Option<crate::Payload> {
        let end = self
            .ended
            .as_ref()
            .filter(|end| end.outcome == Outcome::Succeeded)?;
        self.parent().map(|_| end.output.as_ref().clone())
    }
}

fn is_parked_status(status: &Status) -> bool {
    matches!(status, Status::Parked { .. })
}

/// Whether it waits for a time, or for a person beside what does.
fn waits(status: &Status) -> bool {
    matches!(
        status,
        Status::Ready {
            not_before: Some(_)
        } | Status::Waiting { .. }
            | Status::InDoubt(_)
            | Status::Parked { .. }
    )
}

fn category(why: &Why, of: Category) -> ExceptionCategory {
    match (why, of) {
        (Why::Doubt, _) => ExceptionCategory::InDoubt,
        (Why::Approval { .. }, _) => ExceptionCategory::Approval,
        (Why::Overdue(_), _) => ExceptionCategory::Overdue,
        (Why::Fault | Why::Blocked(_), Category::Business) => ExceptionCategory::Business,
        (Why::Fault | Why::Blocked(_), Category::System) => ExceptionCategory::System,
    }
}

/// The groups that an approval is asked of by now.
fn asked(why: &Why) -> Option<Vec<String>> {
    let Why::Approval {
        approval,
        escalated,
        ..
    } = why
    else {
        return None;
    };
    let also = approval.escalate.iter().filter(|_| *escalated);
    let also = also.flat_map(|escalation| &escalation.to);
    Some(approval.ask.iter().chain(also).cloned().collect())
}

/// How many texts tell what an exception is about, and how long each is at most.
const ABOUT: usize = 8;
const TEXT: usize = 80;

/// The item as it is by now, or the inputs when it is none: what of it is short.
fn about(run: &Run) -> IndexMap<String, String> {
    let (data, edits) = match &run.created.origin {
        Origin::Item { item, .. } => (item, &run.edits.item),
        _ => (run.created.inputs.as_ref(), &run.edits.inputs),
    };
    let whole = match data {
        Payload::Inline(value) => Some(value),
        Payload::Stored(_) => None,
    };
    let fields = whole.and_then(Value::as_object);
    let text = |name: &String, value: &Value| {
        let text = match edits.get(name).unwrap_or(value) {
            Value::String(text) if !text.is_empty() => text.chars().take(TEXT).collect(),
            Value::Number(number) => number.to_string(),
            Value::Bool(is) => is.to_string(),
            _ => return None,
        };
        Some((name.clone(), text))
    };
    let name = "item".to_owned();
    let alone = whole.filter(|whole| !whole.is_object());
    let alone = alone.and_then(|value| text(&name, value));
    let fields = fields.into_iter().flatten();
    let texts = fields.filter_map(|(name, value)| text(name, value));
    alone.into_iter().chain(texts).take(ABOUT).collect()
}

fn after(at: Timestamp, millis: u64) -> Timestamp {
    let wait = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
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
