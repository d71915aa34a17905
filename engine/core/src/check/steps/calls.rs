//! `call`: whether the workflow exists, what it is given, and whether it ends.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use serde_json::{Map, Value};

use super::{Checker, Made};
use crate::{
    catalogue::{InputSchema, WorkflowSchema},
    check::{inputs::typed, known::Known, names::Output},
    language::{model, suggest},
    plan::{InputKind, Kind, Path, WorkflowCall},
    yaml::{Entry, Node},
};

impl<'c> Checker<'c, '_, '_> {
    pub(super) fn call(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> Made {
        let called = step.call.as_ref().zip(node.get("call"));
        let workflow = called.and_then(|(name, entry)| self.called(name, &entry.node));
        let with = node.get("with");
        for (name, entry) in with.and_then(|with| with.node.map()).into_iter().flatten() {
            self.passed(workflow, (name, entry), reads);
        }
        self.missing(workflow, node);
        let output = workflow.map_or(Output::Any, outputs);
        let call = step.call.clone().map(|workflow| WorkflowCall {
            workflow,
            with: with.map_or_else(|| Value::Object(Map::new()), |with| with.node.to_json()),
        });
        (call.map(Kind::Call), output)
    }

    fn called(&mut self, name: &str, node: &Node) -> Option<&'c WorkflowSchema> {
        let Some(workflow) = self.catalogue.workflows.get(name) else {
            let (message, hint) = match name.contains("{{") {
                true => (
                    "the workflow that is called cannot be computed".to_owned(),
                    Some("choose among several by a `switch`".to_owned()),
                ),
                false => (
                    format!("there is no workflow `{name}`"),
                    suggest::hint(name, "the workflows are", self.others()),
                ),
            };
            self.report
                .hinted("steps.call", &node.span, (message, hint));
            return None;
        };
        match (self.cycle(name), &workflow.version) {
            (Some(cycle), _) => {
                let names: Vec<String> = cycle.iter().map(|name| format!("`{name}`")).collect();
                let message = format!("this never ends: {}", names.join(" calls "));
                let hint = match name == self.workflow {
                    true => "a workflow cannot call itself; a `for_each` goes through a list",
                    false => "let one of them do without the other",
                };
                let hint = hint.to_owned();
                self.report
                    .hinted("steps.call", &node.span, (message, Some(hint)));
            }
            (None, Some(version)) => drop(self.calls.insert(name.to_owned(), version.clone())),
            (None, None) => {
                let message = format!("`{name}` has mistakes, so it cannot be called");
                let hint = format!("see `botswain check {name}`");
                self.report
                    .hinted("steps.call", &node.span, (message, Some(hint)));
            }
        }
        // Of a file that cannot be read nobody knows what it takes.
        let blank = workflow.inputs.is_empty() && workflow.outputs.is_empty();
        (workflow.version.is_some() || !blank).then_some(workflow)
    }

    fn others(&self) -> Vec<&'c str> {
        let names = self.catalogue.workflows.keys().map(String::as_str);
        names.filter(|name| *name != self.workflow).collect()
    }

    /// The shortest way by which the workflow, called here, comes back here.
    fn cycle(&self, name: &str) -> Option<Vec<String>> {
        let mut came: BTreeMap<&str, &str> = BTreeMap::new();
        let mut open = VecDeque::from([name]);
        while let Some(at) = open.pop_front() {
            if at == self.workflow {
                let mut way = vec![at.to_owned()];
                let mut back = at;
                while let Some(before) = came.get(back).filter(|_| back != name) {
                    way.push((*before).to_owned());
                    back = before;
                }
                way.push(self.workflow.to_owned());
                way.reverse();
                return Some(way);
            }
            let next = self.catalogue.workflows.get(at);
            for next in next.into_iter().flat_map(|next| &next.calls) {
                if next != name && !came.contains_key(next.as_str()) {
                    came.insert(next, at);
                    open.push_back(next);
                }
            }
        }
        None
    }

    fn passed(
        &mut self,
        workflow: Option<&WorkflowSchema>,
        (name, entry): (&str, &Entry),
        reads: &mut Vec<Path>,
    ) {
        let input = workflow.and_then(|workflow| workflow.inputs.get(name));
        if let (Some(workflow), None) = (workflow, input) {
            let names: Vec<&str> = workflow.inputs.keys().map(String::as_str).collect();
            let hint = suggest::hint(name, "its inputs are", names);
            let message = format!("the called workflow has no input `{name}`");
            self.report
                .hinted("steps.call", &entry.key, (message, hint));
        }
        let kind = input.and_then(|input| input.kind);
        let template = entry.node.words().filter(|words| words.contains("{{"));
        match (template, kind) {
            (Some(_), kind) => {
                let known = self.template(&entry.node, reads);
                self.takes(name, kind, (&entry.node, &known));
            }
            (None, _) if entry.node.words().is_none() => {
                self.anything(&entry.node, &format!("`{name}`"), reads);
                let shape = match entry.node.map() {
                    Some(_) => "object",
                    None => "array",
                };
                self.takes(name, kind, (&entry.node, &Known::kind(shape)));
            }
            (None, Some(kind)) => {
                if let Err((expected, hint)) = typed(kind, &entry.node) {
                    let message = format!("the input `{name}` is not {expected}");
                    self.report
                        .hinted("steps.call", &entry.node.head(), (message, hint));
                }
            }
            (None, None) => (),
        }
    }

    /// Whether the input can take what a template gives; text is read as what it stands for.
    fn takes(&mut self, name: &str, kind: Option<InputKind>, (node, known): (&Node, &Known)) {
        let (wanted, word): (&[&str], &str) = match kind {
            None => return,
            Some(InputKind::Text | InputKind::File) => (&["string"], "text"),
            Some(InputKind::Date) => (&["string"], "a day such as `2026-03-29`"),
            Some(InputKind::Integer) => (&["number", "string"], "a whole number"),
            Some(InputKind::Decimal) => (&["number", "string"], "a number"),
            Some(InputKind::Boolean) => (&["boolean", "string"], "true or false"),
            // A table stands for a list.
            Some(InputKind::List) => (&["array", "object", "string"], "a list"),
            Some(InputKind::Object) => (&["object", "string"], "a map"),
        };
        if let Some(is) = known.is_none_of(wanted) {
            let message = format!("the input `{name}` takes {word}, this is {is}");
            self.report.error("steps.call", &node.head(), message);
        }
    }

    fn missing(&mut self, workflow: Option<&WorkflowSchema>, node: &Node) {
        let with = node.get("with");
        let Some(place) = with.or_else(|| node.get("call")) else {
            return;
        };
        let given = |name: &str| with.is_some_and(|with| with.node.get(name).is_some());
        let inputs = workflow.into_iter().flat_map(|workflow| &workflow.inputs);
        let required = inputs.filter(|(_, input): &(&String, &InputSchema)| input.required);
        let keys = with.and_then(|with| with.node.map()).into_iter().flatten();
        let known = |name: &str| workflow.is_some_and(|it| it.inputs.contains_key(name));
        let misspelt: Vec<&str> = keys
            .filter(|(key, _)| !known(key))
            .filter_map(|(key, _)| {
                let names = workflow?.inputs.keys().map(String::as_str);
                suggest::nearest(key, names)
            })
            .collect();
        let required = required.filter(|(name, _)| !misspelt.contains(&name.as_str()));
        for (name, _) in required.filter(|(name, _)| !given(name)) {
            let message = format!("the called workflow needs the input `{name}`");
            let hint = format!("add it under `with:`, as in `with: {{ {name}: … }}`");
            self.report
                .hinted("steps.call", &place.key, (message, Some(hint)));
        }
    }
}

/// What the called workflow leaves.
fn outputs(workflow: &WorkflowSchema) -> Output {
    let parts = workflow.outputs.iter();
    let parts = parts.map(|(name, schema)| (name.clone(), Known::of(schema.clone())));
    Output::Known(Known::map(&parts.collect()))
}
