//! `for_each`: its list, its item and what each item leaves.

use std::rc::Rc;

use super::Checker;
use crate::{
    check::{
        items,
        known::Known,
        names::{self, Loop},
    },
    ids::StepId,
    language::model,
    plan::{ForEach, Path, Template},
    yaml::Node,
};

impl Checker<'_, '_, '_> {
    pub(super) fn for_each(
        &mut self,
        step: &model::Step,
        node: &Rc<Node>,
        reads: &mut Vec<Path>,
    ) -> Option<ForEach> {
        let list = node.get("for_each")?;
        let known = self.template(&list.node, reads);
        let item = known.item().unwrap_or_else(|kind| {
            self.report.error(
                "steps.for_each",
                &list.node.span,
                format!("`for_each` goes through a list, this is {kind}"),
            );
            Known::any()
        });
        let name = self.item_name(step, node);
        let outside = self.scope.steps.len();
        let own = name.clone().unwrap_or_default();
        self.scope.loops.push(Loop {
            name: own.clone(),
            item,
            keyed: step.key.is_some(),
        });
        let key_reads = self.key_reads(node, &own);
        if step.steps.is_empty() && node.get("steps").is_none() {
            let message = "a `for_each` needs `steps`";
            self.report
                .error("language.missing_key", &list.key, message);
        }
        // An item is a run of its own, which knows nothing of a fault around it.
        let fault = std::mem::take(&mut self.scope.fault);
        let steps = self.steps(&step.steps, items(node, "steps"));
        self.scope.here = String::new();
        let mut collect_reads = Vec::new();
        let collect = node.get("collect").map(|entry| &*entry.node);
        let (collect, _) = self.templates(collect, &mut collect_reads);
        self.scope.fault = fault;
        self.scope.loops.pop();
        self.scope.steps.truncate(outside);
        Some(ForEach {
            list: Template(step.for_each.clone()?),
            item: name?,
            key: step.key.clone().map(Template),
            at_once: step.at_once.unwrap_or(1),
            wait_for: step.wait_for,
            collect,
            key_reads,
            collect_reads,
            steps,
        })
    }

    fn item_name(&mut self, step: &model::Step, node: &Node) -> Option<String> {
        let Some(entry) = node.get("as") else {
            let span = node
                .get("for_each")
                .map_or_else(|| node.head(), |entry| entry.key.clone());
            self.report.hinted(
                "language.missing_key",
                &span,
                (
                    "a `for_each` needs `as`",
                    Some("give the item a name, as in `as: line`".to_owned()),
                ),
            );
            return None;
        };
        let (name, span) = (step.r#as.clone()?, &entry.node.span);
        let taken = self.scope.loops.iter().any(|other| other.name == name);
        let problem = match name.as_str() {
            _ if !StepId::is_valid(&name) || name.contains('-') => {
                format!("`{name}` cannot be a name: use letters, digits and `_`")
            }
            _ if names::is_root(&name) => format!("`{name}` already means something in templates"),
            _ if taken => format!("`{name}` is the item of a loop around this one"),
            _ => return Some(name),
        };
        let hint = "choose another name".to_owned();
        self.report.hinted("steps.as", span, (problem, Some(hint)));
        Some(name)
    }

    pub(super) fn key(&mut self, node: &Node, reads: &mut Vec<Path>) {
        let known = self.template(node, reads);
        if let Some(is) = known.is_none_of(&["string", "number"]) {
            let message = format!("a key is text, this is {is}");
            self.report.error("steps.key", &node.head(), message);
        }
    }

    /// What the key of an item reads beside the item.
    fn key_reads(&mut self, node: &Node, own: &str) -> Vec<Path> {
        let mut reads = Vec::new();
        if let Some(entry) = node.get("key") {
            self.key(&entry.node, &mut reads);
            if reads.contains(&vec!["item".to_owned(), "key".to_owned()]) {
                let message = "the key of an item cannot read `item.key`";
                self.report.error("steps.key", &entry.node.span, message);
            }
        }
        reads.retain(|path| path[0] != own && path[0] != "item");
        reads
    }
}
