//! The steps of a workflow, one by one, in the order in which they run.

mod approval;
mod bots;
mod branches;
mod calls;
mod faults;
mod keys;
pub(crate) mod kinds;
mod loops;
mod parameters;
mod plain;
mod verify;

use std::rc::Rc;

use indexmap::IndexMap;

use super::{
    Checker,
    absent::Guard,
    items,
    known::Known,
    names::{Output, Place, Side},
    retry,
};
use crate::{
    ids::StepId,
    language::{model, suggest},
    plan::{Kind, OnFault, Path, Step, Template, Then},
    yaml::{Node, Span},
};

/// What a step is in the plan, and what it leaves to others.
type Made = (Option<Kind>, Output);

impl Checker<'_, '_, '_> {
    /// Learns every id of the file, so that a name used too early is told from a wrong one.
    pub(super) fn learn_ids(&mut self, steps: &[Option<model::Step>], place: &Place) {
        for step in steps.iter().flatten() {
            if let Some(id) = &step.id {
                match self.scope.ids.contains_key(id) {
                    true => drop(self.scope.twice.insert(id.clone())),
                    false => drop(self.scope.ids.insert(id.clone(), place.clone())),
                }
            }
            if let Some((item, id)) = step.r#as.as_ref().zip(step.id.as_ref()) {
                self.scope.items.insert(item.clone(), id.clone());
            }
            self.learn_inside(step, place);
        }
    }

    fn learn_inside(&mut self, step: &model::Step, place: &Place) {
        let items = Place {
            inside: step.id.clone().or_else(|| place.inside.clone()),
            side: None,
        };
        self.learn_ids(&step.steps, &items);
        let of = step.id.as_deref().unwrap_or_default();
        let beside = |kind, name: &str| Place {
            inside: place.inside.clone(),
            side: Some(side(of, kind, name)),
        };
        for (name, body) in &step.parallel {
            let body = body.as_ref().map_or(&[][..], |body| &body.0);
            self.learn_ids(body, &beside("branch", name));
        }
        for (name, body) in &step.cases {
            let body = body.as_ref().map_or(&[][..], |body| &body.0);
            self.learn_ids(body, &beside("case", name));
        }
        if let Some(body) = &step.default {
            self.learn_ids(&body.0, &beside("case", ""));
        }
        for body in step.on_fault.bodies() {
            self.learn_ids(body, place);
        }
    }

    pub(super) fn steps(&mut self, steps: &[Option<model::Step>], nodes: &[Rc<Node>]) -> Vec<Step> {
        let mut plan: Vec<Step> = Vec::new();
        let mut told = false;
        for (step, node) in steps.iter().zip(nodes) {
            if let (Some(last), false) = (plan.last().filter(|last| never_passes(last)), told) {
                let message = format!("nothing comes here, for `{}` always fails", last.id);
                let hint = "move it up, or give the other a `when:`".to_owned();
                let words = (message, Some(hint));
                self.report
                    .warning("steps.unreachable", &node.head(), words);
                told = true;
            }
            plan.extend(step.as_ref().and_then(|step| self.step(step, node)));
        }
        plan
    }

    /// The steps of a branch, and what they leave, which nobody beside it sees.
    fn body(
        &mut self,
        steps: &[Option<model::Step>],
        (node, side): (&Node, Side),
    ) -> (Vec<Step>, IndexMap<String, Output>) {
        let before = self.scope.steps.len();
        self.scope.bodies.push(side);
        let plan = self.steps(steps, node.items());
        self.scope.bodies.pop();
        (plan, self.scope.steps.split_off(before))
    }

    fn step(&mut self, step: &model::Step, node: &Rc<Node>) -> Option<Step> {
        let id = self.id(step, node);
        self.scope.here = id.clone().unwrap_or_default();
        let mut reads = Vec::new();
        let guarded = self.guard(step, node, &mut reads);
        let before = self.scope.steps.len();
        let (kind, output) = self.kind(step, node, &mut reads);
        let on_fault = self.on_fault(step, node);
        if guarded {
            self.scope.absent.guards.pop();
            self.scope.may_lack_from(before, step.when.as_ref());
        }
        let id = id?;
        self.scope.steps.insert(id.clone(), output);
        if guarded || on_fault.iter().any(goes_on) {
            let when = step.when.as_ref().filter(|_| on_fault.is_empty());
            self.scope.absent.add(&id, when);
        }
        let key = step.key.clone().map(Template);
        Some(Step {
            id: StepId::new(&id),
            name: step.name.clone(),
            when: step.when.clone().map(Template),
            retry: retry(step.retry.as_ref(), &self.retry),
            timeout: step.timeout.map(|timeout| timeout.0),
            key: key.filter(|_| matches!(kind, Some(Kind::Bot(_)))),
            limit: self.limit(step, node),
            on_fault,
            kind: kind?,
            reads,
        })
    }

    /// Whether the step has a condition, which then holds for all that is in it.
    fn guard(&mut self, step: &model::Step, node: &Node, reads: &mut Vec<Path>) -> bool {
        let (Some(when), Some(entry)) = (&step.when, node.get("when")) else {
            return false;
        };
        self.boolean("when", &entry.node, reads);
        let steps = reads.iter().filter(|path| path[0] == "steps");
        self.scope.absent.guards.push(Guard {
            when: when.clone(),
            reads: steps.filter_map(|path| path.get(1).cloned()).collect(),
            paths: reads.clone(),
        });
        true
    }

    /// A template that has to give true or false.
    fn boolean(&mut self, key: &str, node: &Node, reads: &mut Vec<Path>) {
        let known = self.template(node, reads);
        if let Some(kind) = known.is_none_of(&["boolean"]) {
            let hint = match node.words().is_some_and(|words| words.contains("{{")) {
                true => "compare it, as in `{{gt line.amount 0}}`",
                false => "write a template, as in `\"{{gt line.amount 0}}\"`",
            };
            let hint = hint.to_owned();
            let message = format!("`{key}` wants true or false, this is {kind}");
            let code = if key == "when" {
                "steps.when"
            } else {
                "steps.verify"
            };
            self.report
                .hinted(code, &node.head(), (message, Some(hint)));
        }
    }

    fn id(&mut self, step: &model::Step, node: &Node) -> Option<String> {
        let (id, entry) = (step.id.clone()?, node.get("id")?);
        let span = &entry.node.span;
        if !StepId::is_valid(&id) {
            let hint = "use letters, digits, `-` and `_`, beginning with a letter".to_owned();
            let message = format!("`{id}` cannot be the id of a step");
            self.report.hinted("steps.id", span, (message, Some(hint)));
        }
        // Under this name the run itself is parked.
        if id == "run" {
            let hint = "choose another id, such as the name of what the step does".to_owned();
            let message = "`run` is the run itself, a step needs another id".to_owned();
            self.report.hinted("steps.id", span, (message, Some(hint)));
        }
        match self.seen.get(&id).cloned() {
            Some(_) if self.report.is_full() => (),
            Some(first) => {
                let line = self.report.line(&first);
                self.report.hinted(
                    "steps.duplicate_id",
                    span,
                    (
                        format!("the id `{id}` is used twice"),
                        Some(format!("the other one is in line {line}")),
                    ),
                );
            }
            None => drop(self.seen.insert(id.clone(), span.clone())),
        }
        Some(id)
    }

    fn kind(&mut self, step: &model::Step, node: &Rc<Node>, reads: &mut Vec<Path>) -> Made {
        match self.kind_of(node) {
            Some("bot") => self.bot(step, node, reads),
            Some("call") => self.call(step, node, reads),
            Some("for_each") => {
                let each = self.for_each(step, node, reads);
                (each.map(Kind::ForEach), Output::Loop)
            }
            Some("parallel") => self.parallel(step, node),
            Some("switch") => self.switch(step, node, reads),
            Some("approve") => self.approve(step, node, reads),
            Some("wait") => {
                let wait = step.wait.map(|wait| Kind::Wait(wait.0));
                (wait, Output::Nothing)
            }
            Some("wait_until") => self.wait_until(node, reads),
            Some("set") => self.set(node, reads),
            Some(_) => self.fail(step, node, reads),
            None => {
                self.inside(step, node, reads);
                (None, Output::Any)
            }
        }
    }

    /// What stands in a step of which nobody knows what it is.
    fn inside(&mut self, step: &model::Step, node: &Rc<Node>, reads: &mut Vec<Path>) {
        self.steps(&step.steps, items(node, "steps"));
        if node.get("parallel").is_some() {
            self.parallel(step, node);
        }
        if node.get("switch").is_some() {
            self.switch(step, node, reads);
        }
    }

    /// Templates by name, with what each comes to.
    pub(super) fn templates(
        &mut self,
        node: Option<&Node>,
        reads: &mut Vec<Path>,
    ) -> (IndexMap<String, Template>, IndexMap<String, Known>) {
        let (mut plan, mut known) = (IndexMap::new(), IndexMap::new());
        for (name, entry) in node.and_then(Node::map).into_iter().flatten() {
            known.insert(name.clone(), self.template(&entry.node, reads));
            let text = entry.node.words().unwrap_or_default();
            plan.insert(name.clone(), Template(text.to_owned()));
        }
        (plan, known)
    }

    /// The names in a list that are none of those that the instance has.
    pub(super) fn groups(&mut self, node: Option<&Node>) -> Vec<String> {
        let items = node.map_or(&[][..], Node::items);
        for item in items {
            if let Some(group) = item.text() {
                self.group(group, &item.span);
            }
        }
        let names = items.iter().filter_map(|item| item.text());
        names.map(str::to_owned).collect()
    }

    pub(super) fn group(&mut self, group: &str, span: &Span) {
        let known = &self.catalogue.groups;
        if known.contains(group) || self.catalogue.more_groups {
            return;
        }
        let hint = match known.is_empty() {
            true => format!(
                "name its people in botswain.yaml: `groups: {{ {group}: [anna@example.com] }}`"
            ),
            false => suggest::hint(
                group,
                "the groups are",
                known.iter().map(String::as_str).collect::<Vec<_>>(),
            )
            .unwrap_or_else(|| "name it under `groups:` in botswain.yaml".to_owned()),
        };
        let message = format!("there is no group `{group}`");
        self.report
            .hinted("steps.group", span, (message, Some(hint)));
    }
}

fn side(of: &str, kind: &'static str, name: &str) -> Side {
    Side {
        of: of.to_owned(),
        name: name.to_owned(),
        kind,
    }
}

/// Whether the run goes on behind a fault that fits the entry, without what the step gives.
fn goes_on(entry: &OnFault) -> bool {
    matches!(entry.then, Then::Continue | Then::Steps(_))
}

/// Whether the run cannot go on behind the step, whatever it is given.
fn never_passes(step: &Step) -> bool {
    let never = |steps: &Vec<Step>| steps.iter().any(never_passes);
    step.when.is_none()
        && !step.on_fault.iter().any(goes_on)
        && match &step.kind {
            Kind::Fail(_) => true,
            Kind::Parallel(branches) => branches.values().any(never),
            Kind::Switch(switch) => {
                switch.default.as_ref().is_some_and(never) && switch.cases.values().all(never)
            }
            _ => false,
        }
}
