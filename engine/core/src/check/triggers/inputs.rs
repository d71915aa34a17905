//! Whether a trigger gives a run the inputs that it needs.

use indexmap::IndexMap;

use crate::{
    catalogue::Way,
    check::{Checker, inputs::typed},
    language::suggest,
    plan::{Input, InputKind, Template},
    yaml::Node,
};

impl Checker<'_, '_, '_> {
    pub(super) fn given(
        &mut self,
        trigger: &Node,
        inputs: &IndexMap<String, Input>,
    ) -> IndexMap<String, Template> {
        let entry = trigger.get("inputs");
        let given = entry.and_then(|entry| entry.node.map());
        let mut plan = IndexMap::new();
        for (name, entry) in given.into_iter().flatten() {
            if !self.scope.inputs.contains_key(name) {
                let names: Vec<&str> = self.scope.inputs.keys().map(String::as_str).collect();
                let hint = suggest::hint(name, "the inputs are", names);
                let message = format!("there is no input `{name}`");
                self.report
                    .hinted("triggers.unknown_input", &entry.key, (message, hint));
            }
            if let Some(template) = self.value(&entry.node, name, inputs.get(name)) {
                plan.insert(name.clone(), template);
            }
        }
        let place = entry.map_or_else(|| trigger.head(), |entry| entry.key.clone());
        for (name, input) in inputs {
            if input.default.is_none() && given.is_none_or(|given| !given.contains_key(name)) {
                self.report.hinted(
                    "triggers.missing_input",
                    &place,
                    (
                        format!("this trigger does not give the input `{name}`"),
                        Some(format!(
                            "add it under `inputs:` of the trigger, or give `{name}` a `default:`"
                        )),
                    ),
                );
            }
        }
        plan
    }

    fn value(&mut self, node: &Node, name: &str, input: Option<&Input>) -> Option<Template> {
        let words = node.words();
        match (words, input) {
            (None, _) => {
                let hint = format!("write `{name}: …` with one text, number or template");
                let message = "a trigger gives an input as one value or template";
                self.report
                    .hinted("triggers.input", &node.head(), (message, Some(hint)));
            }
            (Some(words), _) if words.contains("{{") => {
                self.template(node, &mut Vec::new());
            }
            (Some(_), Some(input)) => {
                if let Err((expected, hint)) = typed(input.kind, node) {
                    let message = format!("the input `{name}` is not {expected}");
                    self.report
                        .hinted("triggers.input", &node.head(), (message, hint));
                }
                if input.kind == InputKind::File {
                    self.file_path(node, Way::Read);
                }
            }
            (Some(_), None) => (),
        }
        words.map(|words| Template(words.to_owned()))
    }
}
