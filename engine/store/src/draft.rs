//! One batch on its way into the store: which records it writes.
//!
//! In goes a batch, out come the records it changes, or why it may not be
//! written. A draft sees what the batches before it in the same group will have
//! written, so that two batches that touch one counter count right. Nothing is
//! written here: a refused draft is dropped and leaves no trace.

pub(crate) mod head;
mod queue;
pub(crate) mod ready;
mod run;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, hash_map},
    sync::Arc,
};

use botswain_core::{
    Payload, RunId,
    engine::rebuild::Rebuilt,
    index::{Batch, Change, Claim, ClaimKey, Mapping, Reached},
    plan::Version,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use self::{
    head::Head,
    ready::{Ready, ReadyChange},
};
use crate::{
    backend::Backend,
    error::{AppendError, ReadError},
    key::{self, Key},
    record::{self, Trace, Unnumbered},
};

/// Records to write as they are, and to remove (`None`).
pub(crate) type Writes = BTreeMap<Key, Option<Vec<u8>>>;

/// A record to write, or to remove (`None`).
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) before: Before,
    pub(crate) after: Option<Vec<u8>>,
}

/// What lies under a key before its group is written. Nobody else writes, so it holds until then.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Before {
    Unread,
    Known(Option<Trace>),
}

/// A record as it is now, and what lies under its key before the group.
type Found<'d> = (Option<Cow<'d, [u8]>>, Before);

/// Most batches write fewer records.
const RECORDS: usize = 12;

/// Nothing lies there.
const NOTHING: Before = Before::Known(None);

/// What a group writes.
#[derive(Debug, Default)]
pub(crate) struct Drafted(pub(crate) HashMap<Key, Written>);

impl Drafted {
    fn put(&mut self, key: Key, written: Written) {
        match self.0.entry(key) {
            // What lay there before the first of several writes is what the backend holds.
            hash_map::Entry::Occupied(mut first) => first.get_mut().after = written.after,
            hash_map::Entry::Vacant(place) => drop(place.insert(written)),
        }
    }

    fn extend(&mut self, later: impl IntoIterator<Item = (Key, Written)>) {
        for (key, written) in later {
            self.put(key, written);
        }
    }
}

/// The counters before a group, and as its batches have left them so far.
#[derive(Clone, Copy, Debug)]
struct Counting {
    lies: Before,
    before: Highest,
    now: Highest,
}

/// The highest numbers in use, and how many exceptions are open.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mapped {
    pub table: String,
    pub from: String,
    pub mapping: Mapping,
}

/// Batches that are written together.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) writes: Drafted,
    /// What is known of runs that have not ended.
    pub(crate) heads: HashMap<RunId, Head>,
    /// The global number of the next fact.
    pub(crate) next: u64,
    /// Written once, however many batches count.
    counting: Option<Counting>,
    ended: Vec<RunId>,
}

impl Group {
    /// Of nothing so far; what it is to write goes into `writes`, which are empty.
    pub(crate) fn new(heads: HashMap<RunId, Head>, next: u64, writes: Drafted) -> Group {
        Group {
            heads,
            next,
            writes,
            ..Group::default()
        }
    }

    /// Takes in the whole batch or, on an error, nothing of it.
    pub(crate) fn append(
        &mut self,
        backend: &dyn Backend,
        batch: &Ready,
    ) -> Result<(), AppendError> {
        let mut draft = Draft::over(backend, self);
        let counting = draft.append(batch)?;
        let Draft {
            writes,
            heads,
            next,
            ended,
            ..
        } = draft;
        self.next = next;
        self.counting = Some(counting);
        self.writes.extend(writes);
        self.heads.extend(heads);
        self.ended.extend(ended);
        Ok(())
    }

    /// Takes in records as they are, whatever they are.
    pub(crate) fn put_raw(&mut self, writes: Writes, next: Option<u64>) {
        self.put_counters();
        let unread = |(key, after)| {
            let before = Before::Unread;
            (key, Written { before, after })
        };
        self.writes.extend(writes.into_iter().map(unread));
        // Summaries may be among them.
        for head in self.heads.values_mut() {
            (head.is_new, head.stands) = (false, None);
        }
        self.next = next.unwrap_or(self.next);
    }

    /// Makes it ready to be written: nothing is drafted any more.
    pub(crate) fn close(&mut self) {
        self.put_counters();
        // No fact follows the last one, so nothing has to be known.
        for run in self.ended.drain(..) {
            self.heads.remove(&run);
        }
    }

    fn put_counters(&mut self) {
        if let Some(counting) = self.counting.take()
            && counting.now != counting.before
        {
            let key = key::COUNTERS.to_vec();
            let after = Some(encoded(&key, self.next, &counting.now));
            let before = counting.lies;
            self.writes.put(key, Written { before, after });
        }
    }

    /// Takes in what the index says of a run whose facts are there.
    pub(crate) fn index(
        &mut self,
        backend: &dyn Backend,
        rebuilt: &Rebuilt,
    ) -> Result<(), AppendError> {
        let summary = Change::Run {
            before: None,
            after: Arc::new(rebuilt.summary.clone()),
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
        self.append(backend, &Ready::of(batch))
    }

    /// Takes in a version unless the store has it.
    pub(crate) fn put_version(
        &mut self,
        backend: &dyn Backend,
        version: &Version,
    ) -> Result<(), AppendError> {
        let key = key::version(&version.hash());
        let mut draft = Draft::over(backend, self);
        let (is_there, lies) = draft.lies(&key)?;
        if !is_there {
            draft.put(key, lies, version);
        }
        let writes = draft.writes;
        self.writes.extend(writes);
        Ok(())
    }
}

struct Draft<'a> {
    backend: &'a dyn Backend,
    group: &'a Group,
    /// In their order: a batch is of one run and writes little.
    writes: Vec<(Key, Written)>,
    heads: Vec<(RunId, Head)>,
    next: u64,
    ended: Vec<RunId>,
}

impl<'a> Draft<'a> {
    fn over(backend: &'a dyn Backend, group: &'a Group) -> Draft<'a> {
        Draft {
            backend,
            group,
            writes: Vec::with_capacity(RECORDS),
            heads: Vec::new(),
            next: group.next,
            ended: Vec::new(),
        }
    }

    /// Gives the counters as they are after it.
    fn append(&mut self, batch: &Ready) -> Result<Counting, AppendError> {
        let mut counting = self.counting()?;
        let highest = &mut counting.now;
        for (run, seq, place) in &batch.facts {
            let record = (&batch.records, place.clone());
            self.fact(run, *seq, record, highest)?;
        }
        for change in &batch.changes {
            match change {
                ReadyChange::Run {
                    before,
                    after,
                    record,
                } => {
                    highest.run = highest.run.max(after.id.number());
                    self.run(*before, after, (&batch.records, record.clone()))?;
                }
                ReadyChange::Other(change) => self.change(change, highest)?,
            }
        }
        Ok(counting)
    }

    fn counting(&self) -> Result<Counting, ReadError> {
        if let Some(counting) = self.group.counting {
            return Ok(counting);
        }
        let (stored, lies) = self.get(key::COUNTERS)?;
        let before = stored.unwrap_or_default();
        Ok(Counting {
            lies,
            before,
            now: before,
        })
    }

    fn fact(
        &mut self,
        run: &RunId,
        seq: u64,
        (records, place): (&Unnumbered, record::Place),
        highest: &mut Highest,
    ) -> Result<(), AppendError> {
        let number = run.number();
        if number > highest.run {
            // Nobody has had its number yet.
            self.know(run, Head::default());
            highest.run = number;
        }
        let next = self.next;
        let head = self.head(run)?;
        if seq != head.facts {
            return Err(AppendError::Sequence {
                run: run.clone(),
                expected: head.facts,
                found: seq,
            });
        }
        head.facts += 1;
        head.is_new |= seq == 0;
        let key = key::fact(run, seq);
        let after = Some(records.numbered(place, &key, next));
        // As many facts are there as were counted.
        let before = NOTHING;
        self.writes.push((key, Written { before, after }));
        self.next += 1;
        Ok(())
    }

    fn change(&mut self, change: &Change, highest: &mut Highest) -> Result<(), AppendError> {
        match change {
            Change::Run { .. } => unreachable!("it comes with its record"),
            Change::Exception { id, after } => self.exception(*id, after.as_deref(), highest),
            Change::Claim {
                claim,
                after: Some(after),
            } => self.claim(claim, after),
            Change::Claim { claim, after: None } => {
                self.remove(key::claim(claim), Before::Unread);
                Ok(())
            }
            Change::Fired {
                workflow,
                schedule,
                at,
            } => self.fired(workflow, schedule, *at),
            Change::Reached(reached) => self.reached(reached),
            Change::Pending { pending, open } => {
                let key = key::pending(pending);
                match open {
                    true => self.put(key, Before::Unread, pending),
                    false => self.remove(key, Before::Unread),
                }
                Ok(())
            }
            Change::Mapping { table, from, after } => {
                self.mapping(table, from, after.as_ref());
                Ok(())
            }
        }
    }

    fn claim(&mut self, claim: &ClaimKey, after: &Claim) -> Result<(), AppendError> {
        let key = key::claim(claim);
        let (found, lies) = self.get::<Claimed>(&key)?;
        match found {
            Some(first) if first.claim.run != after.run => Err(AppendError::Claimed {
                claim: Box::new(claim.clone()),
                by: first.claim.run,
            }),
            _ => {
                self.put(key, lies, &Claimed::of(claim, after));
                Ok(())
            }
        }
    }

    fn fired(&mut self, workflow: &str, schedule: &str, at: Timestamp) -> Result<(), AppendError> {
        let key = key::fired(workflow, schedule);
        let (newest, lies) = self.get::<Place>(&key)?;
        let newest = newest.map(|place| place.at);
        if newest.is_none_or(|newest| at > newest) {
            let (workflow, schedule) = (workflow.to_owned(), schedule.to_owned());
            self.put(
                key,
                lies,
                &Place {
                    workflow,
                    schedule,
                    at,
                },
            );
        }
        Ok(())
    }

    fn reached(&mut self, after: &Reached) -> Result<(), AppendError> {
        let key = key::reached(after);
        let (before, lies) = self.get::<Reached>(&key)?;
        if before.is_none_or(|before| after.number > before.number) {
            self.put(key, lies, after);
        }
        Ok(())
    }

    fn mapping(&mut self, table: &str, from: &str, after: Option<&Mapping>) {
        let key = key::mapping(table, from);
        match after {
            None => self.remove(key, Before::Unread),
            Some(mapping) => {
                let record = Mapped {
                    table: table.to_owned(),
                    from: from.to_owned(),
                    mapping: mapping.clone(),
                };
                self.put(key, Before::Unread, &record);
            }
        }
    }

    /// What is known of a run, this batch's facts so far among them.
    fn head(&mut self, run: &RunId) -> Result<&mut Head, ReadError> {
        let known = self.heads.iter().position(|(id, _)| id == run);
        let nth = match known {
            Some(nth) => nth,
            None => {
                let head = match self.group.heads.get(run) {
                    Some(head) => head.clone(),
                    None => self.read_head(run)?,
                };
                self.heads.push((run.clone(), head));
                self.heads.len() - 1
            }
        };
        Ok(&mut self.heads[nth].1)
    }

    fn read_head(&self, run: &RunId) -> Result<Head, ReadError> {
        let range = key::below(&key::facts(run));
        let last = self.backend.scan(&range.start..&range.end, 1, true)?;
        let facts = match last.first() {
            None => 0,
            Some((key, _)) => match key::seq(key) {
                Some(seq) => seq + 1,
                None => return Err(record::damaged(key, "has no number")),
            },
        };
        Ok(Head {
            facts,
            ..Head::default()
        })
    }

    fn know(&mut self, run: &RunId, head: Head) {
        match self.heads.iter_mut().find(|(id, _)| id == run) {
            Some((_, known)) => *known = head,
            None => self.heads.push((run.clone(), head)),
        }
    }

    /// What a record says, and what lies under its key before the group.
    fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<(Option<T>, Before), ReadError> {
        let (found, lies) = self.find(key)?;
        let decoded = found.map(|bytes| record::decode(key, &bytes));
        Ok((decoded.transpose()?, lies))
    }

    /// Whether there is a record.
    fn lies(&self, key: &[u8]) -> Result<(bool, Before), ReadError> {
        let (found, lies) = self.find(key)?;
        Ok((found.is_some(), lies))
    }

    fn find(&self, key: &[u8]) -> Result<Found<'_>, ReadError> {
        let own = self.writes.iter().rev().find(|(own, _)| own == key);
        let group = || self.group.writes.0.get(key);
        if let Some(written) = own.map(|(_, written)| written).or_else(group) {
            let after = written.after.as_deref().map(Cow::Borrowed);
            return Ok((after, written.before));
        }
        let found = self.backend.get(key)?;
        let lies = Before::Known(found.as_ref().map(|bytes| Trace::of(key, bytes)));
        Ok((found.map(Cow::Owned), lies))
    }

    fn put(&mut self, key: Key, before: Before, body: &impl Serialize) {
        let after = Some(encoded(&key, self.next, body));
        self.writes.push((key, Written { before, after }));
    }

    fn remove(&mut self, key: Key, before: Before) {
        let after = None;
        self.writes.push((key, Written { before, after }));
    }
}

/// A record that is no fact, with the number of the newest one.
fn encoded(key: &[u8], next: u64, body: &impl Serialize) -> Vec<u8> {
    record::encode(key, newest(next), body)
}

fn newest(next: u64) -> u64 {
    next.saturating_sub(1)
}
