//! One batch on its way into the store: which records it writes.
//!
//! In goes a batch, out come the records it changes, or why it may not be
//! written. A draft sees what the batches before it in the same group will have
//! written, so that two batches that touch one counter count right. Nothing is
//! written here: a refused draft is dropped and leaves no trace.

use std::collections::{BTreeMap, HashMap};

use botswain_core::{
    ExceptionId, Payload, RunId,
    engine::rebuild::Rebuilt,
    index::{Batch, Change, Claim, ClaimKey, Exception, Mapping, State, Summary, Tally},
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

/// What the backend holds under keys that were looked at, before the group is written.
pub(crate) type Read = HashMap<Key, Option<Vec<u8>>>;

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
    /// What came of it, once the facts that say so were pruned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Payload>,
}

impl Claimed {
    pub(crate) fn of(key: &ClaimKey, claim: &Claim) -> Claimed {
        Claimed {
            key: key.clone(),
            claim: claim.clone(),
            output: None,
        }
    }

    /// Whether it needs no facts any more.
    pub(crate) fn outlives_its_run(&self) -> bool {
        self.output.is_some()
    }
}

/// The record of a schedule's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) workflow: String,
    pub(crate) schedule: String,
    pub(crate) at: Timestamp,
}

/// A correction: what a text stands for in a table of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapped {
    pub table: String,
    pub from: String,
    pub mapping: Mapping,
}

/// Batches that are written together.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) writes: Writes,
    /// How many facts each run has, as far as it was asked.
    pub(crate) heads: HashMap<RunId, u64>,
    /// The global number of the next fact.
    pub(crate) next: u64,
    /// Nobody else writes, so it holds until the group is written, and no longer.
    pub(crate) read: Read,
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
            read,
            ..
        } = draft;
        self.next = next;
        self.read.extend(read);
        self.writes.extend(writes);
        self.heads.extend(heads);
        Ok(())
    }

    /// Takes in records as they are, whatever they are.
    pub(crate) fn put_raw(&mut self, writes: Writes, next: Option<u64>) {
        self.writes.extend(writes);
        self.next = next.unwrap_or(self.next);
    }

    /// Takes in what the index says of a run whose facts are there.
    pub(crate) fn index(
        &mut self,
        backend: &dyn Backend,
        rebuilt: &Rebuilt,
    ) -> Result<(), AppendError> {
        let summary = Change::Run {
            before: None,
            after: Box::new(rebuilt.summary.clone()),
        };
        let exception = rebuilt.exceptions.iter().map(|open| Change::Exception {
            id: open.id,
            after: Some(Box::new(open.clone())),
        });
        let claims = rebuilt.claims.iter().map(|(claim, (by, _))| Change::Claim {
            claim: claim.clone(),
            after: Some(by.clone()),
        });
        let changes = std::iter::once(summary).chain(exception).chain(claims);
        let batch = Batch {
            facts: Vec::new(),
            changes: changes.collect(),
        };
        self.append(backend, &batch)
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
        let (writes, read) = (draft.writes, draft.read);
        self.writes.extend(writes);
        self.read.extend(read);
        Ok(())
    }
}

struct Draft<'a> {
    backend: &'a dyn Backend,
    group: &'a Group,
    writes: Writes,
    heads: HashMap<RunId, u64>,
    next: u64,
    read: Read,
}

impl<'a> Draft<'a> {
    fn over(backend: &'a dyn Backend, group: &'a Group) -> Draft<'a> {
        Draft {
            backend,
            group,
            writes: Writes::new(),
            heads: HashMap::new(),
            next: group.next,
            read: Read::new(),
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
            Change::Pending { pending, open } => {
                let key = key::pending(pending);
                match open {
                    true => self.put(key, pending),
                    false => drop(self.writes.insert(key, None)),
                }
                Ok(())
            }
            Change::Mapping { table, from, after } => {
                self.mapping(table, from, after.as_ref());
                Ok(())
            }
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
        // Its workflow and its parent stay, so only its state moves it.
        if stored.as_ref().map(|run| run.state) != Some(after.state) {
            self.move_between_lists(stored.as_ref(), after);
        }
        self.put(key, after);
        Ok(())
    }

    fn move_between_lists(&mut self, stored: Option<&Summary>, after: &Summary) {
        let old = stored.map(key::lists).unwrap_or_default();
        let new = key::lists(after);
        for left in old.iter().filter(|list| !new.contains(list)) {
            self.writes.insert(left.clone(), None);
        }
        for joined in new.into_iter().filter(|list| !old.contains(list)) {
            self.put(joined, &after.id);
        }
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
                self.put(key, &Claimed::of(claim, after));
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

    fn mapping(&mut self, table: &str, from: &str, after: Option<&Mapping>) {
        let key = key::mapping(table, from);
        match after {
            None => drop(self.writes.insert(key, None)),
            Some(mapping) => {
                let record = Mapped {
                    table: table.to_owned(),
                    from: from.to_owned(),
                    mapping: mapping.clone(),
                };
                self.put(key, &record);
            }
        }
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

    fn get<T: DeserializeOwned>(&mut self, key: &[u8]) -> Result<Option<T>, ReadError> {
        let bytes = self.bytes(key)?;
        bytes.map(|bytes| record::decode(key, bytes)).transpose()
    }

    fn bytes(&mut self, key: &[u8]) -> Result<Option<&[u8]>, ReadError> {
        if let Some(written) = self.writes.get(key).or_else(|| self.group.writes.get(key)) {
            return Ok(written.as_deref());
        }
        if let Some(read) = self.group.read.get(key) {
            return Ok(read.as_deref());
        }
        if !self.read.contains_key(key) {
            let found = self.backend.get(key)?;
            self.read.insert(key.to_vec(), found);
        }
        Ok(self.read.get(key).and_then(Option::as_deref))
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
