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
            let message = format!("`for_each` goes through a list, this is {kind}");
            let hint = list_hint(&list.node, &known);
            self.report
                .hinted("steps.for_each", &list.node.span, (message, hint));
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
            let message = "a `for_each` needs `steps`".to_owned();
            let hint = "say below `steps:` what is done with each item".to_owned();
            self.report
                .hinted("language.missing_key", &list.key, (message, Some(hint)));
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

    /// A key by which the items of this list, or of later ones, are mistaken for each other.
    fn weak_key(&mut self, node: &Node, (own, reads): (&str, &[Path])) {
        let of_item = |path: &&Path| path[0] == own || path[0] == "item";
        let index = |path: &Path| path.len() == 2 && path[0] == "item" && path[1] == "index";
        let (message, hint) = match reads {
            _ if own.is_empty() => return,
            reads if !reads.iter().any(|path| of_item(&path)) => (
                "every item has the same key, so all but the first are skipped",
                format!("name what tells one from another, as in `key: \"{{{{{own}.number}}}}\"`"),
            ),
            reads if reads.iter().all(index) => (
                "the place in the list is no key: what stands there in a later run is skipped",
                format!(
                    "name what the item is called outside, as in `key: \"{{{{{own}.number}}}}\"`"
                ),
            ),
            _ => return,
        };
        self.report
            .warning("steps.weak_key", &node.head(), (message, Some(hint)));
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
            let before = self.report.errors();
            self.key(&entry.node, &mut reads);
            if self.report.errors() == before {
                self.weak_key(&entry.node, (own, &reads));
            }
            if reads.contains(&vec!["item".to_owned(), "key".to_owned()]) {
                let message = "the key of an item cannot read `item.key`".to_owned();
                let hint = format!("name what tells one item from another, as in `{own}.number`");
                self.report
                    .hinted("steps.key", &entry.node.span, (message, Some(hint)));
            }
        }
        reads.retain(|path| path[0] != own && path[0] != "item");
        reads
    }
}

/// What gives a list instead.
fn list_hint(node: &Node, known: &Known) -> Option<String> {
    let text = node.words()?;
    let Some(inner) = text
        .strip_prefix("{{")
        .and_then(|text| text.strip_suffix("}}"))
    else {
        let name = text.contains('.') && !text.contains(' ');
        return name.then(|| format!("write `\"{{{{{text}}}}}\"`"));
    };
    let is_list = |name: &&str| {
        let part = known.walk(&[(*name).to_owned()]).ok();
        part.is_some_and(|part| part.kinds().contains(&"array"))
    };
    let lists: Vec<&str> = known.names().into_iter().filter(is_list).collect();
    match (&lists[..], known.kinds().first()) {
        ([only], _) => Some(format!("did you mean `{}.{only}`?", inner.trim())),
        (_, Some(&"string")) => Some(format!(
            "make a list of the text, as in `\"{{{{split {} \\\",\\\"}}}}\"`",
            inner.trim()
        )),
        _ => None,
    }
}
