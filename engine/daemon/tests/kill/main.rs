//! kill -9 at random moments, under load, 200 times.
//!
//! The real daemon works through lists of orders that are handed in over its
//! API and by the command line, and through what a clock starts each second. It
//! is killed whenever the dice say, also while it starts, and started again at
//! once. The supplier counts, the callers remember what was acknowledged, and
//! at the end everything must fit together.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod callers;
mod clerk;
mod dice;
mod forged;
mod house;
mod ledger;
mod past;
mod proof;
mod supplier;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use botswain::views::RunView;
use botswain_store::{Lock, Store};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use self::{
    callers::{Callers, standing},
    clerk::{By, Clerk},
    dice::{Dice, tell},
    house::{House, PATIENCE, SESSIONS},
    ledger::Ledger,
    past::Past,
    supplier::Supplier,
};

/// So many instances go through it side by side: mostly they wait for their moments.
const HOUSES: u64 = 2;
/// As often as one instance's daemon is killed.
const KILLS: u64 = 100;
/// One kill in so many comes while the daemon starts.
const EARLY: u64 = 5;
/// One list in so many is handed in by the command line.
const TYPED: u64 = 10;

/// How often they do, one time after the other: at night 10,000 kills in all.
fn rounds() -> u64 {
    match std::env::var_os("BOTSWAIN_NIGHTLY") {
        Some(_) => 50,
        None => 1,
    }
}

/// What came of the kills.
struct Killed {
    deaths: Vec<Timestamp>,
    starts: Vec<Duration>,
}

#[test]
fn nothing_is_lost_and_nothing_is_done_twice() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let dice = Dice::new();
    for round in 0..rounds() {
        std::thread::scope(|scope| {
            for house in 0..HOUSES {
                let dice = dice.about(&format!("house {house} in round {round}"));
                scope.spawn(|| work_through_kills(dice));
            }
        });
    }
}

fn work_through_kills(dice: Dice) {
    let runtime = Runtime::new().unwrap();
    let supplier = Arc::new(runtime.block_on(Supplier::start(&dice)));
    let house = Arc::new(House::beside(&supplier));
    house.write("in/standing.csv", &standing(0));
    let clerk = Clerk {
        house: house.clone(),
        supplier: supplier.clone(),
    };
    let mut callers = runtime.block_on(async { Callers::start(&house) });

    let working = runtime.spawn(clerk.clone().work());
    let killed = kill_often(&house, &mut callers, dice);
    working.abort();

    house.stop_the_clock();
    let mut up = house.start();
    up.answers(&house);
    let acknowledged = runtime.block_on(async {
        let acknowledged = callers.finish().await;
        settle(&clerk).await;
        acknowledged
    });
    up.terminate();
    check_what_is_left(&house);
    let past = Past {
        runs: check_the_store(&house),
        ledger: supplier.ledger(),
        acknowledged,
        deaths: killed.deaths,
        sessions: SESSIONS,
    };
    report(&past, killed.starts);
    let complaints = proof::complaints(&past);
    assert!(
        complaints.is_empty(),
        "{}\n{} complaints, the log is {} lines long",
        complaints.join("\n"),
        complaints.len(),
        house.log().lines().count()
    );
    check_the_outbox(&house.path("outbox"), &past.ledger);
}

fn kill_often(house: &House, callers: &mut Callers, mut dice: Dice) -> Killed {
    let (mut deaths, mut starts) = (Vec::new(), Vec::new());
    for kill in 0..KILLS {
        let mut up = house.start();
        if dice.below(EARLY) == 0 {
            until(dice.millis(150));
        } else {
            starts.push(up.answers(house));
            house.write("in/standing.csv", &standing(kill));
            match dice.below(TYPED) {
                0 => callers.command(),
                _ => callers.want(),
            }
            until(dice.millis(500));
        }
        up.kill();
        deaths.push(Timestamp::now());
    }
    Killed { deaths, starts }
}

/// Waiting is the point here: the moment must not depend on anything that the daemon does.
fn until(moment: Duration) {
    std::thread::sleep(moment);
}

/// Lets everything come to its end, and decides what waits for a person.
async fn settle(clerk: &Clerk) {
    // A few by the command line: it must be able to do what the API can.
    clerk.look(By::CommandLine, 5).await.unwrap();
    let begun = Instant::now();
    while clerk.look(By::Api, 1000).await.unwrap() > 0 || !is_at_rest(&clerk.house).await {
        let open = begun.elapsed() < PATIENCE;
        assert!(open, "it does not come to its end\n{}", clerk.house.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn is_at_rest(house: &House) -> bool {
    for state in ["queued", "running", "waiting", "parked"] {
        let path = format!("/api/v1/runs?state={state}&limit=1");
        let runs: Vec<RunView> = house.get(&path).await.unwrap();
        if !runs.is_empty() {
            return false;
        }
    }
    true
}

/// No process, no lock, no socket, no half-written copy.
fn check_what_is_left(house: &House) {
    assert_eq!(house.processes(), Vec::<String>::new());
    let private = house.private();
    assert!(!private.socket().exists(), "the socket is left");
    drop(Lock::take(private.folder()).unwrap());
    let copies = ["store/as-found", "store/unfinished", "store.damaged-1"];
    let left = copies.map(|name| private.folder().join(name));
    let left: Vec<_> = left.iter().filter(|it| it.exists()).collect();
    assert!(left.is_empty(), "{left:?} is left");
}

/// Opening reads every record and compares; so does the check.
fn check_the_store(house: &House) -> Vec<past::Record> {
    let store = Store::open(&house.private().store()).unwrap();
    let checked = store.check().unwrap();
    let runs = past::read_runs(&store).unwrap();
    let facts: usize = runs.iter().map(|run| run.facts.len()).sum();
    assert_eq!(checked.facts, facts as u64, "every fact is that of a run");
    runs
}

/// One file for each order that was counted, whole, and nothing beside.
fn check_the_outbox(outbox: &Path, ledger: &Ledger) {
    let counted = ledger.0.iter().filter_map(|entry| {
        let name = format!("{}.txt", entry.number?);
        Some((name, entry.reference.clone()))
    });
    let files = std::fs::read_dir(outbox).unwrap().flatten().map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read_to_string(entry.path()).unwrap())
    });
    let (counted, files): (BTreeMap<_, _>, BTreeMap<_, _>) = (counted.collect(), files.collect());
    assert_eq!(files, counted);
}

fn report(past: &Past, mut starts: Vec<Duration>) {
    starts.sort_unstable();
    let median = starts.get(starts.len() / 2).copied().unwrap_or_default();
    let longest = starts.last().copied().unwrap_or_default();
    tell(&format!(
        "{} kills: {:?}; a start took {median:.0?}, {longest:.0?} at most",
        past.deaths.len(),
        proof::tally(past)
    ));
}
