//! What the store bears: appends with 1, 16 and 256 waiting, and its commonest reads.
//!
//! On the disk that holds the build folder, durable as in the daemon.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement stops at what it did not expect"
)]

use std::{
    sync::{Arc, mpsc::channel},
    time::Duration,
};

use botswain_core::{
    Category, ExceptionId, Fault, Hash, Payload, Reach, RunId, StepId,
    index::{Batch, Change, Exception, ExceptionCategory, State, Summary},
    run::fact::{Fact, What},
};
use botswain_store::Store;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = appends, facts, exceptions, opening
}
criterion_main!(benches);

fn appends(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    for waiting in [1, 16, 256] {
        let (_dir, store) = store();
        let mut runs: Vec<Run> = (1..=waiting).map(Run::new).collect();
        group.throughput(Throughput::Elements(waiting));
        group.bench_function(format!("{waiting} waiting"), |bencher| {
            bencher.iter(|| append(&store, runs.iter_mut().map(Run::step)));
        });
    }
    group.finish();
}

fn facts(criterion: &mut Criterion) {
    let (_dir, store) = store();
    let mut run = Run::new(1);
    append(&store, (0..100).map(|_| run.step()));
    let id = RunId::root(1);
    criterion.bench_function("facts of a run with 100", |bencher| {
        bencher.iter(|| assert_eq!(store.facts(&id).unwrap().len(), 100));
    });
}

/// Starting on a store with many runs, after an orderly end and after another: then every record
/// is read once.
fn opening(criterion: &mut Criterion) {
    const RUNS: u64 = 110_000;
    const OPEN: u64 = 10_000;
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = dir.path().join("store");
    let store = Store::open(&path).unwrap();
    for thousand in 0..RUNS / 1000 {
        let mut runs: Vec<Run> = (thousand * 1000 + 1..=(thousand + 1) * 1000)
            .map(Run::new)
            .collect();
        append(&store, runs.iter_mut().map(Run::step));
        if thousand >= OPEN / 1000 {
            append(&store, runs.iter_mut().map(Run::end));
        }
    }
    drop(store);
    let mut group = criterion.benchmark_group("open");
    group.throughput(Throughput::Elements(RUNS));
    let open = || Store::open(&path).unwrap().counters().unwrap();
    group.bench_function("100,000 ended and 10,000 open runs, and close", |bencher| {
        bencher.iter(open);
    });
    let unseal = || std::fs::remove_file(path.join("sealed")).unwrap();
    group.bench_function("the same after a kill, and close", |bencher| {
        bencher.iter_batched(unseal, |()| open(), BatchSize::PerIteration);
    });
    group.finish();
}

fn exceptions(criterion: &mut Criterion) {
    let (_dir, store) = store();
    let batch = |hundred: u64| Batch {
        facts: Vec::new(),
        changes: (hundred * 100..(hundred + 1) * 100).map(opens).collect(),
    };
    append(&store, (0..1000).map(batch));
    criterion.bench_function("page of 50 exceptions of 100,000", |bencher| {
        let after = Some(ExceptionId(50_000));
        bencher.iter(|| assert_eq!(store.exceptions(after, 50).unwrap().len(), 50));
    });
    criterion.bench_function("check of 100,000 records", |bencher| {
        bencher.iter(|| store.check().unwrap());
    });
}

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    (dir, store)
}

/// Appends all and waits until each is acknowledged.
fn append(store: &Store, batches: impl Iterator<Item = Batch>) {
    let (reply, answers) = channel();
    for batch in batches {
        let reply = reply.clone();
        store.append(batch, move |result| reply.send(result).unwrap());
    }
    drop(reply);
    answers.iter().for_each(|answer| answer.unwrap());
}

/// A run that gets fact after fact, each with its summary, as the engine does.
struct Run(Summary);

impl Run {
    fn new(number: u64) -> Run {
        Run(Summary {
            id: RunId::root(number),
            workflow: "order-entry".to_owned(),
            version: Hash::of(b"version"),
            state: State::Running,
            step: Some(StepId::new("form")),
            attempt: 1,
            until: None,
            created: jiff::Timestamp::UNIX_EPOCH,
            scheduled_for: jiff::Timestamp::UNIX_EPOCH,
            ended: None,
            key: None,
            parent: None,
            facts: 0,
            collected: None,
            warned: false,
        })
    }

    fn end(&mut self) -> Batch {
        let mut batch = self.step();
        self.0.state = State::Succeeded;
        self.0.ended = Some(jiff::Timestamp::UNIX_EPOCH);
        for change in &mut batch.changes {
            if let Change::Run { after, .. } = change {
                *after = Arc::new(self.0.clone());
            }
        }
        batch
    }

    fn step(&mut self) -> Batch {
        let before = (self.0.facts > 0).then_some(self.0.state);
        let fact = Fact {
            at: jiff::Timestamp::UNIX_EPOCH,
            what: What::Succeeded {
                step: "form".into(),
                attempt: 1,
                output: Payload::Inline(json!({ "number": "4711", "amount": 10.10 })),
            },
        };
        let facts = vec![(self.0.id.clone(), self.0.facts, fact)];
        self.0.facts += 1;
        let after = Arc::new(self.0.clone());
        Batch {
            facts,
            changes: vec![Change::Run { before, after }],
        }
    }
}

fn opens(id: u64) -> Change {
    let exception = Exception {
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
        opened: jiff::Timestamp::UNIX_EPOCH,
        due: None,
        snoozed: None,
        assigned: Vec::new(),
        assignee: None,
        approved: Vec::new(),
        about: indexmap::IndexMap::new(),
        show: None,
        fingerprint: Hash::of(b"unknown customer"),
    };
    Change::Exception {
        id: ExceptionId(id),
        after: Some(Box::new(exception)),
    }
}
