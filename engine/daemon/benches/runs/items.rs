//! What the daemon takes up: idle, and over the items of a list that grows.
//!
//! Memory is that of a process of its own.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use botswain_core::index::State;
use serde_json::json;

use crate::{
    child,
    goals::Goals,
    load,
    place::{self, Place},
    start,
};

/// How much longer an item of the longest list may take than one of the shortest.
const GROWTH: f64 = 1.5;

/// The binary in an empty instance, once its socket is there.
pub(crate) fn idle(goals: &mut Goals) {
    let place = Place::new(&[]);
    let mut daemon = start::binary(&place).arg("up").spawn().unwrap();
    let socket = place.path().join(".botswain/api.sock");
    while !socket.exists() {
        assert!(daemon.try_wait().unwrap().is_none(), "it has ended");
        thread::sleep(Duration::from_millis(20));
    }
    let used = megabytes(daemon.id(), "VmRSS:");
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    println!("  {used:.1} MB with an empty store");
    goals.megabytes("idle with an empty store", used, 40.0);
}

/// A `for_each` over tables of 1,000, 10,000 and 100,000 items.
pub(crate) fn items(goals: &mut Goals) {
    let mut shortest = None;
    for count in [1000, 10_000, 100_000] {
        let place = Place::new(&[("each", each())]);
        let told = child::told("each", place.path(), &[&count.to_string()]);
        let [took, used] = told[..] else {
            panic!("{told:?}")
        };
        let item = took / f64::from(count);
        println!(
            "  {count:>7} items  {took:>7.1} s   {:>6.0} µs an item   {used:>4.0} MB at most",
            item * 1e6
        );
        let shortest = *shortest.get_or_insert(item);
        if count == 100_000 {
            goals.at_most(
                "an item of 100,000 takes, of one of 1,000",
                item / shortest,
                GROWTH,
            );
            goals.megabytes("a loop over 100,000 items", used, 200.0);
        }
    }
}

fn each() -> String {
    "inputs:\n  count: { type: integer }\nsteps:\n  \
     - id: list\n    bot: bench.rows\n    with: { count: \"{{inputs.count}}\" }\n  \
     - id: enter\n    for_each: \"{{steps.list.rows}}\"\n    as: line\n    key: \"{{line.order}}\"\n    \
     at_once: 64\n    collect: { text: \"{{steps.put.text}}\" }\n    steps:\n      \
     - id: put\n        bot: bench.put\n        with: { text: \"{{line.sku}}\" }\n"
        .to_owned()
}

/// Tells how long it took and how much memory at most.
pub(crate) fn go_through(folder: &Path, arguments: &[String]) {
    place::runtime().block_on(async {
        let daemon = place::start(folder).await;
        let mut notices = daemon.handle.watch();
        let begun = Instant::now();
        let inputs = [("count".to_owned(), json!(arguments[0]))];
        let run = load::started(&daemon.handle, "each", inputs.into_iter().collect()).await;
        let store = &daemon.handle.parts.store;
        while !store.summary(&run).unwrap().unwrap().state.has_ended() {
            // Whatever happens, also that much was missed, is a reason to look again.
            drop(notices.recv().await);
        }
        let took = begun.elapsed();
        assert_eq!(
            store.summary(&run).unwrap().unwrap().state,
            State::Succeeded
        );
        println!(
            "{} {}",
            took.as_secs_f64(),
            megabytes(std::process::id(), "VmHWM:")
        );
        daemon.stop().await.unwrap();
    });
}

/// A figure of a process's memory, see proc(5).
pub(crate) fn megabytes(process: u32, figure: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(figure))
        .unwrap();
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes / 1024.0
}
