//! What happens outside, and the ends of other workflows, become runs.
//!
//! A source (a folder, a mailbox) tells of something again and again until it
//! hears that there is a run for it; the key of the run says what it is, so that
//! it becomes one run, ever. The end of a run tells nobody twice: what follows
//! from it is written in the append of the end, and taken out in that of the run
//! that it becomes.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::json;

use super::{
    Engine, NO_ROOM, STOPPING,
    event::{Happened, Happening},
    triggers::{Cause, Due},
};
use crate::{
    index::{Change, Pending, State},
    plan::On,
    run::{
        Run,
        fact::{Fact, Key, Origin, What},
    },
    value::{self, Payload},
};

/// What a source is told while a restored backup waits for a word.
const HELD: &str = "the instance was restored from a backup and starts nothing by itself";

impl Engine {
    /// Something has happened that a trigger waits for.
    pub(super) fn happened(&mut self, happened: Happened) {
        let Happened {
            request,
            workflow,
            trigger,
            at,
            happening,
            fault,
        } = happened;
        let refusal = match () {
            () if self.stopping => Some(STOPPING),
            () if self.low => Some(NO_ROOM),
            () if self.restored.holds() => Some(HELD),
            () => None,
        };
        let cause = Cause {
            happening: Arc::new(happening),
            fault,
            request: Some(request),
            pending: false,
        };
        if let Some(reason) = refusal {
            return self.refuse_happening(Some(cause), reason);
        }
        let due = Due {
            at,
            cause: Some(cause),
        };
        match self.enqueue(&workflow, &trigger, due) {
            None => self.send_firings(),
            Some(due) => self.refuse_happening(due.cause, "there is no such trigger"),
        }
    }

    /// The trigger for which something was due is not there any more.
    pub(super) fn give_up(&mut self, workflow: &str, trigger: &str, due: Due) {
        match due.cause {
            Some(cause) if cause.pending => {
                self.pending.push(cause.still(workflow, trigger, due.at))
            }
            cause => self.refuse_happening(cause, "its trigger is not there any more"),
        }
    }

    pub(super) fn refuse_happening(&mut self, cause: Option<Cause>, reason: &str) {
        if let Some(request) = cause.and_then(|cause| cause.request) {
            self.refuse(request, reason.to_owned());
        }
    }

    /// What follows from the end of a run in other workflows, to be written with it.
    pub(super) fn followed_by(&self, run: &Run, facts: &[Fact]) -> Vec<Pending> {
        let Some((state, output)) = facts.iter().rev().find_map(ended) else {
            return Vec::new();
        };
        if matches!(
            run.created.origin,
            Origin::Item { .. } | Origin::Call { .. }
        ) {
            return Vec::new();
        }
        let name = &run.version.plan.name;
        let mut pending = Vec::new();
        for (workflow, named) in &self.workflows {
            for trigger in &named.version.plan.triggers {
                let On::Finished(finished) = &trigger.on else {
                    continue;
                };
                if finished.workflow == *name && finished.takes(state) {
                    pending.push(Pending {
                        workflow: workflow.clone(),
                        trigger: trigger.on.event().unwrap_or_default(),
                        at: run.created.scheduled_for,
                        happening: end_of(run, state, output),
                    });
                }
            }
        }
        pending.dedup_by(|a, b| (&a.workflow, &a.trigger) == (&b.workflow, &b.trigger));
        pending
    }

    /// What was written as still to become a run is taken up by its trigger.
    pub(super) fn take_up(&mut self, pending: Vec<Pending>) {
        self.pending.extend(pending);
        self.take_up_pending();
        self.send_firings();
    }

    /// Of a workflow that has no such trigger any more nothing follows; one whose file has
    /// mistakes may have it again.
    pub(super) fn take_up_pending(&mut self) {
        let mut gone = Vec::new();
        for pending in std::mem::take(&mut self.pending) {
            let due = Due {
                at: pending.at,
                cause: Some(Cause {
                    happening: Arc::new(pending.happening.clone()),
                    fault: None,
                    request: None,
                    pending: true,
                }),
            };
            let there = self.workflows.contains_key(&pending.workflow);
            match self.enqueue(&pending.workflow, &pending.trigger, due) {
                None => (),
                Some(_) if there => gone.push(pending.settled()),
                Some(_) => self.pending.push(pending),
            }
        }
        self.append_changes(gone);
    }

    /// Gives it back when there is no such trigger.
    fn enqueue(&mut self, workflow: &str, trigger: &str, due: Due) -> Option<Due> {
        let mut planned = self.triggers.planned.iter_mut();
        let found = planned.find(|((of, _), planned)| of == workflow && planned.name == trigger);
        match found {
            Some((_, planned)) => planned.due.push_back(due),
            None => return Some(due),
        }
        None
    }
}

impl Happening {
    /// The key of the run that it becomes.
    pub fn run_key(&self) -> Key {
        Key {
            text: self.key.clone(),
            data: value::hash(&json!(self.data)),
        }
    }
}

impl Cause {
    /// As it is written down.
    pub(super) fn still(&self, workflow: &str, trigger: &str, at: Timestamp) -> Pending {
        Pending {
            workflow: workflow.to_owned(),
            trigger: trigger.to_owned(),
            at,
            happening: (*self.happening).clone(),
        }
    }
}

impl Pending {
    pub(super) fn settled(&self) -> Change {
        Change::Pending {
            pending: Box::new(self.clone()),
            open: false,
        }
    }
}

fn ended(fact: &Fact) -> Option<(State, &Payload)> {
    match &fact.what {
        What::Ended { outcome, output } => Some((State::from(*outcome), output)),
        _ => None,
    }
}

fn end_of(run: &Run, state: State, output: &Payload) -> Happening {
    let (id, workflow) = (&run.id, &run.version.plan.name);
    let text = |text: &str| Payload::from(json!(text));
    let state = json!(state);
    let data: IndexMap<String, Payload> = [
        ("run", text(id.as_str())),
        ("workflow", text(workflow)),
        ("state", Payload::from(state)),
        ("key", Payload::from(json!(run.created.key))),
        ("outputs", output.clone()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let key = format!("run {id} of {workflow}");
    Happening { key, data }
}
