//! A `call`: a run of another workflow, and what it leaves.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Command, Engine,
    event::{Answer, Return, Subject},
};
use crate::{
    fault::Fault,
    ids::{RunId, StepId},
    index::State,
    plan::{Kind, Version},
    run::{
        Status,
        fact::{Created, Fact, Origin, What},
    },
};

impl Engine {
    /// Makes the run that was called, or asks what came of it when it has ended.
    pub(super) fn call(&mut self, id: &RunId, step: &StepId, now: Timestamp) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        let made = live.calls(step);
        let this = live.loops.entry(step.clone()).or_default();
        if let Some(until) = this.pauses_until(now) {
            return self.sleep(id, until);
        }
        if this.begun() < made {
            return self.evaluate(id, Subject::Callee(step.clone()));
        }
        if this.is_over(made) && this.gathers() {
            let child = id.item(step, made - 1);
            self.commands.push(Command::Return {
                run: id.clone(),
                step: step.clone(),
                child,
            });
        }
    }

    pub(super) fn begin_call(&mut self, id: &RunId, step: &StepId, answer: Answer, now: Timestamp) {
        match answer {
            Answer::Callee(version) => self.make_call(id, step, version, now),
            Answer::Fault(fault) => self.is_hindered(id, step, fault, now),
            other => unreachable!("a called workflow is no {other:?}"),
        }
    }

    fn make_call(&mut self, id: &RunId, step: &StepId, version: Arc<Version>, now: Timestamp) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        let Some(Status::Called { inputs }) = live.run.record(step).map(|it| it.status.clone())
        else {
            return;
        };
        let made = live.calls(step);
        let this = live.loops.entry(step.clone()).or_default();
        if this.begun() >= made || live.run.halt().is_some() {
            return;
        }
        this.begin();
        let created = Created {
            workflow: version.plan.name.clone(),
            version: version.hash(),
            origin: Origin::Call {
                parent: id.clone(),
                step: step.clone(),
            },
            scheduled_for: live.run.created.scheduled_for,
            inputs,
            key: None,
        };
        let what = What::Created(Box::new(created));
        let child = id.item(step, made - 1);
        self.create(child, version, Fact { at: now, what }, vec![], None);
    }

    /// The run that was called has ended.
    pub(super) fn returned(
        &mut self,
        id: &RunId,
        step: &StepId,
        result: Result<Return, Box<Fault>>,
        now: Timestamp,
    ) {
        let Some(live) = self.runs.get_mut(id) else {
            return;
        };
        let called = |live: &super::Live| {
            let record = live.run.record(step);
            record.is_some_and(|record| matches!(record.status, Status::Called { .. }))
        };
        let is_called = called(live);
        let this = live.loops.entry(step.clone()).or_default();
        this.gathered();
        let what = match result {
            _ if !is_called => return,
            // The run has ended; only the disk stands in the way.
            Err(fault) => return self.is_hindered(id, step, fault, now),
            Ok(Return {
                state: State::Succeeded | State::Skipped,
                output,
                ..
            }) => What::Succeeded {
                step: step.clone(),
                attempt: 0,
                output,
            },
            Ok(failed) => {
                let fault = call_failed(self.callee(id, step), &failed);
                self.fails_before(id, step.clone(), fault, now)
            }
        };
        self.propose(id, vec![what], now);
    }

    fn callee(&self, id: &RunId, step: &StepId) -> String {
        let run = self.runs.get(id).map(|live| &live.run);
        match run.and_then(|run| run.step(step)).map(|step| &step.kind) {
            Some(Kind::Call(call)) => call.workflow.clone(),
            _ => String::new(),
        }
    }
}

fn call_failed(workflow: String, failed: &Return) -> Fault {
    let how = match failed.state {
        State::Cancelled => "was cancelled",
        _ => "failed",
    };
    let message = format!("`{workflow}` {how} as run {}", failed.child);
    Fault::business("call.failed", message)
        .hint("see what became of that run; try again, or go on without it")
}
