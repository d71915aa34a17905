//! Whose turn it is: the steps at which a run stands.
//!
//! The steps of a list go one after the other, the branches of a `parallel`
//! side by side. So a run stands at one step, or at several.

use super::{Branch, Run, Status};
use crate::{
    fault::Fault,
    ids::StepId,
    plan::{Kind, Step, Switch, Then},
};

impl Run {
    /// The steps that have to do something or wait for something, in the order of the file.
    /// A step that is open stands here itself once all below it have ended.
    pub(crate) fn frontier(&self) -> Vec<&Step> {
        let mut at = Vec::new();
        if self.halt.is_some() {
            let active = self.active();
            if !active.is_empty() {
                return active;
            }
        } else {
            self.stands_in(self.body(), &mut at);
        }
        if at.is_empty() {
            for steps in self.cleanup() {
                self.stands_in(steps, &mut at);
                if !at.is_empty() {
                    break;
                }
            }
        }
        at
    }

    fn stands_in<'a>(&'a self, steps: &'a [Step], at: &mut Vec<&'a Step>) {
        let first = steps.iter().find(|step| !self.status(step).has_ended());
        let Some(step) = first else { return };
        let before = at.len();
        if let Status::Open(branch) = self.status(step) {
            for steps in below(step, branch) {
                self.stands_in(steps, at);
            }
        }
        if at.len() == before {
            at.push(step);
        }
    }

    pub(crate) fn status(&self, step: &Step) -> &Status {
        let record = self.steps.get(&step.id);
        record.map_or(&Status::Pending, |record| &record.status)
    }

    /// The fault that a step follows from: it stands in what is done after one.
    pub(crate) fn fault_before(&self, step: &StepId) -> Option<&Fault> {
        let target = self.step(step)?;
        let plan = &self.version.plan;
        let lists = [self.body(), &plan.on_failure, &plan.finally];
        let around = lists.iter().find_map(|steps| self.around(steps, target))?;
        let mut handled = around.into_iter().rev();
        let handled =
            handled.find(|step| matches!(self.status(step), Status::Open(Branch::Handler(_))));
        let by = match handled {
            Some(handled) => &handled.id,
            None if self.cleanup_step(step).is_some() => self.halt.as_ref()?.by.as_ref()?,
            None => return None,
        };
        self.record(by)?.fault.as_deref()
    }

    /// The open steps around a step, outermost first, in the list that holds it.
    pub(super) fn around<'a>(&'a self, steps: &'a [Step], of: &Step) -> Option<Vec<&'a Step>> {
        steps.iter().find_map(|step| {
            if step.id == of.id {
                return Some(Vec::new());
            }
            let mut inner = step.bodies().find_map(|steps| self.around(steps, of))?;
            inner.insert(0, step);
            Some(inner)
        })
    }
}

/// The lists below an open step that are done.
fn below<'a>(step: &'a Step, branch: &Branch) -> Vec<&'a [Step]> {
    let list = match (branch, &step.kind) {
        (Branch::All, Kind::Parallel(branches)) => {
            return branches.values().map(Vec::as_slice).collect();
        }
        (Branch::Case(case), Kind::Switch(switch)) => chosen(switch, case.as_deref()),
        (Branch::Handler(entry), _) => match step.on_fault.get(*entry as usize) {
            Some(entry) => match &entry.then {
                Then::Steps(steps) => Some(steps.as_slice()),
                _ => None,
            },
            None => None,
        },
        _ => None,
    };
    list.into_iter().collect()
}

fn chosen<'a>(switch: &'a Switch, case: Option<&str>) -> Option<&'a [Step]> {
    match case {
        Some(case) => switch.cases.get(case).map(Vec::as_slice),
        None => switch.default.as_deref(),
    }
}
