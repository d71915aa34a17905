//! Steps that may have been left out, and templates that need them all the same.
//!
//! A step that did not run gives null, and a name below null is a fault when the
//! run comes to it. A template is safe when the step in which it stands asks
//! the same question first, or when it asks itself: by `default`, by `ne … null`
//! or by `with`.

use std::collections::{HashMap, HashSet};

use super::{Checker, infer::Null};
use crate::{
    template::{self, Base, Call, Expression, Parsed, ScopeKind},
    yaml::{Node, Span},
};

/// What is known of steps that may have been left out.
#[derive(Default)]
pub(crate) struct Absent {
    /// The steps, with the condition under which they run where there is one.
    steps: HashMap<String, Option<String>>,
    /// Whether it may be any step, for the run may have ended anywhere.
    pub(crate) all: bool,
    /// The conditions of the steps around, outside first.
    pub(crate) guards: Vec<Guard>,
}

/// A `when`, and the steps that it reads.
pub(crate) struct Guard {
    pub(crate) when: String,
    pub(crate) reads: Vec<String>,
    /// All names that it reads.
    pub(crate) paths: Vec<Vec<String>>,
}

impl Absent {
    pub(crate) fn add(&mut self, step: &str, when: Option<&String>) {
        self.steps.insert(step.to_owned(), when.cloned());
    }

    /// Whether a step may have been left out although the conditions around hold.
    fn may_lack(&self, step: &str) -> bool {
        let own = self.steps.get(step);
        let asked = |guard: &Guard| {
            let same = own.and_then(Option::as_ref) == Some(&guard.when);
            same || guard.reads.iter().any(|read| read == step)
        };
        (self.all || own.is_some()) && !self.guards.iter().any(asked)
    }
}

impl Checker<'_, '_, '_> {
    /// Warns of names in a template that are not there when their step was left out.
    pub(super) fn absent(&mut self, node: &Node, parsed: &Parsed) {
        if self.scope.trigger.is_some() {
            return;
        }
        let mut reading = Reading::default();
        reading.nodes(&parsed.nodes);
        let alone = matches!(
            &parsed.nodes[..],
            [template::Node::Print(Expression::Path(_))]
        );
        let Reading { paths, asked, .. } = reading;
        let mut told = HashSet::new();
        for path in paths {
            let step = path.segments[1].as_str();
            let whole = alone && path.segments.len() == 2;
            let lacking = self.scope.steps.contains_key(step) && self.scope.absent.may_lack(step);
            if lacking && !whole && !asked.contains(step) && told.insert(step) {
                let words = (
                    format!(
                        "`{step}` may not have run, and then there is no `{}`",
                        path.raw
                    ),
                    Some(format!(
                        "ask first, as in `when: \"{{{{ne steps.{step} null}}}}\"`, or write `(default {} …)`",
                        path.raw
                    )),
                );
                let place = super::templates::located(self.report, node, path.offset, &path.raw);
                self.report
                    .warning("template.may_be_missing", &place, words);
            }
        }
    }
}

impl Checker<'_, '_, '_> {
    /// Warns of names that may be null where the template needs a value.
    pub(super) fn nulls(&mut self, node: &Node, parsed: &Parsed, nulls: Vec<Null>) {
        let mut reading = Reading::default();
        reading.nodes(&parsed.nodes);
        for Null {
            offset,
            words,
            path,
        } in nulls
        {
            if !self.is_asked(&path) && !reading.names.contains(&&path[..]) {
                let place = super::templates::located(self.report, node, offset, &words);
                self.null(&place, &words, path.is_empty());
            }
        }
    }

    /// The same for a template that is one name, in a place that takes no null.
    pub(super) fn null_value(&mut self, node: &Node, name: &str) {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        if !self.is_asked(&path) {
            self.null(&node.head(), name, false);
        }
    }

    fn is_asked(&self, path: &[String]) -> bool {
        let mut asked = self.scope.absent.guards.iter();
        asked.any(|guard| guard.paths.iter().any(|read| read == path))
    }

    fn null(&mut self, place: &Span, name: &str, field: bool) {
        let hint = match field {
            true => format!(
                "leave such rows out, as in `(where rows (ne (field \"{name}\") null))`, or write `(default (field \"{name}\") …)`"
            ),
            false => format!(
                "ask first, as in `when: \"{{{{ne {name} null}}}}\"`, or write `(default {name} …)`"
            ),
        };
        let message = format!("`{name}` may have no value, and then this is a fault");
        self.report
            .warning("template.may_be_null", place, (message, Some(hint)));
    }
}

/// The names of steps in a template, and what it asks about itself: the steps, and all names.
#[derive(Default)]
struct Reading<'t> {
    paths: Vec<&'t template::Path>,
    asked: HashSet<&'t str>,
    names: Vec<&'t [String]>,
}

impl<'t> Reading<'t> {
    fn nodes(&mut self, nodes: &'t [template::Node]) {
        for node in nodes {
            match node {
                template::Node::Text(_) => (),
                template::Node::Print(expression) => self.expression(expression),
                template::Node::If(choice) => {
                    self.expression(&choice.condition);
                    self.nodes(&choice.then);
                    self.nodes(&choice.otherwise);
                }
                template::Node::Scope(block) => {
                    if block.kind == ScopeKind::With {
                        self.asks(&block.subject);
                    }
                    self.expression(&block.subject);
                    self.nodes(&block.body);
                    self.nodes(&block.otherwise);
                }
            }
        }
    }

    fn expression(&mut self, expression: &'t Expression) {
        match expression {
            Expression::Literal(_) => (),
            Expression::Path(path) => self.paths.extend(step(path).map(|_| path)),
            Expression::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: &'t Call) {
        let null = |arg: &Expression| matches!(arg, Expression::Literal(value) if value.is_null());
        let compares = ["eq", "ne"].contains(&call.helper) && call.args.iter().any(null);
        if let (Some(first), true) = (call.args.first(), call.helper == "default") {
            self.asks(first);
        }
        for arg in &call.args {
            if compares {
                self.asks(arg);
            }
            self.expression(arg);
        }
        for arg in call.hash.values() {
            self.expression(arg);
        }
    }

    fn asks(&mut self, expression: &'t Expression) {
        if let Expression::Path(path) = expression {
            self.asked.extend(step(path));
            self.names.push(&path.segments);
        }
    }
}

/// The step of which a path reads.
fn step(path: &template::Path) -> Option<&str> {
    match (&path.base, &path.segments[..]) {
        (Base::Root, [steps, step, ..]) if steps == "steps" => Some(step),
        _ => None,
    }
}
