//! Every other kind of step, put into a plan that was checked: branches, cases, questions,
//! waits, calls, handlers, time-outs, what is done at the end.

use botswain_core::{
    Category, StepId,
    plan::{
        Approve, Escalate, Fail, Kind, OnFault, Overlap, Plan, Retry, Step, Switch, Template, Then,
        Verify, WaitFor, WorkflowCall,
    },
};
use indexmap::IndexMap;
use serde_json::json;

use crate::dice::Dice;

pub(crate) struct Enricher<'d> {
    dice: &'d Dice,
    count: u64,
    /// The workflow that may be called.
    callee: Option<&'static str>,
}

/// Puts some of them in; true when another workflow is called.
pub(crate) fn enrich(plan: &mut Plan, callee: Option<&'static str>, dice: &Dice) {
    let mut enricher = Enricher {
        dice,
        count: 100,
        callee,
    };
    enricher.steps(&mut plan.steps);
    if dice.once_in(6) {
        plan.finally = vec![enricher.tidy()];
    }
    if dice.once_in(6) {
        plan.on_failure = vec![enricher.tidy()];
    }
    if dice.once_in(8) {
        plan.timeout = Some(1000 * (1 + dice.below(120)));
    }
    if dice.once_in(6) {
        plan.outputs
            .insert("day".to_owned(), Template("{{today}}".to_owned()));
    }
    if dice.once_in(8) {
        plan.overlap = Overlap::Cancel;
    }
}

impl Enricher<'_> {
    fn steps(&mut self, steps: &mut Vec<Step>) {
        for step in steps.iter_mut() {
            self.step(step);
        }
        if self.dice.once_in(3) {
            let place = self.dice.place(steps.len() + 1);
            steps.insert(place, self.small());
        }
        if self.dice.once_in(4) {
            let place = self.dice.place(steps.len());
            let rest = steps.split_off(place);
            let wrapped = self.around(rest);
            steps.push(wrapped);
        }
    }

    fn step(&mut self, step: &mut Step) {
        let dice = self.dice;
        match &mut step.kind {
            Kind::Bot(call) => {
                let acts = call.bot == "sim.order";
                if acts && dice.once_in(3) {
                    call.bot = "sim.form".to_owned();
                }
                call.verify = (acts && dice.once_in(2)).then(|| verify(dice));
            }
            Kind::ForEach(each) => {
                if dice.once_in(5) {
                    each.wait_for = WaitFor::Unparked;
                }
                self.steps(&mut each.steps);
            }
            _ => (),
        }
        if dice.once_in(5) {
            step.on_fault = vec![self.on_fault()];
        }
        if dice.once_in(10) && !matches!(step.kind, Kind::Bot(_)) {
            step.timeout = Some(1000 * (1 + dice.below(60)));
        }
    }

    /// A step that needs no other below it.
    fn small(&mut self) -> Step {
        let millis = 1000 * self.dice.below(40);
        let kind = match self.dice.below(8) {
            0 => Kind::Wait(millis),
            1 => Kind::WaitUntil(Template("{{today}}".to_owned())),
            2 => Kind::Set(IndexMap::from([(
                "n".to_owned(),
                Template("{{today}}".to_owned()),
            )])),
            3 => Kind::Fail(Fail {
                message: Template("no".to_owned()),
                category: *self.dice.pick(&[Category::Business, Category::System]),
            }),
            4 | 5 => self.call().unwrap_or(Kind::Wait(millis)),
            _ => Kind::Approve(Approve {
                question: Template("may it go on?".to_owned()),
                show: json!({}),
                ask: vec!["chiefs".to_owned()],
                escalate: self.dice.once_in(2).then(|| Escalate {
                    after: millis,
                    to: vec!["boss".to_owned()],
                }),
                required: 1,
                self_approval: true,
            }),
        };
        let mut step = self.plain("small", kind);
        if self.dice.once_in(4) {
            step.on_fault = vec![self.on_fault()];
        }
        if self.dice.once_in(6) {
            step.timeout = Some(1000 * (1 + self.dice.below(60)));
        }
        step
    }

    fn call(&mut self) -> Option<Kind> {
        let with = json!({ "name": "c{{inputs.name}}" });
        let workflow = self.callee?.to_owned();
        Some(Kind::Call(WorkflowCall { workflow, with }))
    }

    /// Branches or cases around steps.
    fn around(&mut self, steps: Vec<Step>) -> Step {
        let other = vec![self.small()];
        let kind = match self.dice.below(2) {
            0 => Kind::Parallel(IndexMap::from([
                ("one".to_owned(), steps),
                ("two".to_owned(), other),
            ])),
            _ => Kind::Switch(Switch {
                on: Template("{{inputs.name}}".to_owned()),
                cases: IndexMap::from([("n0".to_owned(), steps)]),
                default: self.dice.once_in(2).then_some(other),
            }),
        };
        let mut step = self.plain("around", kind);
        step.reads = vec![path(&["inputs", "name"])];
        step
    }

    fn on_fault(&mut self) -> OnFault {
        let then = match self.dice.below(5) {
            0 => Then::Retry,
            1 => Then::Park,
            2 => Then::Continue,
            3 => Then::Fail,
            _ => Then::Steps(vec![self.tidy()]),
        };
        let category = *self
            .dice
            .pick(&[None, Some(Category::Business), Some(Category::System)]);
        OnFault {
            code: None,
            category,
            then,
        }
    }

    /// Something to be done once, without data of its own.
    fn tidy(&mut self) -> Step {
        let kind = self.dice.pick(&["sim.order", "sim.put", "sim.form"]);
        let call = botswain_core::plan::BotCall {
            bot: (*kind).to_owned(),
            connection: None,
            with: json!({ "thing": "tidy" }),
            effect: None,
            verify: None,
        };
        self.plain("tidy", Kind::Bot(call))
    }

    fn plain(&mut self, name: &str, kind: Kind) -> Step {
        self.count += 1;
        let reads = match &kind {
            Kind::Call(_) => vec![path(&["inputs", "name"])],
            _ => vec![],
        };
        Step {
            id: StepId::new(&format!("{name}{}", self.count)),
            name: None,
            when: None,
            retry: Retry::default(),
            timeout: None,
            key: None,
            limit: None,
            on_fault: vec![],
            kind,
            reads,
        }
    }
}

/// The office is asked what it has seen.
fn verify(dice: &Dice) -> Verify {
    Verify {
        bot: "sim.find".to_owned(),
        connection: dice.once_in(2).then(|| "office".to_owned()),
        with: json!({}),
        settle: 30_000,
        happened: Template("{{found}}".to_owned()),
        output: IndexMap::new(),
        reads: vec![],
        answer_reads: vec![],
    }
}

fn path(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

/// Whether a plan calls another workflow.
pub(crate) fn calls(steps: &[Step]) -> bool {
    steps.iter().any(|step| {
        let handlers = step.on_fault.iter().filter_map(|entry| match &entry.then {
            Then::Steps(steps) => Some(steps),
            _ => None,
        });
        let below = match &step.kind {
            Kind::Call(_) => return true,
            Kind::ForEach(each) => calls(&each.steps),
            Kind::Parallel(branches) => branches.values().any(|steps| calls(steps)),
            Kind::Switch(switch) => switch
                .cases
                .values()
                .chain(&switch.default)
                .any(|steps| calls(steps)),
            _ => false,
        };
        below || handlers.into_iter().any(|steps| calls(steps))
    })
}
