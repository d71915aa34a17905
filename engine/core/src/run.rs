//! One run: a fold over its facts.
//!
//! [`Run::apply`] is the only thing that changes a run, and [`Run::next`] says
//! what should happen to it now. Neither renders a template, reads a clock or
//! asks anybody, so a run that was recovered is the run that was alive.
//!
//! Invariant: a step whose effect is `once` and may have taken place starts
//! again only after a fact said that it had not, or a person did.

pub mod decide;
pub mod fact;
mod next;
mod summary;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;

use self::fact::{Created, Edit, Fact, Key, Origin, Outcome, Resolution, Verdict, What};
pub use self::next::Next;
use crate::{
    fault::{Effect, Fault, Reach},
    ids::{ExceptionId, Hash, RunId, StepId},
    plan::{ForEach, Kind, Step, Version},
    value::Payload,
};

#[derive(Clone, Debug)]
pub struct Run {
    pub id: RunId,
    pub version: Arc<Version>,
    /// The hash of `version`.
    pub version_hash: Hash,
    pub created: Arc<Created>,
    pub created_at: Timestamp,
    /// How many facts it has: the sequence number of the next.
    pub facts: u64,
    /// Whether its turn has come under `overlap`. Items are admitted with their parent.
    admitted: bool,
    /// The key that was granted, or found to belong to another run.
    key: Option<Key>,
    duplicate_of: Option<RunId>,
    /// The run's own troubles: a key in conflict, inputs or a collection that cannot be had.
    frame: Record,
    steps: BTreeMap<StepId, Record>,
    edits: Edits,
    /// A person gave it up; what remains is its end.
    abandoned: bool,
    ended: Option<End>,
}

/// How and when a run ended, and what it leaves to the run that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub at: Timestamp,
    pub outcome: Outcome,
    pub output: Arc<Payload>,
}

/// What a person has corrected in this run so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edits {
    pub item: IndexMap<String, Value>,
    pub inputs: IndexMap<String, Value>,
    pub with: BTreeMap<StepId, IndexMap<String, Value>>,
}

/// What is known of one step.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub status: Status,
    /// The rendered parameters, with edits applied.
    pub with: Option<Arc<Payload>>,
    pub effect: Effect,
    pub key: Option<Key>,
    /// Counts the different data with which the step was to act.
    pub generation: u32,
    /// When it was first given the data of this generation.
    pub entered: Option<Timestamp>,
    /// Attempts since a person last decided.
    pub tries: u32,
    /// All attempts, so that each has a number of its own.
    pub attempts: u32,
    /// Attempts in a row that the daemon's end cut short.
    pub interruptions: u32,
    /// A `once` effect may have taken place and nobody has said otherwise.
    pub may_have_acted: bool,
    pub output: Option<Arc<Payload>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Status {
    #[default]
    Pending,
    /// Its parameters are known; it starts when `not_before` has come.
    Ready {
        not_before: Option<Timestamp>,
    },
    Running {
        attempt: u32,
        since: Timestamp,
    },
    /// A person has to decide; `doubt` when it is open whether the effect took place.
    Parked {
        exception: ExceptionId,
        doubt: bool,
        fault: Box<Fault>,
        since: Timestamp,
    },
    /// A `for_each` whose items are runs of their own.
    Opened {
        list: Arc<Payload>,
        count: u64,
    },
    Succeeded,
    Skipped,
}

impl Status {
    pub fn has_ended(&self) -> bool {
        matches!(self, Status::Succeeded | Status::Skipped)
    }
}

/// A fact that cannot have happened to this run. It is refused and never written.
#[derive(Clone, Debug, thiserror::Error)]
#[error("run {run}: {fact:?} does not fit {state}")]
pub struct Illegal {
    pub run: RunId,
    pub state: String,
    pub fact: Box<What>,
}

impl Run {
    /// A run from its first fact.
    pub fn create(id: RunId, version: Arc<Version>, first: &Fact) -> Result<Run, Illegal> {
        let What::Created(created) = &first.what else {
            let (state, fact) = (
                "a run that does not exist".to_owned(),
                Box::new(first.what.clone()),
            );
            return Err(Illegal {
                run: id,
                state,
                fact,
            });
        };
        Ok(Run {
            id,
            version,
            version_hash: created.version.clone(),
            created: Arc::new(created.as_ref().clone()),
            created_at: first.at,
            facts: 1,
            admitted: matches!(created.origin, Origin::Item { .. }),
            key: None,
            duplicate_of: None,
            frame: Record::default(),
            steps: BTreeMap::new(),
            edits: Edits::default(),
            abandoned: false,
            ended: None,
        })
    }

    /// A run from all its facts.
    pub fn recover(id: RunId, version: Arc<Version>, facts: &[Fact]) -> Result<Run, Illegal> {
        let Some((first, rest)) = facts.split_first() else {
            let fact = Box::new(What::Admitted);
            return Err(Illegal {
                run: id,
                state: "a run without facts".to_owned(),
                fact,
            });
        };
        let mut run = Run::create(id, version, first)?;
        for fact in rest {
            run.apply(fact)?;
        }
        Ok(run)
    }

    /// Believes a fact. After an error the run is what it was only if it was a copy.
    pub fn apply(&mut self, fact: &Fact) -> Result<(), Illegal> {
        if self.ended.is_some() {
            return Err(self.illegal(&fact.what));
        }
        match &fact.what {
            What::Created(_) => return Err(self.illegal(&fact.what)),
            What::Claimed { key } => self.claimed(key, None, &fact.what)?,
            What::Duplicate { key, of } => self.claimed(key, Some(of), &fact.what)?,
            What::Admitted => match self.admitted {
                false => self.admitted = true,
                true => return Err(self.illegal(&fact.what)),
            },
            What::Ended { outcome, output } => {
                let output = Arc::new(output.clone());
                self.ended = Some(End {
                    at: fact.at,
                    outcome: *outcome,
                    output,
                });
            }
            What::Resolved {
                step,
                exception,
                resolution,
                ..
            } => {
                self.resolved(step, *exception, resolution, &fact.what)?;
            }
            What::Failed {
                step,
                attempt: 0,
                fault,
                then,
            } => {
                let record = self.record_mut(step, &fact.what)?;
                match (&record.status, verdict_status(then, fault, fact.at)) {
                    (Status::Pending, parked @ Status::Parked { .. }) => record.status = parked,
                    _ => return Err(self.illegal(&fact.what)),
                }
            }
            What::Entered { step, .. }
            | What::Skipped { step, .. }
            | What::Opened { step, .. }
            | What::Closed { step, .. }
            | What::Started { step, .. }
            | What::Succeeded { step, .. }
            | What::Failed { step, .. }
            | What::Interrupted { step, .. } => self.step_fact(step, fact)?,
        }
        self.facts += 1;
        Ok(())
    }

    /// The transitions of one step: its status and the fact give the next status.
    fn step_fact(&mut self, step: &StepId, fact: &Fact) -> Result<(), Illegal> {
        let illegal = self.illegal(&fact.what);
        if !self.has_step(step) {
            return Err(illegal);
        }
        let record = self.steps.entry(step.clone()).or_default();
        let next = match (&record.status, &fact.what) {
            (
                Status::Pending,
                What::Entered {
                    with,
                    effect,
                    key,
                    generation,
                    ..
                },
            ) => {
                record.with = Some(Arc::new(with.clone()));
                if record.generation != *generation {
                    record.entered = Some(fact.at);
                }
                (record.effect, record.generation) = (*effect, *generation);
                record.key = key.clone();
                Status::Ready { not_before: None }
            }
            (Status::Pending, What::Skipped { why, .. }) => {
                record.output = Some(Arc::new(match why {
                    fact::Skip::Duplicate { output, .. } => output.clone(),
                    fact::Skip::Condition | fact::Skip::Resolution => Payload::NULL,
                }));
                Status::Skipped
            }
            (Status::Pending, What::Opened { list, count, .. }) => Status::Opened {
                list: Arc::new(list.clone()),
                count: *count,
            },
            (Status::Opened { .. }, What::Closed { output, .. }) => {
                record.output = Some(Arc::new(output.clone()));
                Status::Succeeded
            }
            (Status::Ready { .. }, What::Started { attempt, .. })
                if *attempt == record.attempts + 1 =>
            {
                record.attempts += 1;
                record.tries += 1;
                record.may_have_acted |= record.effect == Effect::Once;
                Status::Running {
                    attempt: *attempt,
                    since: fact.at,
                }
            }
            (
                Status::Running { attempt: now, .. },
                What::Succeeded {
                    attempt, output, ..
                },
            ) if now == attempt => {
                record.output = Some(Arc::new(output.clone()));
                Status::Succeeded
            }
            (
                Status::Running { attempt: now, .. },
                What::Failed {
                    attempt,
                    fault,
                    then,
                    ..
                },
            ) if now == attempt => {
                record.interruptions = 0;
                record.may_have_acted &= fault.effect == Reach::Unknown;
                verdict_status(then, fault, fact.at)
            }
            (Status::Running { attempt: now, .. }, What::Interrupted { attempt, then, .. })
                if now == attempt =>
            {
                record.interruptions += 1;
                verdict_status(then, &decide::interruption(record.effect), fact.at)
            }
            // An attempt that was given up, in doubt, answers after all: that settles it.
            (
                Status::Parked { doubt: true, .. },
                What::Succeeded {
                    attempt, output, ..
                },
            ) if *attempt == record.attempts => {
                record.output = Some(Arc::new(output.clone()));
                Status::Succeeded
            }
            _ => return Err(illegal),
        };
        record.status = next;
        Ok(())
    }

    fn claimed(&mut self, key: &Key, other: Option<&RunId>, what: &What) -> Result<(), Illegal> {
        if self.key.is_some() || self.frame.status != Status::Pending {
            return Err(self.illegal(what));
        }
        self.key = Some(key.clone());
        self.duplicate_of = other.cloned();
        Ok(())
    }

    fn resolved(
        &mut self,
        step: &StepId,
        exception: ExceptionId,
        resolution: &Resolution,
        what: &What,
    ) -> Result<(), Illegal> {
        let (illegal, whole) = (self.illegal(what), step == self.frame_id());
        let record = self.record_mut(step, what)?;
        match &record.status {
            Status::Parked {
                exception: open, ..
            } if *open == exception => (),
            _ => return Err(illegal),
        }
        match resolution {
            Resolution::Retry | Resolution::Edit(_) => record.again(),
            Resolution::Skip => {
                record.output = Some(Arc::new(Payload::NULL));
                record.status = Status::Skipped;
            }
            Resolution::Happened { output } if !whole => {
                record.may_have_acted |= record.effect == Effect::Once;
                record.output = Some(Arc::new(output.clone()));
                record.status = Status::Succeeded;
            }
            Resolution::Happened { .. } => return Err(illegal),
            Resolution::Abandon => record.status = Status::Skipped,
        }
        match resolution {
            Resolution::Edit(edit) => self.edit(step, edit),
            Resolution::Abandon => self.abandoned = true,
            _ => (),
        }
        Ok(())
    }

    fn edit(&mut self, step: &StepId, edit: &Edit) {
        let (into, from) = match edit {
            Edit::Item(from) => (&mut self.edits.item, from),
            Edit::Inputs(from) => (&mut self.edits.inputs, from),
            Edit::With(from) => (self.edits.with.entry(step.clone()).or_default(), from),
        };
        into.extend(from.iter().map(|(key, value)| (key.clone(), value.clone())));
    }

    fn record_mut(&mut self, step: &StepId, what: &What) -> Result<&mut Record, Illegal> {
        let illegal = self.illegal(what);
        match step == self.frame_id() {
            true => Ok(&mut self.frame),
            false if self.has_step(step) => Ok(self.steps.entry(step.clone()).or_default()),
            false => Err(illegal),
        }
    }

    fn illegal(&self, what: &What) -> Illegal {
        let state = format!("{:?} {:?}", self.frame.status, self.steps);
        Illegal {
            run: self.id.clone(),
            state,
            fact: Box::new(what.clone()),
        }
    }
}

/// What others may know of a run.
impl Run {
    /// The steps it goes through: the workflow's, or those of the `for_each` that made it.
    pub fn body(&self) -> &[Step] {
        self.version
            .plan
            .body(self.parent().map(|(_, step, _)| step))
    }

    /// The run, the `for_each` and the place in its list that made this one.
    pub fn parent(&self) -> Option<(&RunId, &StepId, u64)> {
        match &self.created.origin {
            Origin::Item {
                parent,
                step,
                index,
                ..
            } => Some((parent, step, *index)),
            Origin::Person { .. } | Origin::Trigger { .. } => None,
        }
    }

    /// The `for_each` that made this run.
    pub fn loop_of(&self) -> Option<&ForEach> {
        let (_, step, _) = self.parent()?;
        match &self.version.plan.step(step)?.kind {
            Kind::ForEach(each) => Some(each),
            Kind::Bot(_) => None,
        }
    }

    /// The name under which the run itself is parked: that of its `for_each`, or `run`.
    pub fn frame_id(&self) -> &StepId {
        static WHOLE: LazyLock<StepId> = LazyLock::new(|| StepId::new("run"));
        self.parent().map_or(&WHOLE, |(_, step, _)| step)
    }

    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.body().iter().find(|step| step.id == *id)
    }

    /// What is known of a step; nothing yet when it has not been reached.
    pub fn record(&self, step: &StepId) -> Option<&Record> {
        match step == self.frame_id() {
            true => Some(&self.frame),
            false => self.steps.get(step),
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

    /// The step at which it is parked, and that step's record.
    pub fn parked(&self) -> Option<(&StepId, &Record)> {
        let frame = std::iter::once((self.frame_id(), &self.frame));
        frame
            .chain(&self.steps)
            .find(|(_, record)| matches!(record.status, Status::Parked { .. }))
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
        let own = self.claim().filter(|_| undone);
        let own = own.map(|key| (self.parent().map(|(_, step, _)| step), key));
        let left_out = |record: &Record| {
            self.ended.is_some() && record.status == Status::Skipped && !record.may_have_acted
        };
        let of_steps = self
            .steps
            .iter()
            .filter(move |(_, record)| undone || left_out(record))
            .filter_map(|(id, record)| Some((Some(id), record.key.as_ref()?)));
        own.into_iter().chain(of_steps)
    }

    /// Whether a `once` effect of this run took place, or may have.
    pub fn may_have_acted(&self) -> bool {
        self.steps.values().any(|record| record.may_have_acted)
    }

    /// The same for every attempt of one generation of a step's effect, and for no other.
    pub fn idempotency_key(&self, step: &StepId, generation: u32) -> String {
        let text = format!("{}\0{step}\0{generation}\0{}", self.id, self.created_at);
        Hash::of(text.as_bytes()).as_str()[..32].to_owned()
    }

    fn has_step(&self, id: &StepId) -> bool {
        self.step(id).is_some()
    }
}

impl Record {
    /// Back to the beginning of the step, as a person has decided.
    fn again(&mut self) {
        self.status = Status::Pending;
        (self.tries, self.interruptions) = (0, 0);
        // Whoever says "again" says that it has not happened.
        self.may_have_acted = false;
    }
}

fn verdict_status(verdict: &Verdict, fault: &Fault, at: Timestamp) -> Status {
    let parked = |exception: ExceptionId, doubt: bool| Status::Parked {
        exception,
        doubt,
        fault: Box::new(fault.clone()),
        since: at,
    };
    match verdict {
        Verdict::Retry { at } => Status::Ready {
            not_before: Some(*at),
        },
        Verdict::Park { exception } => parked(*exception, false),
        Verdict::Doubt { exception } => parked(*exception, true),
    }
}
