//! What was tried at a parked step and what people have said about it, from the run's facts.

use botswain_core::{
    StepId,
    run::{
        Run, Status, Why,
        fact::{Fact, What},
    },
};
use botswain_views::{ApprovalView, DecisionView, TryView};

/// The attempts at a step, in order. One that failed before it could start is number 0.
pub(super) fn tries(facts: &[Fact], step: &StepId) -> Vec<TryView> {
    let mut tries: Vec<TryView> = Vec::new();
    for fact in facts {
        match &fact.what {
            What::Started { step: it, attempt } if it == step => tries.push(TryView {
                attempt: *attempt,
                started: fact.at,
                ended: None,
                code: None,
                message: None,
            }),
            What::Withdrawn { step: it, .. } if it == step => drop(tries.pop()),
            What::Succeeded { step: it, .. } if it == step => {
                if let Some(last) = tries.last_mut() {
                    last.ended = Some(fact.at);
                }
            }
            What::Failed {
                step: it,
                attempt,
                fault,
                ..
            } if it == step => {
                let failed = |started| TryView {
                    attempt: *attempt,
                    started,
                    ended: Some(fact.at),
                    code: Some(fault.code.clone()),
                    message: Some(fault.message.clone()),
                };
                match tries.pop_if(|last| last.attempt == *attempt && last.ended.is_none()) {
                    Some(begun) => tries.push(failed(begun.started)),
                    None => tries.push(failed(fact.at)),
                }
            }
            _ => (),
        }
    }
    tries
}

/// What was decided about a step and said of it, in order.
pub(super) fn history(facts: &[Fact], step: &StepId) -> Vec<DecisionView> {
    let decisions = facts.iter().filter_map(|fact| match &fact.what {
        What::Resolved {
            step: it,
            resolution,
            by,
            note,
            ..
        } if it == step => Some(DecisionView {
            at: fact.at,
            by: by.clone(),
            resolution: resolution.clone(),
            note: note.clone(),
        }),
        _ => None,
    });
    decisions.collect()
}

/// What is asked of people at a step.
pub(super) fn approval(run: &Run, step: &StepId) -> Option<ApprovalView> {
    match &run.record(step)?.status {
        Status::Parked {
            why:
                Why::Approval {
                    approval,
                    escalated,
                    approved,
                },
            ..
        } => Some(ApprovalView {
            question: approval.question.clone(),
            required: approval.required,
            approved: approved.clone(),
            not: approval.not.clone(),
            escalates: approval
                .escalate
                .as_ref()
                .filter(|_| !escalated)
                .map(|it| it.at),
        }),
        _ => None,
    }
}
