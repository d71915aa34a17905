//! The start of a daemon on a store with many runs, after a clean end and after a kill.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use botswain_core::{
    ExceptionId, Fault, StepId,
    run::fact::{Fact, Verdict, What},
};
use botswain_store::Store;
use indexmap::IndexMap;

use crate::{
    child::{self, Held},
    goals::Goals,
    past::{self, Past},
    place::{self, Place},
};

const FINISHED: u64 = 100_000;
const OPEN: u64 = 10_000;
/// How often a daemon is started, and the store opened, in turns.
const ROUNDS: usize = 5;
/// Of the open ones every hundredth was at work, the others are parked.
const EVERY: u64 = 100;

pub(crate) fn start(goals: &mut Goals) {
    let text = "overlap: allow\nsteps:\n  - id: s1\n    bot: bench.read\n    with: { text: x }\n";
    let place = Place::new(&[("reads", text.to_owned())]);
    let folder = place.path();
    let closing = figure(&child::told("live", folder, &[]));
    println!("  to close a store with 110,000 runs of one life      {closing:>8.2?}");
    let first = started(folder);
    println!(
        "  the first start after it, {} runs to go on with    {first:>8.2?}",
        OPEN / EVERY
    );
    let starts = (0..ROUNDS).map(|_| [started(folder), figure(&child::told("open", folder, &[]))]);
    let starts: Vec<_> = starts.collect();
    let [later, opening] = [0, 1].map(|of| median(starts.iter().map(|it| it[of])));
    println!("  a later one, the median of five                     {later:>8.2?}");
    println!("  to open the store alone                             {opening:>8.2?}");
    Held::daemon(folder).kill();
    let killed = started(folder);
    println!("  after a kill                                        {killed:>8.2?}");
    let second = Duration::from_secs(1);
    goals.within("the first start on 110,000 runs", first, second);
    goals.within("a later one, after a clean end", later, second);
    goals.within(
        "the same, without opening the store",
        later.saturating_sub(opening),
        Duration::from_millis(200),
    );
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times[times.len() / 2]
}

/// How long it takes until a daemon is ready.
fn started(folder: &Path) -> Duration {
    figure(&child::told("start", folder, &[]))
}

fn figure(told: &[f64]) -> Duration {
    Duration::from_secs_f64(told[0])
}

/// Writes all the runs in one life, and tells how long the store takes to close.
pub(crate) fn live(folder: &Path, _: &[String]) {
    let past = Past::of(folder, "reads", IndexMap::new());
    let store = Store::open(&past::store(folder)).unwrap();
    past.write(&store, 2..2 + FINISHED + OPEN, |number| {
        facts_of(number, &past)
    });
    let begun = Instant::now();
    drop(store);
    println!("{}", begun.elapsed().as_secs_f64());
}

/// Tells how long it takes until a daemon is ready.
pub(crate) fn start_and_stop(folder: &Path, _: &[String]) {
    // The store is closed when the last task is gone, with its runtime.
    let runtime = place::runtime();
    let begun = Instant::now();
    let daemon = runtime.block_on(place::start(folder));
    println!("{}", begun.elapsed().as_secs_f64());
    runtime.block_on(daemon.stop()).unwrap();
}

/// Tells how long the store takes to open.
pub(crate) fn open(folder: &Path, _: &[String]) {
    let path = past::store(folder);
    let begun = Instant::now();
    let store = Store::open(&path).unwrap();
    println!("{}", begun.elapsed().as_secs_f64());
    drop(store);
}

/// Finished, parked and running runs.
fn facts_of(number: u64, past: &Past) -> Vec<Fact> {
    match number {
        number if number < 2 + FINISHED => past.facts().to_vec(),
        number if number.is_multiple_of(EVERY) => past.begun().to_vec(),
        number => {
            let mut facts = past.begun().to_vec();
            let at = facts[facts.len() - 1].at;
            let what = What::Failed {
                step: StepId::new("s1"),
                attempt: 1,
                fault: Box::new(Fault::business("bench.odd", "the customer is not known")),
                then: Verdict::Park {
                    exception: ExceptionId(number),
                },
            };
            facts.push(Fact { at, what });
            facts
        }
    }
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
