//! What was logged of runs, for those who look at them.
//!
//! In go the lines of the log that name a run, out come the newest of one run, oldest first. They
//! are in memory alone and end with the daemon: what has to last is a fact. A run that nothing was
//! logged of for longest is forgotten first.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use botswain_core::RunId;
use botswain_views::LogLine;
use indexmap::IndexMap;

/// Of so many runs.
const RUNS: usize = 200;
/// So many of each.
const LINES: usize = 100;
/// How much of one is kept, in characters.
const LONGEST: usize = 500;

#[derive(Debug, Default)]
pub struct Lines(Mutex<IndexMap<String, VecDeque<LogLine>>>);

impl Lines {
    pub fn push(&self, run: &str, mut line: LogLine) {
        if let Some((end, _)) = line.message.char_indices().nth(LONGEST) {
            // A text of its own: what is cut off would be kept with it.
            line.message = format!("{}…", &line.message[..end]);
        }
        let mut runs = self.runs();
        let mut lines = runs.shift_remove(run).unwrap_or_default();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
        if runs.len() == RUNS {
            runs.shift_remove_index(0);
        }
        runs.insert(run.to_owned(), lines);
    }

    pub fn of(&self, run: &RunId) -> Vec<LogLine> {
        let runs = self.runs();
        let lines = runs.get(&run.to_string());
        lines.into_iter().flatten().cloned().collect()
    }

    fn runs(&self) -> MutexGuard<'_, IndexMap<String, VecDeque<LogLine>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str) -> LogLine {
        LogLine {
            at: jiff::Timestamp::UNIX_EPOCH,
            level: botswain_views::Level::Info,
            step: None,
            message: message.to_owned(),
        }
    }

    #[test]
    fn the_newest_are_kept_of_those_that_something_happens_in() {
        let lines = Lines::default();
        for nth in 0..=LINES {
            lines.push("1", line(&nth.to_string()));
        }
        let kept = lines.of(&RunId::root(1));
        assert_eq!((kept.len(), &*kept[0].message), (LINES, "1"));
        for run in 2..=RUNS {
            lines.push(&run.to_string(), line("x"));
        }
        lines.push("1", line("again"));
        lines.push("another", line(&"ä".repeat(2 * LONGEST)));
        assert_eq!(lines.of(&RunId::root(1)).len(), LINES);
        assert!(lines.of(&RunId::root(2)).is_empty());
        let longest = &lines.runs()["another"][0].message;
        assert_eq!(longest.chars().count(), LONGEST + 1);
    }
}
