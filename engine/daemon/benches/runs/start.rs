//! The start of a daemon on a store with many runs, after a clean end and after a kill.

use std::{
    process::{Command, Stdio},
    sync::{Arc, mpsc::channel},
    time::{Duration, Instant},
};

use botswain::instance::Instance;
use botswain_core::{
    ExceptionId, Fault, RunId, StepId,
    index::{Batch, Change},
    plan::Version,
    run::{
        Run,
        fact::{Fact, Verdict, What},
    },
};
use botswain_store::Store;

use crate::{
    goals::Goals,
    items,
    load::{self, Load},
    place::{self, Place},
};

const FINISHED: u64 = 100_000;
const OPEN: u64 = 10_000;
/// Of the open ones every hundredth was at work, the others are parked.
const EVERY: u64 = 100;
/// How many runs are written in one batch.
const TOGETHER: u64 = 200;

pub(crate) fn start(goals: &mut Goals) {
    let text = "overlap: allow\nsteps:\n  - id: s1\n    bot: bench.read\n    with: { text: x }\n";
    let place = Place::new(&[("reads", text.to_owned())]);
    fill(&place);
    let first = ready(&place);
    println!(
        "  the first start, {} runs to go on with   {first:>8.2?}",
        OPEN / EVERY
    );
    let (opening, clean) = (opening(&place), ready(&place));
    println!(
        "  after a clean end                         {clean:>8.2?}, {opening:.2?} of it the store's"
    );
    items::spawn(&["hold", place.path().to_str().unwrap()])
        .kill()
        .unwrap();
    let killed = ready(&place);
    println!("  after a kill                              {killed:>8.2?}");
    let beside = clean.saturating_sub(opening);
    goals.within(
        "start on 110,000 runs after a clean end",
        clean,
        Duration::from_secs(1),
    );
    goals.within(
        "the same, without opening the store",
        beside,
        Duration::from_millis(200),
    );
}

/// How long it takes until a daemon is ready; it is stopped after that.
fn ready(place: &Place) -> Duration {
    // The store is closed when the last task is gone, with its runtime.
    let runtime = place::runtime();
    let begun = Instant::now();
    let daemon = runtime.block_on(place.start());
    let took = begun.elapsed();
    runtime.block_on(daemon.stop()).unwrap();
    took
}

fn opening(place: &Place) -> Duration {
    let path = Instance::at(place.path()).unwrap().private().store();
    let begun = Instant::now();
    let store = Store::open(&path).unwrap();
    let took = begun.elapsed();
    drop(store);
    took
}

/// Writes finished, parked and running runs, made of the facts of one that did run.
fn fill(place: &Place) {
    let runtime = place::runtime();
    let (facts, version) = runtime.block_on(async {
        let daemon = place.start().await;
        load::drive(
            &daemon.handle,
            "reads",
            Load {
                runs: 1,
                at_once: 1,
            },
        )
        .await;
        let facts = daemon.handle.parts.store.facts(&RunId::root(1)).unwrap();
        let version = daemon.handle.workflow("reads").unwrap();
        daemon.stop().await.unwrap();
        (facts, version)
    });
    drop(runtime);
    let store = Store::open(&Instance::at(place.path()).unwrap().private().store()).unwrap();
    let (reply, answers) = channel();
    let numbers: Vec<u64> = (2..2 + FINISHED + OPEN).collect();
    for some in numbers.chunks(TOGETHER as usize) {
        let reply = reply.clone();
        let batch = some.iter().fold(Batch::default(), |batch, number| {
            with_run(
                batch,
                RunId::root(*number),
                facts_of(*number, &facts),
                &version,
            )
        });
        store.append(batch, move |result| reply.send(result).unwrap());
    }
    drop(reply);
    answers.iter().for_each(|answer| answer.unwrap());
}

fn facts_of(number: u64, finished: &[Fact]) -> Vec<Fact> {
    let started = |fact: &Fact| matches!(fact.what, What::Started { .. });
    let begun = finished.iter().position(started).unwrap() + 1;
    match number {
        number if number < 2 + FINISHED => finished.to_vec(),
        number if number.is_multiple_of(EVERY) => finished[..begun].to_vec(),
        number => {
            let failed = What::Failed {
                step: StepId::new("s1"),
                attempt: 1,
                fault: Box::new(Fault::business("bench.odd", "the customer is not known")),
                then: Verdict::Park {
                    exception: ExceptionId(number),
                },
            };
            let at = finished[begun - 1].at;
            let parked = [Fact { at, what: failed }];
            finished[..begun].iter().cloned().chain(parked).collect()
        }
    }
}

fn with_run(mut batch: Batch, id: RunId, facts: Vec<Fact>, version: &Arc<Version>) -> Batch {
    let run = Run::recover(id.clone(), version.clone(), &[], &facts).unwrap();
    batch.changes.push(Change::Run {
        before: None,
        after: Arc::new(run.summary()),
    });
    batch
        .changes
        .extend(run.exceptions().map(|it| Change::Exception {
            id: it.id,
            after: Some(Box::new(it)),
        }));
    let numbered = (0..).zip(facts).map(|(seq, fact)| (id.clone(), seq, fact));
    batch.facts.extend(numbered);
    batch
}

/// The binary itself, in an instance of its own.
pub(crate) fn binary(place: &Place) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_botswain"));
    command
        .arg("--dir")
        .arg(place.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}
