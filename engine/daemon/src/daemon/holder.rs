//! Who holds a key, looked up at the moment an event is handed to the engine.
//!
//! Earlier would be too early: another run may claim the key between the
//! rendering and the handing over.

use botswain_core::{
    Payload, StepId,
    engine::{
        Event,
        event::{Holder, Subject, claim_key},
    },
    index::{Claim, ClaimKey},
    run::fact::{Resolution, What},
};
use botswain_store::ReadError;

use super::parts::Parts;

/// Fills in the holder where the event carries a key.
pub(super) fn look_up(parts: &Parts, event: &mut Event) -> Result<(), ReadError> {
    let Some(claim) = claimed(parts, event)? else {
        return Ok(());
    };
    let found = holder(parts, &claim)?;
    match event {
        Event::Evaluated { holder, .. } => *holder = found,
        Event::Start(start) => start.holder = found,
        _ => (),
    }
    Ok(())
}

fn claimed(parts: &Parts, event: &Event) -> Result<Option<ClaimKey>, ReadError> {
    if let Event::Start(start) = event {
        return Ok(start
            .key
            .as_ref()
            .map(|key| claim_key(&start.workflow, None, &key.text)));
    }
    let Some((run, subject, key)) = event.key() else {
        return Ok(None);
    };
    let Some(summary) = parts.store.summary(run)? else {
        return Ok(None);
    };
    let parent = summary.parent.as_ref().map(|(_, step, _)| step);
    let step: Option<&StepId> = match subject {
        Subject::Step(step) | Subject::Item { step, .. } => Some(step),
        Subject::Identity | Subject::Collect => parent,
    };
    Ok(Some(claim_key(&summary.workflow, step, &key.text)))
}

fn holder(parts: &Parts, claim: &ClaimKey) -> Result<Option<Holder>, ReadError> {
    let Some(by) = parts.store.claim(claim)? else {
        return Ok(None);
    };
    let output = output(parts, claim, &by)?;
    Ok(Some(Holder { claim: by, output }))
}

/// What came of it: the step's output, or what the item or run left; null while it is under way.
fn output(parts: &Parts, claim: &ClaimKey, by: &Claim) -> Result<Payload, ReadError> {
    let facts = parts.store.facts(&by.run)?;
    let output = facts.into_iter().rev().find_map(|fact| match fact.what {
        What::Ended { output, .. } if !is_step(claim, by) => Some(output),
        What::Succeeded { step, output, .. }
            if is_step(claim, by) && Some(&step) == claim.step.as_ref() =>
        {
            Some(output)
        }
        What::Resolved {
            step,
            resolution: Resolution::Happened { output },
            ..
        } if is_step(claim, by) && Some(&step) == claim.step.as_ref() => Some(output),
        _ => None,
    });
    Ok(output.unwrap_or(Payload::NULL))
}

/// Whether the key is that of a step's effect, not of the item that the step made.
fn is_step(claim: &ClaimKey, by: &Claim) -> bool {
    let made_by = by.run.as_str().rsplit('.').nth(1);
    claim
        .step
        .as_ref()
        .is_some_and(|step| made_by != Some(step.as_str()))
}
