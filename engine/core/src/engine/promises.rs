//! A workflow that promises so many runs by a time of the day.
//!
//! When that time comes the runs of the day are counted; too few, and a run is
//! made that waits for a person before it begins. To try it again is to do now
//! what was promised; to give it up is to leave it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Command, Engine, event::Counted, start::Beginning, triggers::fired};
use crate::{fault::Fault, plan::Version, run::fact::Origin, schedule};

/// Counts the runs that have succeeded on the day of a promise, up to its time.
pub(super) fn count(firing: u64, version: Arc<Version>, at: Timestamp, timezone: &str) -> Command {
    let by = version.plan.promise.as_ref();
    let zone = by.and_then(|it| it.by.timezone.as_deref());
    let since = schedule::day_of(at, zone.unwrap_or(timezone));
    Command::Count {
        firing,
        version,
        since,
        at,
    }
}

impl Engine {
    /// So many runs there were.
    pub(super) fn counted(&mut self, counted: Counted, now: Timestamp) {
        let Counted {
            firing,
            workflow,
            at,
            succeeded,
            inputs,
        } = counted;
        let Some((_, name, _)) = self.came_back(firing) else {
            return;
        };
        let change = fired(&workflow, &name, at);
        let promised = self.workflows.get(&workflow);
        let promised = promised.and_then(|named| named.version.plan.promise.clone());
        match promised.filter(|promise| succeeded < promise.succeeded) {
            None => self.append_changes(vec![change]),
            Some(promise) => {
                let beginning = Beginning {
                    inputs,
                    fault: Some(broken(succeeded, promise.succeeded)),
                    change: Some(change),
                    ..Beginning::new(workflow, Origin::Promise, at)
                };
                self.make(beginning, now);
            }
        }
        self.send_firings();
    }
}

fn broken(succeeded: u64, promised: u64) -> Fault {
    let runs = if promised == 1 { "run" } else { "runs" };
    let message = match succeeded {
        0 => format!("{promised} succeeded {runs} were promised by now, and there is none"),
        _ => format!("{promised} succeeded {runs} were promised by now, and there are {succeeded}"),
    };
    let message = message.replace("1 succeeded run were", "1 succeeded run was");
    Fault::business("promise.broken", message)
        .hint("see what holds it up; `retry` starts it now, `abandon` leaves it")
}
