//! What people are shown: one set of read models for API, command line and console.
//!
//! They are made from the index and, for one run alone, from its facts. Secrets
//! cannot be in them, for the facts hold only their names.

use botswain_core::{
    ArtifactRef, ExceptionId, Fault, Hash, Payload, RunId, StepId,
    evaluate::Values,
    index::{Exception, ExceptionCategory, State, Summary, Tally},
    plan::{Kind, Step},
    run::{
        Run, Status,
        fact::{Fact, Origin, What},
    },
    value,
};
use botswain_store::{Filter, ReadError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::daemon::Parts;

/// A run in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunView {
    pub id: RunId,
    pub workflow: String,
    pub version: Hash,
    pub state: State,
    /// What it waits for or does, in words; absent when it has ended.
    pub why: Option<String>,
    /// When it goes on, if it waits for a time.
    pub until: Option<Timestamp>,
    pub key: Option<String>,
    pub created: Timestamp,
    pub scheduled_for: Timestamp,
    pub ended: Option<Timestamp>,
    pub step: Option<StepId>,
    pub attempt: u32,
    /// How the items of the open `for_each` do.
    pub items: Option<Tally>,
}

/// One run with everything about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunDetail {
    pub run: RunView,
    pub origin: Origin,
    pub inputs: Value,
    pub steps: Vec<StepView>,
    pub facts: Vec<Fact>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepView {
    pub id: StepId,
    pub name: Option<String>,
    pub bot: Option<String>,
    pub state: StepState,
    pub attempts: u32,
    pub with: Option<Value>,
    pub output: Option<Value>,
    /// How its items do, if it is a `for_each`.
    pub items: Option<Tally>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Pending,
    Waiting {
        until: Option<Timestamp>,
    },
    Running {
        since: Timestamp,
    },
    Parked {
        exception: ExceptionId,
        fault: Box<Fault>,
    },
    InDoubt {
        exception: ExceptionId,
        fault: Box<Fault>,
    },
    /// A `for_each` with so many items.
    Open {
        count: u64,
    },
    Succeeded,
    Skipped,
}

/// An exception in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExceptionView {
    pub id: ExceptionId,
    pub workflow: String,
    pub run: RunId,
    pub step: StepId,
    pub bot: Option<String>,
    pub key: Option<String>,
    pub category: ExceptionCategory,
    pub code: String,
    pub message: String,
    pub hint: Option<String>,
    pub attempts: u32,
    pub opened: Timestamp,
    pub fingerprint: Hash,
    pub artifacts: Vec<ArtifactRef>,
}

/// One exception with what a person needs to decide.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExceptionDetail {
    pub exception: ExceptionView,
    /// The data of the item, with corrections.
    pub item: Option<Value>,
    /// The inputs of the run, with corrections.
    pub inputs: Value,
    /// The parameters that the step was given.
    pub with: Option<Value>,
    pub steps: Vec<StepView>,
}

/// A schedule and when it fires next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScheduleView {
    pub workflow: String,
    pub cron: String,
    pub timezone: String,
    /// In order, the next one first.
    pub next: Vec<Timestamp>,
}

impl Parts {
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
                &Filter {
                    state: Some(state),
                    ..filter.clone()
                },
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
        let items = match &summary.step {
            Some(step) if summary.state == State::Running => {
                let version = self.store.version(&summary.version)?;
                let step = version.as_ref().and_then(|version| version.plan.step(step));
                step.map(|step| self.tally(&summary.id, step)).transpose()?
            }
            _ => None,
        };
        let items = items.filter(|items| items.created() > 0);
        // A run whose items all wait for people waits for people.
        let rests = items
            .as_ref()
            .is_some_and(|items| items.active == 0 && items.parked > 0);
        let state = if rests { State::Parked } else { summary.state };
        Ok(RunView {
            why: why(&summary, state, items.as_ref()),
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
        })
    }

    /// Everything about one run; none when there is no such run.
    pub fn run_detail(&self, id: &RunId) -> Result<Option<RunDetail>, String> {
        let text = |error: ReadError| error.to_string();
        let Some(summary) = self.store.summary(id).map_err(text)? else {
            return Ok(None);
        };
        let loaded = self.load(id)?;
        let run = Run::recover(id.clone(), loaded.version, &loaded.facts)
            .map_err(|error| error.to_string())?;
        Ok(Some(RunDetail {
            run: self.run_view(summary).map_err(text)?,
            origin: run.created.origin.clone(),
            inputs: self.shown(&run.created.inputs),
            steps: self.step_views(&run),
            facts: loaded.facts,
        }))
    }

    /// Open exceptions, the oldest first.
    pub fn exceptions(
        &self,
        after: Option<ExceptionId>,
        limit: usize,
    ) -> Result<Vec<ExceptionView>, ReadError> {
        Ok(self
            .store
            .exceptions(after, limit)?
            .into_iter()
            .map(exception_view)
            .collect())
    }

    /// One open exception; none when it is not open.
    pub fn exception_detail(&self, id: ExceptionId) -> Result<Option<ExceptionDetail>, String> {
        let exception = self
            .store
            .exception(id)
            .map_err(|error| error.to_string())?;
        let Some(exception) = exception else {
            return Ok(None);
        };
        let run = self.recover(&exception.run)?;
        let root = match run.parent() {
            Some(_) => self.recover(&RunId::root(exception.run.number()))?,
            None => run.clone(),
        };
        let item = match &run.created.origin {
            Origin::Item { item, .. } => Some(value::merged(self.shown(item), &run.edits().item)),
            Origin::Person { .. } | Origin::Trigger { .. } => None,
        };
        let mut inputs = value::merged(self.shown(&root.created.inputs), &root.edits().inputs);
        inputs = value::merged(inputs, &run.edits().inputs);
        // A firing whose inputs could not be rendered has none, but a person can give them.
        if let Some(inputs) = inputs.as_object_mut() {
            for name in root.version.plan.inputs.keys() {
                inputs.entry(name.clone()).or_insert(Value::Null);
            }
        }
        let with = run
            .record(&exception.step)
            .and_then(|record| record.with.clone());
        Ok(Some(ExceptionDetail {
            steps: self.step_views(&run),
            with: with.map(|with| self.shown(&with)),
            exception: exception_view(exception),
            item,
            inputs,
        }))
    }

    fn recover(&self, id: &RunId) -> Result<Run, String> {
        let loaded = self.load(id)?;
        Run::recover(id.clone(), loaded.version, &loaded.facts).map_err(|error| error.to_string())
    }

    fn step_views(&self, run: &Run) -> Vec<StepView> {
        run.body()
            .iter()
            .map(|step| self.step_view(run, step))
            .collect()
    }

    /// How the items of a `for_each` do. One whose own items all wait for people counts as parked.
    fn tally(&self, run: &RunId, step: &Step) -> Result<Tally, ReadError> {
        const PAGE: usize = 500;
        let mut tally = self.store.tally(run, &step.id)?;
        let Kind::ForEach(each) = &step.kind else {
            return Ok(tally);
        };
        let is_loop = |step: &&Step| matches!(step.kind, Kind::ForEach(_));
        if tally.active == 0 || !each.steps.iter().any(|step| is_loop(&step)) {
            return Ok(tally);
        }
        let mut from = 0;
        loop {
            let page = self.store.items(run, &step.id, from, PAGE)?;
            for item in page.iter().filter(|item| item.state == State::Running) {
                let inner = each.steps.iter().filter(is_loop);
                let mut inner = inner.filter(|step| item.step.as_ref() == Some(&step.id));
                if let Some(inner) = inner.next()
                    && self.waits_for_people(&item.id, inner)?
                {
                    tally.shift(Some(State::Running), State::Parked);
                }
            }
            from += page.len() as u64;
            if page.len() < PAGE {
                return Ok(tally);
            }
        }
    }

    /// Whether a `for_each` has made all its items, and those that have not ended wait for people.
    fn waits_for_people(&self, run: &RunId, step: &Step) -> Result<bool, ReadError> {
        let tally = self.tally(run, step)?;
        if tally.active > 0 || tally.parked == 0 {
            return Ok(false);
        }
        let count = self
            .store
            .facts(run)?
            .into_iter()
            .find_map(|fact| match fact.what {
                What::Opened {
                    step: opened,
                    count,
                    ..
                } if opened == step.id => Some(count),
                _ => None,
            });
        Ok(count.is_some_and(|count| tally.created() >= count))
    }

    fn step_view(&self, run: &Run, step: &Step) -> StepView {
        let record = run.record(&step.id);
        let items = match &step.kind {
            Kind::ForEach(_) => self.tally(&run.id, step).ok(),
            Kind::Bot(_) => None,
        };
        StepView {
            id: step.id.clone(),
            name: step.name.clone(),
            bot: match &step.kind {
                Kind::Bot(call) => Some(call.bot.clone()),
                Kind::ForEach(_) => None,
            },
            state: record.map_or(StepState::Pending, |record| step_state(&record.status)),
            attempts: record.map_or(0, |record| record.attempts),
            with: record
                .and_then(|record| record.with.as_deref())
                .map(|with| self.shown(with)),
            output: record
                .and_then(|record| record.output.as_deref())
                .map(|output| self.shown(output)),
            items,
        }
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

fn why(summary: &Summary, state: State, items: Option<&Tally>) -> Option<String> {
    let step = summary
        .step
        .as_ref()
        .map(|step| format!("`{step}`"))
        .unwrap_or_default();
    Some(match (state, items) {
        (State::Queued, _) => "waits for the run before it".to_owned(),
        (State::Parked, Some(items)) => {
            let wait = if items.parked == 1 { "waits" } else { "wait" };
            format!(
                "{} of its items {wait} for a person at {step}",
                items.parked
            )
        }
        (State::Parked, None) => format!("{step} waits for a person"),
        (State::Waiting, _) => format!("tries {step} again (attempt {})", summary.attempt + 1),
        (State::Running, Some(items)) => progress(&step, items),
        (State::Running, None) => format!("is at {step}"),
        (State::Succeeded | State::Skipped | State::Failed | State::Cancelled, _) => return None,
    })
}

fn progress(step: &str, items: &Tally) -> String {
    let parked = match items.parked {
        0 => String::new(),
        parked => format!(", {parked} parked"),
    };
    format!("is at {step}: {} items done{parked}", items.ended())
}

fn step_state(status: &Status) -> StepState {
    match status {
        Status::Pending => StepState::Pending,
        Status::Ready { not_before } => StepState::Waiting { until: *not_before },
        Status::Running { since, .. } => StepState::Running { since: *since },
        Status::Parked {
            exception,
            doubt: false,
            fault,
            ..
        } => StepState::Parked {
            exception: *exception,
            fault: fault.clone(),
        },
        Status::Parked {
            exception,
            doubt: true,
            fault,
            ..
        } => StepState::InDoubt {
            exception: *exception,
            fault: fault.clone(),
        },
        Status::Opened { count, .. } => StepState::Open { count: *count },
        Status::Succeeded => StepState::Succeeded,
        Status::Skipped => StepState::Skipped,
    }
}

fn exception_view(exception: Exception) -> ExceptionView {
    let Fault {
        code,
        message,
        hint,
        artifacts,
        ..
    } = exception.fault;
    ExceptionView {
        id: exception.id,
        workflow: exception.workflow,
        run: exception.run,
        step: exception.step,
        bot: exception.bot,
        key: exception.key,
        category: exception.category,
        code,
        message,
        hint,
        attempts: exception.attempts,
        opened: exception.opened,
        fingerprint: exception.fingerprint,
        artifacts,
    }
}
