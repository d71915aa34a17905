//! Called workflows that are answered for: a stub runs in the place of each.

use std::sync::Arc;

use botswain_core::{
    StepId,
    engine::event::Answer,
    plan::{Kind, Plan, Step, Template, Version},
};

use super::{super::cast::Cast, Driver};
use crate::daemon::rendering::Rendering;

impl<C: Cast> Driver<'_, C> {
    /// A workflow in place of the one that is called, when it is answered for.
    pub(super) fn callee(
        &mut self,
        rendering: &Rendering,
        step: &StepId,
    ) -> Result<Option<Answer>, String> {
        let place = (&rendering.scope.run, step);
        let Some(coming) = self.cast.called(&rendering.version, place, self.stage) else {
            return Ok(None);
        };
        let output = match coming.what {
            Ok(output) => output,
            Err(fault) => return Ok(Some(Answer::Fault(fault))),
        };
        let name = match rendering.version.plan.step(step).map(|step| &step.kind) {
            Some(Kind::Call(call)) => &call.workflow,
            _ => return Ok(None),
        };
        let stub = Arc::new(stub(name, self.stubs.len(), coming.delay));
        let kept = self.stage.parts.store.put_version(&stub);
        kept.map_err(|error| error.to_string())?;
        self.stubs.push((stub.clone(), output));
        Ok(Some(Answer::Callee(stub)))
    }

    /// What a called workflow leaves that is answered for.
    pub(super) fn left(&self, version: &Version) -> Option<Answer> {
        let mut stubs = self.stubs.iter();
        let (_, output) = stubs.find(|(stub, _)| stub.source == version.source)?;
        let output = output.clone().into();
        Some(Answer::Collected { output })
    }
}

/// A workflow that does nothing for so many milliseconds; what it leaves is said by whoever plays.
fn stub(name: &str, number: usize, delay: u64) -> Version {
    let wait = Step::new(StepId::new("mocked"), Kind::Wait(delay));
    let mut plan = Plan::new(name, vec![wait]);
    let outputs = [("mocked".to_owned(), Template(String::new()))];
    plan.outputs = outputs.into_iter().collect();
    Version {
        plan,
        source: format!("mocked {number}"),
        templates: Default::default(),
        calls: Default::default(),
        pages: Default::default(),
    }
}
