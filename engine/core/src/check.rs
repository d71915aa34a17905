//! From a decoded workflow to a plan, with everything that is wrong on the way.
//!
//! In go the model, the tree with its places and the catalogue; out comes a
//! plan, which counts only if the report holds no error. Each rule looks at its
//! own part and goes on after a finding, so that one mistake hides no other.

mod absent;
mod demand;
mod fit;
mod infer;
mod inputs;
mod known;
mod names;
mod pages;
mod paths;
mod secrets;
pub(crate) mod shape;
mod steps;
mod templates;
pub(crate) mod testing;
mod triggers;
mod whole;

pub(crate) use self::steps::kinds;

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use indexmap::IndexMap;
use serde_json::Value;

use self::{
    names::{Place, Scope},
    testing::Tested,
};
use crate::{
    catalogue::Catalogue,
    ids::Hash,
    language::model::{self, Workflow},
    plan::{Plan, Retry},
    testing::Test,
    yaml::{Node, Report, Span},
};

/// A file as far as it could be read.
#[derive(Clone, Copy)]
pub(crate) struct Document<'d> {
    pub(crate) model: &'d Workflow,
    pub(crate) root: &'d Rc<Node>,
    /// What the file is called, without folder and ending.
    pub(crate) stem: &'d str,
}

/// What came of it: the plan, and what else belongs to its version.
pub(crate) struct Checked {
    pub(crate) plan: Plan,
    /// The templates that it names.
    pub(crate) templates: IndexMap<String, String>,
    /// The pages that it names.
    pub(crate) pages: IndexMap<String, String>,
    /// The versions of the workflows that it calls.
    pub(crate) calls: IndexMap<String, Hash>,
    /// JSON Schema of each of its outputs.
    pub(crate) outputs: BTreeMap<String, Value>,
    /// What `botswain test` plays.
    pub(crate) tests: Vec<Test>,
}

/// Checks everything that a schema cannot say.
pub(crate) fn check<'d>(
    document: &Document<'d>,
    catalogue: &'d Catalogue,
    report: &mut Report<'_>,
) -> Checked {
    let Document { model, root, stem } = *document;
    let mut checker = Checker {
        catalogue,
        report,
        scope: Scope::default(),
        retry: retry(model.retry.as_ref(), &Retry::default()),
        templates: IndexMap::new(),
        seen: HashMap::new(),
        workflow: stem,
        calls: IndexMap::new(),
        pages: BTreeMap::new(),
        meant: HashMap::new(),
    };
    checker.name(model, root, stem);
    let inputs = checker.inputs(&model.inputs, root);
    let triggers = checker.triggers(&model.triggers, root, &inputs);
    for steps in [&model.steps, &model.on_failure, &model.finally] {
        checker.learn_ids(steps, &Place::default());
    }
    let steps = checker.steps(&model.steps, items(root, "steps"));
    let (outputs, output_reads, left) = checker.outputs(root);
    let [on_failure, finally] = checker.endings(model, root);
    let plan = Plan {
        triggers,
        overlap: model.overlap,
        description: model.description.clone(),
        inputs,
        formerly: checker.formerly(root),
        outputs,
        output_reads,
        timeout: model.timeout.map(|timeout| timeout.0),
        saves: model.saves.map(|saves| saves.0),
        on_failure,
        finally,
        exceptions: checker.exceptions(model, root),
        promise: checker.promise(model.promise.as_ref(), root),
        ..Plan::new(stem, steps)
    };
    let (templates, calls) = (checker.templates, checker.calls);
    let pages = checker.pages.into_iter().collect();
    let ids = checker.scope.ids.into_keys();
    let tested = (!model.tests.is_empty()).then(|| Tested::new(&plan, ids));
    let tests = (&model.tests[..], items(root, "tests"));
    let tests = testing::check(tests, tested.as_ref(), catalogue, report);
    Checked {
        plan,
        templates,
        pages,
        calls,
        outputs: left,
        tests,
    }
}

/// The items of the list under a key.
fn items<'n>(node: &'n Node, key: &str) -> &'n [Rc<Node>] {
    node.get(key).map_or(&[], |entry| entry.node.items())
}

/// The state of one check, shared by the rules.
struct Checker<'c, 'r, 'a> {
    catalogue: &'c Catalogue,
    report: &'r mut Report<'a>,
    /// What can be named where the check stands.
    scope: Scope,
    /// Of steps that do not say otherwise.
    retry: Retry,
    /// The template files that were named.
    templates: IndexMap<String, String>,
    /// Where each id was first given.
    seen: HashMap<String, Span>,
    /// What the workflow is called.
    workflow: &'c str,
    /// The versions of the workflows that were called.
    calls: IndexMap<String, Hash>,
    /// The pages that were named, with their texts.
    pages: BTreeMap<String, String>,
    /// What the locators with names of pages stand for, by where they begin.
    meant: HashMap<usize, String>,
}

impl Checker<'_, '_, '_> {
    fn name(&mut self, model: &Workflow, root: &Node, stem: &str) {
        let start = root.head();
        let written = model.name.as_deref().filter(|name| is_name(name));
        if !is_name(stem) {
            let hint = match written {
                Some(name) => format!("call the file `{name}.yaml`"),
                None => "call the file with lower-case letters, digits and `-`, as in `order-entry.yaml`".to_owned(),
            };
            let message = format!("`{stem}` cannot be the name of a workflow");
            let start = start.start..start.start;
            // What `name` says matters once the file can have a name.
            return self
                .report
                .hinted("language.name", &start, (message, Some(hint)));
        }
        if let (Some(name), Some(entry)) = (&model.name, root.get("name"))
            && name != stem
        {
            let hint = match written {
                Some(_) => format!("write `name: {stem}`, or rename the file"),
                None => format!("write `name: {stem}`"),
            };
            let message = format!("the name is `{name}`, but the file is called `{stem}`");
            self.report
                .hinted("language.name", &entry.node.span, (message, Some(hint)));
        }
    }
}

/// `^[a-z0-9][a-z0-9-]{0,62}$`: names become parts of addresses and keys.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= 63
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|byte| plain(byte) || byte == b'-')
}

/// What is given, over what holds otherwise.
fn retry(given: Option<&model::Retry>, otherwise: &Retry) -> Retry {
    let Some(given) = given else {
        return otherwise.clone();
    };
    let delay = given.delay.map_or(otherwise.delay, |delay| delay.0);
    Retry {
        attempts: given.attempts.unwrap_or(otherwise.attempts),
        delay,
        factor: given.factor.unwrap_or(otherwise.factor),
        max_delay: given
            .max_delay
            .map_or_else(|| otherwise.max_delay.max(delay), |delay| delay.0),
    }
}
