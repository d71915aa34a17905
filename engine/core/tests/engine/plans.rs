//! Small plans, made without a file.

use botswain_core::{
    StepId,
    plan::{
        BotCall, ForEach, Input, InputKind, Kind, Overlap, Path, Plan, Retry, SEMANTICS, Step,
        Template, Trigger, Version,
    },
    template,
};
use indexmap::IndexMap;
use serde_json::Value;

pub(crate) fn workflow(name: &str, steps: Vec<Step>) -> Version {
    let plan = Plan {
        semantics: SEMANTICS,
        name: name.to_owned(),
        description: None,
        triggers: Vec::new(),
        overlap: Overlap::Queue,
        inputs: IndexMap::new(),
        steps,
    };
    Version {
        plan,
        source: format!("name: {name}"),
        templates: IndexMap::new(),
    }
}

pub(crate) trait With {
    #[must_use]
    fn input(self, name: &str, kind: InputKind) -> Self;
    #[must_use]
    fn overlap(self, overlap: Overlap) -> Self;
    #[must_use]
    fn trigger(self, trigger: Trigger) -> Self;
}

impl With for Version {
    fn input(mut self, name: &str, kind: InputKind) -> Self {
        self.plan.inputs.insert(
            name.to_owned(),
            Input {
                kind,
                description: None,
                default: None,
            },
        );
        self
    }

    fn overlap(mut self, overlap: Overlap) -> Self {
        self.plan.overlap = overlap;
        self
    }

    fn trigger(mut self, trigger: Trigger) -> Self {
        self.plan.triggers.push(trigger);
        self
    }
}

pub(crate) fn bot(id: &str, bot: &str, with: Value) -> Step {
    let reads = reads(&with);
    Step {
        id: StepId::new(id),
        name: None,
        when: None,
        retry: Retry {
            attempts: 3,
            delay: 1000,
            factor: 2.0,
            max_delay: 60_000,
        },
        timeout: None,
        key: None,
        kind: Kind::Bot(BotCall {
            bot: bot.to_owned(),
            connection: None,
            with,
            effect: None,
        }),
        reads,
    }
}

pub(crate) fn when(mut step: Step, condition: &str) -> Step {
    step.reads
        .extend(reads(&Value::String(condition.to_owned())));
    step.when = Some(Template(condition.to_owned()));
    step
}

pub(crate) fn keyed(mut step: Step, key: &str) -> Step {
    step.reads.extend(reads(&Value::String(key.to_owned())));
    step.key = Some(Template(key.to_owned()));
    step
}

pub(crate) fn on(mut step: Step, name: &str) -> Step {
    if let Kind::Bot(call) = &mut step.kind {
        call.connection = Some(name.to_owned());
    }
    step
}

/// `each("enter", "{{inputs.lines}}", Some("{{line.id}}"), steps)`: the item is called `line`.
pub(crate) fn each(id: &str, list: &str, key: Option<&str>, steps: Vec<Step>) -> Step {
    let kind = Kind::ForEach(ForEach {
        list: Template(list.to_owned()),
        item: "line".to_owned(),
        key: key.map(|key| Template(key.to_owned())),
        at_once: 2,
        collect: IndexMap::new(),
        key_reads: Vec::new(),
        collect_reads: Vec::new(),
        steps,
    });
    Step {
        reads: reads(&Value::String(list.to_owned())),
        kind,
        ..bot(id, "world.read", Value::Null)
    }
}

fn reads(with: &Value) -> Vec<Path> {
    match with {
        Value::String(source) => {
            let parsed = template::parse(source).expect("a template");
            parsed.reads.into_iter().map(|read| read.path).collect()
        }
        Value::Array(items) => items.iter().flat_map(reads).collect(),
        Value::Object(map) => map.values().flat_map(reads).collect(),
        _ => Vec::new(),
    }
}
