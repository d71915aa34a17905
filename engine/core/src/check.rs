//! From a decoded workflow to a plan, with everything that is wrong on the way.
//!
//! In go the model, the tree with its places and the catalogue; out comes a
//! plan, which counts only if the report holds no error. Each rule looks at its
//! own part and goes on after a finding, so that one mistake hides no other.

mod demand;
mod fit;
mod infer;
mod inputs;
mod names;
pub(crate) mod shape;
mod steps;
mod templates;
mod triggers;

use std::{collections::HashMap, rc::Rc};

use indexmap::IndexMap;

use self::names::Scope;
use crate::{
    catalogue::Catalogue,
    language::model::{self, Workflow},
    plan::{Plan, Retry, SEMANTICS},
    yaml::{Node, Report, Span},
};

/// A file as far as it could be read.
pub(crate) struct Document<'d> {
    pub(crate) model: &'d Workflow,
    pub(crate) root: &'d Rc<Node>,
    /// What the file is called, without folder and ending.
    pub(crate) stem: &'d str,
}

/// What came of it: the plan, and the templates that it names.
pub(crate) struct Checked {
    pub(crate) plan: Plan,
    pub(crate) templates: IndexMap<String, String>,
}

/// Checks everything that a schema cannot say.
pub(crate) fn check(
    document: &Document<'_>,
    catalogue: &Catalogue,
    report: &mut Report<'_>,
) -> Checked {
    let Document { model, root, stem } = document;
    let mut checker = Checker {
        catalogue,
        report,
        scope: Scope::default(),
        retry: retry(model.retry.as_ref(), &Retry::default()),
        templates: IndexMap::new(),
        seen: HashMap::new(),
    };
    checker.name(model, root, stem);
    let inputs = checker.inputs(&model.inputs, root);
    let triggers = checker.triggers(&model.triggers, root, &inputs);
    checker.learn_ids(&model.steps, None);
    let steps = root
        .get("steps")
        .map_or(&[][..], |entry| entry.node.items());
    let steps = checker.steps(&model.steps, steps);
    let plan = Plan {
        semantics: SEMANTICS,
        name: (*stem).to_owned(),
        description: model.description.clone(),
        triggers,
        overlap: model.overlap,
        inputs,
        steps,
    };
    Checked {
        plan,
        templates: checker.templates,
    }
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
fn is_name(name: &str) -> bool {
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
