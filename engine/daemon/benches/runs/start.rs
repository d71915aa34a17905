//! The start of a daemon on a store with many runs, after a clean end and after a kill.

use std::{
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
    goals::Goals,
    items,
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
    let past = Past::of(&place, "reads", IndexMap::new());
    past.write(&place, 2..2 + FINISHED + OPEN, |number| {
        facts_of(number, &past)
    });
    let first = ready(&place);
    println!(
        "  the first start, {} runs to go on with   {first:>8.2?}",
        OPEN / EVERY
    );
    let starts: Vec<_> = (0..ROUNDS)
        .map(|_| [ready(&place), opening(&place)])
        .collect();
    // It writes and syncs a snapshot, while the disk still takes what was written to set it up.
    let [next, _] = starts[0];
    println!("  the next one                              {next:>8.2?}");
    let [clean, opening] = [0, 1].map(|of| median(starts.iter().map(|it| it[of])));
    println!("  after a clean end, the median of five     {clean:>8.2?}");
    println!("  to open the store alone                   {opening:>8.2?}");
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

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times[times.len() / 2]
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
    let path = past::store(place);
    let begun = Instant::now();
    let store = Store::open(&path).unwrap();
    let took = begun.elapsed();
    drop(store);
    took
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
