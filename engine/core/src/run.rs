//! One run: a fold over its facts.
//!
//! [`Run::apply`] is the only thing that changes a run, and [`Run::next`] says
//! what should happen to it now. Neither renders a template, reads a clock or
//! asks anybody, so a run that was recovered is the run that was alive.
//!
//! Invariant: a step whose effect is `once` and may have taken place starts
//! again only after a fact said that it had not, or a person did.

mod approval;
mod clock;
pub mod decide;
pub mod fact;
mod frontier;
mod halt;
mod known;
mod next;
mod resolve;
mod step;
mod summary;

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub(crate) use self::approval::{barred, rejection};
use self::fact::{Approval, Created, Fact, Key, Origin, Outcome, What};
pub use self::{halt::Halt, next::Next, resolve::Misfit};
use crate::{
    fault::{Effect, Fault},
    ids::{ExceptionId, Hash, RunId, StepId},
    plan::Version,
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
    /// Shared by the copies on which facts are tried, until one of them changes a step.
    steps: BTreeMap<StepId, Arc<Record>>,
    edits: Edits,
    /// It is being brought to its end.
    halt: Option<Halt>,
    clock: clock::Clock,
    /// A bot has warned of something.
    warned: bool,
    /// Versions that it may be moved to, by hash.
    newer: Vec<(Hash, Arc<Version>)>,
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
    /// Whether its bot says when it is about to act.
    pub announces: bool,
    pub key: Option<Key>,
    /// Counts the different data with which the step was to act.
    pub generation: u32,
    /// What it does next is another effect, whatever its data.
    pub renewed: bool,
    /// When it was first given the data of this generation.
    pub entered: Option<Timestamp>,
    /// Attempts since a person last decided.
    pub tries: u32,
    /// All attempts, so that each has a number of its own; of a `call`, all its runs.
    pub attempts: u32,
    /// Attempts in a row that the daemon's end cut short.
    pub interruptions: u32,
    /// A `once` effect may have taken place and nobody has said otherwise.
    pub may_have_acted: bool,
    /// Items, or runs of another workflow, came of it.
    pub made_runs: bool,
    /// The bot of this attempt has said that it acts.
    pub acting: bool,
    /// The last fault, for the steps that follow from it.
    pub fault: Option<Box<Fault>>,
    pub output: Option<Arc<Payload>>,
    /// When its time-out began to count, and how much of the run's pauses was before.
    opened: Option<(Timestamp, SignedDuration)>,
    /// The milliseconds from then on that a person gave it instead of its time-out.
    more: Option<u64>,
    /// A person does not want to see it before this time.
    pub snoozed: Option<Timestamp>,
    /// Who has taken on what is parked here.
    pub assignee: Option<String>,
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
    /// It is open whether the effect took place, and the world is asked.
    InDoubt(Doubt),
    /// A person has to decide.
    Parked {
        exception: ExceptionId,
        why: Why,
        fault: Box<Fault>,
        since: Timestamp,
    },
    /// A `for_each` whose items are runs of their own.
    Opened {
        list: Arc<Payload>,
        count: u64,
    },
    /// A `call` whose run is under way.
    Called {
        inputs: Arc<Payload>,
    },
    /// Steps below it are done, in the same run.
    Open(Branch),
    Waiting {
        until: Timestamp,
    },
    Succeeded,
    Skipped,
    /// It failed, and the run goes on.
    Failed,
    /// The run was brought to its end before it could end.
    Cancelled,
}

/// How far the question is whether an effect took place.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    pub fault: Box<Fault>,
    /// When the attempt ended.
    pub since: Timestamp,
    /// When the world is asked next.
    pub ask_at: Timestamp,
    /// How often it has said no, not too early to count.
    pub denials: u32,
    /// How often it could not say.
    pub unclear: u32,
}

/// Why a person is needed.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    Fault,
    /// It is open whether the effect took place.
    Doubt,
    Approval {
        approval: Box<Approval>,
        escalated: bool,
        /// Those who have said yes, while more have to.
        approved: Vec<String>,
    },
    /// And how it stood before.
    Overdue(Box<Status>),
    /// A loop or a call cannot read what it needs; it stood like this before.
    Blocked(Box<Status>),
}

/// Which of the steps below a step are done.
#[derive(Clone, Debug, PartialEq)]
pub enum Branch {
    /// All branches of a `parallel`.
    All,
    /// A case of a `switch`; `None` is its default.
    Case(Option<String>),
    /// What an entry of `on_fault` says.
    Handler(u32),
}

impl Status {
    pub fn has_ended(&self) -> bool {
        matches!(
            self,
            Status::Succeeded | Status::Skipped | Status::Failed | Status::Cancelled
        )
    }

    /// Whether it is open if the effect took place.
    pub fn is_in_doubt(&self) -> bool {
        matches!(
            self,
            Status::InDoubt(_)
                | Status::Parked {
                    why: Why::Doubt,
                    ..
                }
        )
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
            return Err(unborn(id, "a run that does not exist", &first.what));
        };
        Ok(Run {
            id,
            version,
            version_hash: created.version.clone(),
            created: Arc::new(created.as_ref().clone()),
            created_at: first.at,
            facts: 1,
            admitted: matches!(created.origin, Origin::Item { .. } | Origin::Call { .. }),
            key: None,
            duplicate_of: None,
            frame: Record::default(),
            steps: BTreeMap::new(),
            edits: Edits::default(),
            halt: None,
            clock: clock::Clock::new(first.at),
            warned: false,
            newer: Vec::new(),
            ended: None,
        })
    }

    /// A run from all its facts. `newer` are the versions to which they moved it, by hash.
    pub fn recover(
        id: RunId,
        version: Arc<Version>,
        newer: &[(Hash, Arc<Version>)],
        facts: &[Fact],
    ) -> Result<Run, Illegal> {
        let Some((first, rest)) = facts.split_first() else {
            return Err(unborn(id, "a run without facts", &What::Admitted));
        };
        let mut run = Run::create(id, version, first)?;
        run.newer.extend_from_slice(newer);
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
            What::Admitted => self.admit(fact)?,
            What::Ended { outcome, output } => self.end_with(*outcome, output, fact.at),
            What::Paused | What::Resumed => self.tick_or_not(fact)?,
            What::Cancelled { .. } => self.cancel(fact)?,
            What::Resolved { .. } => self.resolved(fact)?,
            What::Overdue { step, exception } => self.overdue(step, *exception, fact)?,
            What::Warned { step, attempt, .. } => self.warn(step, *attempt, &fact.what)?,
            What::Failed {
                step, attempt: 0, ..
            } => self.failed_before(step, fact)?,
            What::Entered { step, .. }
            | What::Skipped { step, .. }
            | What::Opened { step, .. }
            | What::Closed { step, .. }
            | What::Forked { step }
            | What::Chose { step, .. }
            | What::Called { step, .. }
            | What::Asked { step, .. }
            | What::Escalated { step }
            | What::Waits { step, .. }
            | What::Started { step, .. }
            | What::Acting { step, .. }
            | What::Succeeded { step, .. }
            | What::Failed { step, .. }
            | What::Interrupted { step, .. }
            | What::Withdrawn { step, .. }
            | What::Verified { step, .. }
            | What::Blocked { step, .. }
            | What::Stopped { step } => self.step_fact(step, fact)?,
        }
        self.facts += 1;
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

    fn admit(&mut self, fact: &Fact) -> Result<(), Illegal> {
        if self.admitted {
            return Err(self.illegal(&fact.what));
        }
        self.admitted = true;
        self.clock.begin(fact.at);
        Ok(())
    }

    /// Changes nothing of what follows.
    fn warn(&mut self, step: &StepId, attempt: u32, what: &What) -> Result<(), Illegal> {
        let record = self.record(step);
        if record.is_none_or(|record| record.attempts < attempt) {
            return Err(self.illegal(what));
        }
        self.warned = true;
        Ok(())
    }

    fn end_with(&mut self, outcome: Outcome, output: &Payload, at: Timestamp) {
        self.ended = Some(End {
            at,
            outcome,
            output: Arc::new(output.clone()),
        });
    }

    fn record_mut(&mut self, step: &StepId, what: &What) -> Result<&mut Record, Illegal> {
        match step == self.frame_id() {
            true => Ok(&mut self.frame),
            false if self.has_step(step) => {
                Ok(Arc::make_mut(self.steps.entry(step.clone()).or_default()))
            }
            false => Err(self.illegal(what)),
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

fn unborn(run: RunId, state: &str, what: &What) -> Illegal {
    Illegal {
        run,
        state: state.to_owned(),
        fact: Box::new(what.clone()),
    }
}

impl Record {
    /// Whether it waits because something of it cannot be read, whatever its data.
    pub fn is_blocked(&self) -> bool {
        let why = match &self.status {
            Status::Parked { why, .. } => Some(why),
            _ => None,
        };
        matches!(why, Some(Why::Blocked(_)))
    }

    /// Back to the beginning of the step, as a person has decided.
    fn again(&mut self) {
        self.status = Status::Pending;
        (self.tries, self.interruptions) = (0, 0);
        self.opened = None;
        // Whoever says "again" says that it has not happened.
        (self.may_have_acted, self.acting) = (false, false);
    }
}
