//! Small plans, made without a file.

use botswain_core::{
    StepId,
    plan::{
        Approve, BotCall, Escalate, ForEach, Input, InputKind, Kind, Missed, On, OnFault, Overlap,
        Path, Plan, Retry, Schedule, Step, Template, Then, Trigger, Verify, Version, WaitFor,
    },
    template,
};
use indexmap::IndexMap;
use serde_json::Value;

pub(crate) fn workflow(name: &str, steps: Vec<Step>) -> Version {
    Version {
        plan: Plan::new(name, steps),
        source: format!("name: {name}"),
        templates: IndexMap::new(),
        calls: IndexMap::new(),
        pages: IndexMap::new(),
    }
}

/// A schedule in the zone of the instance.
pub(crate) fn cron(line: &str, missed: Missed) -> On {
    On::Schedule(Schedule {
        cron: line.to_owned(),
        timezone: None,
        missed,
        calendar: None,
    })
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
    let call = BotCall {
        bot: bot.to_owned(),
        connection: None,
        with,
        effect: None,
        verify: None,
    };
    let retry = Retry {
        attempts: 3,
        delay: 1000,
        factor: 2.0,
        max_delay: 60_000,
    };
    Step {
        retry,
        reads,
        ..Step::new(StepId::new(id), Kind::Bot(call))
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

pub(crate) fn limited(mut step: Step, name: &str) -> Step {
    step.limit = Some(name.to_owned());
    step
}

/// `each("enter", "{{inputs.lines}}", Some("{{line.id}}"), steps)`: the item is called `line`.
pub(crate) fn each(id: &str, list: &str, key: Option<&str>, steps: Vec<Step>) -> Step {
    let kind = Kind::ForEach(ForEach {
        list: Template(list.to_owned()),
        item: "line".to_owned(),
        key: key.map(|key| Template(key.to_owned())),
        at_once: 2,
        wait_for: WaitFor::Ended,
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

/// A step that calls no bot; what it reads has to be said.
pub(crate) fn step(id: &str, kind: Kind, read: &[&str]) -> Step {
    let read = read
        .iter()
        .flat_map(|it| reads(&Value::String((*it).to_owned())));
    Step {
        reads: read.collect(),
        ..Step::new(StepId::new(id), kind)
    }
}

pub(crate) fn parallel<const N: usize>(id: &str, branches: [(&str, Vec<Step>); N]) -> Step {
    let branches = branches.map(|(name, steps)| (name.to_owned(), steps));
    step(id, Kind::Parallel(branches.into_iter().collect()), &[])
}

pub(crate) fn approve(id: &str, question: &str) -> Step {
    let approve = Approve {
        question: Template(question.to_owned()),
        show: Value::Null,
        ask: vec!["supervisors".to_owned()],
        escalate: Some(Escalate {
            after: 4 * 3_600_000,
            to: vec!["managers".to_owned()],
        }),
        required: 1,
        self_approval: true,
    };
    step(id, Kind::Approve(approve), &[question])
}

/// So many people have to say yes, and none of them may have started the run.
pub(crate) fn by_others(mut step: Step, required: u32) -> Step {
    if let Kind::Approve(approve) = &mut step.kind {
        (approve.required, approve.self_approval) = (required, false);
    }
    step
}

/// The step's effect can be asked for: `world.ask` says how often it took place.
pub(crate) fn verified(mut step: Step) -> Step {
    if let Kind::Bot(call) = &mut step.kind {
        call.verify = Some(Verify {
            bot: "world.ask".to_owned(),
            connection: None,
            with: serde_json::json!({ "of": step.id }),
            settle: 30_000,
            happened: Template("{{gt count 0}}".to_owned()),
            output: [("number".to_owned(), Template("{{count}}".to_owned()))].into(),
            reads: Vec::new(),
            answer_reads: Vec::new(),
        });
    }
    step
}

pub(crate) fn on_fault(mut step: Step, code: Option<&str>, then: Then) -> Step {
    step.on_fault.push(OnFault {
        code: code.map(str::to_owned),
        category: None,
        then,
    });
    step
}

pub(crate) fn within(mut step: Step, millis: u64) -> Step {
    step.timeout = Some(millis);
    step
}

pub(crate) fn reads(with: &Value) -> Vec<Path> {
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
