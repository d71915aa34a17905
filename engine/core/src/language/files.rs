//! Several workflows of one instance, which may call each other.
//!
//! In go their texts and a [`Catalogue`] of everything else; out comes what came
//! of each, in the same order. A workflow is checked after those that it calls,
//! so that it knows what they leave, and its version names theirs: a change of
//! one of them is a new version of each that calls it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Loaded,
    draft::Draft,
    model::{Step, Workflow},
    suite,
};
use crate::{
    catalogue::{Catalogue, InputSchema, WorkflowSchema},
    plan::Plan,
};

/// A file: its path as people should see it, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

/// Reads and checks workflows that may call each other, and those in the catalogue; files of
/// tests among them after the workflows.
pub fn load_all(sources: &[Source<'_>], catalogue: &Catalogue) -> Vec<Loaded> {
    let mut catalogue = catalogue.clone();
    let workflows = sources.iter().map(|source| !suite::is_tests(source.file));
    let mut drafts: Vec<Option<Draft<'_>>> = sources
        .iter()
        .zip(workflows)
        .map(|(source, is_workflow)| is_workflow.then(|| Draft::read(*source)))
        .collect();
    namesakes(&mut drafts);
    let mut calls = Vec::new();
    for draft in &drafts {
        let Some(draft) = draft else {
            calls.push(("", BTreeSet::new()));
            continue;
        };
        let schema = draft.model().map(schema).unwrap_or_default();
        calls.push((draft.stem(), schema.calls.clone()));
        catalogue.workflows.insert(draft.stem().to_owned(), schema);
    }
    let mut loaded: Vec<Option<Loaded>> = sources.iter().map(|_| None).collect();
    for place in order(&calls) {
        let Some(draft) = drafts[place].take() else {
            continue;
        };
        let (name, done) = (draft.stem(), draft.check(&catalogue));
        if let Some(schema) = catalogue.workflows.get_mut(name) {
            schema.version = done.loaded.version.as_ref().map(|version| version.hash());
            schema.outputs.extend(done.outputs);
        }
        loaded[place] = Some(done.loaded);
    }
    let versions = loaded.iter().flatten().filter_map(|it| it.version.as_ref());
    let plans = versions.map(|version| (version.plan.name.clone(), version.plan.clone()));
    let plans: BTreeMap<String, Plan> = plans.collect();
    let all = sources.iter().zip(loaded);
    let all = all
        .map(|(source, loaded)| loaded.unwrap_or_else(|| suite::load(*source, &plans, &catalogue)));
    all.collect()
}

/// A name belongs to one workflow, whatever folder it lies in: each of several is told of another.
fn namesakes(drafts: &mut [Option<Draft<'_>>]) {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for draft in drafts.iter().flatten() {
        files.entry(draft.stem()).or_default().push(draft.file());
    }
    for draft in drafts.iter_mut().flatten() {
        let of_name = files.get(draft.stem()).into_iter().flatten();
        let mut others = of_name.filter(|file| **file != draft.file());
        if let Some(other) = others.next() {
            draft.has_namesake(other);
        }
    }
}

/// What others can know of a workflow before it is checked.
fn schema(model: &Workflow) -> WorkflowSchema {
    let inputs = model.inputs.iter().map(|(name, input)| {
        let input = InputSchema {
            kind: input.as_ref().and_then(|input| input.r#type),
            required: input.as_ref().is_some_and(|input| input.default.is_none()),
        };
        (name.clone(), input)
    });
    let outputs = model.outputs.keys();
    let mut calls = BTreeSet::new();
    for steps in [&model.steps, &model.on_failure, &model.finally] {
        called(steps, &mut calls);
    }
    WorkflowSchema {
        inputs: inputs.collect(),
        outputs: outputs.map(|name| (name.clone(), true.into())).collect(),
        calls,
        follows: model
            .triggers
            .iter()
            .flatten()
            .filter_map(|it| it.finished.clone())
            .collect(),
        hooks: model
            .triggers
            .iter()
            .flatten()
            .filter_map(|it| it.webhook.clone())
            .collect(),
        version: None,
    }
}

fn called(steps: &[Option<Step>], calls: &mut BTreeSet<String>) {
    for step in steps.iter().flatten() {
        calls.extend(step.call.clone());
        for body in step.bodies() {
            self::called(body, calls);
        }
    }
}

/// Each after those that it calls; those that call each other in a circle come last.
fn order(calls: &[(&str, BTreeSet<String>)]) -> Vec<usize> {
    let mut open: Vec<usize> = (0..calls.len()).collect();
    let mut order = Vec::new();
    loop {
        let names: BTreeSet<&str> = open.iter().map(|place| calls[*place].0).collect();
        let ready = |place: &usize| {
            let mut called = calls[*place].1.iter();
            !called.any(|name| names.contains(name.as_str()))
        };
        let (now, later): (Vec<usize>, Vec<usize>) = open.into_iter().partition(ready);
        order.extend(&now);
        if now.is_empty() || later.is_empty() {
            order.extend(later);
            return order;
        }
        open = later;
    }
}
