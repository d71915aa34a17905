//! What became of runs over a time, at a cost that does not grow with what is stored.
//!
//! Runs are counted by their summaries, which the index lists by their numbers,
//! up to [`COUNTED`] of them. Why they stopped and where their time went only
//! their facts tell: of up to [`READ`] runs and items, chosen evenly and always
//! alike, so that two looks at one time say the same. What is left out is said.

mod journal;

use std::{cmp::Reverse, collections::BTreeMap};

use botswain_core::{
    RunId, StepId,
    index::{State, Summary},
};
use botswain_store::{Filter, ReadError};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use self::journal::{Journal, Stop};
use super::{
    CauseView, Comparison, DayView, Figures, Insights, Looked, Sight, Spread, StepFigures,
    WorkflowFigures,
};
use crate::daemon::Parts;

/// How many runs are counted at most, the newest of a time.
const COUNTED: usize = 50_000;

/// How many runs and items are read at most.
const READ: usize = 4_000;

/// How many items of one loop are read at most.
const ITEMS: usize = 500;

/// How many summaries are taken at a time.
const PIECE: usize = 1_000;

/// How many causes and steps are told.
const ROWS: usize = 50;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub workflow: Option<String>,
    /// Runs of other workflows are not told of, unless one of these has called them.
    pub sight: Sight,
    pub since: Timestamp,
    pub until: Timestamp,
    pub split: Option<Timestamp>,
    pub zone: TimeZone,
    /// What a run of each workflow saves, in milliseconds.
    pub saves: BTreeMap<String, u64>,
}

/// A run that was counted.
struct Begun {
    id: RunId,
    workflow: String,
    state: State,
    created: Timestamp,
    ended: Option<Timestamp>,
}

impl From<Summary> for Begun {
    fn from(run: Summary) -> Begun {
        Begun {
            id: run.id,
            workflow: run.workflow,
            state: run.state,
            created: run.created,
            ended: run.ended,
        }
    }
}

/// A run that was read, by its place among those that were counted.
type Read = (usize, Journal);

impl Parts {
    pub fn insights(&self, asked: &Asked) -> Result<Insights, ReadError> {
        let (begun, cut) = self.begun(asked)?;
        let (read, sample) = self.read_evenly(&begun)?;
        let since = match begun.last() {
            Some(oldest) if cut => oldest.created,
            _ => asked.since,
        };
        let looked = Looked {
            counted: begun.len() as u64,
            cut,
            read: read.len() as u64,
            within: read.iter().map(|(_, journal)| journal.within).sum(),
            sample,
        };
        let figures = |fits: &dyn Fn(&Begun) -> bool| figures(&begun, &read, &asked.saves, fits);
        Ok(Insights {
            since,
            until: asked.until,
            timezone: asked.zone.iana_name().unwrap_or("UTC").to_owned(),
            workflow: asked.workflow.clone(),
            looked,
            figures: figures(&|_| true),
            days: days(&begun, (since, asked.until), &asked.zone),
            workflows: workflows(&begun, &asked.saves),
            causes: causes(&read),
            steps: steps(&read),
            comparison: asked.split.map(|at| Comparison {
                at,
                before: figures(&|run| run.created < at),
                after: figures(&|run| run.created >= at),
                days_before: days_between(since, at),
                days_after: days_between(at, asked.until),
            }),
        })
    }

    /// The runs that began within the time, newest first, and whether there were more.
    fn begun(&self, asked: &Asked) -> Result<(Vec<Begun>, bool), ReadError> {
        let filter = Filter {
            workflows: asked.sight.within(asked.workflow.as_deref()),
            state: None,
        };
        let mut before = self.first_since(asked.until)?;
        let mut begun = Vec::new();
        loop {
            let piece = self.store.runs(&filter, before, PIECE)?;
            let is_last = piece.len() < PIECE;
            before = piece.last().map(|run| run.id.number());
            for run in piece {
                if run.created < asked.since {
                    return Ok((begun, false));
                }
                if begun.len() == COUNTED {
                    return Ok((begun, true));
                }
                begun.push(Begun::from(run));
            }
            if is_last {
                return Ok((begun, false));
            }
        }
    }

    /// Reads as many as may be read, in an order that has nothing to do with when they began;
    /// says also whether something was left out.
    fn read_evenly(&self, begun: &[Begun]) -> Result<(Vec<Read>, bool), ReadError> {
        let mut order: Vec<usize> = (0..begun.len()).collect();
        order.sort_by_key(|at| scattered(begun[*at].id.number()));
        let (mut read, mut left, mut sample) = (Vec::new(), READ, false);
        for at in order {
            if left == 0 {
                return Ok((read, true));
            }
            let journal = self.journal(&begun[at], &mut left)?;
            sample |= journal.cut;
            read.push((at, journal));
        }
        Ok((read, sample))
    }

    /// What happened in a run and in all that it began.
    fn journal(&self, run: &Begun, left: &mut usize) -> Result<Journal, ReadError> {
        let mut journal = Journal::default();
        let mut unread = vec![(run.id.clone(), run.workflow.clone())];
        while let Some((id, workflow)) = unread.pop() {
            let facts = self.store.facts(&id)?;
            *left = left.saturating_sub(1);
            journal.within += u64::from(id != run.id);
            for step in journal.add(&workflow, &facts) {
                let room = left.saturating_sub(unread.len()).min(ITEMS);
                // One more tells whether all of them are read.
                let mut items = self.store.items(&id, &step, 0, room + 1)?;
                journal.cut |= items.len() > room;
                items.truncate(room);
                unread.extend(items.into_iter().map(|item| (item.id, item.workflow)));
            }
        }
        Ok(journal)
    }
}

/// Numbers that follow each other are far apart (Knuth, multiplicative hashing).
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn figures(
    begun: &[Begun],
    read: &[Read],
    saves: &BTreeMap<String, u64>,
    fits: &dyn Fn(&Begun) -> bool,
) -> Figures {
    let mut figures = Figures::default();
    let mut lasted = Vec::new();
    for run in begun.iter().filter(|run| fits(run)) {
        figures.runs += 1;
        *match run.state {
            State::Succeeded => &mut figures.succeeded,
            State::Skipped => &mut figures.skipped,
            State::Failed => &mut figures.failed,
            State::Cancelled => &mut figures.cancelled,
            State::Queued | State::Running | State::Waiting | State::Parked => &mut figures.open,
        } += 1;
        if let (State::Succeeded, Some(ended)) = (run.state, run.ended) {
            lasted.push(millis(run.created, ended));
            figures.saved_ms += saves.get(&run.workflow).copied().unwrap_or_default();
        }
    }
    let read = read.iter().filter(|(at, _)| fits(&begun[*at]));
    let read: Vec<&Journal> = read.map(|(_, journal)| journal).collect();
    let stops = || read.iter().flat_map(|it| &it.stops);
    figures.lasted = Spread::of(lasted);
    figures.read = read.len() as u64;
    figures.exceptions = stops().count() as u64;
    figures.waiting = stops().filter(|stop| stop.waits).count() as u64;
    figures.handled = Spread::of(stops().filter_map(Stop::handled).collect());
    figures
}

/// Every day of the time, also those without any run.
fn days(begun: &[Begun], (since, until): (Timestamp, Timestamp), zone: &TimeZone) -> Vec<DayView> {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    // What ends at midnight has nothing of the day that begins then.
    let end = until.saturating_sub(SignedDuration::from_nanos(1));
    let last = day(end.unwrap_or(until));
    let mut days = Vec::new();
    let mut next = Some(day(since));
    while let Some(day) = next.filter(|day| *day <= last) {
        days.push(DayView::new(day));
        next = day.tomorrow().ok();
    }
    for run in begun {
        let on = day(run.created);
        let Ok(at) = days.binary_search_by_key(&on, |it| it.day) else {
            continue;
        };
        let counted = &mut days[at];
        *match run.state {
            State::Succeeded => &mut counted.succeeded,
            State::Skipped => &mut counted.skipped,
            State::Failed => &mut counted.failed,
            State::Cancelled => &mut counted.cancelled,
            State::Queued | State::Running | State::Waiting | State::Parked => &mut counted.open,
        } += 1;
    }
    days
}

fn workflows(begun: &[Begun], saves: &BTreeMap<String, u64>) -> Vec<WorkflowFigures> {
    let mut all: BTreeMap<&str, WorkflowFigures> = BTreeMap::new();
    for run in begun {
        let of = all.entry(&run.workflow).or_insert_with(|| WorkflowFigures {
            workflow: run.workflow.clone(),
            runs: 0,
            succeeded: 0,
            failed: 0,
            saves_ms: saves.get(&run.workflow).copied(),
            saved_ms: None,
        });
        of.runs += 1;
        of.succeeded += u64::from(run.state == State::Succeeded);
        of.failed += u64::from(run.state == State::Failed);
    }
    let mut all: Vec<WorkflowFigures> = all.into_values().collect();
    for of in &mut all {
        of.saved_ms = of.saves_ms.map(|saves| saves.saturating_mul(of.succeeded));
    }
    all.sort_by_key(|it| Reverse(it.runs));
    all
}

fn causes(read: &[Read]) -> Vec<CauseView> {
    let mut all: BTreeMap<(&str, &StepId, &str), Vec<&Stop>> = BTreeMap::new();
    for stop in read.iter().flat_map(|(_, journal)| &journal.stops) {
        let cause = (stop.workflow.as_str(), &stop.step, stop.code.as_str());
        all.entry(cause).or_default().push(stop);
    }
    let cause = |((workflow, step, code), stops): ((&str, &StepId, &str), Vec<&Stop>)| CauseView {
        workflow: workflow.to_owned(),
        step: step.clone(),
        code: code.to_owned(),
        message: stops
            .first()
            .map(|it| it.message.clone())
            .unwrap_or_default(),
        count: stops.len() as u64,
        waiting: stops.iter().filter(|stop| stop.waits).count() as u64,
        handled: Spread::of(stops.iter().filter_map(|stop| stop.handled()).collect()),
    };
    let mut causes: Vec<CauseView> = all.into_iter().map(cause).collect();
    causes.sort_by_key(|it| Reverse(it.count));
    causes.truncate(ROWS);
    causes
}

fn steps(read: &[Read]) -> Vec<StepFigures> {
    let mut all: BTreeMap<(&str, &StepId), (Vec<u64>, u64)> = BTreeMap::new();
    for time in read.iter().flat_map(|(_, journal)| &journal.times) {
        let of = (time.workflow.as_str(), &time.step);
        let (worked, waited) = all.entry(of).or_default();
        worked.push(time.worked);
        *waited += time.waited;
    }
    let figures = all
        .into_iter()
        .filter_map(|((workflow, step), (worked, waited))| {
            Some(StepFigures {
                workflow: workflow.to_owned(),
                step: step.clone(),
                worked_ms: worked.iter().sum(),
                waited_ms: waited,
                working: Spread::of(worked)?,
            })
        });
    let mut steps: Vec<StepFigures> = figures.collect();
    steps.sort_by_key(|it| Reverse(it.worked_ms));
    steps.truncate(ROWS);
    steps
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or_default()
}

fn days_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0) / 86_400.0
}
