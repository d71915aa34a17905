//! Try on a copy, append, and only then believe.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Command, Engine, Live,
    event::{Call, Reply, RequestId, Ticket, claim_key},
};
use crate::{
    ids::{RunId, StepId},
    index::{Batch, Change, Claim, ClaimKey, Summary},
    plan::{Kind, Version},
    run::{
        Illegal, Run,
        fact::{Fact, What},
    },
};

/// Facts on their way to the disk.
pub(super) struct Proposal {
    ticket: Ticket,
    /// The run as it will be.
    run: Run,
    facts: Vec<Fact>,
    before: Option<Summary>,
    claims: Vec<ClaimKey>,
    request: Option<(RequestId, Reply)>,
}

impl Proposal {
    pub(super) fn admits(&self) -> bool {
        self.run.is_admitted()
    }
}

impl Engine {
    /// Appends facts that follow from the run's own state, so they must fit it.
    pub(super) fn propose(&mut self, id: &RunId, facts: Vec<What>, now: Timestamp) {
        if let Err(illegal) = self.try_propose(id, facts, now) {
            debug_assert!(
                is_stale(&illegal),
                "the engine proposed what cannot be: {illegal}"
            );
        }
    }

    /// Tries facts on a copy of the run and appends them; nothing is written when one is illegal.
    pub(super) fn try_propose(
        &mut self,
        id: &RunId,
        facts: Vec<What>,
        now: Timestamp,
    ) -> Result<(), Illegal> {
        let Some(live) = self.runs.get(id) else {
            return Ok(());
        };
        debug_assert!(
            live.proposal.is_none(),
            "one append of a run is in flight at a time"
        );
        let facts: Vec<Fact> = facts
            .into_iter()
            .map(|what| Fact { at: now, what })
            .collect();
        let mut run = live.run.clone();
        for fact in &facts {
            run.apply(fact)?;
        }
        let before = live.run.clone();
        self.append(Some(&before), run, facts, Vec::new());
        Ok(())
    }

    /// Makes a run. Nothing is known of it before its first batch is durable.
    pub(super) fn create(
        &mut self,
        id: RunId,
        version: Arc<Version>,
        first: Fact,
        rest: Vec<What>,
        changes: Option<Change>,
    ) {
        let at = first.at;
        let mut facts = vec![first];
        facts.extend(rest.into_iter().map(|what| Fact { at, what }));
        let run =
            Run::recover(id.clone(), version, &facts).expect("a new run is made of facts that fit");
        self.runs.insert(id, Live::new(run.clone()));
        self.append(None, run, facts, changes.into_iter().collect());
    }

    fn append(
        &mut self,
        before: Option<&Run>,
        run: Run,
        facts: Vec<Fact>,
        mut changes: Vec<Change>,
    ) {
        let summary = before.map(Run::summary);
        changes.extend(exception_change(before, &run));
        let claims = claim_changes(before, &run, &facts);
        for (claim, after) in &claims {
            match after {
                Some(by) => self.claims.begin(claim, by),
                None => self.claims.durable(claim),
            }
            changes.push(Change::Claim {
                claim: claim.clone(),
                after: after.clone(),
            });
        }
        changes.push(Change::Run {
            before: summary.clone().map(Box::new),
            after: Box::new(run.summary()),
        });
        let first = before.map_or(0, |run| run.facts);
        let numbered = (first..)
            .zip(&facts)
            .map(|(number, fact)| (run.id.clone(), number, fact.clone()));
        let batch = Batch {
            facts: numbered.collect(),
            changes,
        };
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        self.appends.insert(ticket, run.id.clone());
        let id = run.id.clone();
        let claims = claims.into_iter().map(|(claim, _)| claim).collect();
        let proposal = Proposal {
            ticket,
            run,
            facts,
            before: summary,
            claims,
            request: None,
        };
        let live = self.runs.get_mut(&id).expect("the run is in memory");
        live.proposal = Some(proposal);
        live.rested = false;
        self.commands.push(Command::Append { ticket, batch });
    }

    /// Lets a request be answered when the append in flight is durable.
    pub(super) fn answer(&mut self, id: &RunId, request: RequestId) {
        self.answer_with(id, request, Reply::Resolved);
    }

    pub(super) fn answer_with(&mut self, id: &RunId, request: RequestId, reply: Reply) {
        if let Some(proposal) = self
            .runs
            .get_mut(id)
            .and_then(|live| live.proposal.as_mut())
        {
            proposal.request = Some((request, reply));
        }
    }

    /// A batch is durable: the copy takes the run's place, and what follows from it may happen.
    pub(super) fn commit(&mut self, ticket: Ticket, now: Timestamp) {
        let Some(id) = self.appends.remove(&ticket) else {
            return;
        };
        let Some(live) = self.runs.get_mut(&id) else {
            return;
        };
        let Some(proposal) = live.proposal.take_if(|proposal| proposal.ticket == ticket) else {
            return;
        };
        let Proposal {
            run,
            facts,
            before,
            claims,
            request,
            ..
        } = proposal;
        live.run = run;
        let after = live.run.summary();
        let opened = live
            .run
            .exception()
            .filter(|_| facts.iter().any(|fact| parks(&fact.what)));
        let parent = live
            .run
            .parent()
            .map(|(run, step, _)| (run.clone(), step.clone()));
        let calls: Vec<Call> = facts
            .iter()
            .filter_map(|fact| call(&live.run, &fact.what))
            .collect();
        for claim in &claims {
            self.claims.durable(claim);
        }
        if let Some((request, reply)) = request {
            self.commands.push(Command::Reply { request, reply });
        }
        self.commands.push(Command::Committed {
            run: id.clone(),
            facts,
            summary: Box::new(after.clone()),
        });
        self.commands
            .extend(opened.map(|exception| Command::Opened(Box::new(exception))));
        self.commands
            .extend(calls.into_iter().map(|call| Command::Spawn(Box::new(call))));
        self.advance(&id, now);
        if let Some((parent, step)) = parent {
            self.item_changed(&parent, &step, before.as_ref(), &after, now);
        }
    }

    fn item_changed(
        &mut self,
        parent: &RunId,
        step: &StepId,
        before: Option<&Summary>,
        after: &Summary,
        now: Timestamp,
    ) {
        let Some(live) = self.runs.get_mut(parent) else {
            return;
        };
        let this = live.loops.entry(step.clone()).or_default();
        this.shift(before.map(|summary| summary.state), after.state);
        self.advance(parent, now);
    }
}

fn parks(what: &What) -> bool {
    matches!(what, What::Failed { .. } | What::Interrupted { .. })
}

/// A late or doubled outcome does not fit any more; whatever else does not is a defect.
fn is_stale(illegal: &Illegal) -> bool {
    matches!(
        *illegal.fact,
        What::Succeeded { .. } | What::Failed { .. } | What::Interrupted { .. }
    )
}

fn exception_change(before: Option<&Run>, after: &Run) -> Vec<Change> {
    let before = before.and_then(Run::exception);
    let after = after.exception();
    let closed = before
        .as_ref()
        .filter(|old| after.as_ref().is_none_or(|new| new.id != old.id));
    let closed = closed.map(|old| Change::Exception {
        id: old.id,
        after: None,
    });
    let opened = after.map(|new| Change::Exception {
        id: new.id,
        after: Some(Box::new(new)),
    });
    closed.into_iter().chain(opened).collect()
}

/// Keys that these facts claim, and those that they give back: a step that is to act under
/// another key has not acted under the one before.
fn claim_changes(
    before: Option<&Run>,
    run: &Run,
    facts: &[Fact],
) -> Vec<(ClaimKey, Option<Claim>)> {
    let workflow = &run.version.plan.name;
    let frame = run.parent().map(|(_, step, _)| step);
    let mut changes = Vec::new();
    for fact in facts {
        let claimed = match &fact.what {
            What::Claimed { key } => Some((frame, key)),
            What::Entered {
                step,
                key: Some(key),
                ..
            } => {
                let earlier = before.and_then(|run| run.record(step)?.key.as_ref());
                let given_back = earlier.filter(|earlier| earlier.text != key.text);
                changes.extend(
                    given_back
                        .map(|earlier| (claim_key(workflow, Some(step), &earlier.text), None)),
                );
                Some((Some(step), key))
            }
            _ => None,
        };
        changes.extend(claimed.map(|(step, key)| {
            let claim = Claim {
                run: run.id.clone(),
                data: key.data.clone(),
            };
            (claim_key(workflow, step, &key.text), Some(claim))
        }));
    }
    let given_back = run.keys_given_back();
    changes.extend(given_back.map(|(step, key)| (claim_key(workflow, step, &key.text), None)));
    changes
}

/// The attempt that a fact allows.
fn call(run: &Run, what: &What) -> Option<Call> {
    let What::Started { step: id, attempt } = what else {
        return None;
    };
    let (step, record) = (run.step(id)?, run.record(id)?);
    let Kind::Bot(bot) = &step.kind else {
        return None;
    };
    Some(Call {
        run: run.id.clone(),
        step: id.clone(),
        attempt: *attempt,
        version: run.version.clone(),
        bot: bot.bot.clone(),
        connection: bot.connection.clone(),
        with: record.with.clone()?,
        effect: record.effect,
        idempotency_key: run.idempotency_key(id, record.generation),
        scheduled_for: run.created.scheduled_for,
        entered: record.entered?,
        timeout: step.timeout,
    })
}
