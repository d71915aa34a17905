//! When workflows start by themselves.
//!
//! Each time that falls due becomes exactly one run, or is passed over for a
//! reason (`missed`, `overlap`). Where a schedule stands is written in the same
//! batch as the run, so a crash in between fires it again and a crash after it
//! does not.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::{Command, Engine, start::Beginning};
use crate::{
    fault::Fault,
    index::{Batch, Change, Fired},
    plan::{Missed, Trigger},
    run::fact::Origin,
    schedule::{self, Schedule},
    value::Payload,
};

/// A firing later than this was missed: the daemon was down, or the machine slept.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// No more than this many missed firings are made up for at once.
const CATCH_UP: usize = 100;

pub(super) struct Triggers {
    timezone: String,
    /// Up to when each schedule's firings are settled.
    settled: Fired,
    planned: BTreeMap<(String, u32), Planned>,
}

struct Planned {
    /// How it is called in the index: by its words, so that neither a new order of the file's
    /// triggers nor another schedule in its place makes up for what was never due.
    name: String,
    schedule: Schedule,
    missed: Missed,
    next: Option<Timestamp>,
    /// What has fallen due and is still to become a run, the oldest first.
    due: VecDeque<Timestamp>,
    /// One of these is on its way, asked for under this place in the file's list: they go one
    /// after the other.
    firing: Option<u32>,
}

impl Triggers {
    pub(super) fn new(settled: Fired, timezone: &str) -> Triggers {
        let (timezone, planned) = (timezone.to_owned(), BTreeMap::new());
        Triggers {
            timezone,
            settled,
            planned,
        }
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.planned
            .values()
            .filter_map(|planned| planned.next)
            .min()
    }

    pub(super) fn firings(&self) -> impl Iterator<Item = (&str, u32, Timestamp)> {
        self.planned
            .iter()
            .filter_map(|((workflow, trigger), planned)| {
                Some((workflow.as_str(), *trigger, planned.next?))
            })
    }

    /// Plans one trigger; the change says that its schedule was seen for the first time.
    fn plan(
        &mut self,
        workflow: &str,
        trigger: &Trigger,
        twins: usize,
        now: Timestamp,
    ) -> Option<(Planned, Option<Change>)> {
        let zone = trigger
            .schedule
            .timezone
            .as_deref()
            .unwrap_or(&self.timezone);
        // The check has refused a schedule that cannot be read.
        let schedule = schedule::parse(&trigger.schedule.cron, zone).ok()?;
        let name = format!("{} {zone} {twins}", trigger.schedule.cron);
        let place = (workflow.to_owned(), name.clone());
        let (settled, change) = match self.settled.get(&place) {
            Some(settled) => (*settled, None),
            None => (now, Some(fired(workflow, &name, now))),
        };
        self.settled.insert(place, settled);
        let (next, missed) = (schedule.after(settled), trigger.schedule.missed);
        let planned = Planned {
            name,
            schedule,
            missed,
            next,
            due: VecDeque::new(),
            firing: None,
        };
        Some((planned, change))
    }
}

impl Engine {
    /// Plans the triggers of all workflows; a schedule seen for the first time counts from now.
    pub(super) fn plan_triggers(&mut self, now: Timestamp) {
        let mut before = std::mem::take(&mut self.triggers.planned);
        let mut changes = Vec::new();
        for (workflow, named) in &self.workflows {
            let triggers = &named.version.plan.triggers;
            for (index, trigger) in (0..).zip(triggers) {
                let earlier = triggers.iter().take(index as usize);
                let twins = earlier
                    .filter(|other| other.schedule == trigger.schedule)
                    .count();
                let Some((mut planned, change)) = self.triggers.plan(workflow, trigger, twins, now)
                else {
                    continue;
                };
                // What was on its way when the files changed still is, wherever it stands now.
                let mut olds = before.iter_mut();
                let is_old = |((of, _), old): &(&(String, u32), &mut Planned)| {
                    of == workflow && old.name == planned.name
                };
                if let Some((_, old)) = olds.find(is_old) {
                    (planned.firing, planned.next) = (old.firing, old.next);
                    planned.due = std::mem::take(&mut old.due);
                }
                changes.extend(change);
                let place = (workflow.clone(), index);
                self.triggers.planned.insert(place, planned);
            }
        }
        self.append_changes(changes);
    }

    /// Fires whatever has fallen due.
    pub(super) fn fire(&mut self, now: Timestamp) {
        let mut passed_over = Vec::new();
        for ((workflow, _), planned) in &mut self.triggers.planned {
            if planned.next.is_none_or(|next| next > now) {
                continue;
            }
            let place = (workflow.clone(), planned.name.clone());
            let since = self.triggers.settled.get(&place).copied().unwrap_or(now);
            let due = newest_due(&planned.schedule, since, now);
            planned.next = planned.schedule.after(now);
            let chosen = choose(&due, planned.missed, now);
            let Some(last) = due.last() else { continue };
            if chosen.is_empty() {
                passed_over.push(fired(workflow, &planned.name, *last));
            }
            self.triggers.settled.insert(place, *last);
            planned.due.extend(chosen);
        }
        self.append_changes(passed_over);
        self.send_firings();
    }

    /// Lets the oldest firing of each trigger go, unless one is on its way. So the index is never
    /// ahead of a firing that has not become a run.
    pub(super) fn send_firings(&mut self) {
        if !self.may_fire() {
            return;
        }
        for ((workflow, trigger), planned) in &mut self.triggers.planned {
            let idle = planned.firing.is_none();
            let Some(named) = self.workflows.get(workflow).filter(|_| idle) else {
                continue;
            };
            let Some(at) = planned.due.pop_front() else {
                continue;
            };
            planned.firing = Some(*trigger);
            let version = named.version.clone();
            self.commands.push(Command::Fire {
                version,
                trigger: *trigger,
                at,
            });
        }
    }

    /// The inputs of a firing are there, or cannot be had.
    pub(super) fn fired(
        &mut self,
        place: (String, u32),
        at: Timestamp,
        inputs: Result<Payload, Box<Fault>>,
        now: Timestamp,
    ) {
        // A trigger that was taken out of its file meanwhile does not fire any more.
        let (workflow, trigger) = place;
        let mut planned = self.triggers.planned.iter_mut();
        let asked = |((of, _), planned): &(&(String, u32), &mut Planned)| {
            *of == workflow && planned.firing == Some(trigger)
        };
        let Some(((_, trigger), planned)) = planned.find(asked) else {
            return;
        };
        planned.firing = None;
        if self.low {
            return planned.due.push_front(at);
        }
        let trigger = *trigger;
        let change = Some(fired(&workflow, &planned.name, at));
        let (origin, inputs) = (
            Origin::Trigger { index: trigger },
            inputs.map_err(|fault| *fault),
        );
        let (key, holder) = (None, None);
        self.make(
            Beginning {
                workflow,
                origin,
                scheduled_for: at,
                inputs,
                key,
                holder,
                change,
            },
            now,
        );
        self.send_firings();
    }

    /// Changes that no fact goes with, and that nothing waits for.
    fn append_changes(&mut self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        self.last_ticket += 1;
        let batch = Batch {
            facts: Vec::new(),
            changes,
        };
        self.commands.push(Command::Append {
            ticket: self.last_ticket,
            batch,
        });
    }
}

fn fired(workflow: &str, schedule: &str, at: Timestamp) -> Change {
    let (workflow, schedule) = (workflow.to_owned(), schedule.to_owned());
    Change::Fired {
        workflow,
        schedule,
        at,
    }
}

/// What fell due, at most the newest [`CATCH_UP`] of it.
fn newest_due(schedule: &Schedule, since: Timestamp, now: Timestamp) -> Vec<Timestamp> {
    let mut due = VecDeque::new();
    let mut next = schedule.after(since);
    while let Some(at) = next.filter(|at| *at <= now) {
        if due.len() == CATCH_UP {
            due.pop_front();
        }
        due.push_back(at);
        next = schedule.after(at);
    }
    due.into()
}

fn choose(due: &[Timestamp], missed: Missed, now: Timestamp) -> Vec<Timestamp> {
    let timely = |at: &&Timestamp| now.duration_since(**at) <= LATE;
    match missed {
        Missed::None => due.iter().filter(timely).copied().collect(),
        Missed::Last => due.last().copied().into_iter().collect(),
        Missed::All => due.to_vec(),
    }
}
