//! When workflows start by themselves.
//!
//! Each time that falls due, and each thing that happens, becomes exactly one
//! run, or is passed over for a reason (`missed`, `overlap`, its key). Where a
//! schedule stands is written in the same batch as the run, so a crash in
//! between fires it again and a crash after it does not.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    Command, Engine,
    event::{Happening, Holder, Reply, RequestId},
    start::Beginning,
};
use crate::{
    fault::Fault,
    index::{Batch, Change, Fired},
    plan::{Missed, On, Plan},
    run::fact::Origin,
    schedule::Times,
    value::Payload,
};

/// A firing later than this was missed: the daemon was down, or the machine slept.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// No more than this many missed firings are made up for at once.
const CATCH_UP: usize = 100;

/// The place of a workflow's promise among its triggers.
pub(super) const PROMISE: u32 = u32::MAX;

/// A trigger: its workflow, and its place in the file's list.
pub(super) type Place = (String, u32);

pub(super) struct Triggers {
    timezone: String,
    /// Up to when each schedule's firings are settled.
    settled: Fired,
    pub(super) planned: BTreeMap<Place, Planned>,
    /// The number of the newest firing. A place in the file's list would not do: the file may
    /// change while one is on its way.
    last: u64,
}

pub(super) struct Planned {
    /// How it is called in the index: by its words, so that neither a new order of the file's
    /// triggers nor another schedule in its place makes up for what was never due.
    pub(super) name: String,
    /// `None` when it waits for no time.
    times: Option<Times>,
    missed: Missed,
    next: Option<Timestamp>,
    /// What is still to become a run, the oldest first.
    pub(super) due: VecDeque<Due>,
    /// One of these is on its way, under this number: they go one after the other.
    firing: Option<(u64, Due)>,
}

/// Something that is to become a run.
pub(super) struct Due {
    pub(super) at: Timestamp,
    /// What it is, when it is not just that time.
    pub(super) cause: Option<Cause>,
}

pub(super) struct Cause {
    pub(super) happening: Arc<Happening>,
    /// Why it cannot be taken as it is.
    pub(super) fault: Option<Fault>,
    pub(super) request: Option<RequestId>,
    /// Whether it is written down as something that has still to become a run.
    pub(super) pending: bool,
}

/// A trigger or a promise as its plan has it.
struct Starter<'p> {
    index: u32,
    name: String,
    times: Option<Times>,
    missed: Missed,
    plan: &'p Plan,
}

impl Triggers {
    pub(super) fn new(settled: Fired, timezone: &str) -> Triggers {
        let (timezone, planned) = (timezone.to_owned(), BTreeMap::new());
        Triggers {
            timezone,
            settled,
            planned,
            last: 0,
        }
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.planned
            .values()
            .filter_map(|planned| planned.next)
            .min()
    }

    pub(super) fn firings(&self) -> impl Iterator<Item = (&str, u32, Timestamp)> {
        let triggers = self.planned.iter().filter(|((_, at), _)| *at != PROMISE);
        triggers.filter_map(|((workflow, trigger), planned)| {
            Some((workflow.as_str(), *trigger, planned.next?))
        })
    }

    /// Plans one trigger; the change says that its schedule was seen for the first time.
    fn plan(&mut self, starter: Starter<'_>, now: Timestamp) -> (Planned, Option<Change>) {
        let (mut next, mut change) = (None, None);
        if let Some(times) = &starter.times {
            let workflow = &starter.plan.name;
            let place = (workflow.clone(), starter.name.clone());
            let settled = *self.settled.entry(place).or_insert_with(|| {
                change = Some(fired(workflow, &starter.name, now));
                now
            });
            next = times.after(settled);
        }
        let planned = Planned {
            name: starter.name,
            times: starter.times,
            missed: starter.missed,
            next,
            due: VecDeque::new(),
            firing: None,
        };
        (planned, change)
    }

    /// What starts a workflow, and what it promises. The check has refused a schedule that cannot
    /// be read.
    fn starters<'p>(&self, plan: &'p Plan) -> Vec<Starter<'p>> {
        let mut starters = Vec::new();
        for (index, trigger) in (0..).zip(&plan.triggers) {
            let times = match Times::of(&trigger.on, &self.timezone) {
                Some(Err(_)) => continue,
                times => times.and_then(Result::ok),
            };
            let twins = plan.triggers[..index as usize].iter();
            let twins = twins.filter(|other| other.on == trigger.on).count();
            let (name, missed) = match &trigger.on {
                On::Schedule(it) => (it.cron.clone(), it.missed),
                On::Every(it) => (trigger.on.to_string(), it.missed),
                event => (event.event().unwrap_or_default(), Missed::All),
            };
            let name = match &times {
                Some(times) => format!("{name} {} {twins}", times.timezone()),
                None => name,
            };
            starters.push(Starter {
                index,
                name,
                times,
                missed,
                plan,
            });
        }
        if let Some(promise) = &plan.promise
            && let Ok(times) = Times::scheduled(&promise.by, &self.timezone)
        {
            starters.push(Starter {
                index: PROMISE,
                name: format!("promise {} {}", promise.by.cron, times.timezone()),
                times: Some(times),
                missed: promise.by.missed,
                plan,
            });
        }
        starters
    }
}

impl Engine {
    /// Plans the triggers of all workflows; a schedule seen for the first time counts from now.
    pub(super) fn plan_triggers(&mut self, now: Timestamp) {
        let mut before = std::mem::take(&mut self.triggers.planned);
        let mut changes = Vec::new();
        for (workflow, named) in &self.workflows {
            for starter in self.triggers.starters(&named.version.plan) {
                let place = (workflow.clone(), starter.index);
                let (mut planned, change) = self.triggers.plan(starter, now);
                // What was on its way when the files changed is asked for again, wherever its
                // trigger stands now: the file may say other inputs.
                let old = before
                    .iter()
                    .find(|((of, _), old)| of == workflow && old.name == planned.name);
                if let Some(old) = old.map(|(place, _)| place.clone())
                    && let Some(old) = before.remove(&old)
                {
                    planned.due = old.due;
                    if let Some((_, due)) = old.firing {
                        planned.due.push_front(due);
                    }
                }
                changes.extend(change);
                self.triggers.planned.insert(place, planned);
            }
        }
        for ((workflow, _), planned) in before {
            let due = planned.due.into_iter();
            for due in due.chain(planned.firing.map(|(_, due)| due)) {
                self.give_up(&workflow, &planned.name, due);
            }
        }
        self.append_changes(changes);
        self.take_up_pending();
        self.send_firings();
    }

    /// Fires whatever has fallen due.
    pub(super) fn fire(&mut self, now: Timestamp) {
        let mut passed_over = Vec::new();
        for ((workflow, _), planned) in &mut self.triggers.planned {
            let Some(times) = &planned.times else {
                continue;
            };
            if planned.next.is_none_or(|next| next > now) {
                continue;
            }
            let place = (workflow.clone(), planned.name.clone());
            let since = self.triggers.settled.get(&place).copied().unwrap_or(now);
            let due = newest_due(times, since, now);
            planned.next = times.after(now);
            let chosen = choose(&due, planned.missed, now);
            let Some(last) = due.last() else { continue };
            if chosen.is_empty() {
                passed_over.push(fired(workflow, &planned.name, *last));
            }
            self.triggers.settled.insert(place, *last);
            planned
                .due
                .extend(chosen.into_iter().map(|at| Due { at, cause: None }));
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
            let Some(due) = planned.due.pop_front() else {
                continue;
            };
            let version = named.version.clone();
            self.triggers.last += 1;
            let (trigger, at, firing) = (*trigger, due.at, self.triggers.last);
            self.commands.push(match trigger {
                PROMISE => super::promises::count(firing, version, at, &self.triggers.timezone),
                _ => Command::Fire {
                    firing,
                    version,
                    trigger,
                    at,
                    happening: due.cause.as_ref().map(|cause| cause.happening.clone()),
                },
            });
            planned.firing = Some((firing, due));
        }
    }

    /// What was asked for under this number comes back; `None` when the files have changed
    /// meanwhile. The index of the trigger is beside it.
    pub(super) fn came_back(&mut self, firing: u64) -> Option<(u32, String, Due)> {
        let mut planned = self.triggers.planned.iter_mut();
        let is_it = |(_, planned): &(&Place, &mut Planned)| {
            planned.firing.as_ref().is_some_and(|(it, _)| *it == firing)
        };
        let ((_, trigger), planned) = planned.find(is_it)?;
        let (_, due) = planned.firing.take()?;
        if self.low {
            planned.due.push_front(due);
            return None;
        }
        Some((*trigger, planned.name.clone(), due))
    }

    /// The inputs of a firing are there, or cannot be had.
    pub(super) fn fired(
        &mut self,
        workflow: String,
        firing: u64,
        inputs: Result<Payload, Box<Fault>>,
        holder: Option<Holder>,
        now: Timestamp,
    ) {
        let Some((index, name, due)) = self.came_back(firing) else {
            return;
        };
        let origin = Origin::Trigger { index };
        let mut beginning = Beginning::new(workflow.clone(), origin, due.at);
        match inputs {
            Ok(inputs) => beginning.inputs = Some(inputs),
            Err(fault) => beginning.fault = Some(*fault),
        }
        let mut request = None;
        match due.cause {
            None => beginning.change = Some(fired(&workflow, &name, due.at)),
            Some(cause) => {
                let pending = cause.pending.then(|| cause.still(&workflow, &name, due.at));
                beginning.change = pending.map(|pending| pending.settled());
                beginning.key = Some(cause.happening.run_key());
                beginning.holder = holder;
                beginning.fault = cause.fault.or(beginning.fault);
                request = cause.request;
            }
        }
        let run = self.make(beginning, now);
        if let (Some(run), Some(request)) = (run, request) {
            self.answer_with(&run.clone(), request, Reply::Started { run });
        }
        self.send_firings();
    }

    /// Changes that no fact goes with, and that nothing waits for.
    pub(super) fn append_changes(&mut self, changes: Vec<Change>) {
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

pub(super) fn fired(workflow: &str, schedule: &str, at: Timestamp) -> Change {
    let (workflow, schedule) = (workflow.to_owned(), schedule.to_owned());
    Change::Fired {
        workflow,
        schedule,
        at,
    }
}

/// What fell due, at most the newest [`CATCH_UP`] of it.
fn newest_due(times: &Times, since: Timestamp, now: Timestamp) -> Vec<Timestamp> {
    let mut due = VecDeque::new();
    let mut next = times.after(since);
    while let Some(at) = next.filter(|at| *at <= now) {
        if due.len() == CATCH_UP {
            due.pop_front();
        }
        due.push_back(at);
        next = times.after(at);
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
