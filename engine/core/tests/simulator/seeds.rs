//! Many seeds, on all processors, and the story of the first that fails.

use std::{
    any::Any,
    cell::Cell,
    io::{self, Write},
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex, Once,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    mutations::{self, Mutation},
    tally::Tally,
    world::World,
};

/// A seed within which every planted mutation has to be noticed.
const BOUND: u64 = 2000;

#[test]
fn whatever_happens_nothing_is_lost_or_done_twice_and_everything_comes_to_an_end() {
    if let Some(seed) = number("BOTSWAIN_SEED") {
        return replay(seed);
    }
    let seeds = match (number("BOTSWAIN_SEEDS"), number("BOTSWAIN_NIGHTLY")) {
        (_, Some(_)) => 2_000_000,
        (Some(seeds), None) => seeds,
        (None, None) => 5_000,
    };
    let (failed, tally) = first_to_fail(seeds, None);
    if let Some(seed) = failed {
        replay(seed);
    }
    // Not through the runner, which shows it only when the test fails.
    writeln!(io::stdout(), "{seeds} seeds\n{tally}").unwrap();
    assert_eq!(tally.missing(), [], "never occurred in {seeds} seeds");
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

#[test]
fn every_planted_mutation_is_noticed() {
    for mutation in mutations::ALL {
        let (seed, _) = first_to_fail(BOUND, Some(mutation));
        let seed = seed.unwrap_or_else(|| panic!("{mutation:?} passes {BOUND} seeds unnoticed"));
        let reason = play(seed, Some(mutation), false).1.unwrap_err();
        tell(&format!(
            "{mutation:?} is noticed by seed {seed}: {}",
            reason.lines().next().unwrap_or_default()
        ));
    }
}

/// The lowest of so many seeds that fails, and what occurred in those played.
fn first_to_fail(seeds: u64, mutation: Option<Mutation>) -> (Option<u64>, Tally) {
    let (next, failed) = (AtomicU64::new(1), AtomicU64::new(u64::MAX));
    let all = Mutex::new(Tally::default());
    let work = || {
        let mut tally = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > seeds || seed > failed.load(Ordering::Relaxed) {
                break;
            }
            match play(seed, mutation, false) {
                (Some(world), Ok(())) => tally.read(&world.outside),
                _ => drop(failed.fetch_min(seed, Ordering::Relaxed)),
            }
        }
        all.lock().unwrap().merge(&tally);
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(work);
        }
    });
    let failed = Some(failed.into_inner()).filter(|seed| *seed != u64::MAX);
    (failed, all.into_inner().unwrap())
}

/// Plays one seed and tells what happened; fails as it fails.
fn replay(seed: u64) {
    let (world, result) = play(seed, None, true);
    let Err(reason) = result else { return };
    if let Some(world) = world {
        world
            .outside
            .story
            .lines()
            .iter()
            .for_each(|line| tell(line));
    }
    panic!("BOTSWAIN_SEED={seed} fails: {reason}");
}

fn play(seed: u64, mutation: Option<Mutation>, told: bool) -> (Option<World>, Result<(), String>) {
    silence();
    IS_PLAYING.set(true);
    let mut world = None;
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        world.insert(World::new(seed, mutation, told)).play()
    }));
    IS_PLAYING.set(false);
    (world, result.map_err(|panic| message(&*panic)))
}

thread_local! {
    static IS_PLAYING: Cell<bool> = const { Cell::new(false) };
    static PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// A seed that fails says so once, with its story: not wherever it is tried.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match IS_PLAYING.get() {
            true => PLACE.set(info.location().map(ToString::to_string)),
            false => before(info),
        }));
    });
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let place = PLACE.take().unwrap_or_default();
    format!("{} ({place})", text.unwrap_or_default())
}

#[expect(
    clippy::print_stdout,
    reason = "the runner shows it when the test fails"
)]
fn tell(words: &str) {
    println!("{words}");
}
