//! What others may know of a run.

use std::sync::{Arc, LazyLock};

use super::{Edits, End, Halt, Record, Run, Status};
use crate::{
    ids::{ExceptionId, Hash, RunId, StepId},
    plan::{self, ForEach, Kind, Step},
    run::fact::{Key, Origin, Outcome},
};

/// What others may know of a run.
impl Run {
    /// The steps it goes through: the workflow's, or those of the `for_each` that made it.
    pub fn body(&self) -> &[Step] {
        self.version
            .plan
            .body(self.item_of().map(|(_, step, _)| step))
    }

    /// The run and the `for_each` or `call` that made this one, and which of its runs it is.
    pub fn parent(&self) -> Option<(&RunId, &StepId, u64)> {
        match &self.created.origin {
            Origin::Call { parent, step } => Some((parent, step, self.id.index())),
            _ => self.item_of(),
        }
    }

    /// The run, the `for_each` and the place in its list that made this one.
    pub fn item_of(&self) -> Option<(&RunId, &StepId, u64)> {
        match &self.created.origin {
            Origin::Item {
                parent,
                step,
                index,
                ..
            } => Some((parent, step, *index)),
            Origin::Person { .. }
            | Origin::Trigger { .. }
            | Origin::Promise
            | Origin::Call { .. } => None,
        }
    }

    /// The `for_each` that made this run.
    pub fn loop_of(&self) -> Option<&ForEach> {
        let (_, step, _) = self.item_of()?;
        match &self.version.plan.step(step)?.kind {
            Kind::ForEach(each) => Some(each),
            _ => None,
        }
    }

    /// The name under which the run itself is parked: that of its `for_each`, or `run`.
    pub fn frame_id(&self) -> &StepId {
        static WHOLE: LazyLock<StepId> = LazyLock::new(|| StepId::new("run"));
        self.item_of().map_or(&WHOLE, |(_, step, _)| step)
    }

    /// A step of this run, wherever it stands in it.
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        plan::find_in_run(self.body(), id).or_else(|| self.cleanup_step(id))
    }

    /// What is known of a step; nothing yet when it has not been reached.
    pub fn record(&self, step: &StepId) -> Option<&Record> {
        match step == self.frame_id() {
            true => Some(&self.frame),
            false => self.steps.get(step).map(Arc::as_ref),
        }
    }

    pub fn edits(&self) -> &Edits {
        &self.edits
    }

    pub fn key(&self) -> Option<&str> {
        self.key
            .as_ref()
            .map(|key| key.text.as_str())
            .or(self.created.key.as_deref())
    }

    /// The key that this run holds, if it was granted one.
    pub fn claim(&self) -> Option<&Key> {
        self.key.as_ref().filter(|_| self.duplicate_of.is_none())
    }

    pub fn duplicate_of(&self) -> Option<&RunId> {
        self.duplicate_of.as_ref()
    }

    pub fn is_admitted(&self) -> bool {
        self.admitted
    }

    pub fn end(&self) -> Option<&End> {
        self.ended.as_ref()
    }

    /// The steps at which it waits for people.
    pub fn parked(&self) -> impl Iterator<Item = (&StepId, &Record)> {
        let frame = std::iter::once((self.frame_id(), &self.frame));
        frame
            .chain(self.steps.iter().map(|(id, record)| (id, record.as_ref())))
            .filter(|(_, record)| matches!(record.status, Status::Parked { .. }))
    }

    /// The step that waits for a person under this number.
    pub fn parked_as(&self, id: ExceptionId) -> Option<&StepId> {
        let is = |record: &Record| matches!(record.status, Status::Parked { exception, .. } if exception == id);
        let mut parked = self.parked();
        parked.find(|(_, record)| is(record)).map(|(step, _)| step)
    }

    /// Whether it is the run itself that waits for a person.
    pub fn is_parked_itself(&self) -> bool {
        matches!(self.frame.status, Status::Parked { .. })
    }

    pub fn halt(&self) -> Option<&Halt> {
        self.halt.as_ref()
    }

    /// Steps in whose middle the daemon may have ended.
    pub fn running(&self) -> impl Iterator<Item = (&StepId, u32)> {
        self.steps
            .iter()
            .filter_map(|(id, record)| match record.status {
                Status::Running { attempt, .. } => Some((id, attempt)),
                _ => None,
            })
    }

    /// How each step that was reached stands.
    pub fn statuses(&self) -> impl Iterator<Item = (&StepId, &Status)> {
        self.steps.iter().map(|(id, record)| (id, &record.status))
    }

    /// The keys that its end gives back, for what they stand for was not done: its own and those
    /// of its steps' effects. A step that was left out gives its key back however the run ended.
    pub fn keys_given_back(&self) -> impl Iterator<Item = (Option<&StepId>, &Key)> {
        let undone = |end: &End| end.outcome != Outcome::Succeeded;
        let undone = self.ended.as_ref().is_some_and(undone) && !self.may_have_acted();
        // What a source told is not told again, whatever became of it.
        let told = matches!(self.created.origin, Origin::Trigger { .. });
        let own = self.claim().filter(|_| undone && !told);
        let own = own.map(|key| (self.item_of().map(|(_, step, _)| step), key));
        let left_out = |record: &Record| {
            let left_out = record.status != Status::Succeeded;
            self.ended.is_some() && left_out && !record.may_have_acted
        };
        let of_steps = self
            .steps
            .iter()
            .filter(move |(_, record)| undone || left_out(record))
            .filter_map(|(id, record)| Some((Some(id), record.key.as_ref()?)));
        own.into_iter().chain(of_steps)
    }

    /// Whether a `once` effect of this run took place, or may have. Of the runs that it made
    /// nothing is known here, so they count.
    pub fn may_have_acted(&self) -> bool {
        let acted = |record: &Record| record.may_have_acted || record.made_runs;
        self.steps.values().map(Arc::as_ref).any(acted)
    }

    /// The same for every attempt of one generation of a step's effect, and for no other.
    pub fn idempotency_key(&self, step: &StepId, generation: u32) -> String {
        let text = format!("{}\0{step}\0{generation}\0{}", self.id, self.created_at);
        Hash::of(text.as_bytes()).as_str()[..32].to_owned()
    }

    pub(super) fn has_step(&self, id: &StepId) -> bool {
        self.step(id).is_some()
    }
}
