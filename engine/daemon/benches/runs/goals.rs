//! What is to be reached, and whether it was.

use std::{process::ExitCode, time::Duration};

#[derive(Default)]
pub(crate) struct Goals {
    lines: Vec<String>,
    missed: bool,
}

impl Goals {
    /// A ratio to a limit of the same minute: it decides.
    pub(crate) fn at_least(&mut self, what: &str, ratio: f64, goal: f64) {
        self.missed |= ratio < goal;
        self.line(what, ratio >= goal, &format!("{ratio:.2}, gate {goal:.2}"));
    }

    /// A ratio that must not be exceeded: it decides.
    pub(crate) fn at_most(&mut self, what: &str, ratio: f64, goal: f64) {
        self.missed |= ratio > goal;
        self.line(what, ratio <= goal, &format!("{ratio:.2}, gate {goal:.2}"));
    }

    /// An absolute figure depends on the machine: it is told.
    pub(crate) fn rate(&mut self, what: &str, rate: f64, goal: f64) {
        self.line(
            what,
            rate >= goal,
            &format!("{rate:.0}/s, goal {goal:.0}/s"),
        );
    }

    /// As [`Goals::rate`], for a time.
    pub(crate) fn within(&mut self, what: &str, took: Duration, goal: Duration) {
        self.line(what, took <= goal, &format!("{took:.1?}, goal {goal:?}"));
    }

    /// As [`Goals::rate`], for memory in MB.
    pub(crate) fn megabytes(&mut self, what: &str, used: f64, goal: f64) {
        self.line(
            what,
            used <= goal,
            &format!("{used:.0} MB, goal {goal:.0} MB"),
        );
    }

    fn line(&mut self, what: &str, met: bool, figures: &str) {
        let word = if met { "PASS" } else { "MISS" };
        self.lines.push(format!("{word}  {what}: {figures}"));
    }

    pub(crate) fn report(self) -> ExitCode {
        println!("\n{}", self.lines.join("\n"));
        match self.missed {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        }
    }
}
