//! Steps that hold lists of steps of the same run: `parallel` and `switch`.

use std::rc::Rc;

use indexmap::IndexMap;

use super::{Checker, Made, side};
use crate::{
    check::{known::Known, names::Output},
    ids::StepId,
    language::model::{self, Body},
    plan::{Kind, Path, Step, Switch, Template},
    yaml::{Node, Span},
};

type Bodies = IndexMap<String, Vec<Step>>;

impl Checker<'_, '_, '_> {
    /// Each branch sees its own steps; what follows sees those of all.
    pub(super) fn parallel(&mut self, step: &model::Step, node: &Rc<Node>) -> Made {
        let bodies = node.get("parallel").map(|entry| &*entry.node);
        let of = step.id.as_deref().unwrap_or_default();
        if let Some(empty) = bodies.filter(|bodies| bodies.map().is_some_and(IndexMap::is_empty)) {
            let message = "a `parallel` needs at least one branch";
            self.report.error("steps.parallel", &empty.span, message);
        }
        let (branches, left) = self.bodies(&step.parallel, bodies, (of, "branch"));
        for name in bodies
            .and_then(Node::map)
            .into_iter()
            .flat_map(IndexMap::keys)
        {
            self.branch_name(name, bodies);
        }
        self.scope.steps.extend(left);
        (Some(Kind::Parallel(branches)), Output::Nothing)
    }

    fn branch_name(&mut self, name: &str, bodies: Option<&Node>) {
        let entry = bodies.and_then(|bodies| bodies.get(name));
        if let (Some(entry), false) = (entry, StepId::is_valid(name)) {
            let message = format!("`{name}` cannot be the name of a branch");
            let hint = "use letters, digits, `-` and `_`, beginning with a letter".to_owned();
            self.report
                .hinted("steps.parallel", &entry.key, (message, Some(hint)));
        }
    }

    /// Only one case is done, so what follows cannot rely on any.
    pub(super) fn switch(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> Made {
        let known = match node.get("switch") {
            Some(entry) => self.choice(&entry.node, reads),
            None => Known::any(),
        };
        let of = step.id.as_deref().unwrap_or_default();
        let nodes = node.get("cases").map(|entry| &*entry.node);
        let (cases, mut left) = self.bodies(&step.cases, nodes, (of, "case"));
        self.case_names(nodes, (node, &known));
        let default = step.default.as_ref().zip(node.get("default"));
        let default = default.map(|(body, entry)| {
            let side = side(of, "case", "");
            let (steps, more) = self.body(&body.0, (&entry.node, side));
            left.extend(more);
            steps
        });
        let before = self.scope.steps.len();
        self.scope.steps.extend(left);
        self.scope.may_lack_from(before, None);
        let on = step.switch.clone().map(|on| Switch {
            on: Template(on),
            cases,
            default,
        });
        (on.map(Kind::Switch), Output::Nothing)
    }

    fn choice(&mut self, node: &Node, reads: &mut Vec<Path>) -> Known {
        let known = self.template(node, reads);
        if let Some(is) = known.is_none_of(&["string", "number", "boolean"]) {
            let message = format!("`switch` takes text, a number, or true or false, this is {is}");
            let hint = "name the part of it that is meant".to_owned();
            self.report
                .hinted("steps.switch", &node.head(), (message, Some(hint)));
        }
        known
    }

    fn case_names(&mut self, cases: Option<&Node>, (step, on): (&Node, &Known)) {
        let names = cases.and_then(Node::map);
        let place = step.get("cases").or_else(|| step.get("switch"));
        if let (true, Some(place)) = (names.is_none_or(IndexMap::is_empty), place) {
            let message = "a `switch` needs `cases`, at least one";
            let hint = "as in `cases: { DE: [ … ], AT: [ … ] }`".to_owned();
            self.report
                .hinted("steps.switch", &place.key, (message, Some(hint)));
        }
        for (name, entry) in names.into_iter().flatten() {
            self.case_name(name, &entry.key, on);
        }
    }

    fn case_name(&mut self, name: &str, span: &Span, on: &Known) {
        if name.contains("{{") {
            let message = "a case is a fixed text, no template";
            return self.report.error("steps.switch", span, message);
        }
        let wanted = match on.kinds()[..] {
            ["boolean"] if !["true", "false"].contains(&name) => "`true` or `false`",
            ["integer"] if name.parse::<i64>().is_err() => "a whole number",
            _ => return,
        };
        let message = format!("the case `{name}` is never taken");
        let hint = format!("the value is {wanted}");
        self.report
            .warning("steps.switch", span, (message, Some(hint)));
    }

    /// Each body with what it leaves, which none of the others sees.
    fn bodies(
        &mut self,
        model: &IndexMap<String, Option<Body>>,
        nodes: Option<&Node>,
        (of, kind): (&str, &'static str),
    ) -> (Bodies, IndexMap<String, Output>) {
        let (mut plan, mut left) = (IndexMap::new(), IndexMap::new());
        for (name, body) in model {
            let entry = nodes.and_then(|nodes| nodes.get(name));
            let (Some(body), Some(entry)) = (body, entry) else {
                continue;
            };
            let (steps, more) = self.body(&body.0, (&entry.node, side(of, kind, name)));
            plan.insert(name.clone(), steps);
            left.extend(more);
        }
        (plan, left)
    }
}
