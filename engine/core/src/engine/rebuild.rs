//! What the index must say of a run, computed from its facts alone.
//!
//! The engine writes changes of the index as facts come; this folds the facts
//! again, for whoever verifies an index or makes a new one. It goes through the
//! same functions, so the two can only differ where a record was lost.

use std::{collections::BTreeMap, slice, sync::Arc};

use super::commit::claim_changes;
use crate::{
    ids::{ExceptionId, Hash, RunId},
    index::{Claim, ClaimKey, Exception, Summary},
    plan::Version,
    run::{Illegal, Run, fact::Fact},
    value::Payload,
};

/// All that the index holds of one run.
#[derive(Clone, Debug)]
pub struct Rebuilt {
    pub summary: Summary,
    /// The exceptions that are open.
    pub exceptions: Vec<Exception>,
    /// The keys it holds, and what came of what they stand for so far.
    pub claims: BTreeMap<ClaimKey, (Claim, Payload)>,
    /// The highest number of all exceptions it has ever had.
    pub highest_exception: Option<ExceptionId>,
}

/// Folds all facts of a run; `newer` are the versions to which they moved it, by hash.
pub fn rebuild(
    id: RunId,
    version: Arc<Version>,
    newer: &[(Hash, Arc<Version>)],
    facts: &[Fact],
) -> Result<Rebuilt, Illegal> {
    let first = facts.get(..1).unwrap_or_default();
    let mut run = Run::recover(id, version, newer, first)?;
    let mut claims = BTreeMap::new();
    claim(&mut claims, None, &run, first);
    let mut highest_exception = None;
    for fact in facts.iter().skip(1) {
        let before = run.clone();
        run.apply(fact)?;
        claim(&mut claims, Some(&before), &run, slice::from_ref(fact));
        highest_exception = highest_exception.max(run.exceptions().map(|it| it.id).max());
    }
    let claims = claims.into_iter().map(|(key, claim)| {
        let output = output(&run, &key);
        (key, (claim, output))
    });
    Ok(Rebuilt {
        claims: claims.collect(),
        summary: run.summary(),
        exceptions: run.exceptions().collect(),
        highest_exception,
    })
}

fn claim(claims: &mut BTreeMap<ClaimKey, Claim>, before: Option<&Run>, run: &Run, facts: &[Fact]) {
    for (key, after) in claim_changes(before, run, facts) {
        match after {
            Some(claim) => claims.insert(key, claim),
            None => claims.remove(&key),
        };
    }
}

/// What a step's effect gave, or what the item or the run left; null while it is under way.
fn output(run: &Run, key: &ClaimKey) -> Payload {
    let own = run.item_of().map(|(_, step, _)| step);
    let output = match &key.step {
        step if step.as_ref() == own => run.end().map(|end| &end.output),
        Some(step) => run.record(step).and_then(|record| record.output.as_ref()),
        None => None,
    };
    output.map_or(Payload::NULL, |output| output.as_ref().clone())
}
