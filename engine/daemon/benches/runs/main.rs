//! What the whole path bears: the real engine, loop and store, with bots that answer at once.
//!
//! `cargo bench -p botswain --bench runs` measures everything, `… -- http start` these parts. Each
//! figure of speed stands beside its limit, taken in turns in the same minute on the same disk:
//! what sled alone does with the same batches, durable, and what a bare file does. Only ratios
//! to such a limit decide the exit code; absolute goals are told as met or missed.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement stops at what it did not expect, and shows what it found"
)]

mod bots;
mod child;
mod goals;
mod inbox;
mod items;
mod limit;
mod load;
mod past;
mod place;
mod script;
mod start;
mod steps;

use std::process::ExitCode;

use goals::Goals;

/// A part by its name.
type Part = (&'static str, fn(&mut Goals));

const PARTS: &[Part] = &[
    ("instant", steps::instant),
    ("http", steps::http),
    ("sequence", steps::sequence),
    ("start", start::start),
    ("idle", items::idle),
    ("items", items::items),
    ("inbox", inbox::inbox),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "child") {
        child::work(&arguments[1..]);
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let mut goals = Goals::default();
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            println!("\n{name}");
            measure(&mut goals);
        }
    }
    goals.report()
}
