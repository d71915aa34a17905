//! Runs that follow a plan, fact by fact, with the changes that the engine would write.

use std::sync::Arc;

use botswain_core::{
    ArtifactRef, Category, Effect, ExceptionId, Fault, Hash, Payload, Reach, RunId, StepId,
    engine::rebuild::{Rebuilt, rebuild},
    index::{Batch, Change},
    plan::{BotCall, ForEach, Kind, Plan, Step, Template, Version, WaitFor},
    run::fact::{Created, Fact, Key, Origin, Outcome, Verdict, What},
};
use botswain_store::Store;
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::common::{append, time};

pub(crate) struct Journal<'a> {
    store: &'a Store,
    version: Arc<Version>,
}

/// The steps `order` and `each`, which makes items with the step `form`.
pub(crate) fn version() -> Version {
    let bot = |id: &str| {
        let call = BotCall {
            bot: "office.order".to_owned(),
            connection: None,
            with: Value::Null,
            effect: None,
            verify: None,
        };
        Step::new(StepId::new(id), Kind::Bot(call))
    };
    let each = ForEach {
        list: Template("{{inputs.lines}}".to_owned()),
        item: "line".to_owned(),
        key: Some(Template("{{line}}".to_owned())),
        at_once: 2,
        wait_for: WaitFor::Ended,
        collect: IndexMap::new(),
        key_reads: Vec::new(),
        collect_reads: Vec::new(),
        steps: vec![bot("form")],
    };
    let each = Step::new(StepId::new("each"), Kind::ForEach(each));
    Version {
        plan: Plan::new("orders", vec![bot("order"), each]),
        source: "name: orders".to_owned(),
        templates: IndexMap::new(),
        calls: IndexMap::new(),
        pages: IndexMap::new(),
    }
}

pub(crate) fn key(text: &str) -> Key {
    Key {
        text: text.to_owned(),
        data: Hash::of(text.as_bytes()),
    }
}

impl<'a> Journal<'a> {
    pub(crate) fn of(store: &'a Store) -> Journal<'a> {
        let version = Arc::new(version());
        store.put_version(&version).unwrap();
        Journal { store, version }
    }

    /// Adds facts to a run, all at this second.
    pub(crate) fn add(&self, run: &RunId, second: i64, facts: Vec<What>) {
        let mut all = self.store.facts(run).unwrap();
        let before = (!all.is_empty()).then(|| self.rebuilt(run, &all));
        let first = all.len() as u64;
        all.extend(facts.into_iter().map(|what| Fact {
            at: time(second),
            what,
        }));
        let after = self.rebuilt(run, &all);
        let new = all.into_iter().skip(first as usize);
        let facts = (first..)
            .zip(new)
            .map(|(seq, fact)| (run.clone(), seq, fact));
        let batch = Batch {
            facts: facts.collect(),
            changes: changes(before, after),
        };
        append(self.store, batch).unwrap();
    }

    fn rebuilt(&self, run: &RunId, facts: &[Fact]) -> Rebuilt {
        rebuild(run.clone(), self.version.clone(), &[], facts).unwrap()
    }

    pub(crate) fn created(&self, origin: Origin, key: Option<&str>) -> What {
        What::Created(Box::new(Created {
            workflow: "orders".to_owned(),
            version: self.version.hash(),
            origin,
            scheduled_for: time(0),
            inputs: Arc::new(json!({ "lines": ["a", "b"] }).into()),
            key: key.map(str::to_owned),
        }))
    }

    /// A run that has claimed `order-NUMBER` and stands before its step `order`.
    pub(crate) fn begin(&self, number: u64, second: i64) -> RunId {
        let (run, text) = (RunId::root(number), format!("order-{number}"));
        let person = Origin::Person {
            by: "ann".to_owned(),
        };
        let facts = vec![
            self.created(person, Some(&text)),
            What::Claimed { key: key(&text) },
            What::Admitted,
        ];
        self.add(&run, second, facts);
        run
    }

    /// Lets `order` succeed with this output.
    pub(crate) fn order(&self, run: &RunId, second: i64, output: Payload) {
        let step = StepId::new("order");
        let facts = vec![
            self.entered("order"),
            What::Started {
                step: step.clone(),
                attempt: 1,
            },
            What::Succeeded {
                step,
                attempt: 1,
                output,
            },
        ];
        self.add(run, second, facts);
    }

    pub(crate) fn entered(&self, step: &str) -> What {
        What::Entered {
            step: StepId::new(step),
            with: json!({ "line": 1 }).into(),
            effect: Effect::Once,
            key: None,
            generation: 1,
            announces: false,
        }
    }

    /// Opens `each`, begins its two items and parks the second one.
    pub(crate) fn items(&self, run: &RunId, second: i64, exception: u64) {
        let (each, form) = (StepId::new("each"), StepId::new("form"));
        let opened = What::Opened {
            step: each.clone(),
            list: json!(["a", "b"]).into(),
            count: 2,
        };
        self.add(run, second, vec![opened]);
        for index in 0..2 {
            let item = run.item(&each, index);
            let text = format!("{run}-{index}");
            let origin = Origin::Item {
                parent: run.clone(),
                step: each.clone(),
                index,
                item: json!(text).into(),
            };
            let facts = vec![
                self.created(origin, None),
                What::Claimed { key: key(&text) },
                self.entered("form"),
                What::Started {
                    step: form.clone(),
                    attempt: 1,
                },
            ];
            self.add(&item, second, facts);
        }
        let output = json!({ "number": "4711" }).into();
        let succeeded = What::Succeeded {
            step: form.clone(),
            attempt: 1,
            output,
        };
        let ended = What::Ended {
            outcome: Outcome::Succeeded,
            output: json!({ "number": "4711" }).into(),
        };
        self.add(&run.item(&each, 0), second + 1, vec![succeeded, ended]);
        let failed = What::Failed {
            step: form,
            attempt: 1,
            fault: Box::new(refused()),
            then: Verdict::Park {
                exception: ExceptionId(exception),
            },
        };
        self.add(&run.item(&each, 1), second + 2, vec![failed]);
    }

    pub(crate) fn end(&self, run: &RunId, second: i64, output: Payload) {
        let outcome = Outcome::Succeeded;
        self.add(run, second, vec![What::Ended { outcome, output }]);
    }
}

fn refused() -> Fault {
    Fault {
        category: Category::Business,
        effect: Reach::None,
        code: "office.unknown".to_owned(),
        message: "not known".to_owned(),
        hint: None,
        retry_after: None,
        artifacts: Vec::new(),
    }
}

fn changes(before: Option<Rebuilt>, after: Rebuilt) -> Vec<Change> {
    let mut changes = Vec::new();
    let (was, is) = (
        before
            .as_ref()
            .and_then(|it| it.exceptions.first().cloned()),
        after.exceptions.first().cloned(),
    );
    if let Some(was) = was.filter(|was| is.as_ref().is_none_or(|is| is.id != was.id)) {
        let (id, after) = (was.id, None);
        changes.push(Change::Exception { id, after });
    }
    changes.extend(is.map(|is| Change::Exception {
        id: is.id,
        after: Some(Box::new(is)),
    }));
    let held = before.iter().flat_map(|it| it.claims.keys());
    let released = held.filter(|claim| !after.claims.contains_key(*claim));
    changes.extend(released.map(|claim| Change::Claim {
        claim: claim.clone(),
        after: None,
    }));
    changes.extend(after.claims.iter().map(|(claim, (by, _))| Change::Claim {
        claim: claim.clone(),
        after: Some(by.clone()),
    }));
    changes.push(Change::Run {
        before: before.map(|it| it.summary.state),
        after: Arc::new(after.summary),
    });
    changes
}

pub(crate) fn stored(artifact: &ArtifactRef) -> Payload {
    json!({ "file": artifact.to_value() }).into()
}
