//! Facts that are believed before they are durable: the intent of an attempt that only reads.
//!
//! A step whose effect is `none` changes nothing in the world, so its start need not wait for the
//! disk. Its append is given before the attempt, and what follows from the attempt is appended
//! behind it: the store keeps the order, so an outcome is durable only if its start is. A crash
//! in between leaves a step that was never begun, as far as anybody knows, and it is begun then.

use std::sync::Arc;

use super::{Command, Engine, commit::attempts, event::Ticket};
use crate::{
    fault::Effect,
    ids::RunId,
    index::Summary,
    run::{
        Run,
        fact::{Fact, What},
    },
};

/// Facts that are believed and on their way to the disk.
pub(super) struct Ahead {
    ticket: Ticket,
    facts: Vec<Fact>,
    after: Arc<Summary>,
}

/// Whether nobody but us could tell that these facts were lost.
pub(super) fn may_be_believed(run: &Run, facts: &[Fact]) -> bool {
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
    /// Takes the run as it will be for what it is; the append was given.
    pub(super) fn believe(
        &mut self,
        ticket: Ticket,
        run: Run,
        facts: Vec<Fact>,
        after: Arc<Summary>,
    ) {
        self.commands.extend(attempts(&run, &facts));
        let live = self.runs.get_mut(&run.id);
        let live = live.expect("the run is in memory");
        live.run = run;
        live.ahead.push_back(Ahead {
            ticket,
            facts,
            after,
        });
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
