//! Try on a copy, append, and only then believe.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::{
    Command, Engine,
    event::{Call, Reply, RequestId, Ticket, claim_key},
    live::Live,
};
use crate::{
    fault::Effect,
    ids::{ExceptionId, RunId, StepId},
    index::{Batch, Change, Claim, ClaimKey, Exception, Pending, State, Summary},
    plan::{Kind, Version},
    run::{
        Illegal, Next, Run,
        fact::{Fact, What},
    },
    value::Payload,
};

/// Facts on their way to the disk.
pub(super) struct Proposal {
    ticket: Ticket,
    /// The run as it will be.
    run: Run,
    /// What was believed before, and is written with it.
    ahead: Vec<Fact>,
    facts: Vec<Fact>,
    before: Option<State>,
    after: Arc<Summary>,
    claims: Vec<ClaimKey>,
    /// What follows from it in other workflows.
    pending: Vec<Pending>,
    request: Option<(RequestId, Reply)>,
}

impl Proposal {
    pub(super) fn admits(&self) -> bool {
        self.run.is_admitted()
    }

    /// Whether it lets this attempt begin once it is durable.
    pub(super) fn begins(&self, step: &StepId, attempt: u32) -> bool {
        let started = |what: &What| matches!(what, What::Started { step: of, attempt: nth } if of == step && *nth == attempt);
        self.facts.iter().any(|fact| started(&fact.what))
    }
}

/// What facts change in the index, from the run before them to the run after.
struct Step {
    /// The number of the first of them.
    first: u64,
    before: Option<State>,
    exceptions: Vec<Change>,
    claims: Vec<(ClaimKey, Option<Claim>)>,
}

impl Step {
    fn between(before: Option<&Run>, after: &Run, facts: &[Fact]) -> Step {
        Step {
            first: before.map_or(0, |run| run.facts),
            before: before.map(Run::state),
            exceptions: exception_changes(before, after),
            claims: claim_changes(before, after, facts),
        }
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
        self.try_propose_with(id, facts, Vec::new(), now)
    }

    /// The same with changes beside the facts, in the same append.
    pub(super) fn try_propose_with(
        &mut self,
        id: &RunId,
        facts: Vec<What>,
        changes: Vec<Change>,
        now: Timestamp,
    ) -> Result<(), Illegal> {
        let Some(live) = self.runs.get(id) else {
            return Ok(());
        };
        debug_assert!(
            live.proposal.is_none(),
            "one append of a run is in flight at a time"
        );
        let mut facts: Vec<Fact> = facts
            .into_iter()
            .map(|what| Fact { at: now, what })
            .collect();
        let mut run = live.run.clone();
        for fact in &facts {
            run.apply(fact)?;
        }
        while let Some(what) = follows(&run, now) {
            let fact = Fact { at: now, what };
            run.apply(&fact)?;
            facts.push(fact);
        }
        let step = Step::between(Some(&live.run), &run, &facts);
        self.append(step, run, facts, changes);
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
        let run = Run::recover(id.clone(), version, &[], &facts)
            .expect("a new run is made of facts that fit");
        let step = Step::between(None, &run, &facts);
        self.runs.insert(id, Live::new(run.clone()));
        self.append(step, run, facts, changes.into_iter().collect());
    }

    fn append(&mut self, step: Step, run: Run, facts: Vec<Fact>, mut changes: Vec<Change>) {
        let Step {
            mut first,
            mut before,
            exceptions,
            claims,
        } = step;
        changes.extend(exceptions);
        for (claim, after) in &claims {
            match after {
                Some(by) => self.claims.begin(claim, by),
                None => self.claims.durable(claim, &run.id),
            }
            changes.push(Change::Claim {
                claim: claim.clone(),
                after: after.clone(),
            });
        }
        let pending = self.followed_by(&run, &facts);
        changes.extend(pending.iter().map(|pending| Change::Pending {
            pending: Box::new(pending.clone()),
            open: true,
        }));
        if self.believes(&run, &facts) {
            return self.believe((first, before), run, facts, changes);
        }
        let id = run.id.clone();
        let mut ahead = Vec::new();
        if let Some(kept) = self.take_kept(&id) {
            (first, before, ahead) = (kept.first, kept.before, kept.facts);
            changes.splice(..0, kept.changes);
        }
        let after = Arc::new(run.summary());
        let all = ahead.iter().chain(&facts);
        let ticket = self.write((&id, first), all, changes, (before, &after));
        let claims = claims.into_iter().map(|(claim, _)| claim).collect();
        let proposal = Proposal {
            ticket,
            run,
            ahead,
            facts,
            before,
            after,
            claims,
            pending,
            request: None,
        };
        let live = self.runs.get_mut(&id).expect("the run is in memory");
        live.proposal = Some(proposal);
        live.rested = false;
    }

    /// Hands an append to the store.
    pub(super) fn write<'f>(
        &mut self,
        (id, first): (&RunId, u64),
        facts: impl Iterator<Item = &'f Fact>,
        mut changes: Vec<Change>,
        (before, after): (Option<State>, &Arc<Summary>),
    ) -> Ticket {
        let numbered = (first..).zip(facts);
        let numbered = numbered.map(|(number, fact)| (id.clone(), number, fact.clone()));
        changes.push(Change::Run {
            before,
            after: after.clone(),
        });
        let batch = Batch {
            facts: numbered.collect(),
            changes,
        };
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        self.appends.insert(ticket, id.clone());
        self.commands.push(Command::Append { ticket, batch });
        ticket
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
        if self.is_caught_up(ticket, &id) {
            return;
        }
        let Some(live) = self.runs.get_mut(&id) else {
            return;
        };
        let Some(proposal) = live.proposal.take_if(|proposal| proposal.ticket == ticket) else {
            return;
        };
        let Proposal {
            run,
            ahead,
            facts,
            before,
            after,
            claims,
            pending,
            request,
            ..
        } = proposal;
        live.run = run;
        let opened: Vec<Exception> = live
            .run
            .exceptions()
            .filter(|exception| facts.iter().any(|fact| opens(&fact.what, exception.id)))
            .collect();
        let parent = live
            .run
            .parent()
            .map(|(run, step, _)| (run.clone(), step.clone()));
        let attempts = attempts(&live.run, &facts);
        let announced: Vec<Command> = facts
            .iter()
            .filter_map(|fact| announced(&id, &fact.what))
            .collect();
        for claim in &claims {
            self.claims.durable(claim, &id);
        }
        if let Some((request, reply)) = request {
            self.commands.push(Command::Reply { request, reply });
        }
        self.commands.push(Command::Committed {
            run: id.clone(),
            facts: ahead.into_iter().chain(facts).collect(),
            summary: after.clone(),
        });
        self.commands
            .extend(opened.into_iter().map(|it| Command::Opened(Box::new(it))));
        self.commands.extend(attempts);
        self.commands.extend(announced);
        self.advance(&id, now);
        if !pending.is_empty() {
            self.take_up(pending);
        }
        if let Some((parent, step)) = parent {
            self.item_changed((&parent, &step), before, after.state, now);
        }
    }

    fn item_changed(
        &mut self,
        (parent, step): (&RunId, &StepId),
        before: Option<State>,
        after: State,
        now: Timestamp,
    ) {
        let Some(live) = self.runs.get_mut(parent) else {
            return;
        };
        // A loop that was closed counts no more.
        if let Some(this) = live.loops.get_mut(step) {
            this.shift(before, after);
            self.advance(parent, now);
        }
    }
}

/// Whether a fact opened this exception.
fn opens(what: &What, id: ExceptionId) -> bool {
    let opened = match what {
        What::Failed { then, .. } | What::Interrupted { then, .. } => then.exception(),
        What::Verified { then, .. } => then.as_ref().and_then(|then| then.exception()),
        What::Asked { exception, .. }
        | What::Overdue { exception, .. }
        | What::Blocked { exception, .. } => Some(*exception),
        _ => None,
    };
    opened == Some(id)
}

/// A late or doubled outcome does not fit any more; whatever else does not is a defect.
fn is_stale(illegal: &Illegal) -> bool {
    matches!(
        *illegal.fact,
        What::Succeeded { .. }
            | What::Failed { .. }
            | What::Interrupted { .. }
            | What::Warned { .. }
            | What::Acting { .. }
            | What::Withdrawn { .. }
            | What::Verified { .. }
    )
}

/// What follows from the facts alone goes into the same batch: nothing has to be asked for it.
fn follows(run: &Run, now: Timestamp) -> Option<What> {
    run.next(now).into_iter().find_map(|next| match next {
        Next::Close { step } => Some(super::closed(step)),
        Next::End { outcome } => Some(What::Ended {
            outcome,
            output: Payload::NULL,
        }),
        _ => None,
    })
}

/// What was announced may be done now.
fn announced(run: &RunId, what: &What) -> Option<Command> {
    let What::Acting { step, attempt } = what else {
        return None;
    };
    Some(Command::Proceed {
        run: run.clone(),
        step: step.clone(),
        attempt: *attempt,
    })
}

fn exception_changes(before: Option<&Run>, after: &Run) -> Vec<Change> {
    let by_id = |run: &Run| -> BTreeMap<ExceptionId, Exception> {
        run.exceptions().map(|it| (it.id, it)).collect()
    };
    let before = before.map(by_id).unwrap_or_default();
    let after = by_id(after);
    let closed = before.keys().filter(|id| !after.contains_key(id));
    let closed = closed.map(|id| Change::Exception {
        id: *id,
        after: None,
    });
    let changed = after.iter().filter(|(id, it)| before.get(id) != Some(it));
    let changed = changed.map(|(id, it)| Change::Exception {
        id: *id,
        after: Some(Box::new(it.clone())),
    });
    closed.chain(changed).collect()
}

/// Keys that these facts claim, and those that they give back: a step that is to act under
/// another key has not acted under the one before.
pub(super) fn claim_changes(
    before: Option<&Run>,
    run: &Run,
    facts: &[Fact],
) -> Vec<(ClaimKey, Option<Claim>)> {
    let workflow = &run.version.plan.name;
    let frame = run.item_of().map(|(_, step, _)| step);
    let mut changes = Vec::new();
    for fact in facts {
        let claimed = match &fact.what {
            What::Claimed { key } => Some((frame, key)),
            What::Entered { step, key, .. } => {
                // A newer version of the workflow may have no key here, or another.
                let earlier = before.and_then(|run| run.record(step));
                let undone = earlier.filter(|record| !record.may_have_acted);
                let undone = undone.and_then(|record| record.key.as_ref());
                let text = key.as_ref().map(|key| &key.text);
                let given_back = undone.filter(|earlier| Some(&earlier.text) != text);
                changes.extend(
                    given_back
                        .map(|earlier| (claim_key(workflow, Some(step), &earlier.text), None)),
                );
                key.as_ref().map(|key| (Some(step), key))
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

/// Lets the attempts begin that these facts allow.
pub(super) fn attempts(run: &Run, facts: &[Fact]) -> Vec<Command> {
    let calls = facts.iter().filter_map(|fact| call(run, &fact.what));
    calls.map(|call| Command::Spawn(Box::new(call))).collect()
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
        announces: record.announces && record.effect == Effect::Once,
        verifies: false,
    })
}
