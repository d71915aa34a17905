//! What starts a workflow: whether its times exist, and whether it gives what the run needs.

use indexmap::IndexMap;

use super::{Checker, inputs::typed};
use crate::{
    language::{model, suggest},
    plan::{Input, Schedule, Template, Trigger},
    schedule,
    yaml::Node,
};

impl Checker<'_, '_, '_> {
    pub(super) fn triggers(
        &mut self,
        triggers: &[Option<model::Trigger>],
        root: &Node,
        inputs: &IndexMap<String, Input>,
    ) -> Vec<Trigger> {
        let nodes = root.get("triggers").map(|entry| entry.node.items());
        self.scope.trigger = true;
        let pairs = triggers.iter().zip(nodes.unwrap_or_default());
        let plan = pairs.filter_map(|(trigger, node)| {
            let trigger = trigger.as_ref()?;
            let schedule = self.schedule(trigger, node);
            let inputs = self.given(node, inputs);
            Some(Trigger {
                schedule: schedule?,
                inputs,
            })
        });
        let plan = plan.collect();
        self.scope.trigger = false;
        plan
    }

    fn schedule(&mut self, trigger: &model::Trigger, node: &Node) -> Option<Schedule> {
        let zone = match (&trigger.timezone, node.get("timezone")) {
            (Some(zone), Some(entry)) if jiff::tz::TimeZone::get(zone).is_err() => {
                self.report.hinted(
                    "triggers.timezone",
                    &entry.node.span,
                    (
                        format!("there is no time zone `{zone}`"),
                        Some("write it like `Europe/Berlin` or `Asia/Shanghai`".to_owned()),
                    ),
                );
                "UTC"
            }
            (Some(zone), _) => zone,
            (None, _) if self.catalogue.timezone.is_empty() => "UTC",
            (None, _) => &self.catalogue.timezone,
        };
        let cron = trigger.cron.clone()?;
        if let Err(problem) = schedule::parse(&cron, zone) {
            let span = node
                .get("cron")
                .map_or_else(|| node.head(), |entry| entry.node.head());
            let words = (problem.message, Some(problem.hint));
            self.report.hinted("triggers.cron", &span, words);
        }
        Some(Schedule {
            cron,
            timezone: trigger.timezone.clone(),
            missed: trigger.missed,
        })
    }

    fn given(
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
            (None, _) => self.report.error(
                "triggers.input",
                &node.head(),
                "a trigger gives an input as one value or template",
            ),
            (Some(words), _) if words.contains("{{") => {
                self.template(node, &mut Vec::new());
            }
            (Some(_), Some(input)) => {
                if let Err((expected, hint)) = typed(input.kind, node) {
                    let message = format!("the input `{name}` is not {expected}");
                    self.report
                        .hinted("triggers.input", &node.head(), (message, hint));
                }
            }
            (Some(_), None) => (),
        }
        words.map(|words| Template(words.to_owned()))
    }
}
