//! Who holds a key, looked up at the moment an event is handed to the engine.
//!
//! Earlier would be too early: another run may claim the key between the
//! rendering and the handing over.

use std::sync::Arc;

use botswain_core::{
    Payload, StepId,
    engine::{
        Event,
        event::{Holder, Subject, claim_key},
    },
    index::{Claim, ClaimKey},
    plan::Version,
    run::fact::{Fact, Resolution, Verification, What},
};
use botswain_store::ReadError;

use super::parts::Parts;

/// Fills in the holder where the event carries a key. A claim that was made under another name
/// of the workflow counts as well.
pub(crate) fn look_up<'a>(
    parts: &Parts,
    workflows: impl Iterator<Item = &'a Arc<Version>>,
    event: &mut Event,
) -> Result<(), ReadError> {
    let Some(claim) = claimed(parts, event)? else {
        return Ok(());
    };
    let mut found = None;
    for name in names(workflows, &claim.workflow) {
        if found.is_none() {
            let workflow = name;
            found = holder(
                parts,
                &ClaimKey {
                    workflow,
                    ..claim.clone()
                },
            )?;
        }
    }
    event.held_by(found);
    Ok(())
}

/// What a workflow is called and was called before, its own name first.
fn names<'a>(workflows: impl Iterator<Item = &'a Arc<Version>>, name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    for version in workflows {
        let plan = &version.plan;
        let all = || plan.formerly.iter().chain([&plan.name]);
        if all().any(|it| it == name) {
            names.extend(all().filter(|it| *it != name).cloned());
        }
    }
    names
}

fn claimed(parts: &Parts, event: &Event) -> Result<Option<ClaimKey>, ReadError> {
    if let Some(claim) = event.run_claim() {
        return Ok(Some(claim));
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
        _ => parent,
    };
    Ok(Some(claim_key(&summary.workflow, step, &key.text)))
}

fn holder(parts: &Parts, claim: &ClaimKey) -> Result<Option<Holder>, ReadError> {
    let Some(by) = parts.store.claim(claim)? else {
        return Ok(None);
    };
    let output = match parts.store.kept_output(claim)? {
        Some(output) => output,
        None => output(parts, claim, &by)?,
    };
    Ok(Some(Holder { claim: by, output }))
}

/// What came of it: the step's output, or what the item or run left; null while it is under way.
fn output(parts: &Parts, claim: &ClaimKey, by: &Claim) -> Result<Payload, ReadError> {
    let facts = parts.store.facts(&by.run)?;
    let of = claim.step.as_ref().filter(|_| is_step(claim, by));
    Ok(last_output(facts, of).unwrap_or(Payload::NULL))
}

/// What a step gave last, however that became known; of no step, what the run left.
fn last_output(facts: Vec<Fact>, of: Option<&StepId>) -> Option<Payload> {
    facts.into_iter().rev().find_map(|fact| match fact.what {
        What::Ended { output, .. } if of.is_none() => Some(output),
        What::Succeeded { step, output, .. }
        | What::Verified {
            step,
            answer: Verification::Happened { output },
            ..
        }
        | What::Resolved {
            step,
            resolution: Resolution::Happened { output },
            ..
        } if of == Some(&step) => Some(output),
        _ => None,
    })
}

/// Whether the key is that of a step's effect, not of the item that the step made.
fn is_step(claim: &ClaimKey, by: &Claim) -> bool {
    let made_by = by.run.as_str().rsplit('.').nth(1);
    claim
        .step
        .as_ref()
        .is_some_and(|step| made_by != Some(step.as_str()))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_world_said_of_a_step_in_doubt_is_its_output() {
        let (step, output) = (StepId::new("form"), Payload::from(json!({ "number": 7 })));
        let happened = What::Verified {
            step: step.clone(),
            answer: Verification::Happened {
                output: output.clone(),
            },
            then: None,
        };
        let fact = |what| Fact {
            at: Timestamp::UNIX_EPOCH,
            what,
        };
        let facts = vec![fact(happened), fact(What::Resumed)];
        assert_eq!(last_output(facts.clone(), Some(&step)), Some(output));
        assert_eq!(last_output(facts, None), None);
    }
}
