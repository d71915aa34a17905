//! Facts that are believed before they are durable: the intent of an attempt that only reads.
//!
//! A step whose effect is `none` changes nothing in the world, so its start need not wait for the
//! disk. It is kept back for a moment and written with what comes next of the run, mostly its
//! outcome, in one append; of a step that takes longer it is written by itself. A crash before
//! that leaves a step that was never begun, as far as anybody knows, and it is begun then.
//!
//! Whether a run was read from the disk because a step of it has ended the daemon, nobody knows.
//! Of such a run each start is waited for, so that one which does it again is counted.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Command, Engine, commit::attempts, event::Ticket};
use crate::{
    fault::Effect,
    ids::{RunId, StepId},
    index::{Change, State, Summary},
    run::{
        Run,
        fact::{Fact, What},
    },
};

/// How long a start is kept back: most reads are answered sooner, and nobody sees the delay.
const KEPT: SignedDuration = SignedDuration::from_millis(25);

/// Facts that are believed and were not given to the store yet.
pub(super) struct Kept {
    /// The number of the first of them, and how the run stood before it.
    pub(super) first: u64,
    pub(super) before: Option<State>,
    pub(super) facts: Vec<Fact>,
    pub(super) changes: Vec<Change>,
    until: Timestamp,
}

/// Facts that are believed and on their way to the disk.
pub(super) struct Ahead {
    ticket: Ticket,
    facts: Vec<Fact>,
    after: Arc<Summary>,
}

/// Whether nobody but us could tell that these facts were lost.
fn may_be_lost(run: &Run, facts: &[Fact]) -> bool {
    let reads = |fact: &Fact| match &fact.what {
        What::Entered { effect, key, .. } => *effect == Effect::None && key.is_none(),
        What::Started { step, .. } => run
            .record(step)
            .is_some_and(|record| record.effect == Effect::None && record.key.is_none()),
        _ => false,
    };
    facts.iter().all(reads)
}

impl Engine {
    /// Whether these facts need not be durable before what follows from them.
    pub(super) fn believes(&self, run: &Run, facts: &[Fact]) -> bool {
        let live = self.runs.get(&run.id);
        !self.stopping && live.is_some_and(|it| !it.is_read) && may_be_lost(run, facts)
    }

    /// Whether this attempt begins only when its start is durable, which it is not yet: what is told
    /// of it cannot be of it.
    pub(super) fn is_to_begin(&self, run: &RunId, step: &StepId, attempt: u32) -> bool {
        let live = self.runs.get(run);
        let proposal = live.and_then(|live| live.proposal.as_ref());
        proposal.is_some_and(|it| it.begins(step, attempt))
    }

    /// Takes the run as it will be for what it is, and keeps its facts back.
    pub(super) fn believe(
        &mut self,
        (first, before): (u64, Option<State>),
        run: Run,
        facts: Vec<Fact>,
        changes: Vec<Change>,
    ) {
        self.commands.extend(attempts(&run, &facts));
        let live = self.runs.get_mut(&run.id);
        let live = live.expect("the run is in memory");
        let kept = live.kept.get_or_insert_with(|| {
            let begun = facts.first().map_or(Timestamp::MAX, |fact| fact.at);
            let until = begun.saturating_add(KEPT).unwrap_or(begun);
            self.kept.insert((until, run.id.clone()));
            Kept {
                first,
                before,
                facts: Vec::new(),
                changes: Vec::new(),
                until,
            }
        });
        kept.facts.extend(facts);
        kept.changes.extend(changes);
        live.run = run;
    }

    /// What is kept back of a run, to be written with what comes next.
    pub(super) fn take_kept(&mut self, id: &RunId) -> Option<Kept> {
        let kept = self.runs.get_mut(id)?.kept.take()?;
        self.kept.remove(&(kept.until, id.clone()));
        Some(kept)
    }

    /// Writes what was kept back for long enough; the clock may have been set back meanwhile.
    pub(super) fn write_kept(&mut self, now: Timestamp) {
        let latest = now.saturating_add(KEPT).unwrap_or(now);
        while let Some((until, id)) = self.kept.first()
            && *until <= now
        {
            let id = id.clone();
            self.write_kept_of(&id);
        }
        while let Some((until, id)) = self.kept.last()
            && *until > latest
        {
            let id = id.clone();
            self.write_kept_of(&id);
        }
    }

    /// Writes whatever is kept back.
    pub(super) fn write_all_kept(&mut self) {
        while let Some((_, id)) = self.kept.first() {
            let id = id.clone();
            self.write_kept_of(&id);
        }
    }

    pub(super) fn write_kept_of(&mut self, id: &RunId) {
        let Some(kept) = self.take_kept(id) else {
            return;
        };
        let Some(live) = self.runs.get(id) else {
            return;
        };
        let after = Arc::new(live.run.summary());
        let ticket = self.write(
            (id, kept.first),
            kept.facts.iter(),
            kept.changes,
            (kept.before, &after),
        );
        if let Some(live) = self.runs.get_mut(id) {
            live.ahead.push_back(Ahead {
                ticket,
                facts: kept.facts,
                after,
            });
        }
    }

    /// Whether this append was believed before; whoever watches is told now.
    pub(super) fn is_caught_up(&mut self, ticket: Ticket, run: &RunId) -> bool {
        let Some(live) = self.runs.get_mut(run) else {
            return false;
        };
        let Some(ahead) = live.ahead.pop_front_if(|ahead| ahead.ticket == ticket) else {
            return false;
        };
        self.commands.push(Command::Committed {
            run: run.clone(),
            facts: ahead.facts,
            summary: ahead.after,
        });
        true
    }
}
