//! What holds for a workflow as a whole: its outputs, its endings, its exceptions, its old names.

use std::{collections::BTreeMap, rc::Rc};

use indexmap::IndexMap;
use serde_json::Value;

use super::{Checker, is_name, items};
use crate::{
    language::model::{self, Workflow},
    plan::{Exceptions, Path, Step, Template},
    yaml::Node,
};

/// The templates, the paths that they read, and the JSON Schema of what each gives.
type Outputs = (
    IndexMap<String, Template>,
    Vec<Path>,
    BTreeMap<String, Value>,
);

impl Checker<'_, '_, '_> {
    /// What a run leaves; it sees what the steps have left.
    pub(super) fn outputs(&mut self, root: &Node) -> Outputs {
        self.scope.here = String::new();
        let node = root.get("outputs").map(|entry| &*entry.node);
        self.value_names(node, "an output");
        let mut reads = Vec::new();
        let (outputs, known) = self.templates(node, &mut reads);
        let left = known.iter();
        let left = left.map(|(name, known)| (name.clone(), known.alone()));
        (outputs, reads, left.collect())
    }

    /// `on_failure` and `finally`: wherever the run ended, so that any step may be lacking.
    pub(super) fn endings(&mut self, model: &Workflow, root: &Node) -> [Vec<Step>; 2] {
        self.scope.absent.all = true;
        let mut ending = |steps: &[Option<model::Step>], nodes: &[Rc<Node>], fault| {
            self.scope.fault = fault;
            self.scope.absent.all = true;
            self.steps(steps, nodes)
        };
        let on_failure = ending(&model.on_failure, items(root, "on_failure"), true);
        let finally = ending(&model.finally, items(root, "finally"), false);
        [on_failure, finally]
    }

    pub(super) fn exceptions(&mut self, model: &Workflow, root: &Node) -> Exceptions {
        let node = root.get("exceptions").map(|entry| &*entry.node);
        let (Some(node), Some(model)) = (node, &model.exceptions) else {
            return Exceptions::default();
        };
        if let (Some(group), Some(entry)) = (&model.assign, node.get("assign")) {
            self.group(group, &entry.node.span);
        }
        for address in items(node, "notify") {
            if let Some(text) = address.text().filter(|text| !is_address(text)) {
                let message = format!("`{text}` is not a mail address");
                let hint = "write it like `anna@example.com`".to_owned();
                self.report
                    .hinted("language.address", &address.span, (message, Some(hint)));
            }
        }
        Exceptions {
            due: model.due.map(|due| due.0),
            assign: model.assign.clone(),
            notify: model.notify.iter().flatten().cloned().collect(),
        }
    }

    /// Old names, of which no other workflow may have one now.
    pub(super) fn formerly(&mut self, root: &Node) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for item in items(root, "formerly") {
            let Some(name) = item.text() else { continue };
            let problem = match name {
                _ if !is_name(name) => format!("`{name}` cannot have been the name of a workflow"),
                _ if name == self.workflow => format!("`{name}` is what it is called now"),
                _ if self.catalogue.workflows.contains_key(name) => {
                    format!("`{name}` is the name of another workflow")
                }
                _ if names.iter().any(|other| other == name) => format!("`{name}` is given twice"),
                _ => {
                    names.push(name.to_owned());
                    continue;
                }
            };
            self.report.error("language.formerly", &item.span, problem);
        }
        names
    }
}

/// One `@` with something on both sides: the rest is for those who send.
fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(local, host)| {
        let plain = |part: &str| !part.is_empty() && !part.contains([' ', '@', ',', ';', '\n']);
        plain(local) && plain(host)
    })
}
