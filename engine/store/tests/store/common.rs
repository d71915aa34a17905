//! Runs, facts and batches for the tests, and an append that waits.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::channel},
};

use botswain_core::{
    Category, ExceptionId, Fault, Hash, Payload, Reach, RunId, StepId,
    index::{Batch, Change, Exception, ExceptionCategory, State, Summary},
    run::fact::{Fact, What},
};
use botswain_store::{AppendError, Store};
use serde_json::json;

pub(crate) fn time(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A fact that is not like another.
pub(crate) fn fact(n: u64) -> Fact {
    Fact {
        at: time(n as i64),
        what: What::Succeeded {
            step: StepId::new("form"),
            attempt: 1,
            output: Payload::Inline(json!({ "number": n.to_string(), "amount": 10.10 })),
        },
    }
}

pub(crate) fn summary(id: &RunId, workflow: &str, state: State) -> Summary {
    Summary {
        id: id.clone(),
        workflow: workflow.to_owned(),
        version: Hash::of(b"version"),
        state,
        step: None,
        attempt: 0,
        until: None,
        created: time(0),
        scheduled_for: time(0),
        ended: None,
        key: None,
        parent: None,
        facts: 0,
        collected: None,
        warned: false,
    }
}

pub(crate) fn exception(id: u64) -> Exception {
    Exception {
        id: ExceptionId(id),
        run: RunId::root(1),
        step: "form".into(),
        workflow: "order-entry".to_owned(),
        bot: Some("browser.do".to_owned()),
        key: Some(format!("{id}-1")),
        category: ExceptionCategory::Business,
        fault: Fault {
            category: Category::Business,
            effect: Reach::None,
            code: "office.unknown_customer".to_owned(),
            message: "the customer is not known".to_owned(),
            hint: None,
            retry_after: None,
            artifacts: Vec::new(),
        },
        attempts: 1,
        opened: time(id as i64),
        due: None,
        snoozed: None,
        assigned: Vec::new(),
        assignee: None,
        approved: Vec::new(),
        about: indexmap::IndexMap::new(),
        show: None,
        fingerprint: Hash::of(b"unknown customer"),
    }
}

pub(crate) fn opens(id: u64) -> Change {
    Change::Exception {
        id: ExceptionId(id),
        after: Some(Box::new(exception(id))),
    }
}

pub(crate) fn resolves(id: u64) -> Change {
    Change::Exception {
        id: ExceptionId(id),
        after: None,
    }
}

/// What the engine would know: the summaries as they were appended last.
#[derive(Default)]
pub(crate) struct Book {
    runs: BTreeMap<RunId, Summary>,
}

impl Book {
    /// A batch that adds `facts` to a run, which is then in `state`.
    pub(crate) fn step(&mut self, id: &RunId, workflow: &str, state: State, facts: u64) -> Batch {
        self.step_of(summary(id, workflow, state), facts)
    }

    /// The same for the item of a `for_each`.
    pub(crate) fn item(&mut self, parent: &RunId, step: &str, index: u64, state: State) -> Batch {
        let step = StepId::new(step);
        let mut after = summary(&parent.item(&step, index), "order-entry", state);
        after.parent = Some((parent.clone(), step, index));
        self.step_of(after, 1)
    }

    fn step_of(&mut self, mut after: Summary, facts: u64) -> Batch {
        let before = self.runs.get(&after.id).cloned();
        let from = before.as_ref().map_or(0, |run| run.facts);
        after.facts = from + facts;
        self.runs.insert(after.id.clone(), after.clone());
        Batch {
            facts: (from..from + facts)
                .map(|seq| (after.id.clone(), seq, fact(seq)))
                .collect(),
            changes: vec![Change::Run {
                before: before.map(|run| run.state),
                after: Arc::new(after),
            }],
        }
    }
}

pub(crate) fn append(store: &Store, batch: Batch) -> Result<(), AppendError> {
    let (reply, answer) = channel();
    store.append(batch, move |result| reply.send(result).unwrap());
    answer.recv().unwrap()
}

pub(crate) fn changes(changes: Vec<Change>) -> Batch {
    Batch {
        facts: Vec::new(),
        changes,
    }
}
