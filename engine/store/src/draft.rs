//! One batch on its way into the store: which records it writes.
//!
//! In goes a batch, out come the records it changes, or why it may not be
//! written. A draft sees what the batches before it in the same group will have
//! written, so that two batches that touch one counter count right. Nothing is
//! written here: a refused draft is dropped and leaves no trace.

use std::collections::{BTreeMap, HashMap};

use botswain_core::{
    ExceptionId, RunId,
    index::{Batch, Change, Claim, ClaimKey, Exception, State, Summary, Tally},
    plan::Version,
    run::fact::Fact,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    backend::Backend,
    error::{AppendError, ReadError},
    key::{self, Key},
    record,
};

/// Records to write, and to remove (`None`).
pub(crate) type Writes = BTreeMap<Key, Option<Vec<u8>>>;

/// The highest numbers in use, and how many exceptions are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Highest {
    pub(crate) run: u64,
    pub(crate) exception: u64,
    pub(crate) open: u64,
}

/// The record of a claim, which its key alone does not tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claimed {
    pub(crate) key: ClaimKey,
    pub(crate) claim: Claim,
}

/// The record of a schedule's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) workflow: String,
    pub(crate) schedule: String,
    pub(crate) at: Timestamp,
}

/// Batches that are written together.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) writes: Writes,
    /// How many facts each run has, as far as it was asked.
    pub(crate) heads: HashMap<RunId, u64>,
    /// The global number of the next fact.
    pub(crate) next: u64,
}

impl Group {
    /// Takes in the whole batch or, on an error, nothing of it.
    pub(crate) fn append(
        &mut self,
        backend: &dyn Backend,
        batch: &Batch,
    ) -> Result<(), AppendError> {
        let mut draft = Draft::over(backend, self);
        draft.append(batch)?;
        let Draft {
            writes,
            heads,
            next,
            ..
        } = draft;
        self.next = next;
        self.writes.extend(writes);
        self.heads.extend(heads);
        Ok(())
    }

    /// Takes in a version unless the store has it.
    pub(crate) fn put_version(
        &mut self,
        backend: &dyn Backend,
        version: &Version,
    ) -> Result<(), AppendError> {
        let key = key::version(&version.hash());
        let mut draft = Draft::over(backend, self);
        if draft.bytes(&key)?.is_none() {
            draft.put(key, version);
        }
        let writes = draft.writes;
        self.writes.extend(writes);
        Ok(())
    }
}

struct Draft<'a> {
    backend: &'a dyn Backend,
    group: &'a Group,
    writes: Writes,
    heads: HashMap<RunId, u64>,
    next: u64,
}

impl<'a> Draft<'a> {
    fn over(backend: &'a dyn Backend, group: &'a Group) -> Draft<'a> {
        Draft {
            backend,
            group,
            writes: Writes::new(),
            heads: HashMap::new(),
            next: group.next,
        }
    }

    fn append(&mut self, batch: &Batch) -> Result<(), AppendError> {
        let before: Highest = self.get(key::COUNTERS)?.unwrap_or_default();
        let mut highest = before;
        for (run, seq, fact) in &batch.facts {
            self.fact(run, *seq, fact)?;
            highest.run = highest.run.max(run.number());
        }
        for change in &batch.changes {
            self.change(change, &mut highest)?;
        }
        if highest != before {
            self.put(key::COUNTERS.to_vec(), &highest);
        }
        Ok(())
    }

    fn fact(&mut self, run: &RunId, seq: u64, fact: &Fact) -> Result<(), AppendError> {
        let expected = self.head(run)?;
        if seq != expected {
            return Err(AppendError::Sequence {
                run: run.clone(),
                expected,
                found: seq,
            });
        }
        let key = key::fact(run, seq);
        let bytes = record::encode(&key, self.next, fact);
        self.writes.insert(key, Some(bytes));
        self.heads.insert(run.clone(), seq + 1);
        self.next += 1;
        Ok(())
    }

    fn change(&mut self, change: &Change, highest: &mut Highest) -> Result<(), AppendError> {
        match change {
            Change::Run { before, after } => {
                highest.run = highest.run.max(after.id.number());
                self.run(before.as_deref(), after)
            }
            Change::Exception { id, after } => self.exception(*id, after.as_deref(), highest),
            Change::Claim {
                claim,
                after: Some(after),
            } => self.claim(claim, after),
            Change::Claim { claim, after: None } => {
                self.writes.insert(key::claim(claim), None);
                Ok(())
            }
            Change::Fired {
                workflow,
                schedule,
                at,
            } => self.fired(workflow, schedule, *at),
        }
    }

    fn run(&mut self, before: Option<&Summary>, after: &Summary) -> Result<(), AppendError> {
        let key = key::summary(&after.id);
        let stored: Option<Summary> = self.get(&key)?;
        self.check_run(before, stored.as_ref(), after)?;
        if let Some((parent, step, _)) = &after.parent {
            let tally = key::tally(parent, step);
            self.count(tally, stored.as_ref().map(|run| run.state), after.state)?;
        }
        let old = stored.as_ref().map(key::lists).unwrap_or_default();
        let new = key::lists(after);
        for left in old.iter().filter(|list| !new.contains(list)) {
            self.writes.insert(left.clone(), None);
        }
        for joined in new.into_iter().filter(|list| !old.contains(list)) {
            self.put(joined, &after.id);
        }
        self.put(key, after);
        Ok(())
    }

    // What leaves a list must be what entered it, or the lists and counters go wrong for ever.
    fn check_run(
        &self,
        before: Option<&Summary>,
        stored: Option<&Summary>,
        after: &Summary,
    ) -> Result<(), AppendError> {
        let state = |run: Option<&Summary>| run.map(|run| run.state);
        let refuse = |why: String| AppendError::Change {
            run: after.id.clone(),
            why,
        };
        if state(before) != state(stored) {
            let why = format!(
                "it was {:?}, the change says {:?}",
                state(stored),
                state(before)
            );
            return Err(refuse(why));
        }
        if stored.is_some_and(|run| run.parent != after.parent || run.workflow != after.workflow) {
            return Err(refuse("a run keeps its parent and its workflow".to_owned()));
        }
        let head = self.head(&after.id)?;
        if after.facts != head {
            let why = format!("it has {head} facts, its summary says {}", after.facts);
            return Err(refuse(why));
        }
        Ok(())
    }

    fn count(&mut self, key: Key, before: Option<State>, after: State) -> Result<(), AppendError> {
        if before == Some(after) {
            return Ok(());
        }
        let mut tally: Tally = self.get(&key)?.unwrap_or_default();
        if before.is_some_and(|before| counted(&tally, before) == 0) {
            return Err(record::damaged(&key, "counts less than there is").into());
        }
        tally.shift(before, after);
        self.put(key, &tally);
        Ok(())
    }

    fn exception(
        &mut self,
        id: ExceptionId,
        after: Option<&Exception>,
        highest: &mut Highest,
    ) -> Result<(), AppendError> {
        highest.exception = highest.exception.max(id.0);
        let key = key::exception(id);
        let was_open = self.bytes(&key)?.is_some();
        match after {
            Some(exception) => {
                highest.open += u64::from(!was_open);
                self.put(key, exception);
            }
            None => {
                highest.open -= u64::from(was_open);
                self.writes.insert(key, None);
            }
        }
        Ok(())
    }

    fn claim(&mut self, claim: &ClaimKey, after: &Claim) -> Result<(), AppendError> {
        let key = key::claim(claim);
        match self.get::<Claimed>(&key)? {
            Some(first) if first.claim.run != after.run => Err(AppendError::Claimed {
                claim: Box::new(claim.clone()),
                by: first.claim.run,
            }),
            _ => {
                let record = Claimed {
                    key: claim.clone(),
                    claim: after.clone(),
                };
                self.put(key, &record);
                Ok(())
            }
        }
    }

    fn fired(&mut self, workflow: &str, schedule: &str, at: Timestamp) -> Result<(), AppendError> {
        let key = key::fired(workflow, schedule);
        let newest = self.get::<Place>(&key)?.map(|place| place.at);
        if newest.is_none_or(|newest| at > newest) {
            let (workflow, schedule) = (workflow.to_owned(), schedule.to_owned());
            self.put(
                key,
                &Place {
                    workflow,
                    schedule,
                    at,
                },
            );
        }
        Ok(())
    }

    /// How many facts a run has, this batch's so far among them.
    fn head(&self, run: &RunId) -> Result<u64, ReadError> {
        if let Some(head) = self.heads.get(run).or_else(|| self.group.heads.get(run)) {
            return Ok(*head);
        }
        let range = key::below(&key::facts(run));
        let last = self.backend.scan(&range.start..&range.end, 1, true)?;
        match last.first() {
            None => Ok(0),
            Some((key, _)) => match key::seq(key) {
                Some(seq) => Ok(seq + 1),
                None => Err(record::damaged(key, "has no number")),
            },
        }
    }

    fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, ReadError> {
        let bytes = self.bytes(key)?;
        bytes.map(|bytes| record::decode(key, &bytes)).transpose()
    }

    fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        match self.writes.get(key).or_else(|| self.group.writes.get(key)) {
            Some(written) => Ok(written.clone()),
            None => Ok(self.backend.get(key)?),
        }
    }

    fn put(&mut self, key: Key, body: &impl Serialize) {
        let newest = self.next.saturating_sub(1);
        let bytes = record::encode(&key, newest, body);
        self.writes.insert(key, Some(bytes));
    }
}

fn counted(tally: &Tally, state: State) -> u64 {
    match state {
        State::Succeeded => tally.succeeded,
        State::Skipped => tally.skipped,
        State::Failed => tally.failed,
        State::Cancelled => tally.cancelled,
        State::Parked => tally.parked,
        State::Queued | State::Running | State::Waiting => tally.active,
    }
}
