//! Whose turn it is under `overlap`.

use jiff::Timestamp;

use super::{Engine, commit::Proposal, live::Live};
use crate::{ids::RunId, plan::Overlap, run::fact::What};

impl Engine {
    /// Lets the oldest run that waits for its turn begin, if it is its turn.
    pub(super) fn admit(&mut self, workflow: &str, now: Timestamp) {
        let overlap = self
            .workflows
            .get(workflow)
            .map_or(Overlap::Queue, |it| it.version.plan.overlap);
        let runs = &self.runs;
        self.queued
            .retain(|id| runs.get(id).is_some_and(Live::is_queued));
        let mut queued: Vec<(u64, RunId)> = self
            .queued
            .iter()
            .filter_map(|id| runs.get(id))
            .filter(|live| live.proposal.is_none())
            .filter(|live| is_root_of(live, workflow))
            .map(|live| (live.run.id.number(), live.run.id.clone()))
            .collect();
        queued.sort();
        for (_, run) in queued {
            if overlap != Overlap::Allow && self.is_at_work(workflow) {
                return;
            }
            self.propose(&run, vec![What::Admitted], now);
        }
    }

    /// Whether a run of this workflow is under way, or about to be.
    pub(super) fn is_at_work(&self, workflow: &str) -> bool {
        self.roots(workflow).any(|live| {
            let admitted =
                live.run.is_admitted() || live.proposal.as_ref().is_some_and(Proposal::admits);
            admitted && !live.rests()
        })
    }

    pub(super) fn roots<'a>(&'a self, workflow: &'a str) -> impl Iterator<Item = &'a Live> {
        self.runs
            .values()
            .filter(move |live| is_root_of(live, workflow))
    }
}

fn is_root_of(live: &Live, workflow: &str) -> bool {
    live.run.parent().is_none() && live.run.version.plan.name == workflow
}
