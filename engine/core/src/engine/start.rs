//! How a run that is no item begins.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Engine, NO_ROOM, STOPPING,
    event::{Holder, Reply, Start},
    inbox::Input,
};
use crate::ids::{RunId, StepId};
use crate::{
    fault::Fault,
    index::Change,
    plan::Overlap,
    run::fact::{Created, Fact, Key, Origin, Outcome, What},
    value::Payload,
};

/// A run to be.
pub(super) struct Beginning {
    pub(super) workflow: String,
    pub(super) origin: Origin,
    pub(super) scheduled_for: Timestamp,
    /// None were given when absent.
    pub(super) inputs: Option<Payload>,
    /// Why it waits for a person before it begins.
    pub(super) fault: Option<Fault>,
    pub(super) key: Option<Key>,
    pub(super) holder: Option<Holder>,
    pub(super) change: Option<Change>,
}

impl Engine {
    /// Somebody wants a run; the answer comes when it is written down.
    pub(super) fn start(&mut self, start: Start, now: Timestamp) {
        let Start {
            request,
            workflow,
            inputs,
            key,
            holder,
            by,
        } = start;
        if self.stopping {
            return self.refuse(request, STOPPING.to_owned());
        }
        if self.low {
            return self.refuse(request, NO_ROOM.to_owned());
        }
        if !self.workflows.contains_key(&workflow) {
            return self.refuse(request, format!("there is no workflow `{workflow}`"));
        }
        let beginning = Beginning {
            inputs: Some(inputs),
            key,
            holder,
            ..Beginning::new(workflow, Origin::Person { by }, now)
        };
        let run = self.make(beginning, now);
        if let Some(run) = run {
            self.answer_with(&run.clone(), request, Reply::Started { run });
        }
    }

    /// Makes a run that a person or a trigger asked for.
    pub(super) fn make(&mut self, beginning: Beginning, now: Timestamp) -> Option<RunId> {
        let Beginning {
            workflow,
            origin,
            scheduled_for,
            inputs,
            fault,
            key,
            holder,
            change,
        } = beginning;
        let named = self.workflows.get(&workflow)?.clone();
        let id = self.new_run();
        let frame = StepId::new("run");
        let fired = matches!(origin, Origin::Trigger { .. });
        let of = origin.clone();
        let first = What::Created(Box::new(Created {
            workflow: workflow.clone(),
            version: named.hash,
            origin,
            scheduled_for,
            inputs: Arc::new(inputs.unwrap_or_else(|| Payload::Inline(serde_json::json!({})))),
            key: key.as_ref().map(|key| key.text.clone()),
        }));
        let overlap = named.version.plan.overlap;
        let turn = self.turn(&workflow, overlap, fired);
        // A firing that is dropped needs no inputs, but what a source told is told once.
        let mut rest = match key {
            Some(key) => self.identify(&id, &frame, key, holder, &workflow),
            None => vec![],
        };
        let is_settled = rest.iter().any(|what| ends(what) || parks(what));
        if !is_settled && !turn.as_ref().is_some_and(ends) {
            let parked = fault.map(|fault| self.park(frame, fault));
            rest.extend(parked.or_else(|| self.doubt_firing(&of, scheduled_for)));
        }
        if !rest.iter().any(ends) {
            rest.extend(turn);
        }
        self.create(
            id.clone(),
            named.version,
            Fact {
                at: now,
                what: first,
            },
            rest,
            change,
        );
        if fired && overlap == Overlap::Cancel {
            self.end_others(&id, &workflow, now);
        }
        Some(id)
    }

    /// A firing takes the place of all that came before it.
    fn end_others(&mut self, id: &RunId, workflow: &str, now: Timestamp) {
        let others = self.roots(workflow).map(|live| live.run.id.clone());
        let others: Vec<RunId> = others.filter(|other| other != id).collect();
        for other in others {
            self.receive(&other, Input::End, now);
        }
    }

    /// Whether it begins at once, waits, or does not begin at all.
    fn turn(&self, workflow: &str, overlap: Overlap, fired: bool) -> Option<What> {
        match (self.is_at_work(workflow), overlap) {
            (false, _) | (true, Overlap::Allow) => Some(What::Admitted),
            (true, Overlap::Skip) if fired => Some(What::Ended {
                outcome: Outcome::Skipped,
                output: Payload::NULL,
            }),
            // What a person asks for is never dropped.
            (true, Overlap::Skip | Overlap::Queue | Overlap::Cancel) => None,
        }
    }
}

impl Beginning {
    /// Of nothing but its workflow.
    pub(super) fn new(workflow: String, origin: Origin, scheduled_for: Timestamp) -> Beginning {
        Beginning {
            workflow,
            origin,
            scheduled_for,
            inputs: None,
            fault: None,
            key: None,
            holder: None,
            change: None,
        }
    }
}

fn ends(what: &What) -> bool {
    matches!(what, What::Ended { .. })
}

fn parks(what: &What) -> bool {
    matches!(what, What::Failed { .. })
}
