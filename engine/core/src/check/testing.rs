//! `tests:` of a workflow: whether they fit what they test.
//!
//! In go the tests as they were decoded, their places, and the plan of the
//! workflow as far as it could be made; out come the tests as they are played.
//! Where a step has mistakes of its own nothing is said about what tests make
//! of it.

mod expect;
mod mocks;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use indexmap::IndexMap;
use serde_json::Value;

use super::inputs::typed;
use crate::{
    catalogue::Catalogue,
    ids::StepId,
    language::{model, suggest},
    plan::{ForEach, Kind, Plan, Step},
    testing::{Expect, Item, Place, Test, slug},
    yaml::{Node, Report, Span},
};

/// The workflow that is tested.
pub(crate) struct Tested<'p> {
    name: &'p str,
    plan: &'p Plan,
    steps: BTreeMap<&'p str, Found<'p>>,
    /// The ids of the file, also those of steps that did not make it into the plan.
    ids: BTreeSet<String>,
}

/// A step, and the innermost loop around it.
#[derive(Clone, Copy)]
struct Found<'p> {
    step: &'p Step,
    each: Option<&'p ForEach>,
}

impl<'p> Tested<'p> {
    pub(crate) fn new(plan: &'p Plan, ids: impl IntoIterator<Item = String>) -> Tested<'p> {
        let mut steps = BTreeMap::new();
        for list in [&plan.steps, &plan.on_failure, &plan.finally] {
            learn(list, None, &mut steps);
        }
        let own = steps.keys().map(|id| (*id).to_owned());
        Tested {
            name: &plan.name,
            plan,
            ids: ids.into_iter().chain(own).collect(),
            steps,
        }
    }
}

fn learn<'p>(
    steps: &'p [Step],
    each: Option<&'p ForEach>,
    found: &mut BTreeMap<&'p str, Found<'p>>,
) {
    for step in steps {
        found.insert(step.id.as_str(), Found { step, each });
        if let Kind::ForEach(each) = &step.kind {
            learn(&each.steps, Some(each), found);
        }
        for body in step.bodies() {
            learn(body, each, found);
        }
    }
}

/// Checks the tests in a list. Without a workflow only what needs none is looked at.
pub(crate) fn check(
    (tests, nodes): (&[Option<model::Test>], &[Rc<Node>]),
    tested: Option<&Tested<'_>>,
    catalogue: &Catalogue,
    report: &mut Report<'_>,
) -> Vec<Test> {
    let mut checker = Checker {
        tested,
        catalogue,
        report,
        names: BTreeMap::new(),
    };
    let pairs = tests.iter().zip(nodes);
    let all = pairs.filter_map(|(test, node)| checker.test(test.as_ref()?, node));
    all.collect()
}

struct Checker<'c, 'r, 'a> {
    tested: Option<&'c Tested<'c>>,
    catalogue: &'c Catalogue,
    report: &'r mut Report<'a>,
    /// Where each name was first given.
    names: BTreeMap<String, Span>,
}

impl<'c> Checker<'c, '_, '_> {
    fn test(&mut self, test: &model::Test, node: &Node) -> Option<Test> {
        let name = self.name(test, node);
        let inputs = self.inputs(node);
        self.now(test, node);
        let mocks = self.mocks(&test.mocks, node);
        let expect = match (&test.expect, node.get("expect")) {
            (Some(expect), Some(entry)) => self.expect(expect, (&entry.node, &entry.key)),
            _ => Expect::default(),
        };
        Some(Test {
            name: name?,
            workflow: self.tested?.name.to_owned(),
            file: String::new(),
            line: self.report.line(&node.head()),
            inputs,
            now: test.now.clone(),
            mappings: test.mappings.clone(),
            mocks,
            expect,
        })
    }

    fn name(&mut self, test: &model::Test, node: &Node) -> Option<String> {
        let (name, entry) = (test.name.clone()?, node.get("name")?);
        let span = entry.node.span.clone();
        // Snapshots lie under what is left of the name.
        match self.names.get(&slug(&name)) {
            Some(first) => {
                let hint = format!("the other one is in line {}", self.report.line(first));
                let message = format!("there are two tests `{name}`");
                self.report
                    .hinted("tests.name", &span, (message, Some(hint)));
            }
            None => drop(self.names.insert(slug(&name), span)),
        }
        Some(name)
    }

    fn inputs(&mut self, test: &Node) -> IndexMap<String, Value> {
        let Some(tested) = self.tested else {
            return IndexMap::new();
        };
        let entry = test.get("inputs");
        let given = entry.and_then(|entry| entry.node.map());
        let mut inputs = IndexMap::new();
        for (name, entry) in given.into_iter().flatten() {
            let Some(input) = tested.plan.inputs.get(name) else {
                let names = tested.plan.inputs.keys().map(String::as_str);
                let hint = suggest::hint(name, "the inputs are", names.collect::<Vec<_>>());
                let message = format!("there is no input `{name}`");
                self.report
                    .hinted("tests.unknown_input", &entry.key, (message, hint));
                continue;
            };
            match typed(input.kind, &entry.node) {
                Ok(value) => drop(inputs.insert(name.clone(), value)),
                Err((expected, hint)) => {
                    let message = format!("the input `{name}` is not {expected}");
                    self.report
                        .hinted("tests.input", &entry.node.head(), (message, hint));
                }
            }
        }
        let place = entry.map_or_else(|| test.head(), |entry| entry.key.clone());
        for (name, input) in &tested.plan.inputs {
            let is_given = given.is_some_and(|given| given.contains_key(name));
            if input.default.is_none() && !is_given {
                let message = format!("this test does not give the input `{name}`");
                let hint = format!("add `{name}:` under `inputs:` of the test");
                self.report
                    .hinted("tests.missing_input", &place, (message, Some(hint)));
            }
        }
        inputs
    }

    fn now(&mut self, test: &model::Test, node: &Node) {
        let (Some(now), Some(entry)) = (&test.now, node.get("now")) else {
            return;
        };
        let moment = now.parse::<jiff::Timestamp>().is_ok();
        if !moment && now.parse::<jiff::civil::DateTime>().is_err() {
            let message = format!("`{now}` is neither a day nor a time");
            let hint = "write a day as in 2026-03-29, or a time as in 2026-03-29T10:00".to_owned();
            self.report
                .hinted("tests.now", &entry.node.span, (message, Some(hint)));
        }
    }

    /// The step of this id; what is not there is told.
    fn step(&mut self, id: &str, span: &Span) -> Option<Found<'c>> {
        let tested = self.tested?;
        let found = tested.steps.get(id).copied();
        if found.is_none() && !tested.ids.contains(id) {
            let ids = tested.ids.iter().map(String::as_str);
            let hint = suggest::hint(id, "the steps are", ids.collect::<Vec<_>>());
            let message = format!("`{}` has no step `{id}`", tested.name);
            self.report
                .hinted("tests.unknown_step", span, (message, hint));
        }
        found
    }

    /// `STEP`, or `STEP@KEY`.
    fn place(&mut self, text: &str, span: &Span) -> Option<(Place, Found<'c>)> {
        let (id, item) = match text.split_once('@') {
            Some((id, item)) => (id, Some(item)),
            None => (text, None),
        };
        let found = self.step(id, span)?;
        let item = match item {
            Some(item) => Some(self.item((id, found), item, span)?),
            None => None,
        };
        let step = StepId::new(id);
        Some((Place { step, item }, found))
    }

    /// An item by the words of the file: its key, or its place where the loop has none.
    fn item(&mut self, (id, found): (&str, Found<'_>), words: &str, span: &Span) -> Option<Item> {
        let (message, hint) = match found.each {
            None => (
                format!("`{id}` is in no loop, so there are no items of it"),
                "leave the item out".to_owned(),
            ),
            Some(ForEach { key: Some(_), .. }) => return Some(Item::Key(words.to_owned())),
            Some(_) => match words.parse() {
                Ok(index) => return Some(Item::Index(index)),
                Err(_) => (
                    format!("the items around `{id}` have no key, they are named by their place"),
                    "write 0 for the first, or give the `for_each` a `key:`".to_owned(),
                ),
            },
        };
        self.report
            .hinted("tests.item", span, (message, Some(hint)));
        None
    }
}
