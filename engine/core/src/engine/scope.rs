//! What the templates of a run may see, put together from it and the runs around it.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Engine,
    event::{Command, ItemScope, Scope, Subject},
};
use crate::{
    ids::{RunId, StepId},
    plan::{ForEach, Kind, Path},
    run::{Run, fact::Origin},
    value::Payload,
};

impl Engine {
    /// Asks for something to be rendered, unless that is under way.
    pub(super) fn evaluate(&mut self, id: &RunId, subject: Subject) {
        let Some(live) = self.runs.get(id) else {
            return;
        };
        if live.evaluating.contains(&subject) {
            return;
        }
        let run = &live.run;
        let scope = Box::new(self.scope(run, reads(run, &subject), &subject));
        let edits = match &subject {
            Subject::Step(step) => run.edits().with.get(step).cloned().unwrap_or_default(),
            _ => Default::default(),
        };
        let version = run.version.clone();
        self.commands.push(Command::Evaluate {
            version,
            scope,
            edits,
            subject: subject.clone(),
        });
        if let Some(live) = self.runs.get_mut(id) {
            live.evaluating.push(subject);
        }
    }

    fn scope(&self, run: &Run, reads: &[Path], subject: &Subject) -> Scope {
        let lineage = self.lineage(run);
        let root = lineage.last().copied().unwrap_or(run);
        // The innermost run that was corrected says what the inputs are.
        let mut input_edits = root.edits().inputs.clone();
        let inner = lineage
            .iter()
            .rev()
            .skip(1)
            .flat_map(|run| &run.edits().inputs);
        input_edits.extend(inner.map(|(key, value)| (key.clone(), value.clone())));
        Scope {
            run: run.id.clone(),
            workflow: run.version.plan.name.clone(),
            scheduled_for: run.created.scheduled_for,
            key: run.key().map(str::to_owned),
            inputs: match wants_inputs(reads, subject) {
                true => root.created.inputs.clone(),
                false => Arc::default(),
            },
            input_edits,
            fault: subject
                .step()
                .and_then(|step| run.fault_before(step))
                .cloned(),
            steps: outputs(&lineage, reads),
            items: lineage
                .iter()
                .rev()
                .filter_map(|run| item_scope(run))
                .collect(),
        }
    }

    /// The run and those around it, innermost first. A run with an open `for_each` stays in memory.
    fn lineage<'a>(&'a self, run: &'a Run) -> Vec<&'a Run> {
        let mut lineage = vec![run];
        let mut current = run;
        // A run of another workflow sees what it was given, not who called it.
        while let Some((parent, _, _)) = current.item_of()
            && let Some(live) = self.runs.get(parent)
        {
            current = &live.run;
            lineage.push(current);
        }
        lineage
    }
}

/// The paths that have to be there for a subject.
fn reads<'a>(run: &'a Run, subject: &Subject) -> &'a [Path] {
    let each = |step: &StepId| match &run.step(step)?.kind {
        Kind::ForEach(each) => Some(each),
        _ => None,
    };
    let key_reads = |each: &'a ForEach| each.key_reads.as_slice();
    let verify = |step: &StepId| match &run.step(step)?.kind {
        Kind::Bot(call) => call.verify.as_ref(),
        _ => None,
    };
    match subject {
        Subject::Step(step) => run.step(step).map(|step| step.reads.as_slice()),
        Subject::Verify(step) => verify(step).map(|it| it.reads.as_slice()),
        Subject::Verdict { step, .. } => verify(step).map(|it| it.answer_reads.as_slice()),
        Subject::Callee(_) => None,
        Subject::Item { step, .. } => each(step).map(key_reads),
        Subject::Identity => run.loop_of().map(key_reads),
        Subject::Collect => Some(match run.loop_of() {
            Some(each) => each.collect_reads.as_slice(),
            None => run.version.plan.output_reads.as_slice(),
        }),
    }
    .unwrap_or_default()
}

/// Inputs can be large, and most templates of most steps do not read them.
fn wants_inputs(reads: &[Path], subject: &Subject) -> bool {
    let read = reads
        .iter()
        .any(|path| path.first().is_some_and(|root| root == "inputs"));
    read || *subject == Subject::Identity
}

fn outputs(lineage: &[&Run], reads: &[Path]) -> BTreeMap<StepId, Arc<Payload>> {
    let steps = reads.iter().filter_map(|path| match path.as_slice() {
        [root, step, ..] if root == "steps" => Some(StepId::new(step)),
        _ => None,
    });
    let output = |step: &StepId| {
        let of = |run: &&Run| run.record(step).and_then(|record| record.output.clone());
        // A step that was skipped, or done by hand without a result, gives null.
        lineage
            .iter()
            .find_map(of)
            .unwrap_or_else(|| Arc::new(Payload::NULL))
    };
    steps.map(|step| (step.clone(), output(&step))).collect()
}

fn item_scope(run: &Run) -> Option<ItemScope> {
    let Origin::Item { index, item, .. } = &run.created.origin else {
        return None;
    };
    Some(ItemScope {
        name: run.loop_of()?.item.clone(),
        index: *index,
        key: run.key().map(str::to_owned),
        value: item.clone(),
        edits: run.edits().item.clone(),
    })
}
