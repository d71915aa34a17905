//! Who uses which connection, and who waits for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::ids::{RunId, StepId};

/// A connection of which nothing is said bears this many attempts at once.
const UNSAID: u32 = 8;

#[derive(Default)]
pub(super) struct Sessions {
    limits: BTreeMap<String, u32>,
    /// Which attempt holds a session of which connection.
    held: BTreeMap<(RunId, StepId), String>,
    /// Who waits, first come first served.
    lines: BTreeMap<String, Line>,
}

#[derive(Default)]
struct Line {
    order: VecDeque<RunId>,
    waiting: BTreeSet<RunId>,
}

impl Sessions {
    pub(super) fn replace(&mut self, limits: BTreeMap<String, u32>) {
        self.limits = limits;
    }

    /// Takes a session for an attempt, or a place in the line. Without a connection none is needed.
    pub(super) fn take(&mut self, connection: Option<&str>, run: &RunId, step: &StepId) -> bool {
        let Some(connection) = connection else {
            return true;
        };
        if self.is_free(connection) {
            self.held
                .insert((run.clone(), step.clone()), connection.to_owned());
            return true;
        }
        let line = self.lines.entry(connection.to_owned()).or_default();
        if line.waiting.insert(run.clone()) {
            line.order.push_back(run.clone());
        }
        false
    }

    pub(super) fn give_back(&mut self, run: &RunId, step: &StepId) {
        self.held.remove(&(run.clone(), step.clone()));
    }

    /// The run that has waited longest for a session that is free now.
    pub(super) fn next_in_line(&mut self) -> Option<RunId> {
        let free = |connection: &&String| self.is_free(connection);
        let waited_for = self.lines.iter().filter(|(_, line)| !line.order.is_empty());
        let connection = waited_for
            .map(|(connection, _)| connection)
            .find(free)?
            .clone();
        let line = self.lines.get_mut(&connection)?;
        let run = line.order.pop_front()?;
        line.waiting.remove(&run);
        Some(run)
    }

    fn is_free(&self, connection: &str) -> bool {
        let limit = self.limits.get(connection).copied().unwrap_or(UNSAID);
        let used = self
            .held
            .values()
            .filter(|held| *held == connection)
            .count();
        used < limit as usize
    }
}
