//! Makes what people are shown, from the index and, for one run alone, from its facts.

mod connections;
mod exceptions;
pub(crate) mod files;
mod inbox;
mod insights;
mod listing;
mod past;
mod reader;
mod spans;
mod steps;
mod versions;
mod warnings;
mod workflows;

use botswain_core::{
    Payload, RunId, StepId,
    engine::event::Loaded,
    evaluate::Values,
    index::{State, Summary, Tally},
    plan::{Kind, Plan, Step, WaitFor},
    run::{
        Run, Status,
        fact::{Fact, What},
    },
};
use botswain_store::{Filter, ReadError};
use jiff::Timestamp;
use serde_json::Value;

pub use botswain_views::*;

pub use self::connections::{Waits, connections};
pub use self::insights::Asked;
pub use self::listing::RunsPage;
pub use self::reader::{Reader, Sight, around};
use self::steps::flat;
pub(crate) use self::versions::versions;
use crate::daemon::Parts;

impl Parts {
    /// How many runs of a workflow have succeeded within a time, up to a number that is enough.
    pub fn succeeded(
        &self,
        workflow: &str,
        (since, until): (Timestamp, Timestamp),
        enough: u64,
    ) -> Result<u64, ReadError> {
        const PAGE: usize = 500;
        let filter = Filter::of(workflow).in_state(State::Succeeded);
        let (mut count, mut before) = (0, None);
        while count < enough {
            let page = self.store.runs(&filter, before, PAGE)?;
            let within = |run: &&Summary| run.ended.is_some_and(|at| at >= since && at <= until);
            count += page.iter().filter(within).count() as u64;
            before = page.last().map(|run| run.id.number());
            if page.len() < PAGE {
                break;
            }
        }
        Ok(count)
    }

    /// Runs that were started, newest first.
    pub fn runs(
        &self,
        filter: &Filter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<RunView>, ReadError> {
        let Some(wanted @ (State::Parked | State::Running)) = filter.state else {
            let summaries = self.store.runs(filter, before, limit)?;
            return summaries
                .into_iter()
                .map(|summary| self.run_view(summary))
                .collect();
        };
        // Whether a run with items is at work or parked is seen from its items alone.
        let mut runs = Vec::new();
        for state in [State::Parked, State::Running] {
            runs.extend(self.runs_shown(
                &filter.clone().in_state(state),
                wanted,
                (before, limit),
            )?);
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.id.number()));
        runs.truncate(limit);
        Ok(runs)
    }

    /// Those of the runs that are shown in this state.
    fn runs_shown(
        &self,
        filter: &Filter,
        shown: State,
        page: (Option<u64>, usize),
    ) -> Result<Vec<RunView>, ReadError> {
        let (mut before, limit) = page;
        let mut runs = Vec::new();
        loop {
            let summaries = self.store.runs(filter, before, limit)?;
            let last = summaries.len() < limit;
            before = summaries.last().map(|summary| summary.id.number());
            for summary in summaries {
                runs.extend(Some(self.run_view(summary)?).filter(|run| run.state == shown));
            }
            if last || runs.len() >= limit {
                return Ok(runs);
            }
        }
    }

    /// The items of a `for_each`, in the order of its list.
    pub fn items(
        &self,
        run: &RunId,
        step: &StepId,
        from: u64,
        limit: usize,
    ) -> Result<Vec<RunView>, ReadError> {
        let summaries = self.store.items(run, step, from, limit)?;
        summaries
            .into_iter()
            .map(|summary| self.run_view(summary))
            .collect()
    }

    pub fn run_view(&self, summary: Summary) -> Result<RunView, ReadError> {
        let is_open = matches!(summary.state, State::Running | State::Waiting);
        let version = match is_open {
            true => self.store.version(&summary.version)?,
            false => None,
        };
        let plan = version.as_ref().map(|version| &version.plan);
        let step = summary.step.as_ref();
        let step = plan.and_then(|plan| plan.step(step?));
        let items = match (summary.state, step) {
            (State::Running, Some(step)) => Some(self.tally(&summary.id, step)?),
            _ => None,
        };
        let items = items.filter(|items| items.created() > 0);
        // A run whose items all wait for people waits for people, unless it goes on without them.
        let rests = items
            .as_ref()
            .is_some_and(|items| items.active == 0 && items.parked > 0)
            && !step.is_some_and(goes_on_without);
        let (rests, parked) = match plan.filter(|plan| is_parallel(plan)) {
            Some(_) => self.parked_in(&summary)?,
            None => (rests, items.as_ref().map_or(0, |items| items.parked)),
        };
        let state = if rests { State::Parked } else { summary.state };
        let why = why(
            &summary,
            state,
            &Why {
                items: items.as_ref(),
                step,
            },
        );
        let asks = summary.state == State::Waiting && self.asks(&summary.id, step)?;
        Ok(RunView {
            why: match (asks, &summary.step) {
                (true, Some(step)) => Some(format!("asks whether `{step}` has happened")),
                _ => why,
            },
            id: summary.id,
            workflow: summary.workflow,
            version: summary.version,
            state,
            until: summary.until,
            key: summary.key,
            created: summary.created,
            scheduled_for: summary.scheduled_for,
            ended: summary.ended,
            step: summary.step,
            attempt: summary.attempt,
            items,
            parked,
        })
    }

    /// Whether a step is in doubt, and the world is asked about it.
    fn asks(&self, run: &RunId, step: Option<&Step>) -> Result<bool, ReadError> {
        let verified = |step: &&Step| matches!(&step.kind, Kind::Bot(bot) if bot.verify.is_some());
        let Some(step) = step.filter(verified) else {
            return Ok(false);
        };
        let run = self.recover(run).map_err(ReadError::Damaged)?;
        let record = run.record(&step.id);
        Ok(record.is_some_and(|record| matches!(record.status, Status::InDoubt(_))))
    }

    /// Whether a run with branches rests, and how much in it waits for people.
    fn parked_in(&self, summary: &Summary) -> Result<(bool, u64), ReadError> {
        let run = self.recover(&summary.id).map_err(ReadError::Damaged)?;
        let (mut rests, mut parked) = (true, 0);
        for (id, status) in run.statuses() {
            match status {
                Status::Parked { .. } => parked += 1,
                Status::Opened { .. } | Status::Called { .. } => {
                    let Some(step) = run.step(id) else { continue };
                    let tally = self.tally(&summary.id, step)?;
                    parked += tally.parked;
                    rests &= tally.active == 0 && tally.parked > 0 && !goes_on_without(step);
                }
                Status::Ready { .. }
                | Status::Running { .. }
                | Status::Waiting { .. }
                | Status::InDoubt(_) => rests = false,
                _ => (),
            }
        }
        Ok((rests && parked > 0, parked))
    }

    /// Everything about one run; none when there is no such run.
    pub fn run_detail(&self, id: &RunId) -> Result<Option<RunDetail>, String> {
        let text = |error: ReadError| error.to_string();
        let Some(summary) = self.store.summary(id).map_err(text)? else {
            return Ok(None);
        };
        let loaded = self.load(id)?;
        let run = recovered(&loaded)?;
        let mut steps = self.step_views(&run);
        let mut spans = spans::spans(&loaded.facts);
        for step in &mut steps {
            step.spans = spans.remove(&step.id).unwrap_or_default();
        }
        Ok(Some(RunDetail {
            run: self.run_view(summary).map_err(text)?,
            origin: run.created.origin.clone(),
            inputs: self.shown(&run.created.inputs),
            steps,
            artifacts: files::named(&loaded.facts),
            warnings: self.warnings(&run, &loaded.facts).map_err(text)?,
            facts: loaded.facts,
            log: self.lines.of(id),
        }))
    }

    fn recover(&self, id: &RunId) -> Result<Run, String> {
        let loaded = self.load(id)?;
        recovered(&loaded)
    }

    /// How the runs of a `for_each` or `call` do. One in which all wait for people counts as parked.
    fn tally(&self, run: &RunId, step: &Step) -> Result<Tally, ReadError> {
        const PAGE: usize = 500;
        let mut tally = self.store.tally(run, &step.id)?;
        let has_runs = match &step.kind {
            Kind::ForEach(each) => flat(&each.steps)
                .iter()
                .any(|it| matches!(it.step.kind, Kind::ForEach(_) | Kind::Call(_))),
            Kind::Call(_) => true,
            _ => false,
        };
        if tally.active == 0 || !has_runs {
            return Ok(tally);
        }
        let mut from = 0;
        loop {
            let page = self.store.items(run, &step.id, from, PAGE)?;
            let (read, last) = (page.len() as u64, page.len() < PAGE);
            for item in page.into_iter().filter(|it| it.state == State::Running) {
                if self.waits_for_people(item)? {
                    tally.shift(Some(State::Running), State::Parked);
                }
            }
            from += read;
            if last {
                return Ok(tally);
            }
        }
    }

    /// Whether a run has begun all its items, and those that have not ended wait for people.
    fn waits_for_people(&self, run: Summary) -> Result<bool, ReadError> {
        let (id, step) = (run.id.clone(), run.step.clone());
        let view = self.run_view(run)?;
        let (Some(step), Some(items)) = (step, &view.items) else {
            return Ok(view.state == State::Parked);
        };
        let opened = |fact: Fact| match fact.what {
            What::Opened {
                step: it, count, ..
            } if it == step => Some(count),
            _ => None,
        };
        let count = self.store.facts(&id)?.into_iter().find_map(opened);
        Ok(view.state == State::Parked && count.is_none_or(|count| items.created() >= count))
    }

    /// A value as it can be shown: a large one as the artifact that holds it.
    fn shown(&self, payload: &Payload) -> Value {
        match payload {
            Payload::Inline(value) => value.clone(),
            Payload::Stored(artifact) => match artifact.size <= SHOWN {
                true => self
                    .kept
                    .load(artifact)
                    .unwrap_or_else(|_| artifact.to_value()),
                false => artifact.to_value(),
            },
        }
    }
}

/// The largest value that a view carries itself, in bytes of JSON.
const SHOWN: u64 = 256 * 1024;

/// What is known of what a run is at.
struct Why<'a> {
    items: Option<&'a Tally>,
    step: Option<&'a Step>,
}

fn why(summary: &Summary, state: State, known: &Why<'_>) -> Option<String> {
    let step = summary
        .step
        .as_ref()
        .map(|step| format!("`{step}`"))
        .unwrap_or_default();
    let kind = known.step.map(|step| &step.kind);
    Some(match (state, known.items) {
        (State::Queued, _) => "waits for the run before it".to_owned(),
        (State::Parked, Some(_)) if matches!(kind, Some(Kind::Call(_))) => {
            format!("the run that {step} called waits for a person")
        }
        (State::Parked, Some(items)) => {
            let wait = if items.parked == 1 { "waits" } else { "wait" };
            format!(
                "{} of its items {wait} for a person at {step}",
                items.parked
            )
        }
        (State::Parked, None) => format!("{step} waits for a person"),
        (State::Waiting, _) if matches!(kind, Some(Kind::Wait(_) | Kind::WaitUntil(_))) => {
            format!("waits at {step}")
        }
        (State::Waiting, _) => format!("tries {step} again (attempt {})", summary.attempt + 1),
        (State::Running, Some(_)) if matches!(kind, Some(Kind::Call(_))) => {
            format!("the run that {step} called is at work")
        }
        (State::Running, Some(items)) => progress(&step, items),
        (State::Running, None) => format!("is at {step}"),
        (State::Succeeded | State::Skipped | State::Failed | State::Cancelled, _) => return None,
    })
}

fn is_parallel(plan: &Plan) -> bool {
    let steps = flat(&plan.steps);
    let parallel = |step: &Step| matches!(step.kind, Kind::Parallel(_));
    let within = |step: &Step| match &step.kind {
        Kind::ForEach(each) => flat(&each.steps).iter().any(|it| parallel(it.step)),
        _ => false,
    };
    steps.iter().any(|it| parallel(it.step) || within(it.step))
}

/// Whether it is done as soon as what is left of it waits for people.
fn goes_on_without(step: &Step) -> bool {
    matches!(&step.kind, Kind::ForEach(each) if each.wait_for == WaitFor::Unparked)
}

fn progress(step: &str, items: &Tally) -> String {
    let parked = match items.parked {
        0 => String::new(),
        parked => format!(", {parked} parked"),
    };
    format!("is at {step}: {} items done{parked}", items.ended())
}

fn recovered(loaded: &Loaded) -> Result<Run, String> {
    let (id, version) = (loaded.run.clone(), loaded.version.clone());
    let run = Run::recover(id, version, &loaded.newer, &loaded.facts);
    run.map_err(|error| error.to_string())
}
